package projections

import (
	"cmp"
	"slices"
	"sort"

	"github.com/orgledger/orgledger/domain"
)

// kindOf is the kind of holding that an entry counts as for bulk records.
func (f *fold) kindOf(r role) kindMask {
	switch {
	case f.kind == domain.KindResponsibility:
		return maskResponsibility
	case f.kind == domain.KindOrganisation:
		return maskUnit
	case r == roleOwner:
		return maskContract
	default:
		return maskSupply
	}
}

// nextBulk is the earliest bulk record that takes an entry of the holding, nil where none does.
func (f *fold) nextBulk() *stamp {
	var first *stamp
	for i := range f.entries {
		if next := f.entries[i].next; next != nil && next.day <= f.until && (first == nil || next.stamp.before(first)) {
			first = &next.stamp
		}
	}
	return first
}

// nextTaking finds the first visible bulk record after a point that takes an entry: any ending of
// the organisation, or a transfer whose kinds, exceptions and allocations cover it.
func (f *fold) nextTaking(org uint32, r role, after *stamp) *bulk {
	records := f.view.bulk(org, f.assumed)
	for i := firstAfter(records, after); i < len(records); i++ {
		b := &records[i]
		if b.day > f.until {
			return nil
		}
		if !b.visible(f.known) {
			continue
		}
		if b.ends() {
			return b
		}
		if _, takes := b.target(f.holding, f.kindOf(r)); takes {
			return b
		}
	}
	return nil
}

func firstAfter(records []bulk, after *stamp) int {
	return sort.Search(len(records), func(i int) bool { return after.before(&records[i].stamp) })
}

// transferBulk moves the entries that a bulk transfer or a continuing split takes.
func (f *fold) transferBulk(at *stamp) {
	f.movers = append(f.movers, at)
	for i := 0; i < len(f.entries); {
		e := f.entries[i]
		if e.next == nil || &e.next.stamp != at {
			i++
			continue
		}
		to, _ := e.next.target(f.holding, f.kindOf(e.role))
		if to == f.holding || f.find(to, e.role) >= 0 { // its own parent, or held there already
			f.entries = slices.Delete(f.entries, i, i+1)
			continue
		}
		f.advance(&e, to, at)
		e.next = f.nextTaking(to, e.role, at)
		f.entries[i] = e
		i++
	}
}

// arrival is an entry that successions of one day have carried.
type arrival struct {
	entry
	morning uint32 // the organisation it was with before
	mover   *stamp // the first record that moved it
}

// carry takes every entry whose organisation ends on a day along its chain of successors, all at
// once.
func (f *fold) carry(day domain.Date) {
	var arrived []arrival
	f.entries = slices.DeleteFunc(f.entries, func(e entry) bool {
		if e.next == nil || !e.next.ends() || e.next.day != day {
			return false
		}
		a := arrival{entry: e, morning: e.org, mover: &e.next.stamp}
		if f.follow(&a, day) {
			arrived = append(arrived, a)
		}
		return true
	})
	slices.SortFunc(arrived, func(a, b arrival) int {
		return cmp.Or(a.mover.compare(b.mover), cmp.Compare(f.granting(a.path), f.granting(b.path)),
			cmp.Compare(f.view.thing(a.morning).id, f.view.thing(b.morning).id), cmp.Compare(a.role, b.role))
	})
	dayOver := stamp{day: day, phase: domain.PhaseEnding, seq: forever, ord: forever}
	for _, a := range arrived {
		if f.find(a.org, a.role) < 0 {
			a.next = f.nextTaking(a.org, a.role, &dayOver)
			f.entries = append(f.entries, a.entry)
		}
	}
}

// follow carries one entry along the endings of a day until it rests, and reports whether it does:
// an entry without successor is orphaned, a unit never becomes its own parent.
func (f *fold) follow(a *arrival, day domain.Date) bool {
	been := append(make([]uint32, 0, 8), a.org)
	kind := f.kindOf(a.role)
	for ending := a.next; ending != nil; ending = f.endingOn(a.org, day) {
		f.movers = append(f.movers, &ending.stamp)
		to, moves := ending.target(f.holding, kind)
		if !moves {
			f.found(CodeOrphaned, &ending.stamp)
			if kind != maskSupply {
				f.orphaned = max(f.orphaned, ending.seq)
			}
			if f.left != nil {
				f.left(&a.entry)
			}
			return false
		}
		if to == f.holding {
			return false
		}
		f.advance(&a.entry, to, &ending.stamp)
		if slices.Contains(been, to) {
			f.found(CodeSuccessionCycle, &ending.stamp)
			break
		}
		been = append(been, to)
	}
	return true
}

// endingOn is the ending that an organisation follows on a day: the one of the lowest sequence.
func (f *fold) endingOn(org uint32, day domain.Date) *bulk {
	records := f.view.bulk(org, f.assumed)
	for i := firstAfter(records, &stamp{day: day, phase: domain.PhaseEnding}); i < len(records) && records[i].day == day; i++ {
		if records[i].visible(f.known) {
			return &records[i]
		}
	}
	return nil
}

// granting is the sequence of the first fact of a path.
func (f *fold) granting(path int32) uint32 {
	for f.nodes[path].prev >= 0 {
		path = f.nodes[path].prev
	}
	return f.nodes[path].at.seq
}
