package api

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
	"github.com/orgledger/orgledger/ledger/notary"
	"github.com/orgledger/orgledger/ledger/webhooks"
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
	edition string // of the program, in tags
	log     *slog.Logger
	notary  *notary.Notary // nil: no checkpoints are given out here
	bundle  Bundler
	feed    feed.Feed // nil: there is none

	tails    *tails             // of the feed; nil: there is none
	webhooks *webhooks.Webhooks // nil: there are none
	stopping <-chan struct{}    // closed when the server stops

	mux *routes
	api huma.API // describes what mux serves

	rooted atomic.Pointer[rooted] // that was given last
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

	FeedConnections int                // readers of the feed at once; 0: see FeedConnections
	Webhooks        *webhooks.Webhooks // nil: there are none
	Stopping        <-chan struct{}    // closed when the server stops: answers without end then end; nil: never
}

// NewHandler serves a ledger, and describes what it serves at /openapi.json: questions as resources and, at
// POST /v1/query, as JSON lines; entries in and out; the log as it is stored and as C2SP tlog-tiles; and where it is given
// a notary, checkpoints, receipts and bundles. What is answered from recorded entries is answered from the entry that
// at-least names on. It may be used by any number of requests at once.
func NewHandler(o Options) http.Handler {
	s := &server{ledger: o.Ledger, name: o.Name, version: o.Version, edition: editionOf(o.Version), log: o.Log,
		notary: o.Notary, bundle: o.Bundle, feed: o.Feed, webhooks: o.Webhooks, stopping: o.Stopping, mux: newRoutes()}
	if o.Feed != nil {
		s.tails = newTails(o.Feed, cmp.Or(o.FeedConnections, FeedConnections))
	}
	s.describe()
	s.questionRoutes()
	s.recordRoutes()
	s.snapshotRoutes()
	s.logRoutes()
	s.feedRoutes()
	s.webhookRoutes()
	s.tlogRoutes()
	s.serverRoutes()
	if err := s.documentRoutes(); err != nil {
		panic("api: its own description is no JSON: " + err.Error()) // of what is registered above
	}
	s.mux.HandleFunc("/", s.nothing)
	return s.guard(s.mux)
}

// logRoutes serves what was recorded.
func (s *server) logRoutes() {
	s.entryRoutes()
	s.raw(huma.Operation{OperationID: "commits", Method: http.MethodGet, Path: "/v1/commits", Tags: []string{tagLog},
		Summary:    "Copy the log as it is stored",
		Parameters: []*huma.Param{parameter("from", "The position of the first commit, from 1", sequenceSchema())},
		Responses:  gives("Commits, as backups hold them", frames, nil)}, s.commits)
}

// serverRoutes serves what the server says of itself.
func (s *server) serverRoutes() {
	s.read(huma.Operation{OperationID: "status", Method: http.MethodGet, Path: "/v1/status", Tags: []string{tagServer},
		Summary:   "How much there is",
		Responses: gives("The ledger's status", "application/json", schemaOf[ledger.Status](s.api))}, s.status)
	s.raw(huma.Operation{OperationID: "health", Method: http.MethodGet, Path: "/healthz", Tags: []string{tagServer},
		Summary:   "Whether the ledger answers",
		Responses: gives("It does", "application/json", schemaOf[Health](s.api))}, s.health)
}

// guard is Guard, which refuses with a problem.
func (s *server) guard(next http.Handler) http.Handler {
	guarded := Guard(next, func(w http.ResponseWriter, r *http.Request, status int, why string) {
		s.problem(w, r, status, ledger.Description{Code: codeForbidden, Message: why})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.tellSequence(w)
		guarded.ServeHTTP(w, r)
	})
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
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := marshal(w, value); err != nil {
		s.log.Debug("an answer was not sent", "error", err)
	}
}
