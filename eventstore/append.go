package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/orgledger/orgledger/domain"
)

// Append records entries as one commit: all of them durably, or none. They have been checked against the
// log up to the entry checked, with which it still has to end: if not, the error is ErrFenced. Their
// ids have to be set; Seq and Time are the store's to give, and come back in the commit. Every
// entry of a commit has the same time: the clock's, or that of the entry before where the clock has
// fallen behind it. An entry that comes with a time, that of Now, was checked for that UTC day: where the
// commit would have another, the error is ErrAnotherDay.
//
// drafts are those of the entries, in order, where they have been made already; they save time.
//
// After ErrUnknownOutcome the commit may be in the log; after every other error it is not. Cancelling
// ctx while the commit is being written leaves it to be found out which, and may take some seconds.
func (s *Store) Append(ctx context.Context, checked uint64, entries []domain.Recorded, drafts ...Draft) (Commit, error) {
	s.appending.Lock()
	defer s.appending.Unlock()
	if err := ctx.Err(); err != nil {
		return Commit{}, fmt.Errorf("append %d entries: %w", len(entries), err)
	}
	next := s.snapshot()
	if err := s.admissible(next.Seq, checked, entries, drafts); err != nil {
		return Commit{}, err
	}
	expected := next.StreamSeq
	c, message, err := s.prepare(&next, entries, drafts)
	if err != nil {
		return Commit{}, err
	}
	next.extend(&c)
	s.underway(&next)
	err = s.commitTo(ctx, message, expected, c.ID, &next.Head)
	s.giveRoom(message.Data)
	if err != nil {
		s.underway(nil)
		return Commit{}, fmt.Errorf("append entries %d to %d: %w", c.First, c.Last(), err)
	}
	s.advance(&next, c.First)
	return c, nil
}

// commitTo writes a commit, after which the log ends with a head, and the checkpoint that covers it; what a
// crash leaves is said at keeper. Where the disk fails, nothing is written any more until the ledger is opened
// anew: after a failed fsync nobody knows what is on the disk, and trying again would only seem to help.
func (s *Store) commitTo(ctx context.Context, m *nats.Msg, expected uint64, id uuid.UUID, head *Head) error {
	announced, err := s.keeper.announce(expected + 1)
	if err != nil { // the commit is not written
		s.barred = fmt.Errorf("%w: %w", ErrLogUnavailable, err)
		return s.barred
	}
	err = s.write(ctx, m, expected, id)
	failed := <-announced
	if err == nil && failed == nil {
		failed = s.keeper.confirm(head)
	}
	if err != nil && failed == nil {
		failed = s.failing()
	}
	if failed == nil {
		return err
	}
	s.barred = fmt.Errorf("%w: %w", ErrLogUnavailable, failed)
	if errors.Is(err, ErrFenced) {
		return fmt.Errorf("%w (%w)", err, s.barred)
	}
	// The commit may be on the disk although it could not be made durable, or the checkpoint could not: a
	// restart finds out which.
	return fmt.Errorf("%w: %w", ErrUnknownOutcome, s.barred)
}

// failing is why the embedded server can no longer write the log; nil: it can, or it is not ours.
func (s *Store) failing() error {
	if s.server == nil {
		return nil
	}
	return s.server.failing(s.options.Ledger)
}

// Now is the time that an entry recorded now would have.
func (s *Store) Now() int64 { return max(s.clock().UnixNano(), s.Head().Time) }

// Name is the name of the ledger.
func (s *Store) Name() string { return s.options.Ledger }

func (s *Store) admissible(last, checked uint64, entries []domain.Recorded, drafts []Draft) error {
	switch {
	case s.barred != nil:
		return s.barred
	case len(entries) == 0:
		return errors.New("a commit has at least one entry")
	case len(drafts) != 0 && len(drafts) != len(entries):
		return fmt.Errorf("%d drafts of %d entries", len(drafts), len(entries))
	case len(entries) > MaxCommitEntries:
		return fmt.Errorf("%w: %d entries, and at most %d fit", ErrTooLarge, len(entries), MaxCommitEntries)
	case checked > last:
		return fmt.Errorf("entries were checked up to %d, and the log is known up to %d", checked, last)
	case checked < last:
		return ErrFenced
	}
	for i := range entries {
		if entries[i].ID == uuid.Nil {
			return fmt.Errorf("entry %d of the commit has no id", i+1)
		}
		if !validActor(entries[i].Actor) {
			return fmt.Errorf("%q is no actor: a name has at most %d bytes of printable UTF-8", entries[i].Actor, maxActor)
		}
	}
	return nil
}

// validActor accepts what the String type of CloudEvents 1.0 (§3.2) takes.
func validActor(actor string) bool {
	if len(actor) > maxActor || !utf8.ValidString(actor) {
		return false
	}
	for _, r := range actor {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// prepare gives the entries their places and encodes them. The tree of next has grown by them.
func (s *Store) prepare(next *state, entries []domain.Recorded, drafts []Draft) (Commit, *nats.Msg, error) {
	if len(drafts) == 0 {
		drafts = make([]Draft, len(entries))
		for i := range entries {
			drafts[i] = s.Draft(&entries[i].Entry, entries[i].Actor)
		}
	}
	m := s.finish(next, drafts)
	c := Commit{ID: uuid.New(), StreamSeq: next.StreamSeq + 1, First: next.Seq + 1,
		Entries: append([]domain.Recorded(nil), entries...), Hashes: m.hashes}
	for i := range c.Entries {
		c.Entries[i].Seq = c.First + uint64(i)
		if checked := c.Entries[i].Time; checked != 0 && domain.DateOf(checked) != domain.DateOf(m.when) {
			return c, nil, ErrAnotherDay
		}
		c.Entries[i].Time = m.when
	}
	if m.size > MaxCommitBytes {
		return c, nil, fmt.Errorf("%w: %d bytes, and at most %d fit", ErrTooLarge, m.size, MaxCommitBytes)
	}
	next.tree = m.tree
	c.Root = next.tree.Root()
	h := header{format: formatOf(c.Entries), id: c.ID, first: c.First, count: len(c.Entries), root: c.Root}
	return c, &nats.Msg{Subject: s.subject, Data: append(m.data, ']'), Header: h.nats(next.StreamSeq)}, nil
}

// journal is the stream as Append needs it.
type journal interface {
	// publish writes a message, and returns its position once it is durable.
	publish(ctx context.Context, m *nats.Msg) (uint64, error)
	// last is the position of the last message.
	last(ctx context.Context) (uint64, error)
	// header is that of the message at a position.
	header(ctx context.Context, streamSeq uint64) (nats.Header, error)
}

// write publishes a commit that comes after the commit expected. A crash before the server has
// written it leaves nothing; after that, the whole commit.
func (s *Store) write(ctx context.Context, m *nats.Msg, expected uint64, id uuid.UUID) error {
	limited, cancel := context.WithTimeout(ctx, s.writing())
	defer cancel()
	at, err := s.journal.publish(limited, m)
	if err == nil && at != expected+1 {
		err = fmt.Errorf("acknowledged as commit %d instead of %d", at, expected+1)
	}
	answer, answered := errors.AsType[*jetstream.APIError](err)
	switch {
	case err == nil:
		return nil
	case answered && isFence(answer):
		return fmt.Errorf("%w: %w", ErrFenced, err)
	case errors.Is(err, jetstream.ErrNoStreamResponse): // nobody has received it
		elsewhere(s.conn)
		return fmt.Errorf("%w: no node leads it, or none is reached: %w", ErrUnavailable, err)
	case answered && answer.Code < 500, errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("the log does not take it: %w", err)
	}
	if failed := s.failing(); failed != nil { // it will not become any clearer
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, failed)
	}
	elsewhere(s.conn)
	return s.settle(ctx, expected+1, id, answered, err)
}

// writing is how long to wait for the acknowledgement of a commit. An embedded server only has its
// disk to wait for; in a cluster, another node may lead by now.
func (s *Store) writing() time.Duration {
	if s.server != nil {
		return reply
	}
	return reply / 2
}

// isFence tells that another commit was there first, on one node or in a cluster.
func isFence(e *jetstream.APIError) bool { return e.ErrorCode == 10071 || e.ErrorCode == 10164 }

// settle finds out what has become of a commit that was not acknowledged: it has one place where it can
// be. answered says that the server itself reported a failure, so that nothing is on its way any more.
func (s *Store) settle(ctx context.Context, place uint64, id uuid.UUID, answered bool, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.settling)
	defer cancel()
	for {
		there, err := s.commitAt(ctx, place)
		switch {
		case err != nil: // not now, perhaps later
			cause = errors.Join(cause, err)
		case there == id && answered: // written, but the server could not make it durable
			return fmt.Errorf("%w: %w", ErrUnknownOutcome, cause)
		case there == id:
			s.log.Info("a commit was written although its acknowledgement was lost", "commit", id, "cause", cause)
			return nil
		case there != uuid.Nil:
			return fmt.Errorf("%w: %w", ErrFenced, cause)
		case answered:
			return fmt.Errorf("the log does not take it: %w", cause)
		}
		if !pause(ctx, 50*time.Millisecond) {
			return fmt.Errorf("%w: %w", ErrUnknownOutcome, cause)
		}
	}
}

// commitAt is the id of the commit at a place; nil where there is none.
func (s *Store) commitAt(ctx context.Context, place uint64) (uuid.UUID, error) {
	last, err := s.journal.last(ctx)
	if err != nil || last < place {
		return uuid.Nil, err
	}
	found, err := s.journal.header(ctx, place)
	if err != nil {
		return uuid.Nil, err
	}
	h, err := parseHeader(found)
	return h.id, err
}

// pause reports whether ctx has lasted that long.
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

// streamJournal is the journal that is a stream.
type streamJournal struct {
	js      jetstream.JetStream
	stream  jetstream.Stream
	failing func() error // why the server can no longer write; nil: it can
}

// publish waits for the acknowledgement, unless the server can no longer write: then none comes.
func (j *streamJournal) publish(ctx context.Context, m *nats.Msg) (uint64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer j.watch(ctx, cancel)()
	ack, err := j.js.PublishMsg(ctx, m)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return 0, err
	}
	return ack.Sequence, nil
}

// watch looks from time to time whether the server can still write, until it is stopped or ctx ends.
func (j *streamJournal) watch(ctx context.Context, failed func(error)) (stop func() bool) {
	var timer *time.Timer
	timer = time.AfterFunc(time.Hour, func() {
		if ctx.Err() != nil {
			return
		}
		if err := j.failing(); err != nil {
			failed(err)
			return
		}
		timer.Reset(lookAfter)
	})
	timer.Reset(lookAfter)
	return timer.Stop
}

// lookAfter is how long an acknowledgement takes when something may be wrong.
const lookAfter = 200 * time.Millisecond

func (j *streamJournal) last(ctx context.Context) (uint64, error) {
	extent, err := extentOf(ctx, j.js.Conn(), j.stream)
	return extent.last, err
}

func (j *streamJournal) header(ctx context.Context, streamSeq uint64) (nats.Header, error) {
	var m *jetstream.RawStreamMsg
	err := patiently(ctx, j.js.Conn(), reply, func(ctx context.Context) (err error) {
		m, err = j.stream.GetMsg(ctx, streamSeq)
		return err
	})
	if err != nil {
		return nil, err
	}
	return m.Header, nil
}
