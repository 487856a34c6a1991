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

func (a *app) plansCommand() *cobra.Command {
	var m moment
	command := &cobra.Command{
		Use:     "plans",
		GroupID: "ask",
		Short:   "List what has been announced, and what came of it",
		Long: `List the plans that had been announced by a day, with what came of them by then: which of their items a
fact has carried out, and under which conditions the others stand.`,
		Example: examples(`orgledger plans`, `orgledger plans --on 2018-12-31`, `orgledger plans --on 2025-06-01 --known 355`),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.inquire(cmd, &m, func(ctx context.Context, q *inquiry) error { return q.plans(ctx) })
		},
	}
	m.onFlag(command)
	m.knownFlag(command)
	return command
}

func (q *inquiry) plans(ctx context.Context) error {
	answer, err := answer[projections.Plans](ctx, q, q.OnDay(q.Question("plans")))
	if answer == nil {
		return err
	}
	if err := q.heading(ctx, "Plans announced", "by "+strings.TrimPrefix(q.day(), "on ")); err != nil {
		return err
	}
	q.blank()
	if len(answer.Plans) == 0 {
		q.say(plain, 0, "No plan had been announced by "+telling.DayWords(q.On)+".")
		return nil
	}
	rows := make([][]cell, len(answer.Plans))
	for i, p := range answer.Plans {
		rows[i] = []cell{{plain, telling.Clean(p.Title)}, {dim, "plan/" + p.Plan}, {planStyle(p.Status), telling.PlanStatus(p.Status)}, {plain, expectedText(p.Expected)}, {plain, telling.FulfilledText(p)}}
	}
	q.table(0, []column{{"Plan", 14}, {"Reference", 14}, {"Status", 0}, {"Expected", 10}, {"Items", 10}}, rows)
	for i := range answer.Plans {
		if err := q.planDetails(ctx, &answer.Plans[i]); err != nil {
			return err
		}
	}
	return nil
}

// planStyle is how that looks.
func planStyle(status string) style {
	switch status {
	case projections.PlanAnnounced, projections.PlanInProgress:
		return caution
	case projections.PlanCompleted:
		return good
	default:
		return dim
	}
}

func expectedText(expected *string) string {
	if expected == nil {
		return "no day given"
	}
	return *expected
}

// planDetails tells a plan's items and conditions.
func (q *inquiry) planDetails(ctx context.Context, p *projections.Plan) error {
	items, err := q.ItemsOf(ctx, domain.PlanID(p.Plan))
	if err != nil {
		return err
	}
	q.section(telling.Clean(p.Title))
	by := ""
	if p.By != "" {
		by = " by " + telling.Clean(p.By)
	}
	q.say(plain, 2, fmt.Sprintf("Announced %s%s (entry %d).", telling.WhenWords(telling.ParseEDTF(p.Announced)), by, p.Seq))
	for _, item := range p.Items {
		text, outcome := telling.Capital(items[item.Item]), ": not carried out."
		if item.FulfilledBy != nil {
			done, err := q.Editions(ctx, []uint64{*item.FulfilledBy})
			if err != nil {
				return err
			}
			outcome = fmt.Sprintf(": carried out %s by entry %d.", telling.WhenWords(done[0].Now.Effective), *item.FulfilledBy)
		}
		q.hang(plain, "  - ", text+outcome)
	}
	for _, condition := range p.Conditions {
		q.hang(dim, "  - ", "Condition: "+telling.Clean(condition)+".")
	}
	return nil
}
