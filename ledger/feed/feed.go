// Package feed derives from the log what subscribers read: a message for every reference that an entry touches, one for
// every answer that changed because of it, and one for every answer that changes because a day arrives.
package feed

import (
	"context"

	"github.com/orgledger/orgledger/eventstore"
)

// What the feed consists of, under the name of the package that derives it.
type (
	Kind      = eventstore.FeedKind
	Message   = eventstore.FeedMessage
	Selection = eventstore.FeedSelection
	Ends      = eventstore.FeedEnds
)

// The kinds of message.
const (
	Entry   = eventstore.FeedEntry
	Change  = eventstore.FeedChange
	Arrival = eventstore.FeedArrival
)

// ErrExpired says that messages are no longer kept: the consumer has to take a snapshot, and follow from there.
var ErrExpired = eventstore.ErrExpired

// Feed is what readers need; *eventstore.Feed is one.
type Feed interface {
	Ends(ctx context.Context) (Ends, error)
	After(ctx context.Context, seq uint64) (position uint64, err error)
	Follow(ctx context.Context, position uint64, choose Selection, fn func(Message) error) error
	Read(ctx context.Context, position uint64, choose Selection, fn func(Message) error) error
}

var _ Feed = (*eventstore.Feed)(nil)
