package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

func (a *app) showCommand() *cobra.Command {
	var m moment
	command := &cobra.Command{
		Use:     "show REF",
		GroupID: "ask",
		Short:   "Show everything about one thing",
		Long: `Show everything about an organisation, responsibility, contract, plan, source, office, key or person on a day.

With --json it prints the answer that says most: organisation of an organisation, holders of a
responsibility or contract, plans of a plan; of a source, office, key or person its entries in the log.`,
		Example: examples(`orgledger show hee --on 2020-07-30`, `orgledger show contract/cppe-postgraduate-education`,
			`orgledger show plan/nhs-england-abolition`, `orgledger show source/hee-about`, `orgledger show office/hee-chief-executive`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inquire(cmd, &m, func(ctx context.Context, q *inquiry) error { return q.show(ctx, args[0]) })
		},
	}
	m.onFlag(command)
	m.knownFlag(command)
	return a.completes(command, allKinds)
}

func (q *inquiry) show(ctx context.Context, text string) error {
	ref, err := q.reference(ctx, text, allKinds)
	if err != nil {
		return err
	}
	show := map[domain.Kind]func(context.Context, domain.Ref) error{
		domain.KindOrganisation: q.showOrganisation, domain.KindResponsibility: q.showHolding, domain.KindContract: q.showHolding,
		domain.KindPlan: q.showPlan, domain.KindSource: q.showSource, domain.KindOffice: q.showOffice, domain.KindKey: q.showKey,
		domain.KindPerson: q.showPerson,
	}[ref.Kind]
	return q.unknown(ctx, show(ctx, ref), ref, allKinds)
}

// field is one thing said of another.
type field struct{ name, value string }

// fields lists what is known; empty values are left out.
func (q *inquiry) fields(list []field) {
	var rows [][]cell
	for _, f := range list {
		if f.value != "" {
			rows = append(rows, []cell{{dim, f.name}, {plain, f.value}})
		}
	}
	q.table(0, []column{{"", 0}, {"", narrowest}}, rows)
}

// holdingFact is the newest content of what a holding's own facts say of it on the day.
type holdingFact struct {
	kind, description string
	lastDay           domain.Date
	value             *domain.Value
	identifiers       []domain.Identifier
	entries           int
}

// showHolding shows a responsibility or contract.
func (q *inquiry) showHolding(ctx context.Context, ref domain.Ref) error {
	answer, err := answer[projections.Holders](ctx, q, q.onDay(q.question("holders", "ref", ref.String())))
	if answer == nil {
		return err
	}
	if err := q.learnHolders(ctx, ref, answer); err != nil {
		return err
	}
	about, err := q.holdingFacts(ctx, ref)
	if err != nil {
		return err
	}
	if err := q.heading(ctx, q.called(ref), q.day()); err != nil {
		return err
	}
	q.blank()
	value, lastDay := "", ""
	if about.value != nil {
		value = about.value.Currency + " " + string(about.value.Amount)
	}
	if about.lastDay != 0 {
		lastDay = telling.DayWords(about.lastDay)
	}
	q.fields([]field{{"Kind", about.kind}, {"About", about.description}, {"Status", holdingStatus(answer.Status)}, {"Worth", value},
		{"Last day", lastDay}, {"Identified as", strings.TrimPrefix(telling.CodesWords(" ", about.identifiers), " ")}, {"Certainty", answer.Certainty}})
	q.blank()
	if err := q.holdersTable(ctx, ref, answer); err != nil {
		return err
	}
	if len(answer.UncertainBy) > 0 {
		q.section("Uncertain")
		if err := q.doubts(ctx, answer.UncertainBy); err != nil {
			return err
		}
	}
	history, err := ask[projections.History](ctx, q.session, q.question("history", "ref", ref.String()))
	if err != nil {
		return err
	}
	if len(history.Periods) > 0 {
		q.section("History")
		if err := q.periods(ctx, ref, history.Periods); err != nil {
			return err
		}
	}
	q.more(ref, about.entries)
	return nil
}

func holdingStatus(status string) string {
	return map[string]string{projections.StatusUnknown: "unknown: what introduced it is retracted", projections.StatusPending: "pending: nobody has been given it yet",
		projections.StatusHeld: "held", projections.StatusUnheld: "without a holder", projections.StatusEnded: "ended"}[status]
}

// holdingFacts folds what a responsibility or contract is.
func (q *inquiry) holdingFacts(ctx context.Context, ref domain.Ref) (*holdingFact, error) {
	entries, err := q.concerning(ctx, ref)
	if err != nil {
		return nil, err
	}
	about := new(holdingFact)
	var varied []*domain.Entry
	for _, e := range entries {
		if e.Seq > q.known {
			break
		}
		about.entries++
		now := q.editionOf(e, q.known)
		switch f := now.Now.Fact.(type) {
		case *domain.ResponsibilityDefined:
			about.kind, about.description = string(f.Kind), telling.Clean(f.Description)
		case *domain.ContractAwarded:
			about.kind = "contract"
			about.lastDay, about.value, about.identifiers = f.LastDay, f.Value, f.Identifiers
		case *domain.ContractVaried:
			if !now.Retracted && now.Now.Effective.Nominal() <= q.on {
				varied = append(varied, now.Now)
			}
		}
	}
	slices.SortStableFunc(varied, func(a, b *domain.Entry) int { return int(a.Effective.Nominal() - b.Effective.Nominal()) })
	for _, e := range varied {
		f := e.Fact.(*domain.ContractVaried)
		if f.LastDay != 0 {
			about.lastDay = f.LastDay
		}
		if f.Value != nil {
			about.value = f.Value
		}
	}
	return about, nil
}

// more says where there is more.
func (q *inquiry) more(ref domain.Ref, entries int) {
	q.blank()
	verb := "concern"
	if entries == 1 {
		verb = "concerns"
	}
	text := fmt.Sprintf("%s %s it: orgledger log %s", telling.Capital(telling.Counted(entries, "entry")), verb, refID(ref))
	if ref.IsHolding() {
		text += "; how the answer comes about: orgledger explain " + refID(ref)
	}
	q.say(dim, 0, text)
}
