package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// Ask answers one question in JSON, with one JSON value, from everything recorded; today is the day meant
// where the question names none. The error is a *projections.QuestionError, or why a name could not be read.
func (l *Ledger) Ask(ctx context.Context, today domain.Date, question []byte) (any, error) {
	return l.AskAt(ctx, l.View(), today, question)
}

// AskAt is Ask from an earlier view of this ledger.
func (l *Ledger) AskAt(ctx context.Context, view *View, today domain.Date, question []byte) (any, error) {
	return ask(asker{ctx, view, today, l.people, l.stored}, question)
}

// Ask answers one question from a view, without the names of persons that are sealed and without what only the log has of a
// source. The error is a *projections.QuestionError.
func Ask(view *projections.View, today domain.Date, question []byte) (any, error) {
	return ask(asker{context.Background(), view, today, nil, nil}, question)
}

func ask(a asker, question []byte) (any, error) {
	var head struct {
		Q    *string        `json:"q"`
		Rest jsontext.Value `json:",embed"`
	}
	if err := json.Unmarshal(question, &head); err != nil {
		return nil, &projections.QuestionError{Code: projections.CodeBadQuestion, Message: "a question is one JSON object: " + plain(err)}
	}
	if head.Q == nil {
		return nil, missing("q")
	}
	kind, ok := questions[*head.Q]
	if !ok {
		return nil, &projections.QuestionError{Code: projections.CodeUnknownQuestion, Field: "q",
			Message: fmt.Sprintf("there is no question %q; there are %s", *head.Q, strings.Join(slices.Sorted(maps.Keys(questions)), ", "))}
	}
	if head.Rest == nil {
		head.Rest = jsontext.Value("{}")
	}
	answer, err := kind(a, head.Rest)
	if err == nil && a.ctx.Err() != nil { // it may have been given up half way
		return nil, a.ctx.Err()
	}
	return answer, err
}

// whole is the view for a question that looks at everything: it is given up when nobody waits for the answer any more.
func (a asker) whole() *projections.View { return a.view.Until(a.ctx.Done()) }

// asker has what every question is answered from.
type asker struct {
	ctx    context.Context // of the question
	view   *projections.View
	today  domain.Date
	people *people                                                // nil: names stay sealed
	stored func(context.Context, uint64) (domain.Recorded, error) // reads an entry from the log; nil: there is none
}

var questions = map[string]func(asker, jsontext.Value) (any, error){
	"holders": question(func(a asker, q *holdersQuestion) (any, error) {
		ref, err := a.ref(q.Ref)
		at, err2 := a.point(q.when)
		assumed, err3 := q.Assume.read()
		if err := firstOf(err, err2, err3); err != nil {
			return nil, err
		}
		return a.view.Holders(ref, at, assumed)
	}),
	"holdings": question(func(a asker, q *holdingsQuestion) (any, error) {
		org, err := a.organisation(q.Organisation)
		at, err2 := a.point(q.when)
		assumed, err3 := q.Assume.read()
		if err := firstOf(err, err2, err3); err != nil {
			return nil, err
		}
		return a.whole().Holdings(org, at, assumed)
	}),
	"organisation": question(func(a asker, q *organisationQuestion) (any, error) {
		org, err := a.organisation(q.Organisation)
		at, err2 := a.point(q.when)
		if err := firstOf(err, err2); err != nil {
			return nil, err
		}
		return a.view.Organisation(org, at)
	}),
	"history": question(func(a asker, q *historyQuestion) (any, error) {
		ref, err := a.ref(q.Ref)
		known, err2 := a.known(q.Known, "known")
		if err := firstOf(err, err2); err != nil {
			return nil, err
		}
		return a.view.History(ref, known)
	}),
	"lineage": question(func(a asker, q *organisationQuestion) (any, error) {
		org, err := a.organisation(q.Organisation)
		at, err2 := a.point(q.when)
		if err := firstOf(err, err2); err != nil {
			return nil, err
		}
		if q.On == nil {
			at.On = domain.LastDate
		}
		answer, err := a.view.Lineage(org, at)
		if err != nil {
			return nil, err
		}
		answer.On = q.On
		return answer, nil
	}),
	"diff": question(func(a asker, q *diffQuestion) (any, error) {
		if q.From == nil || q.To == nil {
			return nil, missing("from and to")
		}
		from, err := a.pointIn(*q.From, "from.")
		to, err2 := a.pointIn(*q.To, "to.")
		if err := firstOf(err, err2); err != nil {
			return nil, err
		}
		return a.whole().Diff(from, to), nil
	}),
	"offices": question(func(a asker, q *organisationQuestion) (any, error) {
		org, err := a.organisation(q.Organisation)
		at, err2 := a.point(q.when)
		if err := firstOf(err, err2); err != nil {
			return nil, err
		}
		answer, err := a.view.Offices(org, at)
		if err != nil || a.people == nil {
			return answer, err
		}
		return answer, a.people.offices(a.ctx, answer)
	}),
	"person": question(asker.person),
	"plans": question(func(a asker, q *when) (any, error) {
		at, err := a.point(*q)
		if err != nil {
			return nil, err
		}
		return a.whole().Plans(at), nil
	}),
	"impact": question(func(a asker, q *impactQuestion) (any, error) {
		if q.Plan == nil {
			return nil, missing("plan")
		}
		if !domain.ValidID(*q.Plan) {
			return nil, badID("plan", *q.Plan)
		}
		date, err := optionalDay(q.Date, "date")
		known, err2 := a.known(q.Known, "known")
		if err := firstOf(err, err2); err != nil {
			return nil, err
		}
		return a.whole().Impact(domain.PlanID(*q.Plan), date, known)
	}),
	"keys": question(func(a asker, q *keysQuestion) (any, error) {
		at, err := a.point(q.when)
		if err != nil {
			return nil, err
		}
		return a.view.Keys(q.Actor, at), nil
	}),
	"findings": question(func(a asker, q *when) (any, error) {
		at, err := a.point(*q)
		if err != nil {
			return nil, err
		}
		return a.whole().Findings(at), nil
	}),
	"digest": question(func(a asker, q *when) (any, error) {
		at, err := a.point(*q)
		if err != nil {
			return nil, err
		}
		return a.whole().Digest(at), nil
	}),
	"find":    question(asker.find),
	"titles":  question(asker.titles),
	"plan":    question(asker.plan),
	"source":  question(asker.source),
	"sources": question(asker.sources),
}

// Found answers what has given words in a name, title or identifier.
type Found struct {
	Words   string              `json:"words"`
	Known   uint64              `json:"known"`
	Matches []projections.Match `json:"matches"`
}

// Titles answers what references are called at a point; one without a name is left out.
type Titles struct {
	On     string            `json:"on"`
	Known  uint64            `json:"known"`
	Titles map[string]string `json:"titles"`
}

func (a asker) find(q *findQuestion) (any, error) {
	if q.Words == nil || strings.TrimSpace(*q.Words) == "" {
		return nil, missing("words")
	}
	known, err := a.known(q.Known, "known")
	if err != nil {
		return nil, err
	}
	return &Found{*q.Words, known, a.whole().Find(*q.Words, known)}, nil
}

func (a asker) titles(q *titlesQuestion) (any, error) {
	at, err := a.point(q.when)
	if err != nil {
		return nil, err
	}
	answer := &Titles{at.On.String(), at.Known, make(map[string]string, len(q.Refs))}
	for _, text := range q.Refs {
		ref, err := domain.ParseRef(text)
		if err != nil {
			return nil, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: "refs", Message: err.Error()}
		}
		if title := a.view.Title(ref, at); title != "" {
			answer.Titles[text] = title
		}
	}
	return answer, nil
}

// The fields of the questions. A pointer tells what was given from what was left out.
type (
	when struct {
		On    *string        `json:"on"`
		Known jsontext.Value `json:"known"`
	}
	holdersQuestion struct {
		Ref *string `json:"ref"`
		when
		Assume assume `json:"assume"`
	}
	holdingsQuestion struct {
		Organisation *string `json:"organisation"`
		when
		Assume assume `json:"assume"`
	}
	organisationQuestion struct {
		Organisation *string `json:"organisation"`
		when
	}
	historyQuestion struct {
		Ref   *string        `json:"ref"`
		Known jsontext.Value `json:"known"`
	}
	diffQuestion struct {
		From *when `json:"from"`
		To   *when `json:"to"`
	}
	findQuestion struct {
		Words *string        `json:"words"`
		Known jsontext.Value `json:"known"`
	}
	titlesQuestion struct {
		Refs []string `json:"refs"`
		when
	}
	keysQuestion struct {
		Actor string `json:"actor"`
		when
	}
	planQuestion struct {
		Plan *string `json:"plan"`
		when
	}
	sourceQuestion struct {
		Source *string        `json:"source"`
		Known  jsontext.Value `json:"known"`
	}
	sourcesQuestion struct {
		Known jsontext.Value `json:"known"`
	}
	personQuestion struct {
		Person *string `json:"person"`
		Name   *string `json:"name"`
	}
	impactQuestion struct {
		Plan  *string        `json:"plan"`
		Date  *string        `json:"date"`
		Known jsontext.Value `json:"known"`
	}
)

// question reads the fields of one kind of question, strictly, and answers it.
func question[T any](answer func(asker, *T) (any, error)) func(asker, jsontext.Value) (any, error) {
	return func(a asker, fields jsontext.Value) (any, error) {
		q := new(T)
		if err := json.Unmarshal(fields, q, json.RejectUnknownMembers(true)); err != nil {
			return nil, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: fieldOf(err), Message: plain(err)}
		}
		if field, ok := nullField(fields); ok {
			return nil, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: field, Message: "null is no value: leave the field out"}
		}
		return answer(a, q)
	}
}

// nullField finds a field that is null, at any depth.
func nullField(fields jsontext.Value) (string, bool) {
	if !bytes.Contains(fields, []byte("null")) {
		return "", false
	}
	for dec := jsontext.NewDecoder(bytes.NewReader(fields)); ; {
		token, err := dec.ReadToken()
		if err != nil {
			return "", false // the end
		}
		if token.Kind() == 'n' {
			return pointed(dec.StackPointer()), true
		}
	}
}

// pointed writes a JSON pointer as the path of a field.
func pointed(at jsontext.Pointer) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(at), "/"), "/", ".")
}

func fieldOf(err error) string {
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		return pointed(semantic.JSONPointer)
	}
	return ""
}

// plain is a JSON library's error without the library's prefix and Go's type names.
func plain(err error) string {
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		if errors.Is(err, json.ErrUnknownName) {
			return "there is no such field"
		}
		return "this field has a value of another type (" + semantic.JSONKind.String() + ")"
	}
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "json: "), "jsontext: ")
}

func missing(field string) error {
	return &projections.QuestionError{Code: projections.CodeBadQuestion, Field: field, Message: "this field has to be given"}
}

// precedence of the errors of one question.
var precedence = []string{projections.CodeBadQuestion, projections.CodeBadDate, projections.CodeBeyondLog,
	projections.CodeUnknownReference, projections.CodeNoDate}

func firstOf(errs ...error) error {
	var first error
	rank := len(precedence)
	for _, err := range errs {
		if q, ok := errors.AsType[*projections.QuestionError](err); ok {
			if r := slices.Index(precedence, q.Code); r < rank {
				first, rank = q, r
			}
		}
	}
	return first
}
