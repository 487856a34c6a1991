package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// finding says what the code of a finding means, and what to do about it.
type finding struct {
	code, meaning, remedy string
}

var findingKinds = []finding{
	{projections.CodeOrphaned, "an ending left these without a successor",
		"If evidence says who took over, correct the ending or record a transfer on its day; if nobody did, discontinue or end them."},
	{projections.CodeUnheld, "nobody held these, although they had not ended",
		"Record who took them on, or that they were discontinued or ended."},
	{projections.CodeMultipleLeads, "more than one leads these, or owns them",
		"Record the withdrawal or transfer that is missing, or give the others another role."},
	{projections.CodeInactiveHolder, "these were given to an organisation that was not active then",
		"Check the day, and whether the organisation had been established or had ended; correct what is wrong."},
	{projections.CodeNotHolder, "these were taken from an organisation that did not have them",
		"Record how the organisation came to have them, or correct from whom they were taken."},
	{projections.CodeAlreadyHolder, "these were given to an organisation that had them already",
		"Retract the second record, or correct its day or role."},
	{projections.CodeNotInEffect, "these are about something that had not begun, or had ended, by their day",
		"Correct the day of the fact, or that of the establishment, definition, award or ending."},
	{projections.CodeSuccessionCycle, "organisations ended into one another on one day, in a ring",
		"Correct which organisation succeeds which."},
	{projections.CodeOverduePlan, "these plans were expected by now, and are neither carried out nor withdrawn",
		"Record the facts that fulfil them, an amendment, or their withdrawal or completion."},
	{projections.CodeUnsourced, "these facts cite no source",
		"Register the source, and correct the entry so that it cites it."},
}

func (a *app) findingsCommand() *cobra.Command {
	var m moment
	command := &cobra.Command{
		Use:     "findings",
		GroupID: "ask",
		Short:   "List what is odd in what the evidence says",
		Long: `List what is odd in the history up to a day: gaps, contradictions, missing evidence and overdue plans.
Findings change no answer. What each kind means, and how to resolve it, is said with it.`,
		Example: examples(`orgledger findings`, `orgledger findings --on 2013-04-01 --known 205`, `orgledger findings --json`),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.inquire(cmd, &m, func(ctx context.Context, q *inquiry) error { return q.findings(ctx) })
		},
	}
	m.onFlag(command)
	m.knownFlag(command)
	return command
}

func (q *inquiry) findings(ctx context.Context) error {
	answer, err := answer[projections.Findings](ctx, q, q.onDay(q.question("findings")))
	if answer == nil {
		return err
	}
	if err := q.heading(ctx, "Findings", "up to "+q.day()[len("on "):]); err != nil {
		return err
	}
	q.blank()
	if len(answer.Findings) == 0 {
		q.say(good, 0, "Nothing is odd: no gaps, no contradictions, every fact has a source.")
		return nil
	}
	q.say(plain, 0, telling.Counted(len(answer.Findings), "finding")+". Findings change no answer.")
	byCode := make(map[string][]projections.Finding)
	for _, f := range answer.Findings {
		byCode[f.Code] = append(byCode[f.Code], f)
	}
	for _, kind := range findingKinds {
		if err := q.findingsOf(ctx, kind, byCode[kind.code]); err != nil {
			return err
		}
		delete(byCode, kind.code)
	}
	for code, list := range byCode { // of a newer ledger
		if err := q.findingsOf(ctx, finding{code, code, "This program does not know more about it."}, list); err != nil {
			return err
		}
	}
	return nil
}

func (q *inquiry) findingsOf(ctx context.Context, kind finding, list []projections.Finding) error {
	if len(list) == 0 {
		return nil
	}
	seqs := make([]uint64, len(list))
	refs := make([]string, 0, len(list))
	for i, f := range list {
		seqs[i] = f.Seq
		if f.Ref != nil {
			refs = append(refs, *f.Ref)
		}
	}
	facts, err := q.editions(ctx, seqs)
	if err != nil {
		return err
	}
	if err := q.names(ctx, refs...); err != nil {
		return err
	}
	q.section(fmt.Sprintf("%s (%s): %d", telling.Capital(kind.meaning), kind.code, len(list)))
	q.say(dim, 2, kind.remedy)
	rows := make([][]cell, len(list))
	for i, f := range list {
		rows[i] = []cell{{dim, fmt.Sprintf("entry %d", f.Seq)}, {caution, q.findingAbout(f)}, {plain, q.sentence(facts[i].Now) + "."}}
	}
	q.table(2, []column{{"", 0}, {"", 16}, {"", 20}}, rows)
	return nil
}

// findingAbout says what a finding is about, and which days.
func (q *inquiry) findingAbout(f projections.Finding) string {
	text := ""
	if f.Ref != nil {
		ref := telling.RefOf(*f.Ref)
		text = q.called(ref)
		if ref == (domain.Ref{}) {
			text = telling.Clean(*f.Ref)
		}
	}
	switch {
	case f.Span == nil:
		return text
	case f.To == nil:
		return text + ", from " + f.From + " on"
	default:
		return text + ", from " + f.From + " to " + (telling.ParseDay(*f.To) - 1).String()
	}
}
