package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// What replay tells of an entry is what diff finds between the known point before it and its own, on
// every day on which anything changes, the day before and the day after. It is checked for every entry
// of the built-in history and of the odd one.
func TestReplayTellsWhatDiffFinds(t *testing.T) {
	for _, file := range []string{"../../ledger/sample/history.jsonl", "testdata/odd.jsonl"} {
		t.Run(file, func(t *testing.T) {
			entries, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			a := &app{data: t.TempDir(), ledger: "main", out: io.Discard, err: io.Discard}
			ctx := context.Background()
			err = a.with(ctx, false, func(s session) error {
				if _, err := s.Record(ctx, bytes.NewReader(entries), ledger.RecordOptions{}); err != nil {
					return err
				}
				return checkReplay(ctx, t, a, s)
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func checkReplay(ctx context.Context, t *testing.T, a *app, s session) error {
	b, err := telling.Open(ctx, s, domain.FirstDate, nil)
	if err != nil {
		return err
	}
	q := &inquiry{app: a, Book: b, page: a.page()}
	var all []*domain.Recorded
	days := []domain.Date{domain.FirstDate, domain.LastDate}
	err = s.Select(ctx, ledger.Selection{}, func(e domain.Recorded) error {
		b.Keep(e)
		all = append(all, &e)
		effective := e.Effective
		if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
			effective = correction.Replacement.Effective
		}
		if day := effective.Nominal(); day > domain.FirstDate {
			days = append(days, day-1, day, day+1)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(days)
	days = slices.Compact(days)
	for _, e := range all {
		changes, err := q.changedBy(ctx, e)
		if err != nil {
			return err
		}
		if err := compareWithDiff(ctx, t, q, e.Seq, days, changes); err != nil {
			return err
		}
	}
	return nil
}

func compareWithDiff(ctx context.Context, t *testing.T, q *inquiry, seq uint64, days []domain.Date, changes map[telling.Stretch][]projections.Change) error {
	questions := make([]map[string]any, len(days))
	for i, day := range days {
		questions[i] = map[string]any{"q": "diff", "from": map[string]any{"on": day.String(), "known": seq - 1}, "to": map[string]any{"on": day.String(), "known": seq}}
	}
	replies, err := q.AskAll(ctx, questions)
	if err != nil {
		return err
	}
	for i, r := range replies {
		diff, err := telling.Read[projections.Diff](r)
		if err != nil {
			return err
		}
		var found, told []string
		for _, c := range diff.Changes {
			found = append(found, changeText(c))
		}
		for stretch, list := range changes {
			if stretch.From <= days[i] && (stretch.To == 0 || days[i] < stretch.To) {
				for _, c := range list {
					told = append(told, changeText(c))
				}
			}
		}
		slices.Sort(found)
		slices.Sort(told)
		if !slices.Equal(found, told) {
			t.Errorf("entry %d on %s: diff finds\n %s\nreplay tells\n %s", seq, days[i], found, told)
		}
	}
	return nil
}

// changeText is what was lost and gained of a holding.
func changeText(c projections.Change) string {
	return fmt.Sprint(c.Ref, telling.Without(c.Before, c.After), telling.Without(c.After, c.Before))
}
