package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

func (a *app) officesCommand() *cobra.Command {
	var m moment
	command := &cobra.Command{
		Use:     "offices ORG",
		GroupID: "ask",
		Short:   "Say who holds an organisation's offices",
		Long: `Say who holds the offices of an organisation on a day. Offices that nobody holds are left out;
orgledger log office/ID tells everything about one.`,
		Example: examples(`orgledger offices hee --on 2020-07-30`, `orgledger offices nhs-improvement --on 2019-01-01`),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inquire(cmd, &m, func(ctx context.Context, q *inquiry) error { return q.offices(ctx, args[0]) })
		},
	}
	m.onFlag(command)
	m.knownFlag(command)
	return a.completes(command, orgKind)
}

func (q *inquiry) offices(ctx context.Context, text string) error {
	ref, err := q.reference(ctx, text, orgKind)
	if err != nil {
		return err
	}
	answer, err := answer[projections.Offices](ctx, q, q.OnDay(q.Question("offices", "organisation", ref.ID)))
	if answer == nil {
		return q.unknown(ctx, err, ref, orgKind)
	}
	if err := q.Orgs(ctx, ref.ID); err != nil {
		return err
	}
	if err := q.heading(ctx, "Offices of "+q.Called(ref), q.day()); err != nil {
		return err
	}
	q.blank()
	if len(answer.Offices) == 0 {
		q.say(plain, 0, "Nobody is known to hold an office of "+q.Called(ref)+" on "+telling.DayWords(q.On)+".")
		return nil
	}
	q.officesTable(0, answer.Offices)
	return nil
}

func (q *inquiry) officesTable(indent int, offices []projections.Office) {
	rows := make([][]cell, len(offices))
	for i, o := range offices {
		acting := ""
		if o.Acting {
			acting = "acting"
		}
		rows[i] = []cell{{plain, telling.Clean(o.Title)}, {bold, telling.OfficerWords(&o)}, {caution, acting}, {plain, telling.SinceText(o.Since, &o.Effective)},
			{dim, "office/" + o.Office}, {dim, "entry " + telling.Decimal(o.Seq)}}
	}
	q.table(indent, []column{{"Office", 16}, {"Held by", 12}, {"", 0}, {"Since", 10}, {"Reference", 16}, {"Fact", 0}}, rows)
}
