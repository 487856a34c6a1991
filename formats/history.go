package formats

import (
	"context"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// Stated is a fact that an earlier import recorded, as it stands now. What others have corrected in it, citing other
// sources, is not seen here, and not undone.
type Stated struct {
	domain.Entry           // its latest version, under the id of the first
	Last         uuid.UUID // the entry that brought this version: itself, a correction or a retraction
	Retracted    bool
}

// history is what earlier imports of a format recorded.
type history struct {
	all []*Stated // in order
	ids map[uuid.UUID]*Stated
}

// Stated lists the facts that cite a source whose id begins with a prefix, in the order of their recording. The list
// is read once for each prefix; it stays as it was read.
func (s *Sink) Stated(ctx context.Context, prefix string) ([]*Stated, error) {
	h, err := s.past(ctx, prefix)
	return h.all, err
}

func (s *Sink) past(ctx context.Context, prefix string) (*history, error) {
	if h, ok := s.history[prefix]; ok {
		return h, nil
	}
	h := &history{ids: make(map[uuid.UUID]*Stated)}
	if err := s.Earlier.Each(ctx, prefix, func(e domain.Recorded) error { h.take(&e.Entry); return nil }); err != nil {
		return h, err
	}
	s.history[prefix] = h
	return h, nil
}

func (h *history) take(e *domain.Entry) {
	switch f := e.Fact.(type) {
	case *domain.EntryCorrected:
		if was := h.ids[f.Corrects]; was != nil && f.Replacement.Fact != nil {
			*was = Stated{Entry: *f.Apply(&was.Entry), Last: e.ID}
		}
	case *domain.EntryRetracted:
		if was := h.ids[f.Retracts]; was != nil {
			was.Last, was.Retracted = e.ID, true
		}
	default:
		stated := &Stated{Entry: *e, Last: e.ID}
		h.all, h.ids[e.ID] = append(h.all, stated), stated
	}
}

// Settle makes the ledger say of one thing what is wanted. stated is what it says of that thing so far, wanted what it
// shall say, without ids. A wanted fact that is stated is left alone; one that replaces is about a stated one of its type
// corrects that; any other is new. What is stated and not wanted stands: that a file leaves something out does not
// deny it.
func (s *Sink) Settle(format string, stated []*Stated, wanted []*domain.Entry, reason string) error {
	open := make([]*Stated, 0, len(stated))
	has := make(map[string]*Stated, len(stated))
	for _, was := range stated {
		if !was.Retracted {
			has[Says(&was.Entry)] = was
		}
	}
	kept := make(map[*Stated]bool)
	var fresh []*domain.Entry
	for _, e := range wanted {
		if was := has[Says(e)]; was != nil {
			kept[was] = true
			s.Confirmed()
			continue
		}
		fresh = append(fresh, e)
	}
	for _, was := range stated {
		if !was.Retracted && !kept[was] {
			open = append(open, was)
		}
	}
	for _, e := range fresh {
		if err := s.settle(format, &open, e, reason); err != nil {
			return err
		}
	}
	return nil
}

// settle records a fact anew, or as the correction of the first of the open ones that it replaces.
func (s *Sink) settle(format string, open *[]*Stated, e *domain.Entry, reason string) error {
	for i, was := range *open {
		if replaces(e, &was.Entry) {
			*open = append((*open)[:i:i], (*open)[i+1:]...)
			return s.Correct(format, was, e, reason)
		}
	}
	return s.New(format, e)
}

// replaces reports whether a fact says otherwise what another says: the establishment or the ending of a thing on
// whatever day, and any other change to it on one day.
func replaces(e, was *domain.Entry) bool {
	if e.Fact.Type() != was.Fact.Type() || domain.About(e.Fact) != domain.About(was.Fact) {
		return false
	}
	switch f := e.Fact.(type) {
	case *domain.OrganisationDissolved:
		return f.Organisation == was.Fact.(*domain.OrganisationDissolved).Organisation
	default:
		return domain.Introduces(f).ID != "" || e.Effective == was.Effective && domain.About(f).ID != ""
	}
}

// Correct makes a stated fact say what another entry says.
func (s *Sink) Correct(format string, was *Stated, e *domain.Entry, reason string) error {
	correction := &domain.EntryCorrected{Corrects: was.ID, Reason: reason,
		Replacement: domain.Replacement{Effective: e.Effective, Fact: e.Fact, Sources: e.Sources, Fulfils: e.Fulfils}}
	return s.Entry(&domain.Entry{ID: ID(format, "corrected", was.Last.String(), Says(e)), Fact: correction, Sources: e.Sources, Note: e.Note})
}

// Keyed records a fact under an id that hangs on a key alone, and corrects it where the ledger has it and it says
// otherwise. One that somebody has retracted stays so.
func (s *Sink) Keyed(ctx context.Context, format string, key []string, e *domain.Entry) error {
	h, err := s.past(ctx, format+"-")
	if err != nil {
		return err
	}
	e.ID = ID(format, append([]string{"key"}, key...)...)
	switch was := h.ids[e.ID]; {
	case was == nil:
		return s.Entry(e)
	case was.Retracted || Says(&was.Entry) == Says(e):
		s.Confirmed()
		return nil
	default:
		return s.Correct(format, was, e, "a newer file says otherwise")
	}
}

// Retract takes a stated fact out.
func (s *Sink) Retract(format string, was *Stated, reason string, sources []domain.Citation) error {
	return s.Entry(&domain.Entry{ID: ID(format, "retracted", was.Last.String()),
		Fact: &domain.EntryRetracted{Retracts: was.ID, Reason: reason}, Sources: sources})
}

// New records a fact under the id of what it says. Where that id was recorded and has been amended since, it is another.
func (s *Sink) New(format string, e *domain.Entry) error {
	says := Says(e)
	e.ID = ID(format, says)
	if h, ok := s.history[format+"-"]; ok {
		for was := h.ids[e.ID]; was != nil && (was.Retracted || Says(&was.Entry) != says); was = h.ids[e.ID] {
			e.ID = ID(format, says, was.Last.String())
		}
	}
	return s.Entry(e)
}
