package verify

import (
	"context"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/histories"
)

// fed is a reading of n generated entries, a commit an entry.
func fed(t *testing.T, n int, seed uint64) *reading {
	t.Helper()
	v, err := newReading(t.Context(), Options{Sample: 80, Seed: seed}, "main")
	if err != nil {
		t.Fatal(err)
	}
	var entries []*domain.Entry
	for e := range histories.Large(n, seed) {
		entries = append(entries, e)
	}
	for _, e := range histories.Record(entries) {
		c := delivery{Commit: eventstore.Commit{First: e.Seq, Entries: []domain.Recorded{e}}}
		if err := v.load(c); err != nil {
			t.Fatal(err)
		}
		if err := v.keep(c); err != nil {
			t.Fatal(err)
		}
		v.entries++
	}
	v.bulk.index.Publish()
	return v
}

// The index answers as the plain fold does, of the whole of a short log and of slices of a long one.
func TestAnswersAreThoseOfThePlainFold(t *testing.T) {
	for _, n := range []int{12, 400, 3000, 20000} {
		for seed := range uint64(2) {
			v := fed(t, n, seed)
			detail, err := v.compareAnswers(t.Context())
			if err != nil {
				t.Errorf("%d entries, seed %d: %v", n, seed, err)
			}
			t.Logf("%d entries: %s; kept %d", n, detail, len(v.judge.kept))
		}
	}
}

// An index that leaves out one fact that bears on something is found out.
func TestAnswersTellAnIndexThatForgets(t *testing.T) {
	v := fed(t, 3000, 1)
	forgetful := projections.NewIndex()
	var entries []*domain.Entry
	for e := range histories.Large(3000, 1) {
		entries = append(entries, e)
	}
	for i, e := range histories.Record(entries) {
		if merged, ok := e.Fact.(*domain.OrganisationMerged); ok && i > 100 {
			into := *merged
			into.Except = nil
			into.Kinds = []domain.HoldingKind{"contract"}
			e.Fact = &into
		}
		if err := forgetful.Load([]domain.Recorded{e}); err != nil {
			t.Fatal(err)
		}
	}
	forgetful.Publish()
	v.bulk.index = forgetful
	if _, err := v.compareAnswers(context.Background()); err == nil || !strings.Contains(err.Error(), "plain fold") {
		t.Fatalf("an index that loses what mergers move passes: %v", err)
	}
}
