package projections

import (
	"slices"
	"sort"

	"github.com/orgledger/orgledger/domain"
)

// course is what is answered about one thing over all days, as known at one point. It is reused.
type course struct {
	view  *View
	num   uint32
	known uint32
	there bool // something introduces the thing

	steps  []step
	shares []share
	days   []domain.Date // scratch
}

// step is the answer about a holding from a day on.
type step struct {
	from     domain.Date
	status   string
	doubtful bool
	lo, hi   int // of shares
}

// share is a Share in numbers.
type share struct {
	org  uint32
	role role
}

// resolve folds the thing over all days, once where every date that matters is one day, else once for each day on
// which an answer may turn.
func (c *course) resolve(v *View, num, known uint32) {
	c.view, c.num, c.known = v, num, known
	c.steps, c.shares = c.steps[:0], c.shares[:0]
	if c.there = v.thing(num).introduced <= known; !c.there {
		return
	}
	if c.fold() {
		return
	}
	c.days = append(c.days[:0], domain.FirstDate)
	t := turning{view: v, known: known, next: forever, days: c.days}
	restsOn(&t, v.thing(num).own, (*ownFact).at)
	t.passes(num)
	slices.Sort(t.days)
	c.days = slices.Compact(t.days)
	c.steps, c.shares = c.steps[:0], c.shares[:0]
	for _, day := range c.days {
		f := v.newFold(num, known, nil)
		f.run(day)
		c.add(day, f, len(f.doubts(day)) > 0)
		f.release()
	}
}

// fold gathers the steps in one fold, and reports whether nothing about them can be doubtful.
func (c *course) fold() (precise bool) {
	precise = !slices.ContainsFunc(c.view.thing(c.num).own, func(o ownFact) bool { return o.earliest != o.latest })
	if !precise {
		return false
	}
	f := c.view.newFold(c.num, c.known, nil)
	defer f.release()
	f.arrived = func(org uint32) { precise = precise && c.view.thing(org).organisation.imprecise == 0 }
	c.steps = append(c.steps, step{from: domain.FirstDate})
	f.dayDone = func(day domain.Date) { c.add(day, f, false) }
	f.run(domain.LastDate)
	if first := &c.steps[0]; first.status == "" { // before anything has happened
		first.status = StatusUnknown
		if f.visibleIntro {
			first.status = StatusPending
		}
	}
	return precise
}

// add takes the state of a fold from a day on.
func (c *course) add(day domain.Date, f *fold, doubtful bool) {
	lo := len(c.shares)
	for _, e := range f.entries {
		c.shares = append(c.shares, share{e.org, e.role})
	}
	slices.SortFunc(c.shares[lo:], func(a, b share) int { return int(a.org)<<8 + int(a.role) - int(b.org)<<8 - int(b.role) })
	next := step{day, f.status(), doubtful, lo, len(c.shares)}
	if n := len(c.steps); n > 0 && c.steps[n-1].from == day {
		c.steps = c.steps[:n-1]
	}
	c.steps = append(c.steps, next)
}

// equal reports whether two courses have the same steps. Equal answers may come in other steps.
func (c *course) equal(o *course) bool {
	return c.there == o.there && slices.Equal(c.shares, o.shares) && slices.Equal(c.steps, o.steps)
}

// turns adds the days on which an answer may turn.
func (c *course) turns(days *[]domain.Date) {
	for i := range c.steps {
		*days = append(*days, c.steps[i].from)
	}
	if o := c.view.thing(c.num).organisation; o != nil && c.there {
		t := turning{view: c.view, known: c.known, next: forever, days: *days}
		restsOn(&t, c.view.thing(c.num).own, (*ownFact).at)
		restsOn(&t, o.attributes, (*attribute).at)
		*days = t.days
	}
}

// standing is the answer on a day, nil where there is none.
func (c *course) standing(day domain.Date) *Standing {
	if !c.there {
		return nil
	}
	at := &c.steps[sort.Search(len(c.steps), func(i int) bool { return c.steps[i].from > day })-1]
	s := &Standing{Status: at.status, Holders: make([]Share, 0, at.hi-at.lo), Certainty: Certain}
	if at.doubtful {
		s.Certainty = Uncertain
	}
	for _, h := range c.shares[at.lo:at.hi] {
		s.Holders = append(s.Holders, Share{c.view.thing(h.org).id, h.role.String()})
	}
	slices.SortFunc(s.Holders, compareShares)
	if t := c.view.thing(c.num); t.organisation != nil {
		s.Organisation = c.view.organisationIs(domain.OrganisationID(t.id), Point{On: day, Known: uint64(c.known)})
	}
	return s
}

// organisationIs answers about an organisation that is introduced.
func (v *View) organisationIs(id domain.OrganisationID, at Point) *OrganisationIs {
	o, err := v.Organisation(id, at)
	if err != nil {
		panic(err) // it is introduced
	}
	return &OrganisationIs{o.Status, o.Name, o.OperatingName, o.Form, o.Parent, o.Identifiers, o.Established, o.Ended, o.Certainty}
}

// Standing answers about a holding, an organisation included, at a point; nil where nothing introduces it. Its cost is that of two folds.
func (v *View) Standing(ref domain.Ref, at Point) *Standing {
	num, t := v.lookup(ref)
	if t == nil || !ref.IsHolding() || uint64(t.introduced) > at.Known {
		return nil
	}
	return v.standing(num, at)
}

// standing is Standing of a number.
func (v *View) standing(num uint32, at Point) *Standing {
	t := v.thing(num)
	if uint64(t.introduced) > at.Known {
		return nil
	}
	f := v.newFold(num, uint32(at.Known), nil)
	defer f.release()
	f.run(at.On)
	s := &Standing{Status: f.status(), Holders: f.shares(), Certainty: certainty(f.doubts(at.On))}
	if t.organisation != nil {
		s.Organisation = v.organisationIs(domain.OrganisationID(t.id), at)
	}
	return s
}
