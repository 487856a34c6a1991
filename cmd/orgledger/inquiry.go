package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/ledger/telling"
)

// inquiry is one command's conversation with a ledger, and the page that comes of it.
type inquiry struct {
	*app
	*telling.Book
	*page
	session session
	today   bool // the day is today because no other was given
	past    bool // an earlier known point was given
}

// inquire opens the ledger for a command of questions. What the command prints is written only where
// it ends well.
func (a *app) inquire(cmd *cobra.Command, m *moment, do func(context.Context, *inquiry) error) error {
	on, err := readDay("on", m.on)
	if err != nil {
		return err
	}
	known, err := readKnown("known", m.known)
	if err != nil {
		return err
	}
	assumed, err := readAssumed(m.assumed)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	return a.with(ctx, true, func(s session) error {
		b, err := telling.Open(ctx, s, on, known)
		if err != nil {
			return err
		}
		b.Assumed = assumed
		q := &inquiry{app: a, Book: b, page: a.page(), session: s, past: known != nil,
			today: m.on == "" || m.on == "today"}
		if err := do(ctx, q); err != nil {
			return err
		}
		return q.flush()
	})
}

// answer puts the question of a command. With --json it prints the line and gives nil.
func answer[T any](ctx context.Context, q *inquiry, question map[string]any) (*T, error) {
	if !q.json {
		return telling.Ask[T](ctx, q, question)
	}
	raw, err := telling.AskRaw(ctx, q, question)
	if err != nil {
		return nil, err
	}
	q.line(string(raw))
	return nil, nil
}

// heading says what the page is about.
func (q *inquiry) heading(ctx context.Context, title, day string) error {
	q.say(bold, 0, title)
	known, err := q.KnownWords(ctx)
	if err != nil {
		return err
	}
	q.say(dim, 0, telling.Capital(strings.TrimPrefix(day+", "+known, ", "))+q.AssumedWords())
	return nil
}

// day says which day the answer is about.
func (q *inquiry) day() string {
	if q.today {
		return "on " + telling.DayWords(q.On) + " (today)"
	}
	return "on " + telling.DayWords(q.On)
}
