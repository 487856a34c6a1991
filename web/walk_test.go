package web

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	nethtml "golang.org/x/net/html"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/sample"
)

// walked is a site of a ledger, for tests to go through.
type walked struct {
	http.Handler
	*ledger.Ledger
	t      *testing.T
	log    *slog.Logger
	status func(error) int
	now    func() time.Time
}

// walk opens the pages of a new ledger, in which entries are recorded.
func walk(t *testing.T, record ...string) *walked {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), store, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	t.Cleanup(sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-ran, store.Close()); err != nil {
			t.Error(err)
		}
	}))
	for _, lines := range record {
		if _, err := l.RecordLines(t.Context(), strings.NewReader(lines), ledger.RecordOptions{Actor: "registrar"}); err != nil {
			t.Fatal(err)
		}
	}
	status := func(err error) int {
		if is[*ledger.QuestionError](err) {
			return http.StatusBadRequest
		}
		if is[*domain.Refusal](err) {
			return http.StatusUnprocessableEntity
		}
		return http.StatusInternalServerError
	}
	now := func() time.Time { return time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC) }
	log := slog.New(slog.DiscardHandler)
	handler := NewHandler(Options{Ledger: l, Name: "main", Version: "test", Log: log, Status: status, Now: now, Receipts: true, Recording: true})
	return &walked{handler, l, t, log, status, now}
}

// sampled is the sample and, after it, what raises findings.
func sampled(t *testing.T) *walked {
	t.Helper()
	text, err := io.ReadAll(sample.Entries())
	if err != nil {
		t.Fatal(err)
	}
	odd, err := os.ReadFile("../cmd/orgledger/testdata/odd.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return walk(t, string(text), string(odd))
}

// get asks for an address.
func (w *walked) get(address string, header ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, address, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	return answer
}

// leadTo lists the addresses of this site that a page leads to or takes something from.
func leadTo(t *testing.T, page string) (found []string) {
	t.Helper()
	root, err := nethtml.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			switch a.Key {
			case "href", "src", "action":
				found = append(found, a.Val)
			case "style":
				t.Errorf("a style attribute, which the policy blocks: %q", a.Val)
			}
			if strings.HasPrefix(a.Key, "on") {
				t.Errorf("a script in an attribute, which the policy blocks: %s=%q", a.Key, a.Val)
			}
		}
	}
	return found
}

// ids are those of the elements of a page; each is there once.
func ids(t *testing.T, where, page string) map[string]bool {
	t.Helper()
	all := make(map[string]bool)
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if all[m[1]] {
			t.Errorf("%s has two elements of the id %s", where, m[1])
		}
		all[m[1]] = true
	}
	return all
}

// limitWalk is how many pages are looked at: every kind, and things of every kind, are among them.
const limitWalk = 1500

// Every link on every page of the sample leads to a page that is there, or to what the API serves, and every place within a
// page that a link names is there; nothing leads to another address but what a source names.
func TestEveryLinkResolves(t *testing.T) {
	w := sampled(t)
	queue, seen := []string{"/"}, map[string]bool{"/": true}
	looked := 0
	for len(queue) > 0 && looked < limitWalk && (looked < 300 || !testing.Short()) {
		at := queue[0]
		queue = queue[1:]
		answer := w.get(at)
		looked++
		if answer.Code != http.StatusOK {
			t.Errorf("%s: %d %.200s", at, answer.Code, answer.Body)
			continue
		}
		if !strings.HasPrefix(answer.Header().Get("Content-Type"), "text/html") {
			continue
		}
		here, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		page := answer.Body.String()
		places := ids(t, at, page)
		for _, link := range leadTo(t, page) {
			to, err := here.Parse(link)
			switch {
			case err != nil:
				t.Errorf("%s leads to %q: %v", at, link, err)
			case to.Host != "":
				if to.Scheme != "https" && to.Scheme != "http" || !strings.Contains(page, `rel="external noreferrer"`) {
					t.Errorf("%s leads away, to %s", at, link)
				}
			case strings.HasPrefix(link, "#") && !places[to.Fragment]:
				t.Errorf("%s leads to %s within it, which is not there", at, link)
			case strings.HasPrefix(to.Path, "/v1/"), strings.HasPrefix(to.Path, "/tlog/"):
			default:
				to.Fragment = ""
				if next := to.String(); !seen[next] {
					seen[next] = true
					queue = append(queue, next)
				}
			}
		}
	}
	if looked < 300 {
		t.Errorf("only %d pages were looked at", looked)
	}
}

// Every page has the forms that it says it has, and each is what it says it is; a form that it has not is refused.
func TestForms(t *testing.T) {
	w := sampled(t)
	for _, at := range []string{"/plans", "/plan/nhs-england-abolition", "/compare?from=2019-03-31&on=2019-04-02", "/findings", "/entry/248", "/source/hee-about", "/log"} {
		path, query, _ := strings.Cut(at, "?")
		if query != "" {
			query = "?" + query
		}
		page := w.get(at).Body.String()
		for suffix, media := range map[string]string{".json": "application/json", ".csv": "text/csv", ".svg": "image/svg+xml"} {
			answer := w.get(path + suffix + query)
			accepted := w.get(at, "Accept", media)
			if offered := strings.Contains(page, path+suffix); offered != (answer.Code == http.StatusOK) || answer.Code != accepted.Code {
				t.Errorf("%s as %s: offered %v, answered %d and by Accept %d", at, suffix, offered, answer.Code, accepted.Code)
				continue
			}
			if answer.Code == http.StatusNotAcceptable {
				continue
			}
			switch suffix {
			case ".json":
				if !json.Valid(answer.Body.Bytes()) {
					t.Errorf("%s%s is not JSON: %s", path, suffix, answer.Body)
				}
			case ".csv":
				if rows, err := csv.NewReader(answer.Body).ReadAll(); err != nil || len(rows) < 2 {
					t.Errorf("%s%s has %d rows: %v", path, suffix, len(rows), err)
				}
			}
		}
	}
}

// What a page has as JSON is what query answers.
func TestJSONIsTheAnswer(t *testing.T) {
	w := sampled(t)
	for at, question := range map[string]string{
		"/plans.json?on=2026-07-01":                           `{"q":"plans","on":"2026-07-01"}`,
		"/plan/nhs-england-abolition.json":                    `{"q":"impact","plan":"nhs-england-abolition"}`,
		"/findings.json?on=2026-07-01":                        `{"q":"findings","on":"2026-07-01"}`,
		"/compare.json?from=2019-03-31&on=2019-04-02":         `{"q":"diff","from":{"on":"2019-03-31"},"to":{"on":"2019-04-02"}}`,
		"/compare.json?from=2019-03-31&on=2019-04-02&known=9": `{"q":"diff","from":{"on":"2019-03-31","known":9},"to":{"on":"2019-04-02","known":9}}`,
	} {
		got, want := strings.TrimSpace(w.get(at).Body.String()), string(w.Answer(t.Context(), []byte(question)))
		if got != want {
			t.Errorf("%s\n got %.300s\nwant %.300s", at, got, want)
		}
	}
}

// The addresses that cannot be have a page that says so, with the status of their error.
func TestRefusedAddresses(t *testing.T) {
	w := sampled(t)
	for at, want := range map[string]int{"/entry/0": 404, "/entry/99999": 404, "/entry/x": 404, "/entry/248?known=9": 400, "/log?before=x": 400, "/log?after=x": 400,
		"/log?ref=x": 400, "/findings?ref=x": 400, "/compare?from=x": 400, "/compare?from_known=x": 400, "/plan/nhs-england-abolition?date=x": 400,
		"/record/no.such": 404, "/record/entry.corrected": 404, "/entry/1/correct": 404, "/entry/249/retract": 404} {
		if got := w.get(at); got.Code != want {
			t.Errorf("%s: %d, want %d", at, got.Code, want)
		}
	}
}

// The page of a correction shows the evidence that it cites for what it puts in place.
func TestEvidenceOfCorrection(t *testing.T) {
	page := sampled(t).get("/entry/249").Body.String()
	if !strings.Contains(page, `/source/uksi-2023-368"`) || strings.Contains(page, "It cites no source") {
		t.Errorf("no source of the correction is on its page:\n%s", page)
	}
}
