package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
)

// errEnough ends a reading of the log early.
var errEnough = errors.New("enough was read")

// source reads what was registered of a source: the entry that introduces it is the first about it.
func (b *book) source(ctx context.Context, id domain.SourceID) (*domain.SourceRegistered, error) {
	if s, ok := b.sources[id]; ok {
		return s, nil
	}
	err := b.Select(ctx, ledger.Selection{Ref: id.Ref()}, func(e domain.Recorded) error {
		if s, ok := e.Fact.(*domain.SourceRegistered); ok {
			b.sources[id] = s
		}
		return errEnough
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	if b.sources[id] == nil {
		return nil, fmt.Errorf("the first entry about source/%s does not register it", id)
	}
	return b.sources[id], nil
}

// citation says on what evidence something stands: the title, who published it when, the place in it,
// and the digest by which the document is known.
func (b *book) citation(ctx context.Context, c domain.Citation) (string, error) {
	s, err := b.source(ctx, c.Source)
	if err != nil {
		return "", err
	}
	parts := []string{telling.Quoted(s.Title)}
	if s.Publisher != "" {
		parts = append(parts, telling.Clean(s.Publisher))
	}
	if !s.Published.IsZero() {
		parts = append(parts, "published "+telling.WhenWords(s.Published))
	}
	if c.Locator != "" {
		parts = append(parts, telling.Clean(c.Locator))
	}
	if s.URL != "" {
		parts = append(parts, telling.Clean(s.URL))
	}
	if s.SHA256 != "" {
		parts = append(parts, "SHA-256 "+s.SHA256)
	}
	return strings.Join(parts, "; ") + " (" + c.Source.Ref().String() + ")", nil
}

// account tells one fact in full: what it did, when it was recorded, how it was corrected, on what
// evidence it stands.
func (q *inquiry) account(ctx context.Context, lead string, seq uint64) error {
	list, err := q.editions(ctx, []uint64{seq})
	if err != nil {
		return err
	}
	e := list[0]
	if err := q.learnSigned(ctx, append([]*domain.Recorded{e.Recorded}, e.Changes...)...); err != nil {
		return err
	}
	indent := len(lead)
	q.hang(plain, lead, q.told(e)+".")
	q.say(dim, indent, fmt.Sprintf("Entry %d, recorded on %s.", e.Seq, q.recordedWords(e.Recorded)))
	if err := q.changes(ctx, indent, e); err != nil {
		return err
	}
	if err := q.evidence(ctx, indent, e.Now.Sources); err != nil {
		return err
	}
	for _, noted := range append([]*domain.Recorded{e.Recorded}, e.Changes...) {
		if noted.Note != "" {
			q.say(dim, indent, fmt.Sprintf("Note of entry %d: %s", noted.Seq, telling.Clean(noted.Note)))
		}
	}
	return nil
}

// recordedWords says when an entry that learnSigned has looked at was recorded, by whom, and whether that one has
// signed it.
func (q *inquiry) recordedWords(e *domain.Recorded) string {
	text := telling.TimeWords(telling.RecordedAt(e))
	if e.Actor != "" {
		text += " by " + telling.Clean(e.Actor)
	}
	return text + ", " + q.signedWords(e)
}

func (q *inquiry) evidence(ctx context.Context, indent int, citations []domain.Citation) error {
	if len(citations) == 0 {
		q.say(caution, indent, "Evidence: none is cited.")
		return nil
	}
	lead := strings.Repeat(" ", indent) + "Evidence: "
	for _, c := range citations {
		text, err := q.citation(ctx, c)
		if err != nil {
			return err
		}
		q.hang(plain, lead, text+".")
		lead = strings.Repeat(" ", len(lead))
	}
	return nil
}

// changes tells the corrections and retractions of a fact, and what it said before each.
func (q *inquiry) changes(ctx context.Context, indent int, e *edition) error {
	before := &e.Entry
	for _, change := range e.Changes {
		correction, ok := change.Fact.(*domain.EntryCorrected)
		if !ok {
			reason := change.Fact.(*domain.EntryRetracted).Reason
			q.say(alarm, indent, fmt.Sprintf("Retracted by entry %d, recorded on %s. Reason: %s", change.Seq, q.recordedWords(change), telling.Stopped(reason)))
			continue
		}
		after := correction.Apply(&e.Entry)
		differences, err := q.compare(ctx, before, after)
		if err != nil {
			return err
		}
		q.say(caution, indent, fmt.Sprintf("As corrected by entry %d, recorded on %s: %s. Reason: %s",
			change.Seq, q.recordedWords(change), differences, telling.Stopped(correction.Reason)))
		before = after
	}
	return nil
}

// compare says what an entry said before a correction, where that differs.
func (q *inquiry) compare(ctx context.Context, before, after *domain.Entry) (string, error) {
	if err := q.tell(ctx, before, after); err != nil {
		return "", err
	}
	var parts []string
	told, retold := q.narrator(before).Phrase(before.Fact), q.narrator(after).Phrase(after.Fact)
	same := string(domain.AppendFact(nil, before.Fact)) == string(domain.AppendFact(nil, after.Fact))
	switch {
	case !same && told != retold:
		parts = append(parts, "before, it said: "+telling.Lower(q.sentence(before)))
	case !same:
		parts = append(parts, "before, its details were others")
	case before.Effective.String() != after.Effective.String():
		parts = append(parts, "before, it said "+telling.Quoted(telling.WhenWords(before.Effective)))
	}
	if !slices.Equal(before.Sources, after.Sources) {
		texts := make([]string, len(before.Sources))
		for i, c := range before.Sources {
			s, err := q.source(ctx, c.Source)
			if err != nil {
				return "", err
			}
			texts[i] = telling.Quoted(s.Title)
		}
		parts = append(parts, "before, it cited "+telling.Joined(slices.Compact(texts)))
	}
	if before.Fulfils != after.Fulfils {
		parts = append(parts, "before, it fulfilled "+telling.FulfilsWords(before.Fulfils))
	}
	if len(parts) == 0 {
		return "with the same content", nil
	}
	return strings.Join(parts, "; "), nil
}
