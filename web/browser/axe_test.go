package browser_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// installed puts what npm keeps beside the tests, once, and skips where node is not there.
func installed(t *testing.T) {
	t.Helper()
	need(t, "node")
	if _, err := os.Stat("node_modules/axe-core/axe.min.js"); err == nil {
		return
	}
	if out, err := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts").CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
}

// axe-core finds no violation of WCAG 2.2 AA, nor of what it holds to be good practice, on any page, light and dark, at
// the desk and on the phone.
func TestAxe(t *testing.T) {
	installed(t)
	source, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	base := serveOdd(t)
	for _, as := range []look{desk, {width: 1280, height: 900, dark: true}, phone, {width: 390, height: 844, dark: true}} {
		t.Run(as.String(), func(t *testing.T) {
			if testing.Short() && as != desk {
				t.Skip("looked at at length")
			}
			tb := open(t, base, as)
			for _, p := range pages {
				tb.show(p)
				for _, v := range tb.axe(string(source)) {
					t.Errorf("%s: %s (%s): %s", p.path, v.ID, v.Impact, v.Help)
					for _, n := range v.Nodes {
						t.Logf("   %s\n   %s", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", "\n   "))
					}
				}
			}
		})
	}
}

// violation is what axe-core finds.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

func (tb *tab) axe(source string) []violation {
	tb.Helper()
	run(tb, chromedp.Evaluate[int](source+";0"))
	raw := run(tb, chromedp.Evaluate[string](`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"]})
		.then(r => JSON.stringify({violations: r.violations, passed: r.passes.length}))`, chromedp.EvalAwaitPromise))
	var answer struct {
		Violations []violation
		Passed     int
	}
	if err := json.Unmarshal([]byte(raw), &answer); err != nil {
		tb.Fatal(err)
	}
	if answer.Passed == 0 {
		tb.Errorf("axe-core looked at nothing on %s", tb.address())
	}
	return answer.Violations
}

func (l look) String() string {
	name := fmt.Sprintf("%d", l.width)
	if l.dark {
		name += " dark"
	}
	if l.noJS {
		name += " without JavaScript"
	}
	return name
}

// What the server sends is valid HTML, by html-validate's standard and accessibility rules.
func TestHTML(t *testing.T) {
	installed(t)
	base := serveOdd(t)
	type sent struct {
		URL  string `json:"url"`
		HTML string `json:"html"`
	}
	var all []sent
	for _, p := range pages {
		if p.then == nil {
			all = append(all, sent{p.path, fetch(t, base+p.path)})
		}
	}
	in, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("node", "validate.mjs")
	command.Stdin, command.Stderr = strings.NewReader(string(in)), os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var found []struct {
		URL, Rule, Message string
		Line               int
	}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Errorf("%s:%d: %s (%s)", f.URL, f.Line, f.Message, f.Rule)
	}
}

// fetch reads a page, be it one that says that something is not there.
func fetch(t *testing.T, address string) string {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= http.StatusInternalServerError {
		t.Fatalf("%s: %s, %v\n%s", address, response.Status, err, text)
	}
	return string(text)
}
