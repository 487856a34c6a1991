package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// showOrganisation shows what an organisation is on the day, how it came about, and what it has.
func (q *inquiry) showOrganisation(ctx context.Context, ref domain.Ref) error {
	o, err := answer[projections.Organisation](ctx, q, q.OnDay(q.Question("organisation", "organisation", ref.ID)))
	if o == nil {
		return err
	}
	if err := q.LearnOrganisation(ctx, o); err != nil {
		return err
	}
	if err := q.heading(ctx, q.Called(ref), q.day()); err != nil {
		return err
	}
	q.blank()
	q.organisationFields(o)
	if len(o.UncertainBy) > 0 {
		q.section("Uncertain")
		if err := q.doubts(ctx, o.UncertainBy); err != nil {
			return err
		}
	}
	if err := q.showLife(ctx, ref); err != nil {
		return err
	}
	if err := q.showHoldings(ctx, ref); err != nil {
		return err
	}
	if err := q.showNeighbours(ctx, ref); err != nil {
		return err
	}
	return q.showEntries(ctx, ref)
}

func (q *inquiry) organisationFields(o *projections.Organisation) {
	parent := ""
	if o.Parent != nil {
		parent = telling.RelationWords(o.Parent.Relation) + " " + q.Org(o.Parent.Organisation)
	}
	codes := make([]string, len(o.Identifiers))
	for i, code := range o.Identifiers {
		codes[i] = telling.Clean(code.Scheme + ":" + code.Value)
	}
	q.fields([]field{{"Status", q.LifeWords(o)}, {"Legal name", telling.Deref(o.Name)}, {"Operates as", telling.Deref(o.OperatingName)},
		{"Form", telling.Deref(o.Form)}, {"Placement", parent}, {"Identified as", strings.Join(codes, ", ")}, {"Certainty", o.Certainty}})
}

// showLife lists the facts about the organisation itself.
func (q *inquiry) showLife(ctx context.Context, ref domain.Ref) error {
	past, coming, err := q.LifeOf(ctx, ref)
	if err != nil {
		return err
	}
	q.Subject = ref
	for _, part := range []struct {
		title string
		seqs  []uint64
	}{{"What happened to it", past}, {"Recorded for later days", coming}} {
		if len(part.seqs) == 0 {
			continue
		}
		q.section(part.title)
		list, err := q.Editions(ctx, part.seqs)
		if err != nil {
			return err
		}
		for _, e := range list {
			q.hang(plain, fmt.Sprintf("  %4d  ", e.Seq), q.Told(e)+"."+telling.Mark(e))
		}
	}
	return nil
}

// showHoldings counts what the organisation holds, and lists its offices.
func (q *inquiry) showHoldings(ctx context.Context, ref domain.Ref) error {
	held, err := telling.Ask[projections.Holdings](ctx, q, q.Question("holdings", "organisation", ref.ID, "on", q.On.String()))
	if err != nil {
		return err
	}
	q.section("What it holds")
	var parts []string
	for _, part := range telling.HoldingsParts {
		n := 0
		for _, h := range held.Holdings {
			if part.Has(telling.RefOf(h.Ref), h.Role) {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, part.Title+": "+fmt.Sprint(n))
		}
	}
	if len(parts) == 0 {
		q.say(plain, 2, "Nothing on "+telling.DayWords(q.On)+".")
	} else {
		q.say(plain, 2, strings.Join(parts, ". ")+". All of them: orgledger holds "+ref.ID+" --on "+q.On.String())
	}
	offices, err := telling.Ask[projections.Offices](ctx, q, q.Question("offices", "organisation", ref.ID, "on", q.On.String()))
	if err != nil || len(offices.Offices) == 0 {
		return err
	}
	q.section("Offices")
	q.officesTable(2, offices.Offices)
	return nil
}

// showNeighbours lists the organisations from which it came at once, and those that came of it.
func (q *inquiry) showNeighbours(ctx context.Context, ref domain.Ref) error {
	lineage, err := telling.Ask[projections.Lineage](ctx, q, q.Question("lineage", "organisation", ref.ID))
	if err != nil || len(lineage.Edges) == 0 {
		return err
	}
	wanted := make(map[domain.Date][]domain.Ref)
	for _, e := range lineage.Edges {
		day := telling.ParseEDTF(e.Effective).Nominal()
		wanted[day] = append(wanted[day], domain.OrganisationID(e.From).Ref(), domain.OrganisationID(e.To).Ref())
	}
	if err := q.LearnAll(ctx, wanted); err != nil {
		return err
	}
	q.section("Lineage")
	for _, e := range lineage.Edges {
		date := telling.ParseEDTF(e.Effective)
		name := func(id string) string { return q.Label(domain.OrganisationID(id).Ref(), date.Nominal()) }
		switch ref.ID {
		case e.To:
			q.hang(plain, "  from  ", fmt.Sprintf("%s, %s %s (entry %d)", name(e.From), telling.PredecessorWords[e.How], telling.WhenWords(date), e.Seq))
		case e.From:
			q.hang(plain, "  to    ", fmt.Sprintf("%s, %s %s (entry %d)", name(e.To), telling.SuccessorWords[e.How], telling.WhenWords(date), e.Seq))
		}
	}
	return nil
}

func (q *inquiry) showEntries(ctx context.Context, ref domain.Ref) error {
	entries, err := q.Concerning(ctx, ref)
	if err != nil {
		return err
	}
	q.more(ref, q.countKnown(entries))
	return nil
}

// countKnown counts the entries up to the known point; they come in the order of their sequences.
func (q *inquiry) countKnown(entries []*domain.Recorded) int {
	n := 0
	for _, e := range entries {
		if e.Seq <= q.Known {
			n++
		}
	}
	return n
}
