package govuk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// The schemes of the identifiers that a body gets. GB-GOR is how open contracting data name the codes of the register of
// government organisations, which is where GOV.UK's analytics_identifier comes from.
const (
	schemeContent  = "govuk-content-id"
	schemeSlug     = "govuk-slug"
	schemeRegister = "GB-GOR"
)

// state is what the snapshots so far said, as the ledger has it and as this import adds to it. Entries of others do not
// change it: a snapshot is compared with snapshots.
type state struct {
	bodies    map[domain.OrganisationID]*body
	byContent map[string]*body
	bySlug    map[string]*body // the last to gain it
	facts     map[uuid.UUID]*said
	oldest    domain.Date // the day of the first snapshot, zero before it
	newest    domain.Date // that of the last one
}

// earlierSnapshots rebuilds the state from what is recorded. What was made of the newest snapshot is not applied but
// given: it may have been interrupted.
func earlierSnapshots(ctx context.Context, earlier formats.Earlier) (s *state, newest []*domain.Entry, err error) {
	s = &state{bodies: make(map[domain.OrganisationID]*body), byContent: make(map[string]*body),
		bySlug: make(map[string]*body), facts: make(map[uuid.UUID]*said)}
	err = earlier.Each(ctx, Format+"-", func(e domain.Recorded) error {
		day := dayCited(&e.Entry)
		if day == 0 {
			return nil
		}
		if day > s.newest {
			s.applyAll(newest)
			newest = nil
		}
		s.date(day)
		newest = append(newest, &e.Entry)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("look for what earlier snapshots said: %w", err)
	}
	return s, newest, nil
}

func (s *state) applyAll(entries []*domain.Entry) {
	for _, e := range entries {
		s.apply(e)
	}
}

// apply takes an entry that the import of a snapshot made.
func (s *state) apply(e *domain.Entry) {
	switch f := e.Fact.(type) {
	case *domain.EntryCorrected:
		if fact := s.facts[f.Corrects]; fact != nil {
			fact.effective, fact.fact = f.Replacement.Effective, f.Replacement.Fact
		}
	case *domain.EntryRetracted:
		if fact := s.facts[f.Retracts]; fact != nil {
			b := s.bodyOf(organisationOf(fact.fact))
			b.said = slices.DeleteFunc(b.said, func(other *said) bool { return other == fact })
		}
	default:
		s.say(e)
	}
}

// say adds a fact about a body.
func (s *state) say(e *domain.Entry) {
	id := organisationOf(e.Fact)
	if id == "" {
		return
	}
	b := s.bodyOf(id)
	fact := &said{id: e.ID, order: len(s.facts), effective: e.Effective, fact: e.Fact}
	s.facts[e.ID] = fact
	b.said = append(b.said, fact)
	for _, i := range gained(e.Fact) {
		switch i.Scheme {
		case schemeContent:
			b.content = i.Value
			s.byContent[i.Value] = b
		case schemeSlug:
			s.bySlug[i.Value] = b
		}
	}
}

func (s *state) bodyOf(id domain.OrganisationID) *body {
	b := s.bodies[id]
	if b == nil {
		b = &body{id: id}
		s.bodies[id] = b
	}
	return b
}

// organisationOf is the body that a fact of a snapshot is about.
func organisationOf(f domain.Fact) domain.OrganisationID {
	if about := domain.About(f); about.Kind == domain.KindOrganisation {
		return domain.OrganisationID(about.ID)
	}
	return ender(f)
}

func gained(f domain.Fact) []domain.Identifier {
	switch f := f.(type) {
	case *domain.OrganisationEstablished:
		return f.Identifiers
	case *domain.OrganisationIdentified:
		return f.Identifiers
	}
	return nil
}

// locator says where in which snapshot a fact stands: its day, and the content_id.
func locator(day domain.Date, content string) string { return day.String() + " " + content }

// dayCited is the day of the snapshot that an entry was made of, zero for one that others made: they may cite a snapshot
// too, but not so.
func dayCited(e *domain.Entry) domain.Date {
	for _, c := range e.Sources {
		text, content, _ := strings.Cut(c.Locator, " ")
		day, err := domain.ParseDate(text)
		if err == nil && contentForm.MatchString(content) && strings.HasPrefix(string(c.Source), Format+"-") {
			return day
		}
	}
	return 0
}

// date notes the day of a snapshot.
func (s *state) date(day domain.Date) {
	if s.oldest == 0 || day < s.oldest {
		s.oldest = day
	}
	s.newest = max(s.newest, day)
}

// parent is under which body b stands at the end of a day, by its last placement and the successions of parents since;
// empty for none. Of a body that ends on that day it is where it stood before. See semantics.md §3.
func (s *state) parent(b *body, on domain.Date) domain.OrganisationID {
	move := b.last(func(f domain.Fact) bool { return f.Type() == domain.TypeOrganisationMoved })
	if move == nil {
		return ""
	}
	parent := move.fact.(*domain.OrganisationMoved).Parent
	if parent == nil {
		return ""
	}
	return s.carried(b, parent.Organisation, move.effective.Nominal(), on)
}

// carried is where the placement of b under a parent has come to on a day, if it was made on the day since.
func (s *state) carried(b *body, parent domain.OrganisationID, since, on domain.Date) domain.OrganisationID {
	for range len(s.bodies) { // a ring of successions ends too
		end := s.endOf(parent)
		if parent == "" || end == 0 || end < since || s.stands(b, parent, on) {
			break
		}
		since, parent = end, heir(s.bodies[parent].ending().fact)
		if parent == b.id {
			return ""
		}
	}
	return parent
}

// endOf is the day on which a body ended, zero where it did not.
func (s *state) endOf(id domain.OrganisationID) domain.Date {
	if b := s.bodies[id]; b != nil {
		if e := b.ending(); e != nil {
			return e.effective.Nominal()
		}
	}
	return 0
}

// stands reports whether a parent is there to have b under it on a day: where b ends that day, before endings.
func (s *state) stands(b *body, parent domain.OrganisationID, on domain.Date) bool {
	end := s.endOf(parent)
	return end == 0 || end > on || end == on && b.ending() != nil
}
