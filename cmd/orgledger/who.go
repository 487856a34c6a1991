package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

func (a *app) whoCommand() *cobra.Command {
	var m moment
	command := &cobra.Command{
		Use:     "who REF",
		GroupID: "ask",
		Short:   "Say who holds a responsibility or contract, and by which chain of facts",
		Long: `Say who holds a responsibility or a contract on a day, in which role and since when, and the chain of
facts that brought it there: what granted it, and everything that moved it since. Of an organisation it
says under which other one it stands.

REF is responsibility/ID, contract/ID or organisation/ID; an organisation may be given as ID alone, or
by an identifier as scheme:value, and anything by an ID that nothing else has.`,
		Example: examples(`orgledger who responsibility/education-commissioning --on 2022-12-31`,
			`orgledger who education-commissioning --on 2013-04-01 --known 205`,
			`orgledger who contract/cppe-postgraduate-education --assume nhs-england-abolition=2027-04-01 --on 2027-04-01`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inquire(cmd, &m, func(ctx context.Context, q *inquiry) error { return q.who(ctx, args[0]) })
		},
	}
	m.onFlag(command)
	m.knownFlag(command)
	m.assumeFlag(command)
	return a.completes(command, heldKinds)
}

func (q *inquiry) who(ctx context.Context, text string) error {
	ref, err := q.reference(ctx, text, heldKinds)
	if err != nil {
		return err
	}
	answer, err := answer[projections.Holders](ctx, q, q.OnDay(q.Question("holders", "ref", ref.String())))
	if answer == nil {
		return q.unknown(ctx, err, ref, heldKinds)
	}
	if err := q.LearnHolders(ctx, ref, answer); err != nil {
		return err
	}
	q.Subject = ref
	if err := q.heading(ctx, q.Called(ref), q.day()); err != nil {
		return err
	}
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
	return q.chains(ctx, answer)
}

// holdersTable says who holds something, or that nobody does and why.
func (q *inquiry) holdersTable(ctx context.Context, ref domain.Ref, answer *projections.Holders) error {
	if text := q.StatusWords(ref, answer.Status, len(answer.Holders)); text != "" {
		q.say(statusStyle(ref, answer.Status), 0, text)
	}
	if len(answer.Holders) == 0 {
		return q.whenHeld(ctx, ref)
	}
	columns := []column{{"Held by", 12}, {"Role", 0}, {"Since", 12}}
	if ref.Kind == domain.KindOrganisation {
		columns[0].title, columns[1].title = "Stands under", "Relation"
	}
	rows := make([][]cell, len(answer.Holders))
	for i, h := range answer.Holders {
		rows[i] = []cell{{bold, q.Org(h.Organisation)}, {plain, telling.RoleWords(h.Role)}, {plain, telling.SinceText(h.Since, h.Effective)}}
	}
	q.table(0, columns, rows)
	return nil
}

// statusStyle is how the words for a status look.
func statusStyle(ref domain.Ref, status string) style {
	switch status {
	case projections.StatusUnknown:
		return caution
	case projections.StatusEnded:
		return dim
	case projections.StatusUnheld:
		if ref.Kind != domain.KindOrganisation {
			return alarm
		}
	}
	return plain
}

// whenHeld says of what nobody holds on the day who held it last, and who will next.
func (q *inquiry) whenHeld(ctx context.Context, ref domain.Ref) error {
	history, err := telling.Ask[projections.History](ctx, q, q.Question("history", "ref", ref.String()))
	if err != nil {
		return err
	}
	var last, next *projections.Period
	for i := range history.Periods {
		p := &history.Periods[i]
		switch from := telling.ParseDay(p.From); {
		case len(p.Holders) == 0:
		case from <= q.On:
			last = p
		case next == nil:
			next = p
		}
	}
	if last != nil && last.To != nil {
		if err := q.periodSentence(ctx, "Until "+telling.DayWords(telling.ParseDay(*last.To)-1), "was", ref, last); err != nil {
			return err
		}
	}
	if next != nil {
		return q.periodSentence(ctx, "From "+telling.DayWords(telling.ParseDay(next.From)), "is", ref, next)
	}
	return nil
}

func (q *inquiry) periodSentence(ctx context.Context, when, verb string, ref domain.Ref, p *projections.Period) error {
	ids := make([]string, len(p.Holders))
	for i, s := range p.Holders {
		ids[i] = s.Organisation
	}
	if err := q.Orgs(ctx, ids...); err != nil {
		return err
	}
	if ref.Kind == domain.KindOrganisation {
		for _, s := range p.Holders {
			q.say(plain, 0, fmt.Sprintf("%s it %s %s %s.", when, verb, telling.RelationWords(s.Role), q.Org(s.Organisation)))
		}
		return nil
	}
	q.say(plain, 0, fmt.Sprintf("%s it %s held by %s.", when, verb, q.SharesWords(p.Holders)))
	return nil
}

// chains tells how each holder came to it.
func (q *inquiry) chains(ctx context.Context, answer *projections.Holders) error {
	if len(answer.Holders) == 0 {
		return nil
	}
	q.section("How it came about")
	for _, h := range answer.Holders {
		indent := 0
		if len(answer.Holders) > 1 {
			q.say(bold, 2, q.ShareWords(projections.Share{Organisation: h.Organisation, Role: h.Role}))
			indent = 2
		}
		if err := q.steps(ctx, indent, h.Path); err != nil {
			return err
		}
	}
	return nil
}
