package verify

import (
	"hash/fnv"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
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
	j.places, j.about = make(map[uuid.UUID]int), make(map[domain.Ref][]int)
}

// keep feeds the judge.
func (v *reading) keep(c eventstore.Commit) error {
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
	j.bearsOn(place, func(ref domain.Ref) { j.name(ref, place) })
}

// bearsOn calls fn with what an entry refers to and, of a correction or retraction, with what the entry refers to
// that it names.
func (j *judge) bearsOn(place int, fn func(domain.Ref)) {
	e := &j.kept[place]
	if target, ok := j.target(e.Fact); ok {
		original := &j.kept[target]
		// A replacement shows what it refers to once it is read for the type of the entry. That it cannot be
		// is for the index to find.
		if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
			_ = correction.Resolve(original.Fact.Type())
		}
		original.References(fn)
	}
	e.References(fn)
}

func (j *judge) name(ref domain.Ref, place int) {
	if at := j.about[ref]; len(at) == 0 || at[len(at)-1] != place {
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

// middle is the nominal day of the entry in the middle of those that have one; 0 where there is none.
func (j *judge) middle() domain.Date {
	if days := j.days(); len(days) > 0 {
		return days[len(days)/2]
	}
	return 0
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
// that its entries name, or that these lead to by successions and bulk transfers, what happened to it.
func (j *judge) slice(thing domain.Ref) []int {
	taken := make(map[int]bool)
	if j.full {
		for place := range j.kept {
			taken[place] = true
		}
		return slices.Sorted(maps.Keys(taken))
	}
	var queue []domain.OrganisationID
	queued := make(map[domain.OrganisationID]bool)
	enqueue := func(ref domain.Ref) {
		if id := domain.OrganisationID(ref.ID); ref.Kind == domain.KindOrganisation && !queued[id] {
			queued[id] = true
			queue = append(queue, id)
		}
	}
	for _, place := range j.about[thing] {
		taken[place] = true
		j.bearsOn(place, enqueue)
	}
	enqueue(thing)
	for len(queue) > 0 {
		org := queue[0]
		queue = queue[1:]
		for _, place := range j.about[org.Ref()] {
			if !taken[place] && j.befalls(place, org) {
				taken[place] = true
				j.bearsOn(place, enqueue)
			}
		}
	}
	return j.closed(taken)
}

// befalls reports whether an entry happens to an organisation itself, rather than to one of its holdings.
func (j *judge) befalls(place int, org domain.OrganisationID) bool {
	fact := j.kept[place].Fact
	if target, ok := j.target(fact); ok {
		fact = j.kept[target].Fact
	}
	if about := domain.About(fact); about.Kind != domain.KindNone {
		return about == org.Ref()
	}
	return true // a bulk transfer or an ending
}

// closed adds the entries that corrections among the taken name, and the corrections of what is taken.
func (j *judge) closed(taken map[int]bool) []int {
	for i := range j.kept {
		if target, ok := j.target(j.kept[i].Fact); ok && (taken[target] || taken[i]) {
			taken[target], taken[i] = true, true
		}
	}
	return slices.Sorted(maps.Keys(taken))
}
