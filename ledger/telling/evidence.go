package telling

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections"
)

// sourcesWords lists the titles of sources, each once.
func (b *Book) sourcesWords(citations []domain.Citation) string {
	var titles []string
	for _, c := range citations {
		title := b.Title(c.Source.Ref(), domain.FirstDate)
		if title == "" {
			title = string(c.Source)
		}
		if title = Quoted(title); !slices.Contains(titles, title) {
			titles = append(titles, title)
		}
	}
	return strings.Join(titles, ", ")
}

// LearnSources reads the titles of the sources that facts cite.
func (b *Book) LearnSources(ctx context.Context, list ...*Edition) error {
	var refs []domain.Ref
	for _, e := range list {
		for _, c := range e.Now.Sources {
			refs = append(refs, c.Source.Ref())
		}
	}
	return b.Learn(ctx, domain.FirstDate, refs)
}

// errEnough ends a reading of the log early.
var errEnough = errors.New("enough was read")

// Source reads what was registered of a source: the entry that introduces it is the first about it.
func (b *Book) Source(ctx context.Context, id domain.SourceID) (*domain.SourceRegistered, error) {
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

// Evidence is a citation with what was registered of its source.
type Evidence struct {
	domain.Citation
	Registered *domain.SourceRegistered
}

// Words says on what evidence something stands: the title, who published it when, the place in it,
// and the digest by which the document is known.
func (e *Evidence) Words() string {
	s := e.Registered
	parts := []string{Quoted(s.Title)}
	if s.Publisher != "" {
		parts = append(parts, Clean(s.Publisher))
	}
	if !s.Published.IsZero() {
		parts = append(parts, "published "+WhenWords(s.Published))
	}
	if e.Locator != "" {
		parts = append(parts, Clean(e.Locator))
	}
	if s.URL != "" {
		parts = append(parts, Clean(s.URL))
	}
	if s.SHA256 != "" {
		parts = append(parts, "SHA-256 "+s.SHA256)
	}
	return strings.Join(parts, "; ") + " (" + e.Source.Ref().String() + ")"
}

// cited reads the sources of citations.
func (b *Book) cited(ctx context.Context, citations []domain.Citation) ([]Evidence, error) {
	list := make([]Evidence, len(citations))
	for i, c := range citations {
		s, err := b.Source(ctx, c.Source)
		if err != nil {
			return nil, err
		}
		list[i] = Evidence{c, s}
	}
	return list, nil
}

// Account is one fact told in full: what it did, when it was recorded, how it was corrected, on what
// evidence it stands.
type Account struct {
	*Edition
	Told      string // without a full stop
	Revisions []Revision
	Evidence  []Evidence
}

// Revision is a correction or retraction of a fact.
type Revision struct {
	*domain.Recorded
	Retracts bool
	Changed  string // what a correction changed, in words; empty of a retraction
	Reason   string
}

// Account reads all that is to be said of a fact as it stands at the known point.
func (b *Book) Account(ctx context.Context, seq uint64) (*Account, error) {
	list, err := b.Editions(ctx, []uint64{seq})
	if err != nil {
		return nil, err
	}
	e := list[0]
	if err := b.LearnSigned(ctx, append([]*domain.Recorded{e.Recorded}, e.Changes...)...); err != nil {
		return nil, err
	}
	a := &Account{Edition: e, Told: b.Told(e)}
	if a.Revisions, err = b.revisions(ctx, e); err != nil {
		return nil, err
	}
	a.Evidence, err = b.cited(ctx, citedBy(e.Now))
	return a, err
}

// citedBy lists what an entry cites, and then, of a correction, what else it cites for that which it puts in place.
func citedBy(e *domain.Entry) []domain.Citation {
	cited := slices.Clone(e.Sources)
	if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
		for _, c := range correction.Replacement.Sources {
			if !slices.Contains(cited, c) {
				cited = append(cited, c)
			}
		}
	}
	return cited
}

// revisions tells the corrections and retractions of a fact, and what it said before each.
func (b *Book) revisions(ctx context.Context, e *Edition) ([]Revision, error) {
	before := &e.Entry
	list := make([]Revision, len(e.Changes))
	for i, change := range e.Changes {
		correction, ok := change.Fact.(*domain.EntryCorrected)
		if !ok {
			list[i] = Revision{Recorded: change, Retracts: true, Reason: ReasonOf(change.Fact)}
			continue
		}
		after := correction.Apply(&e.Entry)
		changed, err := b.compare(ctx, before, after)
		if err != nil {
			return nil, err
		}
		list[i] = Revision{Recorded: change, Changed: changed, Reason: correction.Reason}
		before = after
	}
	return list, nil
}

// RecordedWords says when an entry that learnSigned has looked at was recorded, by whom, and whether that one has
// signed it.
func (b *Book) RecordedWords(e *domain.Recorded) string {
	text := TimeWords(RecordedAt(e))
	if e.Actor != "" {
		text += " by " + Clean(e.Actor)
	}
	return text + ", " + b.signedWords(e)
}

// compare says what an entry said before a correction, where that differs.
func (b *Book) compare(ctx context.Context, before, after *domain.Entry) (string, error) {
	if err := b.Tell(ctx, before, after); err != nil {
		return "", err
	}
	var parts []string
	told, retold := b.Narrator(before).Phrase(before.Fact), b.Narrator(after).Phrase(after.Fact)
	same := string(domain.AppendFact(nil, before.Fact)) == string(domain.AppendFact(nil, after.Fact))
	switch {
	case !same && told != retold:
		parts = append(parts, "before, it said: "+Lower(b.Sentence(before)))
	case !same:
		parts = append(parts, "before, its details were others")
	case before.Effective.String() != after.Effective.String():
		parts = append(parts, "before, it said "+Quoted(WhenWords(before.Effective)))
	}
	if !slices.Equal(before.Sources, after.Sources) {
		texts := make([]string, len(before.Sources))
		for i, c := range before.Sources {
			s, err := b.Source(ctx, c.Source)
			if err != nil {
				return "", err
			}
			texts[i] = Quoted(s.Title)
		}
		parts = append(parts, "before, it cited "+Joined(slices.Compact(texts)))
	}
	if before.Fulfils != after.Fulfils {
		parts = append(parts, "before, it fulfilled "+FulfilsWords(before.Fulfils))
	}
	if len(parts) == 0 {
		return "with the same content", nil
	}
	return strings.Join(parts, "; "), nil
}

// Introduced reads the entries about a reference, of which at least one has to be known.
func (b *Book) Introduced(ctx context.Context, ref domain.Ref) ([]*domain.Recorded, error) {
	entries, err := b.Concerning(ctx, ref)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 || entries[0].Seq > b.Known {
		return nil, &projections.QuestionError{Code: projections.CodeUnknownReference, Field: "ref",
			Message: fmt.Sprintf("no entry up to %d introduces %s", b.Known, ref)}
	}
	return entries, nil
}
