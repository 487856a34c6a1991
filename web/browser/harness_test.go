// Package browser_test walks through the pages of a served ledger in Debian's Chromium, as a reader does: with JavaScript
// and without, by keyboard alone, by day and by night, and with axe-core looking on.
package browser_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for what has to happen in the end.
const patience = time.Minute

// need skips a test for which a program is missing, unless ORGLEDGER_REQUIRE names it.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("ORGLEDGER_REQUIRE"), ","), program) {
		t.Fatalf("%s is not there", program)
	}
	t.Skipf("%s is not there", program)
}

// program is orgledger, built once for all tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "orgledger-browser")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "orgledger")
	out, err := exec.Command("go", "build", "-o", file, "github.com/orgledger/orgledger/cmd/orgledger").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build orgledger: %w\n%s", err, out)
	}
	return file, nil
})

// browser is Chromium, started once for all tests.
var browser = sync.OnceValues(func() (context.Context, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.Flag("headless", "new"), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"))
	allocated, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocated)
	stopBrowser = cancel
	return ctx, chromedp.Do(ctx)
})

// stopBrowser ends what browser has started.
var stopBrowser = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	stopBrowser()
	if file, err := program(); err == nil {
		os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(code)
}

// serve starts a ledger with the sample in it, and gives its address. The test's end stops it.
func serve(t *testing.T) string {
	t.Helper()
	file, err := program()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(file, "serve", "--sample", "--data", filepath.Join(t.TempDir(), "data"), "--http", "127.0.0.1:0", "--nats", "127.0.0.1:0")
	var said strings.Builder
	command.Stderr = &said
	out, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := command.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := command.Wait(); err != nil {
			t.Errorf("orgledger ended with %v: %s", err, &said)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, address, found := strings.Cut(lines.Text(), "HTTP  "); found {
			return address
		}
	}
	t.Fatalf("orgledger named no address: %s", &said)
	return ""
}

// serveOdd is serve with entries recorded after the sample that raise findings of every kind that there is.
func serveOdd(t *testing.T) string {
	t.Helper()
	base := serve(t)
	odd, err := os.Open("../../cmd/orgledger/testdata/odd.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer odd.Close()
	response, err := http.Post(base+"/v1/entries?actor=registrar", "application/x-ndjson", odd)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("recording what is odd: %s", response.Status)
	}
	return base
}

// tab is one window of the browser, in which everything that goes wrong fails the test.
type tab struct {
	*testing.T
	ctx  context.Context
	base string

	mu       sync.Mutex
	wrong    []string // guarded by mu
	requests int      // guarded by mu
	expected []string // what may be complained of; guarded by mu
}

// look is how a page is looked at.
type look struct {
	width, height int64
	dark, noJS    bool
}

var (
	desk  = look{width: 1280, height: 900}
	phone = look{width: 390, height: 844}
)

// open opens a window on a ledger.
func open(t *testing.T, base string, as look) *tab {
	t.Helper()
	need(t, "chromium")
	running, err := browser()
	if err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	tb := &tab{T: t, base: base}
	ctx, cancel := chromedp.NewContext(running, chromedp.WithNewBrowserContext(), chromedp.WithListener(tb.hear))
	tb.ctx = ctx
	t.Cleanup(func() {
		tb.judge()
		cancel()
	})
	if err := chromedp.Do(ctx, dressed(as)); err != nil { // without a limit of time: it decides how long the window lives
		t.Fatal(err)
	}
	return tb
}

// dressed makes the window look as it is asked to, and tell what happens in it.
func dressed(as look) chromedp.Action[chromedp.Void] {
	scheme := "light"
	if as.dark {
		scheme = "dark"
	}
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err1 := cdp.Call(ctx, t, network.Enable, network.EnableParams{})
		_, err2 := cdp.Call(ctx, t, log.Enable, cdp.Empty{})
		_, err3 := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride,
			emulation.SetDeviceMetricsOverrideParams{Width: as.width, Height: as.height, DeviceScaleFactor: 1, Mobile: as.width < 600})
		_, err4 := cdp.Call(ctx, t, emulation.SetEmulatedMedia,
			emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		_, err5 := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: as.noJS})
		return errors.Join(err1, err2, err3, err4, err5)
	})
}

// hear notes requests that leave the machine, errors on the console and what a policy has blocked.
func (tb *tab) hear(event any) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		tb.requests++
		if u, err := url.Parse(e.Request.URL); err != nil || u.Scheme != "data" && "http://"+u.Host != tb.base {
			tb.wrong = append(tb.wrong, "a request leaves the ledger: "+e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		tb.wrong = append(tb.wrong, "an exception: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			var words []string
			for _, arg := range e.Args {
				words = append(words, string(arg.Value)+arg.Description)
			}
			tb.wrong = append(tb.wrong, "on the console: "+strings.Join(words, " "))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			tb.wrong = append(tb.wrong, "the browser says: "+e.Entry.Text+" "+e.Entry.URL)
		}
	}
}

// expect lets the browser complain of something, as of the status of a page that refuses.
func (tb *tab) expect(part string) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.expected = append(tb.expected, part)
}

// judge fails the test for what went wrong in the window.
func (tb *tab) judge() {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	for _, wrong := range tb.wrong {
		if !slices.ContainsFunc(tb.expected, func(part string) bool { return strings.Contains(wrong, part) }) {
			tb.Error(wrong)
		}
	}
	if tb.requests == 0 {
		tb.Error("no request was seen")
	}
}

// do runs actions, and ends the test where one fails.
func (tb *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		tb.Fatalf("%v\non %s", err, tb.address())
	}
}

// run runs an action that gives something, and ends the test where it fails.
func run[T any](tb *tab, action chromedp.Action[T]) T {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		tb.Fatal(err)
	}
	return value
}

// address is where the window is.
func (tb *tab) address() string {
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return "a page that does not say where it is: " + err.Error()
	}
	return strings.TrimPrefix(at, tb.base)
}

// visit goes to a page of the ledger.
func (tb *tab) visit(path string) {
	tb.Helper()
	tb.do(chromedp.Navigate(tb.base + path))
}

// find calls JavaScript that gives true once something is there, and waits for it. It works where pages may not run
// scripts, too.
func (tb *tab) find(what, script string, args ...any) {
	tb.Helper()
	deadline := time.Now().Add(patience / 4)
	for {
		ctx, cancel := context.WithTimeout(tb.ctx, patience)
		found, err := chromedp.Run(ctx, chromedp.Evaluate[bool](call(script, args)))
		cancel()
		if err == nil && found {
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("there is no %s on %s (%v); it says:\n%s", what, tb.address(), err, tb.text())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// call writes a call of a function with arguments.
func call(script string, args []any) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = fmt.Sprintf("%q", arg)
	}
	return "(" + script + ")(" + strings.Join(quoted, ",") + ")"
}

// click follows the first link or presses the first button that has, or is named by, the text, among those that within
// chooses, of all where it is left out.
func (tb *tab) click(text string, within ...string) {
	tb.Helper()
	among := "a[href], button, summary, input[type=submit]"
	if len(within) > 0 {
		among = within[0]
	}
	tb.find("link or button “"+text+"”", `(text, among) => {
		const named = e => (e.getAttribute("aria-label") || e.innerText || e.value || "").replace(/\s+/g, " ").trim();
		const all = [...document.querySelectorAll(among)].filter(e => e.checkVisibility());
		const e = all.find(e => named(e) === text) || all.find(e => named(e).includes(text));
		if (!e) return false;
		window.leaving = true;
		e.click();
		return true;
	}`, text, among)
}

// follow clicks, and waits until another page has come.
func (tb *tab) follow(text string, within ...string) {
	tb.Helper()
	tb.click(text, within...)
	tb.find("page after “"+text+"”", `() => !window.leaving && document.readyState === "complete"`)
}

// fill puts a value into the first field of a label.
func (tb *tab) fill(label, value string) {
	tb.Helper()
	tb.fillIn("", label, value)
}

// fillIn puts a value into the field of a label within a group of fields, by the group's words or its class; of all in the
// main part of the page where the group is empty.
func (tb *tab) fillIn(group, label, value string) {
	tb.Helper()
	tb.find("field “"+label+"”", `(group, label, value) => {
		const words = e => e.innerText.replace(/\s+/g, " ").trim();
		const groups = group.startsWith(".") ? [document.querySelector(group)] :
			[...document.querySelectorAll("fieldset")].filter(f => words(f.querySelector("legend")).startsWith(group));
		const within = group ? groups[0] : document.querySelector("main");
		const named = [...within.querySelectorAll("label")].filter(l => l.control && words(l).startsWith(label));
		const e = named.length ? named[0].control : null;
		if (!e) return false;
		if (e.type === "checkbox" || e.type === "radio") e.checked = value === "on";
		else e.value = value;
		e.dispatchEvent(new Event("input", {bubbles: true}));
		e.dispatchEvent(new Event("change", {bubbles: true}));
		return e.value === value || e.type === "checkbox" || e.type === "radio";
	}`, group, label, value)
}

// sees waits until the main part of the page shows a text.
func (tb *tab) sees(text string) {
	tb.Helper()
	tb.find("text “"+text+"”", `text => document.body.innerText.replace(/\s+/g, " ").includes(text)`, text)
}

// lacks fails where the page shows a text.
func (tb *tab) lacks(text string) {
	tb.Helper()
	if strings.Contains(strings.Join(strings.Fields(tb.text()), " "), text) {
		tb.Errorf("%s says “%s”", tb.address(), text)
	}
}

// text is what the page shows.
func (tb *tab) text() string {
	tb.Helper()
	return run(tb, chromedp.Evaluate[string](`document.body.innerText`))
}
