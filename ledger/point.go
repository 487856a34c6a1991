package ledger

import (
	"bytes"
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
