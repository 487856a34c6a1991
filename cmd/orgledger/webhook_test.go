package main_test

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/ledger/webhooks"
)

const hooksGuide = "../../docs/webhooks.md"

// The examples of the guide do what they say: what is registered is received and verified, and openssl makes the same signature.
func TestWebhooksGuide(t *testing.T) {
	for _, program := range []string{"openssl", "base64"} {
		if _, err := exec.LookPath(program); err != nil {
			require(t, program, "the program is not installed")
		}
	}
	program, dir := buildOrgledger(t), t.TempDir()
	data := filepath.Join(dir, "ledger")
	address := serve(t, program, "--sample", "--data", data, "--nats", "", "--webhook-allow", "127.0.0.1").ready(t)
	free := httptest.NewServer(nil)
	listen := strings.TrimPrefix(free.URL, "http://")
	free.Close()
	script := strings.NewReplacer("orgledger webhook", program+" webhook --server "+address, "127.0.0.1:9000", listen)
	secret := strings.TrimSpace(shell(t, dir, script.Replace(exampleIn(t, hooksGuide, "register"))+`printf %s "$WEBHOOK_SECRET"`))
	if !strings.HasPrefix(secret, "whsec_") {
		t.Fatalf("the secret is %q", secret)
	}
	var one delivery
	received := make(chan delivery, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			received <- delivery{r.Header.Get(webhooks.HeaderID), r.Header.Get(webhooks.HeaderTimestamp), r.Header.Get(webhooks.HeaderSignature), body}
		}
	}))
	defer receiver.Close()
	mine := added(t, program, data, receiver.URL)
	if out, err := exec.CommandContext(t.Context(), program, "webhook", "test", mine.ID, "--data", data).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	one = <-received
	if err := os.WriteFile(filepath.Join(dir, "body"), one.body, 0o600); err != nil {
		t.Fatal(err)
	}
	signature := shell(t, dir, "WEBHOOK_SECRET="+string(mine.Secret)+" id="+one.id+" timestamp="+one.timestamp+"\n"+exampleIn(t, hooksGuide, "openssl"))
	if strings.TrimSpace(signature) != one.signature {
		t.Errorf("openssl signs with %q, and the delivery has %q", signature, one.signature)
	}
	theirs := strings.TrimSpace(shell(t, dir, `sed 's/.*"id":"\([^"]*\)".*/\1/' webhook.json`))
	goReceiver(t, dir, secret, script, func() {
		if err := exec.CommandContext(t.Context(), program, "webhook", "test", theirs, "--data", data).Run(); err != nil {
			t.Log("it does not listen yet: ", err)
		}
	})
}

// goReceiver runs the receiver of the guide until it has told what is sent to it.
func goReceiver(t *testing.T, dir, secret string, address *strings.Replacer, again func()) {
	t.Helper()
	file := filepath.Join(dir, "receive.go")
	if err := os.WriteFile(file, []byte(address.Replace(exampleIn(t, hooksGuide, "receiver"))), 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "receive")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Setenv("WEBHOOK_SECRET", secret)
	told := make(chan string, 1000)
	p := start(t, func(line string) { told <- line }, binary)
	for deadline := time.After(patience); ; {
		again()
		select {
		case line := <-told:
			if strings.HasPrefix(line, "orgledger.change.v1 ") {
				return
			}
		case <-time.After(200 * time.Millisecond):
		case <-deadline:
			t.Fatalf("nothing arrives: %s", p.said)
		}
	}
}

// delivery is one that was received.
type delivery struct {
	id, timestamp, signature string
	body                     []byte
}

// added registers a webhook.
func added(t *testing.T, program, data, url string, more ...string) *webhooks.WithSecret {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, append([]string{"webhook", "add", url, "--data", data, "--json"}, more...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	created := new(webhooks.WithSecret)
	if err := json.Unmarshal(out, created); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return created
}

// A server that is killed again and again while it delivers has delivered everything in the end: each message under its one id, and
// those about a reference in their order.
func TestWebhooksOfAKilledServer(t *testing.T) {
	kills := 12
	if testing.Short() {
		kills = 2
	}
	program, data := buildOrgledger(t), filepath.Join(t.TempDir(), "ledger")
	var mu sync.Mutex
	var order []string        // ids, as they first came
	times := map[string]int{} // each came
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return // it was cut off
		}
		mu.Lock()
		defer mu.Unlock()
		id := r.Header.Get(webhooks.HeaderID)
		if times[id]++; times[id] == 1 {
			order = append(order, id)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer receiver.Close()
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(order)
	}
	s := serve(t, program, "--sample", "--data", data, "--nats", "", "--webhook-allow", "127.0.0.1")
	s.ready(t)
	added(t, program, data, receiver.URL, "--from", "1")
	const all = 1677 // messages of the built-in history
	for kill := range kills {
		reached := all * (kill + 1) / (kills + 2)
		for count() < reached {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		s.kill()
		s = serve(t, program, "--data", data, "--nats", "", "--webhook-allow", "127.0.0.1")
		s.ready(t)
	}
	for deadline := time.Now().Add(patience); count() < all; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d messages were delivered: %s", count(), all, s.said)
		}
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	again := 0
	for _, n := range times {
		again += n - 1
	}
	t.Logf("%d kills, %d messages, %d deliveries more than once", kills, len(order), again)
	if len(order) != all {
		t.Errorf("%d messages were delivered, and there are %d", len(order), all)
	}
	inOrder(t, order)
}

// inOrder checks that what is about a reference came in the order of the entries.
func inOrder(t *testing.T, ids []string) {
	t.Helper()
	last := map[string]string{} // sequence of what came last, by reference
	for _, id := range ids {
		seq, ref := sequenceAndRef(id)
		if before, some := last[ref]; some && (len(before) > len(seq) || len(before) == len(seq) && before > seq) {
			t.Errorf("%s came after entry %s about the same", id, before)
		}
		last[ref] = seq
	}
}

// sequenceAndRef takes the id of a message apart: 249/change/contract/a.
func sequenceAndRef(id string) (seq, ref string) {
	parts := strings.SplitN(id, "/", 3)
	return parts[0], parts[len(parts)-1]
}
