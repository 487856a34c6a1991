package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/projections"
)

// Log is the recorded sequence as the ledger needs it; *eventstore.Store is one.
type Log interface {
	Append(ctx context.Context, checked uint64, entries []domain.Recorded, drafts ...eventstore.Draft) (eventstore.Commit, error)
	Draft(e *domain.Entry, actor string) eventstore.Draft
	Replay(ctx context.Context, after uint64, progress func(done, total uint64), fn func(eventstore.Commit) error) error
	Watch(ctx context.Context, grown func() error) error
	Read(ctx context.Context, seq uint64) (domain.Recorded, []byte, error)
	ReadRange(ctx context.Context, from, to uint64, fn func(domain.Recorded, []byte) error) error
	Head() eventstore.Head
	eventstore.Source
}

// Ledger is an open ledger. Its methods may be called from any goroutine; Run records.
type Ledger struct {
	log   Log
	index *projections.Index // applied to by Open, then by Run alone

	calls chan *call
	grown chan struct{} // the log has more than the index
	done  chan struct{} // closed when Run returns

	mu       sync.Mutex
	advanced chan struct{} // closed when the index has more; guarded by mu
}

// Open reads the whole log into an index. It fails where the log is damaged. progress is told how
// many of the commits are read, and may be nil.
func Open(ctx context.Context, log Log, progress func(done, total uint64)) (*Ledger, error) {
	l := &Ledger{log: log, index: projections.NewIndex(),
		calls: make(chan *call, 1024), grown: make(chan struct{}, 1), done: make(chan struct{}), advanced: make(chan struct{})}
	err := log.Replay(ctx, 0, progress, func(c eventstore.Commit) error { return l.index.Load(c.Entries) })
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	l.index.Publish()
	return l, nil
}

// View is everything recorded so far, immutable.
func (l *Ledger) View() *projections.View { return l.index.View() }

// Entry reads a recorded entry from the log; a correction is resolved. It fails with
// eventstore.ErrBeyondLog where there is none.
func (l *Ledger) Entry(ctx context.Context, seq uint64) (domain.Recorded, error) {
	e, _, err := l.log.Read(ctx, seq)
	if err != nil {
		return e, err
	}
	return l.resolved(e)
}

// Entries calls fn with the entries of the sequences from ≤ seq < to, in order, corrections resolved.
// Where to lies beyond what is recorded, it ends there.
func (l *Ledger) Entries(ctx context.Context, from, to uint64, fn func(domain.Recorded) error) error {
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
}

// Status of what has been recorded so far.
func (l *Ledger) Status(name, version string) Status {
	head := l.log.Head()
	s := Status{Ledger: name, Entries: head.Seq, LastSeq: head.Seq, Root: fmt.Sprintf("%x", head.Root), Version: version}
	if head.Seq > 0 {
		at := time.Unix(0, head.Time).UTC()
		s.LastRecorded = &at
	}
	return s
}

// ErrStopped answers what is handed in to a ledger that no longer records.
var ErrStopped = errors.New("the ledger is stopping and records nothing more")
