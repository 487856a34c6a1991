package projections_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/histories"
)

func effects(t *rapid.T, view *projections.View, seq uint64) []projections.Effect {
	var all []projections.Effect
	err := view.Effects(t.Context(), seq, domain.Ref{}, func(e projections.Effect) error { all = append(all, e); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func drawn(t *rapid.T) (*projections.View, []domain.Recorded) {
	recorded := histories.Record(histories.Entries(t, histories.Options{Facts: 40}))
	index := projections.NewIndex()
	if err := index.Apply(recorded); err != nil {
		t.Fatal(err)
	}
	return index.View(), recorded
}

// on finds the stretch that a day is in, nil where there is none.
func on(e *projections.Effect, day domain.Date) *projections.Stretch {
	if e == nil {
		return nil
	}
	i := sort.Search(len(e.Stretches), func(i int) bool { return e.Stretches[i].From > day }) - 1
	if i < 0 || e.Stretches[i].To != 0 && e.Stretches[i].To <= day {
		return nil
	}
	return &e.Stretches[i]
}

// On every day, what an entry changed is what the answers as known at it and just before it differ in, with those answers: no
// reference more, and none less. Stretches are as long as they can be.
func TestEffects(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		view, recorded := drawn(t)
		refs, days := view.Refs(view.Seq()), interesting(recorded)
		for seq := uint64(1); seq <= view.Seq(); seq++ {
			changed := make(map[domain.Ref]*projections.Effect)
			all := effects(t, view, seq)
			if !slices.IsSortedFunc(all, func(a, b projections.Effect) int { return projections.CompareRefs(a.Ref, b.Ref) }) {
				t.Fatalf("entry %d: not in order", seq)
			}
			for i := range all {
				changed[all[i].Ref] = &all[i]
				maximal(t, &all[i])
			}
			for _, ref := range refs {
				for _, day := range days {
					before := view.Standing(ref, projections.Point{On: day, Known: seq - 1})
					after := view.Standing(ref, projections.Point{On: day, Known: seq})
					s := on(changed[ref], day)
					switch {
					case reflect.DeepEqual(before, after) && s != nil:
						t.Fatalf("entry %d, %s on %s: both %v, and it is told %+v", seq, ref, day, before, s)
					case reflect.DeepEqual(before, after):
					case s == nil:
						t.Fatalf("entry %d, %s on %s: %v became %v, and it is not told", seq, ref, day, before, after)
					case !reflect.DeepEqual(s.Before, before) || !reflect.DeepEqual(s.After, after):
						t.Fatalf("entry %d, %s on %s: %v became %v, and it is told %v became %v", seq, ref, day, before, after, s.Before, s.After)
					}
				}
			}
		}
	})
}

func maximal(t *rapid.T, e *projections.Effect) {
	for i := 1; i < len(e.Stretches); i++ {
		a, b := e.Stretches[i-1], e.Stretches[i]
		if a.To == 0 || a.To > b.From || a.To == b.From && reflect.DeepEqual(a.Before, b.Before) && reflect.DeepEqual(a.After, b.After) {
			t.Fatalf("%s: %+v and then %+v", e.Ref, a, b)
		}
	}
}

// What an entry changed about who holds what is, on every day, what diff says of the two known points.
func TestEffectsAreDiffs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		view, recorded := drawn(t)
		days := interesting(recorded)
		for seq := uint64(1); seq <= view.Seq(); seq++ {
			all := effects(t, view, seq)
			for _, day := range days {
				told := []projections.Change{}
				for i := range all {
					if s := on(&all[i], day); s != nil && !slices.Equal(holders(s.Before), holders(s.After)) {
						told = append(told, projections.Change{Ref: all[i].Ref.String(), Before: holders(s.Before), After: holders(s.After)})
					}
				}
				diff := view.Diff(projections.Point{On: day, Known: seq - 1}, projections.Point{On: day, Known: seq})
				if !reflect.DeepEqual(told, diff.Changes) {
					t.Fatalf("entry %d on %s: told %+v, and the answers differ in %+v", seq, day, told, diff.Changes)
				}
			}
		}
	})
}

func holders(s *projections.Standing) []projections.Share {
	if s == nil {
		return []projections.Share{}
	}
	return s.Holders
}

// Who has only ever been told of effects knows, in the end, what everybody holds on every day, and of every day to come
// that arrives what is in effect then.
func TestEffectsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		view, recorded := drawn(t)
		days := interesting(recorded)
		known := make(map[domain.Ref]map[domain.Date]*projections.Standing)
		for seq := uint64(1); seq <= view.Seq(); seq++ {
			for _, e := range effects(t, view, seq) {
				if known[e.Ref] == nil {
					known[e.Ref] = make(map[domain.Date]*projections.Standing)
				}
				for _, day := range days {
					s := on(&e, day)
					if s == nil {
						continue
					}
					if !reflect.DeepEqual(s.Before, known[e.Ref][day]) {
						t.Fatalf("entry %d, %s on %s: %v is to give way, and %v was told", seq, e.Ref, day, s.Before, known[e.Ref][day])
					}
					known[e.Ref][day] = s.After
				}
			}
		}
		for _, ref := range view.Refs(view.Seq()) {
			for _, day := range days {
				want := view.Standing(ref, projections.Point{On: day, Known: view.Seq()})
				if got := known[ref][day]; !reflect.DeepEqual(got, want) {
					t.Fatalf("%s on %s: told %v, and the answer is %v", ref, day, got, want)
				}
			}
		}
	})
}

// On every day to come exactly those answers arrive that differ from the day before, whether the agenda was kept
// entry by entry or made of everything.
func TestArrivals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		view, recorded := drawn(t)
		known := rapid.Uint64Range(1, view.Seq()).Draw(t, "known")
		today := interesting(recorded)[rapid.IntRange(0, 3).Draw(t, "today")]
		kept := projections.NewIndex().View().Agenda(0, today)
		for seq := uint64(1); seq <= known; seq++ {
			kept.Add(view, seq, today)
		}
		for _, agenda := range []*projections.Agenda{kept, view.Agenda(known, today)} {
			for _, day := range interesting(recorded) {
				if day <= today || day == domain.FirstDate {
					continue
				}
				at := projections.Point{On: day, Known: known}
				arrived := make(map[domain.Ref]*projections.Standing)
				err := view.Arrivals(t.Context(), agenda, at, domain.Ref{}, func(ref domain.Ref, before, after *projections.Standing) error {
					arrived[ref] = after
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				for _, ref := range view.Refs(known) {
					before, after := view.Standing(ref, projections.Point{On: day - 1, Known: known}), view.Standing(ref, at)
					got, told := arrived[ref]
					if told == reflect.DeepEqual(before, after) || told && !reflect.DeepEqual(got, after) {
						t.Fatalf("%s on %s at %d: %v becomes %v, and %v is told (%t)", ref, day, known, before, after, got, told)
					}
				}
			}
		}
	})
}

// What an entry concerns does not depend on what was recorded after it.
func TestConcerns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		view, recorded := drawn(t)
		index := projections.NewIndex()
		for i := range recorded {
			if err := index.Apply(recorded[i : i+1]); err != nil {
				t.Fatal(err)
			}
			seq := recorded[i].Seq
			then, now := index.View().Concerns(seq), view.Concerns(seq)
			if len(then) == 0 || !slices.Equal(then, now) {
				t.Fatalf("entry %d concerned %v, and now %v", seq, then, now)
			}
			for _, ref := range now {
				if !slices.Contains(view.Mentions(ref, seq), seq) {
					t.Fatalf("entry %d concerns %s, which does not mention it", seq, ref)
				}
			}
		}
	})
}

// A merger of a body with very many contracts changes each of them, and can be interrupted and gone on with at any.
func TestEffectsOfMerger(t *testing.T) {
	const contracts = 3000
	index, merger := mergerOf(t, contracts)
	view := index.View()
	var all []projections.Effect
	if err := view.Effects(t.Context(), merger, domain.Ref{}, func(e projections.Effect) error { all = append(all, e); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(all) != contracts+1 { // and the body that ends
		t.Fatalf("%d references changed", len(all))
	}
	var rest []projections.Effect
	if err := view.Effects(t.Context(), merger, all[1234].Ref, func(e projections.Effect) error { rest = append(rest, e); return nil }); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(rest, all[1234:]) {
		t.Errorf("from the 1235th on there are %d", len(rest))
	}
	ctx, cancel := context.WithCancel(t.Context())
	seen := 0
	err := view.Effects(ctx, merger, domain.Ref{}, func(projections.Effect) error {
		if seen++; seen == 10 {
			cancel()
		}
		return nil
	})
	if err != context.Canceled || seen > 100 {
		t.Errorf("interrupted, %d were told, %v", seen, err)
	}
}

// mergerOf is an index in which a body with so many contracts merges into another, and the sequence of the merger.
func mergerOf(t testing.TB, contracts int) (*projections.Index, uint64) {
	t.Helper()
	day := func(text string) domain.EDTF {
		e, err := domain.ParseEDTF(text)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	var all []domain.Recorded
	record := func(on domain.EDTF, fact domain.Fact) {
		e := domain.Entry{Effective: on, Fact: fact}
		e.ID = e.DeriveID()
		all = append(all, domain.Recorded{Entry: e, Seq: uint64(len(all)) + 1, Time: time.Date(2026, 1, 1, 0, 0, len(all)/1000, 0, time.UTC).UnixNano()})
	}
	record(domain.EDTF{}, &domain.OrganisationEstablished{Organisation: "old", Name: "Old"})
	record(domain.EDTF{}, &domain.OrganisationEstablished{Organisation: "new", Name: "New"})
	for i := range contracts {
		record(day("2015-04-01"), &domain.ContractAwarded{Contract: domain.ContractID(fmt.Sprintf("deal-%d", i)), Title: "Deal", Owner: "old"})
	}
	record(day("2020-04-01"), &domain.OrganisationMerged{Organisations: []domain.OrganisationID{"old"}, Into: "new"})
	index := projections.NewIndex()
	if err := index.Load(all); err != nil {
		t.Fatal(err)
	}
	index.Publish()
	return index, uint64(len(all))
}
