package api_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
	"github.com/orgledger/orgledger/projections/histories"
)

// copyOf is what a consumer knows of every reference: its state, as JSON. It does with a snapshot and a feed what docs/subscribe.md says.
type copyOf struct {
	on     string // the day that it is about; of one about the present, the day of its snapshot
	fixed  bool   // it stays about that day
	states map[string]string
	next   uint64        // position of the feed from which on it has had nothing
	had    atomic.Uint64 // position of the last one applied
	err    error
}

// copyFrom reads a snapshot, the end of which has to fit.
func copyFrom(text []byte, fixed bool) (*copyOf, error) {
	c := &copyOf{fixed: fixed, states: make(map[string]string)}
	sum, ended := sha256.New(), false
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Snapshot *ledger.SnapshotHead
			Ref      string
			State    json.RawMessage
			End      *ledger.SnapshotEnd
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, err
		}
		switch {
		case line.Snapshot != nil:
			c.on, c.next = line.Snapshot.On, line.Snapshot.Position
		case line.End != nil:
			ended = line.End.SHA256 == hex.EncodeToString(sum.Sum(nil)) && line.End.References == uint64(len(c.states))
		default:
			c.states[line.Ref] = string(line.State)
		}
		sum.Write(append(lines.Bytes(), '\n'))
	}
	if !ended {
		return nil, fmt.Errorf("a snapshot of %d bytes is cut off", len(text))
	}
	return c, lines.Err()
}

// take applies one message.
func (c *copyOf) take(m feed.Message) error {
	if m.Position != c.next {
		return fmt.Errorf("message %d comes where %d is to come", m.Position, c.next)
	}
	c.next++
	var event struct {
		Data struct {
			Ref     string
			After   json.RawMessage
			Periods []struct {
				From, To string
				In       []string
				After    json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(m.Event, &event); err != nil {
		return err
	}
	switch m.Kind {
	case feed.Change:
		for _, p := range event.Data.Periods {
			if c.fixed && p.From <= c.on && (p.To == "" || c.on < p.To) || !c.fixed && slices.Contains(p.In, "present") {
				c.become(event.Data.Ref, p.After)
			}
		}
	case feed.Arrival:
		if !c.fixed {
			c.become(event.Data.Ref, event.Data.After)
		}
	}
	return nil
}

func (c *copyOf) become(ref string, state json.RawMessage) {
	c.states[ref] = string(state)
	if string(state) == "null" {
		delete(c.states, ref)
	}
}

// follow applies messages as they come, until ctx ends.
func (c *copyOf) follow(ctx context.Context, f feed.Feed) {
	c.had.Store(c.next - 1)
	err := f.Follow(ctx, c.next, feed.Selection{}, func(m feed.Message) error {
		defer c.had.Store(m.Position)
		return c.take(m)
	})
	if !errors.Is(err, context.Canceled) {
		c.err = err
	}
}

// A snapshot that is taken while entries are recorded and days arrive, and the feed from the position that it names, make what a
// snapshot says that is taken at the end: about a day that stays, and about the present.
func TestFollowFromSnapshot(t *testing.T) {
	for seed := range 3 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			entries := rapid.Custom(func(rt *rapid.T) []*domain.Entry { return histories.Entries(rt, histories.Options{Facts: 80}) }).Example(seed)
			newFollowed(t).run(entries)
		})
	}
}

// followedLedger is a ledger that is served, published and followed, on days that the test sets.
type followedLedger struct {
	*testing.T
	*ledger.Ledger
	store   *eventstore.Store
	address string
	publish *feed.Publisher

	mu  sync.Mutex
	now time.Time // guarded by mu
}

func (f *followedLedger) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func newFollowed(t *testing.T) *followedLedger {
	f := &followedLedger{T: t, now: time.Date(2019, 11, 30, 12, 0, 0, 0, time.UTC)}
	var err error
	if f.store, err = eventstore.Open(t.Context(), eventstore.Options{Dir: t.TempDir(), Clock: f.clock}); err != nil {
		t.Fatal(err)
	}
	if f.Ledger, err = ledger.Open(t.Context(), f.store, nil); err != nil {
		t.Fatal(err)
	}
	f.publish = feed.NewPublisher(feed.Options{Log: f.store, Ledger: f.Ledger, Clock: f.clock})
	server := httptest.NewServer(api.NewHandler(api.Options{Ledger: f.Ledger, Name: "main", Version: "test",
		Log: slog.New(slog.DiscardHandler), Feed: f.store.Feed()}))
	f.address = server.URL
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- f.Run(ctx) }()
	go func() { ended <- f.publish.Run(ctx) }()
	t.Cleanup(func() {
		server.Close()
		stop()
		if err := errors.Join(<-ended, <-ended, f.store.Close()); err != nil {
			t.Error(err)
		}
	})
	return f
}

// Run is the ledger's, not the test's.
func (f *followedLedger) Run(ctx context.Context) error { return f.Ledger.Run(ctx) }

// snapshot reads one as a copy, as known some entries ago; without a day, of the day that it is.
func (f *followedLedger) snapshot(on string, ago uint64) *copyOf {
	query := "on=" + on
	if on == "" {
		query = "on=" + f.clock().Format(time.DateOnly)
	}
	if ago > 0 {
		query += fmt.Sprintf("&known=%d", max(f.View().Seq(), ago)-ago)
	}
	status, text := fetch(f.T, f.address+"/v1/snapshot?"+query)
	c, err := copyFrom(text, on != "")
	if status != http.StatusOK || err != nil {
		f.Fatalf("%d, %v: %s", status, err, text)
	}
	return c
}

// run records the entries over a year and a half of days, with snapshots for new followers after every few calls.
func (f *followedLedger) run(entries []*domain.Entry) {
	var followers []*copyOf
	var following sync.WaitGroup
	ctx, stop := context.WithCancel(f.Context())
	defer stop()
	for i, part := range slices.Collect(slices.Chunk(entries, 2)) {
		recorded := make(chan error)
		go func() { recorded <- f.record(part...) }()
		if i%5 == 0 {
			for _, ago := range []uint64{0, 7} {
				for _, on := range []string{"2020-03-01", ""} {
					c := f.snapshot(on, ago)
					followers = append(followers, c)
					following.Go(func() { c.follow(ctx, f.store.Feed()) })
				}
			}
		}
		if err := <-recorded; err != nil {
			f.Fatal(err)
		}
		f.mu.Lock()
		f.now = f.now.Add(13 * 24 * time.Hour)
		f.mu.Unlock()
		f.publish.Wake()
	}
	// What was recorded on a day comes behind what has arrived by then.
	if err := f.record(&domain.Entry{Fact: &domain.OrganisationEstablished{Organisation: "the-last", Name: "The last"}}); err != nil {
		f.Fatal(err)
	}
	f.await("the feed to be complete", func() bool { return f.publish.Status().Lag == 0 })
	ends, err := f.store.Feed().Ends(ctx)
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range followers {
		f.await("a follower to have it all", func() bool { return c.had.Load() == ends.Last })
	}
	stop()
	following.Wait()
	fixed, present := f.snapshot("2020-03-01", 0), f.snapshot("", 0)
	for i, c := range followers {
		want := present
		if c.fixed {
			want = fixed
		}
		if c.err != nil || !maps.Equal(c.states, want.states) {
			f.Errorf("follower %d, of %s: %v; it knows\n%v\ninstead of\n%v", i, c.on, c.err, c.states, want.states)
		}
	}
}

func (f *followedLedger) record(entries ...*domain.Entry) error {
	_, err := f.Record(f.Context(), entries, ledger.RecordOptions{})
	return err
}

// await waits for what has to happen.
func (f *followedLedger) await(what string, happened func() bool) {
	for deadline := time.Now().Add(patience); !happened(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.Fatalf("waited for %s; the feed is %+v", what, f.publish.Status())
		}
	}
}
