package eventstore

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/orgledger/orgledger/audit"
)

// keptOf is what would be kept of a log after each of its commits.
func keptOf(all []Commit) (kept []Kept) {
	var tree audit.Hashes
	var firsts []uint64
	for _, c := range all {
		tree.Append(c.Hashes...)
		firsts = append(firsts, c.First)
		kept = append(kept, Kept{slices.Clone(firsts), tree.View()})
	}
	return kept
}

// resumable makes a log of a few commits, one of them of many entries.
func resumable(t *testing.T, dir string) []Commit {
	t.Helper()
	s := must(t, Options{Dir: dir})
	for i, n := range []int{1, 3, 300, 1, 7} {
		mustAppend(t, s, numbered(t, 1000*i, n))
	}
	all := replayed(t, s, 0)
	closeStore(t, s)
	return all
}

// From wherever a log is resumed, the rest is replayed, what was before is read, and recording goes on, as if all had been
// replayed.
func TestResume(t *testing.T) {
	dir := t.TempDir()
	all := resumable(t, dir)
	for i, kept := range keptOf(all) {
		s := must(t, Options{Dir: dir})
		if err := s.Resume(t.Context(), kept); err != nil {
			t.Fatalf("after commit %d: %v", i+1, err)
		}
		last := all[i].Last()
		if h := s.Head(); h.Seq != last || h.Root != all[i].Root || h.StreamSeq != all[i].StreamSeq || h.Time != all[i].Entries[0].Time {
			t.Errorf("after commit %d the head is %+v", i+1, h)
		}
		if got := s.Kept(kept.Leaves); !reflect.DeepEqual(got.Firsts, kept.Firsts) {
			t.Errorf("after commit %d, the commits begin with %v", i+1, got.Firsts)
		}
		if err := s.Prove(t.Context(), nil); err != nil {
			t.Errorf("up to commit %d: %v", i+1, err)
		}
		if got := replayed(t, s, last); len(got) != len(all)-i-1 {
			t.Errorf("%d commits after commit %d, of %d", len(got), i+1, len(all))
		}
		for _, seq := range []uint64{1, 4, 5, 305, 312} {
			if e, _, err := s.Read(t.Context(), seq); err != nil || e.Seq != seq {
				t.Errorf("after commit %d, entry %d: %v", i+1, seq, err)
			}
		}
		if i == 2 {
			all = append(all, mustAppend(t, s, numbered(t, 9000, 2)))
		}
		closeStore(t, s)
	}
	if s := must(t, Options{Dir: dir, ReadOnly: true}); len(replayed(t, s, 0)) != len(all) {
		t.Error("what was appended after a resumption is not there")
	}
}

// What was kept of another log, of a longer one, or was altered, is refused, and the store goes on as one that has seen nothing.
func TestResumeRefuses(t *testing.T) {
	dir := t.TempDir()
	all := resumable(t, dir)
	others := resumable(t, t.TempDir())
	kept, other := keptOf(all), keptOf(others)
	longer := append(slices.Clone(all), Commit{StreamSeq: 6, First: 313, Entries: numbered(t, 1, 1), Hashes: []audit.Hash{{1}}})
	altered := slices.Clone(all)
	altered[1].Hashes = append([]audit.Hash{{1}}, all[1].Hashes[1:]...)
	for name, k := range map[string]Kept{
		"of another log":            other[4],
		"of a longer one":           keptOf(longer)[5],
		"with another entry":        keptOf(altered)[4],
		"with fewer leaves":         {kept[4].Firsts, kept[3].Leaves},
		"with more leaves":          {kept[3].Firsts, kept[4].Leaves},
		"with other commits":        {[]uint64{1, 2, 5, 305, 307}, kept[4].Leaves},
		"with commits out of order": {[]uint64{1, 5, 2, 305, 306}, kept[4].Leaves},
		"with too long a commit":    {[]uint64{1, 2, 5, 305, 3060}, kept[4].Leaves},
		"that begins later":         {[]uint64{2, 3, 5, 305, 306}, kept[4].Leaves},
		"nothing":                   {},
	} {
		s := must(t, Options{Dir: dir, ReadOnly: true})
		if err := s.Resume(t.Context(), k); !errors.Is(err, ErrUnfit) || s.Head() != (Head{}) {
			t.Errorf("%s: %v, head %+v", name, err, s.Head())
		}
		if got := replayed(t, s, 0); len(got) != len(all) {
			t.Errorf("%s: then %d commits are replayed", name, len(got))
		}
		closeStore(t, s)
	}
}

// Bytes that were changed in a commit before the one where a log is resumed, with the storage's checksum made good, are
// found by the proof, and by reading the commit; a restart finds them in the replay.
func TestProveFindsWhatWasForged(t *testing.T) {
	dir := t.TempDir()
	all := resumable(t, dir)
	kept := keptOf(all)[4]
	at := newStreamFolder(dir, "main")
	path := at.block(1).path
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for commit := 1; commit <= 4; commit++ {
		forged := bytes.Clone(whole)
		record := recordOf(t, at, forged, commit)
		record[bytes.Index(record, []byte("Organisation number"))] = 'o'
		reseal(at, 1, record)
		if err := os.WriteFile(path, forged, 0o600); err != nil {
			t.Fatal(err)
		}
		s := must(t, Options{Dir: dir})
		if err := s.Resume(t.Context(), kept); err != nil {
			t.Fatal(err)
		}
		proved := uint64(0)
		err := s.Prove(t.Context(), func(entries uint64) { proved = entries })
		damage, ok := errors.AsType[*DamageError](err)
		if !ok || damage.First != all[commit-1].First || damage.LastGood != proved || proved != all[commit-1].First-1 {
			t.Errorf("commit %d is proved: %v, up to %d", commit, err, proved)
		}
		if _, _, err := s.Read(t.Context(), all[commit-1].First); !is[*DamageError](err) {
			t.Errorf("commit %d is read: %v", commit, err)
		}
		if _, _, err := s.Read(t.Context(), all[4].First); err != nil {
			t.Error(err)
		}
		s.Restart()
		if err := s.Replay(t.Context(), 0, nil, func(Commit) error { return nil }); !is[*DamageError](err) {
			t.Errorf("commit %d is replayed: %v", commit, err)
		}
		closeStore(t, s)
	}
}

// That the commits before the last are divided otherwise than was kept, the proof finds.
func TestProveFindsOtherCommits(t *testing.T) {
	dir := t.TempDir()
	kept := keptOf(resumable(t, dir))[4]
	kept.Firsts[3] = 304
	s := must(t, Options{Dir: dir, ReadOnly: true})
	if err := s.Resume(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	if err := s.Prove(t.Context(), nil); !is[*DamageError](err) {
		t.Errorf("it is proved: %v", err)
	}
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// recordOf is the n-th record of a block.
func recordOf(t *testing.T, at streamFolder, block []byte, n int) []byte {
	t.Helper()
	reader := newBlockReader(at.stream, at.subject, 1)
	for {
		r, err := reader.record(block)
		if err != nil {
			t.Fatal(err)
		}
		if n--; n == 0 {
			return block[:r.size]
		}
		block = block[r.size:]
	}
}
