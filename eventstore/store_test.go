package eventstore

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
)

// sameEntry compares all that an entry says.
func sameEntry(a, b *domain.Recorded) bool {
	return a.ID == b.ID && a.Seq == b.Seq && a.Time == b.Time && a.Actor == b.Actor &&
		bytes.Equal(a.AppendJSON(nil), b.AppendJSON(nil))
}

func sameCommit(a, b Commit) bool {
	return a.ID == b.ID && a.StreamSeq == b.StreamSeq && a.First == b.First && a.Root == b.Root &&
		slices.EqualFunc(a.Entries, b.Entries, func(x, y domain.Recorded) bool { return sameEntry(&x, &y) })
}

// What is appended is what a replay gives, in this process and in the next, for every type of entry.
func TestAppendReplay(t *testing.T) {
	dir := t.TempDir()
	s := must(t, Options{Dir: dir})
	seen := map[domain.Type]bool{}
	var written []Commit
	all := append(allTypes(t), sealedTypes(t)...)
	for from, size := 0, 1; from < len(all); from, size = from+size, size+1 {
		entries := all[from:min(from+size, len(all))]
		written = append(written, mustAppend(t, s, entries))
		for _, e := range entries {
			seen[e.Fact.Type()] = true
		}
	}
	if len(seen) != len(domain.Types()) {
		t.Errorf("%d of %d types were recorded", len(seen), len(domain.Types()))
	}
	head := s.Head()
	if head.Seq != uint64(len(all)) || head.StreamSeq != uint64(len(written)) || head.Root != written[len(written)-1].Root {
		t.Errorf("head = %+v after %d entries in %d commits", head, len(all), len(written))
	}
	if got := replayed(t, s, 0); !slices.EqualFunc(got, written, sameCommit) {
		t.Errorf("replayed %+v,\nwrote %+v", got, written)
	}
	closeStore(t, s)

	s = must(t, Options{Dir: dir})
	if s.Head() != (Head{}) {
		t.Errorf("a store that has seen nothing has the head %+v", s.Head())
	}
	var progress []uint64
	var got []Commit
	err := s.Replay(t.Context(), 4, func(done, total uint64) { progress = append(progress, done, total) }, func(c Commit) error {
		got = append(got, c)
		return nil
	})
	if err != nil || !slices.EqualFunc(got, written[2:], sameCommit) {
		t.Errorf("replay after 4: %v, %d commits; want those from entry 4 to the end, %d", err, len(got), len(written)-2)
	}
	if s.Head() != head {
		t.Errorf("head after reopening = %+v, before %+v", s.Head(), head)
	}
	if n := len(written); len(progress) != 2*n || progress[0] != 1 || progress[2*n-2] != uint64(n) || progress[1] != uint64(n) {
		t.Errorf("progress of %d commits: %v", n, progress)
	}
	if got := replayed(t, s, head.Seq); len(got) != 0 {
		t.Errorf("%d commits after the head", len(got))
	}
	written = append(written, mustAppend(t, s, numbered(t, 0, 3)))
	if got := replayed(t, s, head.Seq); !slices.EqualFunc(got, written[len(written)-1:], sameCommit) {
		t.Errorf("a commit appended after reopening is replayed as %+v", got)
	}
}

// A root is that of the tree over the entries' stored bytes, whatever the commits; entries are read by
// sequence, alone or in a range, from the cache or not.
func TestRead(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir()})
	var written []domain.Recorded
	for i := range 40 {
		written = append(written, mustAppend(t, s, numbered(t, 10*i, 1+i%4)).Entries...)
	}
	var tree audit.Tree
	for round := range 2 {
		tree = audit.Tree{}
		for i := range written {
			got, raw, err := s.Read(t.Context(), uint64(i+1))
			if err != nil || !sameEntry(&got, &written[i]) {
				t.Fatalf("round %d: entry %d = %+v, %v; want %+v", round, i+1, got, err, written[i])
			}
			tree.Append(raw)
		}
	}
	if tree.Root() != s.Head().Root {
		t.Error("the root is not that of the stored bytes")
	}
	n := uint64(len(written))
	for _, r := range [][2]uint64{{1, n + 1}, {1, 2}, {n, n + 1}, {3, 3}, {5, 3}, {7, 30}, {2, 90}} {
		want := r[0]
		err := s.ReadRange(t.Context(), r[0], r[1], func(e domain.Recorded, raw []byte) error {
			if !sameEntry(&e, &written[want-1]) || !bytes.Contains(raw, []byte(e.ID.String())) {
				t.Errorf("range %v: entry %d is %+v", r, want, e)
			}
			want++
			return nil
		})
		if err != nil || want != max(r[1], r[0]) {
			t.Errorf("range %v ended before %d: %v", r, want, err)
		}
	}
	for _, seq := range []uint64{0, n + 1, 1 << 63} {
		if _, _, err := s.Read(t.Context(), seq); !errors.Is(err, ErrBeyondLog) {
			t.Errorf("entry %d: %v", seq, err)
		}
	}
	count := 0
	err := s.ReadRange(t.Context(), n-1, n+5, func(domain.Recorded, []byte) error { count++; return nil })
	if !errors.Is(err, ErrBeyondLog) || count != 2 {
		t.Errorf("a range beyond the end: %d entries, %v", count, err)
	}
	stop := errors.New("enough")
	if err := s.ReadRange(t.Context(), 1, n, func(domain.Recorded, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("a range that is stopped: %v", err)
	}
}

// A cache keeps no more than its limit, and what was used last.
func TestCache(t *testing.T) {
	c := newCache(100)
	for i := range uint64(20) {
		c.keep(&decoded{Commit: Commit{StreamSeq: i}, leaves: [][]byte{make([]byte, 10)}})
		c.find(0)
	}
	if c.find(0) == nil || c.find(19) == nil || c.find(1) != nil || c.bytes != 100 || len(c.at) != 5 || c.byAge.Len() != 5 {
		t.Errorf("the cache keeps %d bytes in %d commits", c.bytes, len(c.at))
	}
	c.keep(&decoded{Commit: Commit{StreamSeq: 50}, leaves: [][]byte{make([]byte, 1000)}})
	if c.bytes != 0 || len(c.at) != 0 {
		t.Errorf("a commit over the limit leaves %d bytes in %d commits", c.bytes, len(c.at))
	}
}
