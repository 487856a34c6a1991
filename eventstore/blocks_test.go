package eventstore

import (
	"encoding/binary"
	"fmt"
	"os"
	"testing"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// A log whose blocks begin with the second, since a crash left the first one empty and the server dropped
// it, opens and is recorded in like any other.
func TestBlocksFromTheSecond(t *testing.T) {
	dir := t.TempDir()
	opened := func() *Store {
		s, err := Open(t.Context(), Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := opened()
	at := newStreamFolder(dir, "main")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(at.block(1).path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at.block(2).path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for seq := range uint64(3) {
		s = opened()
		if err := s.Replay(t.Context(), 0, nil, func(Commit) error { return nil }); err != nil {
			t.Fatal(err)
		}
		entry := domain.Recorded{Entry: domain.Entry{ID: uuid.New(), Fact: &domain.OrganisationEstablished{Organisation: "a", Name: "A"}}}
		if _, err := s.Append(t.Context(), seq, []domain.Recorded{entry}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// renumber gives a block another number, as if the server had gone on with that one.
func (s *specimen) renumber(t *testing.T, from, to uint32) {
	t.Helper()
	text, err := os.ReadFile(s.at.block(from).path)
	if err != nil {
		t.Fatal(err)
	}
	was, is := newBlockReader(s.at.stream, s.at.subject, from), newBlockReader(s.at.stream, s.at.subject, to)
	for at := 0; at < len(text); {
		r, err := was.record(text[at:])
		if err != nil {
			t.Fatal(err)
		}
		end := at + r.size - recordSum
		is.sum.Reset()
		is.sum.Write(text[at+4 : at+20])
		is.sum.Write(is.subject)
		is.sum.Write(text[at+recordHead+len(is.subject)+recordHeader : end])
		binary.LittleEndian.PutUint64(text[end:], is.sum.Sum64())
		at += r.size
	}
	if err := os.WriteFile(s.at.block(to).path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(s.at.block(from).path); err != nil {
		t.Fatal(err)
	}
}

// The server's numbers of blocks may have gaps, and blocks may be empty: a log of which no commit is missing is
// served and goes on, and one whose blocks are not in the order of their commits is refused.
func TestBlockNumbers(t *testing.T) {
	s := newSpecimen(t, smallBlocks, 60_000)
	whole := s.state(t)
	blocks, err := s.at.blocks()
	if err != nil || len(blocks) < 3 {
		t.Fatal(blocks, err)
	}
	last := blocks[len(blocks)-1].number
	empty := func(number uint32) {
		if err := os.WriteFile(s.at.block(number).path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name    string
		change  func()
		refused bool
	}{
		{"a block that was not written to", func() { empty(last + 1) }, false},
		{"a later one", func() { empty(last + 7) }, false},
		{"a gap before the last block", func() { s.renumber(t, last, last+3) }, false},
		{"a gap after the first block", func() {
			for number := last; number > 1; number-- {
				s.renumber(t, number, number+2)
			}
		}, false},
		{"an empty block between two", func() { s.renumber(t, last, last+2); empty(last) }, false},
		{"the second block last", func() { s.renumber(t, 2, last+1) }, true},
		{"the first block last", func() { s.renumber(t, 1, last+1) }, true},
	} {
		for _, index := range []bool{true, false} {
			name := fmt.Sprintf("%s, index %t", c.name, index)
			s.restore(t, whole)
			c.change()
			if !index {
				if err := os.Remove(s.at.index()); err != nil {
					t.Fatal(err)
				}
			}
			if c.refused {
				s.refused(t, name, 0)
				continue
			}
			s.served(t, name)
			s.grows(t, name)
		}
	}
}

// grows checks that the log can be recorded in, into new blocks, and is there after opening it again. What it
// records is forgotten.
func (s *specimen) grows(t *testing.T, what string) {
	t.Helper()
	before := s.commits
	store, err := open(t.Context(), Options{Dir: s.dir}, s.in)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	replayed(t, store, 0)
	for i := range 35 {
		s.commits = append(s.commits, mustAppend(t, store, numbered(t, 7000+10*i, 1)))
	}
	blocks, err := s.at.blocks()
	if newest := blocks[len(blocks)-1]; err != nil || store.keeper.newest != newest {
		t.Errorf("%s: the name of %s was made durable last, and not that of %s; %v", what, store.keeper.newest.path, newest.path, err)
	}
	closeStore(t, store)
	s.served(t, what+", continued")
	s.commits = before
}
