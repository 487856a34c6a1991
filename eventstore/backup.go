package eventstore

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// BackupOptions say what is kept where.
type BackupOptions struct {
	Dir      string                   // of the backup; it is created where it is missing
	Ledger   string                   // whose commits they are; empty: main
	Clock    func() time.Time         // nil: time.Now
	Progress func(done, total uint64) // commits; nil: nobody is told
}

// BackupReport says what a backup holds.
type BackupReport struct {
	Backup       string     `json:"backup"` // its folder
	Ledger       string     `json:"ledger"`
	AddedCommits uint64     `json:"added_commits"`
	AddedEntries uint64     `json:"added_entries"`
	Commits      uint64     `json:"commits"`
	Entries      uint64     `json:"entries"`
	Files        int        `json:"files"`
	Bytes        int64      `json:"bytes"`         // of its files of commits
	LastRecorded *time.Time `json:"last_recorded"` // null for an empty ledger
	Root         string     `json:"root"`          // of the Merkle tree over all entries, in hexadecimal
}

// Backup copies to a folder what a log holds at the moment and the backup there has not got, and proves every
// commit on the way, from the root that the backup has. Each file of commits is there before the manifest
// names it, so that a crash at any step leaves the backup as it was before or as it is after, and files
// that the next Backup removes.
//
// The error is ErrOtherHistory where the log does not hold the last commit of the backup as it is there,
// ErrBackupHeld where another process is making a backup in the folder, ErrNotBackup where there is something
// else, a *BackupDamage where the backup is not what was written, and a *DamageError where the log is not.
// What was copied before an error stays, as an earlier backup.
func Backup(ctx context.Context, o BackupOptions, from Source) (BackupReport, error) {
	return backup(ctx, o, from, backupSettings{})
}

// backupSettings are what a test replaces.
type backupSettings struct {
	cut   int64              // how long a file of commits gets; 0: 64 MiB
	small int64              // a last file shorter than this is taken into the next; 0: 4 MiB
	step  func(string) error // is told of each step before and after it is done; its error is a crash
}

func (in *backupSettings) complete() {
	in.cut, in.small = cmp.Or(in.cut, 64<<20), cmp.Or(in.small, 4<<20)
	if in.step == nil {
		in.step = func(string) error { return nil }
	}
}

func backup(ctx context.Context, o BackupOptions, from Source, in backupSettings) (report BackupReport, err error) {
	in.complete()
	o.Ledger = cmp.Or(o.Ledger, "main")
	if o.Clock == nil {
		o.Clock = time.Now
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("back up the ledger %s: %w", o.Ledger, err)
		}
	}()
	b, err := openBackup(o, in)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, b.lock.Unlock()) }()
	before := b.manifest
	if err := b.extend(ctx, from); err != nil {
		return report, err
	}
	report = b.manifest.report(o.Dir)
	report.AddedCommits, report.AddedEntries = b.manifest.Commit-before.Commit, b.manifest.Entry-before.Entry
	return report, nil
}

func (m *manifest) report(dir string) BackupReport {
	r := BackupReport{Backup: dir, Ledger: m.Ledger, Commits: m.Commit, Entries: m.Entry, Files: len(m.Segments), Bytes: m.bytes(), Root: m.Root}
	if m.Commit > 0 {
		r.LastRecorded = &m.Recorded
	}
	return r
}

// backupFolder is a backup that this process adds to.
type backupFolder struct {
	options  BackupOptions
	in       backupSettings
	lock     *flock.Flock
	manifest manifest
	prover   *prover
	open     *draft // the file that is being written; nil: none
}

// openBackup takes hold of a folder, and begins a backup where it is empty.
func openBackup(o BackupOptions, in backupSettings) (_ *backupFolder, err error) {
	if err := inspectBackup(o.Dir); err != nil {
		return nil, err
	}
	if err := createDir(o.Dir); err != nil {
		return nil, fmt.Errorf("create the folder: %w", err)
	}
	b := &backupFolder{options: o, in: in, lock: flock.New(filepath.Join(o.Dir, lockName), flock.SetPermissions(0o644))}
	held, err := b.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", o.Dir, err)
	}
	if !held {
		return nil, fmt.Errorf("%s: %w", o.Dir, ErrBackupHeld)
	}
	if err := b.begin(); err != nil {
		return nil, errors.Join(err, b.lock.Unlock())
	}
	return b, nil
}

// inspectBackup refuses a folder that holds something else. It changes nothing.
func inspectBackup(dir string) error {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look into the folder of the backup: %w", err)
	}
	for _, file := range files {
		if file.Name() == manifestName {
			return nil
		}
	}
	for _, file := range files {
		if name := file.Name(); name != lockName && !strings.HasPrefix(name, manifestName+".") {
			return fmt.Errorf("%s: %w: the folder is not empty (%s), and has no %s", dir, ErrNotBackup, name, manifestName)
		}
	}
	return nil
}

// begin reads the manifest, writes that of an empty backup where there is none, and removes what a backup
// that did not end has left.
func (b *backupFolder) begin() (err error) {
	b.manifest, err = readManifest(b.options.Dir)
	if errors.Is(err, ErrNotBackup) {
		b.manifest = manifest{Format: format, Ledger: b.options.Ledger, Root: hex.EncodeToString(new(Head).Root[:])}
		err = b.writeManifest()
	}
	if err != nil {
		return err
	}
	if b.manifest.Ledger != b.options.Ledger {
		return fmt.Errorf("%s: %w: it is a backup of the ledger %s", b.options.Dir, ErrOtherHistory, b.manifest.Ledger)
	}
	for _, s := range b.manifest.Segments {
		info, err := os.Stat(b.path(s.File))
		if err == nil && info.Size() != s.Bytes {
			err = fmt.Errorf("it has %d bytes, and had %d", info.Size(), s.Bytes)
		}
		if err != nil {
			return &BackupDamage{File: b.path(s.File), Commit: s.FirstCommit, Err: err}
		}
	}
	at, err := b.manifest.state()
	if err != nil {
		return err
	}
	b.prover = newProver(b.options.Ledger, at)
	return b.clean()
}

func (b *backupFolder) path(file string) string { return filepath.Join(b.options.Dir, file) }

// writeManifest replaces the manifest: after a crash there is the old one or the new one.
func (b *backupFolder) writeManifest() error {
	text, err := seal(b.manifest)
	if err == nil {
		err = b.in.step("manifest")
	}
	if err == nil {
		err = replaceFile(b.path(manifestName), text)
	}
	if err == nil {
		err = b.in.step("manifest written")
	}
	return err
}

// clean removes the files that the manifest does not name.
func (b *backupFolder) clean() error {
	files, err := os.ReadDir(b.options.Dir)
	if err != nil {
		return err
	}
	for _, file := range files {
		if !b.manifest.leftover(file.Name()) {
			continue
		}
		if err := errors.Join(b.in.step("cleaning"), dropFile(b.path(file.Name()))); err != nil {
			return fmt.Errorf("remove what an unfinished backup has left: %w", err)
		}
	}
	return nil
}

// extend takes from a log what the backup has not got. The last commit of the backup is asked for as well, to
// see that the log still has it.
func (b *backupFolder) extend(ctx context.Context, from Source) (err error) {
	defer func() { err = errors.Join(err, b.abandon()) }()
	known := b.manifest.Commit
	var last uint64
	err = from.Commits(ctx, max(known, 1), func(end uint64) error {
		if last = end; last < known {
			return fmt.Errorf("%w: the log ends with commit %d, and the backup with commit %d", ErrOtherHistory, last, known)
		}
		return nil
	}, func(c RawCommit) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.Place == known {
			return b.recognise(c)
		}
		if b.options.Progress != nil {
			defer func() { b.options.Progress(c.Place-known, last-known) }()
		}
		return b.add(c)
	})
	if err == nil && b.prover.StreamSeq != last {
		err = fmt.Errorf("the log was to go to commit %d, and ended with commit %d", last, b.prover.StreamSeq)
	}
	if err != nil {
		return err
	}
	return b.finish()
}

// recognise checks that a commit is the last one of the backup.
func (b *backupFolder) recognise(c RawCommit) error {
	h, err := c.identity()
	if err != nil {
		return &DamageError{Stream: streamName(b.options.Ledger), StreamSeq: c.Place, First: b.manifest.Entry, Err: err}
	}
	if h.id.String() != b.manifest.ID || hex.EncodeToString(h.root[:]) != b.manifest.Root {
		return fmt.Errorf("%w: commit %d of the log is not the commit %d that was backed up", ErrOtherHistory, c.Place, c.Place)
	}
	return nil
}

// add proves one commit and writes it.
func (b *backupFolder) add(c RawCommit) (err error) {
	if b.open == nil {
		if b.open, err = b.newDraft(); err != nil {
			return fmt.Errorf("begin a file of commits: %w", err)
		}
	}
	if err := b.prover.take(c); err != nil {
		return b.prover.damaged(err)
	}
	if err := b.open.commit(&c); err != nil {
		return fmt.Errorf("write commit %d: %w", c.Place, err)
	}
	if b.open.bytes >= b.in.cut {
		return b.finish()
	}
	return nil
}
