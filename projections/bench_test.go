package projections_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/histories"
)

// sizes of the ledgers that benchmarks measure, in entries.
var sizes = []int{10_000, 100_000, 1_000_000}

// recorded is a large history as the log would hold it.
func recorded(n int) []domain.Recorded {
	all := make([]domain.Recorded, 0, n)
	for e := range histories.Large(n, 1) {
		all = append(all, domain.Recorded{Entry: *e, Seq: uint64(len(all) + 1), Time: int64(len(all))})
	}
	return all
}

func built(b *testing.B, all []domain.Recorded) *projections.Index {
	index := projections.NewIndex()
	const commit = 1000
	for from := 0; from < len(all); from += commit {
		if err := index.Load(all[from:min(from+commit, len(all))]); err != nil {
			b.Fatal(err)
		}
	}
	index.Publish()
	return index
}

func BenchmarkLoad(b *testing.B) {
	for _, n := range sizes {
		all := recorded(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				built(b, all)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// median runs one operation again and again, and reports the median of its times beside the mean.
// Both count the reading of the clock.
func median(b *testing.B, do func() error) {
	var times []time.Duration
	for b.Loop() {
		begun := time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(begun))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2]), "median-ns")
}

func BenchmarkQuestions(b *testing.B) {
	for _, n := range sizes {
		view := built(b, recorded(n)).View()
		rng := rand.New(rand.NewPCG(2, 0))
		point := func() projections.Point {
			return projections.Point{On: domain.Date(728_000 + rng.IntN(12_000)), Known: view.Seq()}
		}
		bodies := max(n/100, 10)
		b.Run(fmt.Sprintf("holders/%d", n), func(b *testing.B) {
			median(b, func() error {
				_, err := view.Holders(domain.Ref{Kind: domain.KindContract, ID: "deal-" + strconv.Itoa(rng.IntN(n*3/10))}, point(), nil)
				return err
			})
		})
		b.Run(fmt.Sprintf("organisation/%d", n), func(b *testing.B) {
			median(b, func() error {
				_, err := view.Organisation(domain.OrganisationID("body-"+strconv.Itoa(rng.IntN(bodies))), point())
				return err
			})
		})
		b.Run(fmt.Sprintf("holdings/%d", n), func(b *testing.B) {
			held := 0
			for b.Loop() {
				answer, err := view.Holdings(domain.OrganisationID(fmt.Sprintf("body-%d", rng.IntN(bodies))), point(), nil)
				if err != nil {
					b.Fatal(err)
				}
				held += len(answer.Holdings)
			}
			b.ReportMetric(float64(held)/float64(b.N), "holdings/op")
		})
	}
}

// What a merger of a body with 100,000 contracts changed.
func BenchmarkEffectsOfMerger(b *testing.B) {
	index, merger := mergerOf(b, 100_000)
	view := index.View()
	b.ReportAllocs()
	told := 0
	for b.Loop() {
		err := view.Effects(b.Context(), merger, domain.Ref{}, func(projections.Effect) error { told++; return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(told)/b.Elapsed().Seconds(), "changes/s")
}
