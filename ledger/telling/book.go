package telling

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// Book is what one command, or one page, has read of a ledger. Every question that it puts is about one known
// point, so that what is recorded meanwhile cannot mix two states in one answer. It is for one goroutine.
type Book struct {
	Reader
	On      domain.Date // the day that is told of, whose names are used
	Known   uint64
	Assumed []Assumption

	entries   map[uint64]*domain.Recorded
	Seqs      map[uuid.UUID]uint64
	amended   map[uuid.UUID][]uint64  // corrections and retractions of an entry, rising, beyond known too
	concerned map[domain.Ref][]uint64 // the references whose entries have all been read
	titles    map[title]string
	sources   map[domain.SourceID]*domain.SourceRegistered
	signed    map[uint64]string // of signed entries that were looked at, what is to be said of that
	Subject   domain.Ref        // what the page is about: told by its name alone
	Marked    bool              // names of things and entries have marks, for who makes links of them: see Pieces
	Shown     map[uint64]bool   // the entries that the page tells of
}

// title is what a reference is called on a day.
type title struct {
	ref domain.Ref
	on  domain.Date
}

// Open fixes the known point. known is nil, a sequence or a time, as questions write it.
func Open(ctx context.Context, s Reader, on domain.Date, known any) (*Book, error) {
	b := &Book{Reader: s, On: on, entries: make(map[uint64]*domain.Recorded), Seqs: make(map[uuid.UUID]uint64),
		amended: make(map[uuid.UUID][]uint64), concerned: make(map[domain.Ref][]uint64), titles: make(map[title]string),
		sources: make(map[domain.SourceID]*domain.SourceRegistered), signed: make(map[uint64]string), Shown: make(map[uint64]bool)}
	var err error
	b.Known, err = b.Resolve(ctx, known)
	return b, err
}

// Resolve finds the sequence that a known point means.
func (b *Book) Resolve(ctx context.Context, known any) (uint64, error) {
	question := map[string]any{"q": "titles", "refs": []string{}, "on": domain.FirstDate.String()}
	if known != nil {
		question["known"] = known
	}
	answer, err := Ask[struct {
		Known uint64 `json:"known"`
	}](ctx, b.Reader, question)
	if err != nil {
		return 0, err
	}
	return answer.Known, nil
}

// Learn reads what references are called on a day, those that are not known yet.
func (b *Book) Learn(ctx context.Context, on domain.Date, refs []domain.Ref) error {
	return b.LearnAll(ctx, map[domain.Date][]domain.Ref{on: refs})
}

// LearnAll is Learn of several days.
func (b *Book) LearnAll(ctx context.Context, wanted map[domain.Date][]domain.Ref) error {
	if reader, ok := b.Reader.(indexed); ok {
		b.learnHere(reader.View(), wanted)
		return nil
	}
	var questions []map[string]any
	var days []domain.Date
	for on, refs := range wanted {
		var missing []string
		for _, ref := range refs {
			if _, ok := b.titles[title{ref, on}]; !ok {
				b.titles[title{ref, on}] = ""
				missing = append(missing, ref.String())
			}
		}
		for part := range slices.Chunk(missing, 1000) {
			questions = append(questions, map[string]any{"q": "titles", "refs": part, "on": on.String(), "known": b.Known})
			days = append(days, on)
		}
	}
	replies, err := b.AskAll(ctx, questions)
	if err != nil {
		return err
	}
	for i, r := range replies {
		answer, err := Read[struct {
			Titles map[string]string `json:"titles"`
		}](r)
		if err != nil {
			return err
		}
		for text, name := range answer.Titles {
			if ref, err := domain.ParseRef(text); err == nil {
				b.titles[title{ref, days[i]}] = Clean(name)
			}
		}
	}
	return nil
}

// Title is what a reference is called on a day, as far as learn has read it; empty where it is called
// nothing.
func (b *Book) Title(ref domain.Ref, on domain.Date) string { return b.titles[title{ref, on}] }

// Label is a reference with its name: Health Education England (hee), “Education commissioning”
// (responsibility/education-commissioning).
func (b *Book) Label(ref domain.Ref, on domain.Date) string {
	name := b.Title(ref, on)
	switch {
	case b.Marked && name == "":
		return marked(ref.String(), ref.String())
	case b.Marked:
		return marked(ref.String(), short(ref, name))
	case name == "":
		return ref.String()
	case ref.Kind == domain.KindOrganisation:
		return name + " (" + ref.ID + ")"
	default:
		return "“" + name + "” (" + ref.String() + ")"
	}
}

// short is the name of a reference alone, as prose writes it.
func short(ref domain.Ref, name string) string {
	if ref.Kind == domain.KindOrganisation {
		return name
	}
	return "“" + name + "”"
}

// Keep remembers an entry.
func (b *Book) Keep(e domain.Recorded) {
	if _, ok := b.entries[e.Seq]; ok {
		return
	}
	b.entries[e.Seq] = &e
	b.Seqs[e.ID] = e.Seq
	switch f := e.Fact.(type) {
	case *domain.EntryCorrected:
		b.amend(f.Corrects, e.Seq)
	case *domain.EntryRetracted:
		b.amend(f.Retracts, e.Seq)
	}
}

func (b *Book) amend(id uuid.UUID, seq uint64) {
	seqs := b.amended[id]
	if at, ok := slices.BinarySearch(seqs, seq); !ok {
		b.amended[id] = slices.Insert(seqs, at, seq)
	}
}

// Entry reads one entry of the log.
func (b *Book) Entry(ctx context.Context, seq uint64) (*domain.Recorded, error) {
	if e, ok := b.entries[seq]; ok {
		return e, nil
	}
	err := b.Select(ctx, ledger.Selection{From: seq, To: seq + 1}, func(e domain.Recorded) error {
		b.Keep(e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if e, ok := b.entries[seq]; ok {
		b.learnTarget(e)
		return e, nil
	}
	return nil, fmt.Errorf("the log has no entry %d", seq)
}

// Concerning reads every entry that concerns a reference, in order, beyond known too.
func (b *Book) Concerning(ctx context.Context, ref domain.Ref) ([]*domain.Recorded, error) {
	seqs, ok := b.concerned[ref]
	if !ok {
		err := b.Select(ctx, ledger.Selection{Ref: ref}, func(e domain.Recorded) error {
			b.Keep(e)
			seqs = append(seqs, e.Seq)
			return nil
		})
		if err != nil {
			return nil, err
		}
		b.concerned[ref] = seqs
	}
	entries := make([]*domain.Recorded, len(seqs))
	for i, seq := range seqs {
		entries[i] = b.entries[seq]
	}
	return entries, nil
}

// Tell makes ready to tell entries: it reads the names that they were about on their days, and finds
// the entries that they correct or retract.
func (b *Book) Tell(ctx context.Context, entries ...*domain.Entry) error {
	wanted := make(map[domain.Date][]domain.Ref)
	for _, e := range entries {
		on := namingDay(e)
		wanted[on] = append(wanted[on], Mentioned(e)...)
	}
	return b.LearnAll(ctx, wanted)
}

// namingDay is the day whose names tell an entry: its own, of a renaming the one before.
func namingDay(e *domain.Entry) domain.Date {
	switch f := e.Fact.(type) {
	case *domain.EntryCorrected:
		if f.Replacement.Fact != nil {
			return namingDay(&domain.Entry{Effective: f.Replacement.Effective, Fact: f.Replacement.Fact})
		}
	case *domain.OrganisationRenamed:
		return max(e.Effective.Nominal()-1, domain.FirstDate)
	}
	return e.Effective.Nominal()
}

// Narrator tells an entry that tell has made ready.
func (b *Book) Narrator(e *domain.Entry) *Narrator {
	on := namingDay(e)
	return &Narrator{
		Name: func(ref domain.Ref) string {
			if name := b.Title(ref, on); name != "" && ref == b.Subject {
				return short(ref, name)
			}
			return b.Label(ref, on)
		},
		Seq: func(id uuid.UUID) (uint64, bool) {
			seq, ok := b.Seqs[id]
			return seq, ok
		},
		Entry: b.EntryWords,
	}
}

// Sentence tells an entry that tell has made ready.
func (b *Book) Sentence(e *domain.Entry) string { return b.Narrator(e).Sentence(e) }
