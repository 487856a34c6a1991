package projections_test

import (
	"cmp"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/histories"
)

// indexed is a random history, indexed.
func indexed(t *rapid.T) (*projections.View, []domain.Recorded) {
	recorded := histories.Record(histories.Entries(t, histories.Options{Facts: 40}))
	index := projections.NewIndex()
	if err := index.Apply(recorded); err != nil {
		t.Fatal(err)
	}
	return index.View(), recorded
}

// organisations are those of a view.
func organisations(view *projections.View) []domain.OrganisationID {
	var list []domain.OrganisationID
	for _, ref := range view.Refs(view.Seq()) {
		if ref.Kind == domain.KindOrganisation {
			list = append(list, domain.OrganisationID(ref.ID))
		}
	}
	return list
}

// The pages of what is held, put together, are what is held, however long the pages are.
func TestHeld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		view, recorded := indexed(t)
		at := projections.Point{On: rapid.SampledFrom(interesting(recorded)).Draw(t, "on"), Known: view.Seq()}
		size := rapid.IntRange(1, 5).Draw(t, "size")
		for _, org := range organisations(view) {
			want, err := view.Holdings(org, at, nil)
			if err != nil {
				t.Fatal(err)
			}
			held, err := view.Held(org, at, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := []projections.Holding{}
			for _, kind := range projections.HoldingKinds {
				for from := 0; from < held.Len(kind); from += size {
					got = append(got, held.Page(kind, from, min(from+size, held.Len(kind)))...)
				}
			}
			slices.SortFunc(got, func(a, b projections.Holding) int {
				return cmp.Or(cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Role, b.Role))
			})
			if !reflect.DeepEqual(got, want.Holdings) {
				t.Fatalf("%s on %s: %+v, want %+v", org, at.On, got, want.Holdings)
			}
		}
	})
}

// What was ceded is what the histories of all holdings say was held before the day and is not held on it.
func TestCeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		view, recorded := indexed(t)
		at := projections.Point{On: rapid.SampledFrom(interesting(recorded)).Draw(t, "on"), Known: view.Seq()}
		size := rapid.IntRange(1, 5).Draw(t, "size")
		for _, org := range organisations(view) {
			found, err := view.Ceded(org, at, 1000)
			if err != nil || found.More {
				t.Fatal(err, found)
			}
			got := []projections.Tenure{}
			for from := 0; from < found.Len(); from += size {
				got = append(got, found.Page(from, min(from+size, found.Len()))...)
			}
			want := []projections.Tenure{}
			for _, ref := range view.Refs(view.Seq()) {
				if ref.IsHolding() {
					want = append(want, ceded(t, view, ref, string(org), at)...)
				}
			}
			slices.SortFunc(want, func(a, b projections.Tenure) int {
				return cmp.Or(cmp.Compare(b.To, a.To), cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Role, b.Role))
			})
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s on %s: %+v, want %+v", org, at.On, got, want)
			}
		}
	})
}

// ceded finds the last tenures of a holding that have ended, by its history.
func ceded(t *rapid.T, view *projections.View, ref domain.Ref, org string, at projections.Point) []projections.Tenure {
	history, err := view.History(ref, at.Known)
	if err != nil {
		t.Fatal(err)
	}
	open, last := make(map[string]string), make(map[string]projections.Tenure)
	for _, p := range history.Periods {
		if p.From > at.On.String() {
			break
		}
		for role, from := range open {
			if !slices.Contains(p.Holders, projections.Share{Organisation: org, Role: role}) {
				last[role] = projections.Tenure{Ref: ref.String(), Role: role, From: from, To: p.From}
				delete(open, role)
			}
		}
		for _, share := range p.Holders {
			if _, held := open[share.Role]; share.Organisation == org && !held {
				open[share.Role] = p.From
			}
		}
	}
	var list []projections.Tenure
	for role, tenure := range last {
		if _, held := open[role]; !held {
			list = append(list, tenure)
		}
	}
	return list
}

// An answer about a thing is another at a known point only where that is among its turns.
func TestKnownTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		view, recorded := indexed(t)
		days := interesting(recorded)
		for _, ref := range view.Refs(view.Seq()) {
			points := view.KnownTurns(ref, 1000)
			for known := view.Introduction(ref) + 1; known <= view.Seq(); known++ {
				if slices.Contains(points, known) {
					continue
				}
				for _, day := range days {
					before := about(t, view, ref, projections.Point{On: day, Known: known - 1})
					if after := about(t, view, ref, projections.Point{On: day, Known: known}); !reflect.DeepEqual(before, after) {
						t.Fatalf("%s on %s changes at %d, which is not among %v", ref, day, known, points)
					}
				}
			}
			if few := view.KnownTurns(ref, 3); len(few) > 3 || !slices.IsSorted(few) {
				t.Fatalf("%v are not at most 3 points in order", few)
			}
		}
	})
}

// What a plan does to one holding is what Impact says of it.
func TestImpactOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		view, _ := indexed(t)
		for _, plan := range view.Refs(view.Seq()) {
			if plan.Kind != domain.KindPlan {
				continue
			}
			id := domain.PlanID(plan.ID)
			whole, err := view.Impact(id, 0, view.Seq())
			for _, ref := range view.Refs(view.Seq()) {
				if !ref.IsHolding() {
					continue
				}
				change, on, err2 := view.ImpactOn(ref, id, view.Seq())
				if (err == nil) != (err2 == nil) {
					t.Fatalf("%s on %s: %v, and of all: %v", plan, ref, err2, err)
				}
				if err != nil {
					continue
				}
				at := slices.IndexFunc(whole.Changes, func(c projections.Change) bool { return c.Ref == ref.String() })
				if (change != nil) != (at >= 0) || at >= 0 && (!reflect.DeepEqual(*change, whole.Changes[at]) || on.String() != *whole.On) {
					t.Fatalf("%s on %s: %+v, want %+v", plan, ref, change, whole.Changes)
				}
			}
		}
	})
}
