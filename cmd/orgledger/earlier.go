package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
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
// changed an answer about a reference: of the facts that it rests on, of those that concern it, and of
// those that take everything from the organisations that have it.
func (q *inquiry) amendments(ctx context.Context, ref domain.Ref, seqs []uint64, holders []string) ([]uint64, error) {
	found := make(map[uint64]bool)
	for _, id := range append(holders, "") {
		from := domain.OrganisationID(id)
		about := from.Ref()
		if id == "" {
			about = ref
		}
		entries, err := q.concerning(ctx, about)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if target := q.amends(e); target != nil && (id == "" || takesFrom(target.Fact, from) || takesFrom(q.editionOf(target, e.Seq).Now.Fact, from)) {
				found[e.Seq] = e.Seq <= q.known
			}
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

// amends is the entry that another corrects or retracts, nil where it does neither or the entry has not
// been read.
func (q *inquiry) amends(e *domain.Recorded) *domain.Recorded {
	seq, ok := q.seqs[telling.AmendedBy(e.Fact)]
	if !ok {
		return nil
	}
	return q.entries[seq]
}

// takesFrom tells the facts that take whatever an organisation has.
func takesFrom(f domain.Fact, org domain.OrganisationID) bool {
	if f, ok := f.(*domain.HoldingsTransferred); ok {
		return f.From == org
	}
	return !isHoldingFact(f) && isAbout(f, org)
}

// isHoldingFact tells the facts about one thing from those that end an organisation.
func isHoldingFact(f domain.Fact) bool { return domain.About(f).ID != "" }

// explainAmendments tells the corrections and retractions that touch what was asked and that were not
// told with a fact.
func (q *inquiry) explainAmendments(ctx context.Context, ref domain.Ref, told, amendments []uint64) error {
	var rest []*domain.Recorded
	for _, seq := range amendments {
		e := q.entries[seq]
		target, ok := q.seqs[telling.AmendedBy(e.Fact)]
		if !ok || slices.Contains(told, target) || ref.Kind == domain.KindOrganisation && !q.touches(target, ref) {
			continue
		}
		rest = append(rest, e)
	}
	if len(rest) == 0 {
		return nil
	}
	q.section("Other corrections and retractions that concern it")
	for len(rest) > 0 {
		n := 1
		for n < len(rest) && telling.ReasonOf(rest[n].Fact) == telling.ReasonOf(rest[0].Fact) && rest[n].Fact.Type() == rest[0].Fact.Type() {
			n++
		}
		if err := q.amendmentsAlike(ctx, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// amendmentsAlike tells amendments that were made for one reason.
func (q *inquiry) amendmentsAlike(ctx context.Context, list []*domain.Recorded) error {
	first := list[0]
	if err := q.tell(ctx, &first.Entry); err != nil {
		return err
	}
	q.tells(list...)
	text := q.sentence(&first.Entry) + "."
	if len(list) > 1 {
		by, of := make([]uint64, len(list)), make([]uint64, len(list))
		for i, e := range list {
			by[i], of[i] = e.Seq, q.seqs[telling.AmendedBy(e.Fact)]
			q.tells(q.entries[of[i]])
		}
		text = fmt.Sprintf("Entries %s were %s by entries %s; the first: %s", telling.SeqsWords(of), telling.AmendmentVerb(first.Fact), telling.SeqsWords(by), telling.Lower(text))
	}
	if reason := telling.ReasonOf(first.Fact); first.Fact.Type() == domain.TypeEntryCorrected {
		text += " Reason: " + telling.Stopped(reason)
	}
	q.hang(plain, fmt.Sprintf("  %4d  ", first.Seq), text)
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
	orgs  []string
}

// explainEarlier tells what the answer was before corrections and retractions changed it.
func (q *inquiry) explainEarlier(ctx context.Context, ref domain.Ref, question map[string]any, amendments []uint64) error {
	now, err := q.answersAt(ctx, ref, question, []uint64{q.known})
	if err != nil || len(now) == 0 {
		return err
	}
	if err := q.explainSince(ctx, ref, question, now[0]); err != nil {
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
		all := slices.Clone(amendments)
		for _, w := range append(earlier, now[0]) {
			var more []uint64
			if more, err = q.amendments(ctx, ref, w.path, w.orgs); err != nil {
				return err
			}
			all = append(all, more...)
		}
		all = slices.Compact(slices.Sorted(slices.Values(all)))
		if len(all) == len(amendments) {
			break
		}
		amendments = all
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

// explainSince tells that entries after the known point have changed the answer.
func (q *inquiry) explainSince(ctx context.Context, ref domain.Ref, question map[string]any, now was) error {
	last, err := q.resolve(ctx, nil)
	if err != nil || last == q.known {
		return err
	}
	later, err := q.answersAt(ctx, ref, question, []uint64{last})
	if err != nil || len(later) == 0 || later[0].text == now.text {
		return err
	}
	q.section("What has been recorded since")
	known, err := q.knownAt(ctx, last)
	if err != nil {
		return err
	}
	q.say(caution, 2, telling.Capital(known)+", the answer is another: "+later[0].text)
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
	q.tells(change)
	q.say(caution, 2, telling.Capital(known)+", the answer was: "+w.text)
	q.say(plain, 4, fmt.Sprintf("Entry %d changed that: %s.", change.Seq, telling.Lower(q.sentence(&change.Entry))))
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
			err = q.holdersAnswer(ctx, ref, r, &w)
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
	return q.organisationWords(answer) + telling.SureWords(answer.Certainty), nil
}

func (q *inquiry) holdersAnswer(ctx context.Context, ref domain.Ref, r reply, w *was) error {
	answer, err := read[projections.Holders](r)
	if err != nil {
		return err
	}
	if err := q.learnHolders(ctx, ref, answer); err != nil {
		return err
	}
	var sentences []string
	if status, _ := q.statusWords(ref, answer.Status, len(answer.Holders)); status != "" {
		sentences = append(sentences, status)
	}
	for _, h := range answer.Holders {
		sentences = append(sentences, telling.Capital(q.holderSentence(ref, h))+".")
		w.orgs = append(w.orgs, h.Organisation)
	}
	w.text = strings.Join(sentences, " ") + telling.SureWords(answer.Certainty)
	w.path = append(pathsOf(answer), answer.UncertainBy...)
	return nil
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
		q.say(plain, 2, "No plan that is outstanding on "+telling.DayWords(q.on)+" would.")
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
	lead := "The plan " + telling.Quoted(p.Title) + " (plan/" + p.Plan + "), announced " + telling.WhenWords(telling.ParseEDTF(p.Announced))
	if p.Expected != nil {
		lead += " and expected " + telling.WhenWords(telling.ParseEDTF(*p.Expected))
	}
	impact, err := read[projections.Impact](replies[0])
	if err != nil { // it has no day
		if !q.planNames(domain.PlanID(p.Plan), ref) {
			return false, nil
		}
		q.say(plain, 2, lead+", names it, but no day: "+telling.Joined(q.intended(domain.PlanID(p.Plan)))+".")
		return true, nil
	}
	at := slices.IndexFunc(impact.Changes, func(c projections.Change) bool { return c.Ref == ref.String() })
	switch {
	case at >= 0:
		if err := q.learnChanges(ctx, impact.Changes[at:at+1]); err != nil {
			return false, err
		}
		t := transitions(impact.Changes[at : at+1])[0]
		q.say(plain, 2, fmt.Sprintf("%s, would change it on %s: %s.", lead, telling.DayWords(telling.ParseDay(*impact.On)), q.transitionWords(t)))
	case q.planNames(domain.PlanID(p.Plan), ref):
		q.say(plain, 2, lead+": "+telling.Joined(q.intended(domain.PlanID(p.Plan)))+".")
	default:
		return false, nil
	}
	for _, condition := range p.Conditions {
		q.hang(dim, "    - ", "Condition: "+telling.Clean(condition)+".")
	}
	return true, nil
}

// planNames reports whether an item of a plan names a reference.
func (q *inquiry) planNames(plan domain.PlanID, ref domain.Ref) bool {
	items, _ := q.planned(plan)
	return slices.ContainsFunc(items, func(item domain.PlanItem) bool {
		return slices.Contains(telling.Mentioned(&domain.Entry{Fact: item.Fact}), ref)
	})
}
