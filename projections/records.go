package projections

import (
	"cmp"
	"slices"
	"sort"

	"github.com/orgledger/orgledger/domain"
)

// forever is the sequence at which a record that stands is superseded.
const forever = ^uint32(0)

// stamp places a record on both clocks: the days it may have happened on, its order among the
// records of a day, and the known points at which it is visible.
type stamp struct {
	day      domain.Date // nominal day
	earliest domain.Date // 0: open
	latest   domain.Date
	seq      uint32 // of the original entry, for order and for naming
	ord      uint32 // order within the entry, or of an assumed item within its plan
	from     uint32 // first known point that sees the record
	until    uint32 // first known point that no longer does
	edtf     uint32 // number of the effective date's text, 0 for a plain day, noText for none
	phase    uint8

	unsourced bool // the version cites no source
}

// noText marks a record without an effective date.
const noText = ^uint32(0)

func (s *stamp) visible(known uint32) bool { return s.from <= known && known < s.until }

// doubtful reports whether on some day it is not certain that the record has taken effect.
func (s *stamp) doubtful(on domain.Date) bool { return s.earliest <= on && on < s.latest }

// before orders records as the fold takes them.
func (s *stamp) before(o *stamp) bool { return s.compare(o) < 0 }

func (s *stamp) compare(o *stamp) int {
	if c := cmp.Compare(s.day, o.day); c != 0 {
		return c
	}
	if c := cmp.Compare(s.phase, o.phase); c != 0 {
		return c
	}
	if c := cmp.Compare(s.seq, o.seq); c != 0 {
		return c
	}
	return cmp.Compare(s.ord, o.ord)
}

// role is a capacity in which something is held: of responsibilities, contracts and units alike.
type role uint8

// roleNames are in byte order, so that roles compare as their names do. The first is no role.
var roleNames = [...]string{"", "accountable_to", "approver", "committee_of", "delegate", "hosted_by", "joint",
	"lead", "owner", "part_of", "party", "supplier", "support"}

const (
	noRole       role = 0
	roleLead     role = 7
	roleOwner    role = 8
	roleSupplier role = 11
)

func roleOf[T ~string](name T) role {
	for i, n := range roleNames {
		if n == string(name) {
			return role(i)
		}
	}
	panic("projections: no such role: " + string(name))
}

func (r role) String() string { return roleNames[r] }

// op is what a fact does to its holding.
type op uint8

const (
	opDefine op = iota
	opAward
	opSupplier  // a further grant of the award before it
	opAssign    // to org
	opWithdraw  // from org, in role or in all
	opTransfer  // org to to
	opVary      // lastDay, if any
	opEnd       // of a responsibility or contract
	opEstablish // of an organisation, under org or under none
	opRestore
	opMove  // a unit under org, or under none
	opClose // an organisation ends: its placement is cleared
)

// ownFact is a fact in the record of the holding that it names. Of a unit these are the facts that
// decide its organisation's status too.
type ownFact struct {
	stamp
	lastDay domain.Date // contracts: 0 where not set
	org     uint32
	to      uint32
	op      op
	role    role
	as      role
}

// kindMask is a set of kinds of holding.
type kindMask uint8

const (
	maskResponsibility kindMask = 1 << iota
	maskContract
	maskSupply
	maskUnit
	maskAll = maskResponsibility | maskContract | maskSupply | maskUnit
)

func maskOf(kinds []domain.HoldingKind) kindMask {
	if len(kinds) == 0 {
		return maskAll
	}
	var m kindMask
	for _, k := range kinds {
		switch k {
		case domain.HoldingResponsibility:
			m |= maskResponsibility
		case domain.HoldingContract:
			m |= maskContract
		case domain.HoldingSupply:
			m |= maskSupply
		case domain.HoldingUnit:
			m |= maskUnit
		}
	}
	return m
}

// how a bulk record takes from an organisation.
type how uint8

const (
	howTransferred how = iota
	howMerged
	howSplit
	howDissolved
)

var howNames = [...]string{"transferred", "merged", "split", "dissolved"}

func (h how) String() string { return howNames[h] }

// bulk is a fact in the record of the organisation that it takes from: a bulk transfer or a
// continuing split (phase 5), or an ending (phase 6).
type bulk struct {
	stamp
	to    uint32 // the successor of what is not allocated; 0: none
	how   how
	kinds kindMask
	scope *scope // nil: no exceptions, no allocations
}

// scope is the part of a bulk record that few have.
type scope struct {
	except   []uint32 // sorted
	allocate []allocation
	into     []uint32 // of a split, as recorded
}

type allocation struct{ holding, to uint32 }

// ends reports whether the record ends the organisation.
func (b *bulk) ends() bool { return b.phase == domain.PhaseEnding }

// successors are the organisations that the record names as receiving, in the order recorded.
func (b *bulk) successors() []uint32 {
	switch {
	case b.how == howSplit:
		return b.scope.into
	case b.to != 0:
		return []uint32{b.to}
	default:
		return nil
	}
}

// target is where the record takes an entry of the holding, and whether it takes it anywhere.
func (b *bulk) target(holding uint32, kind kindMask) (uint32, bool) {
	if b.scope != nil {
		if _, found := slices.BinarySearch(b.scope.except, holding); found {
			return 0, false
		}
		for _, a := range b.scope.allocate {
			if a.holding == holding {
				return a.to, true
			}
		}
	}
	if b.kinds&kind == 0 || b.to == 0 {
		return 0, false
	}
	return b.to, true
}

// attribute is a fact about an organisation's names, form and identifiers.
type attribute struct {
	stamp
	name      string // of a renaming or establishment
	operating bool
	form      string
	gained    []domain.Identifier
	lost      []domain.Identifier
}

// appointment is a fact in the record of an office.
type appointment struct {
	stamp
	title  string
	person string // of a sealed one the id
	sealed bool
	org    uint32
	acting bool
	made   bool // else ended
}

// planFact is a fact in the record of a plan.
type planFact struct {
	stamp
	fact domain.Fact
}

// fulfilment is a fact that fulfils a plan or an item of it.
type fulfilment struct {
	stamp
	item string
}

// insert puts a record where it belongs among those sorted by the fold's order. The slice may be
// shared with readers, who never look past their own length: appending is safe, anything else
// copies.
func insert[T any](records []T, r T, at func(*T) *stamp) []T {
	n := len(records)
	records = append(records, r) // where readers do not look
	last := at(&records[n])
	if n == 0 || !last.before(at(&records[n-1])) {
		return records
	}
	i := sort.Search(n, func(i int) bool { return last.before(at(&records[i])) })
	out := make([]T, 0, n+n/4+1)
	out = append(out, records[:i]...)
	out = append(out, records[n])
	return append(out, records[i:n]...)
}

// supersede gives the records with those of entry seq that stand made invisible from known on. Where
// there are any, it copies.
func supersede[T any](records []T, seq, known uint32, at func(*T) *stamp) []T {
	var out []T
	for i := range records {
		if s := at(&records[i]); s.seq == seq && s.until == forever {
			if out == nil {
				out = slices.Clone(records)
			}
			at(&out[i]).until = known
		}
	}
	if out == nil {
		return records
	}
	return out
}

func (f *ownFact) at() *stamp     { return &f.stamp }
func (b *bulk) at() *stamp        { return &b.stamp }
func (a *attribute) at() *stamp   { return &a.stamp }
func (a *appointment) at() *stamp { return &a.stamp }
func (p *planFact) at() *stamp    { return &p.stamp }
func (f *fulfilment) at() *stamp  { return &f.stamp }
