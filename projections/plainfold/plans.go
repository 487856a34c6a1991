package plainfold

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// A plan as it stands on a day.
type plan struct {
	id         domain.PlanID
	announced  *fact
	title      string
	expected   domain.EDTF
	expectedBy *fact // what gave it
	items      []planItem
	status     string
}

type planItem struct {
	domain.PlanItem
	fulfilledBy *fact // the lowest such sequence in effect, nil where there is none
}

func (p *plan) outstanding() bool { return p.status == "announced" || p.status == "in_progress" }

// plansOn lists, by id, the plans that exist on a day: those announced by then.
func plansOn(facts []*fact, on domain.Date) []*plan {
	var plans []*plan
	for _, f := range facts {
		if announced, ok := f.content.(*domain.PlanAnnounced); ok && f.day() <= on {
			plans = append(plans, planOn(announced.Plan, facts, on))
		}
	}
	slices.SortFunc(plans, func(a, b *plan) int { return cmp.Compare(a.id, b.id) })
	return plans
}

// planOn is one plan on a day, nil before its announcement or where none is visible.
func planOn(id domain.PlanID, facts []*fact, on domain.Date) *plan {
	p := &plan{id: id}
	for _, f := range planFacts(id, facts, on) {
		switch content := f.content.(type) {
		case *domain.PlanAnnounced:
			p.announced, p.title = f, content.Title
			p.expect(content.Expected, f)
			p.intend(content.Items)
		case *domain.PlanAmended:
			p.expect(content.Expected, f)
			if content.Items != nil {
				p.intend(content.Items)
			}
		case *domain.PlanWithdrawn:
			p.status = "withdrawn"
		case *domain.PlanCompleted:
			p.status = "completed"
		}
	}
	if p.announced == nil {
		return nil
	}
	p.fulfil(facts, on)
	return p
}

// planFacts lists the plan's facts in effect in the order in which they apply: its announcement,
// then the others by (nominal day, sequence), "those dated before the announcement with it".
func planFacts(id domain.PlanID, facts []*fact, on domain.Date) []*fact {
	var own []*fact
	for _, f := range facts {
		if f.content.Type().IsPlan() && domain.About(f.content) == id.Ref() && f.day() <= on {
			own = append(own, f)
		}
	}
	announcement := func(f *fact) int {
		if f.content.Type() == domain.TypePlanAnnounced {
			return 0
		}
		return 1
	}
	slices.SortFunc(own, func(a, b *fact) int {
		return cmp.Or(cmp.Compare(announcement(a), announcement(b)), cmp.Compare(a.day(), b.day()), recorded(a, b))
	})
	return own
}

func (p *plan) expect(date domain.EDTF, by *fact) {
	if !date.IsZero() {
		p.expected, p.expectedBy = date, by
	}
}

func (p *plan) intend(items []domain.PlanItem) {
	p.items = nil
	for _, item := range items {
		p.items = append(p.items, planItem{PlanItem: item})
	}
}

// fulfil finds what has been fulfilled by facts in effect, and with it the status: withdrawn or
// completed, "else completed (it has items and each is fulfilled by a fact in effect), else
// in_progress (a fact in effect has fulfils naming the plan, whatever the item), else announced".
func (p *plan) fulfil(facts []*fact, on domain.Date) {
	begun := false
	for _, f := range facts { // by sequence: the first is the lowest
		if f.fulfils.Plan != p.id || f.day() > on {
			continue
		}
		begun = true
		for i := range p.items {
			if p.items[i].Item == f.fulfils.Item && p.items[i].fulfilledBy == nil {
				p.items[i].fulfilledBy = f
			}
		}
	}
	open := func(i planItem) bool { return i.fulfilledBy == nil }
	switch {
	case p.status != "":
	case len(p.items) > 0 && !slices.ContainsFunc(p.items, open):
		p.status = "completed"
	case begun:
		p.status = "in_progress"
	default:
		p.status = "announced"
	}
}

// assumed lists what assuming the plan adds to the fold: "its unfulfilled items … as if recorded at
// the plan's own sequence, in item order, each at its own effective date, else at the date the
// question gives, else at expected; … completed or withdrawn it adds nothing". It reports false
// where one of them has no date at all.
func (p *plan) assumed(date domain.Date) ([]*fact, bool) {
	if p == nil || !p.outstanding() {
		return nil, true
	}
	var facts []*fact
	for i, item := range p.items {
		if item.fulfilledBy != nil {
			continue
		}
		effective := item.Effective
		if effective.IsZero() && date != 0 {
			effective = domain.DayEDTF(date)
		}
		if effective.IsZero() {
			effective = p.expected
		}
		if effective.IsZero() {
			return nil, false
		}
		facts = append(facts, &fact{seq: p.announced.seq, item: i + 1, date: effective, content: item.Fact})
	}
	return facts, true
}

// announcementOf is the visible announcement of a plan, nil where there is none.
func announcementOf(id domain.PlanID, facts []*fact) *fact {
	for _, f := range facts {
		if announced, ok := f.content.(*domain.PlanAnnounced); ok && announced.Plan == id {
			return f
		}
	}
	return nil
}
