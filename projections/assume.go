package projections

import (
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// overlay holds the records that a question assumes on top of the log: things changed by it have
// their records, merged, here instead of in the view.
type overlay struct {
	view     *View
	own      map[uint32][]ownFact
	bulks    map[uint32][]bulk
	received map[uint32][]uint32
	feeders  map[uint32][]uint32
	texts    []string // numbered from the view's on
	last     domain.Date
	added    int
}

func newOverlay(v *View) *overlay {
	return &overlay{view: v, own: make(map[uint32][]ownFact), bulks: make(map[uint32][]bulk),
		received: make(map[uint32][]uint32), feeders: make(map[uint32][]uint32)}
}

// own, bulk, received and feeders of a thing, with what is assumed.

func (v *View) own(num uint32, over *overlay) []ownFact {
	if over != nil {
		if own, ok := over.own[num]; ok {
			return own
		}
	}
	return v.thing(num).own
}

func (v *View) bulk(org uint32, over *overlay) []bulk {
	if over != nil {
		if b, ok := over.bulks[org]; ok {
			return b
		}
	}
	return v.thing(org).organisation.bulk
}

func (v *View) received(org uint32, over *overlay) []uint32 {
	received := v.thing(org).organisation.received
	if over != nil {
		received = append(slices.Clip(received), over.received[org]...)
	}
	return received
}

func (v *View) feeders(org uint32, over *overlay) []uint32 {
	feeders := v.thing(org).organisation.feeders
	if over != nil {
		feeders = append(slices.Clip(feeders), over.feeders[org]...)
	}
	return feeders
}

// edtf is the text of a record's effective date, and false where it has none.
func (v *View) edtf(s *stamp, over *overlay) (string, bool) {
	switch n := int(s.edtf); {
	case s.edtf == noText:
		return "", false
	case n == 0:
		return s.day.String(), true
	case n >= len(v.texts):
		return over.texts[n-len(v.texts)], true
	default:
		return v.texts[n], true
	}
}

func (o *overlay) num(ref domain.Ref) uint32 {
	num, _ := o.view.lookup(ref)
	return num
}

func (o *overlay) text(text string) uint32 {
	o.texts = append(o.texts, text)
	return uint32(len(o.view.texts) + len(o.texts) - 1)
}

func (o *overlay) addOwn(holding uint32, f ownFact) {
	o.own[holding] = insert(slices.Clone(o.view.own(holding, o)), f, (*ownFact).at)
	if org := f.receiver(); org != 0 {
		o.received[org] = append(o.received[org], holding)
	}
}

func (o *overlay) addBulk(org uint32, b bulk) {
	o.bulks[org] = insert(slices.Clone(o.view.bulk(org, o)), b, (*bulk).at)
	for _, to := range b.receivers() {
		o.feeders[to] = append(o.feeders[to], org)
	}
}

func (o *overlay) addAttribute(uint32, attribute)     {}
func (o *overlay) addAppointment(uint32, appointment) {}

// Assumption is a plan that a question takes to come true, and the day for those of its items that
// have none of their own: the zero Date leaves it to the plan's expected date.
type Assumption struct {
	Plan domain.PlanID
	Date domain.Date
}

// assume builds what the plans add to the fold, as they stand on a day and known point.
func (v *View) assume(assumptions []Assumption, at Point) (*overlay, error) {
	if len(assumptions) == 0 {
		return nil, nil
	}
	over := newOverlay(v)
	for _, a := range assumptions {
		plan := v.planAt(a.Plan, at)
		if plan == nil {
			return nil, &QuestionError{CodeUnknownReference, "assume", "no plan " + string(a.Plan) + " has been announced"}
		}
	}
	for _, a := range assumptions {
		if err := over.add(v.planAt(a.Plan, at), a.Date, "assume"); err != nil {
			return nil, err
		}
	}
	return over, nil
}

// add assumes the unfulfilled items of one plan.
func (o *overlay) add(plan *planState, date domain.Date, field string) error {
	if !plan.adds() {
		return nil
	}
	for i, item := range plan.items {
		if plan.fulfilled[i] != 0 {
			continue
		}
		effective := item.Effective
		if effective.IsZero() && date != 0 {
			effective = domain.DayEDTF(date)
		}
		if effective.IsZero() {
			effective = plan.expected
		}
		if effective.IsZero() {
			return &QuestionError{CodeNoDate, field, "item " + item.Item + " of plan " + string(plan.id) +
				" has no date, the plan expects none, and the question gives none"}
		}
		ver := version{seq: plan.seq, ord: uint32(i+1) * (domain.LimitList + 1)}
		expandFact(o, ver.stamp(o, item.Fact, effective), item.Fact)
		o.last = max(o.last, effective.Nominal())
		o.added++
	}
	return nil
}
