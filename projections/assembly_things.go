package projections

import (
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// pageScanner reads what a pagePen has written, into memory that is asked for in few large pieces.
type pageScanner struct {
	scanner
	of            *Assembly
	ids, texts    string
	mentions      []uint32
	titles        []title
	organisations []organisationRoom
	holdings      []holdingRoom
	others        []otherRoom
}

// page reads a page of things.
func (a *Assembly) page(s *scanner, number int) *page {
	n, mentions, titles, numbers, ids := int(s.number()), int(s.number()), int(s.number()), int(s.number()), int(s.number())
	first := max(1, uint32(number*pageSize))
	last := min(uint64(a.count), uint64(number+1)*pageSize-1)
	kinds := slices.Clone(s.take(n))
	if uint64(n) != last+1-uint64(first) && uint64(first) <= last || 4*mentions+titles > len(s.rest) {
		s.fail()
		return nil
	}
	r := &pageScanner{of: a, scanner: scanner{rest: s.take(numbers)}}
	r.ids, r.texts = string(s.take(ids)), string(s.take(len(s.rest)))
	r.mentions, r.titles = make([]uint32, mentions), make([]title, titles)
	if s.bad || !r.make(kinds) {
		s.fail()
		return nil
	}
	p := new(page)
	for i, kind := range kinds {
		t := r.begin(domain.Kind(kind))
		r.thing(t)
		p[(int(first)+i)%pageSize].Store(t)
	}
	if r.bad || len(r.scanner.rest) > 0 || r.ids != "" || r.texts != "" {
		s.fail()
	}
	return p
}

// make makes room for things of some kinds, and reports whether there are such.
func (r *pageScanner) make(kinds []byte) bool {
	var organisations, holdings int
	for _, kind := range kinds {
		switch domain.Kind(kind) {
		case domain.KindNone:
			return false
		case domain.KindOrganisation:
			organisations++
		case domain.KindResponsibility, domain.KindContract:
			holdings++
		default:
			if domain.Kind(kind) > domain.KindPerson {
				return false
			}
		}
	}
	r.organisations, r.holdings = make([]organisationRoom, organisations), make([]holdingRoom, holdings)
	r.others = make([]otherRoom, len(kinds)-organisations-holdings)
	return true
}

// begin is the next thing of a kind.
func (r *pageScanner) begin(kind domain.Kind) (t *thing) {
	ref := domain.Ref{Kind: kind}
	switch kind {
	case domain.KindOrganisation:
		t, r.organisations = r.organisations[0].begin(ref), r.organisations[1:]
	case domain.KindResponsibility, domain.KindContract:
		t, r.holdings = r.holdings[0].begin(ref), r.holdings[1:]
	default:
		t, r.others = r.others[0].begin(ref), r.others[1:]
	}
	return t
}

// cut is the next n bytes of a text.
func (r *pageScanner) cut(text *string, n int) string {
	if n < 0 || n > len(*text) {
		r.fail()
		return ""
	}
	taken := (*text)[:n]
	*text = (*text)[n:]
	return taken
}

// size is a length of what is not among the numbers.
func (r *pageScanner) size() int {
	n, at := 0, 0
	for shift := 0; ; shift += 7 {
		if at >= len(r.scanner.rest) || shift > 28 {
			r.fail()
			return 0
		}
		b := r.scanner.rest[at]
		at++
		if n |= int(b&0x7f) << shift; b < 0x80 {
			break
		}
	}
	r.scanner.rest = r.scanner.rest[at:]
	return n
}

func (r *pageScanner) word() string { return r.cut(&r.texts, r.size()) }

// num is the number of a thing; 0: none.
func (r *pageScanner) num() uint32 { return r.below(r.of.count + 1) }

// seq is a sequence; 0: none.
func (r *pageScanner) seq() uint32 { return r.below(r.of.seq + 1) }

func (r *pageScanner) thing(t *thing) {
	t.id = r.cut(&r.ids, r.size())
	if t.introduced = r.number(); t.introduced > r.of.seq && t.introduced != forever {
		r.fail()
	}
	t.rest.mentions = r.numbers(r.mentions, r.of.seq+1)
	r.mentions = r.mentions[min(len(t.rest.mentions), len(r.mentions)):]
	r.own(t)
	r.restOf(t.rest)
	if t.organisation != nil {
		r.organisation(t.organisation)
	}
}

func (r *pageScanner) own(t *thing) {
	n := r.length(12)
	if n > cap(t.own) {
		t.own = make([]ownFact, 0, n)
	}
	for range n {
		t.own = append(t.own, ownFact{})
		f := &t.own[len(t.own)-1]
		r.stamp(&f.stamp)
		what, roles := r.byte(), r.byte()
		f.op, f.role, f.as = op(what&15), role(roles&15), role(roles>>4)
		if what&16 != 0 {
			f.lastDay = domain.Date(r.number())
		}
		if what&32 != 0 {
			f.org = r.num()
		}
		if what&64 != 0 {
			f.to = r.num()
		}
		if f.op > opClose || int(f.role) >= len(roleNames) || int(f.as) >= len(roleNames) {
			r.fail()
		}
	}
}

func (r *pageScanner) stamp(s *stamp) {
	how := r.byte()
	s.phase, s.seq, s.day = r.byte(), r.seq(), domain.Date(r.number())
	s.earliest, s.latest, s.until, s.from = s.day, s.day, forever, s.seq
	if how&stampDay == 0 {
		s.earliest, s.latest = domain.Date(r.number()), domain.Date(r.number())
	}
	if how&stampStands == 0 {
		s.until = r.seq()
	}
	if how&stampOriginal == 0 {
		s.from = r.seq()
	}
	if how&stampFirst == 0 {
		s.ord = r.number()
	}
	if how&stampPlain == 0 {
		if s.edtf = r.number(); int64(s.edtf) >= int64(len(r.of.texts)) && s.edtf != noText {
			r.fail()
		}
	}
	s.unsourced = how&stampUnsourced != 0
}

func (r *pageScanner) restOf(of *rest) {
	has := r.byte()
	if has&hasTitles != 0 {
		n := r.length(5)
		if n > len(r.titles) {
			r.fail()
			return
		}
		of.titles, r.titles = r.titles[:n:n], r.titles[n:]
		for i := range of.titles {
			of.titles[i].from = r.seq()
			of.titles[i].text = r.word()
		}
	}
	if has&hasAppointments != 0 {
		of.more().appointments = readRecords(r, (*appointment).at, r.appointment)
	}
	if has&hasPlan != 0 {
		of.more().plan = readRecords(r, (*planFact).at, func(f *planFact) { f.fact = r.fact() })
	}
	if has&hasFulfilments != 0 {
		of.more().fulfilments = readRecords(r, (*fulfilment).at, func(f *fulfilment) { f.item = r.word() })
	}
	if has&hasPerson != 0 {
		p := new(person)
		copy(p.commitment[:], r.take(len(p.commitment)))
		p.box, p.forgotten, p.reason = r.word(), r.seq(), r.word()
		of.more().person = p
	}
}

// readRecords reads the records of a thing.
func readRecords[T any](r *pageScanner, at func(*T) *stamp, read func(*T)) []T {
	n := r.length(10)
	if n == 0 {
		return nil
	}
	records := make([]T, n)
	for i := range records {
		r.stamp(at(&records[i]))
		read(&records[i])
	}
	return records
}

func (r *pageScanner) appointment(a *appointment) {
	how := r.byte()
	a.sealed, a.acting, a.made = how&1 != 0, how&2 != 0, how&4 != 0
	a.title, a.person, a.org = r.word(), r.word(), r.num()
}

func (r *pageScanner) organisation(o *organisation) {
	o.bulk = readRecords(r, (*bulk).at, r.bulk)
	for i := range o.bulk {
		if o.bulk[i].earliest != o.bulk[i].latest {
			o.imprecise++
		}
	}
	o.attributes = readRecords(r, (*attribute).at, r.attribute)
	o.received = r.numbers(nil, r.of.count+1)
	o.feeders = r.numbers(nil, r.of.count+1)
	o.offices = r.numbers(nil, r.of.count+1)
}

func (r *pageScanner) bulk(b *bulk) {
	b.to, b.how, b.kinds = r.num(), how(r.byte()), kindMask(r.byte())
	if r.byte() != 0 {
		b.scope = &scope{except: r.numbers(nil, r.of.count+1), allocate: make([]allocation, r.length(8))}
		for i := range b.scope.allocate {
			b.scope.allocate[i] = allocation{r.num(), r.num()}
		}
		b.scope.into = r.numbers(nil, r.of.count+1)
	}
	if int(b.how) >= len(howNames) || b.how == howSplit && b.scope == nil {
		r.fail()
	}
}

func (r *pageScanner) attribute(a *attribute) {
	a.operating = r.byte() != 0
	a.name, a.form = r.word(), r.word()
	a.gained, a.lost = r.identifiers(), r.identifiers()
}

func (r *pageScanner) identifiers() []domain.Identifier {
	n := r.length(2)
	if n == 0 {
		return nil
	}
	all := make([]domain.Identifier, n)
	for i := range all {
		all[i] = domain.Identifier{Scheme: r.word(), Value: r.word()}
	}
	return all
}
