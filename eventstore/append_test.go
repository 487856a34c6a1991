package eventstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
)

// Entries checked against an older log are not written.
func TestAppendFenced(t *testing.T) {
	url := external(t).ClientURL()
	a, b := must(t, Options{Server: url}), must(t, Options{Server: url})
	mustAppend(t, a, numbered(t, 0, 2))
	if _, err := b.Append(t.Context(), 0, numbered(t, 2, 1)); !errors.Is(err, ErrFenced) || errors.Is(err, ErrUnknownOutcome) {
		t.Errorf("append on top of an unseen commit: %v", err)
	}
	if got := replayed(t, b, 0); len(got) != 1 || b.Head() != a.Head() {
		t.Errorf("after the fence %d commits are caught up, to %+v", len(got), b.Head())
	}
	if _, err := b.Append(t.Context(), 1, numbered(t, 2, 1)); !errors.Is(err, ErrFenced) {
		t.Errorf("append of what was checked before the last replay: %v", err)
	}
	if _, err := b.Append(t.Context(), 3, numbered(t, 2, 1)); err == nil || errors.Is(err, ErrFenced) {
		t.Errorf("append of what was checked against more than there is: %v", err)
	}
	if c := mustAppend(t, b, numbered(t, 2, 1)); c.First != 3 || c.StreamSeq != 2 {
		t.Errorf("append after catching up: %+v", c)
	}
}

// Stores that race on one log write every entry once, in one order that all of them see.
func TestAppendRace(t *testing.T) {
	const stores, each = 3, 40
	url := external(t).ClientURL()
	var group sync.WaitGroup
	for n := range stores {
		s := must(t, Options{Server: url})
		group.Go(func() {
			for i := range each {
				entries := numbered(t, 1000*n+10*i, 1+i%3)
				for {
					_, err := s.Append(t.Context(), s.Head().Seq, entries)
					if err == nil {
						break
					}
					if !errors.Is(err, ErrFenced) {
						t.Error(err)
						return
					}
					if err := s.Replay(t.Context(), s.Head().Seq, nil, func(Commit) error { return nil }); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	group.Wait()
	seen := map[uuid.UUID]bool{}
	next := map[int]int{} // per store, the number its next entry has at least
	for _, c := range replayed(t, must(t, Options{Server: url, ReadOnly: true}), 0) {
		for _, e := range c.Entries {
			var n int
			if _, err := fmt.Sscanf(string(e.Fact.(*domain.OrganisationEstablished).Organisation), "o%d", &n); err != nil {
				t.Fatal(err)
			}
			if seen[e.ID] || n < next[n/1000] {
				t.Errorf("entry %d (o%d) is there twice or out of order", e.Seq, n)
			}
			seen[e.ID], next[n/1000] = true, n+1
		}
	}
	if want := stores * (14*1 + 13*2 + 13*3); len(seen) != want {
		t.Errorf("%d entries are in the log, %d were acknowledged", len(seen), want)
	}
}

// Recorded times never decrease, whatever the clock does, also across a reopening.
func TestTimeNeverDecreases(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		jumps := rapid.SliceOfN(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)), 2, 6).Draw(rt, "jumps")
		now := time.Date(2026, 3, 1, 12, 0, 0, 5, time.FixedZone("", 3600))
		dir := t.TempDir()
		var last int64
		for _, jump := range jumps {
			now = now.Add(time.Duration(jump))
			s, err := Open(t.Context(), Options{Dir: dir, Clock: func() time.Time { return now }})
			if err != nil {
				rt.Fatal(err)
			}
			replayed(t, s, 0)
			c := mustAppend(t, s, numbered(t, 0, 2))
			if got, want := c.Entries[0].Time, max(last, now.UnixNano()); got != want || c.Entries[1].Time != got {
				rt.Errorf("recorded %d at %d, after %d", got, now.UnixNano(), last)
			}
			last = c.Entries[0].Time
			closeStore(t, s)
		}
	})
}

// What does not fit one commit, or is not fit to be recorded, is refused before anything is written.
func TestAppendRefuses(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir()})
	note := strings.Repeat("x", domain.LimitText-200)
	large := numbered(t, 0, 1)
	large[0].Fact = &domain.OrganisationMerged{Into: "a"}
	for i := range domain.LimitList {
		merged := large[0].Fact.(*domain.OrganisationMerged)
		merged.Organisations = append(merged.Organisations, domain.OrganisationID(fmt.Sprintf("organisation-%d", i)))
	}
	size := Size(&large[0].Entry)
	fits := slices.Repeat(large, MaxCommitBytes/size)
	noted := numbered(t, 0, 1)
	noted[0].Note = note
	actor := func(name string) []domain.Recorded {
		e := numbered(t, 0, 2)
		e[1].Actor = name
		return e
	}
	for _, c := range []struct {
		name    string
		entries []domain.Recorded
		want    error // nil: any
	}{
		{"no entries", nil, nil},
		{"too many entries", slices.Repeat(noted, MaxCommitEntries+1), ErrTooLarge},
		{"too many bytes", append(fits[:len(fits):len(fits)], large[0]), ErrTooLarge},
		{"no id", []domain.Recorded{{Entry: domain.Entry{Fact: &domain.OrganisationRestored{Organisation: "a"}}}}, nil},
		{"a long actor", actor(strings.Repeat("a", maxActor+1)), nil},
		{"an actor in another encoding", actor("\xff"), nil},
		{"an actor with a line feed", actor("a\nb"), nil},
	} {
		if _, err := s.Append(t.Context(), 0, c.entries); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if got := replayed(t, s, 0); len(got) != 0 || s.Head() != (Head{}) {
		t.Errorf("refused entries left %d commits", len(got))
	}
	mustAppend(t, s, fits)
	mustAppend(t, s, slices.Repeat(noted, MaxCommitEntries))
	mustAppend(t, s, actor(strings.Repeat("é", maxActor/2)))
	if got := replayed(t, s, 0); len(got) != 3 {
		t.Errorf("%d commits of the largest size, want 3", len(got))
	}
}

// The longest attributes that are possible leave a commit of the largest data within a message.
func TestLargestCommitFitsAMessage(t *testing.T) {
	id := strings.Repeat("i", 128)
	e := parse(t, fmt.Sprintf(`{"type":"organisation.reconstituted","effective":"[2019-04-01..2019-06-30]","data":{"organisation":%q,"form":"x"},"fulfils":"%s/%s"}`, id, id, id))
	e.Actor = strings.Repeat(`"`, maxActor)
	e.Seq = 1 << 63
	d := newDraft(source(id), &e.Entry, e.Actor)
	around := len(d.append(nil, []byte(timeLayout), e.Seq)) - d.Size()
	if most := MaxCommitBytes + MaxCommitEntries*around + 8192; most > maxMessage {
		t.Errorf("a commit may take %d bytes, and a message has %d", most, maxMessage)
	}
}

// faulty is a journal whose next publication goes wrong, in one of two ways.
type faulty struct {
	journal
	publishes []fault
	reads     []error   // what the next reads fail with
	elsewhere *nats.Msg // a commit of someone else
}

type fault struct {
	written bool
	other   bool // someone else's commit is written at that moment
	err     error
}

func (f *faulty) publish(ctx context.Context, m *nats.Msg) (uint64, error) {
	if len(f.publishes) == 0 {
		return f.journal.publish(ctx, m)
	}
	next := f.publishes[0]
	f.publishes = f.publishes[1:]
	if next.other {
		m = f.elsewhere
	}
	if next.written || next.other {
		if _, err := f.journal.publish(ctx, m); err != nil {
			return 0, err
		}
	}
	return 0, next.err
}

func (f *faulty) last(ctx context.Context) (uint64, error) {
	if len(f.reads) > 0 {
		err := f.reads[0]
		f.reads = f.reads[1:]
		return 0, err
	}
	return f.journal.last(ctx)
}

func openFaulty(t *testing.T, dir string, faults *faulty) *Store {
	t.Helper()
	_, faults.elsewhere = frozen(t)
	s, err := open(t.Context(), Options{Dir: dir}, internals{settling: 200 * time.Millisecond, through: func(j journal) journal {
		faults.journal = j
		return faults
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

// outcome is a fault and what Append has to say of it. want is nil for success and errDefinite for any
// failure that is neither fenced nor unknown.
type outcome struct {
	name  string
	fault fault
	reads []error
	want  error
}

var errDefinite = errors.New("a definite failure")

func outcomes() []outcome {
	stored := &jetstream.APIError{Code: 503, ErrorCode: 10077, Description: "no space left on device"}
	refused := &jetstream.APIError{Code: 400, ErrorCode: 10060, Description: "expected stream does not match"}
	down := slices.Repeat([]error{nats.ErrDisconnected}, 100)
	return []outcome{
		{"lost acknowledgement, written", fault{written: true, err: nats.ErrTimeout}, nil, nil},
		{"lost acknowledgement, written, found later", fault{written: true, err: nats.ErrDisconnected}, down[:2], nil},
		{"lost acknowledgement, not written", fault{err: nats.ErrTimeout}, nil, ErrUnknownOutcome},
		{"lost acknowledgement, written, log out of reach", fault{written: true, err: nats.ErrTimeout}, down, ErrUnknownOutcome},
		{"lost acknowledgement, not written, log out of reach", fault{err: nats.ErrConnectionClosed}, down, ErrUnknownOutcome},
		{"lost acknowledgement, another was first", fault{err: nats.ErrTimeout, other: true}, nil, ErrFenced},
		{"not stored, not written", fault{err: stored}, nil, errDefinite},
		{"not stored, written", fault{written: true, err: stored}, nil, ErrUnknownOutcome},
		{"refused", fault{err: fmt.Errorf("nats: %w", refused)}, nil, errDefinite},
		{"nobody there", fault{err: jetstream.ErrNoStreamResponse}, nil, errDefinite},
		{"fenced on one node", fault{err: &jetstream.APIError{Code: 400, ErrorCode: 10071}}, nil, ErrFenced},
		{"fenced in a cluster", fault{err: &jetstream.APIError{Code: 400, ErrorCode: 10164}}, nil, ErrFenced},
	}
}

// After a fault the answer is what the log holds: success if the commit is there, a failure if it cannot
// be, and unknown if that cannot be told. In every case appending again writes each entry once.
func TestAppendOutcome(t *testing.T) {
	for _, o := range outcomes() {
		t.Run(o.name, func(t *testing.T) {
			faults := &faulty{publishes: []fault{o.fault}, reads: o.reads}
			s := openFaulty(t, t.TempDir(), faults)
			entries := numbered(t, 10, 3)
			commit, err := s.Append(t.Context(), 0, entries)
			vague := errors.Is(err, ErrFenced) || errors.Is(err, ErrUnknownOutcome)
			switch {
			case o.want == nil && (err != nil || s.Head().Seq != 3),
				o.want != nil && (err == nil || s.Head().Seq != 0),
				o.want == errDefinite && vague,
				o.want != errDefinite && !errors.Is(err, o.want):
				t.Fatalf("append: %v, want %v; head %+v", err, o.want, s.Head())
			}
			faults.reads = nil
			if o.want != nil {
				commit = repeat(t, s, entries)
			}
			all := replayed(t, s, 0)
			if last := all[len(all)-1]; last.ID != commit.ID || last.Last() != s.Head().Seq {
				t.Errorf("the log ends with %+v, want %+v", last, commit)
			}
			count := 0
			for _, c := range all {
				if c.Entries[0].ID == entries[0].ID {
					count++
				}
			}
			if count != 1 {
				t.Errorf("the entries are in the log %d times", count)
			}
		})
	}
}

// repeat does what a caller does after a failure: catch up, leave out what is there, append the rest.
func repeat(t *testing.T, s *Store, entries []domain.Recorded) Commit {
	t.Helper()
	for _, c := range replayed(t, s, 0) {
		if c.Entries[0].ID == entries[0].ID {
			return c
		}
	}
	return mustAppend(t, s, entries)
}

// A cancelled call changes nothing, and a store goes on working after it.
func TestCancelled(t *testing.T) {
	if _, err := Open(cancelled(), Options{Dir: t.TempDir()}); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
	s := must(t, Options{Dir: t.TempDir()})
	for i := range 40 {
		mustAppend(t, s, numbered(t, i, 1))
	}
	before := s.Head()
	if _, err := s.Append(cancelled(), before.Seq, numbered(t, 50, 1)); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnknownOutcome) {
		t.Errorf("append: %v", err)
	}
	if err := s.Replay(cancelled(), 0, nil, func(Commit) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("replay: %v", err)
	}
	if _, _, err := s.Read(cancelled(), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	count := 0
	err := s.Replay(ctx, 0, nil, func(Commit) error {
		if count++; count == 5 {
			cancel()
		}
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) || count != 5 {
		t.Errorf("replay, cancelled on the way: %v after %d commits", err, count)
	}
	if err := s.Follow(ctx, func(Commit) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("follow: %v", err)
	}
	stop := errors.New("enough")
	if err := s.Replay(t.Context(), 0, nil, func(Commit) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("replay, stopped: %v", err)
	}
	if got := replayed(t, s, 0); len(got) != 40 || s.Head() != before {
		t.Errorf("afterwards %d commits, head %+v", len(got), s.Head())
	}
}

// Several goroutines may append, read, replay and ask for the head of one store at once.
func TestConcurrentUse(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir()})
	mustAppend(t, s, numbered(t, 0, 1))
	var group sync.WaitGroup
	for w := range 2 {
		group.Go(func() {
			for i := 0; i < 30; {
				if _, err := s.Append(t.Context(), s.Head().Seq, numbered(t, 100*w+i, 2)); err == nil {
					i++
				} else if !errors.Is(err, ErrFenced) {
					t.Error(err)
					return
				}
			}
		})
		group.Go(func() {
			for range 30 {
				seq := s.Head().Seq
				if e, raw, err := s.Read(t.Context(), seq); err != nil || e.Seq != seq || !bytes.Contains(raw, []byte(e.ID.String())) {
					t.Errorf("entry %d: %+v, %v", seq, e, err)
				}
				if err := s.Replay(t.Context(), 0, nil, func(Commit) error { return nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if s.Head().Seq != 1+2*30*2 {
		t.Errorf("head = %+v", s.Head())
	}
}

// Follow gives what others append, in order and once, and ends with its context.
func TestFollow(t *testing.T) {
	url := external(t).ClientURL()
	a, b := must(t, Options{Server: url}), must(t, Options{Server: url, ReadOnly: true})
	first := mustAppend(t, a, numbered(t, 0, 2))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := make(chan Commit)
	done := make(chan error, 1)
	go func() {
		done <- b.Follow(ctx, func(c Commit) error {
			got <- c
			return nil
		})
	}()
	if c := <-got; !sameCommit(c, first) {
		t.Errorf("followed %+v, want %+v", c, first)
	}
	for i := range 20 {
		want := mustAppend(t, a, numbered(t, 10*i, 1+i%3))
		if c := <-got; !sameCommit(c, want) {
			t.Errorf("followed %+v, want %+v", c, want)
		}
	}
	if b.Head() != a.Head() {
		t.Errorf("the follower is at %+v, the log at %+v", b.Head(), a.Head())
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("follow ended with %v", err)
	}
	if _, err := b.Append(t.Context(), b.Head().Seq, numbered(t, 0, 1)); !errors.Is(err, ErrReadOnly) {
		t.Errorf("append to a store for reading: %v", err)
	}
}
