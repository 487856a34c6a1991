package projections_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/histories"
)

// Whatever the day and the known point, the answers about a thing are those of the last turn at or before both.
func TestTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		recorded := histories.Record(histories.Entries(t, histories.Options{Facts: 40}))
		index := projections.NewIndex()
		if err := index.Apply(recorded); err != nil {
			t.Fatal(err)
		}
		view, days := index.View(), interesting(recorded)
		for _, ref := range view.Refs(view.Seq()) {
			var turns projections.Turns
			var turned uint64
			for known := view.Introduction(ref); known <= view.Seq(); known++ {
				if turned == 0 || known == turns.Next {
					turns, turned = mustTurn(t, view, ref, known), known
				}
				for _, day := range days {
					i, found := slices.BinarySearch(turns.Days, day)
					if !found {
						i--
					}
					got := about(t, view, ref, projections.Point{On: day, Known: known})
					want := about(t, view, ref, projections.Point{On: turns.Days[i], Known: turned})
					if doubtful(got) && !turns.Vague {
						t.Fatalf("%s on %s at %d is uncertain, and no fact is vague", ref, day, known)
					}
					if !reflect.DeepEqual(got, want) {
						t.Fatalf("%s on %s at %d: %+v\nat the turn %s, %d: %+v", ref, day, known, got, turns.Days[i], turned, want)
					}
				}
			}
		}
	})
}

// doubtful reports whether the answer about holders is uncertain.
func doubtful(answers []any) bool {
	return slices.ContainsFunc(answers, func(answer any) bool {
		holders, ok := answer.(*projections.Holders)
		return ok && holders.Certainty == projections.Uncertain
	})
}

func mustTurn(t *rapid.T, view *projections.View, ref domain.Ref, known uint64) projections.Turns {
	turns, err := view.Turns(ref, known)
	if err != nil {
		t.Fatal(err)
	}
	return turns
}

// interesting are the days around those that entries name.
func interesting(recorded []domain.Recorded) []domain.Date {
	days := []domain.Date{domain.FirstDate, domain.LastDate}
	for _, e := range recorded {
		effective := e.Effective
		if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
			effective = correction.Replacement.Effective
		}
		for _, day := range []domain.Date{effective.Earliest(), effective.Latest()} {
			days = append(days, max(day-1, domain.FirstDate), max(day, domain.FirstDate), day+1)
		}
		if award, ok := e.Fact.(*domain.ContractAwarded); ok && award.LastDay != 0 {
			days = append(days, award.LastDay, award.LastDay+1)
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// about answers every question about one thing, without the point that the answers repeat.
func about(t *rapid.T, view *projections.View, ref domain.Ref, at projections.Point) []any {
	var answers []any
	if ref.IsHolding() {
		a, err := view.Holders(ref, at, nil)
		if err != nil {
			t.Fatal(err)
		}
		a.On, a.Known = "", 0
		answers = append(answers, a)
	}
	switch ref.Kind {
	case domain.KindOrganisation:
		o, err := view.Organisation(domain.OrganisationID(ref.ID), at)
		if err != nil {
			t.Fatal(err)
		}
		edges, err := view.Successions(domain.OrganisationID(ref.ID), at)
		if err != nil {
			t.Fatal(err)
		}
		o.On, o.Known = "", 0
		answers = append(answers, o, edges)
	case domain.KindOffice:
		office, org, err := view.Office(domain.OfficeID(ref.ID), at)
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, office, org)
	case domain.KindPlan:
		plan, items, err := view.Plan(domain.PlanID(ref.ID), at)
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, plan, items)
	}
	return answers
}
