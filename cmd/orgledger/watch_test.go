package main_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// gathered are the lines that a process has printed.
type gathered struct {
	mu    sync.Mutex
	lines []string // guarded by mu
}

func (g *gathered) line(text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lines = append(g.lines, text)
}

func (g *gathered) text() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.lines, "\n")
}

// await waits until what was printed has something.
func (g *gathered) await(t *testing.T, p *process, want string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(g.text(), want); time.Sleep(10 * time.Millisecond) {
		select {
		case <-p.ended:
			t.Fatalf("it has ended, %v, without %q: %s\n%s", p.ProcessState, want, p.said, g.text())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %q in\n%s\n%s", want, g.text(), p.said)
		}
	}
}

// transfer is an entry that changes one answer.
func transfer(n int) string {
	return fmt.Sprintf(`{"type":"responsibility.assigned","effective":"2020-01-%02d","data":{"responsibility":"r%d","organisation":"a"}}`, n, n)
}

// A watcher goes on when the server is killed and started again, and tells every entry, and every change, once; in words it says
// what changed from whom to whom.
func TestWatch(t *testing.T) {
	program, dir := buildOrgledger(t), t.TempDir()
	record := func(lines ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), program, "record", "--data", dir)
		command.Stdin = strings.NewReader(strings.Join(lines, "\n"))
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	server := serve(t, program, "--data", dir, "--nats", "")
	server.ready(t)
	record(`{"type":"organisation.established","data":{"organisation":"a","name":"Alpha"}}`)
	var outputs [4]gathered
	var watchers [4]*process
	for i, flags := range [][]string{{"--from", "1", "--json"}, {"--from", "1", "--changes", "--json"}, {"--from", "1"}, {"--changes", "--ref", "organisation/a", "--from", "1"}} {
		watchers[i] = start(t, outputs[i].line, program, append([]string{"watch", "--data", dir}, flags...)...)
	}
	const rounds = 4
	for n := 1; n <= rounds; n++ {
		record(fmt.Sprintf(`{"type":"responsibility.defined","data":{"responsibility":"r%d","title":"R %d","kind":"function"}}`, n, n), transfer(n))
		outputs[n%2].await(t, watchers[n%2], fmt.Sprintf("r%d", n))
		server.kill()
		server = serve(t, program, "--data", dir, "--nats", "")
		server.ready(t)
	}
	record(`{"type":"organisation.renamed","effective":"2021-01-01","data":{"organisation":"a","name":"Omega"}}`)
	outputs[0].await(t, watchers[0], "Omega")
	outputs[1].await(t, watchers[1], "Omega")
	outputs[2].await(t, watchers[2], "Omega")
	outputs[3].await(t, watchers[3], "name “Alpha” → “Omega”: Omega (a)")
	for _, w := range watchers {
		if err := w.stop(); err != nil {
			t.Errorf("a watcher ended with %v: %s", err, w.said)
		}
	}
	once(t, &outputs[0], "seq", 2+2*rounds)
	once(t, &outputs[1], "id", 2+2*rounds)
	if text := outputs[2].text(); strings.Count(text, "\n") != 1+2*rounds || !strings.Contains(text, "On 2 January 2020, “R 2” (responsibility/r2) was assigned to Alpha (a)") {
		t.Errorf("in words:\n%s", text)
	}
}

// once checks that lines of JSON differ in a member, and how many there are.
func once(t *testing.T, g *gathered, member string, want int) {
	t.Helper()
	seen := make(map[string]bool)
	for _, line := range g.lines {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if name := string(fields[member]); seen[name] {
			t.Errorf("%s comes twice", name)
		} else {
			seen[name] = true
		}
	}
	if len(seen) != want {
		t.Errorf("%d lines instead of %d:\n%s", len(seen), want, g.text())
	}
}

// What cannot be watched is refused, and not waited for.
func TestWatchRefused(t *testing.T) {
	program, dir := buildOrgledger(t), t.TempDir()
	refused := func(want string, flags ...string) {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), program, append([]string{"watch"}, flags...)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: %v, %s", flags, err, out)
		}
	}
	refused("serve --sample", "--data", dir)
	serve(t, program, "--data", dir, "--nats", "").ready(t)
	refused("--from 7", "--data", dir, "--from", "7")
	refused("nobody", "--data", dir, "--ref", "nobody", "--changes")
	refused("has the ledger main", "--data", dir, "--ledger", "other")
}
