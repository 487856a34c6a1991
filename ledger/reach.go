package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orgledger/orgledger/eventstore"
)

const (
	retry      = 250 * time.Millisecond // between two attempts to reach the log
	overtaking = 10 * time.Second       // for a commit that another node has written to be readable
)

// indexError says that the index does not take what the log holds: nothing can be checked by it any
// more.
type indexError struct{ err error }

// Error is that of the index.
func (e *indexError) Error() string { return e.err.Error() }

// Unwrap is the error of the index.
func (e *indexError) Unwrap() error { return e.err }

// fatal reports whether nothing can be recorded after an error. The others pass: a server that is not
// reached, a cluster without a majority.
func fatal(err error) bool {
	_, damaged := errors.AsType[*eventstore.DamageError](err)
	_, unfit := errors.AsType[*indexError](err)
	return damaged || unfit || errors.Is(err, eventstore.ErrNewerFormat)
}

// catchUp applies what the log has beyond the index. An error that is not fatal is
// eventstore.ErrUnavailable, and leaves the index at an earlier point of the log.
func (l *Ledger) catchUp(ctx context.Context) error {
	err := l.log.Replay(ctx, l.index.Seq(), nil, func(c eventstore.Commit) error { return l.apply(ctx, c) })
	if err != nil && ctx.Err() == nil && !fatal(err) {
		err = fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
	}
	return err
}

// apply puts the next commit into the tree and the index, destroys the keys of who is forgotten in it, and lets those
// know who wait for it. A crash before the keys are destroyed leaves that to the next start.
func (l *Ledger) apply(ctx context.Context, c eventstore.Commit) error {
	l.tree.Append(c.Hashes...)
	if err := l.index.Apply(c.Entries); err != nil {
		return &indexError{fmt.Errorf("entries %d to %d are recorded, but: %w", c.First, c.Last(), err)}
	}
	l.snapshots.offer(l.index, l.tree)
	l.people.applied(context.WithoutCancel(ctx), c.Entries)
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.advanced)
	l.advanced = make(chan struct{})
	return nil
}

// Advanced is closed once more is recorded than when it was asked for. Who asks for it first and then for the view misses
// nothing.
func (l *Ledger) Advanced() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.advanced
}

// ErrBehind says that an entry that was to be waited for is not here: this node has not got it yet, or
// nobody has recorded it.
var ErrBehind = errors.New("not recorded yet, as far as this node knows")

// Reach waits until what is answered holds the entry of a sequence. Questions put after it are
// answered from that sequence or a later one. Where ctx ends first, or the ledger stops, the error is
// ErrBehind.
func (l *Ledger) Reach(ctx context.Context, seq uint64) error {
	for first := true; ; first = false {
		advanced := l.Advanced()
		if l.View().Seq() >= seq {
			return nil
		}
		if first {
			if err := l.note(); err != nil {
				return err
			}
		}
		select {
		case <-advanced:
		case <-ctx.Done():
			return fmt.Errorf("entry %d: %w; the last one is %d", seq, ErrBehind, l.View().Seq())
		case <-l.done:
			return fmt.Errorf("entry %d: %w; the last one is %d, and the ledger is stopping", seq, ErrBehind, l.View().Seq())
		}
	}
}

// pause reports whether ctx has lasted that long. eventstore has the same for itself: waiting is no part of what a
// log offers.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
