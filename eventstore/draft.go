package eventstore

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

// draftPrefix begins the names of files that are not finished.
const draftPrefix = "draft-"

// draft is a file of commits that is being written. Its bytes are counted and hashed on the way.
type draft struct {
	file   *os.File
	out    *bufio.Writer
	sum    hash.Hash
	bytes  int64
	room   []byte
	made   segment
	taken  bool    // the last segment of the backup is in it
	before segment // that segment
}

// Write counts and hashes.
func (d *draft) Write(text []byte) (int, error) {
	d.sum.Write(text)
	d.bytes += int64(len(text))
	return d.out.Write(text)
}

// newDraft begins a file that goes on after the backup. Where the last file is short, it begins with what is
// in that, so that a backup every hour does not leave a file every hour.
func (b *backupFolder) newDraft() (_ *draft, err error) {
	if err := b.in.step("draft"); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(b.options.Dir, draftPrefix)
	if err != nil {
		return nil, err
	}
	d := &draft{file: file, out: bufio.NewWriterSize(file, 256<<10), sum: sha256.New(),
		made: segment{FirstCommit: b.manifest.Commit + 1, FirstEntry: b.manifest.Entry + 1}}
	if last := len(b.manifest.Segments) - 1; last >= 0 && b.manifest.Segments[last].Bytes < b.in.small {
		d.before, d.taken = b.manifest.Segments[last], true
		err = b.takeOver(d)
	} else {
		_, err = fmt.Fprintf(d, framesBegin+"%d %s\n", format, b.options.Ledger)
	}
	if err != nil {
		return nil, errors.Join(err, d.drop())
	}
	return d, nil
}

// takeOver copies the commits of a file that has its checksum.
func (b *backupFolder) takeOver(d *draft) error {
	text, err := readSegment(b.options.Dir, &d.before)
	if err != nil {
		return err
	}
	end := fmt.Appendf(nil, framesEnd+"%d\n", d.before.LastCommit)
	if !bytes.HasSuffix(text, end) {
		return &BackupDamage{File: b.path(d.before.File), Commit: d.before.LastCommit, Err: errCutOff}
	}
	d.made.FirstCommit, d.made.FirstEntry = d.before.FirstCommit, d.before.FirstEntry
	_, err = d.Write(text[:len(text)-len(end)])
	return err
}

func (d *draft) commit(c *RawCommit) error {
	d.room = appendFrame(d.room[:0], c)
	_, err := d.Write(d.room)
	return err
}

// drop removes a draft that is not wanted any more.
func (d *draft) drop() error {
	err := d.file.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	return errors.Join(err, dropFile(d.file.Name()))
}

// abandon removes the draft that is left after an error. What a crash leaves, the next backup removes.
func (b *backupFolder) abandon() error {
	if b.open == nil {
		return nil
	}
	d := b.open
	b.open = nil
	return d.drop()
}

// finish makes the draft a file of the backup: durable, under its name, and then in the manifest. A crash before
// the manifest is replaced leaves the backup as it was, one after it as it is to be.
func (b *backupFolder) finish() error {
	d := b.open
	if d == nil {
		return nil
	}
	d.made.LastCommit, d.made.LastEntry, d.made.Root = b.prover.StreamSeq, b.prover.Seq, hex.EncodeToString(b.prover.Root[:])
	d.made.File = segmentName(d.made.FirstCommit, d.made.LastCommit)
	if _, err := fmt.Fprintf(d, framesEnd+"%d\n", d.made.LastCommit); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	d.made.Bytes, d.made.SHA256 = d.bytes, hex.EncodeToString(d.sum.Sum(nil))
	if err := b.place(d); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	b.open = nil
	segments := b.manifest.Segments
	if d.taken {
		segments = segments[:len(segments)-1]
	}
	b.manifest.Segments = append(append([]segment(nil), segments...), d.made)
	b.manifest.Made = b.options.Clock().UTC()
	b.manifest.reaches(b.prover)
	if err := b.writeManifest(); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	if d.taken {
		return dropFile(b.path(d.before.File))
	}
	return nil
}

// place gives a draft its name, durably.
func (b *backupFolder) place(d *draft) error {
	err := errors.Join(d.out.Flush(), b.in.step("draft written"), d.file.Chmod(0o644), d.file.Sync(), b.in.step("draft synced"))
	if err != nil {
		return err
	}
	if err := errors.Join(d.file.Close(), os.Rename(d.file.Name(), b.path(d.made.File)), b.in.step("draft named")); err != nil {
		return err
	}
	return errors.Join(syncDir(b.options.Dir), b.in.step("name synced"))
}

// readSegment reads a file of a backup whole, some 64 MiB, and checks it against what the manifest says of it.
func readSegment(dir string, s *segment) ([]byte, error) {
	path := dir + string(os.PathSeparator) + s.File
	file, err := os.Open(path)
	if err != nil {
		return nil, &BackupDamage{File: path, Commit: s.FirstCommit, Err: err}
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, s.Bytes+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if !s.sum(text) {
		return text, &BackupDamage{File: path, Commit: s.FirstCommit, Err: errors.New("it does not have its checksum")}
	}
	return text, nil
}
