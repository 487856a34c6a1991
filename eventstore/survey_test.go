package eventstore

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// smallBlocks makes the server begin a new block after 32,000 bytes, in a log of at most 120,000.
var smallBlocks = internals{config: func(c *jetstream.StreamConfig) { c.MaxBytes, c.Discard = 120_000, jetstream.DiscardNew }}

// specimen is a ledger in a folder, closed, to be damaged.
type specimen struct {
	dir     string
	in      internals
	at      streamFolder
	commits []Commit
}

// newSpecimen records commits of 1 to 3 entries until the log takes that many bytes.
func newSpecimen(t *testing.T, in internals, bytes int) *specimen {
	t.Helper()
	s := &specimen{dir: t.TempDir(), in: in}
	s.at = newStreamFolder(s.dir, "main")
	store, err := open(t.Context(), Options{Dir: s.dir}, in)
	if err != nil {
		t.Fatal(err)
	}
	for i, size := 0, 0; size < bytes; i++ {
		c := mustAppend(t, store, numbered(t, 10*i, 1+i%3))
		s.commits = append(s.commits, c)
		for j := range c.Entries {
			size += Size(&c.Entries[j].Entry) + 350
		}
	}
	closeStore(t, store)
	return s
}

// state is every file of the folder but the lock.
func (s *specimen) state(t *testing.T) map[string]string {
	all := listing(t, s.dir)
	delete(all, filepath.Join(s.dir, lockName))
	return all
}

func (s *specimen) restore(t *testing.T, state map[string]string) {
	t.Helper()
	files, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file.Name() != lockName {
			if err := os.RemoveAll(filepath.Join(s.dir, file.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	for path, text := range state {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// open opens the specimen and reads all of it.
func (s *specimen) open(t *testing.T, log *slog.Logger) ([]Commit, error) {
	t.Helper()
	store, err := open(t.Context(), Options{Dir: s.dir, Logger: log}, s.in)
	if err != nil {
		return nil, err
	}
	defer closeStore(t, store)
	var all []Commit
	err = store.Replay(t.Context(), 0, nil, func(c Commit) error { all = append(all, c); return nil })
	return all, err
}

// refused checks that the start is refused, which commits are named, and that nothing was changed. A place
// of 0 is any.
func (s *specimen) refused(t *testing.T, what string, place uint64) bool {
	t.Helper()
	before := s.state(t)
	all, err := s.open(t, nil)
	damage, ok := errors.AsType[*DamageError](err)
	switch {
	case !ok:
		t.Errorf("%s: %d of %d commits are served, error %v", what, len(all), len(s.commits), err)
	case place != 0 && (damage.StreamSeq != place || damage.First != s.commits[place-1].First || damage.LastGood != s.commits[place-1].First-1):
		t.Errorf("%s: it names commit %d, entry %d, last good %d; want commit %d: %v", what, damage.StreamSeq, damage.First, damage.LastGood, place, err)
	}
	if after := s.state(t); !maps.Equal(before, after) {
		t.Errorf("%s: the folder was changed", what)
		return false
	}
	return ok
}

// served checks that everything is there.
func (s *specimen) served(t *testing.T, what string) bool {
	t.Helper()
	all, err := s.open(t, nil)
	if err != nil || len(all) != len(s.commits) {
		t.Errorf("%s: %d of %d commits, %v", what, len(all), len(s.commits), err)
		return false
	}
	for i := range all {
		if !sameCommit(all[i], s.commits[i]) {
			t.Errorf("%s: commit %d differs", what, i+1)
			return false
		}
	}
	return true
}

// record is where a commit is stored.
type record struct {
	path       string
	begin, end int
	commit     uint64
}

func (s *specimen) records(t *testing.T) (all []record) {
	t.Helper()
	blocks, err := s.at.blocks()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		text, err := os.ReadFile(b.path)
		if err != nil {
			t.Fatal(err)
		}
		reader := newBlockReader(s.at.stream, s.at.subject, b.number)
		for at := 0; at < len(text); {
			r, err := reader.record(text[at:])
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, record{b.path, at, at + r.size, r.commit})
			at += r.size
		}
	}
	return all
}

// flipBit changes one bit of a file; again, and it is as before.
func flipBit(t *testing.T, path string, bit int) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var b [1]byte
	if _, err := file.ReadAt(b[:], int64(bit/8)); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1 << (bit % 8)
	if _, err := file.WriteAt(b[:], int64(bit/8)); err != nil {
		t.Fatal(err)
	}
}

// One bit flipped anywhere in a log of several blocks is found and named before anything is changed, with the
// server's index or without it; with the old bit back, everything is there.
func TestFlippedBits(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	s := newSpecimen(t, smallBlocks, 90_000)
	records := s.records(t)
	if n := records[len(records)-1].path; !strings.HasSuffix(n, "3.blk") && !strings.HasSuffix(n, "4.blk") {
		t.Fatalf("the log ends in %s", n)
	}
	const positions = 400
	refused := 0
	for i := range positions {
		if i == positions/2 {
			if err := os.Remove(s.at.index()); err != nil {
				t.Fatal(err)
			}
		}
		r := records[random.IntN(len(records))]
		bit := 8*r.begin + random.IntN(8*(r.end-r.begin))
		flipBit(t, r.path, bit)
		if s.refused(t, fmt.Sprintf("bit %d of %s (seed %d)", bit, filepath.Base(r.path), seed), r.commit) {
			refused++
		}
		flipBit(t, r.path, bit)
	}
	if !s.served(t, "with the old bits back") {
		t.Errorf("seed %d", seed)
	}
	t.Logf("seed %d: %d bits flipped in %d commits, %d refused with nothing changed", seed, positions, len(records), refused)
}

// In a tiny log it is every bit; so in the files beside it, but that a checkpoint has older slots.
func TestFlippedBitsEverywhere(t *testing.T) {
	s := newSpecimen(t, internals{}, 1)
	step := 1
	if testing.Short() {
		step = 101
	}
	counts := map[string]int{}
	for i, path := range []string{s.at.block(1).path, filepath.Join(s.at.dir, "meta.inf"), filepath.Join(s.at.dir, "meta.sum"),
		filepath.Join(s.dir, markerName)} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			step *= 7 // every byte of the others, by and by every bit
		}
		for bit := 0; bit < 8*int(info.Size()); bit += step {
			flipBit(t, path, bit)
			if s.refused(t, fmt.Sprintf("bit %d of %s", bit, path), 0) {
				counts[filepath.Base(path)]++
			}
			flipBit(t, path, bit)
		}
	}
	if !s.served(t, "with the old bits back") {
		return
	}
	path := checkpointPath(s.dir, s.at.stream)
	served := 0
	for bit := 0; bit < 8*slots*slotSize; bit += 997 {
		flipBit(t, path, bit)
		if s.served(t, fmt.Sprintf("bit %d of the checkpoint", bit)) {
			served++
		}
	}
	t.Logf("refused, in bits: %v; served in spite of a flipped bit in the checkpoint, completely: %d", counts, served)
}
