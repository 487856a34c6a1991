package eventstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/orgledger/orgledger/domain"
)

// feedOf is n messages, three an entry: the entry, a change and, of every third entry, an arrival.
func feedOf(s *Store, n int) []FeedMessage {
	all := make([]FeedMessage, n)
	for i := range all {
		seq, kind := uint64(i/3+1), feedKinds[i%3]
		ref := domain.ContractID(fmt.Sprintf("c%d", i%2)).Ref()
		all[i] = FeedMessage{Position: uint64(i) + 1, ID: fmt.Sprintf("%d/%s/%s", seq, kind, ref), Subject: s.FeedSubject(kind, ref, "awarded"), Kind: kind,
			Seq: seq, Ref: ref, Event: fmt.Appendf(nil, `{"n":%d}`, i), Complete: seq, Day: 738000 + domain.Date(i)}
		if kind == FeedEntry {
			all[i].Complete--
		}
	}
	return all
}

func writeFeed(t *testing.T, w *FeedWriter, messages []FeedMessage) {
	t.Helper()
	for i := range messages {
		if err := w.Write(t.Context(), &messages[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func mustWriteFeed(t *testing.T, s *Store, keep time.Duration) *FeedWriter {
	t.Helper()
	w, err := s.WriteFeed(t.Context(), keep)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func readFeed(t *testing.T, f *Feed, position uint64, choose FeedSelection) []FeedMessage {
	t.Helper()
	var all []FeedMessage
	if err := f.Read(t.Context(), position, choose, func(m FeedMessage) error { all = append(all, m); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func sameMessage(a, b FeedMessage) bool {
	event := slices.Equal(a.Event, b.Event)
	a.Event, b.Event = nil, nil
	return event && fmt.Sprint(a) == fmt.Sprint(b)
}

// What is written is read, from any position, whole or by choice; before anything is written there is nothing.
func TestFeed(t *testing.T) {
	for name, options := range map[string]Options{"embedded": {Dir: t.TempDir()}, "external": {Server: external(t).ClientURL()}} {
		t.Run(name, func(t *testing.T) {
			s := must(t, options)
			f := s.Feed()
			if ends, err := f.Ends(t.Context()); err != nil || ends != (FeedEnds{First: 1}) {
				t.Fatalf("before there is a feed it goes %+v, %v", ends, err)
			}
			if got := readFeed(t, f, 1, FeedSelection{}); got != nil {
				t.Fatalf("before there is a feed it has %v", got)
			}
			w, want := mustWriteFeed(t, s, 0), feedOf(s, 3000)
			writeFeed(t, w, want)
			if ends, err := f.Ends(t.Context()); err != nil || ends != (FeedEnds{1, 3000, 1000}) {
				t.Errorf("it goes %+v, %v", ends, err)
			}
			for _, from := range []uint64{0, 1, 2, 1500, 3000, 3001, 9000} {
				if got := readFeed(t, f, from, FeedSelection{}); !slices.EqualFunc(got, want[min(max(from, 1), 3001)-1:], sameMessage) {
					t.Errorf("from %d: %d messages", from, len(got))
				}
			}
			for _, choose := range []FeedSelection{{Kinds: []FeedKind{FeedArrival}}, {Refs: []domain.Ref{{Kind: domain.KindContract, ID: "c1"}}},
				{Refs: []domain.Ref{{Kind: domain.KindContract, ID: "c0"}, {Kind: domain.KindContract, ID: "none"}}, Kinds: []FeedKind{FeedEntry, FeedChange}}} {
				chosen := slices.DeleteFunc(slices.Clone(want), func(m FeedMessage) bool { return !choose.takes(&m) })
				if got := readFeed(t, f, 7, choose); !slices.EqualFunc(got, slices.DeleteFunc(chosen, func(m FeedMessage) bool { return m.Position < 7 }), sameMessage) {
					t.Errorf("%+v chooses %d messages", choose, len(got))
				}
			}
			for seq, position := range map[uint64]uint64{0: 1, 1: 3, 17: 51, 999: 2997, 1000: 3000, 1001: 3001, 5000: 3001} {
				if got, err := f.After(t.Context(), seq); err != nil || got != position {
					t.Errorf("after entry %d comes message %d, %v, instead of %d", seq, got, err, position)
				}
			}
		})
	}
}

// A reader is given what comes, through a rebuild too, each message once.
func TestFollowFeed(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir()})
	want := feedOf(s, 400)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got, ended := make(chan FeedMessage, len(want)), make(chan error, 1)
	go func() {
		ended <- s.Feed().Follow(ctx, 1, FeedSelection{}, func(m FeedMessage) error { got <- m; return nil })
	}()
	expect := func(part []FeedMessage) {
		t.Helper()
		for i := range part {
			select {
			case m := <-got:
				if !sameMessage(m, part[i]) {
					t.Fatalf("message %d is %+v", part[i].Position, m)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("message %d does not come", part[i].Position)
			}
		}
	}
	writeFeed(t, mustWriteFeed(t, s, 0), want[:200])
	expect(want[:200])
	if err := s.DropFeed(t.Context()); err != nil {
		t.Fatal(err)
	}
	writeFeed(t, mustWriteFeed(t, s, 0), want)
	expect(want[200:])
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("following ends with %v", err)
	}
}

// Of two writers one is told that it was not the first, and nothing of it is in the feed.
func TestFeedFence(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir()})
	want := feedOf(s, 30)
	first, second := mustWriteFeed(t, s, 0), mustWriteFeed(t, s, 0)
	writeFeed(t, first, want[:10])
	if err := errors.Join(second.Write(t.Context(), &want[20]), second.Write(t.Context(), &want[21])); err != nil {
		t.Fatal(err)
	}
	if err := second.Flush(t.Context()); !errors.Is(err, ErrFeedTaken) {
		t.Fatalf("the second writer is told %v", err)
	}
	last, there, err := second.Last(t.Context())
	if err != nil || !there || !sameMessage(last, want[9]) {
		t.Fatalf("the last message is %+v, %t, %v", last, there, err)
	}
	writeFeed(t, second, want[10:])
	if got := readFeed(t, s.Feed(), 1, FeedSelection{}); !slices.EqualFunc(got, want, sameMessage) {
		t.Errorf("the feed has %d messages", len(got))
	}
}

// Who asks for what is no longer kept is told so, and never given what comes after it.
func TestFeedExpires(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir()})
	want := feedOf(s, 60)
	w := mustWriteFeed(t, s, 200*time.Millisecond)
	writeFeed(t, w, want[:30])
	f := s.Feed()
	if !waitFor(t, func() bool { ends, err := f.Ends(t.Context()); return err == nil && ends.First == 31 }) {
		t.Fatal("nothing expires")
	}
	w = mustWriteFeed(t, s, 0)
	writeFeed(t, w, want[30:])
	skip := func(FeedMessage) error { t.Error("a message is given"); return nil }
	if err := f.Read(t.Context(), 30, FeedSelection{}, skip); !errors.Is(err, ErrExpired) {
		t.Errorf("reading message 30: %v", err)
	}
	if err := f.Follow(t.Context(), 30, FeedSelection{}, skip); !errors.Is(err, ErrExpired) {
		t.Errorf("following from message 30: %v", err)
	}
	if _, err := f.After(t.Context(), 5); !errors.Is(err, ErrExpired) {
		t.Errorf("after entry 5: %v", err)
	}
	if got := readFeed(t, f, 31, FeedSelection{}); !slices.EqualFunc(got, want[30:], sameMessage) {
		t.Errorf("from message 31 there are %d", len(got))
	}
	mustWriteFeed(t, s, 0) // what has expired once is no damage
}

// A stream of that name that is no feed, or one of another version, is left alone.
func TestForeignFeed(t *testing.T) {
	s := must(t, Options{Server: external(t).ClientURL()})
	js, err := jetstream.New(s.conn)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(*jetstream.StreamConfig)
		want   error
	}{
		{func(c *jetstream.StreamConfig) { c.Metadata[metadataFeed] = "0" }, ErrFeedFormat},
		{func(c *jetstream.StreamConfig) { c.Metadata = nil }, ErrFeedFormat},
		{func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 1 }, ErrConfiguration},
		{func(c *jetstream.StreamConfig) { c.Subjects = c.Subjects[1:] }, ErrConfiguration},
	} {
		config := feedConfig("main", 1, 0)
		c.change(&config)
		if _, err := js.CreateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		if _, err := s.WriteFeed(t.Context(), 0); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", config, err)
		}
		if err := s.DropFeed(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
