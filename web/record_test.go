package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/ledger"
)

// clerk is a browser that has a form open.
type clerk struct {
	*walked
	cookie *http.Cookie
	token  string
}

// clerk opens the form at an address.
func (w *walked) clerk(address string) *clerk {
	w.t.Helper()
	answer := w.get(address)
	cookies := answer.Result().Cookies()
	token := regexp.MustCompile(`name="token" value="([^"]+)"`).FindStringSubmatch(answer.Body.String())
	if answer.Code != http.StatusOK || len(cookies) != 1 || token == nil {
		w.t.Fatalf("%s: %d, %d cookies, token %v", address, answer.Code, len(cookies), token)
	}
	if c := cookies[0]; !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
		w.t.Errorf("the cookie is %v", c)
	}
	return &clerk{w, cookies[0], token[1]}
}

// send sends a form, its fields as name and value in turn.
func (c *clerk) send(address string, fields ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	form := url.Values{tokenField: {c.token}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(c.cookie)
	answer := httptest.NewRecorder()
	c.ServeHTTP(answer, r)
	return answer
}

const assignment = "/record/responsibility.assigned"

const duty = `{"type":"source.registered","data":{"source":"s","title":"The order"}}
{"type":"organisation.established","data":{"organisation":"a","name":"Alpha Trust"},"sources":[{"source":"s"}]}
{"type":"organisation.established","data":{"organisation":"b","name":"Beta Trust"},"sources":[{"source":"s"}]}
{"type":"responsibility.defined","data":{"responsibility":"r","title":"Care","kind":"function"},"sources":[{"source":"s"}]}`

func filledAssignment(do, organisation string) []string {
	return []string{"do", do, "effective", "2020-01-01", "data.responsibility", "Care", "data.organisation", organisation, "data.role", "lead",
		"sources.0.source", "The order", "actor", "registrar"}
}

// What was previewed is recorded once however often it is sent, by who says so, and with the names looked up.
func TestRecordByForm(t *testing.T) {
	w := walk(t, duty)
	c := w.clerk(assignment)
	preview := c.send(assignment, filledAssignment("preview", "alpha")...)
	for _, want := range []string{"This is not recorded yet", "Alpha Trust", "nobody →", `name="calm"`} {
		if !strings.Contains(preview.Body.String(), want) {
			t.Errorf("the preview does not say %q", want)
		}
	}
	if n := w.View().Seq(); n != 4 {
		t.Fatalf("a preview recorded something: %d entries", n)
	}
	for range 2 {
		recorded := c.send(assignment, filledAssignment("record", "alpha")...)
		if to := recorded.Header().Get("Location"); recorded.Code != http.StatusSeeOther || to != "/entry/5?recorded=1" {
			t.Fatalf("%d, %q", recorded.Code, to)
		}
	}
	e, err := w.Entry(t.Context(), 5)
	if err != nil || e.Actor != "registrar" || w.View().Seq() != 5 || len(e.Sources) != 1 || e.Sources[0].Source != "s" {
		t.Errorf("entry 5 of %d is %+v, %v", w.View().Seq(), e, err)
	}
	if again := c.send(assignment, filledAssignment("preview", "alpha")...).Body.String(); !strings.Contains(again, "recorded already") {
		t.Error("the very same is not known again")
	}
}

// What is wrong stands beside its field, whichever part of the program finds it, and nothing is recorded.
func TestRefusedForm(t *testing.T) {
	w := walk(t, duty)
	c := w.clerk(assignment)
	for _, test := range []struct{ organisation, effective, problem, field string }{
		{"trust", "2020-01-01", "Choose which organisation is meant: 2", "data.organisation"},
		{"nobody at all", "2020-01-01", "No organisation has “nobody at all” in a name", "data.organisation"},
		{"nobody", "2020-01-01", "This names something that an earlier entry introduces", "data.organisation"},
		{"a", "soon", "a date is written as a day", "effective"},
		{"a", "", "needs an effective date", "effective"},
		{"", "2020-01-01", "This field has to be given", "data.organisation"},
	} {
		answer := c.send(assignment, "do", "record", "effective", test.effective, "data.responsibility", "r", "data.organisation", test.organisation)
		page := answer.Body.String()
		id := (&input{Path: test.field}).ID()
		problem := regexp.MustCompile(`id="` + id + `-problem">(?:<span[^>]*>[^<]*</span>)?([^<]*)`).FindStringSubmatch(page)
		if answer.Code != http.StatusUnprocessableEntity || problem == nil || !strings.Contains(strings.ToLower(problem[1]), strings.ToLower(test.problem)) {
			t.Errorf("%q on %q: %d, beside %s stands %v, want %q", test.organisation, test.effective, answer.Code, test.field, problem, test.problem)
		}
		if !strings.Contains(page, `href="#`+id+`"`) {
			t.Errorf("%q: the summary does not lead to %s", test.organisation, test.field)
		}
	}
	if n := w.View().Seq(); n != 4 {
		t.Errorf("%d entries", n)
	}
}

// A form without the token that its browser was given records nothing, nor does one of another browser.
func TestStaleForm(t *testing.T) {
	w := walk(t, duty)
	c, other := w.clerk(assignment), w.clerk(assignment)
	for name, bad := range map[string]*clerk{"no token": {w, c.cookie, ""}, "another's token": {w, c.cookie, other.token},
		"no cookie": {w, &http.Cookie{Name: "another", Value: "x"}, c.token}} {
		answer := bad.send(assignment, filledAssignment("record", "a")...)
		if answer.Code != http.StatusForbidden || !strings.Contains(answer.Body.String(), `value="Care"`) && !strings.Contains(answer.Body.String(), `value="r"`) {
			t.Errorf("%s: %d %.300s", name, answer.Code, answer.Body)
		}
	}
	if n := w.View().Seq(); n != 4 {
		t.Errorf("%d entries", n)
	}
}

// Where the preview raised nothing and something recorded meanwhile makes it odd, it is shown again; asked again, it is recorded.
func TestNoLongerCalm(t *testing.T) {
	w := walk(t, duty)
	c := w.clerk(assignment)
	meanwhile := `{"type":"responsibility.assigned","effective":"2019-01-01","data":{"responsibility":"r","organisation":"b"},"sources":[{"source":"s"}]}`
	if _, err := w.RecordLines(t.Context(), strings.NewReader(meanwhile), ledger.RecordOptions{}); err != nil {
		t.Fatal(err)
	}
	again := c.send(assignment, append(filledAssignment("record", "a"), "calm", "1")...).Body.String()
	if !strings.Contains(again, "Meanwhile something was recorded") || strings.Contains(again, `name="calm"`) || w.View().Seq() != 5 {
		t.Fatalf("%d entries, and the page is %.600s", w.View().Seq(), again)
	}
	if recorded := c.send(assignment, filledAssignment("record", "a")...); recorded.Code != http.StatusSeeOther {
		t.Errorf("in spite of it: %d", recorded.Code)
	}
}

// Pages that record nothing have no form, and take none.
func TestReadOnlyPages(t *testing.T) {
	w := walk(t, duty)
	c := w.clerk(assignment)
	o := w.Handler
	w.Handler = NewHandler(Options{Ledger: w.Ledger, Name: "main", Log: w.log, Status: w.status, Now: w.now})
	c.walked = w
	for _, at := range []string{"/record", assignment, "/entry/2/correct", "/entry/2/retract"} {
		if got, sent := w.get(at).Code, c.send(at).Code; got != http.StatusNotFound || sent != http.StatusNotFound && sent != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d, sent %d", at, got, sent)
		}
	}
	if page := w.get("/entry/2").Body.String(); strings.Contains(page, "Correct this entry") || strings.Contains(page, `href="/record"`) {
		t.Error("a page offers to record")
	}
	w.Handler = o
}
