package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/feed"
)

const (
	heartbeat    = 15 * time.Second // without a message, after which a sign of life is sent
	reconnect    = 3 * time.Second  // how long clients are asked to wait before they connect again
	patience     = 10 * time.Second // how long a client may take to receive what is sent at once, before it is cut off
	atOnce       = 256              // messages that are sent, or read from the feed, at once
	atOnceBytes  = 64 << 10         // the same in bytes, give or take one
	perSecond    = 10_000           // how often, over all connections, something is sent: under load, what comes is collected
	leastBetween = 5 * time.Millisecond
	many         = 16 // connections
)

// connection is one reader of the feed. It belongs to the goroutine that answers the request.
type connection struct {
	tails   *tails
	tail    *tail
	w       http.ResponseWriter
	control *http.ResponseController
	lines   bool // JSON lines, not events

	choose feed.Selection
	refs   map[domain.Ref]bool // chosen; nil: all

	asked bool   // it begins with an entry that was named
	next  uint64 // position of the next message to look at; 0: not known yet
	since uint64 // the last entry of which nothing is to be sent any more, as an entry
	told  uint64 // changes because of entries up to this one are not sent either

	out  bytes.Buffer
	sent time.Time // when something was last sent
}

// FeedLine is a message of the feed as a line of JSON.
type FeedLine struct {
	ID    string          `json:"id"` // to be sent in Last-Event-ID to go on behind this message
	Kind  feed.Kind       `json:"kind"`
	Event json.RawMessage `json:"event"` // a CloudEvent
}

// index makes references quick to look up.
func (c *connection) index() {
	if len(c.choose.Refs) == 0 {
		return
	}
	c.refs = make(map[domain.Ref]bool, len(c.choose.Refs))
	for _, ref := range c.choose.Refs {
		c.refs[ref] = true
	}
}

// locate finds where the connection begins. It fails with feed.ErrExpired where that is no longer kept.
func (c *connection) locate(ctx context.Context, f feed.Feed) (err error) {
	if c.next == 0 && c.asked {
		c.told = c.since
		c.next, err = f.After(ctx, c.since)
		return err
	}
	ends, err := f.Ends(ctx)
	switch {
	case err != nil:
		return err
	case c.next == 0:
		c.next = ends.Last + 1
	case c.next < ends.First:
		return fmt.Errorf("behind message %d: %w", c.next-1, feed.ErrExpired)
	}
	return nil // beyond the end, the feed is being made anew and will get there
}

// run sends until the client goes or is too slow, ctx or the server ends, or the feed fails.
func (c *connection) run(ctx context.Context, stopping <-chan struct{}) error {
	if err := c.begin(ctx); err != nil {
		return err
	}
	l, drop := c.tail.listen(c.choose)
	defer drop()
	for {
		found, err := c.tail.look(c.next, l)
		c.next = max(c.next, found.at)
		switch {
		case err != nil:
			return err
		case found.behind:
			err = c.catchUp(ctx)
		case len(found.messages) > 0:
			err = c.collect(ctx, found.messages)
		}
		if err == nil {
			err = c.flush(ctx)
		}
		if err != nil {
			return err
		}
		if ended, err := c.pause(ctx, stopping, found.wait); ended || err != nil {
			return err
		}
	}
}

// pause waits until there is more, or where there was something for a moment, the longer the more connections there are. Meanwhile it
// sends signs of life. It reports whether the server stops.
func (c *connection) pause(ctx context.Context, stopping, more <-chan struct{}) (ended bool, err error) {
	least := c.sent.Add(max(time.Duration(c.tails.connections())*time.Second/perSecond, leastBetween))
	for {
		wake, until := more, c.sent.Add(heartbeat)
		if now := time.Now(); now.Before(least) || more == nil {
			wake, until = nil, least
		}
		timer := time.NewTimer(time.Until(until))
		select {
		case <-wake:
			timer.Stop()
			return false, nil
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false, ctx.Err()
		case <-stopping:
			timer.Stop()
			return true, nil
		}
		if more == nil {
			return false, nil
		}
		if wake != nil {
			c.out.WriteString(c.sign())
			if err := c.flush(ctx); err != nil {
				return false, err
			}
		}
	}
}

// begin sends the headers, and of events how long to wait before connecting again.
func (c *connection) begin(ctx context.Context) error {
	header := c.w.Header()
	header.Set("Content-Type", events)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // or nginx keeps it back
	if c.lines {
		header.Set("Content-Type", lines)
	}
	c.w.WriteHeader(http.StatusOK)
	if !c.lines {
		fmt.Fprintf(&c.out, "retry: %d\n\n", reconnect.Milliseconds())
	}
	c.sent = time.Now()
	return errors.Join(c.flush(ctx), c.control.Flush())
}

// sign is what is sent when there is nothing to send.
func (c *connection) sign() string {
	if c.lines {
		return "\n"
	}
	return ":\n\n"
}

// collect makes ready what of some messages is chosen.
func (c *connection) collect(ctx context.Context, messages []framed) error {
	if len(messages) > atOnce {
		done, err := c.tails.turn(ctx)
		if err != nil {
			return err
		}
		defer done()
	}
	for i := range messages {
		if m := &messages[i]; c.take(&m.Message) {
			c.write(&m.Message, m.frame)
		}
		if c.out.Len() > atOnceBytes {
			break
		}
	}
	return nil
}

// errEnough ends a reading of the feed.
var errEnough = errors.New("that is enough for now")

// catchUp makes ready what is read from the feed itself, some messages at a time, so that a client that is slow holds up no
// reading of it.
func (c *connection) catchUp(ctx context.Context) error {
	done, err := c.tails.turn(ctx)
	if err != nil {
		return err
	}
	defer c.rest(ctx, time.Now(), done)
	ends, err := c.tails.feed.Ends(ctx)
	if err != nil {
		return err
	}
	n := 0
	err = c.tails.feed.Read(ctx, c.next, c.choose, func(m feed.Message) error {
		if c.take(&m) {
			c.write(&m, nil)
		}
		if n++; n == atOnce || c.out.Len() > atOnceBytes {
			return errEnough
		}
		return nil
	})
	switch {
	case err == nil:
		c.next = max(c.next, ends.Last+1) // what is not chosen was passed over
		return nil
	case errors.Is(err, errEnough):
		return nil
	}
	return err
}

// rest ends a turn. Where many are behind, a processor is left to others for as long as the turn took.
func (c *connection) rest(ctx context.Context, begun time.Time, done func()) {
	defer done()
	if c.tails.connections() < many {
		return
	}
	timer := time.NewTimer(time.Since(begun))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// take looks at a message, and reports whether it is sent.
func (c *connection) take(m *feed.Message) bool {
	if m.Position < c.next {
		return false
	}
	c.next = m.Position + 1
	if c.refs != nil && !c.refs[m.Ref] || len(c.choose.Kinds) > 0 && !slices.Contains(c.choose.Kinds, m.Kind) {
		return false
	}
	switch m.Kind {
	case feed.Entry: // it may touch other references, under which it has been sent
		if m.Seq <= c.since {
			return false
		}
		c.since = m.Seq
	case feed.Change:
		return m.Seq > c.told
	}
	return true
}

// write makes a message ready. frame is what appendFrame gives, or nil.
func (c *connection) write(m *feed.Message, frame []byte) {
	switch {
	case c.lines:
		c.out.Write(appendLine(c.out.AvailableBuffer(), m))
	case frame != nil:
		c.out.Write(frame)
	default:
		c.out.Write(appendFrame(c.out.AvailableBuffer(), m))
	}
}

// appendFrame adds a message as an event. A CloudEvent is one line; where it were several, each would be a field of its own.
func appendFrame(to []byte, m *feed.Message) []byte {
	to = append(append(append(to, "id: "...), eventID(m)...), '\n')
	to = append(append(append(to, "event: "...), m.Kind...), '\n')
	for line := range bytes.Lines(m.Event) {
		to = append(append(append(to, "data: "...), bytes.TrimRight(line, "\r\n")...), '\n')
	}
	return append(to, '\n')
}

// appendLine adds a message as a line of JSON.
func appendLine(to []byte, m *feed.Message) []byte {
	to = append(append(append(to, `{"id":"`...), eventID(m)...), `","kind":"`...)
	to = append(append(append(to, m.Kind...), `","event":`...), bytes.TrimSpace(m.Event)...)
	return append(to, '}', '\n')
}

// flush sends what is ready, when it is its time. A client that does not take it in time is cut off: it has the id to go on from.
func (c *connection) flush(ctx context.Context) error {
	if c.out.Len() == 0 {
		return nil
	}
	if wait := c.tails.later(c.out.Len()); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := c.control.SetWriteDeadline(time.Now().Add(patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := c.w.Write(c.out.Bytes()); err != nil {
		return err
	}
	if c.out.Reset(); c.out.Cap() > atOnceBytes {
		c.out = bytes.Buffer{}
	}
	c.sent = time.Now()
	return c.control.Flush()
}
