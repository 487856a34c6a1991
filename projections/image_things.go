package projections

import (
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// pagePen writes the things of a page: numbers, ids and other texts apart, so that each can be read in one piece.
type pagePen struct {
	pen
	seq              uint32 // what came after it is left out
	ids, texts       pen
	mentions, titles int
}

// What a thing has, beside its kind, introduction, id, mentions and own facts.
const (
	hasTitles = 1 << iota
	hasAppointments
	hasPlan
	hasFulfilments
	hasPerson
)

// page writes a page of things.
func (w *pagePen) page(p *pen, v *View, number int) {
	w.out, w.ids.out, w.texts.out, w.mentions, w.titles = w.out[:0], w.ids.out[:0], w.texts.out[:0], 0, 0
	first, last := max(1, uint32(number*pageSize)), min(v.count, uint32((number+1)*pageSize-1))
	kinds := make([]byte, 0, pageSize)
	for num := first; num <= last && first <= v.count; num++ {
		t := v.thing(num)
		kinds = append(kinds, uint8(t.kind))
		w.thing(v, num, t)
	}
	for _, n := range []int{len(kinds), w.mentions, w.titles, len(w.out), len(w.ids.out)} {
		p.number(uint32(n))
	}
	p.bytes(kinds)
	p.bytes(w.out)
	p.bytes(w.ids.out)
	p.bytes(w.texts.out)
}

// word writes a text beside the numbers.
func (w *pagePen) word(text string) {
	w.length(len(text))
	w.texts.out = append(w.texts.out, text...)
}

// thing writes a thing as it was at the sequence. What came after shows in the mentions: whatever changes a thing
// mentions it.
func (w *pagePen) thing(v *View, num uint32, t *thing) {
	r := t.rest
	mentions := r.mentions[:prefix(r.mentions, w.seq)]
	w.length(len(t.id))
	w.ids.out = append(w.ids.out, t.id...)
	if t.introduced <= w.seq {
		w.number(t.introduced)
	} else {
		w.number(forever)
	}
	w.mentions += len(mentions)
	w.numbers(mentions)
	w.own(t.own)
	w.rest(r, t.introduced)
	if t.organisation != nil {
		w.organisation(v, num, t.organisation, len(mentions) < len(r.mentions))
	}
}

// prefix is how many of the rising sequences are at or before one.
func prefix(seqs []uint32, seq uint32) int {
	n := len(seqs)
	for n > 0 && seqs[n-1] > seq {
		n--
	}
	return n
}

func (w *pagePen) own(facts []ownFact) {
	n := 0
	for i := range facts {
		if facts[i].from <= w.seq {
			n++
		}
	}
	w.length(n)
	for i := range facts {
		f := &facts[i]
		if f.from > w.seq {
			continue
		}
		w.stamp(&f.stamp)
		what := uint8(f.op)
		for bit, given := range [...]bool{f.lastDay != 0, f.org != 0, f.to != 0} {
			if given {
				what |= 16 << bit
			}
		}
		w.byte(what)
		w.byte(uint8(f.role) | uint8(f.as)<<4)
		w.given(uint32(f.lastDay))
		w.given(f.org)
		w.given(f.to)
	}
}

// given writes a number that is there, as something before it says, if it is not 0.
func (w *pagePen) given(v uint32) {
	if v != 0 {
		w.number(v)
	}
}

// How a stamp is: what is usual takes one bit.
const (
	stampDay       = 1 << iota // it is of one day
	stampStands                // nothing supersedes it
	stampOriginal              // the entry that is named says it
	stampFirst                 // it is the first of its entry
	stampPlain                 // the text is that of the day
	stampUnsourced             // no source is cited
)

// stamp writes a stamp as it was at the sequence.
func (w *pagePen) stamp(s *stamp) {
	how := uint8(0)
	for bit, so := range [...]bool{s.earliest == s.day && s.latest == s.day, s.until > w.seq, s.from == s.seq, s.ord == 0, s.edtf == 0, s.unsourced} {
		if so {
			how |= 1 << bit
		}
	}
	w.byte(how)
	w.byte(s.phase)
	w.number(s.seq)
	w.number(uint32(s.day))
	if how&stampDay == 0 {
		w.number(uint32(s.earliest))
		w.number(uint32(s.latest))
	}
	if how&stampStands == 0 {
		w.number(s.until)
	}
	if how&stampOriginal == 0 {
		w.number(s.from)
	}
	if how&stampFirst == 0 {
		w.number(s.ord)
	}
	if how&stampPlain == 0 {
		w.number(s.edtf)
	}
}

func (w *pagePen) rest(r *rest, introduced uint32) {
	titles := 0
	for titles < len(r.titles) && r.titles[titles].from <= w.seq {
		titles++
	}
	person := w.known(r.person, introduced)
	has := uint8(0)
	for bit, so := range [...]bool{titles > 0, w.any(len(r.appointments), func(i int) *stamp { return &r.appointments[i].stamp }),
		w.any(len(r.plan), func(i int) *stamp { return &r.plan[i].stamp }),
		w.any(len(r.fulfilments), func(i int) *stamp { return &r.fulfilments[i].stamp }), person != nil} {
		if so {
			has |= 1 << bit
		}
	}
	if w.byte(has); has&hasTitles != 0 {
		w.titles += titles
		w.length(titles)
		for _, t := range r.titles[:titles] {
			w.number(t.from)
			w.word(t.text)
		}
	}
	if has&hasAppointments != 0 {
		writeRecords(w, r.appointments, (*appointment).at, w.appointment)
	}
	if has&hasPlan != 0 {
		writeRecords(w, r.plan, (*planFact).at, func(f *planFact) { w.fact(f.fact) })
	}
	if has&hasFulfilments != 0 {
		writeRecords(w, r.fulfilments, (*fulfilment).at, func(f *fulfilment) { w.word(f.item) })
	}
	if person != nil {
		w.bytes(person.commitment[:])
		w.word(person.box)
		w.number(person.forgotten)
		w.word(person.reason)
	}
}

// any reports whether any of n records was there at the sequence.
func (w *pagePen) any(n int, at func(int) *stamp) bool {
	for i := range n {
		if at(i).from <= w.seq {
			return true
		}
	}
	return false
}

// known is what was known of a person at the sequence.
func (w *pagePen) known(p *person, introduced uint32) *person {
	if p == nil || introduced > w.seq && (p.forgotten == 0 || p.forgotten > w.seq) {
		return nil
	}
	then := *p
	if then.forgotten > w.seq {
		then.forgotten, then.reason = 0, ""
	}
	return &then
}

// writeRecords writes those records of a thing that were there at the sequence.
func writeRecords[T any](w *pagePen, records []T, at func(*T) *stamp, write func(*T)) {
	n := 0
	for i := range records {
		if at(&records[i]).from <= w.seq {
			n++
		}
	}
	w.length(n)
	for i := range records {
		if r := &records[i]; at(r).from <= w.seq {
			w.stamp(at(r))
			write(r)
		}
	}
}

func (w *pagePen) appointment(a *appointment) {
	how := uint8(0)
	for bit, so := range [...]bool{a.sealed, a.acting, a.made} {
		if so {
			how |= 1 << bit
		}
	}
	w.byte(how)
	w.word(a.title)
	w.word(a.person)
	w.number(a.org)
}

// organisation writes what only organisations have. Where it has grown since the sequence, what is not in a record with a known
// point is looked up where it comes from.
func (w *pagePen) organisation(v *View, num uint32, o *organisation, grown bool) {
	writeRecords(w, o.bulk, (*bulk).at, w.bulk)
	writeRecords(w, o.attributes, (*attribute).at, w.attribute)
	received, feeders, offices := o.received, o.feeders, o.offices
	if grown {
		received = w.then(v, received, func(t *thing) bool {
			return slices.ContainsFunc(t.own, func(f ownFact) bool { return f.from <= w.seq && f.receiver() == num })
		})
		feeders = w.then(v, feeders, func(t *thing) bool {
			return slices.ContainsFunc(t.organisation.bulk, func(b bulk) bool { return b.from <= w.seq && slices.Contains(b.receivers(), num) })
		})
		offices = w.then(v, offices, func(t *thing) bool {
			return slices.ContainsFunc(t.rest.appointments, func(a appointment) bool { return a.from <= w.seq && a.made && a.org == num })
		})
	}
	w.numbers(received)
	w.numbers(feeders)
	w.numbers(offices)
}

// then is those of the things that were noted at the sequence.
func (w *pagePen) then(v *View, nums []uint32, noted func(*thing) bool) []uint32 {
	var kept []uint32
	for _, num := range nums {
		if num <= v.count && noted(v.thing(num)) {
			kept = append(kept, num)
		}
	}
	return kept
}

func (w *pagePen) bulk(b *bulk) {
	w.number(b.to)
	w.byte(uint8(b.how))
	if w.byte(uint8(b.kinds)); b.scope == nil {
		w.byte(0)
		return
	}
	w.byte(1)
	w.numbers(b.scope.except)
	w.length(len(b.scope.allocate))
	for _, a := range b.scope.allocate {
		w.number(a.holding)
		w.number(a.to)
	}
	w.numbers(b.scope.into)
}

func (w *pagePen) attribute(a *attribute) {
	operating := uint8(0)
	if a.operating {
		operating = 1
	}
	w.byte(operating)
	w.word(a.name)
	w.word(a.form)
	w.identifiers(a.gained)
	w.identifiers(a.lost)
}

func (w *pagePen) identifiers(all []domain.Identifier) {
	w.length(len(all))
	for _, i := range all {
		w.word(i.Scheme)
		w.word(i.Value)
	}
}
