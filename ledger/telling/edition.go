package telling

import (
	"context"
	"fmt"
	"strings"

	"github.com/orgledger/orgledger/domain"
)

// Edition is a fact as it stands at a known point, with what made it so.
type Edition struct {
	*domain.Recorded                    // as it was first recorded
	Now              *domain.Entry      // as it stands; of a retracted one, as it stood last
	Changes          []*domain.Recorded // corrections and retractions up to the known point, rising
	Retracted        bool
}

// edition reads a fact as it stands at the book's known point.
func (b *Book) edition(ctx context.Context, seq uint64) (*Edition, error) {
	return b.EditionAt(ctx, seq, b.Known)
}

// EditionAt reads a fact as it stands at another known point.
func (b *Book) EditionAt(ctx context.Context, seq, known uint64) (*Edition, error) {
	e, err := b.Entry(ctx, seq)
	if err != nil {
		return nil, err
	}
	if err := b.learnAmendments(ctx, e); err != nil {
		return nil, err
	}
	v := b.EditionOf(e, known)
	b.tells(append(v.Changes, e)...)
	return v, nil
}

// tells notes entries that the page tells of.
func (b *Book) tells(entries ...*domain.Recorded) {
	for _, e := range entries {
		b.Shown[e.Seq] = true
	}
}

// EditionOf applies the corrections and retractions that have been read.
func (b *Book) EditionOf(e *domain.Recorded, known uint64) *Edition {
	v := &Edition{Recorded: e, Now: &e.Entry}
	for _, seq := range b.amended[e.ID] {
		if seq > known {
			break
		}
		change := b.entries[seq]
		v.Changes = append(v.Changes, change)
		correction, corrected := change.Fact.(*domain.EntryCorrected)
		if corrected {
			v.Now = correction.Apply(&e.Entry)
		}
		v.Retracted = !corrected
	}
	return v
}

// pivot is a reference among whose entries the corrections and retractions of an entry are found.
func pivot(e *domain.Recorded) domain.Ref {
	if about := domain.About(e.Fact); about.ID != "" {
		return about
	}
	if mentions := e.Mentions(); len(mentions) > 0 && e.Fact.Type().Dated() {
		return mentions[0].Ref
	}
	return domain.Ref{}
}

// Editions reads facts as they stand, and makes ready to tell them.
func (b *Book) Editions(ctx context.Context, seqs []uint64) ([]*Edition, error) {
	list := make([]*Edition, len(seqs))
	told := make([]*domain.Entry, 0, len(seqs))
	for i, seq := range seqs {
		e, err := b.edition(ctx, seq)
		if err != nil {
			return nil, err
		}
		list[i] = e
		told = append(told, e.Now)
		if announced, ok := e.Now.Fact.(*domain.PlanAnnounced); ok {
			if err := b.LearnPlan(ctx, announced.Plan); err != nil {
				return nil, err
			}
		}
		if e.Now != &e.Entry {
			told = append(told, &e.Entry)
		}
	}
	return list, b.Tell(ctx, told...)
}

// Told is a fact in one sentence without a full stop. One that an assumed plan adds has the plan's
// sequence, and is told as what the plan is to do.
func (b *Book) Told(e *Edition) string {
	announced, ok := e.Now.Fact.(*domain.PlanAnnounced)
	if !ok {
		return b.Sentence(e.Now)
	}
	text := "Assuming the plan " + b.named(announced.Plan.Ref(), announced.Title)
	if intended := b.Intended(announced.Plan); len(intended) > 0 {
		text += ": " + strings.Join(intended, "; ")
	}
	return text
}

// Footnote says in one line on what evidence a fact stands, when it was recorded and what changed it.
func (b *Book) Footnote(e *Edition) string {
	parts := []string{"Source: " + b.sourcesWords(e.Now.Sources)}
	if len(e.Now.Sources) == 0 {
		parts[0] = "No source is cited"
	}
	parts = append(parts, "recorded on "+TimeWords(RecordedAt(e.Recorded)))
	for _, change := range e.Changes {
		verb := "corrected"
		if change.Fact.Type() == domain.TypeEntryRetracted {
			verb = "retracted"
		}
		parts = append(parts, verb+" by "+b.EntryWords(change.Seq))
	}
	return strings.Join(parts, "; ") + "."
}

// Mark says by which entries a fact was corrected or retracted.
func Mark(e *Edition) string {
	text := ""
	for _, change := range e.Changes {
		text += fmt.Sprintf(" [%s by entry %d]", AmendmentVerb(change.Fact), change.Seq)
	}
	return text
}
