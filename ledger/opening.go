package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger/indexfile"
	"github.com/orgledger/orgledger/projections"
)

// Opening says how a ledger is opened. The zero Opening reads the whole log, and keeps nothing of it for the next time.
type Opening struct {
	// Progress is told how many of the commits that have to be read are read; nil: nobody is.
	Progress func(done, total uint64)
	// Snapshots says where the index is kept; nil: nowhere. Log has to be Resumable.
	Snapshots *Snapshots
}

// Snapshots says where and when the index is written down, so that the next start reads only what is newer.
type Snapshots struct {
	Path     string
	Every    uint64 // a snapshot is begun after so many entries, and once an eighth of all are new; 0: only when Run ends
	ReadOnly bool   // nothing is written, nor a file that cannot be used removed
	Logger   *slog.Logger
}

// Resumable is a Log that can be read on from what was kept of its beginning; *eventstore.Store is one.
type Resumable interface {
	Log
	Resume(ctx context.Context, kept eventstore.Kept) error
	Restart()
	Kept(leaves audit.View) eventstore.Kept
	Prove(ctx context.Context, progress func(entries uint64)) error
}

// errNotResumable is a mistake in the program.
var errNotResumable = errors.New("the log cannot be read on from a snapshot")

// Open reads the whole log into an index. It fails where the log is damaged. progress is told how
// many of the commits are read, and may be nil.
func Open(ctx context.Context, log Log, progress func(done, total uint64)) (*Ledger, error) {
	return OpenWith(ctx, log, Opening{Progress: progress})
}

// OpenWith reads the snapshot of the index, if there is one that fits the log, and then what the log has after it; else the
// whole log. It fails where what is read of the log is damaged; what the snapshot stands for, Prove proves.
func OpenWith(ctx context.Context, log Log, o Opening) (*Ledger, error) {
	l := &Ledger{log: log, index: projections.NewIndex(), tree: new(audit.Hashes),
		calls: make(chan *call, 1024), asks: make(chan func()), grown: make(chan struct{}, 1), done: make(chan struct{}), advanced: make(chan struct{})}
	if o.Snapshots != nil {
		resumable, ok := log.(Resumable)
		if !ok {
			return nil, errNotResumable
		}
		l.snapshots = newSnapshots(*o.Snapshots, resumable)
		if err := l.resume(ctx); err != nil {
			return nil, err
		}
	}
	err := l.load(ctx, o.Progress)
	if err != nil && l.snapshots.resumed() && ctx.Err() == nil && !errors.Is(err, eventstore.ErrUnavailable) {
		l.snapshots.reject(err) // whatever is wrong, the whole log says it better
		l.index, l.tree = projections.NewIndex(), new(audit.Hashes)
		err = l.load(ctx, o.Progress)
	}
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	l.index.Publish()
	l.people = newPeople(log, l.View)
	l.people.doom(ctx)
	return l, nil
}

// load puts what the log has after the index into it, which nobody reads yet.
func (l *Ledger) load(ctx context.Context, progress func(done, total uint64)) error {
	return l.log.Replay(ctx, l.index.Seq(), progress, func(c eventstore.Commit) error {
		l.tree.Append(c.Hashes...)
		return l.index.Load(c.Entries)
	})
}

// resume begins with the snapshot, if there is one that fits. The error is that ctx ended, or that the log is out of reach.
func (l *Ledger) resume(ctx context.Context) error {
	s := l.snapshots
	contents, err := indexfile.Read(ctx, s.Path, l.log.Name())
	if err == nil {
		err = s.log.Resume(ctx, contents.Kept)
	}
	switch {
	case err == nil:
		l.index, l.tree = contents.Index, contents.Tree
		s.begin(l.index.Seq())
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, eventstore.ErrUnavailable):
		return err
	}
	s.reject(err)
	return nil
}

// Prove proves what a snapshot stood for when the ledger was opened: that every event in the log is still that which was
// recorded. It takes its time, and is there for who serves the ledger; see eventstore.Store.Prove. Where the log is damaged
// the error is an *eventstore.DamageError, and the snapshot is removed, so that the next start ends with the damage. The index in the snapshot is
// not proved by it: verify does that.
func (l *Ledger) Prove(ctx context.Context) error {
	s := l.snapshots
	if !s.resumed() {
		return nil
	}
	for {
		err := s.log.Prove(ctx, func(entries uint64) { s.proved.Store(entries) })
		if _, damaged := errors.AsType[*eventstore.DamageError](err); damaged {
			s.distrust()
			return err
		}
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if !pause(ctx, 10*time.Second) { // out of reach
			return ctx.Err()
		}
	}
}
