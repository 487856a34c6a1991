package projections

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// Standing is what is answered about a holding on a day, and about an organisation as well as about the unit that it is.
type Standing struct {
	Status       string          `json:"status"`
	Holders      []Share         `json:"holders"` // by organisation and role; of a unit, its parent
	Certainty    string          `json:"certainty"`
	Organisation *OrganisationIs `json:"organisation,omitempty"` // of an organisation alone
}

// OrganisationIs is the answer about an organisation, without what names the question.
type OrganisationIs struct {
	Status        string     `json:"status"`
	Name          *string    `json:"name"`
	OperatingName *string    `json:"operating_name"`
	Form          *string    `json:"form"`
	Parent        *Placement `json:"parent"`
	Identifiers   []Code     `json:"identifiers"`
	Established   *string    `json:"established"`
	Ended         *Ending    `json:"ended"`
	Certainty     string     `json:"certainty"`
}

// Stretch is a stretch of days, From included and To not (zero: open), on all of which one answer gave way to another.
type Stretch struct {
	From, To domain.Date
	Before   *Standing // nil: there was no answer, for nothing had introduced the reference
	After    *Standing // nil: there is none
}

// Effect is what an entry did to the answers about one reference.
type Effect struct {
	Ref       domain.Ref
	Stretches []Stretch // rising; each as long as it can be
}

// Concerns lists, by their bytes, the references that an entry concerns: those it names, and of a correction or retraction
// those that the corrected entry named in any version.
func (v *View) Concerns(seq uint64) []domain.Ref {
	var refs []domain.Ref
	for _, num := range v.concerned(seq) {
		refs = append(refs, v.thing(num).ref())
	}
	slices.SortFunc(refs, CompareRefs)
	return refs
}

// CompareRefs orders references by the bytes of their text.
func CompareRefs(a, b domain.Ref) int {
	return cmp.Or(cmp.Compare(a.Kind.String(), b.Kind.String()), cmp.Compare(a.ID, b.ID))
}

// concerned is the numbers of what an entry concerns.
func (v *View) concerned(seq uint64) []uint32 {
	end := uint32(len(v.touched))
	if seq+1 < uint64(len(v.entries)) {
		end = v.entries[seq+1].first
	}
	return v.touched[v.entries[seq].first:end]
}

// Effects calls fn with every holding and organisation, from a reference on (the zero Ref: all) and by their bytes, about which some
// answer as known at an entry is another than as known just before. Plans change nothing, for an assumed
// one is no fact. Its cost is that of resolving, twice, everything that ever came to the organisations from which the
// entry takes in bulk; its memory a number for each of those.
func (v *View) Effects(ctx context.Context, seq uint64, from domain.Ref, fn func(Effect) error) error {
	var nums []uint32
	for _, num := range v.concerned(seq) {
		nums = v.affected(nums, num, uint32(seq))
	}
	r := resolver{view: v}
	return v.inOrder(ctx, nums, from, func(num uint32) error {
		if e := r.effect(num, uint32(seq)); len(e.Stretches) > 0 {
			return fn(e)
		}
		return nil
	})
}

// inOrder calls fn with each number once, by the bytes of its reference, from one reference on.
func (v *View) inOrder(ctx context.Context, nums []uint32, from domain.Ref, fn func(num uint32) error) error {
	slices.Sort(nums)
	nums = slices.DeleteFunc(slices.Compact(nums), func(num uint32) bool { return CompareRefs(v.thing(num).ref(), from) < 0 })
	slices.SortFunc(nums, func(a, b uint32) int { return CompareRefs(v.thing(a).ref(), v.thing(b).ref()) })
	for i, num := range nums {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := fn(num); err != nil {
			return err
		}
	}
	return nil
}

// affected adds what a change, at a known point, of the records of one thing can have changed.
func (v *View) affected(nums []uint32, num, seq uint32) []uint32 {
	turned := func(s *stamp) bool { return s.from == seq || s.until == seq }
	t := v.thing(num)
	own := slices.ContainsFunc(t.own, func(f ownFact) bool { return turned(&f.stamp) })
	if t.organisation != nil {
		own = own || slices.ContainsFunc(t.organisation.attributes, func(a attribute) bool { return turned(&a.stamp) })
		nums = v.taken(nums, num, []uint32{seq - 1, seq}, turned)
	}
	if own {
		nums = append(nums, num)
	}
	return nums
}

// taken adds what may be with an organisation when those of its bulk records that are chosen take from it, or may do.
func (v *View) taken(nums []uint32, org uint32, known []uint32, choose func(*stamp) bool) []uint32 {
	var until domain.Date
	records := v.thing(org).organisation.bulk
	for i := range records {
		if b := &records[i]; choose(&b.stamp) {
			until = max(until, b.day, b.latest)
		}
	}
	if until == 0 {
		return nums
	}
	for _, k := range known {
		nums = append(nums, v.candidates(org, Point{On: until, Known: uint64(k)}, nil)...)
	}
	return nums
}

// resolver finds out how answers differ. It belongs to one goroutine, and keeps its memory.
type resolver struct {
	view          *View
	before, after course
	days          []domain.Date
}

// effect compares the answers about one thing just before an entry with those at it.
func (r *resolver) effect(num, seq uint32) Effect {
	ref := r.view.thing(num).ref()
	r.before.resolve(r.view, num, seq-1)
	r.after.resolve(r.view, num, seq)
	if ref.Kind != domain.KindOrganisation && r.before.equal(&r.after) {
		return Effect{Ref: ref}
	}
	r.days = append(r.days[:0], domain.FirstDate)
	r.before.turns(&r.days)
	r.after.turns(&r.days)
	slices.Sort(r.days)
	effect := Effect{Ref: ref}
	for _, day := range slices.Compact(r.days) {
		effect.add(day, r.before.standing(day), r.after.standing(day))
	}
	return effect
}

// add takes the answers from a day on.
func (e *Effect) add(day domain.Date, before, after *Standing) {
	if n := len(e.Stretches); n > 0 && e.Stretches[n-1].To == 0 {
		last := &e.Stretches[n-1]
		if reflect.DeepEqual(last.Before, before) && reflect.DeepEqual(last.After, after) {
			return
		}
		last.To = day
	}
	if !reflect.DeepEqual(before, after) {
		e.Stretches = append(e.Stretches, Stretch{From: day, Before: before, After: after})
	}
}

// String is for tests that fail.
func (s *Standing) String() string {
	if s == nil {
		return "none"
	}
	return fmt.Sprintf("%s %v %s %+v", s.Status, s.Holders, s.Certainty, s.Organisation)
}
