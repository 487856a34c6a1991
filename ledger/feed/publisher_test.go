package feed_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/eventstore/natstest"
	"github.com/orgledger/orgledger/ledger/feed"
)

// start runs a publisher until stop, or the end of the test.
func (o *opened) start(t testing.TB) (p *feed.Publisher, stop func()) {
	t.Helper()
	p = o.publisher()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return p, stop
}

// settled waits until the feed has everything, and returns its last position.
func (o *opened) settled(t testing.TB) uint64 {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; {
		ends, err := o.store.Feed().Ends(t.Context())
		if err == nil && ends.Seq == o.View().Seq() {
			return ends.Last
		}
		if time.Now().After(deadline) {
			t.Fatalf("the feed ends with %+v, %v, and there are %d entries", ends, err, o.View().Seq())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// merger is a body with so many contracts, and its merger into another.
func merger(contracts int) (before []string, merger string) {
	before = []string{`{"type":"organisation.established","data":{"organisation":"old","name":"Old"}}`,
		`{"type":"organisation.established","data":{"organisation":"new","name":"New"}}`}
	for i := range contracts {
		before = append(before, fmt.Sprintf(`{"type":"contract.awarded","effective":"2015-04-01","data":{"contract":"deal-%d","title":"Deal %d","owner":"old"}}`, i, i))
	}
	return before, `{"type":"organisation.merged","effective":"2020-04-01","data":{"organisations":["old"],"into":"new"}}`
}

// A publisher that is killed at any message of a merger, again and again, leaves a feed that is complete, without
// duplicates, and what it would have been.
func TestKilledInMerger(t *testing.T) {
	contracts, kills := 20_000, 30
	if testing.Short() {
		contracts, kills = 3000, 10
	}
	l := open(t, eventstore.Options{Dir: t.TempDir()}, at("2026-03-01T12:00:00Z"))
	before, merging := merger(contracts)
	l.record(t, before...)
	l.publish(t)
	first := l.settled(t)
	l.record(t, merging)
	rng := rand.New(rand.NewPCG(1, 2))
	for range kills {
		ctx, cancel := context.WithCancel(t.Context())
		target := first + rng.Uint64N(uint64(contracts))
		following, followed := context.WithCancel(t.Context())
		watched := make(chan error, 1)
		go func() {
			watched <- l.store.Feed().Follow(following, max(target, first+1), feed.Selection{}, func(feed.Message) error { cancel(); return context.Canceled })
		}()
		err := l.publisher().CatchUp(ctx)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		followed()
		<-watched
		cancel()
		if err == nil {
			break
		}
	}
	l.publish(t)
	got := l.messages(t)
	if len(got) != int(first)+contracts+3 { // two references touched, and the body that ends
		t.Errorf("%d messages", len(got))
	}
	ids := make(map[string]bool)
	for i, m := range got {
		if ids[m.ID] || m.Position != uint64(i)+1 {
			t.Fatalf("message %d is %s at %d", i+1, m.ID, m.Position)
		}
		ids[m.ID] = true
	}
	if err := l.publisher().Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	sameMessages(t, l.messages(t), got)
}

// A consumer that is killed and comes back at random, a hundred times, while entries, corrections and mergers are
// recorded and publishers are killed too, has in the end the state that a snapshot has, has seen no message twice, and
// missed none. It keeps only what a consumer keeps: the position behind the last message that it took.
func TestConsumerKilled(t *testing.T) {
	const bodies, rounds, killed = 12, 150, 100
	l := open(t, eventstore.Options{Dir: t.TempDir()}, at("2020-01-10T12:00:00Z"))
	var recording sync.WaitGroup
	recording.Go(func() {
		for part := range slices.Chunk(eventful(bodies, rounds), 7) {
			l.record(t, part...)
		}
	})
	publishing, stopPublishing := context.WithCancel(t.Context())
	recording.Go(func() {
		for rng := rand.New(rand.NewPCG(3, 4)); publishing.Err() == nil; {
			ctx, cancel := context.WithTimeout(publishing, time.Duration(1+rng.IntN(40))*time.Millisecond)
			if err := l.publisher().Run(ctx); err != nil {
				t.Error(err)
			}
			cancel()
		}
	})
	c, next := newConsumer(interesting...), uint64(1)
	rng := rand.New(rand.NewPCG(5, 6))
	for range killed {
		ctx, cancel := context.WithCancel(t.Context())
		left := 1 + rng.IntN(12)
		err := l.store.Feed().Follow(ctx, next, feed.Selection{}, func(m feed.Message) error {
			if m.Position != next {
				t.Errorf("message %d comes in place of %d", m.Position, next)
			}
			if left--; left < 0 {
				return context.Canceled // killed before it could take this one
			}
			next = m.Position + 1
			return c.take(m)
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	stopPublishing()
	recording.Wait()
	l.publish(t)
	if err := l.store.Feed().Read(t.Context(), next, feed.Selection{}, c.take); err != nil {
		t.Fatal(err)
	}
	if ends, err := l.store.Feed().Ends(t.Context()); err != nil || len(c.ids) != int(ends.Last) {
		t.Errorf("%d messages were taken of %+v, %v", len(c.ids), ends, err)
	}
	c.agrees(t, l.View())
}

// eventful is a history in which bodies gain, lose, merge and are corrected.
func eventful(bodies, rounds int) []string {
	rng := rand.New(rand.NewPCG(7, 8))
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for i := range bodies {
		say(`{"type":"organisation.established","data":{"organisation":"b%d","name":"Body %d"}}`, i, i)
	}
	days := []string{"2019-12-01", "2020-01-01", "2020-03", "2020-04-01", "2021", "[..2021-02-01]"}
	day := func() string { return days[rng.IntN(len(days))] }
	for i := range rounds {
		id := fmt.Sprintf("018f0000-0000-4000-8000-%012d", i)
		say(`{"id":%q,"type":"contract.awarded","effective":%q,"data":{"contract":"c%d","title":"C","owner":"b%d"}}`, id, day(), i, rng.IntN(bodies))
		switch a, b := rng.IntN(bodies), rng.IntN(bodies); {
		case i%10 == 3 && a != b:
			say(`{"type":"organisation.merged","effective":%q,"data":{"organisations":["b%d"],"into":"b%d"},"note":"%d"}`, day(), a, b, i)
		case i%10 == 6 && a != b:
			say(`{"type":"holdings.transferred","effective":%q,"data":{"from":"b%d","to":"b%d"},"note":"%d"}`, day(), a, b, i)
		case i%3 == 1:
			say(`{"type":"entry.corrected","data":{"corrects":%q,"reason":"%d","replacement":{"effective":%q,"data":{"contract":"c%d","title":"C","owner":"b%d"}}}}`, id, i, day(), i, b)
		case i%7 == 5:
			say(`{"type":"entry.retracted","data":{"retracts":%q,"reason":"%d"}}`, id, i)
		}
	}
	return lines
}

// What was announced is told as in effect on its day, once: also where the publisher, or the whole ledger, was
// down on the day and for long after, and not before an entry of the day before can no longer come.
func TestArrivesOnce(t *testing.T) {
	dir, now := t.TempDir(), at("2026-03-01T12:00:00Z")
	l := open(t, eventstore.Options{Dir: dir}, now)
	for _, part := range story {
		l.record(t, part...)
	}
	arrived := func() (ids []string) {
		l.publish(t)
		for _, m := range l.messages(t) {
			if m.Kind == feed.Arrival {
				ids = append(ids, m.ID)
			}
		}
		return ids
	}
	want := []string{"2026-04-01/arrival/contract/c1", "2026-04-01/arrival/organisation/hee", "2026-04-01/arrival/responsibility/r1"}
	for _, moment := range []struct {
		at   string
		want []string
	}{{"2026-03-31T23:59:59Z", nil}, {"2026-04-01T00:00:59Z", nil}, {"2026-04-01T00:01:00Z", want}, {"2026-04-01T18:00:00Z", want}, {"2026-09-01T00:00:00Z", want}} {
		now.set(moment.at)
		for range 2 {
			if got := arrived(); !slices.Equal(got, moment.want) {
				t.Errorf("at %s have arrived %v", moment.at, got)
			}
			l.close()
			l = open(t, eventstore.Options{Dir: dir}, now)
		}
	}
	l.record(t, `{"type":"contract.ended","effective":"2026-10-01","data":{"contract":"c1"}}`)
	now.set("2026-11-01T00:00:00Z")
	l.close()
	l = open(t, eventstore.Options{Dir: dir}, now)
	// An entry that is recorded before anything is published comes behind what arrived before it.
	l.record(t, `{"type":"contract.awarded","effective":"2026-11-01","data":{"contract":"c2","title":"T","owner":"nhse"}}`)
	if got := arrived(); !slices.Equal(got, append(want, "2026-10-01/arrival/contract/c1")) {
		t.Errorf("in the end have arrived %v", got)
	}
	bitByBit := l.messages(t)
	if err := l.publisher().Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	sameMessages(t, l.messages(t), bitByBit)
}

// A publisher that runs when the day comes sends what arrives, without an entry or a start.
func TestArrivesWhileRunning(t *testing.T) {
	l := open(t, eventstore.Options{Dir: t.TempDir()}, at("2026-03-31T12:00:00Z"))
	for _, part := range story {
		l.record(t, part...)
	}
	p, _ := l.start(t)
	before := l.settled(t)
	l.clock.set("2026-04-01T00:01:00Z")
	p.Wake()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []string
	err := l.store.Feed().Follow(ctx, before+1, feed.Selection{}, func(m feed.Message) error {
		if got = append(got, m.ID); len(got) == 3 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || len(got) != 3 {
		t.Fatalf("%v arrive, %v", got, err)
	}
	if s := p.Status(); s.Day == "" || s.Lag != 0 {
		t.Errorf("the status is %+v", s)
	}
}

// Of several publishers, in several processes, one publishes, and the others stand by; when it stops another one takes over,
// and the feed is as if there had been one.
func TestFailover(t *testing.T) {
	url, now := natstest.Serve(t), at("2026-03-01T12:00:00Z")
	nodes := []*opened{open(t, eventstore.Options{Server: url}, now), open(t, eventstore.Options{Server: url}, now)}
	var publishers []*feed.Publisher
	var stops []func()
	for _, l := range nodes {
		p, stop := l.start(t)
		publishers, stops = append(publishers, p), append(stops, stop)
	}
	record := func(i int) {
		nodes[i%2].record(t, fmt.Sprintf(`{"type":"organisation.established","data":{"organisation":"b%d","name":"B"}}`, i))
		for _, l := range nodes {
			if err := l.Reach(t.Context(), uint64(i)); err != nil {
				t.Fatal(err)
			}
		}
		nodes[0].settled(t)
	}
	standing := func() int {
		return slices.IndexFunc(publishers, func(p *feed.Publisher) bool { return p.Status().State == feed.StateStandby })
	}
	n := 1
	for ; standing() < 0; n++ {
		if record(n); n == 2000 {
			t.Fatal("both go on publishing")
		}
	}
	other := 1 - standing()
	stops[other]()
	record(n)
	record(n + 1)
	if s := publishers[1-other].Status(); s.State != feed.StatePublishing {
		t.Errorf("who stood by is %+v", s)
	}
	stops[1-other]()
	got := nodes[0].messages(t)
	must(t, nodes[0].publisher().Rebuild(t.Context()))
	sameMessages(t, nodes[0].messages(t), got)
}

// Whatever is damaged of the feed, the ledger starts, and the feed is made again as it was.
func TestDamagedFeedIsMadeAgain(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, dir string){
		"gone":           func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) },
		"configuration":  func(t *testing.T, dir string) { flip(t, filepath.Join(dir, "meta.inf")) },
		"checksum":       func(t *testing.T, dir string) { flip(t, filepath.Join(dir, "meta.sum")) },
		"no messages":    func(t *testing.T, dir string) { must(t, os.RemoveAll(filepath.Join(dir, "msgs"))) },
		"a bit":          func(t *testing.T, dir string) { flip(t, block(t, dir)) },
		"cut off":        func(t *testing.T, dir string) { must(t, os.Truncate(block(t, dir), 3000)) },
		"an empty block": func(t *testing.T, dir string) { must(t, os.Truncate(block(t, dir), 0)) },
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			dir, now := t.TempDir(), at("2026-03-01T12:00:00Z")
			l := open(t, eventstore.Options{Dir: dir}, now)
			l.record(t, eventful(4, 30)...)
			l.publish(t)
			want := l.messages(t)
			l.close()
			damage(t, filepath.Join(dir, "jetstream", "LEDGER_main", "streams", "ORGLEDGER_main_FEED"))
			l = open(t, eventstore.Options{Dir: dir}, now)
			l.start(t)
			for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
				got, err := l.read(t.Context())
				if err == nil && len(got) == len(want) {
					sameMessages(t, got, want)
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("there are %d messages instead of %d, %v", len(got), len(want), err)
				}
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func block(t *testing.T, dir string) string {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(dir, "msgs", "*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("there is no block: %v", err)
	}
	return blocks[0]
}

// flip changes a bit in the middle of a file.
func flip(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	text[len(text)/2] ^= 1
	must(t, os.WriteFile(file, text, 0o644))
}

// A feed that tells of entries that the log does not have, after a restore say, is made again.
func TestFeedAheadOfLog(t *testing.T) {
	now := at("2026-03-01T12:00:00Z")
	l := open(t, eventstore.Options{Dir: t.TempDir()}, now)
	l.record(t, story[0]...)
	w, err := l.store.WriteFeed(t.Context(), 0)
	must(t, err)
	m := feed.Message{ID: "9/entry/organisation/hee", Subject: "orgledger.main.entry.organisation.hee.renamed", Kind: feed.Entry, Seq: 9,
		Ref: domain.OrganisationID("hee").Ref(), Event: []byte("{}"), Complete: 9, Day: 740000}
	must(t, w.Write(t.Context(), &m))
	must(t, w.Flush(t.Context()))
	l.start(t)
	l.settled(t)
	got := l.messages(t)
	must(t, l.publisher().Rebuild(t.Context()))
	sameMessages(t, l.messages(t), got)
}

// A feed of which everything has expired is gone on with at the position where it was.
func TestGoesOnAfterAllHasExpired(t *testing.T) {
	l := open(t, eventstore.Options{Dir: t.TempDir()}, at("2026-03-01T12:00:00Z"))
	l.record(t, story[0]...)
	keep := func() {
		must(t, feed.NewPublisher(feed.Options{Log: l.store, Ledger: l.Ledger, Clock: l.clock.Now, Keep: 150 * time.Millisecond}).CatchUp(t.Context()))
	}
	keep()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if ends, err := l.store.Feed().Ends(t.Context()); err == nil && ends.First > ends.Last && ends.Last > 0 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("nothing expires: %+v, %v", ends, err)
		}
	}
	l.record(t, story[1]...)
	l.publish(t)
	rest := l.messages(t)
	must(t, l.publisher().Rebuild(t.Context()))
	if whole := l.messages(t); len(rest) == 0 || int(rest[0].Position) > len(whole) {
		t.Errorf("%d messages follow", len(rest))
	} else {
		sameMessages(t, rest, whole[rest[0].Position-1:])
	}
}
