package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/orgledger/orgledger/domain"
)

// FeedKind is what a message of the feed tells.
type FeedKind string

// The kinds of message.
const (
	FeedEntry   FeedKind = "entry"   // an entry touched a reference: the event as it is stored in the log
	FeedChange  FeedKind = "change"  // an answer about a reference changed because of an entry
	FeedArrival FeedKind = "arrival" // an effective date arrived: what was recorded before is in effect now
)

// FeedMessage is one message of the feed.
type FeedMessage struct {
	Position uint64     // in the feed's stream, from 1
	ID       string     // unique in the feed (Nats-Msg-Id), the same after a rebuild
	Subject  string     // under which NATS clients find it
	Kind     FeedKind   //
	Seq      uint64     // the entry that caused it; of an arrival, the last entry that was taken into account
	Ref      domain.Ref // what it is about
	Event    []byte     // a CloudEvent, JSON in structured mode (application/cloudevents+json)

	Complete uint64      // the entry up to which the feed is complete with this message
	Day      domain.Date // the day, in UTC, that the feed has reached with it
}

// FeedSelection chooses messages. The zero FeedSelection takes all.
type FeedSelection struct {
	Refs  []domain.Ref // about any of these; none: about anything
	Kinds []FeedKind   // of any of these; none: of every kind
}

// FeedEnds says from where to where the feed is kept.
type FeedEnds struct {
	First uint64 // position of the first message that is still there; Last+1: none is
	Last  uint64 // position of the last one; 0: there has been none
	Seq   uint64 // the entry up to which the feed is complete
}

// ErrExpired says that messages from a position on are no longer kept: the consumer has to take a snapshot, and follow
// from there.
var ErrExpired = errors.New("the feed no longer keeps messages from there on: take a snapshot, and follow from it")

// errNoFeed: nobody has published anything yet.
var errNoFeed = errors.New("there is no feed yet")

// MaxFeedEvent is the longest event of a message, in bytes. Every entry's is shorter.
const MaxFeedEvent = 1 << 20

// absentFeed is how often a reader looks whether the feed has come into being, or back.
const absentFeed = time.Second

// Feed is the feed of a log, for readers. Its methods may be called concurrently. Where nobody has published
// anything yet, it is empty.
type Feed struct{ store *Store }

// Feed is the feed of this log.
func (s *Store) Feed() *Feed { return &Feed{s} }

// stream finds the stream, and how far it goes.
func (f *Feed) stream(ctx context.Context) (stream jetstream.Stream, err error) {
	js, err := f.store.readers.get()
	if err != nil {
		return nil, err
	}
	err = patiently(ctx, js.Conn(), reply, func(ctx context.Context) (err error) {
		stream, err = js.Stream(ctx, feedName(f.store.options.Ledger))
		return err
	})
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, errNoFeed
	}
	if err != nil {
		return nil, fmt.Errorf("find the feed: %w", err)
	}
	if err := checkFeedFormat(stream.CachedInfo()); err != nil {
		return nil, err
	}
	return stream, nil
}

// Ends asks where the feed begins and ends. It costs two requests.
func (f *Feed) Ends(ctx context.Context) (FeedEnds, error) {
	stream, err := f.stream(ctx)
	if errors.Is(err, errNoFeed) {
		return FeedEnds{First: 1}, nil
	}
	if err != nil {
		return FeedEnds{}, err
	}
	state := stream.CachedInfo().State
	ends := FeedEnds{First: max(state.FirstSeq, 1), Last: state.LastSeq}
	if state.Msgs == 0 {
		ends.First = ends.Last + 1
	}
	if ends.First <= ends.Last {
		m, err := f.message(ctx, stream, ends.Last)
		if err != nil {
			return FeedEnds{}, err
		}
		ends.Seq = m.Complete
	}
	return ends, nil
}

// Last is the last message; false where there is none, because none has been published or none is kept any more: of it
// only Position is given then. It costs two requests.
func (f *Feed) Last(ctx context.Context) (m FeedMessage, there bool, err error) {
	stream, err := f.stream(ctx)
	if errors.Is(err, errNoFeed) {
		return m, false, nil
	}
	if err != nil {
		return m, false, err
	}
	state := stream.CachedInfo().State
	if state.Msgs == 0 {
		return FeedMessage{Position: state.LastSeq}, false, nil
	}
	m, err = f.message(ctx, stream, state.LastSeq)
	return m, err == nil, err
}

// After is the position behind the last message that belongs to an entry up to seq: of the first that a later entry, or a
// day that has arrived since, caused; one behind the last message where there is none yet. It fails with ErrExpired where
// such messages are no longer kept. It costs some requests, as many as the logarithm of the messages.
func (f *Feed) After(ctx context.Context, seq uint64) (position uint64, err error) {
	stream, err := f.stream(ctx)
	if errors.Is(err, errNoFeed) {
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	state := stream.CachedInfo().State
	first, behind := max(state.FirstSeq, 1), state.LastSeq+1
	for low := first; low < behind; {
		middle := low + (behind-low)/2
		m, err := f.message(ctx, stream, middle)
		if err != nil {
			return 0, err
		}
		if m.Seq > seq || m.Seq == seq && m.Kind == FeedArrival {
			behind = middle
		} else {
			low = middle + 1
		}
	}
	if behind == first && first > 1 {
		return 0, fmt.Errorf("after entry %d: %w", seq, ErrExpired)
	}
	return behind, nil
}

// message reads one message, which there was a moment ago. Where it has gone since, it has expired.
func (f *Feed) message(ctx context.Context, stream jetstream.Stream, position uint64) (FeedMessage, error) {
	var raw *jetstream.RawStreamMsg
	js, err := f.store.readers.get()
	if err != nil {
		return FeedMessage{}, err
	}
	err = patiently(ctx, js.Conn(), reply, func(ctx context.Context) (err error) {
		raw, err = stream.GetMsg(ctx, position)
		return err
	})
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return FeedMessage{}, fmt.Errorf("message %d: %w", position, ErrExpired)
	}
	if err != nil {
		return FeedMessage{}, fmt.Errorf("read message %d of the feed: %w", position, err)
	}
	return parseFeedMessage(position, raw.Subject, raw.Header, raw.Data)
}

// Follow calls fn with the chosen messages from a position on, in order, and then as they come, until ctx ends or fn
// fails. It fails with ErrExpired where messages that the caller has not had are no longer kept. A caller that is slow
// holds up nobody else. A rebuild in between is waited for.
func (f *Feed) Follow(ctx context.Context, position uint64, choose FeedSelection, fn func(FeedMessage) error) error {
	r := &feedReader{Feed: f, next: max(position, 1), choose: choose, fn: fn}
	for {
		err := r.read(ctx, false)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case r.failed != nil:
			return r.failed
		case !errors.Is(err, errNoFeed) && !comesBack(err):
			return err
		}
		if !pause(ctx, absentFeed) {
			return ctx.Err()
		}
	}
}

// comesBack reports whether reading may go on after an error: the server, or the feed, may come back.
func comesBack(err error) bool {
	return errors.Is(err, ErrUnavailable) || temporary(err) || errors.Is(err, jetstream.ErrNoHeartbeat) ||
		errors.Is(err, jetstream.ErrConsumerDeleted) || errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrConsumerNotFound) ||
		errors.Is(err, jetstream.ErrOrderedConsumerReset)
}

// Read is Follow that ends at the last message that there is now.
func (f *Feed) Read(ctx context.Context, position uint64, choose FeedSelection, fn func(FeedMessage) error) error {
	r := &feedReader{Feed: f, next: max(position, 1), choose: choose, fn: fn}
	err := r.read(ctx, true)
	switch {
	case r.failed != nil:
		return r.failed
	case errors.Is(err, errNoFeed):
		return ctx.Err()
	}
	return err
}
