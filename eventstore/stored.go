package eventstore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// StoredBackup is a backup that is read. It is a Source; nothing adds to it until it is closed.
type StoredBackup struct {
	dir      string
	manifest manifest
	lock     *flock.Flock // nil where there is no lock file, as in a copy
}

// OpenBackup opens a folder that Backup has written, of a ledger, and changes nothing there. The error is
// ErrNotBackup where it is none, ErrOtherHistory where it is of another ledger, ErrBackupHeld while one is
// being made there, and a *BackupDamage where the manifest is not what was written.
func OpenBackup(dir, ledger string) (_ *StoredBackup, err error) {
	b := &StoredBackup{dir: dir}
	path := filepath.Join(dir, lockName)
	if _, err := os.Stat(path); err == nil {
		b.lock = flock.New(path, flock.SetFlag(os.O_RDONLY))
		held, err := b.lock.TryRLock()
		if err != nil {
			return nil, fmt.Errorf("lock the backup %s: %w", dir, err)
		}
		if !held {
			return nil, fmt.Errorf("%s: %w", dir, ErrBackupHeld)
		}
	}
	if b.manifest, err = readManifest(dir); err == nil && b.manifest.Ledger != cmp.Or(ledger, "main") {
		err = fmt.Errorf("%s: %w: it is a backup of the ledger %s", dir, ErrOtherHistory, b.manifest.Ledger)
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// Close lets others add to the backup.
func (b *StoredBackup) Close() error {
	if b.lock == nil {
		return nil
	}
	return b.lock.Unlock()
}

// Commits makes the backup a Source. A file is read whole and has to have its checksum before anything
// of it is given to fn.
func (b *StoredBackup) Commits(ctx context.Context, from uint64, begin func(last uint64) error, fn func(RawCommit) error) error {
	if err := begin(b.manifest.Commit); err != nil {
		return err
	}
	for i := range b.manifest.Segments {
		s := &b.manifest.Segments[i]
		if s.LastCommit < from {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		text, err := readSegment(b.dir, s)
		if err != nil {
			return err
		}
		err = b.frames(s, text, func(c RawCommit) error {
			if err := ctx.Err(); err != nil || c.Place < from {
				return err
			}
			return fn(c)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// frames goes along the commits of a file, which have to be those that the manifest says. An error of fn is
// returned as it is.
func (b *StoredBackup) frames(s *segment, text []byte, fn func(RawCommit) error) error {
	next := s.FirstCommit
	var own error
	last, err := ReadCommits(bytes.NewReader(text), b.manifest.Ledger, func(c RawCommit) error {
		if c.Place != next || c.Place > s.LastCommit {
			return fmt.Errorf("it has commit %d in place of %d", c.Place, next)
		}
		own = fn(c)
		next++
		return own
	})
	switch {
	case own != nil:
		return own
	case err == nil && last != s.LastCommit:
		err = fmt.Errorf("it ends with commit %d instead of %d", last, s.LastCommit)
	case errors.Is(err, ErrNewerFormat):
		return err
	}
	if err != nil {
		return &BackupDamage{File: filepath.Join(b.dir, s.File), Commit: next, Err: err}
	}
	return nil
}

// CheckBackup reads every file of a backup, compares it with its checksum, and proves every commit from the first
// on. It changes nothing. Its error joins a *BackupDamage for each file that is not what was written. progress,
// which may be nil, is told of commits.
func CheckBackup(ctx context.Context, o BackupOptions) (report BackupReport, err error) {
	b, err := OpenBackup(o.Dir, o.Ledger)
	if err != nil {
		return report, fmt.Errorf("check the backup: %w", err)
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	check := &backupCheck{StoredBackup: b, prover: newProver(b.manifest.Ledger, state{}), progress: o.Progress}
	for i := range b.manifest.Segments {
		if err := ctx.Err(); err != nil {
			return report, err
		}
		check.segment(&b.manifest.Segments[i])
	}
	if err := errors.Join(check.found...); err != nil {
		return report, fmt.Errorf("check the backup: %w", err)
	}
	return b.manifest.report(o.Dir), nil
}

// backupCheck goes along a backup and collects what is wrong.
type backupCheck struct {
	*StoredBackup
	prover   *prover
	progress func(done, total uint64)
	found    []error
}

// segment checks one file. Behind the first that is damaged nothing can be proved, and only checksums are compared.
func (k *backupCheck) segment(s *segment) {
	text, err := readSegment(k.dir, s)
	if errors.Is(err, fs.ErrNotExist) || len(k.found) > 0 {
		if err != nil {
			k.found = append(k.found, err)
		}
		return
	}
	wrong := err
	damage := &BackupDamage{File: filepath.Join(k.dir, s.File)}
	err = k.frames(s, text, func(c RawCommit) error {
		if err := k.prover.take(c); err != nil {
			damage.Commit, damage.Err = c.Place, err
			return damage
		}
		if k.progress != nil {
			k.progress(c.Place, k.manifest.Commit)
		}
		return nil
	})
	if err == nil && (k.prover.Seq != s.LastEntry || hex.EncodeToString(k.prover.Root[:]) != s.Root) {
		damage.Commit, damage.Err = s.LastCommit, errors.New("it does not end with the entry and the root that the manifest says")
		err = damage
	}
	if err == nil {
		err = wrong
	}
	if err != nil {
		k.found = append(k.found, err)
	}
}
