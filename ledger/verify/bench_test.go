package verify_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/verify"
	"github.com/orgledger/orgledger/projections/histories"
)

// Verifying a log, against reading it in two ways, in turn, from the same folder, in commits of a thousand. Opened: as a
// start reads it, received, decoded, every root proved, and put into an index that can be asked. Bare: the same, and given
// to nobody. A million entries need some 4 GB.
//
//	go test -run '^$' -bench Verify -benchtime 1x -timeout 30m ./ledger/verify
func BenchmarkVerify(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			if testing.Short() && n > 10_000 {
				b.Skip("takes minutes")
			}
			dir := b.TempDir()
			recordLarge(b, dir, n)
			reading, opening, verifying := time.Duration(0), time.Duration(0), time.Duration(0)
			for b.Loop() {
				reading += timed(b, dir, func(s *eventstore.Store) error {
					return s.Replay(b.Context(), 0, nil, func(eventstore.Commit) error { return nil })
				})
				opening += timed(b, dir, func(s *eventstore.Store) error {
					_, err := ledger.Open(b.Context(), s, nil)
					return err
				})
				verifying += timed(b, dir, func(s *eventstore.Store) error {
					report, err := verify.Run(b.Context(), s, verify.Options{Sample: 100})
					if err == nil && !report.OK() {
						err = fmt.Errorf("it does not verify: %+v", report)
					}
					return err
				})
			}
			b.ReportMetric(float64(n)*float64(b.N)/reading.Seconds(), "bare/s")
			b.ReportMetric(float64(n)*float64(b.N)/verifying.Seconds(), "verified/s")
			b.ReportMetric(float64(n)*float64(b.N)/opening.Seconds(), "opened/s")
			b.ReportMetric(verifying.Seconds()/opening.Seconds(), "times-opening")
			b.ReportMetric(verifying.Seconds()/reading.Seconds(), "times-bare")
		})
	}
}

func recordLarge(b *testing.B, dir string, n int) {
	b.Helper()
	store, err := eventstore.Open(b.Context(), eventstore.Options{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	var batch []domain.Recorded
	flush := func() {
		if len(batch) == 0 {
			return
		}
		if _, err := store.Append(b.Context(), store.Head().Seq, batch); err != nil {
			b.Fatal(err)
		}
		batch = batch[:0]
	}
	for e := range histories.Large(n, 1) {
		if batch = append(batch, domain.Recorded{Entry: *e}); len(batch) == eventstore.MaxCommitEntries {
			flush()
		}
	}
	flush()
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
}

func timed(b *testing.B, dir string, do func(*eventstore.Store) error) time.Duration {
	b.Helper()
	store, err := eventstore.Open(b.Context(), eventstore.Options{Dir: dir, ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	err = do(store)
	took := time.Since(began)
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
	if err != nil {
		b.Fatal(err)
	}
	return took
}
