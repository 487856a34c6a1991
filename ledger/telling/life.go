package telling

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// indexed is a Reader whose index is in this process: it chooses entries without reading the others.
type indexed interface{ View() *ledger.View }

// isLife tells the types of the facts that make an organisation what it is, or take what it has.
func isLife(typ domain.Type) bool {
	return typ == domain.TypeHoldingsTransferred || strings.HasPrefix(typ.String(), "organisation.")
}

// life reads the entries of an organisation's life and their corrections and retractions, in order, beyond known too. A
// Reader without an index reads everything that concerns it.
func (b *Book) life(ctx context.Context, org domain.Ref) ([]*domain.Recorded, error) {
	reader, ok := b.Reader.(indexed)
	if !ok {
		return b.Concerning(ctx, org)
	}
	view := reader.View()
	return b.readEntries(ctx, view.Concerning(org, view.Seq(), isLife))
}

// learnAmendments reads what corrects or retracts an entry, beyond known too.
func (b *Book) learnAmendments(ctx context.Context, e *domain.Recorded) error {
	ref := pivot(e)
	if ref.ID == "" {
		return nil
	}
	reader, ok := b.Reader.(indexed)
	if !ok {
		_, err := b.Concerning(ctx, ref)
		return err
	}
	_, err := b.readEntries(ctx, reader.View().Amendments(ref, e.Seq))
	return err
}

// learnTarget finds the sequence of the entry that another corrects or retracts.
func (b *Book) learnTarget(e *domain.Recorded) {
	reader, ok := b.Reader.(indexed)
	if id := AmendedBy(e.Fact); ok && id != (uuid.UUID{}) {
		b.Seqs[id] = reader.View().Corrected(e.Seq)
	}
}

// learnHere is LearnAll of a Reader with an index.
func (b *Book) learnHere(view *ledger.View, wanted map[domain.Date][]domain.Ref) {
	for on, refs := range wanted {
		for _, ref := range refs {
			if _, ok := b.titles[title{ref, on}]; !ok {
				b.titles[title{ref, on}] = Clean(view.Title(ref, ledger.Point{On: on, Known: b.Known}))
			}
		}
	}
}

func (b *Book) readEntries(ctx context.Context, seqs []uint64) ([]*domain.Recorded, error) {
	entries := make([]*domain.Recorded, len(seqs))
	for i, seq := range seqs {
		var err error
		if entries[i], err = b.Entry(ctx, seq); err != nil {
			return nil, err
		}
	}
	return entries, nil
}
