package eventstore

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// patient is a ledger of several blocks, with a backup that was made when half of it was recorded, and one of all.
type patient struct {
	*specimen
	log   commitsIn
	half  int
	older string // backup of the first half
	newer string // backup of everything
	whole map[string]string
}

func newPatient(t *testing.T) *patient {
	t.Helper()
	p := &patient{specimen: newSpecimen(t, smallBlocks, 60_000), older: t.TempDir(), newer: t.TempDir()}
	s, err := open(t.Context(), Options{Dir: p.dir, ReadOnly: true}, p.in)
	if err != nil {
		t.Fatal(err)
	}
	p.log = commitsIn{all: rawCommits(t, s)}
	closeStore(t, s)
	p.half = len(p.log.all) / 2
	mustBackup(t, p.older, commitsIn{all: p.log.all[:p.half]}, backupSettings{})
	mustBackup(t, p.newer, p.log, backupSettings{})
	p.whole = p.state(t)
	return p
}

// repair repairs from a backup, or from nothing.
func (p *patient) repair(t *testing.T, backup string, o RestoreOptions) (report RestoreReport, err error) {
	t.Helper()
	o.Dir, o.Repair = p.dir, true
	if backup == "" {
		return Restore(t.Context(), o, nil)
	}
	reading(t, backup, func(b *StoredBackup) { report, err = Restore(t.Context(), o, b) })
	return report, err
}

func (p *patient) path(parts ...string) string {
	return filepath.Join(append([]string{p.at.dir}, parts...)...)
}

// ailment is damage, and what mends it.
type ailment struct {
	name   string
	damage func(p *patient) error
	backup func(p *patient) string // none; the older, which has half; the newer, which has everything
	o      RestoreOptions
}

func write(path, text string) error { return os.WriteFile(path, []byte(text), 0o644) }

func flipped(path string, at int) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text[at%len(text)] ^= 16
	return os.WriteFile(path, text, 0o644)
}

func none(*patient) string    { return "" }
func older(p *patient) string { return p.older }
func newer(p *patient) string { return p.newer }

var accept = RestoreOptions{AcceptLoss: true}

var ailments = []ailment{
	{"marker lost", func(p *patient) error { return os.Remove(filepath.Join(p.dir, markerName)) }, older, RestoreOptions{}},
	{"marker lost, no source", func(p *patient) error { return os.Remove(filepath.Join(p.dir, markerName)) }, none, RestoreOptions{}},
	{"marker damaged", func(p *patient) error { return flipped(filepath.Join(p.dir, markerName), 20) }, older, RestoreOptions{}},
	{"checkpoint lost", func(p *patient) error { return os.Remove(checkpointPath(p.dir, p.at.stream)) }, older, accept},
	{"checkpoint damaged", func(p *patient) error {
		return write(checkpointPath(p.dir, p.at.stream), strings.Repeat("x", slots*slotSize))
	}, none, accept},
	{"checkpoint and the end lost", func(p *patient) error {
		return errors.Join(os.Remove(checkpointPath(p.dir, p.at.stream)), os.Truncate(p.at.block(2).path, 5000))
	}, newer, accept},
	{"meta.inf damaged", func(p *patient) error { return flipped(p.path("meta.inf"), 100) }, older, RestoreOptions{}},
	{"meta.inf lost", func(p *patient) error { return os.Remove(p.path("meta.inf")) }, none, RestoreOptions{}},
	{"meta.sum damaged", func(p *patient) error { return flipped(p.path("meta.sum"), 3) }, none, RestoreOptions{}},
	{"marker and meta.sum lost", func(p *patient) error {
		return errors.Join(os.Remove(filepath.Join(p.dir, markerName)), os.Remove(p.path("meta.sum")))
	}, none, RestoreOptions{}},
	{"stream folder gone", func(p *patient) error { return os.RemoveAll(p.at.dir) }, newer, RestoreOptions{}},
	{"server's folder gone", func(p *patient) error { return os.RemoveAll(filepath.Join(p.dir, "jetstream")) }, newer, RestoreOptions{}},
	{"messages gone", func(p *patient) error { return os.RemoveAll(p.at.messages()) }, newer, RestoreOptions{}},
	{"everything but the checkpoint gone", func(p *patient) error {
		return errors.Join(os.RemoveAll(filepath.Join(p.dir, "jetstream")), os.Remove(filepath.Join(p.dir, markerName)))
	}, newer, RestoreOptions{}},
	{"first block deleted", func(p *patient) error { return os.Remove(p.at.block(1).path) }, older, RestoreOptions{}},
	{"first block emptied", func(p *patient) error { return os.Truncate(p.at.block(1).path, 0) }, older, RestoreOptions{}},
	{"first block cut off", func(p *patient) error { return os.Truncate(p.at.block(1).path, 9_999) }, older, RestoreOptions{}},
	{"last block deleted", func(p *patient) error { return os.Remove(p.at.block(2).path) }, newer, RestoreOptions{}},
	{"last record cut off", func(p *patient) error {
		return os.Truncate(p.at.block(2).path, int64(len(p.whole[p.at.block(2).path])-1))
	}, newer, RestoreOptions{}},
	{"a bit flipped", func(p *patient) error { return flipped(p.at.block(1).path, 5_000) }, older, RestoreOptions{}},
	{"a length flipped", func(p *patient) error { return flipped(p.at.block(1).path, 2) }, older, RestoreOptions{}},
	{"bits flipped in every fourth kilobyte", func(p *patient) error {
		var err error
		for at := 100; at < len(p.whole[p.at.block(1).path]); at += 4096 {
			err = errors.Join(err, flipped(p.at.block(1).path, at))
		}
		return err
	}, newer, RestoreOptions{}},
	{"blocks exchanged", func(p *patient) error {
		return errors.Join(write(p.at.block(1).path, p.whole[p.at.block(2).path]), write(p.at.block(2).path, p.whole[p.at.block(1).path]))
	}, newer, RestoreOptions{}},
	{"a foreign file", func(p *patient) error { return write(p.path("msgs", "1.idx"), "x") }, none, RestoreOptions{}},
	{"a purge under way", func(p *patient) error { return os.Rename(p.at.messages(), p.path("__msgs__")) }, newer, RestoreOptions{}},
	{"marker, meta.inf and a bit", func(p *patient) error {
		return errors.Join(flipped(p.at.block(1).path, 700), flipped(filepath.Join(p.dir, markerName), 9), flipped(p.path("meta.inf"), 9))
	}, older, RestoreOptions{}},
}

// Whatever is damaged, the start is refused, a plain restore too, and a repair brings back everything that was
// acknowledged, from a backup and from what was recorded since; what was damaged is kept, and the ledger
// goes on.
func TestRepair(t *testing.T) {
	p := newPatient(t)
	for _, a := range ailments {
		t.Run(a.name, func(t *testing.T) {
			p.restore(t, p.whole)
			if err := a.damage(p); err != nil {
				t.Fatal(err)
			}
			damaged := p.state(t)
			if _, err := p.open(t, nil); err == nil {
				t.Fatal("the damaged ledger opens")
			}
			if _, err := Restore(t.Context(), RestoreOptions{Dir: p.dir}, p.log); !errors.Is(err, ErrLedgerThere) {
				t.Errorf("a plain restore: %v", err)
			}
			if a.o.AcceptLoss {
				_, err := p.repair(t, a.backup(p), RestoreOptions{})
				if loss, ok := errors.AsType[*LossError](err); !ok || loss.Acknowledged != 0 || loss.Found == 0 {
					t.Errorf("without being told to: %v", err)
				}
			}
			if !maps.Equal(p.state(t), damaged) {
				t.Fatal("something was changed")
			}
			report, err := p.repair(t, a.backup(p), a.o)
			if err != nil || report.Outcome != Repaired || report.Commits != uint64(len(p.log.all)) {
				t.Fatalf("%+v, %v", report, err)
			}
			p.kept(t, damaged, report.Damaged)
			goesOn(t, p.dir, p.in, p.log)
			if report, err := p.repair(t, "", RestoreOptions{}); err != nil || report.Outcome != Whole {
				t.Errorf("again: %+v, %v", report, err)
			}
		})
	}
}

// kept checks that every file that was there is there still, unchanged, in its place or aside, but for what
// was made anew from nothing and is no part of the log.
func (p *patient) kept(t *testing.T, damaged map[string]string, aside string) {
	t.Helper()
	now := p.state(t)
	for path, text := range damaged {
		relative, err := filepath.Rel(p.dir, path)
		if err != nil {
			t.Fatal(err)
		}
		if moved, ok := now[filepath.Join(aside, relative)]; aside != "" && ok && moved == text {
			continue
		}
		if now[path] != text {
			t.Errorf("%s is neither in its place nor in %q", relative, aside)
		}
	}
}

// Where the source does not reach what was acknowledged, the repair is refused, names what would be lost, and changes
// nothing; told to, it brings back what there is, and the ledger goes on from there.
func TestRepairWithLoss(t *testing.T) {
	p := newPatient(t)
	last := p.commits[len(p.commits)-1].Last()
	half := p.commits[p.half-1].Last()
	for _, c := range []struct {
		name    string
		damage  func() error
		backup  string
		found   uint64
		commits int
	}{
		{"an older backup over a newer checkpoint", func() error { return os.RemoveAll(p.at.dir) }, p.older, half, p.half},
		{"the last block is gone", func() error { return os.Remove(p.at.block(2).path) }, p.older, half, p.half},
		{"everything is gone", func() error { return os.RemoveAll(p.at.dir) }, "", 0, 0},
	} {
		p.restore(t, p.whole)
		if err := c.damage(); err != nil {
			t.Fatal(err)
		}
		own, err := newSalvage(t.Context(), p.at)
		if err != nil {
			t.Fatal(err)
		}
		before := p.state(t)
		_, err = p.repair(t, c.backup, RestoreOptions{})
		loss, ok := errors.AsType[*LossError](err)
		if !ok || !strings.Contains(err.Error(), fmt.Sprintf("%d to %d, which were acknowledged", loss.Found+1, last)) || loss.Acknowledged != last || loss.Found < c.found || len(own.all) == 0 && loss.Found != c.found {
			t.Fatalf("%s: %v", c.name, err)
		}
		if !maps.Equal(p.state(t), before) {
			t.Fatalf("%s: something was changed", c.name)
		}
		report, err := p.repair(t, c.backup, accept)
		if err != nil || report.Entries != loss.Found || report.Outcome != Repaired {
			t.Fatalf("%s: %+v, %v", c.name, report, err)
		}
		p.kept(t, before, report.Damaged)
		goesOn(t, p.dir, p.in, commitsIn{all: p.log.all[:report.Commits]})
	}
}

// What does not go together is not put together: a backup of another history, or a checkpoint that says otherwise.
func TestRepairFromElsewhere(t *testing.T) {
	p := newPatient(t)
	if err := os.Remove(p.at.block(2).path); err != nil {
		t.Fatal(err)
	}
	before := p.state(t)
	if _, err := Restore(t.Context(), RestoreOptions{Dir: p.dir, Repair: true, AcceptLoss: true}, history(t, len(p.log.all))); !errors.Is(err, ErrOtherHistory) {
		t.Errorf("from another history: %v", err)
	}
	if !maps.Equal(p.state(t), before) {
		t.Error("something was changed")
	}
	if err := os.RemoveAll(p.at.dir); err != nil {
		t.Fatal(err)
	}
	_, err := Restore(t.Context(), RestoreOptions{Dir: p.dir, Repair: true}, history(t, len(p.log.all)))
	if loss, ok := errors.AsType[*LossError](err); !ok || !strings.Contains(loss.Error(), "another history") {
		t.Errorf("nothing left but the checkpoint, and another history: %v", err)
	}
}

// A ledger that is whole is not repaired, and what a source has beyond it is not brought in by a repair.
func TestNothingToRepair(t *testing.T) {
	p := newPatient(t)
	for backup, want := range map[string]string{"": Whole, p.older: Whole, p.newer: Whole} {
		if report, err := p.repair(t, backup, RestoreOptions{}); err != nil || report.Outcome != want {
			t.Errorf("%+v, %v", report, err)
		}
	}
	if err := os.Remove(p.at.index()); err != nil { // which is made again
		t.Fatal(err)
	}
	whole := p.state(t)
	more := commitsIn{all: append(slices.Clone(p.log.all), p.log.all[0])}
	if _, err := Restore(t.Context(), RestoreOptions{Dir: p.dir, Repair: true}, more); !errors.Is(err, ErrNothingDamaged) {
		t.Errorf("a source that goes on: %v", err)
	}
	if !maps.Equal(p.state(t), whole) {
		t.Error("something was changed")
	}
}

// A commit that is stored as it should be, with its checksum, but is not what was recorded, is repaired too.
func TestRepairOfAForgedRecord(t *testing.T) {
	p := newPatient(t)
	path := p.at.block(1).path
	text := []byte(p.whole[path])
	r := p.records(t)[7]
	record := text[r.begin:r.end]
	at := bytes.Index(record, []byte("Organisation number"))
	record[at] = 'o'
	reseal(p.at, 1, record)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := p.open(t, nil); err == nil {
		t.Fatal("the forged ledger is served")
	}
	report, err := p.repair(t, p.older, RestoreOptions{})
	if err != nil || report.Outcome != Repaired || report.Brought != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	goesOn(t, p.dir, p.in, p.log)
}

// Wherever bits are flipped in what a backup covers, few or many, everything is brought back, and the records
// that are whole are the folder's own.
func TestRepairFlippedBits(t *testing.T) {
	p := newPatient(t)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	records := p.records(t)
	rounds := 25
	if testing.Short() {
		rounds = 6
	}
	for range rounds {
		p.restore(t, p.whole)
		hit := map[uint64]bool{}
		for range 1 + random.IntN(8) {
			r := records[random.IntN(p.half)]
			flipBit(t, r.path, 8*r.begin+random.IntN(8*(r.end-r.begin)))
			hit[r.commit] = true
		}
		report, err := p.repair(t, p.older, RestoreOptions{})
		if err == nil && report.Outcome == Whole && len(hit) > 0 {
			continue // a bit was flipped twice, and is as it was
		}
		if err != nil || report.Brought > uint64(len(hit)) || report.Commits != uint64(len(p.log.all)) {
			t.Fatalf("seed %d, commits %v: %+v, %v", seed, slices.Sorted(maps.Keys(hit)), report, err)
		}
		p.served(t, "repaired")
	}
}

// reseal gives a record the checksum of what is in it now.
func reseal(at streamFolder, block uint32, record []byte) {
	prefix := recordHead + len(at.subject) + recordHeader
	end := len(record) - recordSum
	copy(record[end:], highway(fmt.Sprint(at.stream, "-", block), record[4:20], []byte(at.subject), record[prefix:end]))
}
