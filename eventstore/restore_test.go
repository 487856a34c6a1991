package eventstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goesOn checks that a folder holds a history, and that it can be recorded in and opened again.
func goesOn(t *testing.T, dir string, in internals, log commitsIn) {
	t.Helper()
	for n := range 2 {
		s, err := open(t.Context(), Options{Dir: dir}, in)
		if err != nil {
			t.Fatalf("open %d: %v", n, err)
		}
		replayed(t, s, 0)
		if got := rawCommits(t, s); len(got) != len(log.all)+n || !bytes.Equal(framed(t, commitsIn{all: got[:len(log.all)]}, 1), framed(t, log, 1)) {
			t.Fatalf("open %d: it holds %d commits, and was to hold the %d of the history", n, len(got), len(log.all))
		}
		mustAppend(t, s, numbered(t, 9000+n, 1))
		closeStore(t, s)
	}
}

// A history that is restored is the same to the last byte, may be recorded in, and makes the same backup again.
func TestRestore(t *testing.T) {
	for _, count := range []int{0, 1, 50} {
		log, kept := history(t, count), t.TempDir()
		mustBackup(t, kept, log, backupSettings{cut: 9_000, small: 1})
		t.Chdir(t.TempDir())
		for i, there := range []string{"no folder", "an empty folder", "another ledger"} {
			dir := []string{filepath.Join(t.TempDir(), "new", "ledger"), "./relative/ledger", "another/../another"}[i]
			switch there {
			case "an empty folder":
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			case "another ledger":
				other, err := Open(t.Context(), Options{Dir: dir, Ledger: "other"})
				if err != nil {
					t.Fatal(err)
				}
				mustAppend(t, other, numbered(t, 0, 3))
				closeStore(t, other)
			}
			var report RestoreReport
			reading(t, kept, func(b *StoredBackup) {
				var err error
				if report, err = Restore(t.Context(), RestoreOptions{Dir: dir}, b); err != nil {
					t.Fatalf("%d commits where there is %s: %v", count, there, err)
				}
			})
			if report.Outcome != Restored || report.Commits != uint64(count) || report.Brought != uint64(count) || report.Damaged != "" {
				t.Errorf("%d commits where there is %s: %+v", count, there, report)
			}
			again := t.TempDir()
			s, err := Open(t.Context(), Options{Dir: dir, ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			mustBackup(t, again, s, backupSettings{cut: 9_000, small: 1})
			closeStore(t, s)
			if a, b := sealedFiles(t, kept), sealedFiles(t, again); !maps.Equal(a, b) {
				t.Errorf("%d commits where there is %s: a backup of what was restored differs", count, there)
			}
			goesOn(t, dir, internals{}, log)
			if there == "another ledger" {
				other := must(t, Options{Dir: dir, Ledger: "other"})
				if got := replayed(t, other, 0); len(got) != 1 {
					t.Errorf("the other ledger has %d commits", len(got))
				}
			}
		}
	}
}

// sealedFiles is the content of the files of commits of a backup, by name.
func sealedFiles(t *testing.T, dir string) map[string]string {
	all := map[string]string{}
	for path, text := range listing(t, dir) {
		if segmentNames.MatchString(filepath.Base(path)) {
			all[filepath.Base(path)] = text
		}
	}
	return all
}

// Where there is a ledger, or anything else, nothing is restored, and nothing is changed.
func TestRestoreElsewhere(t *testing.T) {
	log := history(t, 3)
	write := func(path, text string) string {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
		return filepath.Dir(path)
	}
	parent := t.TempDir()
	ledger := filepath.Join(parent, "ledger")
	s, err := Open(t.Context(), Options{Dir: ledger})
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, numbered(t, 0, 1))
	closeStore(t, s)
	held := filepath.Join(parent, "held")
	must(t, Options{Dir: held})
	for _, c := range []struct {
		name, dir string
		repair    bool
		want      error
	}{
		{"a ledger", ledger, false, ErrLedgerThere},
		{"only a checkpoint", write(filepath.Join(parent, "a", "ORGLEDGER_main.checkpoint"), "x"), false, ErrLedgerThere},
		{"a damaged marker", write(filepath.Join(parent, "b", markerName), "{}"), false, ErrLedgerThere},
		{"other things", write(filepath.Join(parent, "c", "notes.txt"), "x"), false, ErrNotLedger},
		{"a file", write(filepath.Join(parent, "d", "file"), "x") + "/file", false, ErrNotLedger},
		{"nothing to repair", filepath.Join(parent, "none"), true, ErrNotLedger},
		{"other things to repair", filepath.Join(parent, "c"), true, ErrNotLedger},
		{"a ledger that is held", held, false, ErrLedgerThere},
	} {
		before := listing(t, parent)
		if _, err := Restore(t.Context(), RestoreOptions{Dir: c.dir, Repair: c.repair}, log); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if !maps.Equal(listing(t, parent), before) {
			t.Errorf("%s: something was changed", c.name)
		}
	}
	_, err = Restore(t.Context(), RestoreOptions{Dir: held, Repair: true}, log)
	if _, ok := errors.AsType[*HeldError](err); !ok {
		t.Errorf("a repair of a ledger that is open: %v", err)
	}
}

// A source that breaks off, is damaged or is cancelled leaves nothing behind but an empty folder.
func TestRestoreFails(t *testing.T) {
	log := history(t, 12)
	gap := commitsIn{all: slices.Delete(slices.Clone(log.all), 5, 6)}
	changed := commitsIn{all: slices.Clone(log.all)}
	changed.all[7].Data = bytes.Replace(changed.all[7].Data, []byte("number"), []byte("nomber"), 1)
	unfenced := commitsIn{all: slices.Clone(log.all)}
	unfenced.all[7].Header = bytes.Replace(unfenced.all[7].Header, []byte("Last-Sequence: 7"), []byte("Last-Sequence: 6"), 1)
	for _, c := range []struct {
		name string
		ctx  context.Context
		from Source
		want string
	}{
		{"breaks off", t.Context(), commitsIn{all: log.all, broken: 7}, errBroken.Error()},
		{"has a gap", t.Context(), gap, "damaged at commit 6"},
		{"was changed", t.Context(), changed, "damaged at commit 8"},
		{"has another fence", t.Context(), unfenced, "commit 8 was written as the one after"},
		{"is cancelled", cancelled(), log, "canceled"},
		{"is missing", t.Context(), nil, "no source"},
	} {
		dir := filepath.Join(t.TempDir(), "ledger")
		_, err := Restore(c.ctx, RestoreOptions{Dir: dir}, c.from)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("a source that %s: %v", c.name, err)
		}
		if files := listing(t, dir); len(files) != 1 || present(filepath.Join(dir, restoringName)) {
			t.Errorf("a source that %s leaves %v", c.name, slices.Sorted(maps.Keys(files)))
		}
		if _, err := Restore(t.Context(), RestoreOptions{Dir: dir}, log); err != nil {
			t.Errorf("after a source that %s: %v", c.name, err)
		}
	}
}

// A log goes to a server, and on from there when that was interrupted; it never goes behind another history.
func TestRestoreServer(t *testing.T) {
	log := history(t, 40)
	url := external(t).ClientURL()
	to := Options{Server: url}
	if _, err := RestoreServer(t.Context(), to, commitsIn{all: log.all, broken: 15}, nil); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	there := len(rawCommits(t, must(t, Options{Server: url, ReadOnly: true})))
	report, err := RestoreServer(t.Context(), to, log, nil)
	if err != nil || report.Outcome != Restored || report.Brought != uint64(40-there) || report.Commits != 40 {
		t.Errorf("on from commit %d: %+v, %v", there, report, err)
	}
	if report, err := RestoreServer(t.Context(), to, log, nil); err != nil || report.Outcome != Whole || report.Brought != 0 {
		t.Errorf("again: %+v, %v", report, err)
	}
	for _, c := range []struct {
		name string
		from Source
		want error
	}{
		{"fewer commits", commitsIn{all: log.all[:39]}, ErrLedgerThere},
		{"another history", history(t, 41), ErrOtherHistory},
		{"another history of the same length", history(t, 40), ErrOtherHistory},
	} {
		if _, err := RestoreServer(t.Context(), to, c.from, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	s := must(t, to)
	if got := framed(t, s, 1); !bytes.Equal(got, framed(t, log, 1)) {
		t.Error("the server holds something else")
	}
	replayed(t, s, 0)
	mustAppend(t, s, numbered(t, 9000, 1))
}

// Who records on a server while a log is restored there is not written over: the restore ends.
func TestRestoreServerFenced(t *testing.T) {
	log := history(t, 30)
	url := external(t).ClientURL()
	if _, err := RestoreServer(t.Context(), Options{Server: url}, commitsIn{all: log.all[:10]}, nil); err != nil {
		t.Fatal(err)
	}
	s := must(t, Options{Server: url})
	replayed(t, s, 0)
	rival := interposed{log, func(place uint64) {
		if place == 11 { // the first that the server has not got
			mustAppend(t, s, numbered(t, 9000, 1))
		}
	}}
	if _, err := RestoreServer(t.Context(), Options{Server: url}, rival, nil); !errors.Is(err, ErrFenced) {
		t.Fatalf("beside somebody who records: %v", err)
	}
	all := rawCommits(t, s)
	if err := newProver("main", state{}).takeAll(all); err != nil {
		t.Errorf("the log is no history any more: %v", err)
	}
}

// interposed lets something happen before a commit is given.
type interposed struct {
	commitsIn
	before func(place uint64)
}

func (s interposed) Commits(ctx context.Context, from uint64, begin func(uint64) error, fn func(RawCommit) error) error {
	return s.commitsIn.Commits(ctx, from, begin, func(c RawCommit) error {
		s.before(c.Place)
		return fn(c)
	})
}

// takeAll proves commits one after the other.
func (p *prover) takeAll(all []RawCommit) error {
	for _, c := range all {
		if err := p.take(c); err != nil {
			return fmt.Errorf("commit %d: %w", c.Place, err)
		}
	}
	return nil
}
