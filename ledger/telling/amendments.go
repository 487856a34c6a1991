package telling

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// Amendments lists, rising, the corrections and retractions up to the known point that may have
// changed an answer about a reference: of the facts that it rests on, of those that concern it, and of
// those that take everything from the organisations that have it.
func (b *Book) Amendments(ctx context.Context, ref domain.Ref, seqs []uint64, holders []string) ([]uint64, error) {
	found := make(map[uint64]bool)
	for _, id := range append(holders, "") {
		from := domain.OrganisationID(id)
		about := from.Ref()
		if id == "" {
			about = ref
		}
		read := b.Concerning
		if about.Kind == domain.KindOrganisation {
			read = b.life
		}
		entries, err := read(ctx, about)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if target := b.amends(e); target != nil && (id == "" || takesFrom(target.Fact, from) || takesFrom(b.EditionOf(target, e.Seq).Now.Fact, from)) {
				found[e.Seq] = e.Seq <= b.Known
			}
		}
	}
	for _, seq := range seqs {
		e, err := b.edition(ctx, seq)
		if err != nil {
			return nil, err
		}
		for _, change := range e.Changes {
			found[change.Seq] = true
		}
	}
	maps.DeleteFunc(found, func(_ uint64, visible bool) bool { return !visible })
	return slices.Sorted(maps.Keys(found)), nil
}

// amends is the entry that another corrects or retracts, nil where it does neither or the entry has not
// been read.
func (b *Book) amends(e *domain.Recorded) *domain.Recorded {
	seq, ok := b.Seqs[AmendedBy(e.Fact)]
	if !ok {
		return nil
	}
	return b.entries[seq]
}

// takesFrom tells the facts that take whatever an organisation has.
func takesFrom(f domain.Fact, org domain.OrganisationID) bool {
	if f, ok := f.(*domain.HoldingsTransferred); ok {
		return f.From == org
	}
	return !isHoldingFact(f) && isAbout(f, org)
}

// isHoldingFact tells the facts about one thing from those that end an organisation.
func isHoldingFact(f domain.Fact) bool { return domain.About(f).ID != "" }

// AmendmentTold is one or several corrections or retractions that were made for one reason.
type AmendmentTold struct {
	Seq  uint64 // of the first
	Text string
}

// OtherAmendments tells the corrections and retractions that are not of the facts that were told.
func (b *Book) OtherAmendments(ctx context.Context, ref domain.Ref, told, amendments []uint64) ([]AmendmentTold, error) {
	var rest []*domain.Recorded
	for _, seq := range amendments {
		e := b.entries[seq]
		target, ok := b.Seqs[AmendedBy(e.Fact)]
		if !ok || slices.Contains(told, target) || ref.Kind == domain.KindOrganisation && !b.touches(target, ref) {
			continue
		}
		rest = append(rest, e)
	}
	var list []AmendmentTold
	for len(rest) > 0 {
		n := 1
		for n < len(rest) && ReasonOf(rest[n].Fact) == ReasonOf(rest[0].Fact) && rest[n].Fact.Type() == rest[0].Fact.Type() {
			n++
		}
		text, err := b.amendmentsAlike(ctx, rest[:n])
		if err != nil {
			return nil, err
		}
		list = append(list, AmendmentTold{rest[0].Seq, text})
		rest = rest[n:]
	}
	return list, nil
}

// amendmentsAlike tells amendments that were made for one reason.
func (b *Book) amendmentsAlike(ctx context.Context, list []*domain.Recorded) (string, error) {
	first := list[0]
	if err := b.Tell(ctx, &first.Entry); err != nil {
		return "", err
	}
	b.tells(list...)
	text := b.Sentence(&first.Entry) + "."
	if len(list) > 1 {
		by, of := make([]uint64, len(list)), make([]uint64, len(list))
		for i, e := range list {
			by[i], of[i] = e.Seq, b.Seqs[AmendedBy(e.Fact)]
			b.tells(b.entries[of[i]])
		}
		text = fmt.Sprintf("Entries %s were %s by entries %s; the first: %s", SeqsWords(of), AmendmentVerb(first.Fact), SeqsWords(by), Lower(text))
	}
	if reason := ReasonOf(first.Fact); first.Fact.Type() == domain.TypeEntryCorrected {
		text += " Reason: " + Stopped(reason)
	}
	return text, nil
}

// touches reports whether a fact is about an organisation itself, and not only about what it holds.
func (b *Book) touches(seq uint64, ref domain.Ref) bool {
	e := b.entries[seq]
	return e != nil && isAbout(e.Fact, domain.OrganisationID(ref.ID))
}
