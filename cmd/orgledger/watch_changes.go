package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/feed"
	"github.com/orgledger/orgledger/ledger/telling"
)

// changesAhead is how many messages are taken before they are told. Names are read for as many at once as have come.
const changesAhead = 500

// changed is a message of the feed that tells a change or an arrival.
type changed struct {
	id   string
	kind feed.Kind
	text []byte // the event
	data feed.Changed
	come feed.Arrived // of an arrival, instead of data
}

// followChanges tells changes until ctx ends or the server does.
func (w *watcher) followChanges(ctx context.Context, s followable) error {
	following := api.Following{From: w.next, Behind: w.behind, Changes: true}
	if w.ref.ID != "" {
		following.Refs = []domain.Ref{w.ref}
	}
	messages := make(chan *changed, changesAhead)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(messages)
		return s.Follow(ctx, following, func(id string, kind feed.Kind, event []byte) error {
			select {
			case messages <- &changed{id: id, kind: kind, text: slices.Clone(event)}:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	group.Go(func() error {
		for first := range messages {
			if err := w.tellChanges(ctx, s, waitingBehind(first, messages)); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

// waitingBehind is a message and what has come behind it already.
func waitingBehind(first *changed, messages <-chan *changed) []*changed {
	part := []*changed{first}
	for len(part) < changesAhead {
		select {
		case m, ok := <-messages:
			if !ok {
				return part
			}
			part = append(part, m)
		default:
			return part
		}
	}
	return part
}

// tellChanges tells some messages, and notes each as told once it is written.
func (w *watcher) tellChanges(ctx context.Context, s session, part []*changed) error {
	q, err := w.inquiry(ctx, s)
	if err != nil {
		return err
	}
	for _, m := range part {
		if w.json {
			q.line(string(m.text))
			continue
		}
		if err := m.read(); err != nil {
			return err
		}
	}
	if !w.json {
		if err := w.changesInWords(ctx, q, part); err != nil {
			return err
		}
	}
	if err := q.flush(); err != nil {
		return err
	}
	w.behind = part[len(part)-1].id
	return nil
}

func (m *changed) read() error {
	var event struct {
		Data json.RawMessage `json:"data"`
	}
	err := json.Unmarshal(m.text, &event)
	switch {
	case err != nil:
	case m.kind == feed.Arrival:
		err = json.Unmarshal(event.Data, &m.come)
	default:
		err = json.Unmarshal(event.Data, &m.data)
	}
	if err != nil {
		return fmt.Errorf("read message %s of the feed: %w", m.id, err)
	}
	return nil
}

// ref is what the message is about.
func (m *changed) ref() domain.Ref {
	if m.kind == feed.Arrival {
		return telling.RefOf(m.come.Ref)
	}
	return telling.RefOf(m.data.Ref)
}

// turns are the periods of the message; of an arrival, the one that begins on its day.
func (m *changed) turns() []feed.Period {
	if m.kind == feed.Arrival {
		return []feed.Period{{From: m.come.Day, Before: m.come.Before, After: m.come.After}}
	}
	return m.data.Periods
}

// Follow is api.Client.Follow on the feed in the NATS server; an id is the position of a message there.
func (s *local) Follow(ctx context.Context, f api.Following, fn func(id string, kind feed.Kind, event []byte) error) error {
	position, err := s.position(ctx, f)
	if err != nil {
		return err
	}
	kinds := []feed.Kind{feed.Change, feed.Arrival}
	if !f.Changes {
		kinds = []feed.Kind{feed.Entry}
	}
	return s.store.Feed().Follow(ctx, position, feed.Selection{Refs: f.Refs, Kinds: kinds}, func(m feed.Message) error {
		return fn(telling.Decimal(m.Position), m.Kind, m.Event)
	})
}

func (s *local) position(ctx context.Context, f api.Following) (uint64, error) {
	if f.Behind != "" {
		var position uint64
		if _, err := fmt.Sscan(f.Behind, &position); err != nil {
			return 0, fmt.Errorf("%q is no position of the feed: %w", f.Behind, err)
		}
		return position + 1, nil
	}
	if f.From == 0 {
		return 0, errors.New("there is no entry to begin with")
	}
	return s.store.Feed().After(ctx, f.From-1)
}

var _ followable = (*local)(nil)
