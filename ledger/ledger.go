package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger/feed"
	"github.com/orgledger/orgledger/projections"
)

// Log is the recorded sequence as the ledger needs it; *eventstore.Store is one.
type Log interface {
	Append(ctx context.Context, checked uint64, entries []domain.Recorded, drafts ...eventstore.Draft) (eventstore.Commit, error)
	Ready(drafts []eventstore.Draft)
	Draft(e *domain.Entry, actor string) eventstore.Draft
	Replay(ctx context.Context, after uint64, progress func(done, total uint64), fn func(eventstore.Commit) error) error
	Watch(ctx context.Context, grown func() error) error
	Read(ctx context.Context, seq uint64) (domain.Recorded, []byte, error)
	ReadRange(ctx context.Context, from, to uint64, fn func(domain.Recorded, []byte) error) error
	Head() eventstore.Head
	Name() string // of the ledger
	Now() int64   // the time that an entry recorded now would have
	Keys
	eventstore.Source
}

// Ledger is an open ledger. Its methods may be called from any goroutine; Run records.
type Ledger struct {
	log    Log
	index  *projections.Index // applied to by Open, then by Run alone
	tree   *audit.Hashes      // of the log; grows before the index does, by the same goroutine
	people *people

	snapshots *snapshots // nil: none are kept

	calls chan *call
	asks  chan func()
	grown chan struct{} // the log has more than the index
	done  chan struct{} // closed when Run returns

	feed atomic.Pointer[func() feed.Status]

	mu       sync.Mutex
	advanced chan struct{} // closed when the index has more; guarded by mu
}

// View is everything recorded so far, immutable.
func (l *Ledger) View() *projections.View { return l.index.View() }

// Tree is the Merkle tree of everything recorded so far, of at least the entries that the view has. It is immutable.
func (l *Ledger) Tree() audit.View { return l.tree.View() }

// Digest is one hash over who holds everything on a day, as known at an entry; see projections.Digest.
func (l *Ledger) Digest(on domain.Date, known uint64) string {
	return l.View().Digest(projections.Point{On: on, Known: known}).SHA256
}

// Event reads the event of a recorded entry as it is stored: the leaf of the Merkle tree. It fails with
// eventstore.ErrBeyondLog where there is none.
func (l *Ledger) Event(ctx context.Context, seq uint64) ([]byte, error) {
	_, event, err := l.log.Read(ctx, seq)
	return event, err
}

// Events calls fn with the events of the sequences from ≤ seq < to, in order, as they are stored. Where to lies beyond
// what is recorded, the error is eventstore.ErrBeyondLog.
func (l *Ledger) Events(ctx context.Context, from, to uint64, fn func(event []byte) error) error {
	return l.log.ReadRange(ctx, from, to, func(_ domain.Recorded, event []byte) error { return fn(event) })
}

// Entry reads a recorded entry from the log; a correction is resolved, and the names of persons are opened where
// that is possible. It fails with eventstore.ErrBeyondLog where there is none.
func (l *Ledger) Entry(ctx context.Context, seq uint64) (domain.Recorded, error) {
	e, err := l.stored(ctx, seq)
	if err != nil {
		return e, err
	}
	e.Fact, err = l.people.show(ctx, e.Fact)
	return e, err
}

// stored is Entry with the names sealed.
func (l *Ledger) stored(ctx context.Context, seq uint64) (domain.Recorded, error) {
	e, _, err := l.log.Read(ctx, seq)
	if err != nil {
		return e, err
	}
	return l.resolved(e)
}

// Entries calls fn with the entries of the sequences from ≤ seq < to, in order, as Entry gives them.
// Where to lies beyond what is recorded, it ends there.
func (l *Ledger) Entries(ctx context.Context, from, to uint64, fn func(domain.Recorded) error) error {
	return l.each(ctx, from, to, func(e domain.Recorded) (err error) {
		if e.Fact, err = l.people.show(ctx, e.Fact); err != nil {
			return err
		}
		return fn(e)
	})
}

// each is Entries with the names sealed.
func (l *Ledger) each(ctx context.Context, from, to uint64, fn func(domain.Recorded) error) error {
	return l.log.ReadRange(ctx, from, min(to, l.View().Seq()+1), func(e domain.Recorded, _ []byte) error {
		e, err := l.resolved(e)
		if err != nil {
			return err
		}
		return fn(e)
	})
}

// resolved reads a stored correction for the type of the entry that it corrects. What the log gave is
// shared and stays as it is.
func (l *Ledger) resolved(e domain.Recorded) (domain.Recorded, error) {
	stored, ok := e.Fact.(*domain.EntryCorrected)
	if !ok || stored.Replacement.Fact != nil {
		return e, nil
	}
	correction := *stored
	e.Fact = &correction
	view := l.View()
	return e, correction.Resolve(view.EntryType(view.Corrected(e.Seq)))
}

// Today is the day that questions mean where they name none: the civil day of this machine.
func Today(now time.Time) domain.Date {
	day, err := domain.ParseDate(now.Format(time.DateOnly))
	if err != nil {
		panic(err) // the year is beyond 9999
	}
	return day
}

// Status says how much there is.
type Status struct {
	Ledger       string     `json:"ledger"`
	Entries      uint64     `json:"entries"`
	LastSeq      uint64     `json:"last_seq"`
	LastRecorded *time.Time `json:"last_recorded"` // null for an empty ledger
	Root         string     `json:"root"`          // of the Merkle tree over all entries, in hexadecimal
	Version      string     `json:"version"`

	// KeysRemaining counts the keys of persons who are forgotten that could not be destroyed, for the reason
	// given: nobody is told their names, and it is tried again.
	KeysRemaining int    `json:"keys_remaining,omitzero"`
	KeysReason    string `json:"keys_reason,omitempty"`

	// Snapshot is the last entry that the snapshot of the index beside the log has, 0 where there is none. The log was not
	// read up to there when the ledger was opened: Unproved counts the entries of which it is still to be proved that
	// they are what was recorded.
	Snapshot uint64 `json:"snapshot,omitzero"`
	Unproved uint64 `json:"unproved,omitzero"`

	Feed *feed.Status `json:"feed,omitempty"` // where a publisher runs
}

// Status of what has been recorded so far.
func (l *Ledger) Status(name, version string) Status {
	head := l.log.Head()
	s := Status{Ledger: name, Entries: head.Seq, LastSeq: head.Seq, Root: fmt.Sprintf("%x", head.Root), Version: version}
	if head.Seq > 0 {
		at := time.Unix(0, head.Time).UTC()
		s.LastRecorded = &at
	}
	if n, err := l.people.remaining(); n > 0 {
		s.KeysRemaining, s.KeysReason = n, err.Error()
	}
	if kept := l.snapshots; kept != nil {
		s.Snapshot, s.Unproved = kept.written.Load(), kept.unproved.Load()-kept.proved.Load()
	}
	if show := l.feed.Load(); show != nil {
		status := (*show)()
		s.Feed = &status
	}
	return s
}

// ShowFeed has Status say how far the feed is.
func (l *Ledger) ShowFeed(status func() feed.Status) { l.feed.Store(&status) }

// ErrKeyRemains says that a person is forgotten, and that the key could not be destroyed yet.
var ErrKeyRemains = errors.New("forgotten, but the key of the name could not be destroyed, which will be tried again")

// ErrStopped answers what is handed in to a ledger that no longer records.
var ErrStopped = errors.New("the ledger is stopping and records nothing more")
