package ods

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// made is a change of a body that has to be said.
type made struct {
	body *body
	*change
}

// writeChanges retracts what the ledger says otherwise, and says what it does not say.
func (p *picture) writeChanges() error {
	outdated := make(map[*formats.Stated]bool)
	for _, b := range p.order {
		for _, c := range b.changes {
			if c.differs() {
				if err := p.retract(b, c, outdated); err != nil {
					return err
				}
			}
		}
	}
	if err := p.confirm(outdated); err != nil {
		return err
	}
	all := p.unsaid(outdated)
	slices.SortFunc(all, func(x, y made) int {
		return cmp.Or(cmp.Compare(x.day, y.day), cmp.Compare(x.target(), y.target()), cmp.Compare(x.body.code, y.body.code))
	})
	for len(all) > 0 {
		n := together(all)
		if err := p.sink.New(Name, entryOf(all[:n])); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// confirm cites a register, or the API, for endings that stand and that only successor files have said so far: later
// imports without the register have to know that it was so.
func (p *picture) confirm(outdated map[*formats.Stated]bool) error {
	var order []*formats.Stated
	more := make(map[*formats.Stated][]cite)
	for _, b := range p.order {
		for _, c := range b.changes {
			if !c.ends || b.closedBy.file == nil || len(c.stated) == 0 || outdated[c.stated[0]] || c.closing(b) {
				continue
			}
			if was := c.stated[0]; more[was] == nil {
				order = append(order, was)
			}
			more[c.stated[0]] = append(more[c.stated[0]], b.closedBy)
		}
	}
	for _, was := range order {
		e := was.Entry
		e.Note = ""
		e.Sources = distinct(was.Sources, citations(more[was]...))
		if err := p.sink.Correct(Name, was, &e, "a register, or the API, says so too"); err != nil {
			return err
		}
	}
	return nil
}

// unsaid lists the changes that the ledger does not say, and counts the entries that say one which a file of this import
// says too.
func (p *picture) unsaid(outdated map[*formats.Stated]bool) []made {
	var all []made
	counted := make(map[*formats.Stated]bool)
	for _, b := range p.order {
		for _, c := range b.changes {
			switch stands := len(c.stated) > 0 && !slices.ContainsFunc(c.stated, func(s *formats.Stated) bool { return outdated[s] }); {
			case stands && c.evident(b) && !counted[c.stated[0]]:
				counted[c.stated[0]] = true
				p.sink.Confirmed()
			case !stands && (c.ends || len(c.to) > 0):
				all = append(all, made{b, c})
			}
		}
	}
	return all
}

// evident reports whether a file of this import says so.
func (c *change) evident(b *body) bool { return len(c.cites) > 0 || c.ends && b.closedBy.file != nil }

// differs reports whether the ledger says something else of the body and day.
func (c *change) differs() bool {
	return len(c.stated) > 0 && (c.was.ends != c.ends || !slices.Equal(c.was.to, c.to))
}

// retract takes out what is said of a body and a day. Where an entry speaks of other bodies too, it is said of them
// anew.
func (p *picture) retract(b *body, c *change, outdated map[*formats.Stated]bool) error {
	because := c.cites
	for _, other := range b.changes {
		because = append(because, other.cites...)
	}
	because = append(because, b.closedBy)
	for _, was := range c.stated {
		if outdated[was] {
			continue
		}
		outdated[was] = true
		sources := distinct(citations(because...))
		if len(sources) == 0 {
			sources = was.Sources
		}
		if err := p.sink.Retract(Name, was, "newer files say more of what became of "+b.code, sources[:min(len(sources), 10)]); err != nil {
			return err
		}
	}
	return nil
}

// target is the only body to which something goes as another ends; else "".
func (m made) target() string {
	if m.ends && len(m.to) == 1 {
		return m.to[0].code
	}
	return ""
}

// limitMerged is how many bodies one entry merges at most: with the places of their rows they have to fit it.
const limitMerged = 1000

// together is how many of the changes, from the first on, are one: those that end bodies into the same one on one day.
func together(all []made) int {
	n := 1
	for n < min(len(all), limitMerged) && all[0].target() != "" && all[n].day == all[0].day && all[n].target() == all[0].target() {
		n++
	}
	return n
}

// entryOf is the fact that several bodies merged, or what became of one.
func entryOf(group []made) *domain.Entry {
	e := &domain.Entry{Effective: domain.DayEDTF(group[0].day)}
	var olds []domain.OrganisationID
	for _, m := range group {
		olds = append(olds, m.body.id())
		places := m.cites
		if m.ends && m.body.closed != 0 {
			places = append(places, m.body.closedBy)
		}
		e.Sources = append(e.Sources, evidenceOf(m, places)...)
	}
	e.Sources = distinct(e.Sources)
	m := group[0]
	switch {
	case len(m.to) == 0:
		e.Fact = &domain.OrganisationDissolved{Organisation: m.body.id()}
	case !m.ends || len(m.to) > 1:
		split := &domain.OrganisationSplit{Organisation: m.body.id(), Continues: !m.ends}
		for _, to := range m.to {
			split.Into = append(split.Into, to.id())
		}
		e.Fact = split
	case len(group) > 1 || m.to[0].since < m.day:
		e.Fact = &domain.OrganisationMerged{Organisations: olds, Into: m.to[0].id()}
	default:
		e.Fact = &domain.OrganisationDissolved{Organisation: m.body.id(), Successor: m.to[0].id()}
	}
	return e
}

// evidenceOf cites what says so in this import, and what the entries cited that said it in part before.
func evidenceOf(m made, places []cite) []domain.Citation {
	all := citations(places...)
	for _, was := range m.stated {
		all = append(all, was.Sources...)
	}
	return all
}
