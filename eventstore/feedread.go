package eventstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	maxFilters = 64               // up to so many subjects the server chooses by
	feedAhead  = 200              // messages that the server may send before they are asked for
	feedBytes  = 2 * MaxFeedEvent // the same in bytes
	feedLook   = time.Second      // how often a reader that is behind looks whether something has expired
	feedIdle   = 30 * time.Second // how long the server keeps a reader that is gone
)

// feedReader is one reading of the feed. It belongs to one goroutine.
type feedReader struct {
	*Feed
	next   uint64 // position from which on the caller has had nothing
	choose FeedSelection
	fn     func(FeedMessage) error
	failed error // what fn returned

	behind time.Time // since when there is more than the caller has taken; zero: there is not
	looked time.Time // when it was last looked whether something has expired
}

// read reads from next on; with stop, up to the message that is the last one now.
func (r *feedReader) read(ctx context.Context, stop bool) error {
	stream, err := r.stream(ctx)
	if err != nil {
		return err
	}
	state := stream.CachedInfo().State
	if r.next < state.FirstSeq {
		return fmt.Errorf("message %d: %w", r.next, ErrExpired)
	}
	if stop && r.next > state.LastSeq {
		return nil
	}
	filters := r.choose.subjects(r.store.options.Ledger)
	js, err := r.store.readers.get()
	if err != nil {
		return err
	}
	sub, err := subscribeTo(ctx, js.Conn(), stream, jetstream.OrderedConsumerConfig{
		FilterSubjects:    filters,
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       r.next,
		InactiveThreshold: feedIdle,
	}, feedAhead, feedBytes)
	if err != nil {
		return fmt.Errorf("read the feed from message %d: %w", r.next, err)
	}
	defer sub.stop()
	if stop && sub.pending == 0 {
		return nil
	}
	for {
		m, err := sub.next(ctx)
		if err != nil {
			return err
		}
		if stop && sub.at > state.LastSeq {
			return nil
		}
		if err := r.take(ctx, stream, sub, m); err != nil {
			return err
		}
		if stop && (sub.at >= state.LastSeq || sub.pending == 0) {
			return nil
		}
	}
}

// take gives one message to the caller.
func (r *feedReader) take(ctx context.Context, stream jetstream.Stream, sub *subscription, m jetstream.Msg) error {
	if sub.at < r.next { // had before the feed was rebuilt
		return nil
	}
	if err := r.expired(ctx, stream, sub.at, sub.pending); err != nil {
		return err
	}
	message, err := parseFeedMessage(sub.at, m.Subject(), m.Headers(), m.Data())
	if err != nil {
		return err
	}
	r.next = sub.at + 1
	if !r.choose.takes(&message) {
		return nil
	}
	r.failed = r.fn(message)
	return r.failed
}

// expired finds out whether messages that the caller has not had have gone. Of a feed that keeps everything none do. Of
// another one that may be so where the caller has been behind for long. Where positions are missing although nothing is
// left out, they have gone, or are damaged.
func (r *feedReader) expired(ctx context.Context, stream jetstream.Stream, at, pending uint64) error {
	keep, now, chosen := stream.CachedInfo().Config.MaxAge, time.Now(), len(r.choose.Refs)+len(r.choose.Kinds) > 0
	if r.behind.IsZero() {
		r.behind = now
	}
	long := keep > 0 && now.Sub(r.behind) > keep/2 && now.Sub(r.looked) > feedLook
	if pending == 0 {
		r.behind = time.Time{}
	}
	if r.next == at || chosen && !long {
		return nil
	}
	r.looked = now
	info, err := stream.Info(ctx)
	switch {
	case err != nil:
		return err
	case info.State.FirstSeq > r.next:
		return fmt.Errorf("message %d: %w", r.next, ErrExpired)
	case !chosen:
		return fmt.Errorf("%w: message %d follows message %d", ErrFeedDamaged, at, r.next-1)
	}
	return nil
}

// Check reads the whole feed of an embedded server, and fails with ErrFeedDamaged where a message is missing, or cannot be
// read any more: the server leaves out what it finds damaged, without a word. That an external server's disks are sound is
// its operator's business, and it costs nothing there.
func (f *Feed) Check(ctx context.Context) error {
	if f.store.server == nil {
		return nil
	}
	stream, err := f.stream(ctx)
	if errors.Is(err, errNoFeed) {
		return nil
	}
	if err != nil {
		return err
	}
	state := stream.CachedInfo().State
	if state.Msgs == 0 {
		return nil
	}
	js, err := f.store.readers.get()
	if err != nil {
		return err
	}
	sub, err := subscribeTo(ctx, js.Conn(), stream, jetstream.OrderedConsumerConfig{
		DeliverPolicy:     jetstream.DeliverAllPolicy,
		HeadersOnly:       true,
		InactiveThreshold: feedIdle,
	}, feedAhead, feedBytes)
	if err != nil {
		return fmt.Errorf("check the feed: %w", err)
	}
	defer sub.stop()
	for next := uint64(0); next <= state.LastSeq; next = sub.at + 1 {
		waiting, cancel := context.WithTimeout(ctx, stalled)
		_, err := sub.next(waiting)
		cancel()
		switch {
		case err != nil && ctx.Err() == nil && waiting.Err() != nil:
			return f.lost(ctx, next, state.LastSeq+1)
		case err != nil:
			return err
		case next == 0: // the first that is kept
		case sub.at != next:
			return f.lost(ctx, next, sub.at)
		}
	}
	return nil
}

// lost tells messages that have expired meanwhile from those that are damaged.
func (f *Feed) lost(ctx context.Context, from, to uint64) error {
	ends, err := f.Ends(ctx)
	if err != nil || ends.First >= to {
		return err
	}
	return fmt.Errorf("%w: there is nothing between the messages %d and %d", ErrFeedDamaged, from-1, to)
}

// takes reports whether a message is chosen.
func (c *FeedSelection) takes(m *FeedMessage) bool {
	return (len(c.Kinds) == 0 || slices.Contains(c.Kinds, m.Kind)) && (len(c.Refs) == 0 || slices.Contains(c.Refs, m.Ref))
}

// subjects lets the server choose; none where it would be too many, or all.
func (c *FeedSelection) subjects(ledger string) []string {
	kinds := c.Kinds
	if len(kinds) == 0 {
		kinds = feedKinds
	}
	var all []string
	for _, kind := range kinds {
		for _, ref := range c.Refs {
			subject := feedSubject(ledger, kind, ref)
			if kind == FeedEntry {
				subject += ".*"
			}
			all = append(all, subject)
		}
		if len(c.Refs) == 0 {
			all = append(all, feedPrefix(ledger, kind)+">")
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) > maxFilters || len(c.Refs)+len(c.Kinds) == 0 {
		return nil
	}
	return all
}
