package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// Ask answers one question in JSON, with one JSON value, from everything recorded; today is the day meant
// where the question names none. The error is a *projections.QuestionError, or why a name could not be read.
func (l *Ledger) Ask(ctx context.Context, today domain.Date, question []byte) (any, error) {
	return ask(asker{ctx, l.View(), today, l.people}, question)
}

// Ask answers one question from a view, without the names of persons that are sealed. The error is a
// *projections.QuestionError.
func Ask(view *projections.View, today domain.Date, question []byte) (any, error) {
	return ask(asker{context.Background(), view, today, nil}, question)
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
	return kind(a, head.Rest)
}

// asker has what every question is answered from.
type asker struct {
	ctx    context.Context // of the question
	view   *projections.View
	today  domain.Date
	people *people // nil: names stay sealed
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
		return a.view.Holdings(org, at, assumed)
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
		return a.view.Diff(from, to), nil
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
		return a.view.Plans(at), nil
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
		return a.view.Impact(domain.PlanID(*q.Plan), date, known)
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
		return a.view.Findings(at), nil
	}),
	"digest": question(func(a asker, q *when) (any, error) {
		at, err := a.point(*q)
		if err != nil {
			return nil, err
		}
		return a.view.Digest(at), nil
	}),
	"find":   question(asker.find),
	"titles": question(asker.titles),
}

// findAnswer answers what has given words in a name, title or identifier.
type findAnswer struct {
	Words   string              `json:"words"`
	Known   uint64              `json:"known"`
	Matches []projections.Match `json:"matches"`
}

// titlesAnswer answers what references are called at a point; one without a name is left out.
type titlesAnswer struct {
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
	return findAnswer{*q.Words, known, a.view.Find(*q.Words, known)}, nil
}

func (a asker) titles(q *titlesQuestion) (any, error) {
	at, err := a.point(q.when)
	if err != nil {
		return nil, err
	}
	answer := titlesAnswer{at.On.String(), at.Known, make(map[string]string, len(q.Refs))}
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

func (a asker) ref(text *string) (domain.Ref, error) {
	if text == nil {
		return domain.Ref{}, missing("ref")
	}
	if code, ok := strings.CutPrefix(*text, "organisation/"); ok && strings.Contains(code, ":") {
		org, err := a.view.FindOrganisation(code, a.view.Seq())
		return org.Ref(), err
	}
	ref, err := domain.ParseRef(*text)
	if err != nil {
		return ref, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: "ref", Message: err.Error()}
	}
	if !ref.IsHolding() {
		return ref, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: "ref",
			Message: fmt.Sprintf("%s is not held: ask for a responsibility, a contract or an organisation", ref)}
	}
	return ref, nil
}

func (a asker) organisation(text *string) (domain.OrganisationID, error) {
	if text == nil {
		return "", missing("organisation")
	}
	if !strings.Contains(*text, ":") && !domain.ValidID(*text) {
		return "", badID("organisation", *text)
	}
	return a.view.FindOrganisation(*text, a.view.Seq())
}

func badID(field, text string) error {
	return &projections.QuestionError{Code: projections.CodeBadQuestion, Field: field,
		Message: fmt.Sprintf("%q is no identifier: one matches %s", text, domain.IDPattern)}
}

func (a asker) point(w when) (projections.Point, error) { return a.pointIn(w, "") }

func (a asker) pointIn(w when, path string) (projections.Point, error) {
	on, err := optionalDay(w.On, path+"on")
	if on == 0 {
		on = a.today
	}
	known, err2 := a.known(w.Known, path+"known")
	return projections.Point{On: on, Known: known}, firstOf(err, err2)
}

func optionalDay(text *string, field string) (domain.Date, error) {
	if text == nil {
		return 0, nil
	}
	day, err := domain.ParseDate(*text)
	if err != nil {
		return 0, &projections.QuestionError{Code: projections.CodeBadDate, Field: field, Message: err.Error()}
	}
	return day, nil
}

// known reads a known point: a sequence, or a time, which means the last sequence recorded by then.
func (a asker) known(value jsontext.Value, field string) (uint64, error) {
	switch value.Kind() {
	case 0:
		return a.view.Seq(), nil
	case '0':
		seq, err := strconv.ParseUint(string(value), 10, 64)
		huge := errors.Is(err, strconv.ErrRange)
		if err != nil && !huge {
			break
		}
		if huge || seq > a.view.Seq() {
			return 0, &projections.QuestionError{Code: projections.CodeBeyondLog, Field: field,
				Message: fmt.Sprintf("the log ends at %d", a.view.Seq())}
		}
		return seq, nil
	case '"':
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			break
		}
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return 0, &projections.QuestionError{Code: projections.CodeBadDate, Field: field,
				Message: fmt.Sprintf("%q is not a time as RFC 3339 writes it, 2026-04-01T12:00:00Z", text)}
		}
		return a.view.At(at), nil
	}
	return 0, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: field,
		Message: fmt.Sprintf("a known point is a sequence or a time, not %s", value)}
}

// assume is a list of plans, or an object of plans and days.
type assume jsontext.Value

// UnmarshalJSON keeps the value as it is; read makes sense of it.
func (a *assume) UnmarshalJSON(value []byte) error {
	*a = bytes.Clone(value)
	return nil
}

func (a assume) read() ([]projections.Assumption, error) {
	bad := &projections.QuestionError{Code: projections.CodeBadQuestion, Field: "assume",
		Message: `assume is a list of plans, ["p"], or an object of plans and days, {"p":"2027-04-01"}`}
	switch jsontext.Value(a).Kind() {
	case 0:
		return nil, nil
	case '[':
		var plans []domain.PlanID
		if json.Unmarshal(a, &plans) != nil {
			return nil, bad
		}
		assumed := make([]projections.Assumption, len(plans))
		for i, plan := range plans {
			if !domain.ValidID(string(plan)) {
				return nil, badID("assume", string(plan))
			}
			assumed[i].Plan = plan
		}
		return assumed, nil
	case '{':
		var plans map[domain.PlanID]string
		if json.Unmarshal(a, &plans) != nil {
			return nil, bad
		}
		assumed := make([]projections.Assumption, 0, len(plans))
		for _, plan := range slices.Sorted(maps.Keys(plans)) {
			if !domain.ValidID(string(plan)) {
				return nil, badID("assume", string(plan))
			}
			text := plans[plan]
			day, err := optionalDay(&text, "assume."+string(plan))
			if err != nil {
				return nil, err
			}
			assumed = append(assumed, projections.Assumption{Plan: plan, Date: day})
		}
		return assumed, nil
	}
	return nil, bad
}
