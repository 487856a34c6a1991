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

	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"
)

// mustBackup backs up into a folder.
func mustBackup(t testing.TB, dir string, from Source, in backupSettings) BackupReport {
	t.Helper()
	report, err := backup(t.Context(), BackupOptions{Dir: dir}, from, in)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// reading calls fn with a backup as a source.
func reading(t testing.TB, dir string, fn func(*StoredBackup)) {
	t.Helper()
	b, err := OpenBackup(dir, "main")
	if err != nil {
		t.Fatal(err)
	}
	fn(b)
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// holds checks that a backup is sound and holds exactly the first commits of a history, in no other files than its own.
func holds(t testing.TB, dir string, log commitsIn, commits int) {
	t.Helper()
	report, err := CheckBackup(t.Context(), BackupOptions{Dir: dir})
	if err != nil || report.Commits != uint64(commits) {
		t.Fatalf("the backup holds %d commits instead of %d: %v", report.Commits, commits, err)
	}
	reading(t, dir, func(b *StoredBackup) {
		if got := framed(t, b, 1); !bytes.Equal(got, framed(t, commitsIn{all: log.all[:commits]}, 1)) {
			t.Fatal("the backup does not hold what was recorded")
		}
	})
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != report.Files+2 {
		t.Errorf("%d files of commits, manifest and lock are the files %v, %v", report.Files, files, err)
	}
}

// However a log grows between backups and wherever their files are cut, the backup is what the log was, byte for byte.
func TestBackupGrows(t *testing.T) {
	log := history(t, 40)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 12 {
		dir := filepath.Join(t.TempDir(), "new", "backup")
		in := backupSettings{cut: 1 + random.Int64N(20_000), small: 1 + random.Int64N(6_000)}
		for upTo := 0; upTo < len(log.all); {
			before := upTo
			upTo = min(upTo+random.IntN(12), len(log.all))
			report := mustBackup(t, dir, commitsIn{all: log.all[:upTo]}, in)
			if report.AddedCommits != uint64(upTo-before) || report.Commits != uint64(upTo) {
				t.Fatalf("seed %d: from %d to %d: %+v", seed, before, upTo, report)
			}
			holds(t, dir, log, upTo)
		}
		m, err := readManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range m.Segments[:len(m.Segments)-1] {
			if s.Bytes < min(in.cut, in.small) {
				t.Errorf("seed %d, round %d: file %d is left with %d bytes: %+v", seed, round, i, s.Bytes, in)
			}
		}
	}
}

// An empty ledger has a backup, which goes on once something is recorded.
func TestBackupOfNothing(t *testing.T) {
	log, dir := history(t, 3), t.TempDir()
	if report := mustBackup(t, dir, commitsIn{}, backupSettings{}); report.LastRecorded != nil || report.Entries != 0 {
		t.Errorf("%+v", report)
	}
	holds(t, dir, log, 0)
	mustBackup(t, dir, log, backupSettings{})
	holds(t, dir, log, 3)
}

// While others record, each backup is the log as it was at some moment, no earlier than what was acknowledged
// when it began.
func TestBackupWhileRecording(t *testing.T) {
	s, dir := must(t, Options{Dir: t.TempDir()}), t.TempDir()
	var group errgroup.Group
	group.Go(func() error {
		for i := range 120 {
			if _, err := s.Append(t.Context(), s.Head().Seq, numbered(t, 10*i, 1+i%5)); err != nil {
				return err
			}
		}
		return nil
	})
	var ends []uint64
	for len(ends) == 0 || ends[len(ends)-1] < 120 {
		acknowledged := s.Head()
		report := mustBackup(t, dir, s, backupSettings{cut: 9_000, small: 2_000})
		if report.Entries < acknowledged.Seq {
			t.Fatalf("%d entries were acknowledged, and %d backed up", acknowledged.Seq, report.Entries)
		}
		if _, err := CheckBackup(t.Context(), BackupOptions{Dir: dir}); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, report.Commits)
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	holds(t, dir, commitsIn{all: rawCommits(t, s)}, 120)
	t.Logf("backups end with the commits %v", slices.Compact(ends))
}

// Another history, one that is shorter, or another ledger is refused, and the backup stays as it was.
func TestBackupOfAnotherHistory(t *testing.T) {
	log, dir := history(t, 10), t.TempDir()
	mustBackup(t, dir, log, backupSettings{})
	before := listing(t, dir)
	forged := commitsIn{all: slices.Clone(log.all)}
	forged.all = append(forged.all, history(t, 11).all[10])
	renamed := commitsIn{all: slices.Clone(log.all)}
	h, err := renamed.all[9].identity()
	if err != nil {
		t.Fatal(err)
	}
	renamed.all[9].Header = bytes.ReplaceAll(renamed.all[9].Header, []byte(h.id.String()), []byte("00000000-0000-4000-8000-000000000001"))
	for _, c := range []struct {
		name string
		from Source
		o    BackupOptions
		want error
	}{
		{"the same entries in another commit", renamed, BackupOptions{Dir: dir}, ErrOtherHistory},
		{"another history", history(t, 12), BackupOptions{Dir: dir}, ErrOtherHistory},
		{"another of the same length", history(t, 10), BackupOptions{Dir: dir}, ErrOtherHistory},
		{"a log that has lost commits", commitsIn{all: log.all[:9]}, BackupOptions{Dir: dir}, ErrOtherHistory},
		{"an empty log", commitsIn{}, BackupOptions{Dir: dir}, ErrOtherHistory},
		{"another ledger", log, BackupOptions{Dir: dir, Ledger: "other"}, ErrOtherHistory},
		{"a commit that does not follow", forged, BackupOptions{Dir: dir}, nil},
		{"a source that breaks off", commitsIn{all: append(slices.Clone(log.all), history(t, 2).all...), broken: 10}, BackupOptions{Dir: dir}, errBroken},
	} {
		_, err := Backup(t.Context(), c.o, c.from)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if !maps.Equal(listing(t, dir), before) {
			t.Fatalf("%s: the backup was changed", c.name)
		}
	}
	_, err = Backup(t.Context(), BackupOptions{Dir: dir}, forged)
	if damage, ok := errors.AsType[*DamageError](err); !ok || damage.StreamSeq != 11 {
		t.Errorf("a commit that does not follow: %v", err)
	}
}

// Where there is something else, and while another process is at it, nothing is backed up.
func TestBackupElsewhere(t *testing.T) {
	log, dir := history(t, 2), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Backup(t.Context(), BackupOptions{Dir: dir}, log); !errors.Is(err, ErrNotBackup) || len(listing(t, dir)) != 1 {
		t.Errorf("into a folder of other things: %v", err)
	}
	for _, none := range []string{dir, filepath.Join(dir, "none")} {
		if _, err := OpenBackup(none, "main"); !errors.Is(err, ErrNotBackup) {
			t.Errorf("%s opens as a backup: %v", none, err)
		}
	}
	dir = t.TempDir()
	mustBackup(t, dir, log, backupSettings{})
	lock := flock.New(filepath.Join(dir, lockName))
	if held, err := lock.TryLock(); !held || err != nil {
		t.Fatal(err)
	}
	if _, err := Backup(t.Context(), BackupOptions{Dir: dir}, log); !errors.Is(err, ErrBackupHeld) {
		t.Errorf("beside another backup: %v", err)
	}
	if _, err := CheckBackup(t.Context(), BackupOptions{Dir: dir}); !errors.Is(err, ErrBackupHeld) {
		t.Errorf("a check beside a backup: %v", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, lockName)); err != nil {
		t.Fatal(err)
	}
	if _, err := CheckBackup(t.Context(), BackupOptions{Dir: dir}); err != nil || present(filepath.Join(dir, lockName)) {
		t.Errorf("a check of a copy without a lock file: %v", err)
	}
}

// A manifest of a later version is refused by what would read or go on with it.
func TestBackupOfALaterFormat(t *testing.T) {
	log, dir := history(t, 2), t.TempDir()
	mustBackup(t, dir, log, backupSettings{})
	m, err := readManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	m.Format++
	text, err := seal(m)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, manifestName), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Backup(t.Context(), BackupOptions{Dir: dir}, log); !errors.Is(err, ErrNewerFormat) {
		t.Error(err)
	}
	if _, err := CheckBackup(t.Context(), BackupOptions{Dir: dir}); !errors.Is(err, ErrNewerFormat) {
		t.Error(err)
	}
}

// damagedBackup is a backup of several files, whole.
func damagedBackup(t *testing.T) (dir string, log commitsIn) {
	log, dir = history(t, 24), t.TempDir()
	mustBackup(t, dir, log, backupSettings{cut: 6_000, small: 1_000})
	if files := listing(t, dir); len(files) < 6 {
		t.Fatalf("only %d files", len(files))
	}
	return dir, log
}

// A file of a backup that is changed by one bit, cut off, made longer, emptied, exchanged or gone is found and
// named by a check, and neither restored from nor gone on with.
func TestDamagedBackup(t *testing.T) {
	dir, log := damagedBackup(t)
	whole := listing(t, dir)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	paths := slices.DeleteFunc(slices.Sorted(maps.Keys(whole)), func(path string) bool { return filepath.Base(path) == lockName })
	for i, path := range paths {
		text := whole[path]
		damaged := map[string]string{"cut off": text[:random.IntN(len(text))], "longer": text + "x", "empty": "",
			"exchanged": whole[paths[(i+1)%len(paths)]]}
		for n := range 12 {
			bit := random.IntN(8 * len(text))
			flipped := []byte(text)
			flipped[bit/8] ^= 1 << (bit % 8)
			damaged[fmt.Sprintf("%d: bit %d", n, bit)] = string(flipped)
		}
		for what, now := range damaged {
			if err := os.WriteFile(path, []byte(now), 0o644); err != nil {
				t.Fatal(err)
			}
			refusedBackup(t, fmt.Sprintf("seed %d: %s, %s", seed, filepath.Base(path), what), dir, path, log)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		refusedBackup(t, filepath.Base(path)+" gone", dir, path, log)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	holds(t, dir, log, 24)
}

// refusedBackup checks that the file is named, that nothing is restored, and that nothing is changed.
func refusedBackup(t *testing.T, what, dir, path string, log commitsIn) {
	t.Helper()
	before := listing(t, dir)
	_, err := CheckBackup(t.Context(), BackupOptions{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), filepath.Base(path)) {
		t.Errorf("%s: the check says %v", what, err)
	}
	target := filepath.Join(t.TempDir(), "ledger")
	if b, err := OpenBackup(dir, "main"); err == nil {
		_, err := Restore(t.Context(), RestoreOptions{Dir: target}, b)
		if damage, ok := errors.AsType[*BackupDamage](err); !ok || damage.File != path {
			t.Errorf("%s: the restore says %v", what, err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if files := listing(t, target); len(files) > 1 {
			t.Errorf("%s: the restore leaves %v", what, slices.Sorted(maps.Keys(files)))
		}
	}
	if filepath.Base(path) == manifestName {
		if _, err := Backup(t.Context(), BackupOptions{Dir: dir}, log); err == nil {
			t.Errorf("%s: the backup goes on", what)
		}
	}
	if !maps.Equal(listing(t, dir), before) {
		t.Errorf("%s: the backup was changed", what)
	}
}

// The commit that is named first is the first that cannot be had, and every file that is damaged is named.
func TestCheckNamesCommits(t *testing.T) {
	dir, log := damagedBackup(t)
	m, err := readManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{1, 3} {
		path := filepath.Join(dir, m.Segments[i].File)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(text, fmt.Appendf(nil, "commit %d ", m.Segments[i].FirstCommit+1))
		text[at+400] ^= 4
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err = CheckBackup(t.Context(), BackupOptions{Dir: dir})
	want := fmt.Sprintf("%s, from commit %d on", m.Segments[1].File, m.Segments[1].FirstCommit+1)
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), m.Segments[3].File) {
		t.Errorf("%v does not name %s", err, want)
	}
	if _, err := Backup(t.Context(), BackupOptions{Dir: dir}, log); err != nil {
		t.Errorf("nothing new, nothing touched: %v", err)
	}
}
