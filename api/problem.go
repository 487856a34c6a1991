package api

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// problemType is the media type of a problem (RFC 9457).
const problemType = "application/problem+json"

// Problem says why a request failed (RFC 9457). Its member error is the same everywhere: in answers to questions, on the
// command line, and here.
type Problem struct {
	ledger.Problem

	Type     string `json:"type"` // a reference to what the code means, on this server
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Instance string `json:"instance"` // the path that was asked for
}

// Error is the message.
func (p *Problem) Error() string { return p.Detail }

// GetStatus makes a problem an error that huma writes as it is.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of a problem, whatever else a client takes.
func (p *Problem) ContentType(string) string { return problemType }

const (
	codeBadRequest = "bad-request"
	codeNoMethod   = "method-not-allowed"
	codeForbidden  = "other-site"
	codeBusy       = "too-many-readers"
)

// statuses of the errors that are no refusal.
var statuses = map[string]int{
	codeBadRequest:                      http.StatusBadRequest,
	codeAnswerTooLong:                   http.StatusRequestEntityTooLarge,
	ledger.CodeStopped:                  http.StatusServiceUnavailable,
	ledger.CodeBehind:                   http.StatusServiceUnavailable,
	ledger.CodeUnavailable:              http.StatusServiceUnavailable,
	ledger.CodeLogUnavailable:           http.StatusServiceUnavailable,
	ledger.CodeNoCheckpoint:             http.StatusServiceUnavailable,
	ledger.CodeInterrupted:              http.StatusServiceUnavailable,
	ledger.CodeUnknownOutcome:           http.StatusGatewayTimeout,
	ledger.CodeNotFound:                 http.StatusNotFound,
	ledger.CodeFeedExpired:              http.StatusGone,
	string(domain.CodeUnknownReference): http.StatusNotFound,
}

// StatusOf is the one table from errors to HTTP statuses.
func StatusOf(err error) int {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge
	}
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
		if refusal.Code == domain.CodeIDConflict {
			return http.StatusConflict
		}
		return http.StatusUnprocessableEntity
	}
	if status, ok := statuses[ledger.Describe(err).Code]; ok {
		return status
	}
	if _, ok := errors.AsType[*ledger.QuestionError](err); ok {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// problem answers that a request failed.
func (s *server) problem(w http.ResponseWriter, r *http.Request, status int, d ledger.Description) {
	w.Header().Set("Content-Type", problemType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Del("ETag")
	w.WriteHeader(status)
	if err := marshal(w, newProblem(r.URL.EscapedPath(), status, d)); err != nil {
		s.log.Debug("a problem was not sent", "error", err)
	}
}

func newProblem(path string, status int, d ledger.Description) *Problem {
	return &Problem{ledger.Problem{Error: d}, "/docs/problems#" + d.Code, titleOf(d.Code), status, d.Message, path}
}

// titleOf is the code in words.
func titleOf(code string) string { return strings.ReplaceAll(code, "-", " ") }

// fail answers with the problem that an error is.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := StatusOf(err)
	s.note(r, status, err)
	s.problem(w, r, status, ledger.Describe(err))
}

// note logs what is not the client's fault. That a client went away is nobody's.
func (s *server) note(r *http.Request, status int, err error) {
	if behind := ledger.Describe(err).Code == ledger.CodeBehind; status >= 500 && !behind && r.Context().Err() == nil { // to be behind is an answer
		s.log.Error("a request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
}

// problemOfHuma puts a problem of ours in place of huma's, which it makes of requests that do not fit their description.
func problemOfHuma(ctx huma.Context, _ string, answer any) (any, error) {
	theirs, ok := answer.(*huma.ErrorModel)
	if !ok {
		return answer, nil
	}
	d := ledger.Description{Code: codeBadRequest, Message: theirs.Detail}
	if len(theirs.Errors) > 0 {
		first := theirs.Errors[0]
		_, d.Field, _ = strings.Cut(first.Location, ".")
		d.Message = d.Field + ": " + first.Message
	}
	address := ctx.URL()
	return newProblem(address.EscapedPath(), theirs.Status, d), nil
}

// marshal writes a value as the ledger writes JSON everywhere, and ends the line. Of what somebody handed in, bytes that are
// no UTF-8 are replaced.
func marshal(w io.Writer, value any) error {
	text, err := json.Marshal(value, jsontext.AllowInvalidUTF8(true), json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

func unmarshal(text []byte, value any) error { return json.Unmarshal(text, value) }
