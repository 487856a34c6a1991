package webhooks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger/feed"
)

// LimitDead is how many messages that were given up are listed, or sent again, at once.
const LimitDead = 1_000

// Rotate gives a webhook another secret. For Overlap, deliveries are signed with the earlier one too.
func (w *Webhooks) Rotate(ctx context.Context, id string) (*WithSecret, error) {
	s, err := newSecret()
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	h, err := w.change(ctx, id, func(h *Hook) {
		kept := []secret{{Secret: s}}
		for _, earlier := range h.Secrets {
			if earlier.Until.IsZero() {
				earlier.Until = now.Add(Overlap)
			}
			if now.Before(earlier.Until) {
				kept = append(kept, earlier)
			}
		}
		h.Secrets = kept
	})
	if err != nil {
		return nil, err
	}
	status, err := w.showing(ctx, h)
	return &WithSecret{status, s}, err
}

// Resume delivers again to a webhook whose receiver had said that it is gone, or that was too far behind the feed: the latter from
// the entry that from names on, which is not needed for the former, and may skip messages.
func (w *Webhooks) Resume(ctx context.Context, id string, from uint64) (Webhook, error) {
	refuse := func(rule string) (Webhook, error) {
		return Webhook{}, &domain.Refusal{Code: CodeBadWebhook, Field: "from", Rule: rule, Value: fmt.Sprint(from)}
	}
	h, err := w.find(ctx, id)
	switch {
	case err != nil:
		return Webhook{}, err
	case h.State == Expired && from == 0:
		return refuse("the feed no longer keeps what comes next: take a snapshot, and name the entry after it")
	case from > w.o.Last()+1:
		return refuse(fmt.Sprintf("the first entry is at most the next to be recorded, %d", w.o.Last()+1))
	}
	changed, err := w.change(ctx, id, func(h *Hook) {
		h.State = Active
		if from > 0 {
			h.From, h.Anew = from, h.Round+1
		}
	})
	if err != nil {
		return Webhook{}, err
	}
	return w.showing(ctx, changed)
}

// Dead lists what was given up, in the order of the feed: at most limit messages behind a position, and whether
// there are more.
func (w *Webhooks) Dead(ctx context.Context, id string, after uint64, limit int) (dead []Dead, more bool, err error) {
	dead = []Dead{}
	if _, err := w.find(ctx, id); err != nil {
		return nil, false, err
	}
	keys, err := w.o.Shelf.Keys(ctx, underDead+"."+id)
	if err != nil {
		return nil, false, err
	}
	last := position(underDead, id, after)
	for _, key := range keys {
		if key <= last && after > 0 {
			continue
		}
		if len(dead) == limit {
			return dead, true, nil
		}
		p, _, err := w.parcel(ctx, key)
		if err != nil {
			return nil, false, err
		}
		if p != nil {
			dead = append(dead, Dead{p.Position, p.ID, p.Kind, p.Seq, p.Ref, p.Attempts, p.First, p.Last, p.Status, p.Failure})
		}
	}
	return dead, false, nil
}

// position is the key of a message.
func position(under, id string, at uint64) string { return fmt.Sprintf("%s.%s.%020d", under, id, at) }

// parcel reads a message from the shelf; nil: it is gone.
func (w *Webhooks) parcel(ctx context.Context, key string) (*parcel, eventstore.Slip, error) {
	s, found, err := w.o.Shelf.Find(ctx, key)
	if err != nil || !found {
		return nil, s, err
	}
	p, err := readParcel(s)
	return p, s, err
}

func readParcel(s eventstore.Slip) (*parcel, error) {
	p := new(parcel)
	if err := json.Unmarshal(s.Value, p); err != nil {
		return nil, fmt.Errorf("read the message %s: %w", s.Key, err)
	}
	return p, nil
}

// Resend has messages that were given up sent again, at once and out of order, with as many attempts as the first time: the one at a
// position in the feed, or with 0 the first LimitDead. It says how many that are, and how many are left.
func (w *Webhooks) Resend(ctx context.Context, id string, at uint64) (resent, left int, err error) {
	if _, err := w.find(ctx, id); err != nil {
		return 0, 0, err
	}
	keys, err := w.o.Shelf.Keys(ctx, underDead+"."+id)
	if err != nil {
		return 0, 0, err
	}
	for _, key := range keys {
		if resent == LimitDead || at > 0 && key != position(underDead, id, at) {
			left++
			continue
		}
		if err := w.revive(ctx, key); err != nil {
			return resent, left, err
		}
		resent++
	}
	if resent == 0 {
		return 0, left, nil
	}
	_, err = w.change(ctx, id, func(*Hook) {})
	return resent, left, err
}

// revive puts a message that was given up back to those that wait. A crash in between leaves it in both places: it is sent again, and
// listed until it is sent again once more.
func (w *Webhooks) revive(ctx context.Context, key string) error {
	p, dead, err := w.parcel(ctx, key)
	if err != nil || p == nil {
		return err
	}
	p.Attempts, p.Next = 0, time.Time{}
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write the message %s: %w", key, err)
	}
	_, err = w.o.Shelf.Put(ctx, underWait+strings.TrimPrefix(key, underDead), text, 0)
	if err != nil && !errors.Is(err, eventstore.ErrOutdated) { // it waits already
		return err
	}
	return w.o.Shelf.Remove(ctx, dead)
}

// Tried is what came of a test.
type Tried struct {
	ID        string `json:"id"` // webhook-id
	Delivered bool   `json:"delivered"`
	Status    int    `json:"status,omitempty"` // of the answer; 0: there was none
	Failure   string `json:"failure,omitempty"`
	Took      int64  `json:"took_ms"`
}

// testEvent is the CloudEvent that a test sends.
type testEvent struct {
	Specversion     string            `json:"specversion"`
	ID              string            `json:"id"`
	Source          string            `json:"source"`
	Type            string            `json:"type"`
	Time            time.Time         `json:"time"`
	Datacontenttype string            `json:"datacontenttype"`
	Data            map[string]string `json:"data"`
}

// TestType is the type of the event that a test sends.
const TestType = "orgledger.webhook.test.v1"

// Test sends an event of TestType at once, from here, whatever the state of the webhook, and once only. Where it is taken, what waits
// to be sent again is tried now.
func (w *Webhooks) Test(ctx context.Context, id string) (*Tried, error) {
	h, err := w.find(ctx, id)
	if err != nil {
		return nil, err
	}
	e := testEvent{"1.0", "test-" + uuid.NewString(), "/orgledger/" + w.o.Ledger, TestType, time.Now().UTC(), "application/json",
		map[string]string{"webhook": id}}
	body, err := json.Marshal(e, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("write the event: %w", err)
	}
	o := w.sender.send(ctx, &h.Hook, e.ID, body)
	tried := &Tried{ID: e.ID, Delivered: o.err == nil, Status: o.status, Took: o.took.Milliseconds()}
	if o.err != nil {
		tried.Failure = o.err.Error()
		return tried, ctx.Err()
	}
	_, err = w.change(ctx, id, func(*Hook) {})
	return tried, err
}

// parcelOf is a message of the feed that has not been sent yet.
func parcelOf(m *feed.Message) parcel {
	return parcel{Position: m.Position, ID: m.ID, Kind: m.Kind, Seq: m.Seq, Ref: m.Ref.String(), Event: m.Event}
}
