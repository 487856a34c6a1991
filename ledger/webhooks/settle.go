package webhooks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/eventstore"
)

// settle deals with what has become of an attempt.
func (d *delivery) settle(ctx context.Context, r *result) error {
	i := r.item
	i.running = false
	d.running--
	switch {
	case r.err == nil:
		return d.delivered(ctx, i)
	case ctx.Err() != nil: // it was cut off here
		return ctx.Err()
	}
	d.failed++
	d.cursor.Failure, d.changed = r.err.Error(), true
	if d.cursor.Failing.IsZero() {
		d.cursor.Failing = time.Now().UTC()
	}
	i.Last = time.Now().UTC()
	if i.First.IsZero() {
		i.First = i.Last
	}
	i.Attempts, i.Status, i.Failure = i.Attempts+1, r.status, r.err.Error()
	if i.Attempts >= Attempts {
		return d.giveUp(ctx, i)
	}
	i.Next = i.Last.Add(delay(i.Attempts, r.after))
	for _, waiting := range d.lines[i.ref] {
		if err := d.put(ctx, waiting); err != nil {
			return err
		}
	}
	if r.gone() {
		return d.end(ctx, Gone)
	}
	return nil
}

// delivered closes a message. Where the receiver had been failing, what waits is tried again now.
func (d *delivery) delivered(ctx context.Context, i *item) error {
	if d.failed >= failing {
		d.again()
	}
	d.failed = 0
	if !d.cursor.Failing.IsZero() {
		d.cursor.Failing, d.cursor.Failure = time.Time{}, ""
	}
	return d.close(ctx, i)
}

// close forgets a message. A crash before has it sent again.
func (d *delivery) close(ctx context.Context, i *item) error {
	d.changed = true
	delete(d.open, i.Position)
	if line := d.lines[i.ref][1:]; len(line) > 0 {
		d.lines[i.ref] = line
	} else {
		delete(d.lines, i.ref)
	}
	if i.version == 0 {
		return nil
	}
	d.shelved--
	return d.w.o.Shelf.Remove(ctx, eventstore.Slip{Key: position(underWait, d.hook.ID, i.Position), Version: i.version})
}

// giveUp moves a message to those that nobody tries any more. A crash in between leaves it in both places, and it is given up
// once more.
func (d *delivery) giveUp(ctx context.Context, i *item) error {
	i.Next = time.Time{}
	text, err := json.Marshal(i.parcel)
	if err != nil {
		return fmt.Errorf("write the message %d: %w", i.Position, err)
	}
	_, err = d.w.o.Shelf.Put(ctx, position(underDead, d.hook.ID, i.Position), text, 0)
	if err != nil && !errors.Is(err, eventstore.ErrOutdated) {
		return err
	}
	d.w.o.Logger.Warn("a message is given up", "webhook", d.hook.ID, "message", i.ID, "attempts", i.Attempts, "failure", i.Failure)
	return d.close(ctx, i)
}

// put writes a message to the shelf, as it is now.
func (d *delivery) put(ctx context.Context, i *item) error {
	text, err := json.Marshal(i.parcel)
	if err != nil {
		return fmt.Errorf("write the message %d: %w", i.Position, err)
	}
	version, err := d.w.o.Shelf.Put(ctx, position(underWait, d.hook.ID, i.Position), text, i.version)
	if err != nil {
		return err
	}
	if i.version == 0 {
		d.shelved++
	}
	i.version, d.changed = version, true
	return nil
}

// save writes the cursor from time to time: up to the first message that is open and not on the shelf.
func (d *delivery) save(ctx context.Context, now bool) error {
	if !d.changed || !now && time.Since(d.saved) < saveNext {
		return nil
	}
	c := d.cursor
	c.Position, c.Seq = d.taken, d.seq
	for _, i := range d.open {
		if i.version == 0 && i.Position <= c.Position {
			c.Position, c.Seq = i.Position-1, i.Seq-1
		}
	}
	if d.changed = false; c == d.kept && d.version > 0 {
		return nil
	}
	text, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write how far the webhook %s has got: %w", d.hook.ID, err)
	}
	version, err := d.w.o.Shelf.Put(ctx, underCursor+"."+d.hook.ID, text, d.version)
	if err != nil {
		return err
	}
	d.kept, d.version, d.saved = c, version, time.Now()
	return nil
}

// end stops delivering for good, until somebody resumes.
func (d *delivery) end(ctx context.Context, state State) error {
	d.w.o.Logger.Warn("a webhook is delivered to no longer", "webhook", d.hook.ID, "state", string(state))
	_, err := d.w.change(ctx, d.hook.ID, func(h *Hook) {
		if h.State == Active {
			h.State = state
		}
	})
	if err == nil {
		err = errStopped
	}
	return err
}
