package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrUnavailable: the log cannot be written or read now: its server is not reached, or a cluster has no
// majority of its nodes. Nothing was written, and the same may work later.
var ErrUnavailable = errors.New("the log is not available")

// errLate: a node that has been behind the others does not know of the log yet.
var errLate = errors.New("it is not known there yet")

// attempt is how long one question to a server waits. A cluster that has no leader at the moment
// does not answer at all, and has one soon after.
const attempt = time.Second

// patiently asks a server until it answers, for as long as limit, and after each failure another
// server where there are several. What is asked has to be harmless to repeat. Where no answer comes,
// the error is ErrUnavailable.
func patiently(ctx context.Context, conn *nats.Conn, limit time.Duration, ask func(context.Context) error) error {
	deadline := time.Now().Add(limit)
	for {
		try, cancel := context.WithTimeout(ctx, attempt)
		err := ask(try)
		cancel()
		switch {
		case err == nil || ctx.Err() != nil || !temporary(err):
			return err
		case time.Now().After(deadline):
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		elsewhere(conn)
		if !pause(ctx, 100*time.Millisecond) {
			return ctx.Err()
		}
	}
}

// elsewhere turns to another server of a cluster: the one that the connection is to may be cut off
// from the others. Where only one is known it does nothing.
func elsewhere(conn *nats.Conn) {
	if len(conn.Servers()) > 1 && conn.IsConnected() {
		_ = conn.ForceReconnect() // it fails where the connection is being replaced already
	}
}

// temporary reports whether an error is one of a server that is not reached, or has no majority.
func temporary(err error) bool {
	answer, answered := errors.AsType[*jetstream.APIError](err)
	return answered && answer.Code == 503 || errors.Is(err, errLate) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) ||
		errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrDisconnected)
}

// receded judges a log that ends before what was read of it. It has lost commits, unless a node of a cluster has not got
// so far: one that follows, while none leads; one that leads, for a time. Then the next try asks another node.
func (s *Store) receded(read uint64, now extent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.last >= read || now.replicated && !now.led {
		s.shorter = shorter{}
	} else if time.Since(s.shorter.seen) > catchingUp { // that was another time
		s.shorter.since = time.Now()
	}
	switch {
	case now.last >= read:
		return nil
	case now.led:
		s.shorter.seen = time.Now()
	}
	if now.replicated && s.shorter.seen.Sub(s.shorter.since) < catchingUp {
		elsewhere(s.conn)
		return fmt.Errorf("%w: the server knows of %d commits, and %d were read before: it is behind, or has lost some", ErrUnavailable, now.last, read)
	}
	last := s.firsts[now.last] - 1 // entry that is left
	return s.damaged(&Head{StreamSeq: now.last, Seq: last}, fmt.Errorf("the log ends with commit %d, and %d were read before", now.last, read))
}

// shorter is from when, and until when, the leader of a cluster has said that the log ends before what was read.
type shorter struct{ since, seen time.Time }

// catchingUp is how long a node that leads a cluster may take to know of everything that was acknowledged, and one
// that has been cut off to notice that it leads no longer.
const catchingUp = 30 * time.Second
