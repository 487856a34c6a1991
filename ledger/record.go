package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
)

// Receipt answers one recorded entry. A dry run gives no sequence and time to what is not recorded.
type Receipt struct {
	ID       uuid.UUID `json:"id"`
	Seq      uint64    `json:"seq,omitzero"`
	Recorded time.Time `json:"recorded,omitzero"`
}

// RecordOptions say how a call is recorded.
type RecordOptions struct {
	Actor  string // who records; empty: nobody is named
	Strict bool   // also refuse what would raise a new finding
	DryRun bool   // check only

	// Key names the call, of the actor: the entries that have no id get theirs from it and from their places, so that the
	// same call again finds them, on any node and for good. Given with other entries it is refused. Empty: none.
	Key string

	// Progress is told, by the writer, how many of the call's entries are recorded. May be nil.
	Progress func(done, total int)
}

// call is one caller's entries on their way through the writer.
type call struct {
	entries []handed
	options RecordOptions
	staged  *staged    // by what and with what it is judged; set by the writer
	places  []place    // likewise
	from    int        // the call's own entries among the staged ones; set by the writer
	to      int        // likewise
	needs   int        // how many of the staged entries it needs recorded to be answered; by the writer
	refusal error      // what it is answered then, unless it is accepted; set by the writer
	look    judge      // what is asked once it is accepted; nil: nothing
	result  chan error // takes one
	receipt []Receipt  // set by the writer before it answers
}

// judge is told by the writer what is staged, of which the call's entries are those from a position on. Its error refuses
// the call.
type judge func(s *staged, from int) error

// handed is an entry as its caller has prepared it for the writer.
type handed struct {
	entry *domain.Entry
	open  bool             // it is completed by what is recorded: a correction, or one that names a person
	id    uuid.UUID        // its own, or derived; zero where it is open
	draft eventstore.Draft // likewise
	other uuid.UUID        // the id that it would have with its call's key, had the call ended here or not; zero: it has none
}

// prepare does what needs nothing that is recorded.
func (l *Ledger) prepare(entries []*domain.Entry, o RecordOptions) []handed {
	all := make([]handed, len(entries))
	for i, e := range entries {
		all[i] = handed{entry: e, open: isOpen(e.Fact)}
		if o.Key != "" && e.ID == uuid.Nil {
			e = all[i].keyed(o, i, i == len(entries)-1)
		}
		if all[i].open {
			continue
		}
		identified := *e
		if e.ID == uuid.Nil {
			identified.ID = e.DeriveID()
		}
		all[i].id, all[i].draft = identified.ID, l.log.Draft(&identified, o.Actor)
	}
	return all
}

// isOpen reports whether an entry of a fact is completed by what is recorded.
func isOpen(f domain.Fact) bool {
	_, correction := f.(*domain.EntryCorrected)
	return correction || domain.NamesPerson(f)
}

// Record checks the entries of one call and appends them: all or none where they fit one commit, in
// atomic batches in order where they do not; all are checked before any is written. What is recorded
// already, with the same id and content, is answered and not written again.
//
// The error is a *domain.Refusal whose Line is the entry's place in the call, from 1, or else why
// nothing could be written; after eventstore.ErrUnknownOutcome the entries may be recorded, and
// recording them again is safe. When a longer call fails between two batches, the receipts say what
// is recorded, and recording it again finishes it. Cancelling ctx gives up waiting for the answer,
// not the recording.
func (l *Ledger) Record(ctx context.Context, entries []*domain.Entry, o RecordOptions) ([]Receipt, error) {
	return l.submit(ctx, entries, o, nil)
}

// submit hands entries to the writer and waits for its answer.
func (l *Ledger) submit(ctx context.Context, entries []*domain.Entry, o RecordOptions, look judge) ([]Receipt, error) {
	if len(entries) == 0 {
		return nil, &domain.Refusal{Code: domain.CodeEmpty, Rule: "there is at least one entry to record"}
	}
	if err := errors.Join(domain.CheckActor(o.Actor), checkKey(o.Key)); err != nil {
		return nil, err
	}
	c := &call{entries: l.prepare(entries, o), options: o, look: look, result: make(chan error, 1)}
	select {
	case l.calls <- c:
	case <-l.done:
		return nil, ErrStopped
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case err := <-c.result:
		return c.receipt, errors.Join(err, l.unforgotten(entries, err))
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: it was interrupted, and to record the same again is safe and finishes it: %w",
			eventstore.ErrUnknownOutcome, ctx.Err())
	case <-l.done:
	}
	select { // Run has returned; it may have answered just before
	case err := <-c.result:
		return c.receipt, err
	default:
		return nil, ErrStopped
	}
}

// unforgotten says of a call that was recorded, and forgets persons, that a key could not be destroyed.
func (l *Ledger) unforgotten(entries []*domain.Entry, failed error) error {
	if failed != nil || !slices.ContainsFunc(entries, func(e *domain.Entry) bool { return e.Fact.Type() == domain.TypePersonForgotten }) {
		return nil
	}
	_, err := l.people.remaining()
	return err
}

// answer tells the caller what has become of the call.
func (c *call) answer(err error) {
	for _, p := range c.places {
		recorded := p.recorded
		if p.position != elsewhere && p.position < len(c.staged.entries) {
			recorded = &c.staged.entries[p.position]
		}
		if r := (Receipt{ID: p.id}); recorded != nil && recorded.Seq != 0 {
			r.Seq, r.Recorded = recorded.Seq, time.Unix(0, recorded.Time).UTC()
			c.receipt = append(c.receipt, r)
		} else if err == nil {
			c.receipt = append(c.receipt, r)
		}
	}
	c.result <- err
}
