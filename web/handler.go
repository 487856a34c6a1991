package web

import (
	"context"
	"fmt"
	"hash/fnv"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections"
)

// Options say what is shown.
type Options struct {
	Ledger  *ledger.Ledger
	Name    string // of the ledger
	Version string // of the program
	Log     *slog.Logger
	Status  func(error) int  // the HTTP status of an error
	Now     func() time.Time // says what day today is

	Receipts  bool   // the API gives receipts of entries: the log has a key
	Recording bool   // whoever reaches the pages may record with them
	Feed      string // the address at which the API tells of new entries as server-sent events; empty: nowhere
}

// site shows one ledger. It holds nothing of a request.
type site struct {
	Options
	pages  map[string]*template.Template
	assets *assets
	layout sync.Mutex // held while Graphviz lays something out: it does one at a time
	tokens *tokens

	diffs   recall[[]projections.Change]
	impacts recall[*projections.Impact]
}

// route is a kind of page. Its pattern is one of http.ServeMux, without a method and without a suffix; nav is what it is
// called in the navigation of every page, empty for none.
type route struct {
	pattern, nav string
	answer       func(*site, *request) (*Page, error)
}

// routes are the pages that answer GET, in the order of the navigation. A form's POST is set up in NewHandler.
var routes = []route{
	{"/{$}", "", (*site).start},
	{"/search", "Search", (*site).search},
	{"/plans", "Plans", (*site).plans},
	{"/plan/{id}", "", (*site).plan},
	{"/compare", "Compare", (*site).compare},
	{"/findings", "Findings", (*site).findings},
	{"/log", "Log", (*site).log},
	{"/entry/{seq}", "", (*site).entry},
	{"/source/{id}", "", (*site).source},
	{"/search/suggest", "", (*site).suggest},
	{"/organisation/{id}", "", (*site).organisation},
	{"/organisation/{id}/holdings", "", (*site).holdings},
	{"/organisation/{id}/held", "", (*site).ceded},
	{"/responsibility/{id}", "", (*site).responsibility},
	{"/contract/{id}", "", (*site).contract},
	{"/lineage/{id}", "", (*site).lineage},
}

// NewHandler shows a ledger as pages. Every page has the same address in its other forms, by a suffix (.json, .csv, .svg,
// .jsonld) or by what the request accepts. It may be used by any number of requests at once. What guards the loopback interface
// stands before it: see api.Guard.
func NewHandler(o Options) http.Handler {
	s := &site{Options: o, assets: readAssets(), tokens: newTokens()}
	s.pages = readTemplates(s.assets)
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.Handle("GET "+r.pattern, s.page(r.answer))
	}
	s.formRoutes(mux)
	mux.Handle("GET /static/{name}", s.assets)
	mux.Handle("/", s.page((*site).nothing))
	return secured(suffixed(mux))
}

// policy lets a page use what comes from this server, and nothing else: no other address is ever asked for anything.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// page answers requests with the page that answer makes, in the form that is asked for.
func (s *site) page(answer func(*site, *request) (*Page, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if clean, changed := tidied(r.URL.Query()); changed && r.Method == http.MethodGet {
			http.Redirect(w, r, address(r.URL.Path+suffixOf(r), clean), http.StatusSeeOther)
			return
		}
		format, err := formatOf(r)
		if err != nil {
			s.fail(w, r, format, err)
			return
		}
		tag := s.tag(r, format)
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Vary", "Accept")
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		q, err := s.request(r)
		if err == nil {
			var p *Page
			if p, err = answer(s, q); err == nil {
				err = s.show(w, q, p, format)
			}
		}
		if err != nil {
			s.fail(w, r, format, err)
		}
	})
}

// tag is another whenever a page may be another: with what is recorded, the day, and the program.
func (s *site) tag(r *http.Request, f format) string {
	h := fnv.New64a()
	fmt.Fprint(h, r.URL.Path, "?", r.URL.RawQuery, f.suffix, s.Ledger.View().Seq(), s.today(), s.Version, s.assets.version)
	return fmt.Sprintf(`"%x"`, h.Sum64())
}

func (s *site) today() domain.Date { return ledger.Today(s.Now()) }

// reader is the ledger as what tells facts wants it.
type reader struct {
	*ledger.Ledger
	name, version string
}

// Status says how much there is.
func (r reader) Status(context.Context) (ledger.Status, error) {
	return r.Ledger.Status(r.name, r.version), nil
}

// suffixed takes the suffix off an address and remembers it as what form is asked for. No identifier has a full stop.
func suffixed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dot := strings.LastIndexByte(r.URL.Path, '.')
		if dot < 0 || strings.HasPrefix(r.URL.Path, "/static/") {
			next.ServeHTTP(w, r)
			return
		}
		suffix := r.URL.Path[dot:]
		if _, known := formatOfSuffix(suffix); !known {
			next.ServeHTTP(w, r)
			return
		}
		r = r.Clone(context.WithValue(r.Context(), suffixKey{}, suffix))
		if r.URL.Path = r.URL.Path[:dot]; r.URL.Path == "/index" {
			r.URL.Path = "/"
		}
		r.URL.RawPath = ""
		next.ServeHTTP(w, r)
	})
}

// suffixKey finds the suffix in the context of a request.
type suffixKey struct{}

func suffixOf(r *http.Request) string {
	suffix, _ := r.Context().Value(suffixKey{}).(string)
	return suffix
}
