package webhooks

import (
	"context"
	"errors"
	"time"

	"github.com/orgledger/orgledger/ledger/feed"
)

// Deliverer sends to every webhook of a ledger. Of all processes that run one for a ledger, one delivers at a time.
type Deliverer struct {
	w    *Webhooks
	feed feed.Feed
}

// NewDeliverer delivers what is registered, from a feed.
func NewDeliverer(w *Webhooks, f feed.Feed) *Deliverer { return &Deliverer{w, f} }

const (
	lookAgain = 30 * time.Second // how often the webhooks are looked through, whether a change was heard of or not
	tryAgain  = 5 * time.Second  // how long to wait after the shelf or the feed has failed
)

// Run delivers until ctx ends. What fails is tried again.
func (d *Deliverer) Run(ctx context.Context) error {
	defer d.w.Close()
	for {
		err := d.any(ctx)
		if err == nil {
			err = d.w.holding(ctx, d.deliver)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		d.w.o.Logger.Warn("webhooks are not delivered to for a moment", "error", err)
		if !pause(ctx, tryAgain) {
			return ctx.Err()
		}
	}
}

// any waits until there is a webhook, so that a ledger without any has no lease and no shelf.
func (d *Deliverer) any(ctx context.Context) error {
	return d.watching(ctx, func(ctx context.Context, changed <-chan struct{}) error {
		for {
			hooks, err := d.w.hooks(ctx)
			if err != nil || len(hooks) > 0 {
				return err
			}
			if err := heard(ctx, changed); err != nil {
				return err
			}
		}
	})
}

// watching runs do, which hears of changes of webhooks by a channel.
func (d *Deliverer) watching(ctx context.Context, do func(ctx context.Context, changed <-chan struct{}) error) error {
	ctx, stop := context.WithCancel(ctx)
	changed, watched := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		watched <- d.w.o.Shelf.Watch(ctx, underHook, func() {
			select {
			case changed <- struct{}{}:
			default:
			}
		})
	}()
	err := do(ctx, changed)
	stop()
	if failed := <-watched; !errors.Is(failed, context.Canceled) {
		err = errors.Join(err, failed)
	}
	return err
}

// heard waits until something has changed, or it is time to look anyway.
func heard(ctx context.Context, changed <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	case <-time.After(lookAgain):
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// running is a delivery that has been started.
type running struct {
	round   uint64
	updates chan *Hook // holds the newest that was not looked at yet
	stop    context.CancelFunc
	ended   chan struct{}
}

// deliver keeps a delivery running for every webhook that is active.
func (d *Deliverer) deliver(ctx context.Context) error {
	all := make(map[string]*running)
	defer func() {
		for _, r := range all {
			r.stop()
			<-r.ended
		}
	}()
	return d.watching(ctx, func(ctx context.Context, changed <-chan struct{}) error {
		for {
			if err := d.reconcile(ctx, all); err != nil {
				return err
			}
			if err := heard(ctx, changed); err != nil {
				return err
			}
		}
	})
}

// reconcile starts and stops deliveries, and tells those that run what has changed.
func (d *Deliverer) reconcile(ctx context.Context, all map[string]*running) error {
	hooks, err := d.w.hooks(ctx)
	if err != nil {
		return err
	}
	for _, h := range hooks {
		r := all[h.ID]
		switch {
		case h.State == Active && r == nil:
			all[h.ID] = d.start(ctx, &h.Hook)
		case h.State == Active && r.round != h.Round:
			r.update(&h.Hook)
		case h.State != Active && r != nil:
			r.stop()
			<-r.ended
			delete(all, h.ID)
		}
		if h.State == removed {
			if err := d.w.clear(ctx, h); err != nil {
				return err
			}
		}
	}
	return nil
}

// update gives a delivery the newest of its webhook.
func (r *running) update(h *Hook) {
	r.round = h.Round
	select {
	case <-r.updates:
	default:
	}
	r.updates <- h
}

// start runs a delivery, again after what fails, until it is stopped or has nothing more to do.
func (d *Deliverer) start(ctx context.Context, h *Hook) *running {
	ctx, stop := context.WithCancel(ctx)
	r := &running{h.Round, make(chan *Hook, 1), stop, make(chan struct{})}
	go func() {
		defer close(r.ended)
		for {
			err := newDelivery(d.w, d.feed, h).run(ctx, r.updates)
			if ctx.Err() != nil || errors.Is(err, errStopped) {
				return
			}
			d.w.o.Logger.Warn("a webhook is not delivered to for a moment", "webhook", h.ID, "error", err)
			if !pause(ctx, tryAgain) {
				return
			}
			select {
			case h = <-r.updates:
			default:
			}
		}
	}()
	return r
}
