package webhooks

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/eventstore"
)

const (
	leaseLasts  = 15 * time.Second // how long a lease that is not renewed counts
	leaseRenews = 4 * time.Second  // how often it is renewed
)

// lease says who delivers. Nobody's clock is compared with another's: it counts as long as its version changes.
type lease struct {
	Holder string    `json:"holder"`
	At     time.Time `json:"at"` // for people
}

// errLost says that another process delivers now.
var errLost = errors.New("another node delivers the webhooks")

// holding runs do while this process holds the lease, which it waits for. Two processes may deliver for a moment when one has
// stood still: each writes only what nobody else has written, so the late one is found out, and what it has sent is sent
// again under the same id. Where no other process can have the shelf, there is no lease.
func (w *Webhooks) holding(ctx context.Context, do func(context.Context) error) error {
	if w.o.Shelf.Alone() {
		return do(ctx)
	}
	me := rand.Text()
	version, err := w.acquire(ctx, me)
	if err != nil {
		return err
	}
	held, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	done := make(chan error, 1)
	go func() { done <- do(held) }()
	for {
		select {
		case err := <-done:
			return errors.Join(err, context.Cause(held), w.release(context.WithoutCancel(ctx), version))
		case <-time.After(leaseRenews):
		}
		renewing, cancel := context.WithTimeout(ctx, leaseLasts-2*leaseRenews)
		next, err := w.lease(renewing, me, version)
		cancel()
		if err != nil && ctx.Err() == nil {
			lose(fmt.Errorf("%w: %w", errLost, err))
			return errors.Join(context.Cause(held), <-done)
		}
		if err == nil {
			version = next
		}
	}
}

// acquire takes the lease once it is free: where nobody has it, or its version has stayed the same for as long as it lasts.
func (w *Webhooks) acquire(ctx context.Context, me string) (uint64, error) {
	var seen uint64
	var since time.Time
	for {
		s, found, err := w.o.Shelf.Find(ctx, keyLease)
		if err != nil {
			return 0, err
		}
		if s.Version != seen {
			seen, since = s.Version, time.Now()
		}
		if !found || time.Since(since) >= leaseLasts {
			version, err := w.lease(ctx, me, s.Version)
			if !errors.Is(err, eventstore.ErrOutdated) {
				return version, err
			}
		}
		if !pause(ctx, leaseRenews) {
			return 0, ctx.Err()
		}
	}
}

func (w *Webhooks) lease(ctx context.Context, me string, was uint64) (uint64, error) {
	text, err := json.Marshal(lease{me, time.Now().UTC()})
	if err != nil {
		return 0, err
	}
	return w.o.Shelf.Put(ctx, keyLease, text, was)
}

// release lets another process go on at once. It is no harm where it fails.
func (w *Webhooks) release(ctx context.Context, version uint64) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return w.o.Shelf.Remove(ctx, eventstore.Slip{Key: keyLease, Version: version})
}
