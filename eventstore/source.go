package eventstore

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// Commits makes the store a Source. Of a log that this store itself writes, the end is what has been
// acknowledged, so that nothing is copied that a loss of power could still take back.
func (s *Store) Commits(ctx context.Context, from uint64, begin func(last uint64) error, fn func(RawCommit) error) error {
	to, err := extentOf(ctx, s.conn, s.stream)
	if err != nil {
		return err
	}
	if s.server != nil && !s.options.ReadOnly {
		to.last = min(to.last, s.Head().StreamSeq)
	}
	if err := begin(to.last); err != nil || from > to.last {
		return err
	}
	next := from
	return s.receive(ctx, from, to, func(m received) error {
		if m.missing || m.streamSeq != next {
			return &DamageError{Stream: streamName(s.options.Ledger), Err: fmt.Errorf("commit %d is missing", next)}
		}
		next++
		return fn(RawCommit{m.streamSeq, rawHeader(m.header), m.data})
	})
}

// prover goes along commits from anywhere and proves each to be the next of one history. It belongs to
// one goroutine.
type prover struct {
	state
	id      uuid.UUID // of the last commit
	stream  string
	decoder *decoder
}

// newProver goes on from a state, which it takes over.
func newProver(ledger string, at state) *prover {
	return &prover{state: at, stream: streamName(ledger), decoder: newDecoder(ledger)}
}

// take proves the next commit. Where it is not, the prover stays where it was.
func (p *prover) take(c RawCommit) error {
	_, err := p.next(c)
	return err
}

// next is take, and gives the commit as it was decoded.
func (p *prover) next(c RawCommit) (*decoded, error) {
	headers, err := c.headers()
	if err != nil {
		return nil, err
	}
	d, err := p.decoder.commit(c.Place, headers, c.Data)
	if err != nil {
		return nil, err
	}
	next := p.state.clone()
	if err := next.prove(d); err != nil {
		return nil, err
	}
	p.state, p.id = next, d.ID
	return d, nil
}

// Proven reads a log that somebody else has, and proves every commit on the way as a Store does its own.
type Proven struct {
	Source
	Ledger string
}

// Name is the name of the ledger.
func (l Proven) Name() string { return l.Ledger }

// Replay calls fn for every commit that holds an entry after the entry after, in order, up to the end of the log at the time
// of the call. See Store.Replay. Commits are decoded in the caller's goroutine.
func (l Proven) Replay(ctx context.Context, after uint64, progress func(done, total uint64), fn func(Commit) error) error {
	p := newProver(l.Ledger, state{})
	total := uint64(0)
	begin := func(last uint64) error { total = last; return nil }
	err := l.Commits(ctx, 1, begin, func(c RawCommit) error {
		d, err := p.next(c)
		if err != nil {
			return p.damaged(err)
		}
		if progress != nil {
			progress(d.StreamSeq, total)
		}
		if d.Last() <= after {
			return nil
		}
		return fn(d.Commit)
	})
	if err == nil && p.StreamSeq != total {
		err = p.damaged(fmt.Errorf("the log was to go to commit %d", total))
	}
	return err
}

// damaged says that the log cannot be followed beyond what is proved.
func (p *prover) damaged(err error) error {
	return &DamageError{Stream: p.stream, StreamSeq: p.StreamSeq + 1, First: p.Seq + 1, LastGood: p.Seq, Err: err}
}

// identity is what a commit's own headers say it is.
func (c *RawCommit) identity() (h header, err error) {
	headers, err := c.headers()
	if err != nil {
		return h, err
	}
	return parseHeader(headers)
}
