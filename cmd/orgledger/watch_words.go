package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/feed"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// changesInWords tells each change beneath the entry that caused it, or the day.
func (w *watcher) changesInWords(ctx context.Context, q *inquiry, part []*changed) error {
	wanted := make(map[domain.Date][]domain.Ref)
	for _, m := range part {
		for _, p := range m.turns() {
			on := telling.ParseDay(p.From)
			wanted[on] = append(append(wanted[on], m.ref()), holdersIn(&p)...)
		}
	}
	if err := q.LearnAll(ctx, wanted); err != nil {
		return err
	}
	for _, m := range part {
		if err := w.changeInWords(ctx, q, m); err != nil {
			return err
		}
	}
	return nil
}

// holdersIn are the organisations that hold something before or after.
func holdersIn(p *feed.Period) []domain.Ref {
	var refs []domain.Ref
	for _, s := range []*projections.Standing{p.Before, p.After} {
		if s != nil {
			for _, h := range s.Holders {
				refs = append(refs, domain.OrganisationID(h.Organisation).Ref())
			}
		}
	}
	return refs
}

func (w *watcher) changeInWords(ctx context.Context, q *inquiry, m *changed) error {
	if m.kind == feed.Arrival {
		p := m.turns()[0]
		q.On = telling.ParseDay(p.From)
		q.hang(good, q.paint(bold, p.From)+"  ", "In effect now: "+q.turnWords(&p)+": "+q.Called(m.ref()))
		return nil
	}
	if w.told != m.data.CausedBy {
		if err := w.causeInWords(ctx, q, m.data.CausedBy); err != nil {
			return err
		}
		w.told = m.data.CausedBy
	}
	for _, p := range m.turns() {
		days := telling.Stretch{From: telling.ParseDay(p.From)}
		if p.To != nil {
			days.To = telling.ParseDay(*p.To)
		}
		q.On = days.From
		q.say(tenseStyle(p.In), replayIndent, telling.Capital(everOr(days))+tenseWords(p.In)+", "+q.turnWords(&p)+": "+q.Called(m.ref()))
	}
	return nil
}

// everOr is the words for some days, or for all days.
func everOr(days telling.Stretch) string {
	if days.From == domain.FirstDate && days.To == 0 {
		return "on every day"
	}
	return daysWords(days)
}

// causeInWords tells the entry that the changes beneath it come from.
func (w *watcher) causeInWords(ctx context.Context, q *inquiry, seq uint64) error {
	e, err := q.Entry(ctx, seq)
	if err != nil {
		return err
	}
	if err := q.Tell(ctx, &e.Entry); err != nil {
		return err
	}
	if err := q.LearnSigned(ctx, e); err != nil {
		return err
	}
	part := []*domain.Recorded{e}
	if err := w.numbers(ctx, q, part); err != nil {
		return err
	}
	n := q.Narrator(&e.Entry)
	n.Seq = func(id uuid.UUID) (uint64, bool) {
		seq, ok := w.ids.seqs[id]
		return seq, ok
	}
	q.hang(plain, q.paint(bold, fmt.Sprintf("%6d", e.Seq))+"  ", n.Sentence(&e.Entry)+"."+fulfilling(&e.Entry)+q.SignedSentence(e))
	return nil
}

// tenseWords says where days lie, seen from the day of recording.
func tenseWords(in []feed.Tense) string {
	switch {
	case slices.Contains(in, feed.Present):
		return ", now"
	case slices.Contains(in, feed.Future):
		return ", to come"
	default:
		return ", in the past"
	}
}

func tenseStyle(in []feed.Tense) style {
	if slices.Equal(in, []feed.Tense{feed.Past}) {
		return caution
	}
	return good
}

// turnWords is what gave way to what: holders, or else whatever differs.
func (q *inquiry) turnWords(p *feed.Period) string {
	before, after := orNone(p.Before), orNone(p.After)
	switch {
	case !slices.Equal(before.Holders, after.Holders):
		return q.TransitionWords(telling.Transitions([]projections.Change{{Before: before.Holders, After: after.Holders}})[0])
	case p.Before == nil:
		return "known from now on"
	case p.After == nil:
		return "known no longer"
	}
	was, is := wordsOf(before), wordsOf(after)
	var parts []string
	for i := range is {
		if was[i] != is[i] {
			parts = append(parts, is[i].what+" "+was[i].text+" → "+is[i].text)
		}
	}
	if len(parts) == 0 {
		return "otherwise in its details"
	}
	return strings.Join(parts, ", ")
}

func orNone(s *projections.Standing) *projections.Standing {
	if s == nil {
		return new(projections.Standing)
	}
	return s
}

// said is one thing that an answer says.
type said struct{ what, text string }

// wordsOf is what an answer says but for the holders, always the same things.
func wordsOf(s *projections.Standing) []said {
	o := s.Organisation
	if o == nil {
		o = &projections.OrganisationIs{Status: s.Status, Certainty: s.Certainty}
	}
	codes := make([]string, len(o.Identifiers))
	for i, c := range o.Identifiers {
		codes[i] = telling.Clean(c.Scheme + ":" + c.Value)
	}
	return []said{{"status", o.Status}, {"certainty", o.Certainty}, {"name", textOr(o.Name)}, {"operating name", textOr(o.OperatingName)},
		{"form", textOr(o.Form)}, {"identifiers", telling.Joined(codes)}, {"established", textOr(o.Established)}}
}

func textOr(text *string) string {
	if text == nil {
		return "none"
	}
	return telling.Quoted(*text)
}
