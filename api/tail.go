package api

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/orgledger/orgledger/ledger/feed"
)

const (
	tailMessages = 4096     // at the end of the feed that are kept in memory
	tailBytes    = 16 << 20 // the same in bytes of events
)

// errBusy says that there are as many connections as may be.
var errBusy = errors.New("there are as many readers of the feed as this server takes")

// tails have the feed read once for all connections that are at its end. Nobody reads it while there are none.
type tails struct {
	feed  feed.Feed
	limit int           // connections
	turns chan struct{} // held while many messages are chosen or read: readers leave processors to who records

	mu   sync.Mutex
	open int   // connections; guarded by mu
	tail *tail // guarded by mu; nil: there are no connections
}

func newTails(f feed.Feed, limit int) *tails {
	return &tails{feed: f, limit: limit, turns: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
}

// join gives a connection the end of the feed, until it leaves. It fails with errBusy.
func (h *tails) join() (t *tail, leave func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open >= h.limit {
		return nil, nil, errBusy
	}
	h.open++
	if h.tail == nil || h.tail.failure() != nil {
		h.tail = newTail(h.feed)
	}
	t = h.tail
	t.users++
	return t, func() { h.leave(t) }, nil
}

func (h *tails) leave(t *tail) {
	h.mu.Lock()
	h.open--
	t.users--
	last := t.users == 0
	if last && h.tail == t {
		h.tail = nil
	}
	h.mu.Unlock()
	if last {
		t.stop()
		<-t.ended
	}
}

// connections is how many there are.
func (h *tails) connections() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open
}

// turn waits until this connection may use a processor for a while.
func (h *tails) turn(ctx context.Context) (done func(), err error) {
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// tail is the end of the feed, in memory.
type tail struct {
	stop  context.CancelFunc
	ended chan struct{}
	users int // guarded by tails.mu

	mu    sync.Mutex
	last  []framed      // in order of their positions, without a gap; what is in it never changes; guarded by mu
	bytes int           // of their events; guarded by mu
	next  uint64        // position of the message that comes next; 0: that is not known yet; guarded by mu
	err   error         // why nothing comes any more; guarded by mu
	grown chan struct{} // closed when any of these changes; guarded by mu
}

// framed is a message, and how it is sent to most.
type framed struct {
	feed.Message
	frame []byte
}

func newTail(f feed.Feed) *tail {
	ctx, stop := context.WithCancel(context.Background())
	t := &tail{stop: stop, ended: make(chan struct{}), grown: make(chan struct{})}
	go func() {
		defer close(t.ended)
		err := t.follow(ctx, f)
		t.change(func() { t.err = err })
	}()
	return t
}

// follow reads from the end on.
func (t *tail) follow(ctx context.Context, f feed.Feed) error {
	ends, err := f.Ends(ctx)
	if err != nil {
		return err
	}
	t.change(func() { t.next = ends.Last + 1 })
	return f.Follow(ctx, ends.Last+1, feed.Selection{}, func(m feed.Message) error {
		one := framed{m, appendFrame(nil, &m)}
		t.change(func() { t.add(one) })
		return nil
	})
}

// change is a change that waiting connections are told of.
func (t *tail) change(how func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	how()
	close(t.grown)
	t.grown = make(chan struct{})
}

// add puts a message behind the others, and drops the oldest where there are too many. Connections go on reading what
// they were given.
func (t *tail) add(m framed) {
	t.last, t.next = append(t.last, m), m.Position+1
	t.bytes += len(m.Event)
	for len(t.last) > tailMessages || t.bytes > tailBytes && len(t.last) > 1 {
		t.bytes -= len(t.last[0].Event)
		t.last = t.last[1:]
	}
}

func (t *tail) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// from gives the messages from a position on, as far as they are there, and what to wait for where there are none. held is false where
// the position is not in memory: then it is read from the feed itself.
func (t *tail) from(position uint64) (messages []framed, held bool, grown <-chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := t.next - uint64(len(t.last))
	switch {
	case t.err != nil:
		return nil, false, nil, t.err
	case t.next == 0:
		return nil, true, t.grown, nil
	case position < first:
		return nil, false, nil, nil
	case position >= t.next:
		return nil, true, t.grown, nil
	}
	return t.last[position-first:], true, t.grown, nil
}
