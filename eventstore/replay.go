package eventstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

const (
	pullBytes = 2 * maxMessage // what the server may send ahead
	ahead     = 4              // commits that wait between two steps of a replay
	few       = 16             // up to so many commits are asked for one by one

	// heartbeat is how often the server says that there is nothing new: one that is cut off is left
	// after two that are missing.
	heartbeat = 2 * time.Second

	// stalled is how long the server may take from one commit to the next. It sends nothing, and does not say
	// so, from where it cannot read a commit at the end of the log any more.
	stalled = 15 * time.Second
)

// Replay calls fn for every commit that holds an entry after the entry after, in order, up to the end
// of the log at the time of the call. Every commit is proved on the way: its place, its times, and the
// root of all entries up to it; the first that fails ends the replay with a *DamageError. It
// reads from the store's head where after is there or beyond, else from the beginning of the log.
// progress, which may be nil, is told after each commit how many of the commits to be read are done.
//
// An error of fn ends the replay and is returned as it is; the head has then moved past that commit.
func (s *Store) Replay(ctx context.Context, after uint64, progress func(done, total uint64), fn func(Commit) error) error {
	at := s.snapshot()
	extent, err := extentOf(ctx, s.conn, s.stream)
	if err != nil {
		return err
	}
	if err := s.receded(at.StreamSeq, extent); err != nil {
		return err
	}
	if after < at.Seq {
		at = state{}
	}
	from := at.StreamSeq
	return s.decode(ctx, from+1, extent, func(d *decoded, err error) error {
		if err == nil {
			err = at.prove(d)
		}
		if err != nil {
			return s.damaged(&at.Head, err)
		}
		s.advance(&at, d.First)
		if d.Last() > after {
			if err := fn(d.Commit); err != nil {
				return err
			}
		}
		if progress != nil {
			progress(d.StreamSeq-from, extent.last-from)
		}
		return nil
	})
}

// received is a message of the stream, or that there is none where one has to be.
type received struct {
	streamSeq uint64
	header    nats.Header
	data      []byte
	missing   bool
}

var errMissing = errors.New("it is missing")

// result of decoding one commit.
type result struct {
	commit *decoded
	err    error
}

// decode calls fn with each commit from position from to the end of the extent, or with why one cannot be
// read. Receiving, decoding and fn run at the same time, each in order.
func (s *Store) decode(ctx context.Context, from uint64, to extent, fn func(*decoded, error) error) error {
	if from > to.last {
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	messages, results := make(chan received, ahead), make(chan result, ahead)
	group.Go(func() error {
		defer close(messages)
		return s.receive(ctx, from, to, func(m received) error { return send(ctx, messages, m) })
	})
	group.Go(func() error {
		defer close(results)
		d := newDecoder(s.options.Ledger)
		for m := range messages {
			c, err := d.message(m)
			if err := send(ctx, results, result{c, err}); err != nil {
				return err
			}
		}
		return nil
	})
	group.Go(func() error {
		for r := range results {
			if err := fn(r.commit, r.err); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

func send[T any](ctx context.Context, to chan<- T, item T) error {
	select {
	case to <- item:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// receive calls fn with each message from a position to the end of the extent.
func (s *Store) receive(ctx context.Context, from uint64, to extent, fn func(received) error) error {
	if to.last-from >= few {
		return s.consume(ctx, from, to, fn)
	}
	return s.each(ctx, from, to.last, fn)
}

// each calls fn with each message, asked for one by one.
func (s *Store) each(ctx context.Context, from, last uint64, fn func(received) error) error {
	for seq := from; seq <= last; seq++ {
		m, err := s.fetch(ctx, seq)
		if err != nil {
			return err
		}
		if err := fn(m); err != nil {
			return err
		}
	}
	return nil
}

// fetch asks for one message, which exists. A replica that has not got it yet is asked again.
func (s *Store) fetch(ctx context.Context, streamSeq uint64) (received, error) {
	for try := 1; ; try++ {
		var m *jetstream.RawStreamMsg
		err := patiently(ctx, s.conn, reply, func(ctx context.Context) (err error) {
			m, err = s.stream.GetMsg(ctx, streamSeq)
			return err
		})
		switch {
		case err == nil:
			return received{streamSeq: streamSeq, header: m.Header, data: m.Data}, nil
		case !errors.Is(err, jetstream.ErrMsgNotFound):
			return received{}, fmt.Errorf("read commit %d: %w", streamSeq, err)
		case s.server != nil:
			return received{streamSeq: streamSeq, missing: true}, nil
		case try == 40:
			return s.absent(ctx, streamSeq)
		}
		if !pause(ctx, 50*time.Millisecond) {
			return received{}, ctx.Err()
		}
	}
}

// absent tells a message that is missing, or cannot be read, from one that the nodes that were asked have not got
// yet: the node that leads says which.
func (s *Store) absent(ctx context.Context, streamSeq uint64) (received, error) {
	js, err := s.conn.JetStream()
	if err == nil {
		err = patiently(ctx, s.conn, reply, func(ctx context.Context) error {
			_, err := js.GetMsg(streamName(s.options.Ledger), streamSeq, nats.Context(ctx))
			return err
		})
	}
	if errors.Is(err, nats.ErrMsgNotFound) {
		extent, err := extentOf(ctx, s.conn, s.stream)
		if err != nil {
			return received{}, err
		}
		if extent.last >= streamSeq {
			return received{streamSeq: streamSeq, missing: true}, nil
		}
	} else if err != nil {
		return received{}, fmt.Errorf("read commit %d: %w", streamSeq, err)
	}
	return received{}, fmt.Errorf("%w: commit %d is not to be had yet", ErrUnavailable, streamSeq)
}

// consume receives a longer run of messages, which the server sends ahead. Where it cannot set that up,
// without a majority of a cluster say, they are asked for one by one, of any node.
func (s *Store) consume(ctx context.Context, from uint64, to extent, fn func(received) error) error {
	sub, err := s.subscribe(ctx, from, false)
	if errors.Is(err, ErrUnavailable) {
		return s.each(ctx, from, to.last, fn)
	}
	if err != nil {
		return err
	}
	defer sub.stop()
	moving, stall := context.WithCancel(ctx)
	defer stall()
	timer := time.AfterFunc(time.Hour, stall)
	defer timer.Stop()
	for seq := from; seq <= to.last; seq++ {
		if sub.pending == 0 && !to.whole { // nothing more will come
			return fn(received{streamSeq: seq, missing: true})
		}
		timer.Reset(cmp.Or(s.patience, stalled))
		m, err := sub.next(moving)
		timer.Stop()
		if err != nil && moving.Err() != nil && ctx.Err() == nil {
			return s.withheld(ctx, seq, fn)
		}
		if err != nil {
			return fmt.Errorf("read commit %d: %w", seq, err)
		}
		if err := fn(received{streamSeq: sub.at, header: m.Headers(), data: m.Data()}); err != nil {
			return err
		}
	}
	return nil
}

// withheld finds out why the server does not send a message on.
func (s *Store) withheld(ctx context.Context, streamSeq uint64, fn func(received) error) error {
	m, err := s.fetch(ctx, streamSeq)
	if err != nil {
		return err
	}
	if !m.missing {
		return fmt.Errorf("%w: the server has commit %d, and does not send it", ErrUnavailable, streamSeq)
	}
	return fn(m)
}

// subscription receives messages in order, without gaps but those of the stream.
type subscription struct {
	messages jetstream.MessagesContext
	at       uint64 // position of the last message received
	pending  uint64 // how many messages there were after it
	stop     func()
}

func (s *Store) subscribe(ctx context.Context, from uint64, headersOnly bool) (*subscription, error) {
	sub, err := subscribeTo(ctx, s.conn, s.stream, jetstream.OrderedConsumerConfig{
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       from,
		HeadersOnly:       headersOnly,
		InactiveThreshold: time.Minute,
	}, 10000, pullBytes)
	if err != nil {
		return nil, fmt.Errorf("read the log from commit %d: %w", from, err)
	}
	return sub, nil
}

// subscribeTo has the server send up to so many messages, and bytes, before they are asked for.
func subscribeTo(ctx context.Context, conn *nats.Conn, stream jetstream.Stream, config jetstream.OrderedConsumerConfig, messages, bytes int) (*subscription, error) {
	var consumer jetstream.Consumer
	err := patiently(ctx, conn, reply/4, func(ctx context.Context) (err error) {
		consumer, err = stream.OrderedConsumer(ctx, config)
		return err
	})
	if err != nil {
		return nil, err
	}
	coming, err := consumer.Messages(jetstream.PullMaxMessagesWithBytesLimit(messages, bytes), jetstream.PullHeartbeat(heartbeat))
	if err != nil {
		return nil, err
	}
	sub := &subscription{messages: coming, pending: consumer.CachedInfo().NumPending}
	// A consumer that is looking for a lost server only hears of the context by being stopped.
	unwatch := context.AfterFunc(ctx, coming.Stop)
	sub.stop = func() {
		unwatch()
		coming.Stop()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		// Where it fails, or is not allowed, the server forgets the consumer by itself in a minute.
		_ = stream.DeleteConsumer(ctx, consumer.CachedInfo().Name)
	}
	return sub, nil
}

func (sub *subscription) next(ctx context.Context) (jetstream.Msg, error) {
	m, err := sub.messages.Next(jetstream.NextContext(ctx))
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	meta, err := m.Metadata()
	if err != nil {
		return nil, err
	}
	sub.at, sub.pending = meta.Sequence.Stream, meta.NumPending
	return m, nil
}
