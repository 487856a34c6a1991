package main

import (
	"context"
	"fmt"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
)

// explainAmendments prints the corrections and retractions that touch what was asked and that were not
// told with a fact.
func (q *inquiry) explainAmendments(ctx context.Context, ref domain.Ref, told, amendments []uint64) error {
	rest, err := q.OtherAmendments(ctx, ref, told, amendments)
	if err != nil || len(rest) == 0 {
		return err
	}
	q.section("Other corrections and retractions that concern it")
	for _, a := range rest {
		q.hang(plain, fmt.Sprintf("  %4d  ", a.Seq), a.Text)
	}
	return nil
}

// explainEarlier prints what the answer was before corrections and retractions changed it.
func (q *inquiry) explainEarlier(ctx context.Context, ref domain.Ref, question map[string]any, amendments []uint64) error {
	if err := q.explainSince(ctx, ref, question); err != nil {
		return err
	}
	earlier, answered, err := q.Earlier(ctx, ref, question, amendments)
	if err != nil || !answered {
		return err
	}
	q.section("What was known earlier")
	for _, w := range earlier {
		known, err := q.KnownAt(ctx, w.Known)
		if err != nil {
			return err
		}
		q.say(caution, 2, telling.Capital(known)+", the answer was: "+w.Text)
		q.say(plain, 4, fmt.Sprintf("Entry %d changed that: %s.", w.Change.Seq, telling.Lower(q.Sentence(&w.Change.Entry))))
	}
	if len(earlier) == 0 {
		q.say(plain, 2, "The same: no correction or retraction has changed the answer for this day.")
	}
	return nil
}

// explainSince prints that entries after the known point have changed the answer.
func (q *inquiry) explainSince(ctx context.Context, ref domain.Ref, question map[string]any) error {
	later, err := q.Since(ctx, ref, question)
	if err != nil || later == nil {
		return err
	}
	q.section("What has been recorded since")
	known, err := q.KnownAt(ctx, later.Known)
	if err != nil {
		return err
	}
	q.say(caution, 2, telling.Capital(known)+", the answer is another: "+later.Text)
	return nil
}

// explainPlans prints the outstanding plans that would change the answer.
func (q *inquiry) explainPlans(ctx context.Context, ref domain.Ref) error {
	effects, err := q.PlanEffects(ctx, ref)
	if err != nil {
		return err
	}
	q.section("Plans that would change it")
	for _, e := range effects {
		q.say(plain, 2, e.Text)
		for _, condition := range e.Plan.Conditions {
			q.hang(dim, "    - ", "Condition: "+telling.Clean(condition)+".")
		}
	}
	if len(effects) == 0 {
		q.say(plain, 2, "No plan that is outstanding on "+telling.DayWords(q.On)+" would.")
	}
	return nil
}
