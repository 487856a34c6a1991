package eventstore

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The log cut off at and in every record, and every block deleted or emptied, with the server's index or without,
// is refused, and the first commit that is missing is named: all of it was acknowledged.
func TestCutOff(t *testing.T) {
	s := newSpecimen(t, smallBlocks, 60_000)
	whole := s.state(t)
	refused, deleted := 0, 0
	for _, index := range []bool{true, false} {
		if !index {
			delete(whole, s.at.index())
			s.restore(t, whole)
		}
		for _, r := range s.records(t) {
			for _, at := range []int{r.begin, r.begin + 1, r.begin + recordHead, (r.begin + r.end) / 2, r.end - 1} {
				if err := os.Truncate(r.path, int64(at)); err != nil {
					t.Fatal(err)
				}
				if s.refused(t, fmt.Sprintf("%s cut off at %d, index %t", r.path, at, index), r.commit) {
					refused++
				}
				if err := os.WriteFile(r.path, []byte(whole[r.path]), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		first := uint64(0)
		for _, r := range s.records(t) {
			if r.begin > 0 {
				continue
			}
			first = r.commit
			if err := os.Remove(r.path); err != nil {
				t.Fatal(err)
			}
			if s.refused(t, fmt.Sprintf("%s deleted, index %t", r.path, index), first) {
				deleted++
			}
			s.restore(t, whole)
		}
	}
	s.served(t, "with the old bytes back")
	t.Logf("%d truncations and %d deleted blocks refused", refused, deleted)
}

// Whatever becomes of the other files, the start is refused or everything is there.
func TestOtherFiles(t *testing.T) {
	s := newSpecimen(t, smallBlocks, 40_000)
	stale := s.state(t)[s.at.index()]
	store, err := open(t.Context(), Options{Dir: s.dir}, s.in)
	if err != nil {
		t.Fatal(err)
	}
	replayed(t, store, 0)
	s.commits = append(s.commits, mustAppend(t, store, numbered(t, 5000, 3)))
	closeStore(t, store)
	whole := s.state(t)
	path := func(name string) string { return filepath.Join(s.at.dir, name) }
	write := func(path, text string) func() error {
		return func() error { return os.WriteFile(path, []byte(text), 0o644) }
	}
	remove := func(path string) func() error { return func() error { return os.RemoveAll(path) } }
	point := checkpointPath(s.dir, s.at.stream)
	for _, c := range []struct {
		name    string
		damage  func() error
		refused bool
	}{
		{"no index", remove(s.at.index()), false},
		{"a stale index", write(s.at.index(), stale), false},
		{"a damaged index", write(s.at.index(), whole[s.at.index()][:40]+"x"+whole[s.at.index()][41:]), false},
		{"an empty index", write(s.at.index(), ""), false},
		{"no meta.inf", remove(path("meta.inf")), true},
		{"an empty meta.inf", write(path("meta.inf"), ""), true},
		{"no meta.sum", remove(path("meta.sum")), true},
		{"no messages", remove(s.at.messages()), true},
		{"no stream", remove(s.at.dir), true},
		{"no server's folder", remove(filepath.Join(s.dir, "jetstream")), true},
		{"no checkpoint", remove(point), true},
		{"an empty checkpoint", write(point, ""), true},
		{"a checkpoint of nothing", write(point, strings.Repeat("\x00", slots*slotSize)), true},
		{"an empty marker", write(filepath.Join(s.dir, markerName), ""), true},
		{"a purged stream", func() error { return os.Rename(s.at.messages(), path("__msgs__")) }, true},
		{"an index of old", write(filepath.Join(s.at.messages(), "1.idx"), "x"), true},
		{"a block of another name", write(filepath.Join(s.at.messages(), "01.blk"), "x"), true},
		{"blocks exchanged", func() error {
			return write(s.at.block(1).path, whole[s.at.block(2).path])()
		}, true},
		{"a block twice", write(s.at.block(9).path, whole[s.at.block(1).path]), true},
		{"bytes at the end", write(s.at.block(2).path, whole[s.at.block(2).path]+"x"), false},
	} {
		if err := c.damage(); err != nil {
			t.Fatal(err)
		}
		if c.refused {
			s.refused(t, c.name, 0)
		} else {
			s.served(t, c.name)
		}
		s.restore(t, whole)
		s.served(t, c.name+", put back")
		s.restore(t, whole)
	}
}

// What was being written when the ledger stopped is cut off where it is not whole, kept where it is, and
// refused where it had been acknowledged. The log says what was cut off, and goes on after it.
func TestTornTail(t *testing.T) {
	s := newSpecimen(t, internals{}, 3_000)
	before, count := s.state(t), len(s.commits)
	store, err := open(t.Context(), Options{Dir: s.dir}, s.in)
	if err != nil {
		t.Fatal(err)
	}
	replayed(t, store, 0)
	last := mustAppend(t, store, numbered(t, 5000, 2))
	closeStore(t, store)
	after := s.state(t)
	r := s.records(t)[count]
	block := after[r.path]
	point := checkpointPath(s.dir, s.at.stream)
	for at := r.begin; at <= r.end; at += 1 + (r.end-r.begin)/9 {
		at = min(at, r.end)
		for _, tail := range []string{block[:at], block[:at] + strings.Repeat("\x00", r.end-at), block[:at] + "garbage"} {
			if at == r.end && len(tail) > r.end {
				continue
			}
			torn := len(tail) != r.begin && tail != block
			for _, index := range []string{"", before[s.at.index()], after[s.at.index()]} {
				files := map[string]string{}
				for path, text := range before {
					files[path] = text
				}
				files[r.path], files[s.at.index()] = tail, index
				if index == "" {
					delete(files, s.at.index())
				}
				s.restore(t, files)
				s.commits = s.commits[:count]
				if tail == block {
					s.commits = append(s.commits, last)
				}
				var said bytes.Buffer
				all, err := s.open(t, slog.New(slog.NewTextHandler(&said, nil)))
				if err != nil || len(all) != len(s.commits) || strings.Contains(said.String(), "cut off") != torn {
					t.Fatalf("cut at %d of %d to %d: %d of %d commits, %v; said %s", at, r.begin, r.end, len(all), len(s.commits), err, &said)
				}
				store, err := open(t.Context(), Options{Dir: s.dir}, s.in)
				if err != nil {
					t.Fatal(err)
				}
				replayed(t, store, 0)
				s.commits = append(s.commits, mustAppend(t, store, numbered(t, 6000, 1)))
				closeStore(t, store)
				s.served(t, "continued")
				if tail == block {
					continue
				}
				files[point] = after[point] // it was acknowledged
				s.restore(t, files)
				s.refused(t, fmt.Sprintf("acknowledged, cut at %d", at), 0)
			}
		}
	}
}
