package eventstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Keys in the stream's metadata.
const (
	metadataFeed = "orgledger.feed"      // its format
	metadataKept = "orgledger.feed.keep" // how long messages were kept when they were last not kept forever
)

// What a publisher branches on.
var (
	// ErrFeedFormat: the feed was made by another version of this program. It can be made anew.
	ErrFeedFormat = errors.New("a feed of another version")
	// ErrFeedDamaged: the feed is not what was published. It can be made anew.
	ErrFeedDamaged = errors.New("the feed is damaged")
	// ErrFeedTaken: somebody else has published meanwhile.
	ErrFeedTaken = errors.New("another publisher was first")
)

// feedDuplicates is as short as is useful: the fence lets a message in once.
const feedDuplicates = time.Second

// How much may be on its way to the server before it is acknowledged.
const (
	feedWindow      = 1024
	feedWindowBytes = 8 << 20
)

// feedConfig is the stream of the feed. What is kept once is written without waiting for the disk: a tail that is lost is
// derived from the log again, message for message, and costs nobody anything. Several nodes acknowledge what a majority has.
func feedConfig(ledger string, replicas int, keep time.Duration) jetstream.StreamConfig {
	config := jetstream.StreamConfig{
		Name:        feedName(ledger),
		Description: "orgledger: what changed in " + ledger + ", derived from its log",
		Retention:   jetstream.LimitsPolicy,
		Storage:     jetstream.FileStorage,
		Replicas:    max(replicas, 1),
		MaxMsgs:     -1,
		MaxBytes:    -1,
		MaxAge:      keep,
		MaxMsgSize:  maxMessage,
		Duplicates:  feedDuplicates,
		DenyDelete:  true,
		AllowDirect: true,
		Metadata:    map[string]string{metadataFeed: feedFormat},
	}
	for _, kind := range feedKinds {
		config.Subjects = append(config.Subjects, feedPrefix(ledger, kind)+">")
	}
	if config.Replicas == 1 {
		config.PersistMode = jetstream.AsyncPersistMode
	}
	if keep > 0 {
		config.Duplicates = min(feedDuplicates, keep)
		config.Metadata[metadataKept] = keep.String()
	}
	return config
}

// FeedWriter writes the feed. It belongs to one goroutine. Each message names the one before it, so that of two
// writers one is told that it is not the first, whatever the other does.
type FeedWriter struct {
	feed   *Feed
	js     jetstream.JetStream
	config jetstream.StreamConfig
	last   uint64 // position of the last message sent

	sent  []sentMessage // in order, not yet acknowledged
	bytes int           // of those
}

type sentMessage struct {
	future jetstream.PubAckFuture
	at     uint64
	size   int
}

// WriteFeed opens the feed for writing, and creates its stream where there is none. keep is how long messages are
// kept; 0: forever. It fails with ErrReadOnly where the feed may only be read, with ErrFeedFormat or ErrFeedDamaged where the feed has to be made anew.
func (s *Store) WriteFeed(ctx context.Context, keep time.Duration) (*FeedWriter, error) {
	if s.options.ReadOnly {
		return nil, ErrReadOnly
	}
	if err := s.mayPublish(ctx, feedPrefix(s.options.Ledger, FeedEntry)+"organisation.any.any"); err != nil {
		return nil, err
	}
	js, err := s.publishers.get()
	if err != nil {
		return nil, err
	}
	w := &FeedWriter{feed: s.Feed(), js: js, config: feedConfig(s.options.Ledger, s.replicas(), keep)}
	if err := w.open(ctx); err != nil {
		return nil, err
	}
	return w, nil
}

// replicas is on how many nodes the log is kept.
func (s *Store) replicas() int { return max(s.stream.CachedInfo().Config.Replicas, s.options.Replicas) }

// open finds the stream, or makes it, and looks whether it can be gone on with.
func (w *FeedWriter) open(ctx context.Context) error {
	stream, err := w.feed.stream(ctx)
	if errors.Is(err, errNoFeed) {
		err = patiently(ctx, w.js.Conn(), forming, func(ctx context.Context) error {
			_, err := w.js.CreateStream(ctx, w.config)
			return err
		})
		if err != nil && !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return fmt.Errorf("create the feed: %w", err)
		}
		stream, err = w.feed.stream(ctx)
	}
	if err != nil {
		return err
	}
	info := stream.CachedInfo()
	if err := checkFeedStream(info, &w.config); err != nil {
		return err
	}
	if have := info.Config; have.MaxAge != w.config.MaxAge {
		have.MaxAge, have.Duplicates = w.config.MaxAge, w.config.Duplicates
		maps.Copy(have.Metadata, w.config.Metadata)
		if _, err := w.js.UpdateStream(ctx, have); err != nil {
			return fmt.Errorf("set how long the feed is kept: %w", err)
		}
	}
	w.last = info.State.LastSeq
	return nil
}

// checkFeedStream looks whether the stream is set up as a feed, and whether messages are missing from it.
func checkFeedStream(info *jetstream.StreamInfo, want *jetstream.StreamConfig) error {
	have, state := info.Config, info.State
	slices.Sort(have.Subjects)
	subjects := slices.Sorted(slices.Values(want.Subjects))
	if !slices.Equal(have.Subjects, subjects) || have.Storage != want.Storage || have.Retention != want.Retention ||
		have.MaxMsgs > 0 || have.MaxBytes > 0 || have.MaxMsgsPerSubject > 0 || have.Mirror != nil || len(have.Sources) > 0 {
		return fmt.Errorf("%w: the stream %s is not set up as a feed", ErrConfiguration, have.Name)
	}
	first := max(state.FirstSeq, 1)
	switch {
	case state.Msgs > 0 && state.Msgs != state.LastSeq-first+1:
		return fmt.Errorf("%w: of the messages %d to %d there are %d", ErrFeedDamaged, first, state.LastSeq, state.Msgs)
	case have.MaxAge == 0 && want.MaxAge == 0 && state.LastSeq > 0 && first > 1 && have.Metadata[metadataKept] == "":
		return fmt.Errorf("%w: it begins with message %d", ErrFeedDamaged, first)
	}
	return nil
}

// Last is the last message, as Feed.Last gives it. What is written next comes behind it.
func (w *FeedWriter) Last(ctx context.Context) (m FeedMessage, there bool, err error) {
	m, there, err = w.feed.Last(ctx)
	w.last = m.Position
	return m, there, err
}

// Write sends a message as the next one. It waits while too much is on its way, and does not wait for this one to be
// acknowledged: see Flush. It fails with ErrFeedTaken where somebody else has written meanwhile; whatever it fails with, the next
// thing to ask for is Last.
func (w *FeedWriter) Write(ctx context.Context, m *FeedMessage) error {
	for len(w.sent) >= feedWindow || w.bytes+len(m.Event) > feedWindowBytes && len(w.sent) > 0 {
		if err := w.acknowledged(ctx); err != nil {
			return err
		}
	}
	header := m.header()
	header[jetstream.ExpectedLastSeqHeader] = []string{strconv.FormatUint(w.last, 10)}
	future, err := w.js.PublishMsgAsync(&nats.Msg{Subject: m.Subject, Header: header, Data: m.Event}, jetstream.WithRetryAttempts(0))
	if err != nil {
		return w.fail(err)
	}
	w.last++
	w.sent = append(w.sent, sentMessage{future, w.last, len(m.Event)})
	w.bytes += len(m.Event)
	return nil
}

// Flush waits until everything that was sent is acknowledged.
func (w *FeedWriter) Flush(ctx context.Context) error {
	for len(w.sent) > 0 {
		if err := w.acknowledged(ctx); err != nil {
			return err
		}
	}
	return nil
}

// acknowledged waits for the first message on its way.
func (w *FeedWriter) acknowledged(ctx context.Context) error {
	first := w.sent[0]
	select {
	case ack := <-first.future.Ok():
		if ack.Sequence != first.at {
			return w.fail(fmt.Errorf("%w: message %d became %d", ErrFeedTaken, first.at, ack.Sequence))
		}
	case err := <-first.future.Err():
		return w.fail(err)
	case <-ctx.Done():
		return ctx.Err()
	}
	w.sent = w.sent[1:]
	w.bytes -= first.size
	return nil
}

// fail forgets what is on its way: nobody knows what has become of it.
func (w *FeedWriter) fail(err error) error {
	w.sent, w.bytes = nil, 0
	if answer, answered := errors.AsType[*jetstream.APIError](err); answered && isFence(answer) {
		return fmt.Errorf("%w: %w", ErrFeedTaken, err)
	}
	return fmt.Errorf("%w: publish to the feed: %w", ErrUnavailable, err)
}

// DropFeed deletes the feed, with what reads it on the server: durable consumers have to be made anew. Where
// there is none, it does nothing.
func (s *Store) DropFeed(ctx context.Context) error {
	js, err := s.publishers.get()
	if err != nil {
		return err
	}
	err = patiently(ctx, js.Conn(), reply, func(ctx context.Context) error {
		return js.DeleteStream(ctx, feedName(s.options.Ledger))
	})
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("delete the feed: %w", err)
	}
	return nil
}
