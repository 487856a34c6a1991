package webhooks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger/feed"
)

const (
	atOnce   = 8                      // attempts of one webhook that are under way together
	ahead    = 256                    // messages of one webhook that are in memory and not on the shelf
	Waiting  = 1_000                  // messages of one webhook that may wait to be sent again; then no more are taken from the feed
	failing  = 5                      // failures in a row after which only what has failed is tried, until something succeeds
	saveNext = 100 * time.Millisecond // how often the cursor is saved, while there is something to save
)

// delivery sends what one webhook has chosen. Everything is owned by run.
type delivery struct {
	w    *Webhooks
	feed feed.Feed
	hook *Hook

	cursor  cursor
	kept    cursor    // as it is on the shelf
	version uint64    // there; 0: it is not there
	saved   time.Time // when it was last written
	changed bool      // there may be more to write
	taken   uint64    // position of the last message taken from the feed
	seq     uint64    // and its entry

	open    map[uint64]*item       // neither delivered nor given up, by position
	lines   map[domain.Ref][]*item // what is open about one reference, in order: only the first is tried
	shelved int                    // of those open, how many are on the shelf
	running int                    // attempts under way
	failed  int                    // attempts in a row

	results chan result
}

// item is an open message.
type item struct {
	parcel
	ref     domain.Ref
	version uint64 // on the shelf; 0: it is not there
	running bool
}

type result struct {
	*item
	outcome
}

func newDelivery(w *Webhooks, f feed.Feed, h *Hook) *delivery {
	return &delivery{w: w, feed: f, hook: h, open: make(map[uint64]*item), lines: make(map[domain.Ref][]*item), results: make(chan result, atOnce)}
}

// errStopped ends a delivery that has nothing more to do, since the state of its webhook has changed.
var errStopped = errors.New("the webhook is delivered to no longer")

// run delivers until ctx ends, the webhook is gone or expired, or the shelf or the feed fails. updates brings the webhook as it has
// become; its address and what it has chosen stay the same.
func (d *delivery) run(ctx context.Context, updates <-chan *Hook) error {
	if err := d.load(ctx); err != nil {
		return err
	}
	messages := make(chan feed.Message)
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return d.read(running, d.taken+1, messages) })
	group.Go(func() error {
		trying, cutOff := context.WithCancel(running)
		err := d.loop(trying, messages, updates)
		cutOff()
		for ; d.running > 0; d.running-- {
			<-d.results
		}
		return err
	})
	err := group.Wait()
	if errors.Is(err, feed.ErrExpired) {
		return d.end(ctx, Expired)
	}
	return err
}

// load reads how far the delivery has got, and what waits.
func (d *delivery) load(ctx context.Context) error {
	at, found, err := d.w.o.Shelf.Find(ctx, underCursor+"."+d.hook.ID)
	if err != nil {
		return err
	}
	if found {
		if err := json.Unmarshal(at.Value, &d.cursor); err != nil {
			return fmt.Errorf("read how far the webhook %s has got: %w", d.hook.ID, err)
		}
		d.kept, d.version = d.cursor, at.Version
	}
	if !found || d.cursor.Anew != d.hook.Anew {
		next, err := d.feed.After(ctx, d.hook.From-1)
		if errors.Is(err, feed.ErrExpired) {
			return d.end(ctx, Expired)
		}
		if err != nil {
			return err
		}
		d.cursor = cursor{Position: next - 1, Anew: d.hook.Anew}
		d.changed = true
	}
	d.taken, d.seq = d.cursor.Position, d.cursor.Seq
	return d.shelf(ctx)
}

// shelf takes what waits on the shelf and is not open yet.
func (d *delivery) shelf(ctx context.Context) error {
	return d.w.o.Shelf.All(ctx, underWait+"."+d.hook.ID, func(s eventstore.Slip) error {
		p, err := readParcel(s)
		if err != nil || d.open[p.Position] != nil {
			return err
		}
		ref, err := domain.ParseRef(p.Ref)
		if err != nil {
			return fmt.Errorf("read the message %s: %w", s.Key, err)
		}
		d.shelved++
		d.add(&item{parcel: *p, ref: ref, version: s.Version})
		return nil
	})
}

func (d *delivery) add(i *item) {
	d.open[i.Position] = i
	d.lines[i.ref] = append(d.lines[i.ref], i)
}

// read brings messages from the feed, until it fails or ctx ends.
func (d *delivery) read(ctx context.Context, from uint64, messages chan<- feed.Message) error {
	selection, err := d.hook.selection()
	if err != nil {
		return err
	}
	return d.feed.Follow(ctx, from, selection, func(m feed.Message) error {
		select {
		case messages <- m:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func (d *delivery) loop(ctx context.Context, messages <-chan feed.Message, updates <-chan *Hook) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		d.begin(ctx)
		if err := d.save(ctx, false); err != nil {
			return err
		}
		in := messages
		if d.shelved >= Waiting || len(d.open)-d.shelved >= ahead {
			in = nil
		}
		timer.Reset(d.pause())
		var err error
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), d.save(context.WithoutCancel(ctx), true))
		case m := <-in:
			err = d.take(ctx, &m)
		case r := <-d.results:
			err = d.settle(ctx, &r)
		case h := <-updates:
			d.hook = h
			d.again()
			err = d.shelf(ctx)
		case <-timer.C:
		}
		if err != nil {
			return err
		}
	}
}

// take opens a message, unless it waits on the shelf already. Of entries that the webhook is not to be told of there may be
// messages behind where it begins, when the feed was behind then.
func (d *delivery) take(ctx context.Context, m *feed.Message) error {
	d.taken, d.seq, d.changed = m.Position, m.Seq, true
	if d.open[m.Position] != nil || m.Kind != feed.Arrival && m.Seq < d.hook.From {
		return nil
	}
	i := &item{parcel: parcelOf(m), ref: m.Ref}
	d.add(i)
	if first := d.lines[i.ref][0]; first != i && first.version > 0 {
		return d.put(ctx, i)
	}
	return nil
}

// begin starts the attempts whose time has come, in the order of the feed.
func (d *delivery) begin(ctx context.Context) {
	for {
		room := atOnce
		if d.failed >= failing {
			room = 1
		}
		if d.running >= room {
			return
		}
		next := d.next()
		if next == nil {
			return
		}
		next.running = true
		d.running++
		hook := d.hook
		go func() { d.results <- result{next, d.w.sender.send(ctx, hook, next.ID, next.Event)} }()
	}
}

// next is the message to be tried next; nil: there is none now. A receiver that fails is only tried with what it has failed to
// take, so that the attempts of other messages are not spent in vain, and with one message where there is none.
func (d *delivery) next() (next *item) {
	now, tried := time.Now(), false
	for _, line := range d.lines {
		first := line[0]
		tried = tried || first.Attempts > 0
		if !first.running && !first.Next.After(now) && (next == nil || first.before(next, d.failed >= failing)) {
			next = first
		}
	}
	if next != nil && d.failed >= failing && tried && next.Attempts == 0 {
		return nil
	}
	return next
}

// before reports whether a message is to be tried before another: in the order of the feed, or with those first that have been tried.
func (i *item) before(other *item, triedFirst bool) bool {
	if triedFirst && (i.Attempts > 0) != (other.Attempts > 0) {
		return i.Attempts > 0
	}
	return i.Position < other.Position
}

// again has everything that waits tried now.
func (d *delivery) again() {
	for _, line := range d.lines {
		line[0].Next = time.Time{}
	}
}

// pause is how long nothing has to be done, unless something happens.
func (d *delivery) pause() time.Duration {
	wait := time.Hour
	if d.changed {
		wait = saveNext
	}
	for _, line := range d.lines {
		if first := line[0]; !first.running {
			if due := time.Until(first.Next); due > 0 {
				wait = min(wait, due)
			}
		}
	}
	return wait
}
