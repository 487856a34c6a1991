package histories

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
)

// An asker draws questions about a history.
type asker struct {
	t             *rapid.T
	entries       int
	days          []domain.Date // on which something may change, and those beside them
	holdings      []string
	organisations []string
	plans         []string
}

type fields = map[string]any

// kinds of question, those first whose answers tell most.
var kinds = []func(*asker) fields{
	(*asker).digest, (*asker).holders, (*asker).findings, (*asker).diff, (*asker).holdingsOf, (*asker).organisation,
	(*asker).history, (*asker).impact, (*asker).lineage, (*asker).plansOn, (*asker).offices,
}

// rounds of questions, each with one of every kind and one that is spoilt.
const rounds = 3

// Questions draws questions of every kind about a history, some of which cannot be answered. Times
// among the known points are about those that Record gives.
func Questions(t *rapid.T, entries []*domain.Entry) [][]byte {
	a := newAsker(t, entries)
	var lines [][]byte
	for range rounds {
		for _, ask := range kinds {
			lines = append(lines, encoded(ask(a)))
		}
		lines = append(lines, encoded(a.bad()))
	}
	for _, text := range malformed {
		if chance(t, "malformed", 8) {
			lines = append(lines, []byte(text))
		}
	}
	return lines
}

var malformed = []string{
	``, `[]`, `null`, `"holders"`, `{}`, `{"q":"nonsense"}`, `{"q":3}`, `{"q":null,"on":"2020-01-01"}`, `{"q":"digest","on":2020}`,
	`{"q":"digest","on":"2020-02-30","known":"soon"}`, `{"q":"digest","on":"2020"}`, `{"q":"digest","known":1.5}`,
	`{"q":"digest","known":-1}`, `{"q":"digest","known":99999999999999999999}`, `{"q":"digest","known":null}`,
	`{"q":"digest","on":"2020-02-30","extra":1}`, `{"q":"holders","on":"2020-01-01"}`, `{"q":"holders","ref":"o1","on":"2020-01-01"}`,
	`{"q":"holders","ref":"plan/p1","on":"2020-01-01"}`, `{"q":"holdings","organisation":"o 1"}`, `{"q":"diff","from":{}}`,
	`{"q":"diff","from":{"on":"x"},"to":{"on":"2020-01-01","known":99999}}`, `{"q":"diff","from":[],"to":{}}`,
	`{"q":"holders","ref":"organisation/o1","assume":"p1"}`, `{"q":"holders","ref":"organisation/o1","assume":{"p1":"2020"}}`,
	`{"q":"holders","ref":"organisation/o1","assume":["p1",2]}`, `{"q":"impact","plan":"p9","date":"never"}`,
	`{"q":"nonsense","on":"2020-02-30"}`, `{"q":"digest"} {}`,
}

func encoded(question fields) []byte {
	line, err := json.Marshal(question)
	if err != nil {
		panic(fmt.Sprintf("histories: a question is not JSON: %v", err))
	}
	return line
}

func newAsker(t *rapid.T, entries []*domain.Entry) *asker {
	a := &asker{t: t, entries: len(entries), days: []domain.Date{domain.FirstDate}}
	for _, e := range entries {
		a.look(e.Effective, e.Fact)
		if ref := domain.Introduces(e.Fact); ref.IsHolding() {
			a.holdings = append(a.holdings, ref.String())
		}
		switch fact := e.Fact.(type) {
		case *domain.EntryCorrected:
			a.look(fact.Replacement.Effective, fact.Replacement.Fact)
		case *domain.OrganisationEstablished:
			a.organisations = append(a.organisations, string(fact.Organisation))
		case *domain.PlanAnnounced:
			a.plans = append(a.plans, string(fact.Plan))
		}
	}
	slices.Sort(a.days)
	a.days = slices.Compact(a.days)
	return a
}

// look notes the days of a fact: nominal and latest, a last day and the expiry, those of a plan's
// items, and the days beside each.
func (a *asker) look(effective domain.EDTF, fact domain.Fact) {
	note := func(day domain.Date) {
		for d := day - 1; d <= day+1; d++ {
			if d >= domain.FirstDate && d <= domain.LastDate {
				a.days = append(a.days, d)
			}
		}
	}
	if !effective.IsZero() {
		note(effective.Nominal())
		note(effective.Latest())
	}
	switch fact := fact.(type) {
	case *domain.ContractAwarded:
		note(fact.LastDay + 1)
	case *domain.ContractVaried:
		note(fact.LastDay + 1)
	case *domain.PlanAnnounced:
		a.lookAtItems(fact.Expected, fact.Items)
	case *domain.PlanAmended:
		a.lookAtItems(fact.Expected, fact.Items)
	}
}

func (a *asker) lookAtItems(expected domain.EDTF, items []domain.PlanItem) {
	a.look(expected, nil)
	for _, item := range items {
		a.look(item.Effective, item.Fact)
	}
}

// day draws a day, the later of two more often.
func (a *asker) day() string {
	day := pick(a.t, "on", a.days)
	if chance(a.t, "later", 2) {
		day = max(day, pick(a.t, "on", a.days))
	}
	return day.String()
}

// named draws what has been introduced, now and then what has not.
func (a *asker) named(label string, from []string, unknown string) string {
	if len(from) == 0 || chance(a.t, label+" unknown", 12) {
		return unknown
	}
	return pick(a.t, label, from)
}

// at adds a day and perhaps a known point.
func (a *asker) at(question fields) fields {
	question["on"] = a.day()
	return a.knowing(question)
}

// knowing adds a known point or leaves it out: a sequence, 0 and one past the end included, or a time
// before, at, between and after the recorded ones.
func (a *asker) knowing(question fields) fields {
	switch index(a.t, "known", 10) {
	case 5, 6, 7:
		question["known"] = a.entries - min(index(a.t, "back", a.entries), index(a.t, "or back", a.entries))
	case 8:
		question["known"] = pick(a.t, "limit", []int{a.entries, 0, a.entries + 1})
	case 9:
		at := recordedAt(a.entries + 1 - min(index(a.t, "back", a.entries+4), index(a.t, "or back", a.entries+4)))
		zone := time.FixedZone("", 3600*(index(a.t, "zone", 3)-1))
		at = at.Add(time.Duration(index(a.t, "aside", 3)-1) * time.Millisecond)
		question["known"] = at.In(zone).Format(time.RFC3339Nano)
	}
	return question
}

// assuming perhaps assumes plans, as a list or with a day.
func (a *asker) assuming(question fields) fields {
	plans := some(a.t, "assumed", a.plans, min(1, len(a.plans)))
	if chance(a.t, "unknown assumed", 12) {
		plans = append(plans, "p9")
	}
	switch index(a.t, "assume", 4) {
	case 1:
		question["assume"] = plans
	case 2, 3:
		dated := make(map[string]string)
		for _, plan := range plans {
			dated[plan] = a.day()
		}
		question["assume"] = dated
	}
	return question
}

func (a *asker) digest() fields { return a.at(fields{"q": "digest"}) }

func (a *asker) findings() fields { return a.at(fields{"q": "findings"}) }

func (a *asker) plansOn() fields { return a.at(fields{"q": "plans"}) }

func (a *asker) holders() fields {
	return a.assuming(a.at(fields{"q": "holders", "ref": a.named("ref", a.holdings, "responsibility/none")}))
}

func (a *asker) about(q string) fields {
	return fields{"q": q, "organisation": a.named("organisation", a.organisations, "none")}
}

func (a *asker) holdingsOf() fields { return a.assuming(a.at(a.about("holdings"))) }

func (a *asker) organisation() fields { return a.at(a.about("organisation")) }

func (a *asker) offices() fields { return a.at(a.about("offices")) }

func (a *asker) lineage() fields {
	if chance(a.t, "with on", 2) {
		return a.at(a.about("lineage"))
	}
	return a.knowing(a.about("lineage"))
}

func (a *asker) history() fields {
	return a.knowing(fields{"q": "history", "ref": a.named("ref", a.holdings, "responsibility/none")})
}

func (a *asker) diff() fields {
	return fields{"q": "diff", "from": a.at(fields{}), "to": a.at(fields{})}
}

func (a *asker) impact() fields {
	question := fields{"q": "impact", "plan": a.named("plan", a.plans, "p9")}
	if !chance(a.t, "undated", 3) {
		question["date"] = a.day()
	}
	return a.knowing(question)
}

// bad draws a question, and spoils a field of it.
func (a *asker) bad() fields {
	question := pick(a.t, "question", kinds)(a)
	field := pick(a.t, "field", []string{"on", "known", "ref", "organisation", "assume", "q", "plan", "extra"})
	value := pick(a.t, "value", []any{"2020-02-30", 7, nil, "no", []string{"p9"}, fields{"p1": "no"}, true})
	if question[field] != nil && chance(a.t, "left out", 3) {
		delete(question, field)
	} else {
		question[field] = value
	}
	return question
}
