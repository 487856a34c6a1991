package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/ledger"
)

// question is one of ledger.Ask, as it is written from the parameters of a request: what it may say and which errors
// it has is the same there and here.
type question struct {
	*reading
	text []byte
	err  error
}

// put adds a text, unless it is left out.
func (q *question) put(name, value string) {
	if value != "" {
		q.raw(name, quoted(value))
	}
}

// raw adds a JSON value.
func (q *question) raw(name string, value []byte) {
	q.text = append(q.text, ',', '"')
	q.text = append(q.text, name...)
	q.text = append(append(q.text, '"', ':'), value...)
}

// quoted writes a text as JSON; what is no UTF-8 is replaced.
func quoted(text string) []byte {
	quote, _ := jsontext.AppendQuote(nil, text) // the error says that something was replaced
	return quote
}

// at adds a day, today where none is given, and a known point.
func (q *question) at(on, known string) {
	if on == "" {
		on = q.today.String()
	}
	q.put("on", on)
	q.upTo(known)
}

// state adds a day and a known point as one value.
func (q *question) state(name, on, known string) {
	inner := question{reading: q.reading}
	inner.at(on, known)
	q.raw(name, append(append([]byte{'{'}, inner.text[1:]...), '}'))
}

// list adds texts.
func (q *question) list(name string, texts []string) {
	list := []byte{'['}
	for i, text := range texts {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, quoted(text)...)
	}
	q.raw(name, append(list, ']'))
}

// upTo adds a known point: where none is given, the one that all pages of the answer have.
func (q *question) upTo(known string) { q.raw("known", q.pointText(known)) }

// pointText writes a known point. What is none stays as it is, for the ledger to say so.
func (q *question) pointText(known string) []byte {
	if known != "" && strings.Trim(known, "0123456789") == "" {
		return []byte(cmp.Or(strings.TrimLeft(known, "0"), "0"))
	}
	if seq, _, ok := q.point(known); ok {
		return strconv.AppendUint(nil, seq, 10)
	}
	return quoted(known)
}

// assume adds plans, each with a day or none.
func (q *question) assume(plans []string) {
	if len(plans) == 0 {
		return
	}
	open, end := byte('['), byte(']')
	if strings.Contains(plans[0], "=") {
		open, end = '{', '}'
	}
	list := []byte{open}
	for i, text := range plans {
		plan, day, dated := strings.Cut(text, "=")
		if dated != (open == '{') {
			q.err = &ledger.QuestionError{Code: ledger.CodeBadQuestion, Field: "assume", Message: "give every plan a day, PLAN=2027-04-01, or none"}
			return
		}
		if i > 0 {
			list = append(list, ',')
		}
		if list = append(list, quoted(plan)...); dated {
			list = append(append(list, ':'), quoted(day)...)
		}
	}
	q.raw("assume", append(list, end))
}

// asks are the parameters of a resource: they write its question.
type asks[I any] interface {
	*I
	ask(q *question)
}

// resource is a question as an operation.
type resource[A any] struct {
	question    string // as ledger.Ask calls it; also the name of the operation
	path        string
	summary     string
	description string
	cut         func(*reading, A) // takes a page; nil: the answer is no list
	everyDay    bool              // where no day is given, none is meant
	changes     bool              // an answer may change though day and known point are given: it shows names of persons
}

// answered is what huma writes.
type answered[A any] struct{ Body A }

// key of a reading in a context.
type readingKey struct{}

// answers serves a resource: parameters of type I, answers of type A.
func answers[I, A any, P asks[I]](s *server, r resource[A]) {
	o := s.operation(r.question, r.path, r.summary, r.description)
	if r.cut != nil {
		o.Parameters = append(o.Parameters, pageParameters()...)
		linked(&o)
	}
	var c scope
	o.Middlewares = huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		request, w := humago.Unwrap(ctx)
		if p, ok := s.begin(w, request, c); ok {
			next(huma.WithValue(ctx, readingKey{}, p))
		}
	}}
	huma.Register(s.api, o, func(ctx context.Context, in *I) (*answered[A], error) {
		q := &question{reading: ctx.Value(readingKey{}).(*reading)}
		q.text = append(append(append(make([]byte, 0, 256), `{"q":"`...), r.question...), '"')
		P(in).ask(q)
		answer, err := s.answer(ctx, q)
		if err != nil {
			return nil, s.failed(q.reading, err)
		}
		mine := answer.(A)
		if r.cut != nil {
			r.cut(q.reading, mine)
		}
		return &answered[A]{mine}, nil
	})
	described := s.api.OpenAPI().Paths[r.path].Get
	own := described.Parameters[len(o.Parameters):]
	described.Parameters = slices.Concat(own, o.Parameters)
	c = scopeOf(described, !r.changes)
	if r.everyDay {
		c.days = nil
	}
}

func (s *server) answer(ctx context.Context, q *question) (any, error) {
	if q.err != nil {
		return nil, q.err
	}
	return s.ledger.AskAt(ctx, q.view, q.today, append(q.text, '}'))
}

// operation describes what every resource has. The ledger judges the parameters, in its own words.
func (s *server) operation(name, path, summary, description string) huma.Operation {
	o := huma.Operation{OperationID: name, Method: http.MethodGet, Path: path, Tags: []string{tagQuestions},
		Summary: summary, Description: description, SkipValidateParams: true, Parameters: []*huma.Param{atLeastParameter()},
		Responses: map[string]*huma.Response{"200": {Description: "The answer, as POST /v1/query gives it"}}}
	s.validation(&o)
	return o
}

// validation describes how an answer that a client has is not sent again.
func (s *server) validation(o *huma.Operation) {
	o.Responses["304"] = &huma.Response{Description: "The client has the answer already, by its If-None-Match"}
	s.complete(o)
	for _, response := range []string{"200", "304"} {
		o.Responses[response].Headers["ETag"] = &huma.Param{Description: "Changes with what the answer rests on", Schema: text()}
	}
}

// linked describes where the next page is.
func linked(o *huma.Operation) {
	o.Responses["200"].Headers["Link"] = &huma.Param{Description: `The address of the next page, as rel="next"; left out on the last one`, Schema: text()}
}

// failed is an error as huma writes it.
func (s *server) failed(p *reading, err error) error {
	d, status := ledger.Describe(err), StatusOf(err)
	p.w.Header().Del("ETag")
	p.w.Header().Set("Cache-Control", "no-store")
	s.note(p.r, status, err)
	return newProblem(p.r.URL.EscapedPath(), status, d)
}
