package eventstore

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// system runs a command of the system, and skips the test where that is not permitted, unless
// ORGLEDGER_REQUIRE names mount.
func system(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err == nil {
		return
	}
	reason := fmt.Sprintf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	if slices.Contains(strings.Split(os.Getenv("ORGLEDGER_REQUIRE"), ","), "mount") {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// memory is a file system of that size in memory.
func memory(t *testing.T, size string) string {
	t.Helper()
	at := t.TempDir()
	system(t, "mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", at)
	t.Cleanup(func() {
		if out, err := exec.Command("umount", at).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return at
}

// disk is an ext4 file system in a file.
type disk struct{ image, at string }

func newDisk(t *testing.T, folder, size string) *disk {
	t.Helper()
	d := &disk{filepath.Join(folder, "image"), t.TempDir()}
	system(t, "truncate", "-s", size, d.image)
	system(t, "mkfs.ext4", "-q", "-F", "-E", "nodiscard", d.image)
	d.mount(t)
	t.Cleanup(func() { d.unmount(t) })
	return d
}

func (d *disk) mount(t *testing.T) {
	t.Helper()
	system(t, "mount", "-o", "loop,errors=remount-ro", d.image, d.at)
}

func (d *disk) unmount(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("umount", d.at).CombinedOutput(); err != nil {
		t.Errorf("umount: %v: %s", err, out)
	}
}

// fragile opens a store whose end fails as well when its disk does.
func fragile(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// fill appends commits until one fails, and gives back those that were acknowledged.
func fill(t *testing.T, s *Store, limit int) (acknowledged []Commit, err error) {
	t.Helper()
	for i := range limit {
		c, err := s.Append(t.Context(), s.Head().Seq, numbered(t, 100*i, 50))
		if err != nil {
			return acknowledged, err
		}
		acknowledged = append(acknowledged, c)
	}
	t.Fatalf("%d commits find room", limit)
	return nil, nil
}

// stopped checks that a store whose disk has failed refuses to record, at once, and goes on reading.
func stopped(t *testing.T, s *Store, acknowledged []Commit, err error) {
	t.Helper()
	if !errors.Is(err, ErrLogUnavailable) {
		t.Errorf("the disk fails: %v", err)
	}
	begin := time.Now()
	_, err = s.Append(t.Context(), s.Head().Seq, numbered(t, 0, 1))
	if !errors.Is(err, ErrLogUnavailable) || errors.Is(err, ErrUnknownOutcome) || time.Since(begin) > time.Second {
		t.Errorf("after %v the next append says %v", time.Since(begin), err)
	}
	s.cache = newCache(1)
	for _, c := range []Commit{acknowledged[0], acknowledged[len(acknowledged)-1]} {
		if e, _, err := s.Read(t.Context(), c.First); err != nil || !sameEntry(&e, &c.Entries[0]) {
			t.Errorf("read entry %d: %+v, %v", c.First, e, err)
		}
	}
	n := 0
	if err := s.Replay(t.Context(), 0, nil, func(Commit) error { n++; return nil }); err != nil || n < len(acknowledged) {
		t.Errorf("replay: %d commits, %v", n, err)
	}
}

// nothingMissing opens a folder again and checks that it holds what was acknowledged, and at most the one
// commit more whose outcome was unknown; and that recording goes on.
func nothingMissing(t *testing.T, dir string, acknowledged []Commit) {
	t.Helper()
	s := must(t, Options{Dir: dir})
	all := replayed(t, s, 0)
	if len(all) < len(acknowledged) || len(all) > len(acknowledged)+1 || !slices.EqualFunc(all[:len(acknowledged)], acknowledged, sameCommit) {
		t.Fatalf("%d commits were acknowledged, and %d are there", len(acknowledged), len(all))
	}
	mustAppend(t, s, numbered(t, 0, 2))
	closeStore(t, s)
	t.Logf("%d commits were acknowledged, %d are there", len(acknowledged), len(all))
}

// A full disk stops recording and not reading. With room again, and after a restart, nothing is missing.
func TestDiskFull(t *testing.T) {
	dir := memory(t, "2m")
	s := fragile(t, dir)
	acknowledged, err := fill(t, s, 1000)
	stopped(t, s, acknowledged, err)
	_ = s.Close() // may fail: it has no room either
	// Without room a start fails too, and destroys nothing.
	if again, err := Open(t.Context(), Options{Dir: dir}); err == nil {
		if got := replayed(t, again, 0); len(got) < len(acknowledged) {
			t.Errorf("with the disk still full %d of %d commits are there", len(got), len(acknowledged))
		}
		_ = again.Close()
	}
	system(t, "mount", "-o", "remount,size=20m", dir)
	nothingMissing(t, dir, acknowledged)
}

// A disk that fails below the file system makes fsync fail, and then everything that writes, for the file system
// becomes read-only. Recording stops, reading does not; with the disk back, nothing is missing.
func TestSyncFails(t *testing.T) {
	below := memory(t, "10m")
	d := newDisk(t, below, "64m")
	s := fragile(t, filepath.Join(d.at, "data"))
	acknowledged, err := fill(t, s, 2000)
	stopped(t, s, acknowledged, err)
	t.Logf("it says: %v", err)
	_ = s.Close() // cannot write what it would
	d.unmount(t)
	system(t, "mount", "-o", "remount,size=100m", below)
	d.mount(t)
	nothingMissing(t, filepath.Join(d.at, "data"), acknowledged)
}

// A machine that loses power keeps what was synced and nothing else. What was acknowledged is among it, again and
// again, and no start is refused.
func TestPowerLoss(t *testing.T) {
	d := newDisk(t, t.TempDir(), "64m")
	dir := filepath.Join(d.at, "data")
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	var acknowledged []Commit
	for round := range rounds {
		s := fragile(t, dir)
		all := replayed(t, s, 0)
		if len(all) < len(acknowledged) || len(all) > len(acknowledged)+1 || !slices.EqualFunc(all[:len(acknowledged)], acknowledged, sameCommit) {
			t.Fatalf("round %d: %d commits were acknowledged, and %d are there", round, len(acknowledged), len(all))
		}
		acknowledged = all
		var group sync.WaitGroup
		group.Go(func() {
			time.Sleep(time.Duration(50+17*round) * time.Millisecond) // amid the recording
			cutPower(t, d.at)
		})
		for i := 0; ; i++ {
			c, err := s.Append(t.Context(), s.Head().Seq, numbered(t, 1000*i, 1+i%40))
			if err != nil {
				if !errors.Is(err, ErrLogUnavailable) {
					t.Errorf("round %d: %v", round, err)
				}
				break
			}
			acknowledged = append(acknowledged, c)
		}
		group.Wait()
		_ = s.Close()
		d.unmount(t)
		d.mount(t)
	}
	nothingMissing(t, dir, acknowledged)
}

// cutPower makes ext4 stop at once, without writing what it has not yet written (EXT4_IOC_SHUTDOWN, which makes
// the file system fail as if the machine had lost power).
func cutPower(t *testing.T, at string) {
	folder, err := os.Open(at)
	if err != nil {
		t.Error(err)
		return
	}
	defer folder.Close()
	const shutdown, withoutFlush = 0x8004587d, 2
	flags := uint32(withoutFlush)
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, folder.Fd(), shutdown, uintptr(unsafe.Pointer(&flags))); errno != 0 {
		t.Errorf("cut the power: %v", errno)
	}
}

// On a disk that is too small, a backup and a restore end, say why, and leave what was there; with room they are finished.
func TestBackupAndRestoreOnAFullDisk(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir()})
	for range 8 {
		mustAppend(t, s, bulk(t, 1000))
	}
	log := commitsIn{all: rawCommits(t, s)} // of some 4 MB
	at := memory(t, "2m")
	if _, err := Backup(t.Context(), BackupOptions{Dir: filepath.Join(at, "kept")}, log); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a backup: %v", err)
	}
	if report, err := CheckBackup(t.Context(), BackupOptions{Dir: filepath.Join(at, "kept")}); err != nil || report.Commits != 0 {
		t.Errorf("the backup has %d commits, %v", report.Commits, err)
	}
	dir := filepath.Join(at, "ledger")
	if _, err := Restore(t.Context(), RestoreOptions{Dir: dir}, log); !errors.Is(err, ErrLogUnavailable) && !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a restore: %v", err)
	}
	if files := listing(t, dir); len(files) != 1 {
		t.Errorf("a restore leaves %d files", len(files))
	}
	system(t, "mount", "-o", "remount,size=64m", at)
	if _, err := Restore(t.Context(), RestoreOptions{Dir: dir}, log); err != nil {
		t.Error(err)
	}
	mustBackup(t, filepath.Join(at, "kept"), log, backupSettings{})
	holds(t, filepath.Join(at, "kept"), log, len(log.all))
}
