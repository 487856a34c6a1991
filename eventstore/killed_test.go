//go:build unix

package eventstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// errand is what a process of its own is to do, and at which of its steps it is killed.
type errand struct {
	Op     string // backup, restore or repair
	Source string // a backup
	Dir    string
	Kill   int // 0: not at all
}

// environment variable in which an errand is handed over.
const errandVariable = "ORGLEDGER_TEST_ERRAND"

// run runs the errand in a process of its own, and reports whether that was killed.
func (e errand) run(t *testing.T) (killed bool) {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestErrand$")
	command.Env = append(os.Environ(), errandVariable+"="+string(text))
	out, err := command.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
			return true
		}
	}
	if err != nil {
		t.Fatalf("%+v: %v\n%s", e, err, out)
	}
	return false
}

// TestErrand is the process that an errand runs in. By itself it does nothing.
func TestErrand(t *testing.T) {
	text, given := os.LookupEnv(errandVariable)
	if !given {
		t.Skip("it is run by other tests")
	}
	var e errand
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatal(err)
	}
	step := func(string) error {
		if e.Kill--; e.Kill == 0 {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	}
	from, err := OpenBackup(e.Source, "main")
	if err != nil {
		t.Fatal(err)
	}
	if e.Op == "backup" {
		_, err = backup(t.Context(), BackupOptions{Dir: e.Dir}, from, backupSettings{cut: 6_000, small: 4_000, step: step})
	} else {
		_, err = restore(t.Context(), RestoreOptions{Dir: e.Dir, Repair: e.Op == "repair"}, from, step)
	}
	if err := errors.Join(err, from.Close()); err != nil {
		t.Fatal(err)
	}
}

// everyKill runs an errand again and again, prepared anew and killed one step later each time, until it is not
// killed any more, and has each outcome checked.
func everyKill(t *testing.T, e errand, least int, prepare func(), check func(killed bool)) {
	t.Helper()
	for e.Kill = 1; ; e.Kill++ {
		prepare()
		killed := e.run(t)
		check(killed)
		if t.Failed() {
			t.Fatalf("killed at step %d", e.Kill)
		}
		if !killed {
			break
		}
	}
	if e.Kill <= least {
		t.Errorf("it has only %d steps", e.Kill-1)
	}
	t.Logf("%s: killed at each of %d steps", e.Op, e.Kill-1)
}

// A backup that is killed at any step is one of before or one of some commits more, sound, and is finished by the next.
func TestKilledBackup(t *testing.T) {
	log := history(t, 30)
	source, dir := t.TempDir(), filepath.Join(t.TempDir(), "backup")
	mustBackup(t, source, log, backupSettings{})
	for _, before := range []int{0, 12} {
		everyKill(t, errand{Op: "backup", Source: source, Dir: dir}, 15, func() {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			if before > 0 {
				mustBackup(t, dir, commitsIn{all: log.all[:before]}, backupSettings{cut: 6_000, small: 4_000})
			}
		}, func(killed bool) {
			report, err := CheckBackup(t.Context(), BackupOptions{Dir: dir})
			if err != nil && !(before == 0 && errors.Is(err, ErrNotBackup)) || report.Commits < uint64(before) || !killed && report.Commits != 30 {
				t.Fatalf("%d commits, %v", report.Commits, err)
			}
			if err == nil {
				reading(t, dir, func(b *StoredBackup) {
					if !bytes.Equal(framed(t, b, 1), framed(t, commitsIn{all: log.all[:report.Commits]}, 1)) {
						t.Error("it holds something else")
					}
				})
			}
			mustBackup(t, dir, log, backupSettings{cut: 6_000, small: 4_000})
			holds(t, dir, log, 30)
		})
	}
}

// A restore that is killed at any step leaves no ledger, or the whole one; nothing opens what is not finished, and
// running it again finishes it.
func TestKilledRestore(t *testing.T) {
	log := history(t, 20)
	source, dir := t.TempDir(), filepath.Join(t.TempDir(), "ledger")
	mustBackup(t, source, log, backupSettings{})
	seen := map[string]int{}
	everyKill(t, errand{Op: "restore", Source: source, Dir: dir}, 8, func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}, func(killed bool) {
		s, err := Open(t.Context(), Options{Dir: dir, ReadOnly: true})
		switch {
		case err == nil:
			seen["whole"]++
			if got := rawCommits(t, s); len(got) != 20 {
				t.Errorf("half a restore is a ledger of %d commits", len(got))
			}
			closeStore(t, s)
		case errors.Is(err, ErrUnfinishedRestore):
			seen["unfinished"]++
		case errors.Is(err, ErrNotLedger) && !present(filepath.Join(dir, "jetstream")):
			seen["none"]++
		default:
			t.Error(err)
		}
		if killed && err != nil {
			report, err := Restore(t.Context(), RestoreOptions{Dir: dir}, log)
			if err != nil || report.Commits != 20 {
				t.Fatalf("run again: %+v, %v", report, err)
			}
			seen[report.Outcome]++
		}
		goesOn(t, dir, internals{}, log)
	})
	if seen["unfinished"] < 5 || seen["whole"] < 1 || seen[Finished] < 3 || seen[Restored] < 3 {
		t.Errorf("the outcomes were %v", seen)
	}
}

// A repair that is killed at any step loses nothing of what the folder held: running it again finishes it, although
// the older backup has only the first half.
func TestKilledRepair(t *testing.T) {
	p := newPatient(t)
	seen := map[string]int{}
	for _, name := range []string{"first block deleted", "marker, meta.inf and a bit", "marker and meta.sum lost"} {
		var damaged map[string]string
		everyKill(t, errand{Op: "repair", Source: p.older, Dir: p.dir}, 6, func() {
			p.restore(t, p.whole)
			for _, a := range ailments {
				if a.name == name {
					if err := a.damage(p); err != nil {
						t.Fatal(err)
					}
				}
			}
			damaged = p.state(t)
		}, func(killed bool) {
			p.kept(t, damaged, asideOf(t, p.dir))
			_, err := p.open(t, nil)
			if killed && err == nil && present(filepath.Join(p.dir, restoringName, completeName)) {
				t.Error("half a repair opens")
			}
			if err != nil {
				report, err := p.repair(t, p.older, RestoreOptions{})
				if err != nil || report.Commits != uint64(len(p.log.all)) {
					t.Fatalf("run again: %+v, %v", report, err)
				}
				seen[report.Outcome]++
				p.kept(t, damaged, asideOf(t, p.dir))
			}
			goesOn(t, p.dir, p.in, p.log)
		})
	}
	if seen[Finished] < 10 || seen[Repaired] < 6 {
		t.Errorf("the outcomes were %v", seen)
	}
}

// asideOf is the folder of damaged files; empty: there is none.
func asideOf(t *testing.T, dir string) string {
	t.Helper()
	found, err := fs.Glob(os.DirFS(dir), "damaged-*")
	if err != nil || len(found) > 1 {
		t.Fatalf("the folders of damaged files are %s, %v", strings.Join(found, ", "), err)
	}
	if len(found) == 0 {
		return ""
	}
	return filepath.Join(dir, found[0])
}
