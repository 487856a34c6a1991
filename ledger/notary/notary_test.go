package notary_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/audit/witness"
	"github.com/orgledger/orgledger/ledger/notary"
)

// grown is a log of n events.
func grown(n int, event func(i int) string) *audit.Hashes {
	h := new(audit.Hashes)
	for i := range n {
		leaf, _ := audit.LeafHash(nil, []byte(event(i)))
		h.Append(leaf)
	}
	return h
}

func plain(i int) string { return strings.Repeat("e", i+1) }

func opened(t *testing.T, dir string, log *audit.Hashes, witnesses ...*witness.Client) *notary.Notary {
	t.Helper()
	n, err := notary.Open(notary.Options{Dir: dir, Ledger: "main", Tree: log.View, Witnesses: witnesses, Need: len(witnesses)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() }) // some are closed by their test
	return n
}

// The key is made once, for its owner alone, and stays.
func TestKeyIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	path := notary.KeyPath(dir, "main")
	first, err := notary.LoadKey(path, "main")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key's file has the mode %v (%v)", info.Mode(), err)
	}
	second, err := notary.LoadKey(path, "main")
	if err != nil || second != first {
		t.Fatalf("the key is another one: %v", err)
	}
	if err := os.WriteFile(path, []byte("PRIVATE+KEY+no\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := notary.LoadKey(path, "main"); err == nil {
		t.Fatal("a damaged key is taken")
	}
	if text, _ := os.ReadFile(path); string(text) != "PRIVATE+KEY+no\n" {
		t.Fatal("a damaged key was written over")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".draft-*")); len(left) != 0 {
		t.Fatalf("drafts are left: %v", left)
	}
}

// Several that make the key at the same time get the same one.
func TestKeyIsOneForAll(t *testing.T) {
	path := notary.KeyPath(t.TempDir(), "main")
	keys := make(chan string, 8)
	for range cap(keys) {
		go func() {
			key, err := notary.LoadKey(path, "main")
			if err != nil {
				key = err.Error()
			}
			keys <- key
		}()
	}
	first := <-keys
	for range cap(keys) - 1 {
		if key := <-keys; key != first {
			t.Fatalf("two keys, or %s", key)
		}
	}
}

// Checkpoints are signed, cover what they are asked to, and prove that the log only grew; receipts lead to them.
func TestCheckpointsAndReceipts(t *testing.T) {
	log := grown(3, plain)
	n := opened(t, t.TempDir(), log)
	first, err := n.Covering(t.Context(), 2)
	if err != nil || first.Size != 3 {
		t.Fatalf("a checkpoint of %v, %v", first, err)
	}
	if again, _ := n.Covering(t.Context(), 3); again != first {
		t.Fatal("a new checkpoint of a log that has not grown")
	}
	leaf, _ := audit.LeafHash(nil, []byte(plain(3)))
	log.Append(leaf)
	receipt, err := n.Receipt(t.Context(), 4, []byte(plain(3)))
	if err != nil {
		t.Fatal(err)
	}
	second, err := receipt.Verify(n.Policy())
	if err != nil || second.Size != 4 {
		t.Fatalf("the receipt does not hold: %v", err)
	}
	proof, err := log.View().Consistency(first.Size, second.Size)
	if err != nil {
		t.Fatal(err)
	}
	if err := audit.VerifyConsistency(first.Size, second.Size, first.Root, second.Root, proof); err != nil {
		t.Fatal(err)
	}
}

// Every checkpoint given out is kept; what a crash left of one is cut off, and what was given out stays.
func TestGivenOutIsKept(t *testing.T) {
	dir := t.TempDir()
	log := grown(1, plain)
	for i := range 5 {
		n := opened(t, dir, log)
		if _, err := n.Covering(t.Context(), uint64(i+1)); err != nil {
			t.Fatal(err)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		leaf, _ := audit.LeafHash(nil, []byte(plain(i+1)))
		log.Append(leaf)
	}
	path := notary.GivenPath(dir, "main")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := given(t, path); len(got) != 5 {
		t.Fatalf("%d checkpoints are kept, not 5", len(got))
	}
	last := bytes.LastIndex(whole, []byte("checkpoint "))
	for cut := last; cut < len(whole); cut++ {
		if err := os.WriteFile(path, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		n := opened(t, dir, log)
		if got := n.Latest(); got == nil || got.Size != 4 {
			t.Fatalf("cut at byte %d, the last one is %v", cut, got)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		if got := given(t, path); len(got) != 4 {
			t.Fatalf("cut at byte %d, %d are left", cut, len(got))
		}
	}
}

func given(t *testing.T, path string) (notes [][]byte) {
	t.Helper()
	err := notary.EachGiven(path, func(g notary.Given) error {
		notes = append(notes, g.Note)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return notes
}

// A log that is not the one vouched for gets no notary: neither one that is shorter nor one with another entry.
func TestForkIsRefused(t *testing.T) {
	dir := t.TempDir()
	n := opened(t, dir, grown(5, plain))
	if _, err := n.Covering(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	for name, log := range map[string]*audit.Hashes{
		"shorter": grown(4, plain),
		"altered": grown(7, func(i int) string { return plain(i + i/4) }),
	} {
		if _, err := notary.Open(notary.Options{Dir: dir, Ledger: "main", Tree: log.View}); !errors.Is(err, notary.ErrFork) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// watching runs a witness of a log, whose answers a test may spoil, and gives its client.
func watching(t *testing.T, log string, spoil func([]byte) (int, []byte)) *witness.Client {
	t.Helper()
	private, err := audit.NewWitnessKey("auditor.example/witness/" + t.Name())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := audit.WitnessSigner(private, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	key, err := audit.VerifierKey(private)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := witness.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w, err := witness.New(signer, folder, nil, log)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		w.ServeHTTP(answer, r)
		status, body := spoil(answer.Body.Bytes())
		if status == http.StatusOK {
			status = answer.Code
		}
		rw.WriteHeader(status)
		_, _ = rw.Write(body) // the client is the test's own
	}))
	t.Cleanup(func() {
		server.Close()
		if err := folder.Close(); err != nil {
			t.Error(err)
		}
	})
	return &witness.Client{URL: server.URL, Key: key}
}

// Without the cosignatures that it needs nothing is given out; one that is wrong counts as none.
func TestWitnessesAreNeeded(t *testing.T) {
	honest := func(line []byte) (int, []byte) { return http.StatusOK, line }
	for name, c := range map[string]struct {
		spoil func([]byte) (int, []byte)
		ok    bool
	}{
		"cosigns":        {honest, true},
		"refuses":        {func([]byte) (int, []byte) { return http.StatusForbidden, nil }, false},
		"signs wrongly":  {func(line []byte) (int, []byte) { line[len(line)-20] ^= 1; return http.StatusOK, line }, false},
		"answers rubble": {func([]byte) (int, []byte) { return http.StatusOK, []byte("hello\n") }, false},
	} {
		dir, log := t.TempDir(), grown(3, plain)
		private, err := notary.LoadKey(notary.KeyPath(dir, "main"), "main")
		if err != nil {
			t.Fatal(err)
		}
		key, err := audit.VerifierKey(private)
		if err != nil {
			t.Fatal(err)
		}
		n := opened(t, dir, log, watching(t, key, c.spoil), watching(t, key, honest))
		signed, err := n.Covering(t.Context(), 3)
		switch {
		case c.ok && (err != nil || len(signed.Cosignatures) != 2):
			t.Errorf("%s: %v %v", name, signed, err)
		case !c.ok && !errors.Is(err, notary.ErrNoCheckpoint):
			t.Errorf("%s: %v %v", name, signed, err)
		}
	}
}

// A log that grows gets checkpoints unasked, and the last one when the ledger stops.
func TestUnasked(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		log := grown(1, plain)
		sum := strings.Repeat("0a", 32)
		n, err := notary.Open(notary.Options{Dir: dir, Ledger: "main", Tree: log.View, Every: time.Minute,
			Digest: func(uint64) (string, string) { return "9999-12-31", sum }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- n.Run(ctx) }()
		synctest.Wait()
		size := func() uint64 { return n.Latest().Size }
		if size() != 1 {
			t.Fatalf("at first it is of %d", size())
		}
		leaf, _ := audit.LeafHash(nil, []byte("e"))
		log.Append(leaf)
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if size() != 2 {
			t.Fatalf("after a minute it is of %d", size())
		}
		time.Sleep(24 * time.Hour)
		log.Append(leaf)
		stop()
		if err := errors.Join(<-ran, n.Close()); err != nil {
			t.Fatal(err)
		}
		if size() != 3 {
			t.Fatalf("in the end it is of %d", size())
		}
		if digests := bytes.Count(bytes.Join(given(t, notary.GivenPath(dir, "main")), nil), []byte(sum)); digests != 2 {
			t.Fatalf("in a day and a bit %d digests were given out", digests)
		}
	})
}
