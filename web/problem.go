package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
)

// CodeNotAcceptable says that a page has not got the form that is asked for.
const CodeNotAcceptable = "not-acceptable"

// notAcceptable says that no form of a page is accepted.
type notAcceptable struct{ accept string }

// Error says which forms there are.
func (e notAcceptable) Error() string {
	return "none of " + e.accept + " is a form of a page; there are " + mediaTypes(formats)
}

// Describe gives its code.
func (e notAcceptable) Describe() ledger.Description {
	return ledger.Description{Code: CodeNotAcceptable, Message: e.Error(), Field: "Accept"}
}

// noForm says that a page has not got the form that is asked for.
type noForm struct {
	asked format
	has   []format
}

// Error says which forms it has.
func (e noForm) Error() string {
	return "this page has no form as " + e.asked.media + "; it has " + mediaTypes(e.has)
}

// Describe gives its code.
func (e noForm) Describe() ledger.Description {
	return ledger.Description{Code: CodeNotAcceptable, Message: e.Error()}
}

// noPage says that nothing is at an address.
type noPage struct{ path string }

// Error names the address.
func (e noPage) Error() string { return "there is no page at " + e.path }

// Describe gives its code.
func (e noPage) Describe() ledger.Description {
	return ledger.Description{Code: ledger.CodeNotFound, Message: e.Error()}
}

func mediaTypes(list []format) string {
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = f.media
	}
	return strings.Join(names, ", ")
}

func (s *site) nothing(q *request) (*Page, error) { return nil, noPage{q.URL.Path} }

// statusOf is the HTTP status of an error: of the pages' own, else what the table of the API says.
func (s *site) statusOf(err error) int {
	switch {
	case is[notAcceptable](err), is[noForm](err):
		return http.StatusNotAcceptable
	case is[noPage](err):
		return http.StatusNotFound
	}
	return s.Status(err)
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// problem is what the page of an error shows.
type problem struct {
	ledger.Description
	Known Link // where a thing is not known yet: the page as known now
}

// titles of errors that people meet, by status.
var problemTitles = map[int]string{
	http.StatusNotFound: "Not found", http.StatusBadRequest: "This address asks for what cannot be", http.StatusNotAcceptable: "Not in this form",
	http.StatusServiceUnavailable: "Not available just now",
}

// fail says what is wrong, as a page or as JSON.
func (s *site) fail(w http.ResponseWriter, r *http.Request, f format, err error) {
	status := s.statusOf(err)
	if status >= http.StatusInternalServerError && r.Context().Err() == nil {
		s.Log.Error("a page failed", "path", r.URL.Path, "error", err)
	}
	w.Header().Del("ETag")
	d := ledger.Describe(err)
	if f != html {
		text, err := json.Marshal(ledger.Problem{Error: d})
		if err != nil {
			panic(err) // our own type
		}
		s.send(w, status, asJSON.media, append(text, '\n'))
		return
	}
	q := s.plainly(r)
	p := &Page{Name: "problem", Title: problemTitles[status], Status: status, Data: problem{Description: d, Known: q.sooner(err)}}
	if p.Title == "" {
		p.Title = "Something went wrong"
	}
	if err := s.show(w, q, p, html); err != nil {
		s.Log.Error("the page of an error failed", "path", r.URL.Path, "error", err)
		http.Error(w, d.Message, status)
	}
}

// plainly is a request without its clocks, which may be what is wrong.
func (s *site) plainly(r *http.Request) *request {
	if q, err := s.request(r); err == nil {
		return q
	}
	plain := r.Clone(r.Context())
	plain.URL.RawQuery = ""
	q, err := s.request(plain)
	if err != nil {
		return &request{Request: plain, ctx: r.Context(), site: s, view: s.Ledger.View(), today: s.today(), on: s.today(), book: &telling.Book{On: s.today()}}
	}
	return q
}

// sooner leads from what was not known yet to the same page as known now.
func (q *request) sooner(err error) Link {
	ref := domain.Ref{}
	if kind, id, ok := strings.Cut(strings.Trim(q.URL.Path, "/"), "/"); ok {
		ref = telling.RefOf(kind + "/" + id)
	}
	if !is[*ledger.QuestionError](err) || !q.knownGiven || ref.ID == "" || q.view.Introduction(ref) <= q.known {
		return Link{}
	}
	return Link{q.here(fieldKnown, ""), telling.Clean(q.view.Title(ref, ledger.Point{On: q.on, Known: q.view.Seq()}))}
}
