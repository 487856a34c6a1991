package projections

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// Turns says when answers about one thing may change: whoever asks on these days, at these known points, has
// heard every answer that there is.
type Turns struct {
	Days []domain.Date // rising, from FirstDate; from each to the day before the next every answer stays as it is
	Next uint64        // the first later known point at which Days or an answer may be another; 0: none up to the view

	Vague bool // some fact on which the answers rest gives no exact day; else they are certain on every day
}

// Turns looks at everything on which answers about a thing rest, as known at a point: holders of what is held, what
// an organisation is and whom it ended into, an office and a plan. Its cost is that of a fold over all days, and
// of the bulk records of the organisations through which the thing passes.
func (v *View) Turns(ref domain.Ref, known uint64) (Turns, error) {
	num, err := v.introduced(ref, known, "ref")
	if err != nil {
		return Turns{}, err
	}
	c := &turning{view: v, known: uint32(known), next: forever, days: []domain.Date{domain.FirstDate}}
	t := v.thing(num)
	restsOn(c, t.own, (*ownFact).at)
	restsOn(c, t.rest.plan, (*planFact).at)
	restsOn(c, t.rest.fulfilments, (*fulfilment).at)
	restsOn(c, t.rest.appointments, (*appointment).at)
	for i := range t.rest.appointments {
		c.endings(t.rest.appointments[i].org)
	}
	if t.organisation != nil {
		restsOn(c, t.organisation.attributes, (*attribute).at)
		restsOn(c, t.organisation.bulk, (*bulk).at)
	}
	if ref.IsHolding() {
		c.passes(num)
	}
	return c.turns(), nil
}

// KnownTurns lists, rising, the known points at which an answer about a thing may be another, from its introduction on. Where
// there are more than limit of them, or of the facts about it, it is limit of the entries that concern it, evenly chosen. Its cost is
// that of as many Turns.
func (v *View) KnownTurns(ref domain.Ref, limit int) []uint64 {
	known := v.Introduction(ref)
	if known == 0 {
		return nil
	}
	if _, t := v.lookup(ref); t.facts() > limit {
		return thinned(v.Mentions(ref, v.Seq()), limit)
	}
	points := []uint64{known}
	for {
		t, err := v.Turns(ref, known)
		if err != nil || t.Next == 0 {
			return points
		}
		if len(points) == limit {
			return thinned(v.Mentions(ref, v.Seq()), limit)
		}
		known = t.Next
		points = append(points, known)
	}
}

// facts counts the records about a thing, in every version.
func (t *thing) facts() int {
	n := len(t.own) + len(t.rest.plan) + len(t.rest.fulfilments) + len(t.rest.appointments)
	if t.organisation != nil {
		n += len(t.organisation.attributes) + len(t.organisation.bulk)
	}
	return n
}

// thinned takes limit of a list, evenly, with the first and the last.
func thinned(list []uint64, limit int) []uint64 {
	if len(list) <= limit || limit < 2 {
		return list
	}
	few := make([]uint64, limit)
	for i := range few {
		few[i] = list[i*(len(list)-1)/(limit-1)]
	}
	return few
}

// turning gathers the days and known points at which an answer may change.
type turning struct {
	view  *View
	known uint32
	next  uint32
	days  []domain.Date
	vague bool
}

func (c *turning) turns() Turns {
	slices.Sort(c.days)
	t := Turns{Days: slices.Compact(c.days), Vague: c.vague}
	if uint64(c.next) <= c.view.Seq() {
		t.Next = uint64(c.next)
	}
	return t
}

// restsOn notes records on which the answers rest.
func restsOn[T any](c *turning, records []T, at func(*T) *stamp) {
	for i := range records {
		c.stamp(at(&records[i]))
	}
}

// stamp notes when a record begins and ceases to be visible, and of a visible one the days on which it takes effect
// or is doubtful.
func (c *turning) stamp(s *stamp) {
	for _, at := range [...]uint32{s.from, s.until} {
		if at > c.known {
			c.next = min(c.next, at)
		}
	}
	if !s.visible(c.known) {
		return
	}
	c.days = append(c.days, s.day)
	if s.earliest != s.latest {
		c.vague = true
		c.days = append(c.days, max(s.earliest, domain.FirstDate), s.latest)
	}
}

// endings notes what empties the offices of an organisation.
func (c *turning) endings(org uint32) {
	if org == 0 {
		return
	}
	own := c.view.thing(org).own
	for i := range own {
		if own[i].op == opClose {
			c.stamp(&own[i].stamp)
		}
	}
}

// passes folds a holding over all its days, and notes the records that take, or at another known point would take, from
// the organisations to which it comes.
func (c *turning) passes(holding uint32) {
	f := c.view.newFold(holding, c.known, nil)
	defer f.release()
	var been []uint32
	f.arrived = func(org uint32) {
		if !slices.Contains(been, org) {
			been = append(been, org)
		}
	}
	f.dayDone = func(day domain.Date) { c.days = append(c.days, day) }
	f.run(domain.LastDate)
	for _, org := range been {
		records := c.view.thing(org).organisation.bulk
		for i := range records {
			if b := &records[i]; b.ends() || f.concerned(b) {
				c.stamp(&b.stamp)
			}
		}
	}
}

// concerned reports whether a bulk record takes the holding in any role.
func (f *fold) concerned(b *bulk) bool {
	kinds := f.kindOf(noRole)
	if f.kind == domain.KindContract {
		kinds = maskContract | maskSupply
	}
	_, takes := b.target(f.holding, kinds)
	return takes
}

// Refs lists, sorted, everything that entries up to a known point introduce.
func (v *View) Refs(known uint64) []domain.Ref {
	var refs []domain.Ref
	for num := uint32(1); num <= v.count; num++ {
		if t := v.thing(num); uint64(t.introduced) <= known {
			refs = append(refs, t.ref())
		}
	}
	slices.SortFunc(refs, func(a, b domain.Ref) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) })
	return refs
}

// Counts says how many things of each kind entries up to a known point introduce.
func (v *View) Counts(known uint64) map[domain.Kind]int {
	counts := make(map[domain.Kind]int)
	for num := uint32(1); num <= v.count; num++ {
		if t := v.thing(num); uint64(t.introduced) <= known {
			counts[t.kind]++
		}
	}
	return counts
}

// Introduction is the sequence of the entry that introduces a reference, 0 where none does.
func (v *View) Introduction(ref domain.Ref) uint64 {
	_, t := v.lookup(ref)
	if t == nil || t.introduced > v.seq {
		return 0
	}
	return uint64(t.introduced)
}

// Successions lists the edges that lead on from one organisation, in effect by a day, by nominal day, successor and
// sequence.
func (v *View) Successions(org domain.OrganisationID, at Point) ([]Edge, error) {
	num, err := v.introduced(org.Ref(), at.Known, "organisation")
	if err != nil {
		return nil, err
	}
	edges := []Edge{}
	for _, e := range v.edgesFrom(num, at) {
		edges = append(edges, v.edge(e))
	}
	slices.SortFunc(edges, compareEdges)
	return edges, nil
}

// Office answers by whom an office is filled, and with which organisation it is; nil where it is empty.
func (v *View) Office(id domain.OfficeID, at Point) (*Office, domain.OrganisationID, error) {
	num, err := v.introduced(id.Ref(), at.Known, "office")
	if err != nil {
		return nil, "", err
	}
	a := v.holderOf(num, at)
	if a == nil {
		return nil, "", nil
	}
	office := v.office(num, a)
	return &office, domain.OrganisationID(v.thing(a.org).id), nil
}

// Plan answers how one plan stands, with what its items intend, in the order of Items; nil before its announcement takes
// effect and where that is retracted.
func (v *View) Plan(id domain.PlanID, at Point) (*Plan, []domain.PlanItem, error) {
	if _, err := v.introduced(id.Ref(), at.Known, "plan"); err != nil {
		return nil, nil, err
	}
	p := v.planAt(id, at)
	if p == nil || !p.begun {
		return nil, nil, nil
	}
	plan := v.plan(p)
	return &plan, p.items, nil
}
