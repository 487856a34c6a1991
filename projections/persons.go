package projections

import (
	"cmp"
	"slices"
	"time"

	"github.com/orgledger/orgledger/domain"
)

// person is what the index keeps of one: nothing that can be read without the key.
type person struct {
	commitment [32]byte
	box        string
	forgotten  uint32 // sequence of the first entry that says so; 0: none
	reason     string
}

// personOf is what tells persons apart: an id, or in logs of format 1 the name.
func personOf(p *domain.Person) string {
	if p.ID != "" {
		return string(p.ID)
	}
	return p.Name
}

// persons takes who is named, and who is forgotten.
func (x *Index) persons(f domain.Fact, from uint32) {
	if forgotten, ok := f.(*domain.PersonForgotten); ok {
		x.forget(forgotten, from)
		return
	}
	if !domain.NamesPerson(f) {
		return
	}
	domain.EachPerson(f, func(p *domain.Person) {
		if p.ID == "" {
			return
		}
		t := x.edit(x.num(p.ID.Ref()))
		t.introduced = min(t.introduced, from)
		if t.rest.person == nil {
			t.rest.more().person = &person{commitment: p.Commitment, box: p.Box}
		}
	})
}

func (x *Index) forget(f *domain.PersonForgotten, seq uint32) {
	r := x.edit(x.num(f.Person.Ref())).rest
	var p person
	if r.person != nil {
		p = *r.person
	}
	if p.forgotten == 0 {
		p.forgotten, p.reason = seq, f.Reason
		x.next.gone = append(x.next.gone, x.num(f.Person.Ref()))
	}
	r.more().person = &p
}

// EachForgotten calls fn with every person who is forgotten.
func (v *View) EachForgotten(fn func(domain.PersonID)) {
	for _, num := range v.gone {
		fn(domain.PersonID(v.thing(num).id))
	}
}

// Person is a sealed person as the log holds it. Forgetting has no known point: what is gone is gone for every
// question.
type Person struct {
	domain.Person
	ForgottenBy uint64 // sequence of the entry that says so; 0: none up to the view
	Reason      string
}

// Person finds a sealed person; false where no entry of the view names it.
func (v *View) Person(id domain.PersonID) (Person, bool) {
	_, t := v.lookup(id.Ref())
	if t == nil || t.rest.person == nil || t.introduced > v.seq {
		return Person{}, false
	}
	return v.person(t), true
}

func (v *View) person(t *thing) Person {
	p := t.rest.person
	sealed := Person{Person: domain.Person{ID: domain.PersonID(t.id), Commitment: p.commitment, Box: p.box}}
	if p.forgotten != 0 && p.forgotten <= v.seq {
		sealed.ForgottenBy, sealed.Reason, sealed.Forgotten = uint64(p.forgotten), p.reason, true
	}
	return sealed
}

// EachPerson calls fn with every person in the log: the sealed ones, and the names that stand in entries of
// format 1, some more than once. It looks at every thing.
func (v *View) EachPerson(fn func(Person)) {
	for num := uint32(1); num <= v.count; num++ {
		t := v.thing(num)
		switch {
		case t.kind == domain.KindPerson && t.rest.person != nil && t.introduced <= v.seq:
			fn(v.person(t))
		case t.kind == domain.KindOffice:
			for i := range t.rest.appointments {
				if a := &t.rest.appointments[i]; !a.sealed && a.from <= v.seq {
					fn(Person{Person: domain.Person{Name: a.person}})
				}
			}
		case t.kind == domain.KindPlan:
			v.plannedPersons(t, fn)
		}
	}
}

func (v *View) plannedPersons(t *thing, fn func(Person)) {
	for i := range t.rest.plan {
		domain.EachPerson(t.rest.plan[i].fact, func(p *domain.Person) {
			if p.ID == "" && t.rest.plan[i].from <= v.seq {
				fn(Person{Person: domain.Person{Name: p.Name}})
			}
		})
	}
}

// Recorded is the time at which an entry of the view was recorded.
func (v *View) Recorded(seq uint64) time.Time {
	i, found := slices.BinarySearchFunc(v.moments, seq, func(m moment, seq uint64) int { return cmp.Compare(uint64(m.seq), seq) })
	if !found {
		i--
	}
	return time.Unix(0, v.moments[i].time).UTC()
}
