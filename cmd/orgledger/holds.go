package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

func (a *app) holdsCommand() *cobra.Command {
	var m moment
	command := &cobra.Command{
		Use:     "holds ORG",
		GroupID: "ask",
		Short:   "List what an organisation holds",
		Long: `List what an organisation holds on a day: its responsibilities, the contracts that it owns, those that it
supplies, and the units that stand under it.

ORG is the ID of an organisation, or an identifier that it has or ever had, as scheme:value.`,
		Example: examples(`orgledger holds hee --on 2019-03-31`, `orgledger holds nhs-england`,
			`orgledger holds dhsc --on 2027-04-01 --assume nhs-england-abolition=2027-04-01`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inquire(cmd, &m, func(ctx context.Context, q *inquiry) error { return q.holds(ctx, args[0]) })
		},
	}
	m.onFlag(command)
	m.knownFlag(command)
	m.assumeFlag(command)
	return a.completes(command, orgKind)
}

func (q *inquiry) holds(ctx context.Context, text string) error {
	ref, err := q.reference(ctx, text, orgKind)
	if err != nil {
		return err
	}
	answer, err := answer[projections.Holdings](ctx, q, q.OnDay(q.Question("holdings", "organisation", ref.ID)))
	if answer == nil {
		return q.unknown(ctx, err, ref, orgKind)
	}
	refs := []string{ref.String()}
	for _, h := range answer.Holdings {
		refs = append(refs, h.Ref)
	}
	if err := q.Names(ctx, refs...); err != nil {
		return err
	}
	if err := q.heading(ctx, "What "+q.Called(ref)+" holds", q.day()); err != nil {
		return err
	}
	if len(answer.Holdings) == 0 {
		q.blank()
		return q.holdsNothing(ctx, ref)
	}
	q.holdingsTables(answer.Holdings)
	return nil
}

// holdsNothing says so, and why where the organisation does not exist on the day.
func (q *inquiry) holdsNothing(ctx context.Context, ref domain.Ref) error {
	q.say(plain, 0, q.Called(ref)+" holds nothing on "+telling.DayWords(q.On)+".")
	o, err := telling.Ask[projections.Organisation](ctx, q, q.Question("organisation", "organisation", ref.ID, "on", q.On.String()))
	if err != nil {
		return err
	}
	if o.Status == projections.StatusActive {
		return nil
	}
	if err := q.LearnEnding(ctx, o); err != nil {
		return err
	}
	q.say(plain, 0, q.LifeWords(o))
	return nil
}

// holdingsTables lists holdings by kind.
func (q *inquiry) holdingsTables(holdings []projections.Holding) {
	doubtful := 0
	for _, part := range telling.HoldingsParts {
		var rows [][]cell
		for _, h := range holdings {
			ref := telling.RefOf(h.Ref)
			if !part.Has(ref, h.Role) {
				continue
			}
			sure := cell{}
			if h.Certainty == projections.Uncertain {
				sure = cell{caution, "uncertain"}
				doubtful++
			}
			rows = append(rows, []cell{{plain, q.Title(ref, q.On)}, {dim, telling.RefID(ref)}, {plain, telling.RoleWords(h.Role)},
				{plain, telling.SinceText(h.Since, h.Effective)}, sure})
		}
		if len(rows) > 0 {
			q.section(fmt.Sprintf("%s: %d", part.Title, len(rows)))
			q.table(2, []column{{"Name", 12}, {"Reference", 12}, {"As", 0}, {"Since", 10}, {"", 0}}, rows)
		}
	}
	if doubtful > 0 {
		q.blank()
		q.say(caution, 0, telling.Capital(telling.Counted(doubtful, "uncertain answer"))+": orgledger who REF says which facts give no exact day.")
	}
}
