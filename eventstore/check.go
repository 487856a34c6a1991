package eventstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
)

// check looks at the stream of a ledger before the server opens it, since the server cuts off what it
// does not understand. It gives back how far the log goes, and refuses one that is not all there with a
// *DamageError, having changed nothing. Only what was being written when the process or the machine
// stopped, and therefore never acknowledged, is cut off.
//
// A crash at any step leaves a folder that the next check judges alike.
func (f *folder) check(ctx context.Context, ledger string, log *slog.Logger) (checkpoint, error) {
	at := newStreamFolder(f.dir, ledger)
	if !f.knows(at.stream) {
		return checkpoint{}, at.checkUnknown()
	}
	noted, err := readCheckpoint(checkpointPath(f.dir, at.stream), at.stream)
	if errors.Is(err, ErrNewerFormat) {
		return noted, err
	}
	unreadable := err // then the log is looked through all the same, to say how far it goes
	found, err := at.survey(ctx, noted.Commit)
	if err != nil {
		return noted, fmt.Errorf("look through the log: %w", err)
	}
	if errors.Is(found.bad, ErrNewerFormat) {
		return noted, fmt.Errorf("the log %s: %w", at.stream, found.bad)
	}
	if err := at.judge(found, &noted, unreadable); err != nil {
		return noted, err
	}
	return noted, at.prepare(found, &noted, log)
}

// checkUnknown looks at a stream that the marker does not name: there is none, or a crash has interrupted
// its creation, before anything was recorded.
func (f streamFolder) checkUnknown() error {
	written, err := f.written()
	if err != nil {
		return fmt.Errorf("look for the log: %w", err)
	}
	if written {
		return &DamageError{Stream: f.stream, First: 1, Err: fmt.Errorf("there are commits in %s, and the marker does not name it", f.dir)}
	}
	return nil
}

// judge decides whether what was found is what was acknowledged. unreadable is why the checkpoint is not
// known; nil: it is.
func (f streamFolder) judge(found *survey, noted *checkpoint, unreadable error) error {
	damage := &DamageError{Stream: f.stream, StreamSeq: found.commit + 1, First: found.last + 1, LastGood: found.last, Err: found.bad}
	meta := f.checkMeta()
	switch {
	case errors.Is(meta, ErrNewerFormat):
		return fmt.Errorf("the log %s: %w", f.stream, meta)
	case errors.Is(found.bad, fs.ErrNotExist):
		damage.StreamSeq, damage.Err = 0, fmt.Errorf("it was created here, and is gone: %w", found.bad)
	case errors.Is(found.bad, errForeign):
		damage.StreamSeq = 0
	case found.bad != nil && !noted.mayCut(found):
	case found.commit < noted.Commit:
		damage.Err = fmt.Errorf("it ends there, and commit %d was acknowledged", noted.Commit)
	case noted.Commit > 0 && (found.covered == nil || !noted.matches(found.covered.commit, found.covered.last, found.covered.root)):
		damage.StreamSeq, damage.Err = noted.Commit, errors.New("it is another commit than was acknowledged")
		damage.First, damage.LastGood = 1, 0 // which of them are right cannot be told
	case unreadable != nil:
		damage.StreamSeq, damage.Err = 0, fmt.Errorf("what it has to hold is not known: %w (the log itself is whole up to entry %d)", unreadable, found.last)
	case meta != nil:
		damage.StreamSeq, damage.Err = 0, fmt.Errorf("%w (its commits are whole up to entry %d)", meta, found.last)
	default:
		return nil
	}
	return damage
}

// mayCut reports whether the record that ends the log is one that was being written: one that comes
// after everything that is known to have been acknowledged, after which there is nothing. Commits are
// announced in the checkpoint while they are written; when the machine stops, the announcement of the last
// one may be missing. See keeper.
func (c *checkpoint) mayCut(found *survey) bool {
	return found.torn != nil && found.commit >= c.Commit && found.commit <= c.Next
}

// prepare cuts off what was being written, and makes durable what goes on.
func (f streamFolder) prepare(found *survey, noted *checkpoint, log *slog.Logger) error {
	if cut := found.torn; cut != nil {
		log.Warn("a commit that was never acknowledged was being written when the ledger stopped, and is cut off",
			"stream", f.stream, "commit", found.commit+1, "entry", found.last+1, "block", cut.path, "bytes", cut.size-cut.whole)
		if err := f.cut(cut); err != nil {
			return fmt.Errorf("cut off an unfinished commit: %w", err)
		}
	}
	if found.commit > noted.Next+1 {
		log.Warn("the log goes on after its checkpoint", "stream", f.stream, "checkpoint", noted.Commit, "log", found.commit)
	}
	// An index that knows of more would make the server leave a gap.
	if f.indexed() > found.commit {
		if err := dropFile(f.index()); err != nil {
			return fmt.Errorf("drop a stale index: %w", err)
		}
	}
	if err := f.settle(found); err != nil {
		return fmt.Errorf("make the log durable: %w", err)
	}
	noted.Next = 0 // nothing is on its way any more
	noted.covers(&Head{StreamSeq: found.commit, Seq: found.last, Root: found.root})
	return nil
}
