package projections

import "github.com/orgledger/orgledger/domain"

// The rooms make place for the few own facts that most holdings have, and for the rest, beside the thing itself, in one
// piece that begins and ends with a line of memory.
type (
	organisationRoom struct {
		thing
		org   organisation
		facts [2]ownFact
		room  rest
		_     [384 - 64 - 128 - 2*52 - 56]byte
	}
	holdingRoom struct {
		thing
		facts [3]ownFact
		room  rest
		_     [320 - 64 - 3*52 - 4 - 56]byte
	}
	otherRoom struct {
		thing
		room rest
		_    [128 - 64 - 56]byte
	}
)

// newThing makes room for a thing.
func newThing(ref domain.Ref) *thing {
	switch ref.Kind {
	case domain.KindOrganisation:
		return new(organisationRoom).begin(ref)
	case domain.KindResponsibility, domain.KindContract:
		return new(holdingRoom).begin(ref)
	default:
		return new(otherRoom).begin(ref)
	}
}

func (r *organisationRoom) begin(ref domain.Ref) *thing {
	r.thing = thing{id: ref.ID, kind: ref.Kind, introduced: forever, own: r.facts[:0], organisation: &r.org, rest: &r.room}
	r.room.few = nothing
	return &r.thing
}

func (r *holdingRoom) begin(ref domain.Ref) *thing {
	r.thing = thing{id: ref.ID, kind: ref.Kind, introduced: forever, own: r.facts[:0], rest: &r.room}
	r.room.few = nothing
	return &r.thing
}

func (r *otherRoom) begin(ref domain.Ref) *thing {
	r.thing = thing{id: ref.ID, kind: ref.Kind, introduced: forever, rest: &r.room}
	r.room.few = nothing
	return &r.thing
}

// keep holds a thing until it is published.
func (x *Index) keep(num uint32, t *thing) {
	if x.loading {
		x.next.pages[num/pageSize][num%pageSize].Store(t)
		return
	}
	x.draft[num] = t
}

// edit is the thing as the batch being applied changes it.
func (x *Index) edit(num uint32) *thing {
	if x.loading {
		for i := range x.recent { // it is at hand there
			if x.recent[i].num == num {
				return x.recent[i].thing
			}
		}
		return x.next.thing(num)
	}
	if t, ok := x.draft[num]; ok {
		return t
	}
	t := *x.next.thing(num)
	r := *t.rest
	if r.few != nothing {
		f := *r.few
		r.few = &f
	}
	t.rest = &r
	if t.organisation != nil {
		o := *t.organisation
		t.organisation = &o
	}
	x.draft[num] = &t
	return &t
}

// supersede ends, from a sequence on, the version of an entry that stands.
func (x *Index) supersede(target, seq uint32) {
	for _, num := range x.concerns(target) {
		t := x.edit(num)
		t.own = supersede(t.own, target, seq, (*ownFact).at)
		if r := t.rest; r.few != nothing {
			r.appointments = supersede(r.appointments, target, seq, (*appointment).at)
			r.plan = supersede(r.plan, target, seq, (*planFact).at)
			r.fulfilments = supersede(r.fulfilments, target, seq, (*fulfilment).at)
		}
		if o := t.organisation; o != nil {
			o.bulk = supersede(o.bulk, target, seq, (*bulk).at)
			o.attributes = supersede(o.attributes, target, seq, (*attribute).at)
		}
	}
}
