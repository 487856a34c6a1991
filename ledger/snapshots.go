package ledger

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/ledger/indexfile"
	"github.com/orgledger/orgledger/projections"
)

// worthwhile is how many entries are worth a snapshot when the ledger is closed: to read them takes some hundredths of a
// second.
const worthwhile = 20_000

// snapshots writes the index down while recording goes on: the goroutine that applies hands over what never changes, and another
// one writes it. A nil snapshots writes nothing.
type snapshots struct {
	Snapshots
	log Resumable
	due chan *indexfile.Snapshot

	handed   uint64        // sequence of the last one that was handed over, or read; owned by the goroutine that applies
	written  atomic.Uint64 // sequence of the one in the file; 0: there is none
	unproved atomic.Uint64 // entries for which the log was not read when the ledger was opened
	proved   atomic.Uint64 // how many of those have been proved since

	writing    sync.Mutex  // held while the file is written or removed
	distrusted atomic.Bool // nothing more is written
}

func newSnapshots(o Snapshots, log Resumable) *snapshots {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &snapshots{Snapshots: o, log: log, due: make(chan *indexfile.Snapshot, 1)}
}

// begin notes that the ledger goes on from the file.
func (s *snapshots) begin(seq uint64) {
	s.handed = seq
	s.written.Store(seq)
	s.unproved.Store(seq)
}

// resumed reports whether the ledger was opened from the file.
func (s *snapshots) resumed() bool { return s != nil && s.unproved.Load() > 0 }

// reject throws away a file that cannot be used, and has the log read from its beginning.
func (s *snapshots) reject(reason error) {
	level := slog.LevelWarn
	if errors.Is(reason, indexfile.ErrOtherLayout) {
		level = slog.LevelInfo // as after every change of the program
	}
	s.Logger.Log(context.Background(), level, "the snapshot of the index is not used: the index is made from the log", "file", s.Path, "reason", reason)
	s.begin(0)
	s.log.Restart()
	s.drop()
}

// distrust throws the file away because the log is not what was recorded. Nothing more is written: the next start has to
// read the log.
func (s *snapshots) distrust() {
	s.distrusted.Store(true)
	s.drop()
}

// drop removes the file.
func (s *snapshots) drop() {
	if s.ReadOnly {
		return
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := indexfile.Drop(s.Path); err != nil {
		s.Logger.Warn("the snapshot of the index cannot be removed", "file", s.Path, "reason", err)
	}
}

// offer hands the index over where it is time for a snapshot. Where the one before is still being written, it is not yet.
// It copies nothing.
func (s *snapshots) offer(index *projections.Index, tree *audit.Hashes) {
	if s == nil || s.ReadOnly || s.Every == 0 {
		return
	}
	seq := index.Seq()
	if fresh := seq - s.handed; fresh < s.Every || fresh < seq/8 || s.distrusted.Load() {
		return
	}
	select {
	case s.due <- s.snapshot(index, tree):
		s.handed = seq
	default:
	}
}

// snapshot is the index, and the log up to there. For the goroutine that applies, or after it.
func (s *snapshots) snapshot(index *projections.Index, tree *audit.Hashes) *indexfile.Snapshot {
	return &indexfile.Snapshot{Ledger: s.log.Name(), Image: index.Image(), Kept: s.log.Kept(tree.View())}
}

// run writes what is handed over until ctx ends. One that cannot be written is said, and does no harm.
func (s *snapshots) run(ctx context.Context) error {
	if s == nil {
		return nil
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case next := <-s.due:
			s.write(ctx, next, indexfile.AtLeisure)
		}
	}
}

func (s *snapshots) write(ctx context.Context, next *indexfile.Snapshot, pace indexfile.Pace) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.distrusted.Load() {
		return
	}
	err := indexfile.Write(ctx, s.Path, next, pace)
	switch {
	case err == nil:
		s.written.Store(next.Image.Seq())
	case ctx.Err() == nil:
		s.Logger.Warn("the snapshot of the index is not written", "file", s.Path, "reason", err)
	}
}

// last writes a snapshot when the ledger is closed, if that is worth while.
func (s *snapshots) last(index *projections.Index, tree *audit.Hashes) {
	if s == nil || s.ReadOnly || s.distrusted.Load() {
		return
	}
	least := uint64(worthwhile)
	if s.Every > 0 {
		least = min(least, s.Every)
	}
	if index.Seq()-s.written.Load() >= least {
		s.write(context.Background(), s.snapshot(index, tree), indexfile.AtOnce)
	}
}
