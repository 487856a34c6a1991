package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// request is one look at the ledger, at one moment of both clocks. Whatever is recorded meanwhile is not in it.
type request struct {
	*http.Request
	ctx   context.Context
	site  *site
	view  *projections.View
	book  *telling.Book // at the moment, with names marked for prose
	today domain.Date
	on    domain.Date // the day that is looked at
	known uint64      // the entry up to which is looked

	onGiven, knownGiven bool // the address says so: links keep it

	foreseen map[string]string // what references would be called, which nothing introduces yet
}

// The fields of both clocks in an address.
const (
	fieldOn, fieldKnown, fieldAssume = "on", "known", "assume"
)

// request reads both clocks from the address. The error is a *projections.QuestionError.
func (s *site) request(r *http.Request) (*request, error) {
	q := &request{Request: r, ctx: r.Context(), site: s, view: s.Ledger.View(), today: s.today()}
	fields := r.URL.Query()
	if err := q.readOn(fields.Get(fieldOn)); err != nil {
		return nil, err
	}
	if err := q.readKnown(fields.Get(fieldKnown)); err != nil {
		return nil, err
	}
	book, err := telling.Open(q.ctx, reader{s.Ledger, s.Name, s.Version}, q.on, q.known)
	if err != nil {
		return nil, err
	}
	book.Marked = true
	q.book = book
	return q, q.readAssumed(fields[fieldAssume])
}

func (q *request) readOn(text string) error {
	if q.on = q.today; text == "" {
		return nil
	}
	if q.onGiven = text != "today"; !q.onGiven {
		return nil
	}
	day, err := domain.ParseDate(text)
	if err != nil {
		return &projections.QuestionError{Code: projections.CodeBadDate, Field: fieldOn, Message: err.Error()}
	}
	q.on = day
	return nil
}

// readKnown reads a sequence, a time as RFC 3339 writes it, or a day, which means its end (UTC).
func (q *request) readKnown(text string) error {
	if q.known = q.view.Seq(); text == "" {
		return nil
	}
	q.knownGiven = true
	if seq, err := strconv.ParseUint(text, 10, 64); err == nil {
		if seq > q.known {
			return &projections.QuestionError{Code: projections.CodeBeyondLog, Field: fieldKnown,
				Message: "the log ends at " + telling.Decimal(q.known)}
		}
		q.known = seq
		return nil
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		q.known = q.view.At(at)
		return nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		q.known = q.view.At(day.AddDate(0, 0, 1).Add(-1))
		return nil
	}
	return &projections.QuestionError{Code: projections.CodeBadDate, Field: fieldKnown,
		Message: strconv.Quote(text) + " is neither the sequence of an entry, as 248, nor a time, as 2026-04-01T12:00:00Z, nor a day"}
}

func (q *request) readAssumed(texts []string) error {
	for _, text := range texts {
		name, day, given := strings.Cut(text, "=")
		name = strings.TrimPrefix(name, "plan/")
		if !domain.ValidID(name) {
			return &projections.QuestionError{Code: projections.CodeBadQuestion, Field: fieldAssume, Message: strconv.Quote(text) + " is no plan"}
		}
		if given {
			if _, err := domain.ParseDate(day); err != nil {
				return &projections.QuestionError{Code: projections.CodeBadDate, Field: fieldAssume, Message: err.Error()}
			}
		}
		q.book.Assumed = append(q.book.Assumed, telling.Assumption{Plan: domain.PlanID(name), Day: day})
	}
	return nil
}

// point is the moment as answers take it.
func (q *request) point() ledger.Point { return ledger.Point{On: q.on, Known: q.known} }

// url is an address of this site that keeps both clocks as this page has them. fields come as name and value in turn, and an
// empty value leaves a field out, also one of the clocks.
func (q *request) url(path string, fields ...string) string {
	values := q.clocks()
	for i := 0; i+1 < len(fields); i += 2 {
		if fields[i+1] == "" {
			values.Del(fields[i])
			continue
		}
		values.Set(fields[i], fields[i+1])
	}
	return address(path, values)
}

// here is this page's own address with some fields changed, as url does. It has no suffix.
func (q *request) here(fields ...string) string {
	values := q.URL.Query()
	for name, value := range q.clocks() {
		values[name] = value
	}
	for i := 0; i+1 < len(fields); i += 2 {
		if fields[i+1] == "" {
			values.Del(fields[i])
			continue
		}
		values.Set(fields[i], fields[i+1])
	}
	return address(q.URL.Path, values)
}

// clocks are the fields of the address that say which moment is looked at: a time becomes the sequence that it meant.
func (q *request) clocks() url.Values {
	values := make(url.Values)
	if q.onGiven {
		values.Set(fieldOn, q.on.String())
	}
	if q.knownGiven {
		values.Set(fieldKnown, telling.Decimal(q.known))
	}
	for _, a := range q.book.Assumed {
		text := string(a.Plan)
		if a.Day != "" {
			text += "=" + a.Day
		}
		values.Add(fieldAssume, text)
	}
	return values
}

// address is a path and what is asked of it.
func address(path string, values url.Values) string {
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// tidied takes the empty fields of a form out of an address, so that what people send on is short.
func tidied(values url.Values) (url.Values, bool) {
	changed := false
	for name, list := range values {
		if len(list) == 1 && list[0] == "" {
			delete(values, name)
			changed = true
		}
	}
	return values, changed
}

// ref reads the reference that the address names, by its id or, of an organisation, by scheme:value.
func (q *request) ref(kind domain.Kind) (domain.Ref, error) {
	id := q.PathValue("id")
	if kind == domain.KindOrganisation && strings.Contains(id, ":") {
		org, err := q.view.FindOrganisation(id, q.view.Seq())
		return org.Ref(), err
	}
	ref := domain.Ref{Kind: kind, ID: id}
	if !domain.ValidID(id) || !q.view.Introduced(ref, q.known) {
		return ref, q.unknown(ref)
	}
	return ref, nil
}

// unknown says that a reference has not been introduced by the known point, or is nothing at all.
func (q *request) unknown(ref domain.Ref) error {
	message := "no entry introduces " + ref.String()
	if seq := q.view.Introduction(ref); seq > q.known {
		message = ref.String() + " is not known at entry " + telling.Decimal(q.known) + ": entry " + telling.Decimal(seq) + " introduces it"
	}
	return &projections.QuestionError{Code: projections.CodeUnknownReference, Field: "ref", Message: message}
}

// ask puts a question and gives its answer as the line of JSON that query gives.
func (q *request) ask(question map[string]any) func() ([]byte, error) {
	return func() ([]byte, error) { return telling.AskRaw(q.ctx, q.book, question) }
}
