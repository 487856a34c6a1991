package telling

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// Intended says what a plan whose entries have been read is to do, as it stands at the known point.
func (b *Book) Intended(plan domain.PlanID) []string {
	items, _ := b.Planned(plan)
	texts := make([]string, len(items))
	for i, item := range items {
		n := b.Narrator(&domain.Entry{Effective: domain.DayEDTF(b.On), Fact: item.Fact})
		n.Planned = true
		texts[i] = n.Phrase(item.Fact)
		if !item.Effective.IsZero() {
			texts[i] += " " + WhenWords(item.Effective)
		}
	}
	return texts
}

// Planned gives the items of a plan and the day it is expected, as they stand at the known point and on
// the day of the book: what was amended last, in the order of nominal days.
func (b *Book) Planned(plan domain.PlanID) (items []domain.PlanItem, expected domain.EDTF) {
	var facts []*domain.Entry
	for _, seq := range b.concerned[plan.Ref()] {
		e := b.EditionOf(b.entries[seq], b.Known)
		day := e.Now.Effective.Nominal()
		announces := e.Now.Fact.Type() == domain.TypePlanAnnounced
		if seq <= b.Known && !e.Retracted && domain.About(e.Now.Fact) == plan.Ref() && (announces || day <= b.On) {
			facts = append(facts, e.Now)
		}
	}
	slices.SortStableFunc(facts, func(a, b *domain.Entry) int {
		return cmp.Or(announcedFirst(a, b), int(a.Effective.Nominal()-b.Effective.Nominal()))
	})
	for _, e := range facts {
		if given := domain.PlanItems(e.Fact); given != nil {
			items = given
		}
		switch f := e.Fact.(type) {
		case *domain.PlanAnnounced:
			expected = f.Expected
		case *domain.PlanAmended:
			if !f.Expected.IsZero() {
				expected = f.Expected
			}
		}
	}
	return items, expected
}

func announcedFirst(a, b *domain.Entry) int {
	switch domain.TypePlanAnnounced {
	case b.Fact.Type():
		return 1
	case a.Fact.Type():
		return -1
	}
	return 0
}

// LearnPlan reads a plan's entries, and the names that its items are about.
func (b *Book) LearnPlan(ctx context.Context, plan domain.PlanID) error {
	entries, err := b.Concerning(ctx, plan.Ref())
	if err != nil {
		return err
	}
	var refs []domain.Ref
	for _, e := range entries {
		refs = append(refs, Mentioned(&e.Entry)...)
	}
	return b.LearnAll(ctx, map[domain.Date][]domain.Ref{b.On: refs, max(b.On-1, domain.FirstDate): refs})
}

// PlanEffect is what an outstanding plan would do to a thing.
type PlanEffect struct {
	Plan projections.Plan
	Text string
}

// PlanEffects tells the plans that are outstanding on the day and would change the answer about a thing.
func (b *Book) PlanEffects(ctx context.Context, ref domain.Ref) ([]PlanEffect, error) {
	plans, err := Ask[projections.Plans](ctx, b, b.Question("plans", "on", b.On.String()))
	if err != nil {
		return nil, err
	}
	var effects []PlanEffect
	for _, p := range plans.Plans {
		if p.Status != projections.PlanAnnounced && p.Status != projections.PlanInProgress {
			continue
		}
		text, err := b.planEffect(ctx, ref, p)
		if err != nil {
			return nil, err
		}
		if text != "" {
			effects = append(effects, PlanEffect{p, text})
		}
	}
	return effects, nil
}

// planEffect tells what one plan would do to a thing; empty where it would do nothing.
func (b *Book) planEffect(ctx context.Context, ref domain.Ref, p projections.Plan) (string, error) {
	plan := domain.PlanID(p.Plan)
	if err := b.LearnPlan(ctx, plan); err != nil {
		return "", err
	}
	lead := "The plan " + b.named(plan.Ref(), p.Title) + ", announced " + WhenWords(ParseEDTF(p.Announced))
	if p.Expected != nil {
		lead += " and expected " + WhenWords(ParseEDTF(*p.Expected))
	}
	change, on, err := b.impactOn(ctx, ref, plan)
	undated, isUndated := errors.AsType[*projections.QuestionError](err)
	switch {
	case isUndated && undated.Code == projections.CodeNoDate && b.planNames(plan, ref):
		return lead + ", names it, but no day: " + Joined(b.Intended(plan)) + ".", nil
	case isUndated:
		return "", nil
	case err != nil:
		return "", err
	case change != nil:
		if err := b.LearnChanges(ctx, []projections.Change{*change}); err != nil {
			return "", err
		}
		t := Transitions([]projections.Change{*change})[0]
		return fmt.Sprintf("%s, would change it on %s: %s.", lead, DayWords(on), b.TransitionWords(t)), nil
	case b.planNames(plan, ref):
		return lead + ": " + Joined(b.Intended(plan)) + ".", nil
	default:
		return "", nil
	}
}

// impactOn finds what a plan would do to one holding, nil where nothing; a Reader without an index is asked what it would do to all.
func (b *Book) impactOn(ctx context.Context, ref domain.Ref, plan domain.PlanID) (*projections.Change, domain.Date, error) {
	if reader, ok := b.Reader.(indexed); ok {
		return reader.View().ImpactOn(ref, plan, b.Known)
	}
	impact, err := Ask[projections.Impact](ctx, b, b.Question("impact", "plan", string(plan)))
	if err != nil || impact.On == nil {
		return nil, 0, err
	}
	at := slices.IndexFunc(impact.Changes, func(c projections.Change) bool { return c.Ref == ref.String() })
	if at < 0 {
		return nil, 0, nil
	}
	return &impact.Changes[at], ParseDay(*impact.On), nil
}

// planNames reports whether an item of a plan names a reference.
func (b *Book) planNames(plan domain.PlanID, ref domain.Ref) bool {
	items, _ := b.Planned(plan)
	return slices.ContainsFunc(items, func(item domain.PlanItem) bool {
		return slices.Contains(Mentioned(&domain.Entry{Fact: item.Fact}), ref)
	})
}

// PlanStatus says how a plan stands.
func PlanStatus(status string) string {
	if status == projections.PlanInProgress {
		return "in progress"
	}
	return status
}

// FulfilledText says how many items of a plan have been carried out.
func FulfilledText(p projections.Plan) string {
	if len(p.Items) == 0 {
		return "none named"
	}
	done := 0
	for _, item := range p.Items {
		if item.FulfilledBy != nil {
			done++
		}
	}
	return fmt.Sprintf("%d of %d carried out", done, len(p.Items))
}

// ItemsOf tells the items of a plan by their names.
func (b *Book) ItemsOf(ctx context.Context, plan domain.PlanID) (map[string]string, error) {
	if err := b.LearnPlan(ctx, plan); err != nil {
		return nil, err
	}
	items, _ := b.Planned(plan)
	texts := b.Intended(plan)
	told := make(map[string]string, len(items))
	for i, item := range items {
		told[item.Item] = texts[i]
	}
	return told, nil
}
