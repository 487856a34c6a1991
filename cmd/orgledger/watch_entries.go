package main

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
)

// followEntries tells entries until ctx ends or the server does.
func (w *watcher) followEntries(ctx context.Context, s followable) error {
	for {
		last, err := s.Await(ctx, w.next)
		if errors.Is(err, ledger.ErrBehind) && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return err
		}
		for w.next <= last {
			if err := w.tellEntries(ctx, s, min(last, w.next+tellAtOnce-1)); err != nil {
				return err
			}
		}
	}
}

// tellEntries tells the entries up to one.
func (w *watcher) tellEntries(ctx context.Context, s session, last uint64) error {
	q, err := w.inquiry(ctx, s)
	if err != nil {
		return err
	}
	var part []*domain.Recorded
	err = s.Select(ctx, ledger.Selection{Ref: w.ref, From: w.next, To: last + 1}, func(e domain.Recorded) error {
		part = append(part, &e)
		return nil
	})
	if err != nil {
		return err
	}
	if w.json {
		for _, e := range part {
			q.line(string(ledger.AppendLogged(nil, e)))
		}
	} else if err := w.tellLines(ctx, q, part); err != nil {
		return err
	}
	if err := q.flush(); err != nil {
		return err
	}
	w.next = last + 1
	return nil
}

// tellLines tells entries in words.
func (w *watcher) tellLines(ctx context.Context, q *inquiry, part []*domain.Recorded) error {
	if err := w.numbers(ctx, q, part); err != nil {
		return err
	}
	return q.logLines(ctx, part, w.ids)
}

// numbers finds the sequences by which corrections and retractions name what they are about: once, the first time that there is
// one, it reads the whole log for them.
func (w *watcher) numbers(ctx context.Context, q *inquiry, part []*domain.Recorded) error {
	amends := false
	for _, e := range part {
		amends = amends || telling.AmendedBy(e.Fact) != uuid.UUID{}
	}
	if w.ids == nil {
		w.ids = &amendments{seqs: make(map[uuid.UUID]uint64)}
	}
	if amends && w.ids.amended == nil {
		read, err := q.readAmendments(ctx, ledger.Selection{})
		if err != nil {
			return err
		}
		w.ids = &amendments{read.seqs, make(map[uuid.UUID][]amendment)}
	}
	for _, e := range part {
		w.ids.seqs[e.ID] = e.Seq
	}
	return nil
}
