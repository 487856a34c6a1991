package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// editions reads facts as they stand, and makes ready to tell them.
func (q *inquiry) editions(ctx context.Context, seqs []uint64) ([]*edition, error) {
	list := make([]*edition, len(seqs))
	told := make([]*domain.Entry, 0, len(seqs))
	for i, seq := range seqs {
		e, err := q.edition(ctx, seq)
		if err != nil {
			return nil, err
		}
		list[i] = e
		told = append(told, e.Now)
		if announced, ok := e.Now.Fact.(*domain.PlanAnnounced); ok {
			if err := q.learnPlan(ctx, announced.Plan); err != nil {
				return nil, err
			}
		}
		if e.Now != &e.Entry {
			told = append(told, &e.Entry)
		}
	}
	return list, q.tell(ctx, told...)
}

// told is a fact in one sentence without a full stop. One that an assumed plan adds has the plan's
// sequence, and is told as what the plan is to do.
func (q *inquiry) told(e *edition) string {
	announced, ok := e.Now.Fact.(*domain.PlanAnnounced)
	if !ok {
		return q.sentence(e.Now)
	}
	text := "Assuming the plan " + telling.Quoted(announced.Title) + " (" + announced.Plan.Ref().String() + ")"
	if intended := q.intended(announced.Plan); len(intended) > 0 {
		text += ": " + strings.Join(intended, "; ")
	}
	return text
}

// intended says what a plan whose entries have been read is to do, as it stands at the known point.
func (q *inquiry) intended(plan domain.PlanID) []string {
	items, _ := q.planned(plan)
	texts := make([]string, len(items))
	for i, item := range items {
		n := q.narrator(&domain.Entry{Effective: domain.DayEDTF(q.on), Fact: item.Fact})
		n.Planned = true
		texts[i] = n.Phrase(item.Fact)
		if !item.Effective.IsZero() {
			texts[i] += " " + telling.WhenWords(item.Effective)
		}
	}
	return texts
}

// planned gives the items of a plan and the day it is expected, as they stand at the known point and on
// the day of the inquiry: what was amended last, in the order of nominal days.
func (q *inquiry) planned(plan domain.PlanID) (items []domain.PlanItem, expected domain.EDTF) {
	var facts []*domain.Entry
	for _, seq := range q.concerned[plan.Ref()] {
		e := q.editionOf(q.entries[seq], q.known)
		day := e.Now.Effective.Nominal()
		announces := e.Now.Fact.Type() == domain.TypePlanAnnounced
		if seq <= q.known && !e.Retracted && domain.About(e.Now.Fact) == plan.Ref() && (announces || day <= q.on) {
			facts = append(facts, e.Now)
		}
	}
	slices.SortStableFunc(facts, func(a, b *domain.Entry) int {
		return cmp.Or(announcedFirst(a, b), int(a.Effective.Nominal()-b.Effective.Nominal()))
	})
	for _, e := range facts {
		if given := domain.PlanItems(e.Fact); given != nil {
			items = given
		}
		switch f := e.Fact.(type) {
		case *domain.PlanAnnounced:
			expected = f.Expected
		case *domain.PlanAmended:
			if !f.Expected.IsZero() {
				expected = f.Expected
			}
		}
	}
	return items, expected
}

func announcedFirst(a, b *domain.Entry) int {
	switch domain.TypePlanAnnounced {
	case b.Fact.Type():
		return 1
	case a.Fact.Type():
		return -1
	}
	return 0
}

// learnPlan reads a plan's entries, and the names that its items are about.
func (q *inquiry) learnPlan(ctx context.Context, plan domain.PlanID) error {
	entries, err := q.concerning(ctx, plan.Ref())
	if err != nil {
		return err
	}
	var refs []domain.Ref
	for _, e := range entries {
		refs = append(refs, telling.Mentioned(&e.Entry)...)
	}
	return q.learnAll(ctx, map[domain.Date][]domain.Ref{q.on: refs, max(q.on-1, domain.FirstDate): refs})
}

// steps tells a chain of facts, a paragraph each, with the sources' titles and what changed the fact.
func (q *inquiry) steps(ctx context.Context, indent int, seqs []uint64) error {
	list, err := q.editions(ctx, seqs)
	if err != nil {
		return err
	}
	if err := q.learnSources(ctx, list...); err != nil {
		return err
	}
	for _, e := range list {
		lead := fmt.Sprintf("%s%4d  ", strings.Repeat(" ", indent), e.Seq)
		q.hang(plain, lead, q.told(e)+".")
		q.say(dim, len(lead), q.footnote(e))
	}
	return nil
}

// footnote says in one line on what evidence a fact stands, when it was recorded and what changed it.
func (q *inquiry) footnote(e *edition) string {
	parts := []string{"Source: " + q.sourcesWords(e.Now.Sources)}
	if len(e.Now.Sources) == 0 {
		parts[0] = "No source is cited"
	}
	parts = append(parts, "recorded on "+telling.TimeWords(telling.RecordedAt(e.Recorded)))
	for _, change := range e.Changes {
		verb := "corrected"
		if change.Fact.Type() == domain.TypeEntryRetracted {
			verb = "retracted"
		}
		parts = append(parts, fmt.Sprintf("%s by entry %d", verb, change.Seq))
	}
	return strings.Join(parts, "; ") + "."
}

// sourcesWords lists the titles of sources, each once.
func (q *inquiry) sourcesWords(citations []domain.Citation) string {
	var titles []string
	for _, c := range citations {
		title := q.title(c.Source.Ref(), domain.FirstDate)
		if title == "" {
			title = string(c.Source)
		}
		if title = telling.Quoted(title); !slices.Contains(titles, title) {
			titles = append(titles, title)
		}
	}
	return strings.Join(titles, ", ")
}

// learnSources reads the titles of the sources that facts cite.
func (q *inquiry) learnSources(ctx context.Context, list ...*edition) error {
	var refs []domain.Ref
	for _, e := range list {
		for _, c := range e.Now.Sources {
			refs = append(refs, c.Source.Ref())
		}
	}
	return q.learn(ctx, domain.FirstDate, refs)
}

// doubts says why an answer is uncertain, and until when. Facts of one type and date are told together.
func (q *inquiry) doubts(ctx context.Context, seqs []uint64) error {
	list, err := q.editions(ctx, seqs)
	if err != nil {
		return err
	}
	type likeness struct {
		date domain.EDTF
		kind domain.Type
	}
	var order []likeness
	alike := make(map[likeness][]*edition)
	for _, e := range list {
		date := e.Now.Effective
		if announced, ok := e.Now.Fact.(*domain.PlanAnnounced); ok {
			_, date = q.planned(announced.Plan)
		}
		l := likeness{date, e.Now.Fact.Type()}
		if len(alike[l]) == 0 {
			order = append(order, l)
		}
		alike[l] = append(alike[l], e)
	}
	for _, l := range order {
		q.hang(caution, "  ", q.doubt(l.date, alike[l]))
	}
	return nil
}

// doubt says of facts of one date what is not known of them.
func (q *inquiry) doubt(date domain.EDTF, alike []*edition) string {
	first := alike[0]
	text := fmt.Sprintf("Entry %d gives no exact day: %s.", first.Seq, telling.Lower(q.told(first)))
	if n := len(alike); n > 1 {
		seqs := make([]uint64, n-1)
		for i, e := range alike[1:] {
			seqs[i] = e.Seq
		}
		text += fmt.Sprintf(" %s like it: %s.", telling.Capital(telling.Counted(n-1, "more entry")), telling.SeqsWords(seqs))
	}
	if date.Latest() != 0 {
		text += " It is certain from " + telling.DayWords(date.Latest()) + " on."
	}
	return text
}

// shareWords is who has something, and as what.
func (q *inquiry) shareWords(s projections.Share) string {
	return q.org(s.Organisation) + ", " + telling.RoleWords(s.Role)
}

// sharesWords says who holds something: nobody, or each with the role.
func (q *inquiry) sharesWords(shares []projections.Share) string {
	if len(shares) == 0 {
		return "nobody"
	}
	names := make([]string, len(shares))
	for i, s := range shares {
		names[i] = q.org(s.Organisation) + telling.AsRole(s.Role)
	}
	return strings.Join(names, "; ")
}
