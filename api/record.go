package api

import (
	"bufio"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/ledger"
)

// recordRoutes serves what is asked and recorded as JSON lines.
func (s *server) recordRoutes() {
	s.read(huma.Operation{OperationID: "query", Method: http.MethodPost, RejectUnknownQueryParameters: true, Path: "/v1/query", Tags: []string{tagQuestions},
		Summary: "Ask questions, one a line",
		Description: "Answers come one a line and in order, while questions are still read. " +
			"A question that cannot be answered gets an error line, and the next one is answered all the same.",
		RequestBody: takes("Questions, one JSON object a line", lines, nil),
		Responses:   gives("Answers, one JSON object a line", lines, nil)}, s.query)
	s.raw(huma.Operation{OperationID: "record", Method: http.MethodPost, RejectUnknownQueryParameters: true, Path: "/v1/entries", Tags: []string{tagRecording},
		Summary: "Record entries, one a line",
		Description: "All are checked before any is written. What fits one commit, 1,000 entries and 4 MiB, is written as a whole " +
			"or not at all. Recording the same again is safe, and writes nothing.",
		Parameters: []*huma.Param{
			parameter("actor", "Who records", text()),
			parameter("strict", "Also refuse what would raise a new finding", truth()),
			parameter("dry_run", "Check only", truth()),
			{Name: headerKey, In: "header", Description: "Names this call of this actor, so that it is recorded once: entries without an id get theirs from it. " +
				"Given again with other entries it is refused.", Schema: text()},
		},
		RequestBody: takes("Entries, one JSON object a line", lines, nil),
		Responses:   gives("Receipts, one JSON object a line: id, sequence and recorded time", lines, nil)}, s.record)
	s.raw(huma.Operation{OperationID: "signing", Method: http.MethodPost, Path: "/v1/signing", Tags: []string{tagRecording},
		Summary:     "Ask what has to be known to sign entries",
		RequestBody: takes("Entries that are corrected and names that are given", "application/json", schemaOf[ledger.SigningRequest](s.api)),
		Responses:   gives("What a signer has to know", "application/json", schemaOf[ledger.Signing](s.api))}, s.signing)
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
	options, err := recordOptions(r)
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

// headerKey names a call, for who is not sure that it arrived (draft-ietf-httpapi-idempotency-key-header-07).
const headerKey = "Idempotency-Key"

func recordOptions(r *http.Request) (o ledger.RecordOptions, err error) {
	query := r.URL.Query()
	o.Actor = query.Get("actor")
	if keys := r.Header.Values(headerKey); len(keys) > 0 {
		if o.Key, err = idempotencyKey(keys); err != nil {
			return o, err
		}
	}
	if o.Strict, err = flag(query, "strict"); err != nil {
		return o, err
	}
	o.DryRun, err = flag(query, "dry_run")
	return o, err
}

// idempotencyKey reads a key, which is a string of RFC 9651, in quotation marks; many send it without.
func idempotencyKey(values []string) (string, error) {
	key := strings.TrimSpace(values[0])
	if strings.HasPrefix(key, `"`) {
		inner, closed := strings.CutSuffix(key[1:], `"`)
		if key = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(inner); !closed {
			key = ""
		}
	}
	if key == "" || len(values) > 1 {
		return "", errors.New(headerKey + " is given once, and is one text of characters of ASCII")
	}
	return key, nil
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
