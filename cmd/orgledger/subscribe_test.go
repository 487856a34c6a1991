package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
)

const guide = "../../docs/subscribe.md"

// example is the block of the guide that follows <!-- example: name -->.
func example(t *testing.T, name string) string {
	t.Helper()
	return exampleIn(t, guide, name)
}

// exampleIn is example, of another guide.
func exampleIn(t *testing.T, guide, name string) string {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "<!-- example: "+name+" -->\n```")
	_, code, _ := strings.Cut(after, "\n")
	code, _, ended := strings.Cut(code, "\n```\n")
	if !found || !ended {
		t.Fatalf("%s has no example %s", guide, name)
	}
	return code + "\n"
}

// require skips a test for which something is missing, unless ORGLEDGER_REQUIRE names it.
func require(t *testing.T, what, reason string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("ORGLEDGER_REQUIRE"), ","), what) {
		t.Fatalf("%s is required: %s", what, reason)
	}
	t.Skipf("%s: %s", what, reason)
}

// subscribed is a server with the built-in history, as the guide has it.
type subscribed struct {
	*served
	program, dir string
	http, nats   string
}

// newSubscribed starts a server, and waits until its feed is complete.
func newSubscribed(t *testing.T) *subscribed {
	t.Helper()
	s := &subscribed{program: buildOrgledger(t), dir: filepath.Join(t.TempDir(), "ledger")}
	var told gathered
	s.served = &served{address: make(chan string, 1)}
	s.process = start(t, func(line string) {
		told.line(line)
		if address, ok := strings.CutPrefix(strings.TrimSpace(line), "HTTP  "); ok {
			s.address <- address
		}
	}, s.program, "serve", "--sample", "--data", s.dir, "--http", "127.0.0.1:0", "--nats", "127.0.0.1:0")
	s.http = s.ready(t)
	told.await(t, s.process, "NATS  ")
	_, after, _ := strings.Cut(told.text(), "NATS  ")
	s.nats, _, _ = strings.Cut(after, "\n")
	for deadline := time.Now().Add(patience); !bytes.Contains(s.get(t, "/v1/status"), []byte(`"lag":0`)); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the feed is not complete: %s", s.get(t, "/v1/status"))
		}
	}
	return s
}

func (s *subscribed) get(t *testing.T, path string) []byte {
	t.Helper()
	answer, err := http.Get(s.http + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %s", path, answer.Status, err, text)
	}
	return text
}

// example is a block of the guide, about this server.
func (s *subscribed) example(t *testing.T, name string) string {
	return strings.NewReplacer("http://127.0.0.1:8080", s.http, "nats://127.0.0.1:4222", s.nats).Replace(example(t, name))
}

// record records an entry that changes who has e-learning for health.
func (s *subscribed) record(t *testing.T) {
	t.Helper()
	command := exec.CommandContext(t.Context(), s.program, "record", "--data", s.dir)
	command.Stdin = strings.NewReader(`{"type":"responsibility.transferred","effective":"2026-01-01","data":{"responsibility":"e-learning-for-health","from":"nhs-england","to":"dhsc"}}`)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// shell runs a script until it ends.
func shell(t *testing.T, dir, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	command.Dir = dir
	command.Env = append(environment(), "HOME="+dir)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %s%s", err, out.String(), errs.String())
	}
	return out.String()
}

// The examples of the guide do what they say.
func TestSubscribe(t *testing.T) {
	s := newSubscribed(t)
	t.Run("snapshot", s.snapshot)
	t.Run("curl", s.curl)
	t.Run("nats", s.natsCommand)
	t.Run("javascript", s.javascript)
	t.Run("browser", s.browser)
	t.Run("events", s.events)
	t.Run("go", s.inGo) // records what the others do not expect
}

func (s *subscribed) snapshot(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		require(t, "curl", "the program is not installed")
	}
	out := shell(t, t.TempDir(), s.example(t, "snapshot"))
	if !strings.HasPrefix(out, `{"snapshot":{"ledger":"main","on":"2023-04-01","known":360,"position":1678}}`+"\n"+`{"end":{"references":79,`) {
		t.Errorf("it prints %s", out)
	}
}

func (s *subscribed) curl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		require(t, "curl", "the program is not installed")
	}
	var out gathered
	p := start(t, out.line, "bash", "-c", "exec "+strings.TrimSpace(s.example(t, "curl")))
	out.await(t, p, `data: {"specversion":"1.0","id":"249/change/contract/cppe-postgraduate-education"`)
}

// natsProgram builds the nats command line, of the version that its module in testdata fixes.
func natsProgram(t *testing.T) (dir string) {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes long to build the nats command line")
	}
	dir = t.TempDir()
	command := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "nats"), "github.com/nats-io/natscli/nats")
	command.Dir = "testdata/natscli"
	command.Env = append(os.Environ(), "GOFLAGS=-mod=readonly")
	if out, err := command.CombinedOutput(); err != nil {
		require(t, "nats", fmt.Sprintf("its command line cannot be built: %v\n%s", err, out))
	}
	return dir
}

func (s *subscribed) natsCommand(t *testing.T) {
	bin := natsProgram(t)
	out := shell(t, t.TempDir(), "export PATH="+bin+":$PATH\n"+s.example(t, "nats"))
	for _, want := range []string{"An event-sourced ledger", `"organisation":"hee"`, `"matches":[{`, `{"snapshot":{"ledger":"main","on":"2023-04-01"`,
		"orgledger.main.change.contract.*", `"id":"154/change/contract/cppe-postgraduate-education"`, `"id":"178/change/contract/cppe-postgraduate-education"`} {
		if !strings.Contains(out, want) {
			t.Errorf("there is no %s in\n%s", want, out)
		}
	}
}

// packages installs what testdata/subscribe asks for, in a folder of its own.
func packages(t *testing.T) (dir string) {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			require(t, "node", program+" is not installed")
		}
	}
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/subscribe")); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		require(t, "node", fmt.Sprintf("its packages cannot be had: %v\n%s", err, out))
	}
	return dir
}

func (s *subscribed) javascript(t *testing.T) {
	dir := packages(t)
	file := filepath.Join(dir, "example.mjs")
	if err := os.WriteFile(file, []byte(s.example(t, "javascript")), 0o644); err != nil {
		t.Fatal(err)
	}
	var out gathered
	p := start(t, out.line, "node", file)
	out.await(t, p, "following from message 1678")
	s.record(t)
	out.await(t, p, "361/change/responsibility/e-learning-for-health orgledger.change.v1 responsibility/e-learning-for-health")
}

// browser shows the page in a browser, from behind a reverse proxy, and has what it shows sent back.
func (s *subscribed) browser(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		require(t, "chromium", "the program is not installed")
	}
	target, err := url.Parse(s.http)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan string, 64)
	mux := http.NewServeMux()
	mux.Handle("/v1/", &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	mux.HandleFunc("POST /seen", func(_ http.ResponseWriter, r *http.Request) {
		if text, err := io.ReadAll(r.Body); err == nil {
			seen <- string(text)
		}
	})
	page := s.example(t, "browser") + `<script>new MutationObserver(() => fetch("/seen", { method: "POST", body: document.body.innerText }))
		.observe(document.getElementById("changes"), { childList: true })</script>`
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, page) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p := start(t, func(string) {}, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir="+t.TempDir(), "--remote-debugging-port=0", server.URL)
	defer p.kill()
	for deadline := time.After(patience); ; {
		select {
		case text := <-seen:
			if strings.Contains(text, "responsibility/education-provision by entry 355: 2013-04-01 to 2013-04-30") {
				return
			}
		case <-p.ended:
			t.Fatalf("the browser has ended: %s", p.said)
		case <-deadline:
			t.Fatalf("the page shows nothing: %s", p.said)
		}
	}
}

// events has foreign readers take every event of the feed as it is.
func (s *subscribed) events(t *testing.T) {
	lines := s.feedLines(t)
	for _, line := range lines {
		var message struct{ Event json.RawMessage }
		read := event.New()
		if err := json.Unmarshal(line, &message); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(message.Event, &read); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if err := read.Validate(); err != nil || read.Extensions()["sequence"] == nil || len(read.Data()) == 0 {
			t.Fatalf("%v: %s", err, line)
		}
	}
	dir := packages(t)
	command := exec.CommandContext(t.Context(), "node", filepath.Join(dir, "conform.mjs"))
	command.Stdin = bytes.NewReader(bytes.Join(lines, []byte("\n")))
	if out, err := command.CombinedOutput(); err != nil || !strings.Contains(string(out), fmt.Sprintf("%d events", len(lines))) {
		t.Errorf("%d events: %v, %s", len(lines), err, out)
	}
}

// feedLines reads the feed of the built-in history: entries, and changes.
func (s *subscribed) feedLines(t *testing.T) (all [][]byte) {
	t.Helper()
	for kind, last := range map[string]string{"entries": `"kind":"entry","event":{"specversion":"1.0","id":"`, "changes": `"id":"355/change/`} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.http+"/v1/feed?from=1&kind="+kind, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", "application/x-ndjson")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		lines, found := bufio.NewScanner(answer.Body), 0
		lines.Buffer(nil, 9<<20)
		for lines.Scan() {
			all = append(all, bytes.Clone(lines.Bytes()))
			if found++; bytes.Contains(lines.Bytes(), []byte(last)) && (kind == "changes" || found == 360) {
				break
			}
		}
		if lines.Err() != nil || found < 300 {
			t.Fatalf("%d %s: %v", found, kind, lines.Err())
		}
	}
	return all
}

func (s *subscribed) inGo(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(s.example(t, "go")), 0o644); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "follow")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, filepath.Join(dir, "main.go")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var out gathered
	p := start(t, out.line, bin)
	out.await(t, p, "79 references; following from message")
	command := exec.CommandContext(t.Context(), s.program, "record", "--data", s.dir)
	command.Stdin = strings.NewReader(`{"type":"responsibility.transferred","effective":"2026-02-01","data":{"responsibility":"workforce-planning","from":"nhs-england","to":"dhsc"}}`)
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	out.await(t, p, `responsibility/workforce-planning {"status":"held","holders":[{"organisation":"dhsc","role":"lead"}],"certainty":"certain"}`)
}
