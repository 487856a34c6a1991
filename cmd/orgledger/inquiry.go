package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
)

// inquiry is one command's conversation with a ledger, and the page that comes of it.
type inquiry struct {
	*app
	*book
	*page
	on      domain.Date
	today   bool // the day is today because no other was given
	past    bool // an earlier known point was given
	assumed []assumption
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
		b, err := openBook(ctx, s, known)
		if err != nil {
			return err
		}
		q := &inquiry{app: a, book: b, page: a.page(), on: on, assumed: assumed, past: known != nil,
			today: m.on == "" || m.on == "today"}
		if err := do(ctx, q); err != nil {
			return err
		}
		return q.flush()
	})
}

// question begins a question about the known point; its fields come as name and value in turn.
func (q *inquiry) question(kind string, fields ...any) map[string]any {
	question := map[string]any{"q": kind, "known": q.known}
	for i := 0; i+1 < len(fields); i += 2 {
		question[fields[i].(string)] = fields[i+1]
	}
	return question
}

// onDay adds the day, and what is assumed.
func (q *inquiry) onDay(question map[string]any) map[string]any {
	question["on"] = q.on.String()
	if len(q.assumed) > 0 {
		question["assume"] = assumeField(q.assumed)
	}
	return question
}

// answer puts the question of a command. With --json it prints the line and gives nil.
func answer[T any](ctx context.Context, q *inquiry, question map[string]any) (*T, error) {
	if !q.json {
		return ask[T](ctx, q.session, question)
	}
	raw, err := askRaw(ctx, q.session, question)
	if err != nil {
		return nil, err
	}
	q.line(string(raw))
	return nil, nil
}

// heading says what the page is about.
func (q *inquiry) heading(ctx context.Context, title, day string) error {
	q.say(bold, 0, title)
	known, err := q.knownWords(ctx)
	if err != nil {
		return err
	}
	q.say(dim, 0, telling.Capital(strings.TrimPrefix(day+", "+known, ", "))+q.assumedWords())
	return nil
}

// day says which day the answer is about.
func (q *inquiry) day() string {
	if q.today {
		return "on " + telling.DayWords(q.on) + " (today)"
	}
	return "on " + telling.DayWords(q.on)
}

// knownWords says as known when.
func (q *inquiry) knownWords(ctx context.Context) (string, error) { return q.knownAt(ctx, q.known) }

func (q *inquiry) knownAt(ctx context.Context, known uint64) (string, error) {
	if known == 0 {
		return "as known before anything was recorded", nil
	}
	last, err := q.entry(ctx, known)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("as known at entry %d, recorded on %s", known, telling.TimeWords(telling.RecordedAt(last))), nil
}

func (q *inquiry) assumedWords() string {
	if len(q.assumed) == 0 {
		return ""
	}
	plans := make([]string, len(q.assumed))
	for i, a := range q.assumed {
		plans[i] = a.plan.Ref().String()
		if a.day != "" {
			plans[i] += " from " + telling.DayWords(telling.ParseDay(a.day))
		}
	}
	return "; assuming " + telling.Joined(plans)
}

// called is a reference with its name on the day of the inquiry.
func (q *inquiry) called(ref domain.Ref) string { return q.label(ref, q.on) }

// org is an organisation with its name on the day of the inquiry.
func (q *inquiry) org(id string) string { return q.called(domain.OrganisationID(id).Ref()) }

// orgs reads the names of organisations on the day of the inquiry.
func (q *inquiry) orgs(ctx context.Context, ids ...string) error {
	refs := make([]domain.Ref, len(ids))
	for i, id := range ids {
		refs[i] = domain.OrganisationID(id).Ref()
	}
	return q.learn(ctx, q.on, refs)
}

// names reads what references are called on the day of the inquiry.
func (q *inquiry) names(ctx context.Context, texts ...string) error {
	refs := make([]domain.Ref, 0, len(texts))
	for _, text := range texts {
		if ref, err := domain.ParseRef(text); err == nil {
			refs = append(refs, ref)
		}
	}
	return q.learn(ctx, q.on, refs)
}
