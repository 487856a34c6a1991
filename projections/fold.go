package projections

import (
	"cmp"
	"slices"
	"sync"

	"github.com/orgledger/orgledger/domain"
)

// entry is one line of a holding: who has it, in which role, and by which facts.
type entry struct {
	org  uint32
	role role
	path int32 // node of the last fact of the path
	next *bulk // the next bulk record that takes it; nil: none
}

// node is one fact of a path; the nodes of a fold share their beginnings.
type node struct {
	prev int32 // -1: the granting fact
	at   *stamp
}

// fold resolves one holding: its own visible facts in order, and between two of them each entry
// following the bulk records of the organisation it sits with (semantics.md §3). Its cost is the own
// facts times the length of the succession chains. A fold belongs to one goroutine; it is reused
// through foldPool.
type fold struct {
	view    *View
	assumed *overlay // nil: nothing
	known   uint32
	holding uint32
	kind    domain.Kind

	facts   []*ownFact // visible and dated up to the day of the question, in order
	entries []entry
	nodes   []node
	movers  []*stamp // bulk records that moved or removed an entry

	visibleIntro bool // the introduction is visible, whatever its day
	introduced   bool // the introduction has been applied
	granted      bool
	ended        bool
	active       bool        // of a unit: its organisation is
	expiry       stamp       // of a contract, the day after its last day; day 0: open
	until        domain.Date // the last day folded

	everHeld bool   // somebody has held it; of a contract, owned it
	lostBy   uint32 // sequence of the fact that last left it without; kept only with raise
	orphaned uint32 // highest sequence of the endings of the day that orphaned such an entry

	// raise, if set, is told every finding about the holding; left, every entry that was orphaned.
	raise func(code string, seq uint32, org uint32)
	left  func(e *entry)
	// dayDone, if set, is called after the last event of each day on which something happened.
	dayDone func(day domain.Date)
	// arrived, if set, is told every organisation to which an entry comes, on its way too.
	arrived func(org uint32)
}

var foldPool = sync.Pool{New: func() any { return new(fold) }}

// newFold takes a fold from the pool. The caller gives it back with release, after which nothing of
// it may be used.
func (v *View) newFold(holding uint32, known uint32, assumed *overlay) *fold {
	f := foldPool.Get().(*fold)
	*f = fold{view: v, assumed: assumed, known: known, holding: holding, kind: v.thing(holding).kind,
		facts: f.facts[:0], entries: f.entries[:0], nodes: f.nodes[:0], movers: f.movers[:0]}
	return f
}

func (f *fold) release() {
	f.view, f.assumed, f.raise, f.left, f.dayDone, f.arrived = nil, nil, nil, nil, nil, nil
	foldPool.Put(f)
}

// run folds everything that takes effect up to and including a day.
func (f *fold) run(until domain.Date) {
	f.until = until
	f.gather()
	var day domain.Date
	for i := 0; ; {
		own, taking := f.nextOwn(i), f.nextBulk()
		if own == nil && taking == nil {
			break
		}
		ownFirst := own != nil && (taking == nil || own.day < taking.day || own.day == taking.day && own.phase <= taking.phase)
		at := taking
		if ownFirst {
			at = own
		}
		if at.day != day {
			f.endDay(day)
			day = at.day
		}
		held, by := f.raise != nil && f.held(), at.seq
		switch {
		case !ownFirst && taking.phase == domain.PhaseEnding:
			f.orphaned = 0
			f.carry(day)
			by = f.orphaned
		case !ownFirst:
			f.transferBulk(taking)
		case own == f.expires():
			f.expire()
		default:
			f.apply(f.facts[i])
			i++
		}
		if held && !f.held() {
			f.lostBy = by
		}
	}
	f.endDay(day)
}

func (f *fold) endDay(day domain.Date) {
	if f.dayDone != nil && day != 0 {
		f.dayDone(day)
	}
}

// gather lists the visible facts up to a day in the order of the fold.
func (f *fold) gather() {
	own := f.view.own(f.holding, f.assumed)
	for i := range own {
		fact := &own[i]
		if !fact.visible(f.known) {
			continue
		}
		if fact.op == opDefine || fact.op == opAward || fact.op == opEstablish {
			f.visibleIntro = true
		}
		if fact.day <= f.until {
			f.facts = append(f.facts, fact)
		}
	}
	if f.kind == domain.KindContract {
		f.afterAward()
	}
}

// afterAward puts a contract's variations and ending of the award's own day directly after the
// award, in sequence order.
func (f *fold) afterAward() {
	award := slices.IndexFunc(f.facts, func(o *ownFact) bool { return o.op == opAward })
	if award < 0 {
		return
	}
	first := award
	for first > 0 && f.facts[first-1].day == f.facts[award].day {
		first--
	}
	if first == award {
		return
	}
	end := award + 1
	for end < len(f.facts) && f.facts[end].op == opSupplier && f.facts[end].seq == f.facts[award].seq {
		end++
	}
	moved := slices.Clone(f.facts[first:award])
	slices.SortStableFunc(moved, func(a, b *ownFact) int {
		return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.ord, b.ord))
	})
	copy(f.facts[first:], f.facts[award:end])
	copy(f.facts[end-len(moved):], moved)
}

// nextOwn is the next own fact or the contract's expiry, whichever comes first.
func (f *fold) nextOwn(i int) *stamp {
	expiry := f.expires()
	if i == len(f.facts) {
		return expiry
	}
	own := &f.facts[i].stamp
	if expiry != nil && expiry.before(own) {
		return expiry
	}
	return own
}

// expires is the contract's expiry, nil where none is ahead.
func (f *fold) expires() *stamp {
	if f.expiry.day == 0 || f.ended || f.expiry.day > f.until {
		return nil
	}
	return &f.expiry
}
