package eventstore

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/orgledger/orgledger/audit"
)

const (
	slots    = 4    // of a checkpoint; see keeper.write
	slotSize = 4096 // no smaller than what a disk writes at once
)

// checkpoint is what the log beside it has to hold at least. It is kept in the file STREAM.checkpoint of
// the data folder, in slots that take turns, so that a crash while one is written leaves the one
// before. Its loss costs nothing that is recorded, but the log is then refused; it is trusted to tell
// a commit that was acknowledged from one that never was.
type checkpoint struct {
	Format int    `json:"format"`
	Stream string `json:"stream"`
	Write  uint64 `json:"write"`  // counts the writes; the highest is the newest
	Commit uint64 `json:"commit"` // the last one that may have been acknowledged; 0: none
	Entry  uint64 `json:"entry"`  // its last entry
	Root   string `json:"root"`   // of the log up to there, in hexadecimal; empty: no commit
	Next   uint64 `json:"next"`   // up to here, commits may be on their way
}

func checkpointPath(dir, stream string) string { return filepath.Join(dir, stream+".checkpoint") }

// covers makes it say that everything up to a head may have been acknowledged. What is on its way stays.
func (c *checkpoint) covers(h *Head) {
	c.Commit, c.Entry, c.Root, c.Next = h.StreamSeq, h.Seq, "", max(c.Next, h.StreamSeq)
	if h.StreamSeq > 0 {
		c.Root = hex.EncodeToString(h.Root[:])
	}
}

// matches reports whether a head is the one that was acknowledged.
func (c *checkpoint) matches(commit, entry uint64, root [audit.HashSize]byte) bool {
	return c.Commit == commit && c.Entry == entry && (commit == 0 || c.Root == hex.EncodeToString(root[:]))
}

// readCheckpoint reads the newest slot that is whole. The error is fs.ErrNotExist where there is no file.
func readCheckpoint(path, stream string) (newest checkpoint, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return newest, err
	}
	found, reason := false, error(errors.New("it is empty"))
	for i := 0; i*slotSize < len(text); i++ {
		line, _, _ := bytes.Cut(text[i*slotSize:min((i+1)*slotSize, len(text))], []byte("\n"))
		var c checkpoint
		if err := unseal(append(bytes.Clone(line), '\n'), &c); err != nil {
			reason = err
			continue
		}
		if err := checkFormat(strconv.Itoa(c.Format)); err != nil {
			return newest, fmt.Errorf("%s: %w", path, err)
		}
		if c.Stream == stream && (!found || c.Write > newest.Write) {
			newest, found = c, true
		}
	}
	if !found {
		return newest, fmt.Errorf("%s is damaged: %w", path, reason)
	}
	return newest, nil
}

// createCheckpoint makes the file with every slot written, so that no later write needs room on the disk:
// that of a log which ends with a head. After a crash there is the whole file or none.
func createCheckpoint(path, stream string, at *Head) (err error) {
	text := make([]byte, slots*slotSize)
	for i := range slots {
		c := checkpoint{Format: format, Stream: stream}
		if at.StreamSeq > 0 {
			c.covers(at)
		}
		line, err := seal(c)
		if err != nil {
			return err
		}
		copy(text[i*slotSize:], line)
	}
	return replaceFile(path, text)
}

// replaceFile gives a file another content: after a crash there is the old one or the new one. What a
// crash leaves beside it is a file whose name goes on after that of the file.
func replaceFile(path string, text []byte) (err error) {
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, dropFile(draft.Name()))
		}
	}()
	_, err = draft.Write(text)
	if err = errors.Join(err, draft.Chmod(0o644), draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err = os.Rename(draft.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// dropFile removes a file that need not be there.
func dropFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
