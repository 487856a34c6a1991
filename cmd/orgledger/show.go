package main

import (
	"context"
	"fmt"
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

// showHolding shows a responsibility or contract.
func (q *inquiry) showHolding(ctx context.Context, ref domain.Ref) error {
	answer, err := answer[projections.Holders](ctx, q, q.OnDay(q.Question("holders", "ref", ref.String())))
	if answer == nil {
		return err
	}
	if err := q.LearnHolders(ctx, ref, answer); err != nil {
		return err
	}
	about, err := q.HoldingFacts(ctx, ref)
	if err != nil {
		return err
	}
	if err := q.heading(ctx, q.Called(ref), q.day()); err != nil {
		return err
	}
	q.blank()
	value, lastDay := "", ""
	if about.Value != nil {
		value = about.Value.Currency + " " + string(about.Value.Amount)
	}
	if about.LastDay != 0 {
		lastDay = telling.DayWords(about.LastDay)
	}
	q.fields([]field{{"Kind", about.Kind}, {"About", about.Description}, {"Status", telling.HoldingStatus(answer.Status)}, {"Worth", value},
		{"Last day", lastDay}, {"Identified as", strings.TrimPrefix(telling.CodesWords(" ", about.Identifiers), " ")}, {"Certainty", answer.Certainty}})
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
	history, err := telling.Ask[projections.History](ctx, q, q.Question("history", "ref", ref.String()))
	if err != nil {
		return err
	}
	if len(history.Periods) > 0 {
		q.section("History")
		if err := q.periods(ctx, ref, history.Periods); err != nil {
			return err
		}
	}
	q.more(ref, about.Entries)
	return nil
}

// more says where there is more.
func (q *inquiry) more(ref domain.Ref, entries int) {
	q.blank()
	verb := "concern"
	if entries == 1 {
		verb = "concerns"
	}
	text := fmt.Sprintf("%s %s it: orgledger log %s", telling.Capital(telling.Counted(entries, "entry")), verb, telling.RefID(ref))
	if ref.IsHolding() {
		text += "; how the answer comes about: orgledger explain " + telling.RefID(ref)
	}
	q.say(dim, 0, text)
}
