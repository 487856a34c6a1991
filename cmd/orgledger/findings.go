package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

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
	answer, err := answer[projections.Findings](ctx, q, q.OnDay(q.Question("findings")))
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
	for _, kind := range telling.FindingKinds {
		if err := q.findingsOf(ctx, kind, byCode[kind.Code]); err != nil {
			return err
		}
		delete(byCode, kind.Code)
	}
	for code, list := range byCode { // of a newer ledger
		if err := q.findingsOf(ctx, telling.Finding{Code: code, Meaning: code, Remedy: "This program does not know more about it."}, list); err != nil {
			return err
		}
	}
	return nil
}

func (q *inquiry) findingsOf(ctx context.Context, kind telling.Finding, list []projections.Finding) error {
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
	facts, err := q.Editions(ctx, seqs)
	if err != nil {
		return err
	}
	if err := q.Names(ctx, refs...); err != nil {
		return err
	}
	q.section(fmt.Sprintf("%s (%s): %d", telling.Capital(kind.Meaning), kind.Code, len(list)))
	q.say(dim, 2, kind.Remedy)
	rows := make([][]cell, len(list))
	for i, f := range list {
		rows[i] = []cell{{dim, fmt.Sprintf("entry %d", f.Seq)}, {caution, q.FindingAbout(f)}, {plain, q.Sentence(facts[i].Now) + "."}}
	}
	q.table(2, []column{{"", 0}, {"", 16}, {"", 20}}, rows)
	return nil
}
