package feed_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
	"github.com/orgledger/orgledger/projections/histories"
)

// The first publication of a ledger such as an import makes.
func BenchmarkFirstPublication(b *testing.B) {
	entries := 60_000
	if testing.Short() {
		entries = 3000
	}
	l := open(b, eventstore.Options{Dir: b.TempDir()}, at("2026-03-01T12:00:00Z"))
	var all []*domain.Entry
	for e := range histories.Large(entries, 7) {
		all = append(all, e)
	}
	l.recordAll(b, all, 20_000)
	var messages uint64
	for b.Loop() {
		if err := l.publisher().Rebuild(b.Context()); err != nil {
			b.Fatal(err)
		}
		ends, err := l.store.Feed().Ends(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		messages += ends.Last
	}
	b.ReportMetric(float64(messages)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(float64(entries*b.N)/b.Elapsed().Seconds(), "entries/s")
}

// A merger of a body with 100,000 contracts, until its last change is published; what recording an entry takes before and
// meanwhile, and how much the heap grows.
func BenchmarkMerger(b *testing.B) {
	contracts := 100_000
	if testing.Short() {
		contracts = 3000
	}
	for b.Loop() {
		b.StopTimer()
		l := open(b, eventstore.Options{Dir: b.TempDir()}, at("2026-03-01T12:00:00Z"))
		before, merging := merger(contracts)
		l.record(b, before...)
		l.publish(b)
		_, stop := l.start(b)
		r := &recorder{l: l}
		for range 500 {
			r.record(b)
		}
		r.report(b, "before")
		at := l.settled(b)
		r.base = heap()
		l.record(b, merging)
		recorded := make(chan struct{})
		var published atomic.Bool
		b.StartTimer()
		go func() {
			defer close(recorded)
			for !published.Load() && !b.Failed() {
				r.record(b)
			}
		}()
		old := feed.Selection{Refs: []domain.Ref{domain.OrganisationID("old").Ref()}, Kinds: []feed.Kind{feed.Change}}
		err := l.store.Feed().Follow(b.Context(), at+1, old, func(feed.Message) error { return context.Canceled })
		b.StopTimer()
		published.Store(true)
		<-recorded
		if !errors.Is(err, context.Canceled) {
			b.Fatal(err)
		}
		stop()
		l.close()
		r.report(b, "meanwhile")
		b.ReportMetric(float64(r.most-min(r.base, r.most))/1e6, "MB-more")
		b.StartTimer()
	}
	b.ReportMetric(float64(contracts*b.N)/b.Elapsed().Seconds(), "changes/s")
}

// recorder records one entry after another.
type recorder struct {
	l          *opened
	n          int
	calls      []time.Duration
	base, most uint64 // of the heap, in bytes
}

func (r *recorder) record(b *testing.B) {
	line := fmt.Sprintf(`{"type":"organisation.established","data":{"organisation":"o%d","name":"O"}}`, r.n)
	begun := time.Now()
	if _, err := r.l.RecordLines(b.Context(), strings.NewReader(line), ledger.RecordOptions{}); err != nil {
		b.Error(err)
	}
	r.calls = append(r.calls, time.Since(begun))
	if r.n++; r.n%50 == 0 {
		r.most = max(r.most, heap())
	}
}

func (r *recorder) report(b *testing.B, when string) {
	slices.Sort(r.calls)
	b.ReportMetric(float64(r.calls[len(r.calls)/2].Microseconds())/1000, "ms-p50-"+when)
	b.ReportMetric(float64(r.calls[len(r.calls)*99/100].Microseconds())/1000, "ms-p99-"+when)
	r.calls, r.most = nil, 0
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// From an entry being recorded, as its caller learns it, to its last message being seen by a subscriber.
func BenchmarkRecordedToSeen(b *testing.B) {
	l := open(b, eventstore.Options{Dir: b.TempDir()}, at("2026-03-01T12:00:00Z"))
	l.record(b, `{"type":"organisation.established","data":{"organisation":"o","name":"O"}}`)
	l.start(b)
	l.settled(b)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	seen, ended := make(chan uint64, 1), make(chan error, 1)
	go func() {
		ended <- l.store.Feed().Follow(ctx, 1, feed.Selection{}, func(m feed.Message) error {
			if m.Complete == m.Seq {
				seen <- m.Seq
			}
			return nil
		})
	}()
	<-seen
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		begun := time.Now()
		l.record(b, fmt.Sprintf(`{"type":"contract.awarded","effective":"2020-01-01","data":{"contract":"c%d","title":"C","owner":"o"}}`, i))
		recorded := time.Since(begun)
		<-seen
		took = append(took, time.Since(begun)-recorded)
	}
	cancel()
	<-ended
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
}
