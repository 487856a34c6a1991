package webhooks

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
)

// Limits of what may be registered.
const (
	LimitHooks = 100   // webhooks of a ledger
	LimitRefs  = 1_000 // references that one chooses
)

// Overlap is how long deliveries are signed with the earlier secret too, after a rotation.
const Overlap = 24 * time.Hour

// Shelf is where webhooks and what they still have to deliver are kept; *eventstore.Shelf is one.
type Shelf interface {
	Put(ctx context.Context, key string, value []byte, was uint64) (uint64, error)
	Find(ctx context.Context, key string) (eventstore.Slip, bool, error)
	Remove(ctx context.Context, s eventstore.Slip) error
	All(ctx context.Context, under string, fn func(eventstore.Slip) error) error
	Keys(ctx context.Context, under string) ([]string, error)
	Clear(ctx context.Context, under string) error
	Watch(ctx context.Context, under string, changed func()) error
	Alone() bool
}

// Options say what is needed.
type Options struct {
	Shelf   Shelf
	Ledger  string        // name
	Last    func() uint64 // the last entry recorded
	Policy  Policy        // which addresses may be called from here
	Version string        // of the program
	Logger  *slog.Logger  // nil: nothing is logged
}

// Webhooks are those that are registered for a ledger. Any number of processes may change them at once; its methods may be
// called concurrently.
type Webhooks struct {
	o      Options
	sender *sender
}

// New opens no connection and reads nothing.
func New(o Options) *Webhooks {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Webhooks{o, newSender(o.Policy, o.Version)}
}

// Close lets go of idle connections.
func (w *Webhooks) Close() { w.sender.close() }

// NotFoundError: no webhook has that id.
type NotFoundError struct{ ID string }

// Error names the id.
func (e *NotFoundError) Error() string { return "there is no webhook " + shown(e.ID) }

// Describe says it to programs.
func (e *NotFoundError) Describe() ledger.Description {
	return ledger.Description{Code: ledger.CodeNotFound, Message: e.Error(), Field: "id", Value: e.ID}
}

// Registration asks for a webhook.
type Registration struct {
	URL   string   `json:"url"`
	Refs  []string `json:"refs,omitempty"`  // none: about anything
	Kinds []string `json:"kinds,omitempty"` // entry, change, arrival; none: all
	From  uint64   `json:"from,omitzero"`   // the first entry to be told of; 0: the next to be recorded
}

// check makes a webhook of what is asked for, or refuses it with a *domain.Refusal.
func (w *Webhooks) check(r *Registration) (*Hook, error) {
	if err := w.o.Policy.check(r.URL); err != nil {
		return nil, err
	}
	h := &Hook{URL: r.URL, From: cmp.Or(r.From, w.o.Last()+1), State: Active}
	refuse := func(field, rule, value string) error {
		return &domain.Refusal{Code: CodeBadWebhook, Field: field, Rule: rule, Value: value}
	}
	if len(r.Refs) > LimitRefs {
		return nil, refuse("refs", fmt.Sprintf("a webhook chooses at most %d references", LimitRefs), fmt.Sprint(len(r.Refs)))
	}
	for i, text := range r.Refs {
		ref, err := domain.ParseRef(text)
		if err != nil {
			return nil, refuse(fmt.Sprintf("refs[%d]", i), "a reference is written kind/id", shown(text))
		}
		h.Refs = append(h.Refs, ref.String())
	}
	for i, kind := range r.Kinds {
		if !slices.Contains([]feed.Kind{feed.Entry, feed.Change, feed.Arrival}, feed.Kind(kind)) {
			return nil, refuse(fmt.Sprintf("kinds[%d]", i), "a kind is entry, change or arrival", shown(kind))
		}
		h.Kinds = append(h.Kinds, feed.Kind(kind))
	}
	if r.From > w.o.Last()+1 {
		return nil, refuse("from", fmt.Sprintf("the first entry is at most the next to be recorded, %d", w.o.Last()+1), fmt.Sprint(r.From))
	}
	return h, nil
}

// Add registers a webhook. It is refused with a *domain.Refusal that names field, rule and value.
func (w *Webhooks) Add(ctx context.Context, r Registration) (*WithSecret, error) {
	h, err := w.check(&r)
	if err != nil {
		return nil, err
	}
	all, err := w.hooks(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) >= LimitHooks {
		return nil, &domain.Refusal{Code: CodeBadWebhook, Rule: fmt.Sprintf("a ledger has at most %d webhooks", LimitHooks)}
	}
	s, err := newSecret()
	if err != nil {
		return nil, err
	}
	h.ID, h.Created, h.Secrets = "wh_"+strings.ToLower(rand.Text()), time.Now().UTC().Truncate(time.Millisecond), []secret{{Secret: s}}
	if err := w.put(ctx, h, 0); err != nil {
		return nil, err
	}
	return &WithSecret{h.shown(), s}, nil
}

func (w *Webhooks) put(ctx context.Context, h *Hook, was uint64) error {
	text, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("write the webhook %s: %w", h.ID, err)
	}
	_, err = w.o.Shelf.Put(ctx, underHook+"."+h.ID, text, was)
	return err
}

// kept is a webhook and its version on the shelf.
type keptHook struct {
	Hook
	slip eventstore.Slip
}

func readHook(s eventstore.Slip) (*keptHook, error) {
	h := &keptHook{slip: s}
	if err := json.Unmarshal(s.Value, &h.Hook); err != nil {
		return nil, fmt.Errorf("read the webhook %s: %w", s.Key, err)
	}
	return h, nil
}

// hooks are all that are on the shelf, those removed too, the first registered first.
func (w *Webhooks) hooks(ctx context.Context) (all []*keptHook, err error) {
	err = w.o.Shelf.All(ctx, underHook, func(s eventstore.Slip) error {
		h, err := readHook(s)
		all = append(all, h)
		return err
	})
	slices.SortFunc(all, func(a, b *keptHook) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.ID, b.ID))
	})
	return all, err
}

// find gives a webhook, or a *NotFoundError.
func (w *Webhooks) find(ctx context.Context, id string) (*keptHook, error) {
	if !domain.ValidID(id) {
		return nil, &NotFoundError{id}
	}
	s, found, err := w.o.Shelf.Find(ctx, underHook+"."+id)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, &NotFoundError{id}
	}
	h, err := readHook(s)
	if err == nil && h.State == removed {
		err = &NotFoundError{id}
	}
	return h, err
}

// change changes a webhook, again where somebody else has changed it meanwhile.
func (w *Webhooks) change(ctx context.Context, id string, how func(*Hook)) (*Hook, error) {
	for {
		h, err := w.find(ctx, id)
		if err != nil {
			return nil, err
		}
		how(&h.Hook)
		h.Round++
		if err = w.put(ctx, &h.Hook, h.slip.Version); !errors.Is(err, eventstore.ErrOutdated) {
			return &h.Hook, err
		}
	}
}

// List gives every webhook, the first registered first.
func (w *Webhooks) List(ctx context.Context) ([]Webhook, error) {
	hooks, err := w.hooks(ctx)
	if err != nil {
		return nil, err
	}
	all := []Webhook{}
	for _, h := range hooks {
		if h.State == removed {
			continue
		}
		status, err := w.showing(ctx, &h.Hook)
		if err != nil {
			return nil, err
		}
		all = append(all, status)
	}
	return all, nil
}

// Show gives one webhook, or a *NotFoundError.
func (w *Webhooks) Show(ctx context.Context, id string) (Webhook, error) {
	h, err := w.find(ctx, id)
	if err != nil {
		return Webhook{}, err
	}
	return w.showing(ctx, &h.Hook)
}

func (w *Webhooks) showing(ctx context.Context, h *Hook) (Webhook, error) {
	status := h.shown()
	at, found, err := w.o.Shelf.Find(ctx, underCursor+"."+h.ID)
	if err != nil {
		return status, err
	}
	if found {
		var c cursor
		if err := json.Unmarshal(at.Value, &c); err != nil {
			return status, fmt.Errorf("read how far the webhook %s has got: %w", h.ID, err)
		}
		status.Seq, status.Failure = c.Seq, c.Failure
		if !c.Failing.IsZero() {
			status.Failing = &c.Failing
		}
	}
	for under, n := range map[string]*int{underWait: &status.Waiting, underDead: &status.Dead} {
		keys, err := w.o.Shelf.Keys(ctx, under+"."+h.ID)
		if err != nil {
			return status, err
		}
		*n = len(keys)
	}
	return status, nil
}

// Remove ends a webhook: its secrets are forgotten, and what it still had to deliver is not delivered. What is under way may
// still end.
func (w *Webhooks) Remove(ctx context.Context, id string) error {
	_, err := w.change(ctx, id, func(h *Hook) { h.State, h.Secrets = removed, nil })
	return err
}

// removed is the state of a webhook that is none any more. The deliverer takes it from the shelf, when it has stopped
// delivering, with all that is kept for it.
const removed State = "removed"

// clear takes what was removed from the shelf. A crash leaves it to be done again.
func (w *Webhooks) clear(ctx context.Context, h *keptHook) error {
	for _, under := range []string{underWait, underDead} {
		if err := w.o.Shelf.Clear(ctx, under+"."+h.ID); err != nil {
			return err
		}
	}
	at, found, err := w.o.Shelf.Find(ctx, underCursor+"."+h.ID)
	if err == nil && found {
		err = w.o.Shelf.Remove(ctx, at)
	}
	if err != nil {
		return err
	}
	return w.o.Shelf.Remove(ctx, h.slip)
}
