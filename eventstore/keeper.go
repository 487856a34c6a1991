package eventstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// keeper keeps the checkpoint of an embedded log in step with it, and makes durable what the server leaves
// out: the name of a new block. Two things are written for a commit n:
//
//  1. "Commits up to n and some more are on their way", if that is not on the disk already, or has not been said for
//     longer than lag. It is synced while the server writes and syncs the commit, and both have to be on the disk
//     before the commit is acknowledged.
//  2. "n is there", before the acknowledgement. That is given to the system and not synced: 1 takes it along for the
//     commits before, and where nothing follows it is synced after idle.
//
// Syncing 2 for every commit before it is acknowledged makes recording half as slow again, syncing 1 for every commit
// a quarter slower, and this as good as nothing; see BenchmarkCheckpoint. What a restart finds, if the process stops
//
//   - before the server has written n: nothing of it;
//   - while it writes: a record that is not whole behind a checkpoint of n-1. It is cut off;
//   - before 2: n, whole, behind a checkpoint of n-1. It stays, though nobody was told;
//   - after 2: a checkpoint of n, since the system has it. Anything less than n is damage.
//
// If the whole machine stops, the same, but that the checkpoint may be one of up to lag before; every commit that was
// acknowledged is on the disk. What the checkpoint then cannot tell is damage of another kind that hits the commits of
// that lag before the next start: a record at the very end that is not whole is taken for unfinished and cut off, as
// the log says, and records that are gone to the last byte are not missed. The next start closes that gap.
//
// A nil keeper keeps nothing. Its owner holds Store.appending.
type keeper struct {
	at     streamFolder
	file   *os.File
	sync   func(*os.File) error
	newest block      // the last block whose name is known to be on the disk
	now    checkpoint // as written last
	said   uint64     // what 1 says on the disk
	when   time.Time  // when it was said

	turn    [2]int64       // which slot of each pair was written last
	timer   *time.Timer    // flushes 2 where nothing follows
	flushes sync.WaitGroup // under way

	mu     sync.Mutex
	failed error // guarded by mu; of a flush nobody waited for
	closed bool  // guarded by mu
}

const (
	idle      = 2 * time.Millisecond  // how long a checkpoint waits for the next commit to take it along to the disk
	lag       = 10 * time.Millisecond // how long commits that follow one another rely on what was said
	foresight = 256                   // for how many more commits it is said at once
)

// The pairs of slots.
const (
	passing = 0
	lasting = 1
)

// openKeeper begins with a log that is durable up to what noted covers. sync makes the checkpoint durable.
func openKeeper(dir string, at streamFolder, noted checkpoint, sync func(*os.File) error) (k *keeper, err error) {
	file, err := os.OpenFile(checkpointPath(dir, at.stream), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	k = &keeper{at: at, file: file, sync: sync, now: noted}
	k.now.Format, k.now.Stream = format, at.stream
	blocks, err := at.blocks()
	if err == nil && len(blocks) > 0 {
		k.newest = blocks[len(blocks)-1]
	}
	// The names of all folders on the way are made durable: the server does not do that.
	for folder := at.messages(); err == nil && folder != filepath.Dir(dir); folder = filepath.Dir(folder) {
		err = syncDir(folder)
	}
	if err == nil {
		err = k.write(lasting)
	}
	if err == nil {
		err = sync(file)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	k.timer = time.AfterFunc(time.Hour, k.flushIdle)
	k.timer.Stop()
	return k, nil
}

// write gives the checkpoint to the system. The two slots for what is synced and the two for what is not take
// turns, so that whatever is being written when the machine stops, one that was synced before is left.
func (k *keeper) write(pair int64) error {
	k.now.Write++
	line, err := seal(k.now)
	if err != nil {
		return err
	}
	k.turn[pair] ^= 1
	_, err = k.file.WriteAt(line, (2*pair+k.turn[pair])*slotSize)
	return err
}

// announce begins to say that a commit is on its way. What it gives back tells, once, when that is on the
// disk. An error means that it is not going to be: then the commit must not be written.
func (k *keeper) announce(commit uint64) (<-chan error, error) {
	done := make(chan error, 1)
	if k == nil {
		done <- nil
		return done, nil
	}
	k.timer.Stop()
	k.mu.Lock()
	err := k.failed
	k.mu.Unlock()
	if err == nil && commit <= k.said && time.Since(k.when) < lag {
		done <- nil
		return done, nil
	}
	k.now.Next = commit + foresight
	if err == nil {
		err = k.write(lasting)
	}
	if err != nil {
		return nil, fmt.Errorf("announce commit %d in the checkpoint: %w", commit, err)
	}
	k.said, k.when = k.now.Next, time.Now() // or the commit fails
	k.flushes.Go(func() { done <- k.sync(k.file) })
	return done, nil
}

// confirm says that a commit is there, and has to be from now on.
func (k *keeper) confirm(h *Head) error {
	if k == nil {
		return nil
	}
	if err := k.syncNames(); err != nil {
		return fmt.Errorf("make the name of a block durable: %w", err)
	}
	k.now.covers(h)
	if err := k.write(passing); err != nil {
		return fmt.Errorf("put commit %d into the checkpoint: %w", h.StreamSeq, err)
	}
	k.timer.Reset(idle)
	return nil
}

// syncNames makes the names of new blocks durable. The server syncs a block, but not the folder, without
// which a machine that stops may have the bytes and not the file.
func (k *keeper) syncNames() error {
	for next := k.at.block(k.newest.number + 1); ; next = k.at.block(next.number + 1) {
		if _, err := os.Stat(next.path); errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		if err := syncDir(k.at.messages()); err != nil {
			return err
		}
		k.newest = next
	}
}

func (k *keeper) flushIdle() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closed && k.failed == nil {
		k.failed = k.sync(k.file)
	}
}

// close flushes what was confirmed.
func (k *keeper) close() error {
	if k == nil {
		return nil
	}
	k.timer.Stop()
	k.flushes.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil
	}
	k.closed = true
	k.now.Next = k.now.Commit // nothing is on its way any more
	if err := k.write(lasting); err != nil {
		return errors.Join(err, k.file.Close())
	}
	return errors.Join(k.sync(k.file), k.file.Close())
}
