package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
)

const callers = 64

// BenchmarkCallers records one entry a call, of some 480 bytes as stored, first from one caller, then from 64 at once, and
// then publishes opaque bytes to another stream of the same server: messages of the sizes, and as many, as the
// 64 callers' entries became, one after the other, each synced before the next. The three take turns in short
// runs, since a disk that others use has good seconds and bad ones, and what is reported is the median of the turns:
//
//	entries/s-1     one caller
//	entries/s-64    64 callers
//	entries/s-bare  the entries that the bare messages stand for
//	grouping        64 callers over one: at least 5
//	of-bare         64 callers over the bare messages: at least 0.75
//
// Each turn takes about 3 s. Ten turns, on a machine that does nothing else:
//
//	go test -run '^$' -bench Callers -benchtime 10x ./eventstore
func BenchmarkCallers(b *testing.B) {
	span := time.Second
	if testing.Short() {
		span = 50 * time.Millisecond
	}
	c := newCounter(b)
	c.turn(b, span/4) // to warm up
	var turns []turn
	for b.Loop() {
		turns = append(turns, c.turn(b, span))
	}
	report := func(unit string, figure func(turn) float64) {
		figures := make([]float64, len(turns))
		for i := range turns {
			figures[i] = figure(turns[i])
		}
		slices.Sort(figures)
		b.ReportMetric((figures[(len(figures)-1)/2]+figures[len(figures)/2])/2, unit)
	}
	report("entries/s-1", func(t turn) float64 { return t.one })
	report("entries/s-64", func(t turn) float64 { return t.many })
	report("entries/s-bare", func(t turn) float64 { return t.bare })
	report("entries/commit", func(t turn) float64 { return t.group })
	report("grouping", func(t turn) float64 { return t.many / t.one })
	report("of-bare", func(t turn) float64 { return t.many / t.bare })
	b.ReportMetric(0, "ns/op")
}

// turn is what one turn measured, in entries a second; group is how many entries a commit of the 64 callers had.
type turn struct{ one, many, bare, group float64 }

// counter records in a ledger and publishes beside it.
type counter struct {
	ledger  *ledger.Ledger
	publish func(eventstore.Published) error
	next    atomic.Int64 // contract to record

	mu        sync.Mutex
	published []eventstore.Published // guarded by mu
}

const bodies = 500

// What contracts name, made beforehand: what callers spend on it is not what is measured.
var owners, awarded = func() (owners []domain.OrganisationID, awarded []domain.EDTF) {
	for i := range bodies + 1 {
		owners = append(owners, domain.OrganisationID(fmt.Sprintf("health-trust-%03d", i)))
		awarded = append(awarded, domain.DayEDTF(737_000+domain.Date(i)))
	}
	return owners, awarded
}()

func newCounter(b *testing.B) *counter {
	b.Helper()
	c := new(counter)
	store, err := eventstore.OpenTapped(b.Context(), eventstore.Options{Dir: b.TempDir()}, func(p eventstore.Published) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.published = append(c.published, p)
	})
	if err != nil {
		b.Fatal(err)
	}
	if c.publish, err = store.Bare(b.Context()); err != nil {
		b.Fatal(err)
	}
	if c.ledger, err = ledger.Open(b.Context(), store, nil); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- c.ledger.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ran, store.Close()); err != nil {
			b.Error(err)
		}
	})
	var first []*domain.Entry
	for _, id := range owners {
		first = append(first, &domain.Entry{Fact: &domain.OrganisationEstablished{Organisation: id, Name: "Trust " + string(id)}})
	}
	first = append(first, &domain.Entry{Fact: &domain.SourceRegistered{Source: "contracts-register", Title: "Register of contracts"}})
	if _, err := c.ledger.Record(b.Context(), first, ledger.RecordOptions{}); err != nil {
		b.Fatal(err)
	}
	return c
}

// turn measures the three, each for about as long as span.
func (c *counter) turn(b *testing.B, span time.Duration) (t turn) {
	b.Helper()
	t.one = c.record(b, 1, span)
	c.mu.Lock()
	c.published = c.published[:0]
	c.mu.Unlock()
	before := c.next.Load()
	t.many = c.record(b, callers, span)
	c.mu.Lock()
	defer c.mu.Unlock()
	entries := float64(c.next.Load() - before)
	begin := time.Now()
	for _, p := range c.published {
		if err := c.publish(p); err != nil {
			b.Fatal(err)
		}
	}
	t.bare, t.group = entries/time.Since(begin).Seconds(), entries/float64(len(c.published))
	return t
}

// record has a number of callers record for a while, each one entry a call, and gives their entries a second.
func (c *counter) record(b *testing.B, callers int, span time.Duration) float64 {
	b.Helper()
	var group sync.WaitGroup
	before, begin := c.next.Load(), time.Now()
	for range callers {
		group.Go(func() {
			for time.Since(begin) < span {
				if _, err := c.ledger.Record(b.Context(), []*domain.Entry{contract(c.next.Add(1))}, ledger.RecordOptions{Actor: "registrar"}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	return float64(c.next.Load()-before) / time.Since(begin).Seconds()
}

// contract is an entry that is like no other.
func contract(i int64) *domain.Entry {
	number := strconv.FormatInt(i, 10)
	return &domain.Entry{Effective: awarded[i%int64(len(awarded))],
		Fact: &domain.ContractAwarded{Contract: domain.ContractID("catering-" + number), Title: "Catering, lot " + number,
			Owner: owners[i%bodies], Suppliers: owners[(i+1)%bodies:][:1]},
		Sources: []domain.Citation{{Source: "contracts-register", Locator: "page " + number}}}
}
