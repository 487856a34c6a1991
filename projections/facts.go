package projections

import (
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// apply does what one own fact does to the holding.
func (f *fold) apply(o *ownFact) {
	switch o.op {
	case opDefine:
		f.introduced = true
	case opEstablish:
		f.introduced = true
		if f.ended { // a plan may assume it of one that has been there
			f.found(CodeNotInEffect, &o.stamp)
			return
		}
		f.active = true
		if o.org != 0 {
			f.place(o)
		}
	case opRestore:
		if f.ended {
			f.ended, f.active = false, true
		}
	case opMove:
		f.move(o)
	case opClose:
		f.close()
	case opAward, opSupplier:
		f.award(o)
	case opVary:
		f.vary(o)
	case opAssign:
		if f.inEffect(o) {
			f.grant(o.org, o.role, &o.stamp)
		}
	case opWithdraw:
		if f.inEffect(o) {
			f.withdraw(o)
		}
	case opTransfer:
		if f.inEffect(o) {
			f.transfer(o)
		}
	case opEnd:
		if f.inEffect(o) && f.introduced {
			f.end()
		}
	}
}

// found raises a finding about the holding itself.
func (f *fold) found(code string, at *stamp) {
	if f.raise != nil {
		f.raise(code, at.seq, f.holding)
	}
}

// inEffect reports whether the holding can still change, and raises what is odd about a fact before
// its introduction or after its end.
func (f *fold) inEffect(o *ownFact) bool {
	if f.ended || !f.introduced {
		f.found(CodeNotInEffect, &o.stamp)
	}
	return !f.ended
}

// receives raises what is odd about giving the holding to an organisation.
func (f *fold) receives(org uint32, at *stamp) {
	if f.raise != nil && !f.view.statusBefore(org, f.known, at).active {
		f.found(CodeInactiveHolder, at)
	}
}

func (f *fold) find(org uint32, r role) int {
	return slices.IndexFunc(f.entries, func(e entry) bool { return e.org == org && e.role == r })
}

// grant adds an entry, unless the organisation has one in that role.
func (f *fold) grant(org uint32, r role, at *stamp) {
	f.receives(org, at)
	if f.find(org, r) >= 0 {
		f.found(CodeAlreadyHolder, at)
		return
	}
	f.add(org, r, at)
}

func (f *fold) add(org uint32, r role, at *stamp) {
	f.granted = true
	f.everHeld = f.everHeld || f.kind != domain.KindContract || r == roleOwner
	if f.arrived != nil {
		f.arrived(org)
	}
	f.nodes = append(f.nodes, node{-1, at})
	f.entries = append(f.entries, entry{org: org, role: r, path: int32(len(f.nodes) - 1), next: f.nextTaking(org, r, at)})
}

// advance lets an entry arrive at an organisation by one more fact.
func (f *fold) advance(e *entry, org uint32, at *stamp) {
	if f.arrived != nil {
		f.arrived(org)
	}
	f.nodes = append(f.nodes, node{e.path, at})
	e.org, e.path = org, int32(len(f.nodes)-1)
}

func (f *fold) withdraw(o *ownFact) {
	before := len(f.entries)
	f.entries = slices.DeleteFunc(f.entries, func(e entry) bool {
		return e.org == o.org && (o.role == noRole || e.role == o.role)
	})
	if len(f.entries) == before {
		f.found(CodeNotHolder, &o.stamp)
	}
}

// transfer takes the entries of one organisation to another, in the order of their roles. Where
// there is none, the receiving one gets an entry all the same.
func (f *fold) transfer(o *ownFact) {
	f.receives(o.to, &o.stamp)
	var taken []entry
	f.entries = slices.DeleteFunc(f.entries, func(e entry) bool {
		take := e.org == o.org && (o.role == noRole || e.role == o.role)
		if take {
			taken = append(taken, e)
		}
		return take
	})
	slices.SortFunc(taken, func(a, b entry) int { return int(a.role) - int(b.role) })
	for _, e := range taken {
		if o.as != noRole {
			e.role = o.as
		}
		if f.find(o.to, e.role) < 0 {
			f.advance(&e, o.to, &o.stamp)
			e.next = f.nextTaking(e.org, e.role, &o.stamp)
			f.entries = append(f.entries, e)
		}
	}
	if len(taken) > 0 {
		return
	}
	f.found(CodeNotHolder, &o.stamp)
	r := o.as
	if r == noRole {
		r = o.role
	}
	if r == noRole {
		r = roleLead
	}
	if f.find(o.to, r) < 0 {
		f.add(o.to, r, &o.stamp)
	}
}

func (f *fold) end() {
	f.entries, f.ended = f.entries[:0], true
}

// expire ends the contract on its day. Before the award it changes nothing, and is over.
func (f *fold) expire() {
	f.expiry = stamp{}
	if f.introduced {
		f.end()
	}
}

// award grants a contract to its owner and its suppliers. Its own last day counts before one that a
// variation dated earlier gave; one that is past already, as an assumed one may be, ends the contract
// at once.
func (f *fold) award(o *ownFact) {
	if o.op == opAward {
		f.introduced = true
	}
	if f.ended {
		return
	}
	f.grant(o.org, o.role, &o.stamp)
	if o.op == opAward {
		f.setExpiry(o)
	}
	if f.lastGrant(o) {
		f.expireIfPast(o)
	}
}

// lastGrant reports whether no supplier of the award is still to come.
func (f *fold) lastGrant(o *ownFact) bool {
	i := slices.Index(f.facts, o)
	return i+1 >= len(f.facts) || f.facts[i+1].op != opSupplier || f.facts[i+1].seq != o.seq
}

func (f *fold) vary(o *ownFact) {
	if !f.inEffect(o) {
		return
	}
	f.setExpiry(o)
	if f.introduced {
		f.expireIfPast(o)
	}
}

func (f *fold) setExpiry(o *ownFact) {
	if o.lastDay != 0 {
		f.expiry = stamp{day: o.lastDay + 1, seq: o.seq, ord: o.ord, phase: domain.PhaseExpiry}
	}
}

func (f *fold) expireIfPast(o *ownFact) {
	if f.expiry.day != 0 && f.expiry.day <= o.day {
		f.end()
	}
}

// place puts a unit under the parent that it was established with, in place of any that a move
// dated earlier had given it.
func (f *fold) place(o *ownFact) {
	f.receives(o.org, &o.stamp)
	f.granted = true
	if f.find(o.org, o.role) >= 0 {
		f.found(CodeAlreadyHolder, &o.stamp)
		return
	}
	f.entries = f.entries[:0]
	f.add(o.org, o.role, &o.stamp)
}

// move puts a unit under another parent, the same or none. What is odd about the organisation is
// found with its status.
func (f *fold) move(o *ownFact) {
	if f.ended {
		return
	}
	f.granted = true
	f.entries = f.entries[:0]
	if o.org != 0 {
		f.receives(o.org, &o.stamp)
		f.add(o.org, o.role, &o.stamp)
	}
}

// close clears the placement of an organisation that ends.
func (f *fold) close() {
	f.entries = f.entries[:0]
	if f.active {
		f.active, f.ended = false, true
	}
}
