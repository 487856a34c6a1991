package web

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
)

// Page is what a request comes to: one thing said in several forms. A form that is nil is not had.
type Page struct {
	Name   string        // of its template, templates/pages/NAME.html
	Title  string        // its heading, and first in the title of the window
	Kicker string        // what kind of thing it is, above the heading
	Thing  string        // what a citation names, where that is not the title
	Ref    domain.Ref    // what it is about, whose changes the clocks' sliders show; zero: nothing with changes of its own
	Days   []domain.Date // that the slider of days shows, where Ref is zero
	Status int           // of HTTP; 0: 200
	Data   any           // what the template shows
	Still  bool          // both clocks do not apply: neither bar nor banner
	Part   bool          // of a page that a script has already: without what is around it

	JSON   func() ([]byte, error)     // one value
	CSV    func() ([][]string, error) // a header and rows
	SVG    func() ([]byte, error)
	JSONLD func() ([]byte, error)
}

// formats that the page has besides HTML.
func (p *Page) formats() []format {
	list := []format{html}
	for i, has := range []bool{p.JSON != nil, p.CSV != nil, p.SVG != nil, p.JSONLD != nil} {
		if has {
			list = append(list, formats[i+1])
		}
	}
	return list
}

// shown is what the layout of every page shows.
type shown struct {
	*Page
	Site     siteShown
	Clocks   *clocks
	Citation string
	Formats  []Link
	Query    string // the words that were searched for
	Hidden   []field
}

// siteShown is what is the same on every page.
type siteShown struct {
	Name, Version string
	Home          string
	Search        string
	Nav           []navLink
}

type navLink struct {
	Link
	Here bool
}

// field is one of a form that is not seen.
type field struct{ Name, Value string }

// show writes a page in one of its forms.
func (s *site) show(w http.ResponseWriter, q *request, p *Page, f format) error {
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	text, err := s.render(q, p, f)
	if err != nil {
		return err
	}
	s.send(w, status, f.media, text)
	return nil
}

func (s *site) render(q *request, p *Page, f format) ([]byte, error) {
	switch {
	case f == html:
		return s.renderHTML(q, p)
	case f.media == "application/json" && p.JSON != nil:
		text, err := p.JSON()
		return append(bytes.TrimRight(text, "\n"), '\n'), err
	case f.media == "text/csv" && p.CSV != nil:
		rows, err := p.CSV()
		if err != nil {
			return nil, err
		}
		var text bytes.Buffer
		out := csv.NewWriter(&text)
		out.UseCRLF = true // RFC 4180
		err = out.WriteAll(rows)
		return text.Bytes(), err
	case f.media == "image/svg+xml" && p.SVG != nil:
		return p.SVG()
	case f.media == "application/ld+json" && p.JSONLD != nil:
		return p.JSONLD()
	}
	return nil, noForm{f, p.formats()}
}

func (s *site) renderHTML(q *request, p *Page) ([]byte, error) {
	template, ok := s.pages[p.Name]
	if !ok {
		return nil, errors.New("there is no template of the page " + p.Name)
	}
	view := &shown{Page: p, Site: s.shown(q), Query: q.URL.Query().Get("q")}
	for name, values := range q.clocks() {
		for _, value := range values {
			view.Hidden = append(view.Hidden, field{name, value})
		}
	}
	if !p.Still {
		var err error
		if view.Clocks, err = q.clocksOf(p); err != nil {
			return nil, err
		}
		if view.Citation, err = q.citation(p); err != nil {
			return nil, err
		}
	}
	for _, f := range p.formats()[1:] {
		view.Formats = append(view.Formats, Link{q.form(f), f.name})
	}
	var text bytes.Buffer
	name := "layout"
	if p.Part {
		name = "main"
	}
	if err := template.ExecuteTemplate(&text, name, view); err != nil {
		return nil, fmt.Errorf("show the page %s: %w", p.Name, err)
	}
	return text.Bytes(), nil
}

func (s *site) shown(q *request) siteShown {
	view := siteShown{Name: s.Name, Version: s.Version, Home: q.url("/"), Search: "/search"}
	for _, r := range routes {
		if r.nav != "" {
			view.Nav = append(view.Nav, navLink{Link{q.url(r.pattern), r.nav}, q.URL.Path == r.pattern})
		}
	}
	if s.Recording {
		view.Nav = append(view.Nav, navLink{Link{q.url("/record"), "Record"}, strings.HasPrefix(q.URL.Path, "/record")})
	}
	return view
}

// form is this page's address in another form.
func (q *request) form(f format) string {
	here := q.here()
	path, rest, _ := strings.Cut(here, "?")
	if path == "/" {
		path = "/index"
	}
	if rest != "" {
		rest = "?" + rest
	}
	return path + f.suffix + rest
}

// citation is how a view is cited: what it shows, at which moment of both clocks, and the digest of the log up to there, which
// no later entry changes.
func (q *request) citation(p *Page) (string, error) {
	root, err := q.site.Ledger.Tree().Root(q.known)
	if err != nil {
		return "", fmt.Errorf("find the digest of the log: %w", err)
	}
	thing := p.Thing
	if thing == "" {
		thing = p.Title
	}
	return fmt.Sprintf("orgledger %s, %s, on %s, %s, log digest %x", q.site.Name, thing, telling.DayWords(q.on), q.knownWords(), root), nil
}

// knownWords is as known when, with the recorded time.
func (q *request) knownWords() string {
	if q.known == 0 {
		return "as known before anything was recorded"
	}
	return "as known at sequence " + telling.Decimal(q.known) + " (recorded " + telling.TimeWords(q.view.RecordedAt(q.known)) + ")"
}

func (s *site) send(w http.ResponseWriter, status int, media string, text []byte) {
	if media == "text/html" || media == "text/csv" {
		media += "; charset=utf-8"
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	if _, err := w.Write(text); err != nil {
		s.Log.Debug("a page was not sent", "error", err)
	}
}
