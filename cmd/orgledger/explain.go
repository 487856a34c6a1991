package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

func (a *app) explainCommand() *cobra.Command {
	var m moment
	command := &cobra.Command{
		Use:     "explain REF",
		GroupID: "ask",
		Short:   "Explain an answer: by which facts, on what evidence, how certain, and what was known earlier",
		Long: `Explain who holds something on a day, or what an organisation is: the answer, the facts that lead to it
one by one with their evidence, what is uncertain and why, what was corrected or retracted, what the
answer was before, and the plans that would change it.

With --json it prints the answer alone, as query gives it.`,
		Example: examples(`orgledger explain contract/cppe-postgraduate-education`, `orgledger explain education-commissioning --on 2013-04-01`,
			`orgledger explain contract/cppe-postgraduate-education --on 2023-03-15 --known 248`, `orgledger explain hee --on 2024-01-01`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inquire(cmd, &m, func(ctx context.Context, q *inquiry) error { return q.explain(ctx, args[0]) })
		},
	}
	m.onFlag(command)
	m.knownFlag(command)
	m.assumeFlag(command)
	return a.completes(command, heldKinds)
}

func (q *inquiry) explain(ctx context.Context, text string) error {
	ref, err := q.reference(ctx, text, heldKinds)
	if err != nil {
		return err
	}
	if ref.Kind == domain.KindOrganisation && len(q.Assumed) == 0 {
		return q.explainOrganisation(ctx, ref)
	}
	question := q.OnDay(q.Question("holders", "ref", ref.String()))
	answer, err := answer[projections.Holders](ctx, q, question)
	if answer == nil {
		return q.unknown(ctx, err, ref, heldKinds)
	}
	if err := q.LearnHolders(ctx, ref, answer); err != nil {
		return err
	}
	if err := q.askedWords(ctx, "Who holds "+q.Called(ref)); err != nil {
		return err
	}
	q.Subject = ref
	if err := q.explainAnswer(ctx, ref, answer); err != nil {
		return err
	}
	if err := q.explainChains(ctx, answer); err != nil {
		return err
	}
	seqs := telling.PathsOf(answer)
	if err := q.explainDoubts(ctx, answer.UncertainBy); err != nil {
		return err
	}
	return q.explainRest(ctx, ref, question, append(seqs, answer.UncertainBy...))
}

// askedWords prints the question.
func (q *inquiry) askedWords(ctx context.Context, what string) error {
	known, err := q.KnownWords(ctx)
	if err != nil {
		return err
	}
	q.say(bold, 0, "Question")
	q.say(plain, 2, what+" "+q.day()+", "+known+q.AssumedWords()+"?")
	return nil
}

// explainAnswer prints who holds it, and whether that is certain.
func (q *inquiry) explainAnswer(ctx context.Context, ref domain.Ref, answer *projections.Holders) error {
	q.section("Answer")
	if text := q.StatusWords(ref, answer.Status, len(answer.Holders)); text != "" {
		q.say(statusStyle(ref, answer.Status), 2, text)
	}
	for _, h := range answer.Holders {
		q.say(bold, 2, telling.Capital(q.HolderSentence(ref, h))+".")
	}
	if answer.Certainty == projections.Uncertain {
		q.say(caution, 2, "This is uncertain; why is said below.")
	} else {
		q.say(good, 2, "This is certain, as far as the facts recorded go.")
	}
	return nil
}

// explainChains tells, step by step, how each holder came to it. A fact that several chains share is
// told in full once.
func (q *inquiry) explainChains(ctx context.Context, answer *projections.Holders) error {
	told := make(map[uint64]string)
	for _, h := range answer.Holders {
		q.section("How it came to " + q.Org(h.Organisation) + telling.AsRole(h.Role))
		for i, seq := range h.Path {
			lead := fmt.Sprintf("  %d. ", i+1)
			if at, ok := told[seq]; ok {
				list, err := q.Editions(ctx, []uint64{seq})
				if err != nil {
					return err
				}
				q.hang(plain, lead, fmt.Sprintf("%s (entry %d, told under %s).", q.Told(list[0]), seq, at))
				continue
			}
			told[seq] = q.Org(h.Organisation)
			if err := q.tellAccount(ctx, lead, seq); err != nil {
				return err
			}
		}
	}
	return nil
}

func (q *inquiry) explainDoubts(ctx context.Context, because []uint64) error {
	q.section("What is uncertain")
	if len(because) == 0 {
		q.say(plain, 2, "Nothing: every fact that bears on this day gives its day closely enough.")
		return nil
	}
	return q.doubts(ctx, because)
}

// explainRest tells what does not depend on the kind of thing: what was corrected, what was known
// earlier, what is planned. seqs are the facts that the answer rests on.
func (q *inquiry) explainRest(ctx context.Context, ref domain.Ref, question map[string]any, seqs []uint64) error {
	amendments, err := q.Amendments(ctx, ref, seqs, nil)
	if err != nil {
		return err
	}
	if err := q.explainAmendments(ctx, ref, seqs, amendments); err != nil {
		return err
	}
	if err := q.explainEarlier(ctx, ref, question, amendments); err != nil {
		return err
	}
	return q.explainPlans(ctx, ref)
}

func (q *inquiry) explainOrganisation(ctx context.Context, ref domain.Ref) error {
	question := q.OnDay(q.Question("organisation", "organisation", ref.ID))
	answer, err := answer[projections.Organisation](ctx, q, question)
	if answer == nil {
		return q.unknown(ctx, err, ref, heldKinds)
	}
	if err := q.LearnOrganisation(ctx, answer); err != nil {
		return err
	}
	if err := q.askedWords(ctx, "What is "+q.Called(ref)); err != nil {
		return err
	}
	q.Subject = ref
	q.section("Answer")
	q.say(bold, 2, q.OrganisationWords(answer))
	if answer.Certainty == projections.Uncertain {
		q.say(caution, 2, "This is uncertain; why is said below.")
	} else {
		q.say(good, 2, "This is certain, as far as the facts recorded go.")
	}
	past, coming, err := q.LifeOf(ctx, ref)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		title string
		seqs  []uint64
	}{{"How it came about", past}, {"What is recorded for later days", coming}} {
		if len(part.seqs) > 0 {
			q.section(part.title)
		}
		for i, seq := range part.seqs {
			if err := q.tellAccount(ctx, fmt.Sprintf("  %d. ", i+1), seq); err != nil {
				return err
			}
		}
	}
	if err := q.explainDoubts(ctx, answer.UncertainBy); err != nil {
		return err
	}
	return q.explainRest(ctx, ref, question, append(append(past, coming...), answer.UncertainBy...))
}
