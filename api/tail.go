package api

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/feed"
)

const (
	tailMessages = 1 << 16   // at the end of the feed that are kept in memory
	tailBytes    = 32 << 20  // the same in bytes
	outBytes     = 100 << 20 // that are sent in a second, over all connections: the rest of the machine is for who records
)

// errBusy says that there are as many connections as may be.
var errBusy = errors.New("there are as many readers of the feed as this server takes")

// tails have the feed read once for all connections that are at its end. Nobody reads it while there are none.
type tails struct {
	feed  feed.Feed
	limit int           // connections
	turns chan struct{} // held while many messages are chosen or read: readers leave processors to who records

	mu   sync.Mutex
	open int       // connections; guarded by mu
	tail *tail     // guarded by mu; nil: there are no connections
	free time.Time // when everything that was let through may have been sent; guarded by mu
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

// later is how long a connection has to wait before it sends some bytes.
func (h *tails) later(bytes int) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	wait := h.free.Sub(now)
	if wait < 0 {
		h.free, wait = now, 0
	}
	h.free = h.free.Add(time.Duration(bytes) * time.Second / outBytes)
	return wait
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

	listeners map[domain.Ref]map[*listener]bool // of each reference that somebody has chosen; guarded by mu
}

// framed is a message, and how it is sent to most, of which its event is a part.
type framed struct {
	feed.Message
	frame []byte
}

// listener is a connection that has chosen references, and is woken for no other message.
type listener struct {
	choose feed.Selection
	wake   chan struct{} // holds a value when there may be something

	first uint64 // position of the first message that it has chosen, of those from since on; 0: there is none; guarded by tail.mu
	since uint64 // 0: that is not known yet; guarded by tail.mu
}

func newTail(f feed.Feed) *tail {
	ctx, stop := context.WithCancel(context.Background())
	t := &tail{stop: stop, ended: make(chan struct{}), grown: make(chan struct{}), listeners: make(map[domain.Ref]map[*listener]bool)}
	go func() {
		defer close(t.ended)
		err := t.follow(ctx, f)
		t.change(func() { t.fail(err) })
	}()
	return t
}

// fail ends every connection.
func (t *tail) fail(err error) {
	t.err = err
	for _, all := range t.listeners {
		for l := range all {
			l.rouse()
		}
	}
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
		if at := bytes.Index(one.frame, m.Event); at >= 0 {
			one.Event = one.frame[at : at+len(m.Event)]
		}
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
	t.bytes += len(m.frame)
	for len(t.last) > tailMessages || t.bytes > tailBytes && len(t.last) > 1 {
		t.bytes -= len(t.last[0].frame)
		t.last = t.last[1:]
	}
	for l := range t.listeners[m.Ref] {
		if l.first == 0 && (len(l.choose.Kinds) == 0 || slices.Contains(l.choose.Kinds, m.Kind)) {
			l.first = m.Position
			l.rouse()
		}
	}
}

func (l *listener) rouse() {
	select {
	case l.wake <- struct{}{}:
	default: // it has not looked since the last time
	}
}

// listen has a connection woken for what it has chosen alone, until it is dropped. A connection that takes everything
// listens to nothing in particular: nil.
func (t *tail) listen(choose feed.Selection) (l *listener, drop func()) {
	if len(choose.Refs) == 0 {
		return nil, func() {}
	}
	l = &listener{choose: choose, wake: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	l.since = t.next
	for _, ref := range choose.Refs {
		if t.listeners[ref] == nil {
			t.listeners[ref] = make(map[*listener]bool)
		}
		t.listeners[ref][l] = true
	}
	return l, func() { t.drop(l) }
}

func (t *tail) drop(l *listener) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, ref := range l.choose.Refs {
		if delete(t.listeners[ref], l); len(t.listeners[ref]) == 0 {
			delete(t.listeners, ref)
		}
	}
}

func (t *tail) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// look is what a connection finds at the end of the feed.
type look struct {
	at       uint64          // where it is: behind messages that it has not chosen, if there were any
	messages []framed        // from there on
	behind   bool            // what comes next is not in memory, and is read from the feed itself
	wait     <-chan struct{} // for more, where there are no messages
}

// look finds what comes from a position on. l is nil for a connection that takes everything.
func (t *tail) look(at uint64, l *listener) (look, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.err != nil:
		return look{}, t.err
	case t.next == 0, at > t.next:
		return look{at: at, wait: t.grown}, nil
	}
	if l != nil {
		listened := l.since > 0 && at >= l.since
		if listened && l.first == 0 {
			return look{at: t.next, wait: l.wake}, nil
		}
		if listened {
			at = max(at, l.first)
		}
		l.first, l.since = 0, t.next
	}
	first := t.next - uint64(len(t.last))
	switch {
	case at < first:
		return look{at: at, behind: true}, nil
	case at == t.next:
		return look{at: at, wait: t.grown}, nil
	}
	return look{at: at, messages: t.last[at-first:]}, nil
}
