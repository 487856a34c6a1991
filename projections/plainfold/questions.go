package plainfold

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/orgledger/orgledger/domain"
)

// A problem is why a question is not answered.
type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field"`
}

// precedence of problems: "where several apply, the first" (§4).
var precedence = []string{"unknown-question", "bad-question", "bad-date", "beyond-log", "unknown-reference", "no-date"}

// A moment is what a question sees: a day of effect and a known point.
type moment struct {
	on      domain.Date
	onGiven bool
	known   uint64
}

// A question as it was read. Fields that its kind does not take are zero.
type question struct {
	moment
	kind         string
	ref          domain.Ref
	organisation domain.OrganisationID
	plan         domain.PlanID
	date         domain.Date
	assume       map[domain.PlanID]domain.Date // the zero Date where the question gives none
	from, to     moment
}

// takes is the column "takes" of the table of §4. A field with a final ? may be left out, and so may
// on: it means today.
var takes = map[string][]string{
	"holders":      {"ref", "on?", "known?", "assume?"},
	"holdings":     {"organisation", "on?", "known?", "assume?"},
	"organisation": {"organisation", "on?", "known?"},
	"history":      {"ref", "known?"},
	"lineage":      {"organisation", "known?", "on?"},
	"diff":         {"from", "to"},
	"offices":      {"organisation", "on?", "known?"},
	"plans":        {"on?", "known?"},
	"impact":       {"plan", "date?", "known?"},
	"findings":     {"on?", "known?"},
	"digest":       {"on?", "known?"},
}

// A reader reads the fields of one object of a question, and keeps every problem it meets.
type reader struct {
	l        *Ledger
	path     string
	fields   map[string]json.RawMessage
	problems *[]problem
}

func (r reader) refuse(code, field, message string) {
	*r.problems = append(*r.problems, problem{code, message, r.path + field})
}

// read reads one question strictly. The problem is nil where there is none, and else the one that
// comes first.
func (l *Ledger) read(line []byte) (*question, *problem) {
	var problems []problem
	r := reader{l: l, problems: &problems}
	q := &question{moment: moment{on: l.Today, known: l.end()}}
	var listed []string
	if err := json.Unmarshal(line, &r.fields); err != nil || r.fields == nil {
		r.refuse("bad-question", "", "a question is one JSON object")
	} else if q.kind = r.text("q"); q.kind != "" || len(problems) == 0 {
		var known bool
		if listed, known = takes[q.kind]; !known {
			r.refuse("unknown-question", "q", "there is no such question")
		}
	}
	if len(problems) == 0 {
		r.object(append([]string{"q"}, listed...), func(name string) { r.field(q, name) })
	}
	if len(problems) == 0 {
		l.resolveReferences(q, r)
	}
	return q, first(problems)
}

func first(problems []problem) *problem {
	for _, code := range precedence {
		for i := range problems {
			if problems[i].Code == code {
				return &problems[i]
			}
		}
	}
	return nil
}

// object reads the fields that are listed, and refuses those that are missing and those not listed.
func (r reader) object(listed []string, read func(name string)) {
	var names []string
	for _, name := range listed {
		name, optional := cutOptional(name)
		names = append(names, name)
		if _, given := r.fields[name]; given {
			read(name)
		} else if !optional {
			r.refuse("bad-question", name, "this field has to be given")
		}
	}
	for _, name := range sortedKeys(r.fields) {
		if !slices.Contains(names, name) {
			r.refuse("bad-question", name, "this question takes no such field")
		}
	}
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func cutOptional(name string) (string, bool) {
	if n := len(name) - 1; name[n] == '?' {
		return name[:n], true
	}
	return name, false
}

func (r reader) field(q *question, name string) {
	switch name {
	case "ref":
		q.ref = r.holding(name)
	case "organisation":
		q.organisation = domain.OrganisationID(r.identifier(name))
	case "plan":
		q.plan = domain.PlanID(r.identifier(name))
	case "on":
		q.on, q.onGiven = r.date(name), true
	case "date":
		q.date = r.date(name)
	case "known":
		q.known = r.known(name)
	case "assume":
		q.assume = r.assumption(name)
	case "from":
		q.from = r.moment(name)
	case "to":
		q.to = r.moment(name)
	}
}

// text reads a string; the empty one is where something else was found.
func (r reader) text(name string) string {
	var text *string
	if err := json.Unmarshal(r.fields[name], &text); err != nil || text == nil {
		r.refuse("bad-question", name, "this field is text")
		return ""
	}
	return *text
}

// holding reads a reference to what is held; anything else is ill-typed.
func (r reader) holding(name string) domain.Ref {
	text := r.text(name)
	ref, err := domain.ParseRef(text)
	if err != nil || !ref.IsHolding() {
		r.refuse("bad-question", name, fmt.Sprintf("%q names no responsibility, contract or organisation", text))
	}
	return ref
}

func (r reader) identifier(name string) string {
	text := r.text(name)
	if !domain.ValidID(text) {
		r.refuse("bad-question", name, fmt.Sprintf("%q is no identifier", text))
	}
	return text
}

func (r reader) date(name string) domain.Date {
	before := len(*r.problems)
	text := r.text(name)
	day, err := domain.ParseDate(text)
	if err != nil && len(*r.problems) == before {
		r.refuse("bad-date", name, err.Error())
	}
	return day
}

var integer = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)

// known reads a known point: a sequence, or a time, which means the last sequence recorded at or
// before it. Only a sequence can be past the end.
func (r reader) known(name string) uint64 {
	raw := bytes.TrimSpace(r.fields[name])
	if len(raw) > 0 && raw[0] == '"' {
		t, err := time.Parse(time.RFC3339Nano, r.text(name))
		if err != nil {
			r.refuse("bad-date", name, err.Error())
		}
		return r.l.at(t)
	}
	if !integer.Match(raw) {
		r.refuse("bad-question", name, "a known point is a sequence or a time")
		return 0
	}
	known, err := strconv.ParseUint(string(raw), 10, 64)
	if err != nil {
		known = math.MaxUint64
	}
	if known > r.l.end() {
		r.refuse("beyond-log", name, fmt.Sprintf("the log ends at sequence %d", r.l.end()))
	}
	return known
}

// assumption reads the plans to be assumed: a list, or a map to the day of what has no date.
func (r reader) assumption(name string) map[domain.PlanID]domain.Date {
	assume := make(map[domain.PlanID]domain.Date)
	var list []json.RawMessage
	inner := reader{l: r.l, path: r.path + name + ".", problems: r.problems}
	if err := json.Unmarshal(r.fields[name], &list); err == nil && list != nil {
		for i, raw := range list {
			at := strconv.Itoa(i)
			inner.fields = map[string]json.RawMessage{at: raw}
			assume[domain.PlanID(inner.identifier(at))] = 0
		}
		return assume
	}
	if err := json.Unmarshal(r.fields[name], &inner.fields); err != nil || inner.fields == nil {
		r.refuse("bad-question", name, "plans are assumed as a list, or as a map to days")
	}
	for _, id := range sortedKeys(inner.fields) {
		if !domain.ValidID(id) {
			inner.refuse("bad-question", id, "this is no identifier")
		}
		assume[domain.PlanID(id)] = inner.date(id)
	}
	return assume
}

// moment reads one side of a diff.
func (r reader) moment(name string) moment {
	q := &question{moment: moment{on: r.l.Today, known: r.l.end()}}
	inner := reader{l: r.l, path: r.path + name + ".", problems: r.problems}
	if err := json.Unmarshal(r.fields[name], &inner.fields); err != nil || inner.fields == nil {
		r.refuse("bad-question", name, "this field is an object with on and known")
		return q.moment
	}
	inner.object([]string{"on?", "known?"}, func(name string) { inner.field(q, name) })
	return q.moment
}

// resolveReferences refuses what no entry up to known introduces, and plans whose announcement is
// not visible.
func (l *Ledger) resolveReferences(q *question, r reader) {
	introduced := l.introduced(q.known)
	for _, named := range []struct {
		field string
		ref   domain.Ref
	}{{"ref", q.ref}, {"organisation", q.organisation.Ref()}} {
		if named.ref.ID != "" && !introduced[named.ref] {
			r.refuse("unknown-reference", named.field, named.ref.String()+" is introduced by no entry up to known")
		}
	}
	facts := l.visible(q.known)
	if q.plan != "" && announcementOf(q.plan, facts) == nil {
		r.refuse("unknown-reference", "plan", "no such plan is announced up to known")
	}
	for _, id := range sortedKeys(q.assume) {
		if announcementOf(id, facts) == nil {
			r.refuse("unknown-reference", "assume", string(id)+" is not announced up to known")
		}
	}
}
