package api

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
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
}

// NewHandler serves a ledger: POST /v1/query and /v1/entries take and give JSON lines, GET /v1/entries
// gives the log, GET /v1/commits gives it as it is stored, POST /v1/signing says what a signer has to know, GET /v1/status and
// /healthz say how it is. Questions and the log are answered from
// the entry that at-least names on. It may be used by any number of requests at once.
//
// Below /tlog/ it serves the log's tiles, and where it is given a notary, its checkpoints, receipts under
// GET /v1/receipts/, and bundles under GET /v1/bundles.
func NewHandler(o Options) http.Handler {
	s := &server{o.Ledger, o.Name, o.Version, o.Log, o.Notary, o.Bundle}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/query", s.reached(s.query))
	mux.HandleFunc("POST /v1/entries", s.record)
	mux.HandleFunc("POST /v1/signing", s.signing)
	mux.HandleFunc("GET /v1/entries", s.reached(s.entries))
	mux.HandleFunc("GET /v1/commits", s.commits)
	mux.HandleFunc("GET /v1/status", s.status)
	mux.HandleFunc("GET /healthz", s.health)
	s.tlogRoutes(mux)
	mux.HandleFunc("/", s.nothing)
	return guard(mux)
}

// guard keeps the pages of other sites, open in a browser on this machine, from using a ledger that
// listens on the loopback interface: neither as a cross-origin request nor by a name of their own that
// leads here.
func guard(next http.Handler) http.Handler {
	checked := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !addressed(r) {
			http.Error(w, "this server is reached as localhost or by its address, not as "+strconv.Quote(r.Host), http.StatusMisdirectedRequest)
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
		s.problem(w, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: err.Error()})
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
		s.problem(w, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: "what is to be signed is asked for as one JSON object: " + err.Error()})
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
		s.problem(w, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: err.Error()})
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

// health says that the ledger answers.
func (s *server) health(w http.ResponseWriter, r *http.Request) {
	s.json(w, http.StatusOK, map[string]any{"status": "ok", "last_seq": s.ledger.View().Seq()})
}

func (s *server) nothing(w http.ResponseWriter, r *http.Request) {
	s.problem(w, http.StatusNotFound, ledger.Description{Code: ledger.CodeNotFound,
		Message: r.Method + " " + r.URL.Path + " is not here; there are POST /v1/query, POST and GET /v1/entries, POST /v1/signing, GET /v1/commits, GET /v1/receipts/SEQ, GET /v1/bundles, GET /v1/status, GET /healthz and the log below /tlog/"})
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

func (s *server) problem(w http.ResponseWriter, status int, d ledger.Description) {
	s.json(w, status, ledger.Problem{Error: d})
}

func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	d, status := ledger.Describe(err), statusOf(err)
	if status >= 500 {
		s.log.Error("a request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	s.problem(w, status, d)
}
