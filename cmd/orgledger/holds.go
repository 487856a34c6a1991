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
	answer, err := answer[projections.Holdings](ctx, q, q.onDay(q.question("holdings", "organisation", ref.ID)))
	if answer == nil {
		return q.unknown(ctx, err, ref, orgKind)
	}
	refs := []string{ref.String()}
	for _, h := range answer.Holdings {
		refs = append(refs, h.Ref)
	}
	if err := q.names(ctx, refs...); err != nil {
		return err
	}
	if err := q.heading(ctx, "What "+q.called(ref)+" holds", q.day()); err != nil {
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
	q.say(plain, 0, q.called(ref)+" holds nothing on "+telling.DayWords(q.on)+".")
	o, err := ask[projections.Organisation](ctx, q.session, q.question("organisation", "organisation", ref.ID, "on", q.on.String()))
	if err != nil {
		return err
	}
	if o.Status == projections.StatusActive {
		return nil
	}
	if err := q.learnEnding(ctx, o); err != nil {
		return err
	}
	q.say(plain, 0, q.lifeWords(o))
	return nil
}

// A part of what is held.
type holdingsPart struct {
	title string
	has   func(ref domain.Ref, role string) bool
}

var holdingsParts = []holdingsPart{
	{"Responsibilities", func(ref domain.Ref, _ string) bool { return ref.Kind == domain.KindResponsibility }},
	{"Contracts that it owns", func(ref domain.Ref, role string) bool {
		return ref.Kind == domain.KindContract && role != string(domain.SideSupplier)
	}},
	{"Contracts that it supplies", func(ref domain.Ref, role string) bool {
		return ref.Kind == domain.KindContract && role == string(domain.SideSupplier)
	}},
	{"Units under it", func(ref domain.Ref, _ string) bool { return ref.Kind == domain.KindOrganisation }},
}

// holdingsTables lists holdings by kind.
func (q *inquiry) holdingsTables(holdings []projections.Holding) {
	doubtful := 0
	for _, part := range holdingsParts {
		var rows [][]cell
		for _, h := range holdings {
			ref := telling.RefOf(h.Ref)
			if !part.has(ref, h.Role) {
				continue
			}
			sure := cell{}
			if h.Certainty == projections.Uncertain {
				sure = cell{caution, "uncertain"}
				doubtful++
			}
			rows = append(rows, []cell{{plain, q.title(ref, q.on)}, {dim, refID(ref)}, {plain, telling.RoleWords(h.Role)},
				{plain, telling.SinceText(h.Since, h.Effective)}, sure})
		}
		if len(rows) > 0 {
			q.section(fmt.Sprintf("%s: %d", part.title, len(rows)))
			q.table(2, []column{{"Name", 12}, {"Reference", 12}, {"As", 0}, {"Since", 10}, {"", 0}}, rows)
		}
	}
	if doubtful > 0 {
		q.blank()
		q.say(caution, 0, telling.Capital(telling.Counted(doubtful, "uncertain answer"))+": orgledger who REF says which facts give no exact day.")
	}
}

// refID is a reference as short as commands take it.
func refID(ref domain.Ref) string {
	if ref.Kind == domain.KindOrganisation {
		return ref.ID
	}
	return ref.String()
}

// lifeWords says whether an organisation exists on the day, and how it ended.
func (q *inquiry) lifeWords(o *projections.Organisation) string {
	switch o.Status {
	case projections.StatusPending:
		return "It does not exist yet: it is established " + telling.WhenWords(telling.DateOf(o.Established)) + "."
	case projections.StatusEnded:
		return "It has ended: it was " + q.endingWords(o.Ended) + "."
	case projections.StatusUnknown:
		return "What established it has been retracted: whether it exists is unknown."
	}
	if o.Established == nil {
		return "It is active. It existed before the ledger begins; since when is not known."
	}
	return "It is active. It was established " + telling.WhenWords(telling.DateOf(o.Established)) + "."
}

// learnEnding reads the names of the organisations that an organisation ended into.
func (q *inquiry) learnEnding(ctx context.Context, o *projections.Organisation) error {
	if o.Ended == nil {
		return nil
	}
	return q.orgs(ctx, o.Ended.Successors...)
}

// endingWords says how an organisation ended; learnEnding has read the successors' names.
func (q *inquiry) endingWords(e *projections.Ending) string {
	names := make([]string, len(e.Successors))
	for i, id := range e.Successors {
		names[i] = q.org(id)
	}
	when := telling.WhenWords(telling.ParseEDTF(e.Effective))
	if len(names) == 0 {
		return fmt.Sprintf("%s without a successor %s (entry %d)", e.How, when, e.Seq)
	}
	into := map[string]string{"dissolved": "dissolved and succeeded by "}[e.How]
	if into == "" {
		into = e.How + " into "
	}
	return fmt.Sprintf("%s%s %s (entry %d)", into, telling.Joined(names), when, e.Seq)
}
