package eventstore

import (
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/orgledger/orgledger/domain"
)

// feedFormat is the form of the messages. A feed of an earlier one is made anew.
const feedFormat = "1"

// Headers of a message of the feed, from which a publisher goes on exactly where the one before it ended.
const (
	headerFeedKind     = "Orgledger-Kind"
	headerFeedSeq      = "Orgledger-Seq"
	headerFeedRef      = "Orgledger-Ref"
	headerFeedComplete = "Orgledger-Complete"
	headerFeedDay      = "Orgledger-Day"
)

var feedKinds = []FeedKind{FeedEntry, FeedChange, FeedArrival}

func feedName(ledger string) string { return streamName(ledger) + feedSuffix }

func feedPrefix(ledger string, kind FeedKind) string {
	return "orgledger." + ledger + "." + string(kind) + "."
}

// feedSubject is the subject of what a kind of message tells of a reference, but for the verb of an entry. An identifier is
// always one token, since domain.IDPattern knows neither dot nor wildcard.
func feedSubject(ledger string, kind FeedKind, ref domain.Ref) string {
	return feedPrefix(ledger, kind) + ref.Kind.String() + "." + ref.ID
}

// FeedSubject is the subject of a message: orgledger.<ledger>.entry.<kind>.<id>.<verb>,
// orgledger.<ledger>.change.<kind>.<id> or orgledger.<ledger>.arrival.<kind>.<id>. verb is only of entries.
func (s *Store) FeedSubject(kind FeedKind, ref domain.Ref, verb string) string {
	subject := feedSubject(s.options.Ledger, kind, ref)
	if kind == FeedEntry {
		subject += "." + verb
	}
	return subject
}

// EventSource is the CloudEvents source of the events of this ledger.
func (s *Store) EventSource() string { return source(s.options.Ledger) }

// header is the message's headers, but for the fence.
func (m *FeedMessage) header() nats.Header {
	return nats.Header{
		"Content-Type":     {"application/cloudevents+json"},
		nats.MsgIdHdr:      {m.ID},
		headerFeedKind:     {string(m.Kind)},
		headerFeedSeq:      {strconv.FormatUint(m.Seq, 10)},
		headerFeedRef:      {m.Ref.String()},
		headerFeedComplete: {strconv.FormatUint(m.Complete, 10)},
		headerFeedDay:      {m.Day.String()},
	}
}

// parseFeedMessage reads a message as it is in the stream.
func parseFeedMessage(position uint64, subject string, from nats.Header, event []byte) (m FeedMessage, err error) {
	m = FeedMessage{Position: position, ID: from.Get(nats.MsgIdHdr), Subject: subject, Kind: FeedKind(from.Get(headerFeedKind)), Event: event}
	fail := func(name string, err error) (FeedMessage, error) {
		return m, fmt.Errorf("message %d of the feed: its %s: %w", position, name, err)
	}
	if m.Seq, err = strconv.ParseUint(from.Get(headerFeedSeq), 10, 64); err != nil {
		return fail(headerFeedSeq, err)
	}
	if m.Ref, err = domain.ParseRef(from.Get(headerFeedRef)); err != nil {
		return fail(headerFeedRef, err)
	}
	if m.Complete, err = strconv.ParseUint(from.Get(headerFeedComplete), 10, 64); err != nil {
		return fail(headerFeedComplete, err)
	}
	if m.Day, err = domain.ParseDate(from.Get(headerFeedDay)); err != nil {
		return fail(headerFeedDay, err)
	}
	return m, nil
}

// checkFeedFormat refuses a feed of another version, and a stream that is none.
func checkFeedFormat(info *jetstream.StreamInfo) error {
	if have := info.Config.Metadata[metadataFeed]; have != feedFormat {
		return fmt.Errorf("%w: the stream %s has the format %q of a feed instead of %s", ErrFeedFormat, info.Config.Name, have, feedFormat)
	}
	return nil
}
