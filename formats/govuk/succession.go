package govuk

import (
	"bytes"
	"fmt"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// succeed records that a body is closed, on which day and who succeeded it, or what is new about that. A body that is
// not closed and has successors all the same, mostly one that is devolved, is a split after which it goes on and keeps
// what it has. One that is no longer said to be closed never was.
func (s *snapshot) succeed(b *body, r *row) error {
	had, want := b.succession(), s.succession(b, r)
	switch {
	case had == nil && want == nil:
		return nil
	case want == nil:
		return s.retract(r, had)
	case had == nil:
		return s.end(b, r, s.endingDay(r, want, nil), want)
	}
	effective := s.endingDay(r, want, had)
	switch {
	case had.effective == effective && same(had.fact, want):
		return nil
	case had.fact.Type() == want.Type() && domain.Phase(had.fact) == domain.Phase(want):
		if err := s.correct(r, had, effective, want); err != nil {
			return err
		}
		return s.before(b, r, had)
	}
	if err := s.retract(r, had); err != nil {
		return err
	}
	return s.end(b, r, effective, want)
}

// succession is the fact that a row amounts to, nil where a body goes on and nobody succeeds it.
func (s *snapshot) succession(b *body, r *row) domain.Fact {
	successors := s.resolve(r.succeeded)
	switch {
	case !r.closed && len(successors) == 0:
		return nil
	case !r.closed:
		return &domain.OrganisationSplit{Organisation: b.id, Into: successors, Continues: true}
	case len(successors) == 0:
		return &domain.OrganisationDissolved{Organisation: b.id}
	case len(successors) > 1:
		return &domain.OrganisationSplit{Organisation: b.id, Into: successors}
	case r.manner == "merged":
		return &domain.OrganisationMerged{Organisations: []domain.OrganisationID{b.id}, Into: successors[0]}
	default:
		return &domain.OrganisationDissolved{Organisation: b.id, Successor: successors[0]}
	}
}

// endingDay is when a succession took effect: on the day that is told, else on or before the day of the first snapshot
// that has it. A day that was told before and no longer is stays.
func (s *snapshot) endingDay(r *row, want domain.Fact, had *said) domain.EDTF {
	switch {
	case r.closed && r.closedOn != 0:
		return domain.DayEDTF(r.closedOn)
	case had != nil && domain.Phase(had.fact) == domain.Phase(want):
		return had.effective
	}
	return onOrBefore(s.day)
}

// end records a succession.
func (s *snapshot) end(b *body, r *row, effective domain.EDTF, fact domain.Fact) error {
	note := ""
	if r.manner != "" {
		note = "GOV.UK says of how: " + r.manner
	}
	if err := s.say(r, effective, fact, note); err != nil {
		return err
	}
	return s.before(b, r, b.succession())
}

// before dates back what cannot have been after the day of an ending: facts about the body itself, and that those who
// succeeded it were there.
func (s *snapshot) before(b *body, r *row, ending *said) error {
	day := ending.effective.Nominal()
	for _, id := range successors(ending.fact) {
		if err := s.establishedBy(id, r, day); err != nil {
			return err
		}
	}
	if domain.Phase(ending.fact) != domain.PhaseEnding {
		return nil
	}
	for _, fact := range b.said {
		if fact != ending && fact.effective.Nominal() > day {
			if err := s.correct(r, fact, onOrBefore(day), fact.fact); err != nil {
				return err
			}
		}
	}
	return nil
}

// establishedBy makes sure that a body is established by a day on which it did something.
func (s *snapshot) establishedBy(id domain.OrganisationID, r *row, day domain.Date) error {
	e := s.state.bodies[id].established()
	if e == nil || e.effective.Nominal() <= day {
		return nil
	}
	return s.correct(r, e, onOrBefore(day), e.fact)
}

func successors(f domain.Fact) []domain.OrganisationID {
	if f, ok := f.(*domain.OrganisationSplit); ok {
		return f.Into
	}
	if id := heir(f); id != "" {
		return []domain.OrganisationID{id}
	}
	return nil
}

// correct replaces what an earlier snapshot said.
func (s *snapshot) correct(r *row, wrong *said, effective domain.EDTF, fact domain.Fact) error {
	return s.take(&domain.Entry{
		ID:      formats.ID(Format, s.key(r, "corrects "+wrong.id.String(), effective, fact)...),
		Fact:    &domain.EntryCorrected{Corrects: wrong.id, Reason: s.reason(), Replacement: domain.Replacement{Effective: effective, Fact: fact, Sources: s.cite(r)}},
		Sources: s.cite(r),
	})
}

// retract takes out a succession that a snapshot no longer has.
func (s *snapshot) retract(r *row, wrong *said) error {
	return s.take(&domain.Entry{
		ID:      formats.ID(Format, r.content, "retracts", wrong.id.String(), s.day.String()),
		Fact:    &domain.EntryRetracted{Retracts: wrong.id, Reason: s.reason()},
		Sources: s.cite(r),
	})
}

func (s *snapshot) reason() string {
	return fmt.Sprintf("GOV.UK, as of %s, says otherwise than before", s.day)
}

func same(a, b domain.Fact) bool {
	return bytes.Equal(domain.AppendFact(nil, a), domain.AppendFact(nil, b))
}
