package api

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
	"github.com/orgledger/orgledger/ledger/notary"
)

// lines is the media type of JSON lines.
const lines = "application/x-ndjson"

// limitBody is the longest body of one request, in bytes: some million entries.
const limitBody = 1 << 30

// server answers requests from one ledger.
type server struct {
	ledger  *ledger.Ledger
	name    string
	version string
	log     *slog.Logger
	notary  *notary.Notary // nil: no checkpoints are given out here
	bundle  Bundler
	feed    feed.Feed // nil: there is none

	mux *http.ServeMux
	api huma.API // describes what mux serves
}

// Bundler makes the evidence for an answer: an archive that proves who holds something, or what an organisation is, on a day
// as known at an entry.
type Bundler func(ctx context.Context, ref domain.Ref, on domain.Date, known uint64) ([]byte, error)

// Options say what is served.
type Options struct {
	Ledger  *ledger.Ledger
	Name    string // of the ledger
	Version string // of the program
	Log     *slog.Logger
	Notary  *notary.Notary // nil: no checkpoints are given out here
	Bundle  Bundler        // nil: no bundles are
	Feed    feed.Feed      // nil: there is none
}

// NewHandler serves a ledger, and describes what it serves at /openapi.json: questions as resources and, at
// POST /v1/query, as JSON lines; entries in and out; the log as it is stored and as C2SP tlog-tiles; and where it is given
// a notary, checkpoints, receipts and bundles. What is answered from recorded entries is answered from the entry that
// at-least names on. It may be used by any number of requests at once.
func NewHandler(o Options) http.Handler {
	s := &server{ledger: o.Ledger, name: o.Name, version: o.Version, log: o.Log, notary: o.Notary, bundle: o.Bundle, feed: o.Feed, mux: http.NewServeMux()}
	s.describe()
	s.recordRoutes()
	s.snapshotRoutes()
	s.logRoutes()
	s.tlogRoutes()
	s.serverRoutes()
	if err := s.documentRoutes(); err != nil {
		panic("api: its own description is no JSON: " + err.Error()) // of what is registered above
	}
	s.mux.HandleFunc("/", s.nothing)
	return s.guard(s.mux)
}

// recordRoutes serves what is asked and recorded as JSON lines.
func (s *server) recordRoutes() {
	s.read(huma.Operation{OperationID: "query", Method: http.MethodPost, Path: "/v1/query", Tags: []string{tagQuestions},
		Summary:     "Ask questions, one a line",
		Description: "Answers come one a line and in order, while questions are still read. A question that cannot be answered gets an error line, and the next one is answered all the same.",
		RequestBody: takes("Questions, one JSON object a line", lines, nil),
		Responses:   gives("Answers, one JSON object a line", lines, nil)}, s.query)
	s.raw(huma.Operation{OperationID: "record", Method: http.MethodPost, Path: "/v1/entries", Tags: []string{tagRecording},
		Summary:     "Record entries, one a line",
		Description: "All are checked before any is written. What fits one commit, 1,000 entries and 4 MiB, is written as a whole or not at all. Recording the same again is safe, and writes nothing.",
		Parameters: []*huma.Param{
			parameter("actor", "Who records", text()),
			parameter("strict", "Also refuse what would raise a new finding", truth()),
			parameter("dry_run", "Check only", truth()),
		},
		RequestBody: takes("Entries, one JSON object a line", lines, nil),
		Responses:   gives("Receipts, one JSON object a line: id, sequence and recorded time", lines, nil)}, s.record)
	s.raw(huma.Operation{OperationID: "signing", Method: http.MethodPost, Path: "/v1/signing", Tags: []string{tagRecording},
		Summary:     "Ask what has to be known to sign entries",
		RequestBody: takes("Entries that are corrected and names that are given", "application/json", schemaOf[ledger.SigningRequest](s.api)),
		Responses:   gives("What a signer has to know", "application/json", schemaOf[ledger.Signing](s.api))}, s.signing)
}

// logRoutes serves what was recorded.
func (s *server) logRoutes() {
	s.read(huma.Operation{OperationID: "entries", Method: http.MethodGet, Path: "/v1/entries", Tags: []string{tagLog},
		Summary: "Read recorded entries",
		Parameters: []*huma.Param{
			parameter("ref", "Only entries that concern this reference", text()),
			parameter("from", "The first sequence", sequenceSchema()),
			parameter("to", "The sequence to stop before", sequenceSchema()),
		},
		Responses: gives("Entries, one JSON object a line", lines, nil)}, s.entries)
	s.raw(huma.Operation{OperationID: "commits", Method: http.MethodGet, Path: "/v1/commits", Tags: []string{tagLog},
		Summary:    "Copy the log as it is stored",
		Parameters: []*huma.Param{parameter("from", "The position of the first commit, from 1", sequenceSchema())},
		Responses:  gives("Commits, as backups hold them", frames, nil)}, s.commits)
}

// serverRoutes serves what the server says of itself.
func (s *server) serverRoutes() {
	s.raw(huma.Operation{OperationID: "status", Method: http.MethodGet, Path: "/v1/status", Tags: []string{tagServer},
		Summary:   "How much there is",
		Responses: gives("The ledger's status", "application/json", schemaOf[ledger.Status](s.api))}, s.status)
	s.raw(huma.Operation{OperationID: "health", Method: http.MethodGet, Path: "/healthz", Tags: []string{tagServer},
		Summary:   "Whether the ledger answers",
		Responses: gives("It does", "application/json", schemaOf[Health](s.api))}, s.health)
}

// guard keeps the pages of other sites, open in a browser on this machine, from using a ledger that
// listens on the loopback interface: neither as a cross-origin request nor by a name of their own that
// leads here.
func (s *server) guard(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.problem(w, r, http.StatusForbidden, ledger.Description{Code: codeForbidden, Message: "a page of another site has no say here"})
	}))
	checked := protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !addressed(r) {
			s.problem(w, r, http.StatusMisdirectedRequest, ledger.Description{Code: codeForbidden,
				Message: "this server is reached as localhost or by its address, not as " + strconv.Quote(r.Host)})
			return
		}
		checked.ServeHTTP(w, r)
	})
}

// addressed reports whether a request that arrived on the loopback interface names this machine as its
// host.
func addressed(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !local.IP.IsLoopback() {
		return true
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (s *server) query(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", lines)
	// Answers are written while questions are still read.
	if err := http.NewResponseController(w).EnableFullDuplex(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.fail(w, r, err)
		return
	}
	if err := s.ledger.Query(r.Context(), http.MaxBytesReader(w, r.Body, limitBody), flushing{w}); err != nil {
		s.cutOff(r, "a query was cut off", err)
	}
}

// cutOff ends an answer that has begun, so that the client does not take what it has for the whole.
// Where it was the client that stopped reading, nothing is wrong.
func (s *server) cutOff(r *http.Request, what string, err error) {
	level := slog.LevelWarn
	if r.Context().Err() != nil {
		level = slog.LevelDebug
	}
	s.log.Log(r.Context(), level, what, "error", err)
	panic(http.ErrAbortHandler)
}

// flushing sends each write on at once.
type flushing struct{ http.ResponseWriter }

func (f flushing) Write(text []byte) (int, error) {
	n, err := f.ResponseWriter.Write(text)
	if err == nil {
		err = http.NewResponseController(f.ResponseWriter).Flush()
	}
	return n, err
}

func (s *server) record(w http.ResponseWriter, r *http.Request) {
	options, err := recordOptions(r.URL.Query())
	if err != nil {
		s.problem(w, r, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: err.Error()})
		return
	}
	receipts, err := s.ledger.RecordLines(r.Context(), http.MaxBytesReader(w, r.Body, limitBody), options)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.tellSequence(w)
	w.Header().Set("Content-Type", lines)
	out := bufio.NewWriter(w)
	for _, receipt := range receipts {
		if err := json.MarshalWrite(out, receipt); err != nil {
			s.log.Warn("a receipt was not sent", "error", err)
			return
		}
		out.WriteByte('\n')
	}
	if err := out.Flush(); err != nil {
		s.log.Warn("receipts were not sent", "error", err)
	}
}

func (s *server) signing(w http.ResponseWriter, r *http.Request) {
	var request ledger.SigningRequest
	if err := json.UnmarshalRead(http.MaxBytesReader(w, r.Body, limitBody), &request, json.RejectUnknownMembers(true)); err != nil {
		s.problem(w, r, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: "what is to be signed is asked for as one JSON object: " + err.Error()})
		return
	}
	answer, err := s.ledger.Signing(r.Context(), request)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.json(w, http.StatusOK, answer)
}

func recordOptions(query url.Values) (o ledger.RecordOptions, err error) {
	o.Actor = query.Get("actor")
	if o.Strict, err = flag(query, "strict"); err != nil {
		return o, err
	}
	o.DryRun, err = flag(query, "dry_run")
	return o, err
}

func flag(query url.Values, name string) (bool, error) {
	if !query.Has(name) {
		return false, nil
	}
	value, err := strconv.ParseBool(query.Get(name))
	if err != nil {
		return false, errors.New(name + " is true or false")
	}
	return value, nil
}

func (s *server) entries(w http.ResponseWriter, r *http.Request) {
	selection, err := selection(r.URL.Query())
	if err != nil {
		s.problem(w, r, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: err.Error()})
		return
	}
	out, begun := bufio.NewWriter(w), false
	err = s.ledger.Select(r.Context(), selection, func(e domain.Recorded) error {
		if !begun {
			w.Header().Set("Content-Type", lines)
			begun = true
		}
		_, err := out.Write(append(ledger.AppendLogged(nil, &e), '\n'))
		return err
	})
	switch {
	case err == nil:
		if err := out.Flush(); err != nil {
			s.log.Warn("entries were not sent", "error", err)
		}
	case !begun:
		s.fail(w, r, err)
	default:
		s.cutOff(r, "a reading of the log was cut off", err)
	}
}

func selection(query url.Values) (sel ledger.Selection, err error) {
	if query.Has("ref") {
		if sel.Ref, err = domain.ParseRef(query.Get("ref")); err != nil {
			return sel, err
		}
	}
	for name, to := range map[string]*uint64{"from": &sel.From, "to": &sel.To} {
		if query.Has(name) {
			if *to, err = sequence(query, name); err != nil {
				return sel, err
			}
		}
	}
	return sel, nil
}

func sequence(query url.Values, name string) (uint64, error) {
	seq, err := strconv.ParseUint(query.Get(name), 10, 64)
	if err != nil {
		return 0, errors.New(name + " is a sequence")
	}
	return seq, nil
}

func (s *server) status(w http.ResponseWriter, r *http.Request) {
	s.json(w, http.StatusOK, s.ledger.Status(s.name, s.version))
}

// Health says that a ledger answers, and how far it has got.
type Health struct {
	Status  string `json:"status"`
	LastSeq uint64 `json:"last_seq"`
}

func (s *server) health(w http.ResponseWriter, r *http.Request) {
	s.json(w, http.StatusOK, Health{"ok", s.ledger.View().Seq()})
}

// methods are those that operations have.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// nothing answers what no operation does: there is none of the path, or none of the method.
func (s *server) nothing(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range methods {
		if _, pattern := s.mux.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host}); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 || slices.Contains(allowed, r.Method) {
		s.problem(w, r, http.StatusNotFound, ledger.Description{Code: ledger.CodeNotFound,
			Message: r.Method + " " + r.URL.Path + " is not here; /docs says what is"})
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	s.problem(w, r, http.StatusMethodNotAllowed, ledger.Description{Code: codeNoMethod,
		Message: r.URL.Path + " takes " + strings.Join(allowed, ", ") + ", not " + r.Method})
}

func (s *server) json(w http.ResponseWriter, status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // our own types
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(append(text, '\n')); err != nil {
		s.log.Debug("an answer was not sent", "error", err)
	}
}
