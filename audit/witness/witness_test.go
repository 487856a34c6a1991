package witness

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orgledger/orgledger/audit"
)

const origin = "ledger.example/main"

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// testLog is a log that can be made to fork.
type testLog struct {
	private, key string
}

func newLog(name string) testLog {
	private := must(audit.NewLogKey(name))
	return testLog{private, must(audit.VerifierKey(private))}
}

// tree has leaves named by their index, those from fork on otherwise.
func tree(size, fork int) audit.View {
	hashes := &audit.Hashes{}
	for i := range size {
		leaf := fmt.Sprint("entry ", i)
		if i >= fork {
			leaf = fmt.Sprint("other ", i)
		}
		hash, _ := audit.LeafHash(nil, []byte(leaf))
		hashes.Append(hash)
	}
	return hashes.View()
}

const never = 1 << 30 // forks

func (l testLog) sign(v audit.View, size int) []byte {
	c := audit.Checkpoint{Origin: origin, Size: uint64(size), Root: must(v.Root(uint64(size)))}
	return must(c.Sign(must(audit.LogSigner(l.private))))
}

// harness is a witness behind a web server.
type harness struct {
	log     testLog
	key     string
	dir     string
	url     string
	mu      sync.Mutex
	forks   []Fork // guarded by mu
	witness *Witness
}

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func start(t *testing.T) *harness {
	t.Helper()
	private := must(audit.NewWitnessKey("witness.example"))
	h := &harness{log: newLog(origin), key: must(audit.VerifierKey(private)), dir: t.TempDir()}
	folder := must(OpenFolder(h.dir))
	t.Cleanup(func() {
		if err := folder.Close(); err != nil {
			t.Error(err)
		}
	})
	signer := must(audit.WitnessSigner(private, func() time.Time { return now }))
	h.witness = must(New(signer, folder, func(f Fork) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.forks = append(h.forks, f)
	}, h.log.key))
	server := httptest.NewServer(h.witness)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func (h *harness) post(t *testing.T, old int, proof []audit.Hash, checkpoint []byte) (status int, contentType, text string) {
	t.Helper()
	return h.send(t, request{uint64(old), proof, checkpoint}.format())
}

func (h *harness) send(t *testing.T, body []byte) (status int, contentType, text string) {
	t.Helper()
	response, err := http.Post(h.url+"/add-checkpoint", "text/plain", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Content-Type"), string(answer)
}

// The answers of the specification, each to the request that it is for.
func TestStatuses(t *testing.T) {
	h := start(t)
	v := tree(40, never)
	proof := func(from, to int) []audit.Hash { return must(v.Consistency(uint64(from), uint64(to))) }
	stranger := newLog("stranger.example")
	unknown := must(audit.Checkpoint{Origin: "stranger.example"}.Sign(must(audit.LogSigner(stranger.private))))
	twenty := h.log.sign(v, 20)
	for _, test := range []struct {
		what       string
		old        int
		proof      []audit.Hash
		checkpoint []byte
		status     int
		size       string
	}{
		{"an unknown log", 0, nil, unknown, 404, ""},
		{"another key", 0, nil, newLog(origin).sign(v, 20), 403, ""},
		{"no checkpoint", 0, nil, []byte("x\n"), 400, ""},
		{"old beyond", 21, nil, twenty, 400, ""},
		{"a proof from nothing", 0, proof(3, 20), twenty, 422, ""},
		{"old that never was", 5, proof(5, 20), twenty, 409, "0\n"},
		{"the first", 0, nil, twenty, 200, ""},
		{"the same again", 20, nil, twenty, 200, ""},
		{"the same from nothing", 0, nil, twenty, 409, "20\n"},
		{"an earlier one", 0, nil, h.log.sign(v, 10), 409, "20\n"},
		{"no proof", 20, nil, h.log.sign(v, 30), 422, ""},
		{"another proof", 20, proof(19, 30), h.log.sign(v, 30), 422, ""},
		{"the next", 20, proof(20, 30), h.log.sign(v, 30), 200, ""},
		{"the one before", 20, nil, twenty, 409, "30\n"},
	} {
		status, kind, text := h.post(t, test.old, test.proof, test.checkpoint)
		if status != test.status || test.size != "" && (text != test.size || kind != "text/x.tlog.size") {
			t.Errorf("%s: %d, %s, %q, want %d %q", test.what, status, kind, text, test.status, test.size)
		}
		if status == 200 {
			policy := must(audit.NewPolicy(h.log.key, 1, h.key))
			if s, err := audit.Open(append(bytes.Clone(test.checkpoint), text...), policy); err != nil || s.Cosignatures[0].Time != now {
				t.Errorf("%s: the cosignature %q: %v", test.what, text, err)
			}
		}
	}
	for _, body := range []string{"", "old 0\n", "old 00\n\n" + string(twenty), "old 0\r\n\n" + string(twenty), "new 0\n\n" + string(twenty),
		"old 30\nAAAA\n\n" + string(twenty), "old 0\n" + strings.Repeat("PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n", 64) + "\n" + string(twenty)} {
		if status, _, text := h.send(t, []byte(body)); status != 400 {
			t.Errorf("%.40q: %d %s", body, status, text)
		}
	}
	if response := must(http.Get(h.url + "/add-checkpoint")); response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %s", response.Status)
	}
	if len(h.forks) != 2 || h.forks[0].Proven || h.forks[1].Proven {
		t.Errorf("wrong proofs prove a fork: %+v", h.forks)
	}
}

// The example of C2SP tlog-witness is a request.
func TestPublishedRequest(t *testing.T) {
	const example = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`
	r, err := parseRequest([]byte(example))
	if err != nil || r.old != 20852014 || len(r.proof) != 4 || string(r.format()) != example {
		t.Errorf("%+v, %v", r, err)
	}
	if c, err := audit.ReadCheckpoint(r.checkpoint); err != nil || c.Size != 20852163 {
		t.Errorf("%+v, %v", c, err)
	}
}

// A log that forks, to the same size or beyond, gets no cosignature; both signed checkpoints are kept, and reported, and
// show the fork to anybody.
func TestFork(t *testing.T) {
	h := start(t)
	honest, forked := tree(60, never), tree(60, 10)
	if status, _, text := h.post(t, 0, nil, h.log.sign(honest, 30)); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	for _, test := range []struct{ size, status int }{{30, 409}, {50, 422}} {
		status, _, text := h.post(t, 30, must(forked.Consistency(30, uint64(test.size))), h.log.sign(forked, test.size))
		if status != test.status || strings.Contains(text, "— ") {
			t.Errorf("a fork of %d: %d %s", test.size, status, text)
		}
		h.mu.Lock()
		fork := h.forks[len(h.forks)-1]
		h.mu.Unlock()
		var kept Fork
		if err := json.Unmarshal(must(os.ReadFile(fork.Kept)), &kept); err != nil {
			t.Fatal(err)
		}
		if !kept.Proven || kept.Origin != origin || kept.Later != fork.Later {
			t.Errorf("a fork of %d is kept as %+v", test.size, kept)
		}
		policy := must(audit.NewPolicy(h.log.key, 0))
		earlier, later := must(audit.Open([]byte(kept.Earlier), policy)), must(audit.Open([]byte(kept.Later), policy))
		if earlier.Size != 30 || later.Size != uint64(test.size) || earlier.Size == later.Size && earlier.Root == later.Root {
			t.Errorf("evidence of %d: %+v and %+v", test.size, earlier, later)
		}
	}
	if len(h.forks) != 2 {
		t.Errorf("%d forks reported", len(h.forks))
	}
	if status, _, text := h.post(t, 30, must(honest.Consistency(30, 60)), h.log.sign(honest, 60)); status != 200 {
		t.Errorf("the honest log goes on: %d %s", status, text)
	}
}

// A witness that starts again is bound by what it cosigned; a second one on its folder does not start.
func TestRestart(t *testing.T) {
	dir, log, v := t.TempDir(), newLog(origin), tree(20, never)
	signer := must(audit.WitnessSigner(must(audit.NewWitnessKey("w")), func() time.Time { return now }))
	folder := must(OpenFolder(dir))
	if _, err := OpenFolder(dir); !errors.Is(err, ErrHeld) {
		t.Errorf("two witnesses have one folder: %v", err)
	}
	if _, err := must(New(signer, folder, nil, log.key)).Add(request{0, nil, log.sign(v, 12)}.format()); err != nil {
		t.Fatal(err)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	folder = must(OpenFolder(dir))
	defer folder.Close()
	again := must(New(signer, folder, nil, log.key))
	_, err := again.Add(request{0, nil, log.sign(v, 20)}.format())
	if conflict, ok := errors.AsType[*conflictError](err); !ok || conflict.size != 12 {
		t.Errorf("after a restart: %v", err)
	}
	if err := os.WriteFile(folder.path(origin, "checkpoint"), []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Add(request{12, nil, log.sign(v, 20)}.format()); err == nil || errors.Is(err, audit.ErrMalformed) {
		t.Errorf("a damaged state: %v", err)
	}
}

// failing is a store that cannot write.
type failing struct{ Store }

func (failing) Update(_ string, change func(State) (State, error)) error {
	if _, err := change(State{}); err != nil {
		return err
	}
	return errors.New("no room")
}

// What could not be kept is not cosigned.
func TestNotKeptNotCosigned(t *testing.T) {
	log := newLog(origin)
	signer := must(audit.WitnessSigner(must(audit.NewWitnessKey("w")), func() time.Time { return now }))
	w := must(New(signer, failing{}, nil, log.key))
	if line, err := w.Add(request{0, nil, log.sign(tree(3, never), 3)}.format()); err == nil || line != nil {
		t.Errorf("cosigned %q (%v)", line, err)
	}
}

// Of one log one update runs at a time; the updates of another do not wait for it.
func TestOneUpdateALog(t *testing.T) {
	folder := must(OpenFolder(t.TempDir()))
	defer folder.Close()
	var inside atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			err := folder.Update("one", func(last State) (State, error) {
				if inside.Add(1) != 1 {
					t.Error("two updates of one log at the same time")
				}
				err := folder.Update("other", func(last State) (State, error) { return last, nil })
				inside.Add(-1)
				return last, err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// The client finds out where the witness is, and tells a refusal from that.
func TestClient(t *testing.T) {
	h := start(t)
	v, forked := tree(60, never), tree(60, 3)
	policy := must(audit.NewPolicy(h.log.key, 1, h.key))
	first, second := &Client{URL: h.url, Key: h.key}, &Client{URL: h.url + "/", Key: h.key}
	for i, size := range []int{7, 20, 20, 33, 60} {
		client := []*Client{first, second}[i%2] // the other has moved the witness on
		signed := h.log.sign(v, size)
		line, err := client.Submit(t.Context(), signed, v.Consistency)
		if err != nil {
			t.Fatalf("%d entries: %v", size, err)
		}
		if _, err := audit.Open(append(bytes.Clone(signed), line...), policy); err != nil {
			t.Errorf("%d entries: %v", size, err)
		}
	}
	refused := func(what string, client *Client, signed []byte, v audit.View, status int) {
		_, err := client.Submit(t.Context(), signed, v.Consistency)
		if refusal, ok := errors.AsType[*StatusError](err); !ok || refusal.Status != status {
			t.Errorf("%s: %v, want %d", what, err, status)
		}
	}
	refused("behind", first, h.log.sign(v, 50), v, 409)
	refused("a fork", first, h.log.sign(forked, 60), forked, 409)
	refused("another key", first, newLog(origin).sign(v, 60), v, 403)
	other := &Client{URL: h.url, Key: must(audit.VerifierKey(must(audit.NewWitnessKey("witness.example"))))}
	if _, err := other.Submit(t.Context(), h.log.sign(v, 60), v.Consistency); !errors.Is(err, audit.ErrSignature) {
		t.Errorf("a cosignature by another key: %v", err)
	}
}

// Of checkpoints submitted at the same time, none takes the witness back.
func TestConcurrent(t *testing.T) {
	h := start(t)
	v := tree(40, never)
	var all sync.WaitGroup
	for size := 1; size <= 40; size++ {
		all.Go(func() {
			client := &Client{URL: h.url, Key: h.key}
			if _, err := client.Submit(t.Context(), h.log.sign(v, size), v.Consistency); err != nil && !errors.As(err, new(*StatusError)) {
				t.Errorf("%d: %v", size, err)
			}
		})
	}
	all.Wait()
	if len(h.forks) > 0 {
		t.Errorf("a fork where there is none: %+v", h.forks[0])
	}
	line, err := (&Client{URL: h.url, Key: h.key}).Submit(t.Context(), h.log.sign(v, 40), v.Consistency)
	if err != nil || len(line) == 0 {
		t.Errorf("the last: %v", err)
	}
}

func FuzzParseRequest(f *testing.F) {
	log := newLog(origin)
	f.Add(request{3, must(tree(9, never).Consistency(3, 9)), log.sign(tree(9, never), 9)}.format())
	f.Add([]byte("old 0\n\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if r, err := parseRequest(body); err == nil && !bytes.Equal(r.format(), body) {
			t.Fatalf("%q is taken as %q", body, r.format())
		}
	})
}
