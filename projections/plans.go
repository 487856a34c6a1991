package projections

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// The statuses of a plan.
const (
	PlanAnnounced  = "announced"
	PlanInProgress = "in_progress"
	PlanCompleted  = "completed"
	PlanWithdrawn  = "withdrawn"
)

// Item is one change that a plan intends.
type Item struct {
	Item        string  `json:"item"`
	FulfilledBy *uint64 `json:"fulfilled_by"` // sequence of the first fact in effect that does
}

// Plan is what stands announced.
type Plan struct {
	Plan       string   `json:"plan"`
	Title      string   `json:"title"`
	Status     string   `json:"status"`
	Expected   *string  `json:"expected"` // EDTF text
	Items      []Item   `json:"items"`
	Announced  string   `json:"announced"` // EDTF text
	By         string   `json:"announced_by,omitempty"`
	Conditions []string `json:"conditions"`
	Seq        uint64   `json:"seq"`
}

// Plans answers which plans there are.
type Plans struct {
	Plans []Plan `json:"plans"` // by id
}

// planState is a plan as it stands on a day.
type planState struct {
	id         domain.PlanID
	seq        uint32 // of the announcement
	announced  *stamp
	begun      bool // the announcement is in effect
	title, by  string
	expected   domain.EDTF
	expectedBy uint32 // the sequence of the fact that gave expected
	conditions []string
	items      []domain.PlanItem
	fulfilled  []uint32 // per item: the sequence of the fact that fulfils it, 0 for none
	status     string
}

// adds reports whether assuming the plan adds anything.
func (p *planState) adds() bool {
	return p.begun && p.status != PlanCompleted && p.status != PlanWithdrawn && slices.Contains(p.fulfilled, 0)
}

// planAt folds one plan, nil where its announcement is not visible.
func (v *View) planAt(id domain.PlanID, at Point) *planState {
	_, t := v.lookup(id.Ref())
	if t == nil {
		return nil
	}
	known := uint32(at.Known)
	p := &planState{id: id, status: PlanAnnounced}
	for i := range t.rest.plan {
		announcement, ok := t.rest.plan[i].fact.(*domain.PlanAnnounced)
		if ok && t.rest.plan[i].visible(known) {
			p.seq, p.announced, p.begun = t.rest.plan[i].seq, &t.rest.plan[i].stamp, t.rest.plan[i].day <= at.On
			p.expectedBy = p.seq
			p.title, p.by = announcement.Title, announcement.AnnouncedBy
			p.expected, p.conditions, p.items = announcement.Expected, announcement.Conditions, announcement.Items
		}
	}
	if p.announced == nil {
		return nil
	}
	closed := p.amend(t.rest.plan, at)
	p.fulfil(t.rest.fulfilments, at)
	if closed != "" {
		p.status = closed
	}
	return p
}

// amend applies the plan's other facts, and tells how the last of them closed it.
func (p *planState) amend(facts []planFact, at Point) (closed string) {
	for i := range facts {
		if !facts[i].visible(uint32(at.Known)) || facts[i].day > at.On {
			continue
		}
		switch f := facts[i].fact.(type) {
		case *domain.PlanAmended:
			if !f.Expected.IsZero() {
				p.expected, p.expectedBy = f.Expected, facts[i].seq
			}
			if f.Conditions != nil {
				p.conditions = f.Conditions
			}
			if f.Items != nil {
				p.items = f.Items
			}
		case *domain.PlanWithdrawn:
			closed = PlanWithdrawn
		case *domain.PlanCompleted:
			closed = PlanCompleted
		}
	}
	return closed
}

// fulfil finds the facts in effect that fulfil the plan and its items, and the status they give it.
func (p *planState) fulfil(fulfilments []fulfilment, at Point) {
	p.fulfilled = make([]uint32, len(p.items))
	for i := range fulfilments {
		f := &fulfilments[i]
		if f.day > at.On || !f.visible(uint32(at.Known)) {
			continue
		}
		p.status = PlanInProgress
		for j, item := range p.items {
			if item.Item == f.item && (p.fulfilled[j] == 0 || f.seq < p.fulfilled[j]) {
				p.fulfilled[j] = f.seq
			}
		}
	}
	if len(p.items) > 0 && !slices.Contains(p.fulfilled, 0) {
		p.status = PlanCompleted
	}
}

// Plans folds every plan that has been announced by a day.
func (v *View) Plans(at Point) *Plans {
	answer := &Plans{Plans: []Plan{}}
	for num := range v.things() {
		ref := v.thing(num).ref()
		if ref.Kind != domain.KindPlan {
			continue
		}
		if p := v.planAt(domain.PlanID(ref.ID), at); p != nil && p.begun {
			answer.Plans = append(answer.Plans, v.plan(p))
		}
	}
	slices.SortFunc(answer.Plans, func(a, b Plan) int { return cmp.Compare(a.Plan, b.Plan) })
	return answer
}

func (v *View) plan(p *planState) Plan {
	announced, _ := v.edtf(p.announced, nil)
	plan := Plan{Plan: string(p.id), Title: p.title, Status: p.status, Items: []Item{}, Announced: announced, By: p.by,
		Conditions: append([]string{}, p.conditions...), Seq: uint64(p.seq)}
	if !p.expected.IsZero() {
		text := p.expected.String()
		plan.Expected = &text
	}
	for i, item := range p.items {
		answer := Item{Item: item.Item}
		if seq := uint64(p.fulfilled[i]); seq != 0 {
			answer.FulfilledBy = &seq
		}
		plan.Items = append(plan.Items, answer)
	}
	return plan
}

// Orphan is an entry that a plan would leave without a holder.
type Orphan struct {
	Ref          string `json:"ref"`
	Organisation string `json:"organisation"` // from which it would be removed
	Role         string `json:"role"`
}

// Impact answers what a plan would change, were it carried out.
type Impact struct {
	Plan     string   `json:"plan"`
	Status   string   `json:"status"`
	On       *string  `json:"on"` // the day the last assumed item takes effect; null where nothing is
	Changes  []Change `json:"changes"`
	Orphaned []Orphan `json:"orphaned"`
	Known    uint64   `json:"known"`
}

// Impact compares the ledger with and without a plan, on the day that its last outstanding item
// would take effect. The plan is taken as it stands with every fact known, whatever its day.
func (v *View) Impact(id domain.PlanID, date domain.Date, known uint64) (*Impact, error) {
	plan, over, err := v.carriedOut(id, date, known)
	if err != nil {
		return nil, err
	}
	answer := &Impact{Plan: string(id), Status: plan.status, Changes: []Change{}, Orphaned: []Orphan{}, Known: known}
	if over.added == 0 {
		return answer, nil
	}
	on := over.last.String()
	answer.On = &on
	without := state{Point{over.last, known}, nil}
	with := state{without.Point, over}
	for num := range v.holdings() {
		v.affect(answer, num, without, with)
	}
	slices.SortFunc(answer.Changes, func(a, b Change) int { return cmp.Compare(a.Ref, b.Ref) })
	slices.SortFunc(answer.Orphaned, func(a, b Orphan) int {
		return cmp.Or(cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Organisation, b.Organisation), cmp.Compare(a.Role, b.Role))
	})
	return answer, nil
}

// carriedOut is what a plan adds, as it stands with every fact up to known.
func (v *View) carriedOut(id domain.PlanID, date domain.Date, known uint64) (*planState, *overlay, error) {
	if _, err := v.introduced(id.Ref(), known, "plan"); err != nil {
		return nil, nil, err
	}
	plan := v.planAt(id, Point{domain.LastDate, known})
	if plan == nil {
		return nil, nil, &QuestionError{CodeUnknownReference, "plan", "the announcement of plan " + string(id) + " is retracted"}
	}
	over := newOverlay(v)
	return plan, over, over.add(plan, date, "plan")
}

// ImpactOn is what Impact answers of one holding, and the day of it: nil where the plan would not change it.
func (v *View) ImpactOn(ref domain.Ref, id domain.PlanID, known uint64) (*Change, domain.Date, error) {
	num, err := v.introduced(ref, known, "ref")
	if err != nil {
		return nil, 0, err
	}
	_, over, err := v.carriedOut(id, 0, known)
	if err != nil || over.added == 0 {
		return nil, 0, err
	}
	without := state{Point{over.last, known}, nil}
	changes := v.appendChange(nil, num, without, state{without.Point, over})
	if len(changes) == 0 {
		return nil, over.last, nil
	}
	return &changes[0], over.last, nil
}

// affect adds what becomes of one holding. It is folded once without the plan and once with it.
func (v *View) affect(answer *Impact, num uint32, without, with state) {
	before, already := v.heldAt(num, without)
	after, orphaned := v.heldAt(num, with)
	if !slices.Equal(before, after) {
		answer.Changes = append(answer.Changes, Change{v.thing(num).ref().String(), before, after})
	}
	for i, o := range orphaned {
		if !slices.Contains(already, o) && !slices.Contains(orphaned[:i], o) {
			answer.Orphaned = append(answer.Orphaned, o)
		}
	}
}

// heldAt is who holds something at a point, and the entries of it that were orphaned up to there.
func (v *View) heldAt(num uint32, at state) (shares []Share, orphaned []Orphan) {
	f := v.newFold(num, uint32(at.Known), at.over)
	defer f.release()
	f.left = func(e *entry) {
		orphaned = append(orphaned, Orphan{v.thing(num).ref().String(), v.thing(e.org).id, e.role.String()})
	}
	f.run(at.On)
	return f.shares(), orphaned
}
