package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

func (a *app) impactCommand() *cobra.Command {
	var m moment
	var date string
	command := &cobra.Command{
		Use:     "impact PLAN",
		GroupID: "ask",
		Short:   "Say what a plan would move, and what it would leave without a holder",
		Long: `Say what would change if the outstanding items of a plan were carried out: what would move from whom to
whom, and what would be left without a holder. It compares the ledger with and without the plan on the
day that the last item would take effect: the item's own day, else --date, else the day that the plan is
expected.`,
		Example: examples(`orgledger impact nhs-england-abolition`, `orgledger impact nhs-england-abolition --date 2027-04-01`,
			`orgledger impact nhs-england-abolition --date 2027-04-01 --known 205`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if date != "" {
				if _, err := readDay("date", date); err != nil {
					return err
				}
			}
			return a.inquire(cmd, &m, func(ctx context.Context, q *inquiry) error { return q.impact(ctx, args[0], date) })
		},
	}
	command.Flags().StringVar(&date, "date", "", "the day of items without one, `DATE`")
	m.knownFlag(command)
	return a.completes(command, planKind)
}

func (q *inquiry) impact(ctx context.Context, text, date string) error {
	ref, err := q.reference(ctx, text, planKind)
	if err != nil {
		return err
	}
	question := q.Question("impact", "plan", ref.ID)
	if date != "" {
		day, err := readDay("date", date)
		if err != nil {
			return err
		}
		question["date"] = day.String()
	}
	answer, err := answer[projections.Impact](ctx, q, question)
	if answer == nil {
		if undated, ok := errors.AsType[*projections.QuestionError](err); ok && undated.Code == projections.CodeNoDate {
			undated.Message += "; say when with --date 2027-04-01"
		}
		return q.unknown(ctx, err, ref, planKind)
	}
	if answer.On != nil { // names, items and what is expected are those of that day
		q.On = telling.ParseDay(*answer.On)
	} else {
		q.On = domain.LastDate
	}
	return q.impactPage(ctx, ref, answer)
}

func (q *inquiry) impactPage(ctx context.Context, ref domain.Ref, answer *projections.Impact) error {
	plan := domain.PlanID(ref.ID)
	if err := q.LearnPlan(ctx, plan); err != nil {
		return err
	}
	day := ""
	if answer.On != nil {
		day = "on " + telling.DayWords(q.On)
	}
	if err := q.heading(ctx, "If "+q.Called(ref)+" is carried out", day); err != nil {
		return err
	}
	q.blank()
	if answer.On == nil {
		words := telling.PlanStatus(answer.Status)
		why := "the plan is " + words + " and has no outstanding items."
		if items, _ := q.Planned(plan); len(items) == 0 {
			why = "the plan is " + words + " and names no change that could be counted."
		}
		q.say(plain, 0, "Nothing would change: "+why)
		return nil
	}
	_, expected := q.Planned(plan)
	for _, item := range q.Intended(plan) {
		q.say(plain, 0, telling.Capital(item)+".")
	}
	if !expected.IsZero() {
		q.say(plain, 0, "It is expected "+telling.WhenWords(expected)+".")
	}
	return q.impactLists(ctx, answer)
}

func (q *inquiry) impactLists(ctx context.Context, answer *projections.Impact) error {
	q.blank()
	if len(answer.Changes) == 0 {
		q.say(plain, 0, "Nothing would change hands.")
	} else {
		if err := q.LearnChanges(ctx, answer.Changes); err != nil {
			return err
		}
		q.say(plain, 0, telling.Counted(len(answer.Changes), "holding")+" would change.")
		q.changesList(answer.Changes)
	}
	if len(answer.Orphaned) == 0 {
		q.blank()
		q.say(good, 0, "Nothing would be left without a holder.")
		return nil
	}
	q.section(fmt.Sprintf("Left without a successor: %d", len(answer.Orphaned)))
	var order []projections.Share
	taken := make(map[projections.Share][]domain.Ref)
	for _, o := range answer.Orphaned {
		share := projections.Share{Organisation: o.Organisation, Role: o.Role}
		if taken[share] == nil {
			order = append(order, share)
		}
		taken[share] = append(taken[share], telling.RefOf(o.Ref))
	}
	for _, share := range order {
		if err := q.Learn(ctx, q.On, append(taken[share], domain.OrganisationID(share.Organisation).Ref())); err != nil {
			return err
		}
		q.say(alarm, 0, fmt.Sprintf("Taken from %s: %d", q.Differing([]projections.Share{share}), len(taken[share])))
		q.refTable(2, taken[share])
	}
	return nil
}
