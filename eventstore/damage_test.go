package eventstore

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// Whatever is wrong with a commit in the log, a replay ends in front of it, names it and the last good
// entry, and gives nothing of it; nothing can be appended behind it by who has not proved it.
func TestDamage(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(m *nats.Msg)
		want   string
	}{
		{"a flipped bit in a text", func(m *nats.Msg) { flip(m, "Organisation number 5") }, "hash"},
		{"a flipped bit in an id", func(m *nats.Msg) { flip(m, `"id":"`) }, ""},
		{"another actor", func(m *nats.Msg) {
			m.Data = bytes.Replace(m.Data, []byte(`,"data"`), []byte(`,"actor":"x","data"`), 1)
		}, "hash"},
		{"another root", func(m *nats.Msg) { m.Header.Set(headerRoot, strings.Repeat("00", 32)) }, "hash"},
		{"another beginning", func(m *nats.Msg) { m.Header.Set(headerFirst, "6") }, "entry"},
		{"another count", func(m *nats.Msg) { m.Header.Set(headerCount, "1") }, "events"},
		{"no headers", func(m *nats.Msg) { m.Header = nats.Header{} }, "format"},
		{"a later format", func(m *nats.Msg) { m.Header.Set(headerFormat, "3") }, "newer"},
		{"nothing", func(m *nats.Msg) { m.Data = nil }, "batch"},
		{"a cut", func(m *nats.Msg) { m.Data = m.Data[:len(m.Data)/2] }, "batch"},
		{"an entry twice", func(m *nats.Msg) {
			m.Data = append(append(m.Data[:len(m.Data)-1], ','), m.Data[1:]...)
			m.Header.Set(headerCount, "4")
		}, "entry"},
		{"no time of ours", func(m *nats.Msg) {
			m.Data = bytes.ReplaceAll(m.Data, []byte(`"time":"2`), []byte(`"time":"1`))
		}, "time"},
	} {
		for _, before := range []int{1, 30} { // one by one, and in a run
			s := must(t, Options{Dir: t.TempDir()})
			for i := range before {
				mustAppend(t, s, numbered(t, 10*i, 3))
			}
			good := s.Head()
			entries := numbered(t, 50, 2)
			next := s.snapshot()
			_, m, err := s.prepare(&next, entries, nil)
			if err != nil {
				t.Fatal(err)
			}
			c.damage(m)
			m.Header.Del(nats.MsgIdHdr)
			if _, err := s.journal.publish(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			fresh := &Store{options: s.options, stream: s.stream, log: s.log, server: s.server, cache: newCache(1)}
			for _, store := range []*Store{fresh, s} {
				last := uint64(0)
				err := store.Replay(t.Context(), 0, nil, func(c Commit) error { last = c.Last(); return nil })
				damage, ok := errors.AsType[*DamageError](err)
				if !ok || damage.StreamSeq != good.StreamSeq+1 || damage.First != good.Seq+1 || damage.LastGood != good.Seq ||
					!strings.Contains(err.Error(), c.want) || last != good.Seq || store.Head() != good {
					t.Errorf("%s after %d commits: replayed to %d, head %+v, error %v", c.name, before, last, store.Head(), err)
				}
			}
			if _, err := s.Append(t.Context(), good.Seq, entries); !errors.Is(err, ErrFenced) {
				t.Errorf("%s: append behind it: %v", c.name, err)
			}
			closeStore(t, s)
		}
	}
}

// A commit that goes back in time is damage even where its root is right.
func TestDamagedTime(t *testing.T) {
	now := time.Now()
	s := must(t, Options{Dir: t.TempDir(), Clock: func() time.Time { return now }})
	mustAppend(t, s, numbered(t, 0, 1))
	next := s.snapshot()
	next.Time = 0 // as if nothing was recorded yet
	now = now.Add(-time.Nanosecond)
	_, m, err := s.prepare(&next, numbered(t, 1, 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.journal.publish(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	err = s.Replay(t.Context(), 0, nil, func(Commit) error { return nil })
	if damage, ok := errors.AsType[*DamageError](err); !ok || damage.LastGood != 1 || !strings.Contains(err.Error(), "before") {
		t.Errorf("replay: %v", err)
	}
}

// flip changes one bit of the byte after a text.
func flip(m *nats.Msg, text string) {
	at := bytes.Index(m.Data, []byte(text)) + len(text)
	m.Data = bytes.Clone(m.Data)
	m.Data[at] ^= 1
}

// A commit whose entries were exchanged after it was proved is not served.
func TestReadChecksPlace(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir()})
	for i := range 3 {
		mustAppend(t, s, numbered(t, 10*i, 2))
	}
	s.firsts[1] = 4
	if _, _, err := s.Read(t.Context(), 3); err == nil {
		t.Error("an entry of another commit is served")
	}
	if _, _, err := s.Read(t.Context(), 5); err != nil {
		t.Error(err)
	}
}

// Commits that vanish from the stream, at the beginning, in the middle or at the end, are missed.
func TestMissingCommits(t *testing.T) {
	_, js := client(t, external(t).ClientURL())
	for _, count := range []int{5, 40} {
		for _, gone := range []int{1, count / 2, count} {
			ledger := fmt.Sprintf("%d-of-%d", gone, count)
			config := streamConfig(ledger, 1)
			config.DenyDelete = false // as Open would not allow it
			stream, err := js.CreateStream(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			store := func() *Store {
				return &Store{options: Options{Ledger: ledger}, stream: stream, subject: commitSubject(ledger), server: new(embedded),
					clock: time.Now, cache: newCache(1), journal: &streamJournal{js, stream, func() error { return nil }}}
			}
			s := store()
			for i := range count {
				mustAppend(t, s, numbered(t, i, 1))
			}
			if err := stream.DeleteMsg(t.Context(), uint64(gone)); err != nil {
				t.Fatal(err)
			}
			err = store().Replay(t.Context(), 0, nil, func(Commit) error { return nil })
			if damage, ok := errors.AsType[*DamageError](err); !ok || damage.StreamSeq != uint64(gone) || damage.LastGood != uint64(gone)-1 {
				t.Errorf("commit %d of %d is gone: %v", gone, count, err)
			}
		}
	}
}
