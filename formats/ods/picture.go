package ods

import (
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// picture is what all files and earlier imports say together.
type picture struct {
	sink   *formats.Sink
	bodies map[string]*body
	order  []*body // as they are first named
}

// body is what is known of one body, under its code.
type body struct {
	code  string
	first cite // where it is first named
	names []naming

	opened   domain.Date // its first day; 0: not known
	openedBy cite
	closed   domain.Date // the first day on which it is no longer there; 0: not known
	closedBy cite
	lives    domain.Date // it was there at the end of this day
	register domain.Date // a register shows it as open just before this day

	changes []*change // by which it hands something over, or ends
	since   domain.Date
	places  []placement

	established *formats.Stated
	stated      []*formats.Stated // its renamings and moves
}

// cite is a place in a file of this import; the zero cite is what an earlier one recorded.
type cite struct {
	file *formats.File
	row  int
	path string // in place of a row
	more string // what of it
}

func (c cite) citation() domain.Citation {
	cited := domain.Citation{Source: c.file.Source.Source, Locator: c.path}
	if c.path == "" {
		cited = c.file.Row(c.row)
	}
	cited.Locator += c.more
	return cited
}

// citations of all places that are in files of this import.
func citations(places ...cite) []domain.Citation {
	var all []domain.Citation
	for _, c := range places {
		if c.file != nil {
			all = append(all, c.citation())
		}
	}
	return all
}

// naming is a name, and until when at the latest it had been given.
type naming struct {
	name string
	by   domain.Date
	cite cite
}

// placement is where a body stood under another, from a day on and until the day before another; 0: until now.
type placement struct {
	from, to domain.Date
	parent   *body
	relation domain.Relation
	kind     string // the relationship of the API
	cite     cite
}

// change is what a body hands over on one day, and whether it ends with it.
type change struct {
	day   domain.Date
	to    []*body // sorted by code, each once
	ends  bool
	cites []cite

	stated []*formats.Stated // entries that say so, or something else, of the body and day
	was    statement         // what they say together
}

// statement is what the ledger says of a body and a day.
type statement struct {
	to   []*body
	ends bool
}

func (p *picture) body(code string, at cite) *body {
	b, ok := p.bodies[code]
	if !ok {
		b = &body{code: code, first: at}
		p.bodies[code], p.order = b, append(p.order, b)
	}
	return b
}

func (b *body) id() domain.OrganisationID { return domain.OrganisationID(b.code) }

// on is the change of a day, made where there is none.
func (b *body) on(day domain.Date) *change {
	i, ok := slices.BinarySearchFunc(b.changes, day, func(c *change, d domain.Date) int { return int(c.day) - int(d) })
	if !ok {
		b.changes = slices.Insert(b.changes, i, &change{day: day})
	}
	return b.changes[i]
}

// add puts a body into a sorted list once.
func add(list []*body, b *body) []*body {
	i, ok := slices.BinarySearchFunc(list, b, func(a, b *body) int { return compareCodes(a.code, b.code) })
	if ok {
		return list
	}
	return slices.Insert(list, i, b)
}

func compareCodes(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// hands notes that a body hands something to another on a day.
func (b *body) hands(to *body, day domain.Date, at cite) {
	c := b.on(day)
	c.to, c.cites = add(c.to, to), append(c.cites, at)
	b.seen(day)
	to.seen(day)
}

// seen notes that a body was there by a day.
func (b *body) seen(day domain.Date) {
	if b.since == 0 || day < b.since {
		b.since = day
	}
}

// opens notes the first day of a body. The last that says so has it.
func (b *body) opens(day domain.Date, at cite) {
	b.opened, b.openedBy = day, at
	b.seen(day)
}

// closes notes the day after the last of a body.
func (b *body) closes(last domain.Date, at cite) {
	at.more = b.closingOf()
	b.closed, b.closedBy = last+1, at
}

// publishedBy is the day by which what a file says was so.
func publishedBy(source *domain.SourceRegistered) domain.Date {
	if !source.Published.IsZero() {
		return source.Published.Latest()
	}
	return source.Retrieved.Latest()
}
