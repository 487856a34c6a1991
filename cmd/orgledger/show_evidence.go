package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// showPlan shows a plan as it stands, and the entries that made it so.
func (q *inquiry) showPlan(ctx context.Context, ref domain.Ref) error {
	plans, err := answer[projections.Plans](ctx, q, q.OnDay(q.Question("plans")))
	if plans == nil {
		return err
	}
	if err := q.LearnPlan(ctx, domain.PlanID(ref.ID)); err != nil {
		return err
	}
	if err := q.heading(ctx, q.Called(ref), q.day()); err != nil {
		return err
	}
	q.blank()
	at := slices.IndexFunc(plans.Plans, func(p projections.Plan) bool { return p.Plan == ref.ID })
	if at < 0 {
		q.say(plain, 0, "It had not been announced by "+telling.DayWords(q.On)+", as far as was known.")
	} else {
		p := &plans.Plans[at]
		status := telling.PlanStatus(p.Status)
		q.fields([]field{{"Status", status}, {"Expected", telling.Capital(telling.DateWords(telling.DateOf(p.Expected)))}, {"Items", telling.FulfilledText(*p)}})
		if err := q.planDetails(ctx, p); err != nil {
			return err
		}
	}
	entries, err := q.Concerning(ctx, ref)
	if err != nil {
		return err
	}
	q.section("Entries about it")
	if err := q.entriesList(ctx, entries); err != nil {
		return err
	}
	q.blank()
	q.say(dim, 0, "What it would change: orgledger impact "+ref.ID)
	return nil
}

// entriesList tells entries up to the known point in one sentence each.
func (q *inquiry) entriesList(ctx context.Context, entries []*domain.Recorded) error {
	for part := range slices.Chunk(entries[:q.countKnown(entries)], tellAtOnce) {
		told := make([]*domain.Entry, len(part))
		for i, e := range part {
			told[i] = &e.Entry
		}
		if err := q.Tell(ctx, told...); err != nil {
			return err
		}
		if err := q.LearnSigned(ctx, part...); err != nil {
			return err
		}
		for _, e := range part {
			q.hang(plain, fmt.Sprintf("  %4d  ", e.Seq), q.Sentence(&e.Entry)+"."+telling.Mark(q.EditionOf(e, q.Known))+q.SignedSentence(e))
		}
	}
	return nil
}

// logJSON prints the entries about a reference as log does.
func (q *inquiry) logJSON(entries []*domain.Recorded) error {
	for _, e := range entries {
		if e.Seq <= q.Known {
			q.line(string(ledger.AppendLogged(nil, e)))
		}
	}
	return nil
}

// showSource shows a source as it was registered, and what cites it.
func (q *inquiry) showSource(ctx context.Context, ref domain.Ref) error {
	entries, err := q.Introduced(ctx, ref)
	if err != nil {
		return err
	}
	if q.json {
		return q.logJSON(entries)
	}
	s, err := q.Source(ctx, domain.SourceID(ref.ID))
	if err != nil {
		return err
	}
	if err := q.heading(ctx, telling.Quoted(s.Title)+" ("+ref.String()+")", ""); err != nil {
		return err
	}
	q.blank()
	published, retrieved := "", ""
	if !s.Published.IsZero() {
		published = telling.DateWords(s.Published)
	}
	if !s.Retrieved.IsZero() {
		retrieved = telling.DateWords(s.Retrieved)
	}
	q.fields([]field{{"Publisher", telling.Clean(s.Publisher)}, {"Published", published}, {"Address", telling.Clean(s.URL)}, {"Retrieved", retrieved},
		{"SHA-256", s.SHA256}, {"Note", telling.Clean(entries[0].Note)}})
	citing := entries[1:]
	if len(citing) == 0 {
		q.section("No entry cites it.")
		return nil
	}
	q.section(fmt.Sprintf("Cited by %s", telling.Counted(q.countKnown(citing), "entry")))
	return q.entriesList(ctx, citing)
}

// showOffice shows who has held an office.
func (q *inquiry) showOffice(ctx context.Context, ref domain.Ref) error {
	entries, err := q.Introduced(ctx, ref)
	if err != nil {
		return err
	}
	if q.json {
		return q.logJSON(entries)
	}
	if err := q.Names(ctx, ref.String()); err != nil {
		return err
	}
	if err := q.heading(ctx, q.Called(ref), q.day()); err != nil {
		return err
	}
	q.blank()
	holder, err := q.OfficeHolder(ctx, ref, entries)
	if err != nil {
		return err
	}
	q.say(bold, 0, holder)
	q.section("Entries about it")
	return q.entriesList(ctx, entries)
}
