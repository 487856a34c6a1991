package ods

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// write records what the picture shows and the ledger does not: first the bodies, then their names and places, then
// what became of them, day by day.
func (p *picture) write() error {
	var own []*body
	foreign, coded := 0, 0
	for _, b := range p.order {
		switch {
		case b.established == nil && p.sink.Introduced(b.id().Ref()):
			foreign++
			continue
		case b.first.file == nil: // recorded and not in these files, or only ever its own successor
			continue
		}
		if err := p.establish(b); err != nil {
			return err
		}
		own = append(own, b)
		if len(b.names) == 0 && b.established == nil {
			coded++
		}
	}
	for _, b := range own {
		if err := p.describe(b); err != nil {
			return err
		}
	}
	p.tell(foreign, coded)
	return p.writeChanges()
}

func (p *picture) tell(foreign, coded int) {
	if coded > 0 {
		p.sink.Note(fmt.Sprintf("new bodies that no register names, so that their codes stand for their names: %d", coded))
	}
	if foreign > 0 {
		p.sink.Note(fmt.Sprintf("codes of organisations that somebody else has established, so that nothing is said of their names and beginnings: %d", foreign))
	}
}

// establish records that a body is there, or corrects what was said of its beginning.
func (p *picture) establish(b *body) error {
	fact := &domain.OrganisationEstablished{Organisation: b.id(), Name: b.code, Identifiers: []domain.Identifier{{Scheme: Scheme, Value: b.code}}}
	e := &domain.Entry{Fact: fact, Sources: citations(b.first)}
	slices.SortStableFunc(b.names, func(x, y naming) int { return cmp.Compare(x.by, y.by) })
	if b.opened != 0 {
		e.Effective, e.Sources = domain.DayEDTF(b.opened), citations(b.openedBy)
	}
	if len(b.names) > 0 {
		fact.Name, e.Sources = b.names[0].name, distinct(e.Sources, citations(b.names[0].cite))
	} else {
		e.Note = "No register at hand names it: its code stands for its name."
	}
	if b.established == nil {
		return p.sink.New(Name, e)
	}
	was := b.established.Fact.(*domain.OrganisationEstablished)
	if was.Name != b.code || len(b.names) == 0 {
		fact.Name = was.Name
	}
	if e.Effective.IsZero() {
		e.Effective = b.established.Effective
	}
	fact.Form, fact.Parent, fact.Identifiers = was.Form, was.Parent, was.Identifiers
	e.Note = ""
	return p.sink.Settle(Name, []*formats.Stated{b.established}, []*domain.Entry{e}, "a register says more of its name or its beginning")
}

// distinct joins citations, each once.
func distinct(lists ...[]domain.Citation) []domain.Citation {
	var all []domain.Citation
	for _, list := range lists {
		for _, c := range list {
			if !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	return all
}

// describe records later names and placements of a body.
func (p *picture) describe(b *body) error {
	wanted := p.renamings(b)
	for i, place := range b.places {
		move := &domain.OrganisationMoved{Organisation: b.id(), Parent: &domain.Parent{Organisation: place.parent.id(), Relation: place.relation}}
		wanted = append(wanted, &domain.Entry{Effective: domain.DayEDTF(place.from), Fact: move, Sources: citations(place.cite),
			Note: "Relationship " + place.kind + " of the ODS."})
		if place.to != 0 && (i+1 == len(b.places) || b.places[i+1].from != place.to) {
			wanted = append(wanted, &domain.Entry{Effective: domain.DayEDTF(place.to), Fact: &domain.OrganisationMoved{Organisation: b.id()},
				Sources: citations(place.cite)})
		}
	}
	return p.sink.Settle(Name, b.stated, wanted, "a newer answer of the API says otherwise")
}

// renamings are the names after the first, each given on or before the day of the register that has it: registers rename in
// place. A register older than the one of the name that is recorded gives none.
func (p *picture) renamings(b *body) []*domain.Entry {
	name, by := p.recorded(b)
	var wanted []*domain.Entry
	for _, n := range b.names {
		if was := b.renamed(n.name); was != nil {
			wanted = append(wanted, &domain.Entry{Effective: was.Effective, Fact: was.Fact})
		}
		switch {
		case name == "" || name == n.name:
			name, by = n.name, max(by, n.by)
		case n.by > by:
			wanted = append(wanted, renaming(b, n))
			name, by = n.name, n.by
		case !b.called(n.name):
			p.sink.Note("some registers are no newer than those recorded: names in them are not taken")
		}
	}
	return wanted
}

func renaming(b *body, n naming) *domain.Entry {
	date, err := domain.ParseEDTF("[.." + n.by.String() + "]")
	if err != nil {
		panic(err) // our own writing
	}
	return &domain.Entry{Effective: date, Sources: citations(n.cite), Fact: &domain.OrganisationRenamed{Organisation: b.id(), Name: n.name}}
}

// renamed is the recorded fact that gave a body a name; nil: there is none.
func (b *body) renamed(name string) *formats.Stated {
	i := slices.IndexFunc(b.stated, func(was *formats.Stated) bool {
		f, ok := was.Fact.(*domain.OrganisationRenamed)
		return ok && f.Name == name
	})
	if i < 0 {
		return nil
	}
	return b.stated[i]
}

// called reports whether a body has ever had a name, as it is recorded.
func (b *body) called(name string) bool {
	return b.renamed(name) != nil || b.established != nil && b.established.Fact.(*domain.OrganisationEstablished).Name == name
}

// recorded is the last name that the ledger has, and by when it had been given; "" where it has only the code.
func (p *picture) recorded(b *body) (name string, by domain.Date) {
	if b.established != nil {
		if was := b.established.Fact.(*domain.OrganisationEstablished); was.Name != b.code {
			name, by = was.Name, p.publishedBy(b.established)
		}
	}
	for _, was := range b.stated {
		if f, ok := was.Fact.(*domain.OrganisationRenamed); ok && was.Effective.Latest() >= by {
			name, by = f.Name, was.Effective.Latest()
		}
	}
	return name, by
}

func (p *picture) publishedBy(was *formats.Stated) domain.Date {
	by := domain.Date(0)
	for _, cited := range was.Sources {
		if source := p.sink.Source(cited.Source); source != nil {
			by = max(by, publishedBy(source))
		}
	}
	return by
}
