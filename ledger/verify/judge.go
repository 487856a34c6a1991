package verify

import (
	"hash/fnv"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// whole is up to how many entries the plain fold folds the whole log for a question, some hundreds of
// milliseconds at most. Of a longer log it folds what can bear on the thing that is asked about: see slice.
const whole = 500

// judge keeps the entries that the plain fold is going to be asked about: all of a short log; of a longer one
// those about organisations, and those about some of the other holdings. It chooses and slices without
// the index, which it is there to judge. It belongs to one goroutine while it is fed.
type judge struct {
	sample int
	full   bool   // everything is kept
	choose uint64 // of so many holdings, one is kept
	seen   int    // entries

	kept   []domain.Recorded
	places map[uuid.UUID]int    // of what is kept
	about  map[domain.Ref][]int // places of the entries that name a thing, rising
	amends map[int][]int        // places of the corrections and retractions of an entry, rising
	bodies []domain.Ref         // organisations, and
	held   []domain.Ref         // other holdings, in the order of their introduction
}

func newJudge(sample int) *judge {
	j := &judge{sample: sample, full: true, choose: 1}
	j.reset()
	return j
}

func (j *judge) reset() {
	j.kept, j.bodies, j.held = nil, nil, nil
	j.places, j.about, j.amends = make(map[uuid.UUID]int), make(map[domain.Ref][]int), make(map[int][]int)
}

// keep feeds the judge.
func (v *reading) keep(c delivery) error {
	if v.options.Sample == 0 {
		return nil
	}
	for _, e := range own(c.Entries) {
		v.judge.observe(&e)
	}
	return nil
}

func (j *judge) observe(e *domain.Recorded) {
	if j.seen++; j.full && j.seen > whole {
		j.full = false
		j.thin()
	}
	if j.wanted(e) {
		j.take(e)
	}
	for !j.full && len(j.held) > 8*j.sample {
		j.choose *= 2
		j.thin()
	}
}

// thin leaves what is wanted no more.
func (j *judge) thin() {
	kept := j.kept
	j.reset()
	for i := range kept {
		if j.wanted(&kept[i]) {
			j.take(&kept[i])
		}
	}
}

func (j *judge) take(e *domain.Recorded) {
	place := len(j.kept)
	j.kept = append(j.kept, *e)
	j.places[e.ID] = place
	switch ref := domain.Introduces(e.Fact); ref.Kind {
	case domain.KindOrganisation:
		j.bodies = append(j.bodies, ref)
	case domain.KindResponsibility, domain.KindContract:
		j.held = append(j.held, ref)
	}
	if target, ok := j.target(e.Fact); ok {
		j.amends[target] = append(j.amends[target], place)
		// A replacement shows what it refers to once it is read for the type of the entry. That it cannot be
		// is for the index to find.
		if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
			_ = correction.Resolve(j.kept[target].Fact.Type())
		}
		place = target // and is found with what it corrects
	}
	e.References(func(ref domain.Ref) { j.name(ref, place) })
}

func (j *judge) name(ref domain.Ref, place int) {
	if at := j.about[ref]; !slices.Contains(at[max(0, len(at)-8):], place) {
		j.about[ref] = append(at, place)
	}
}

// target is the place of the entry that a correction or retraction names, if it is kept.
func (j *judge) target(fact domain.Fact) (int, bool) {
	id := uuid.Nil
	switch fact := fact.(type) {
	case *domain.EntryCorrected:
		id = fact.Corrects
	case *domain.EntryRetracted:
		id = fact.Retracts
	}
	place, ok := j.places[id]
	return place, ok
}

// wanted reports whether an entry can bear on what is going to be asked.
func (j *judge) wanted(e *domain.Recorded) bool {
	if j.full {
		return true
	}
	switch e.Fact.(type) {
	case *domain.EntryCorrected, *domain.EntryRetracted:
		_, kept := j.target(e.Fact)
		return kept
	}
	if !e.Fact.Type().InFold() {
		return false
	}
	ref := domain.About(e.Fact)
	switch ref.Kind {
	case domain.KindOrganisation, domain.KindNone:
		return true
	case domain.KindResponsibility, domain.KindContract:
		return j.chosen(ref)
	default:
		return false
	}
}

func (j *judge) chosen(ref domain.Ref) bool {
	h := fnv.New64a()
	_, _ = h.Write([]byte(ref.String())) // never fails
	return h.Sum64()%j.choose == 0
}

// middle is the nominal day in the middle of those that what is kept has; the last of all where there is none.
func (j *judge) middle() domain.Date {
	if days := j.days(); len(days) > 0 {
		return days[len(days)/2]
	}
	return domain.LastDate
}

// days are the nominal days of what is kept, rising.
func (j *judge) days() []domain.Date {
	var days []domain.Date
	for i := range j.kept {
		if !j.kept[i].Effective.IsZero() {
			days = append(days, j.kept[i].Effective.Nominal())
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// slice lists the places of the entries that can bear on who holds a thing: its own, and of every organisation
// that they name, or that its successions and bulk transfers lead to, what happened to it. nil: they are too many.
func (j *judge) slice(thing domain.Ref) []int {
	if j.full {
		places := make([]int, len(j.kept))
		for place := range places {
			places[place] = place
		}
		return places
	}
	c := &closure{judge: j, taken: make(map[int]bool), queued: make(map[domain.Ref]bool)}
	for _, place := range j.about[thing] {
		c.take(place, (*domain.Entry).References)
	}
	c.enqueue(thing)
	for len(c.queue) > 0 && len(c.taken) <= limitSlice {
		org := c.queue[0]
		c.queue = c.queue[1:]
		for _, place := range j.about[org] {
			if c.befalls(place, org) {
				c.take(place, successors)
			}
		}
	}
	if len(c.taken) > limitSlice {
		return nil
	}
	return slices.Sorted(maps.Keys(c.taken))
}

// closure is a slice in the making.
type closure struct {
	*judge
	taken  map[int]bool
	queue  []domain.Ref // organisations whose fate is still to be looked at
	queued map[domain.Ref]bool
}

func (c *closure) enqueue(ref domain.Ref) {
	if ref.Kind == domain.KindOrganisation && !c.queued[ref] {
		c.queued[ref] = true
		c.queue = append(c.queue, ref)
	}
}

// take takes an entry with its corrections and retractions, and enqueues the organisations that any version of it leads to.
func (c *closure) take(place int, leads func(*domain.Entry, func(domain.Ref))) {
	if c.taken[place] {
		return
	}
	c.taken[place] = true
	leads(&c.kept[place].Entry, c.enqueue)
	for _, amendment := range c.amends[place] {
		c.taken[amendment] = true
		if correction, ok := c.kept[amendment].Fact.(*domain.EntryCorrected); ok && correction.Replacement.Fact != nil {
			leads(&domain.Entry{Fact: correction.Replacement.Fact}, c.enqueue)
		}
	}
}

// befalls reports whether an entry, in any version, happens to an organisation itself, rather than to a holding or to
// another that only leads to it.
func (c *closure) befalls(place int, org domain.Ref) bool {
	if source(c.kept[place].Fact, org) {
		return true
	}
	return slices.ContainsFunc(c.amends[place], func(amendment int) bool {
		correction, ok := c.kept[amendment].Fact.(*domain.EntryCorrected)
		return ok && correction.Replacement.Fact != nil && source(correction.Replacement.Fact, org)
	})
}

// source reports whether a fact is about an organisation, or takes holdings from it.
func source(fact domain.Fact, org domain.Ref) bool {
	id := domain.OrganisationID(org.ID)
	switch fact := fact.(type) {
	case *domain.OrganisationMerged:
		return slices.Contains(fact.Organisations, id)
	case *domain.OrganisationSplit:
		return fact.Organisation == id
	case *domain.OrganisationDissolved:
		return fact.Organisation == id
	case *domain.HoldingsTransferred:
		return fact.From == id
	}
	return domain.About(fact) == org
}

// successors calls fn with the organisations that a succession or bulk transfer leads to.
func successors(e *domain.Entry, fn func(domain.Ref)) {
	switch fact := e.Fact.(type) {
	case *domain.OrganisationMerged:
		fn(fact.Into.Ref())
	case *domain.OrganisationSplit:
		for _, into := range fact.Into {
			fn(into.Ref())
		}
	case *domain.OrganisationDissolved:
		fn(fact.Successor.Ref())
	case *domain.HoldingsTransferred:
		fn(fact.To.Ref())
	}
}
