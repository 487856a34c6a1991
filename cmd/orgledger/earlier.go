package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// lifeOf lists the facts about an organisation itself, in the order of their days: those in effect on
// the day of the inquiry, and those still to come.
func (q *inquiry) lifeOf(ctx context.Context, ref domain.Ref) (past, coming []uint64, err error) {
	entries, err := q.concerning(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	var own []*edition
	for _, e := range entries {
		now := q.editionOf(e, q.known)
		if e.Seq <= q.known && !now.Retracted && isAbout(now.Now.Fact, domain.OrganisationID(ref.ID)) {
			own = append(own, now)
		}
	}
	slices.SortStableFunc(own, func(a, b *edition) int {
		return cmp.Or(cmp.Compare(a.Now.Effective.Nominal(), b.Now.Effective.Nominal()),
			cmp.Compare(domain.Phase(a.Now.Fact), domain.Phase(b.Now.Fact)), cmp.Compare(a.Seq, b.Seq))
	})
	for _, e := range own {
		if e.Now.Effective.Nominal() <= q.on {
			past = append(past, e.Seq)
		} else {
			coming = append(coming, e.Seq)
		}
	}
	return past, coming, nil
}

// isAbout tells the facts that make an organisation what it is, or end it.
func isAbout(f domain.Fact, org domain.OrganisationID) bool {
	switch f := f.(type) {
	case *domain.OrganisationMerged:
		return slices.Contains(f.Organisations, org)
	case *domain.OrganisationSplit:
		return f.Organisation == org
	case *domain.OrganisationDissolved:
		return f.Organisation == org
	}
	return domain.About(f) == org.Ref()
}

// amendments lists, rising, the corrections and retractions up to the known point that may have
// changed an answer about a reference: of the facts that it rests on, and of those that concern it.
func (q *inquiry) amendments(ctx context.Context, ref domain.Ref, seqs []uint64) ([]uint64, error) {
	entries, err := q.concerning(ctx, ref)
	if err != nil {
		return nil, err
	}
	found := make(map[uint64]bool)
	for _, e := range entries {
		if t := e.Fact.Type(); t == domain.TypeEntryCorrected || t == domain.TypeEntryRetracted {
			found[e.Seq] = e.Seq <= q.known
		}
	}
	for _, seq := range seqs {
		e, err := q.edition(ctx, seq)
		if err != nil {
			return nil, err
		}
		for _, change := range e.Changes {
			found[change.Seq] = true
		}
	}
	maps.DeleteFunc(found, func(_ uint64, visible bool) bool { return !visible })
	return slices.Sorted(maps.Keys(found)), nil
}

// explainAmendments tells the corrections and retractions that touch what was asked and that were not
// told with a fact.
func (q *inquiry) explainAmendments(ctx context.Context, ref domain.Ref, told, amendments []uint64) error {
	var rest []*domain.Recorded
	for _, seq := range amendments {
		e := q.entries[seq]
		target, ok := q.seqs[amendedBy(e.Fact)]
		if !ok || slices.Contains(told, target) || ref.Kind == domain.KindOrganisation && !q.touches(target, ref) {
			continue
		}
		rest = append(rest, e)
	}
	if len(rest) == 0 {
		return nil
	}
	q.section("Other corrections and retractions that concern it")
	for _, e := range rest {
		if err := q.tell(ctx, &e.Entry); err != nil {
			return err
		}
		lead := fmt.Sprintf("  %4d  ", e.Seq)
		text := q.sentence(&e.Entry) + "."
		if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
			text += " Reason: " + stopped(correction.Reason)
		}
		q.hang(plain, lead, text)
	}
	return nil
}

// touches reports whether a fact is about an organisation itself, and not only about what it holds.
func (q *inquiry) touches(seq uint64, ref domain.Ref) bool {
	e := q.entries[seq]
	return e != nil && isAbout(e.Fact, domain.OrganisationID(ref.ID))
}

// was is what an answer was at an earlier known point.
type was struct {
	known uint64 // the last at which it was so
	text  string
	path  []uint64
}

// explainEarlier tells what the answer was before corrections and retractions changed it.
func (q *inquiry) explainEarlier(ctx context.Context, ref domain.Ref, question map[string]any, amendments []uint64) error {
	now, err := q.answersAt(ctx, ref, question, []uint64{q.known})
	if err != nil || len(now) == 0 {
		return err
	}
	var earlier []was
	for { // what earlier answers rested on may have been amended too
		points := make([]uint64, len(amendments))
		for i, seq := range amendments {
			points[i] = seq - 1
		}
		if earlier, err = q.answersAt(ctx, ref, question, points); err != nil {
			return err
		}
		more := amendments
		for _, w := range earlier {
			if more, err = q.amendments(ctx, ref, append(w.path, more...)); err != nil {
				return err
			}
		}
		more = slices.Compact(slices.Sorted(slices.Values(append(more, amendments...))))
		if len(more) == len(amendments) {
			break
		}
		amendments = more
	}
	q.section("What was known earlier")
	said := false
	for i, w := range earlier {
		next := now[0]
		if i+1 < len(earlier) {
			next = earlier[i+1]
		}
		if w.text == next.text {
			continue
		}
		said = true
		if err := q.earlierSentence(ctx, w); err != nil {
			return err
		}
	}
	if !said {
		q.say(plain, 2, "The same: no correction or retraction has changed the answer for this day.")
	}
	return nil
}

func (q *inquiry) earlierSentence(ctx context.Context, w was) error {
	known, err := q.knownAt(ctx, w.known)
	if err != nil {
		return err
	}
	change, err := q.entry(ctx, w.known+1)
	if err != nil {
		return err
	}
	if err := q.tell(ctx, &change.Entry); err != nil {
		return err
	}
	q.say(caution, 2, capital(known)+", the answer was: "+w.text)
	q.say(plain, 4, fmt.Sprintf("Entry %d changed that: %s.", change.Seq, lower(q.sentence(&change.Entry))))
	return nil
}

// answersAt asks the question again at several known points. Points at which it had no answer yet are
// left out.
func (q *inquiry) answersAt(ctx context.Context, ref domain.Ref, question map[string]any, points []uint64) ([]was, error) {
	questions := make([]map[string]any, len(points))
	for i, known := range points {
		questions[i] = maps.Clone(question)
		questions[i]["known"] = known
	}
	replies, err := q.askAll(ctx, questions)
	if err != nil {
		return nil, err
	}
	var answers []was
	for i, r := range replies {
		if r.err != nil {
			continue // not introduced yet
		}
		w := was{known: points[i]}
		if question["q"] == "organisation" {
			w.text, err = q.organisationAnswer(ctx, r)
		} else {
			w.text, w.path, err = q.holdersAnswer(ctx, ref, r)
		}
		if err != nil {
			return nil, err
		}
		answers = append(answers, w)
	}
	return answers, nil
}

func (q *inquiry) organisationAnswer(ctx context.Context, r reply) (string, error) {
	answer, err := read[projections.Organisation](r)
	if err != nil {
		return "", err
	}
	if err := q.learnOrganisation(ctx, answer); err != nil {
		return "", err
	}
	return q.organisationWords(answer) + sureWords(answer.Certainty), nil
}

func (q *inquiry) holdersAnswer(ctx context.Context, ref domain.Ref, r reply) (string, []uint64, error) {
	answer, err := read[projections.Holders](r)
	if err != nil {
		return "", nil, err
	}
	if err := q.learnHolders(ctx, ref, answer); err != nil {
		return "", nil, err
	}
	var sentences []string
	if status, _ := q.statusWords(ref, answer.Status, len(answer.Holders)); status != "" {
		sentences = append(sentences, status)
	}
	for _, h := range answer.Holders {
		sentences = append(sentences, q.holderSentence(ref, h)+".")
	}
	text := ""
	for i, s := range sentences {
		if i > 0 {
			text += " "
		}
		text += capital(s)
	}
	return text + sureWords(answer.Certainty), append(pathsOf(answer), answer.UncertainBy...), nil
}

func sureWords(certainty string) string {
	if certainty == projections.Uncertain {
		return " That was uncertain."
	}
	return ""
}

func amendedBy(f domain.Fact) (id [16]byte) {
	switch f := f.(type) {
	case *domain.EntryCorrected:
		return f.Corrects
	case *domain.EntryRetracted:
		return f.Retracts
	}
	return id
}

// explainPlans tells the outstanding plans that would change the answer.
func (q *inquiry) explainPlans(ctx context.Context, ref domain.Ref) error {
	plans, err := ask[projections.Plans](ctx, q.session, q.question("plans", "on", q.on.String()))
	if err != nil {
		return err
	}
	q.section("Plans that would change it")
	found := false
	for _, p := range plans.Plans {
		if p.Status != projections.PlanAnnounced && p.Status != projections.PlanInProgress {
			continue
		}
		told, err := q.explainPlan(ctx, ref, p)
		if err != nil {
			return err
		}
		found = found || told
	}
	if !found {
		q.say(plain, 2, "None is outstanding on "+dayWords(q.on)+".")
	}
	return nil
}

// explainPlan tells what one plan would do to what was asked, and reports whether it would do anything.
func (q *inquiry) explainPlan(ctx context.Context, ref domain.Ref, p projections.Plan) (bool, error) {
	if err := q.learnPlan(ctx, domain.PlanID(p.Plan)); err != nil {
		return false, err
	}
	replies, err := q.askAll(ctx, []map[string]any{q.question("impact", "plan", p.Plan)})
	if err != nil {
		return false, err
	}
	lead := "The plan " + quoted(p.Title) + " (plan/" + p.Plan + "), announced " + whenWords(parseEDTF(p.Announced))
	if p.Expected != nil {
		lead += " and expected " + whenWords(parseEDTF(*p.Expected))
	}
	impact, err := read[projections.Impact](replies[0])
	if err != nil { // it has no day
		if !q.planNames(domain.PlanID(p.Plan), ref) {
			return false, nil
		}
		q.say(plain, 2, lead+", names it, but no day: "+joined(q.intended(domain.PlanID(p.Plan)))+".")
		return true, nil
	}
	at := slices.IndexFunc(impact.Changes, func(c projections.Change) bool { return c.Ref == ref.String() })
	switch {
	case at >= 0:
		if err := q.learnChanges(ctx, impact.Changes[at:at+1]); err != nil {
			return false, err
		}
		t := transitions(impact.Changes[at : at+1])[0]
		q.say(plain, 2, fmt.Sprintf("%s, would change it on %s: %s.", lead, dayWords(parseDay(*impact.On)), q.transitionWords(t)))
	case q.planNames(domain.PlanID(p.Plan), ref):
		q.say(plain, 2, lead+": "+joined(q.intended(domain.PlanID(p.Plan)))+".")
	default:
		return false, nil
	}
	for _, condition := range p.Conditions {
		q.hang(dim, "    - ", "Condition: "+clean(condition)+".")
	}
	return true, nil
}

// planNames reports whether an item of a plan names a reference.
func (q *inquiry) planNames(plan domain.PlanID, ref domain.Ref) bool {
	items, _ := q.planned(plan)
	return slices.ContainsFunc(items, func(item domain.PlanItem) bool {
		return slices.Contains(mentioned(&domain.Entry{Fact: item.Fact}), ref)
	})
}
