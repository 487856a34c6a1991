package indexfile

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/orgledger/orgledger/audit/durable"
)

// Pace says how a file is written.
type Pace bool

// The paces. At leisure, a write takes at most half of one processor, and gives the disk time for what else is synced.
const (
	AtOnce    Pace = false
	AtLeisure Pace = true
)

// draftSuffix is what the name of a file ends in while it is written. A crash leaves it; the next write takes its place.
const draftSuffix = ".new"

// syncEvery is after how many bytes a file that is being written is synced, so that what else is synced need not wait long.
const syncEvery = 8 << 20

// Write puts a snapshot in the place of the file, if any. After a crash there is the old file or the new one. Where ctx ends
// before, the old one stays. One process at a time may write.
func Write(ctx context.Context, path string, s *Snapshot, pace Pace) (err error) {
	list, err := newList(s)
	if err != nil {
		return fmt.Errorf("write a snapshot of the index: %w", err)
	}
	file, err := os.OpenFile(path+draftSuffix, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return fmt.Errorf("write a snapshot of the index: %w", err)
	}
	w := &writer{ctx: ctx, file: file, list: list, pace: pace, since: time.Now()}
	w.write([]byte(front))
	w.image(s)
	w.leaves(s)
	w.commits(s)
	if end, err := list.end(); err == nil {
		w.write(end)
	} else if w.err == nil {
		w.err = err
	}
	err = errors.Join(w.err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write a snapshot of the index: %w", errors.Join(err, drop(file.Name())))
	}
	return durable.SyncFolder(filepath.Dir(path))
}

// Drop removes a file, if it is there.
func Drop(path string) error { return drop(path) }

func drop(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// writer writes parts. After the first error it writes nothing.
type writer struct {
	ctx      context.Context
	file     *os.File
	list     *list
	pace     Pace
	unsynced int
	since    time.Time // when it last rested
	err      error
}

func (w *writer) write(data []byte) {
	if w.err == nil {
		w.err = w.ctx.Err()
	}
	if w.err != nil {
		return
	}
	if _, w.err = w.file.Write(data); w.err != nil {
		return
	}
	if w.unsynced += len(data); w.unsynced >= syncEvery {
		w.unsynced, w.err = 0, w.file.Sync()
	}
}

// part writes a part, and reports whether to go on.
func (w *writer) part(kind string, number int, data []byte) bool {
	if w.write(data); w.err != nil {
		return false
	}
	w.list.Parts = append(w.list.Parts, part{kind, number, int64(len(data)), sum(data)})
	if w.pace == AtLeisure {
		rest(w.ctx, time.Since(w.since))
		w.since = time.Now()
	}
	return true
}

// rest waits, unless ctx ends before.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (w *writer) image(s *Snapshot) {
	number := 0
	for chunk := range s.Image.Chunks() {
		if !w.part(partIndex, number, chunk) {
			return
		}
		number++
	}
}

func (w *writer) leaves(s *Snapshot) {
	var room []byte
	for i := uint64(0); i*leavesPart < s.Image.Seq() && w.err == nil; i++ {
		room, w.err = s.Kept.Leaves.Leaves(room[:0], i*leavesPart, min((i+1)*leavesPart, s.Image.Seq()))
		w.part(partLeaves, int(i), room)
	}
}

func (w *writer) commits(s *Snapshot) {
	var room []byte
	for i := 0; i*commitsPart < len(s.Kept.Firsts); i++ {
		room = room[:0]
		for _, first := range s.Kept.Firsts[i*commitsPart : min((i+1)*commitsPart, len(s.Kept.Firsts))] {
			room = binary.LittleEndian.AppendUint64(room, first)
		}
		if !w.part(partCommits, i, room) {
			return
		}
	}
}
