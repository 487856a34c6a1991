// Package exporttest gives tests of exports a ledger in memory, and keeps the rows of its tables to compare with.
package exporttest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/tables"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections/histories"
)

// Log is a log in memory.
type Log []domain.Recorded

// Select is as that of ledger.Ledger, for all references.
func (l Log) Select(_ context.Context, s ledger.Selection, fn func(domain.Recorded) error) error {
	for _, e := range l {
		if e.Seq < s.From || s.To != 0 && e.Seq >= s.To {
			continue
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

// View indexes the log.
func (l Log) View(ctx context.Context) (*ledger.View, error) {
	return ledger.Rebuild(ctx, func(fn func(domain.Recorded) error) error { return l.Select(ctx, ledger.Selection{}, fn) })
}

// Large is a log of n entries, and its view.
func Large(t testing.TB, n int) (Log, *ledger.View) {
	t.Helper()
	var entries []*domain.Entry
	for e := range histories.Large(n, 7) {
		entries = append(entries, e)
	}
	return viewed(t, histories.Record(entries))
}

// Sample is the log of a file of entries, and its view.
func Sample(t testing.TB, file string) (Log, *ledger.View) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var entries []*domain.Entry
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 2*domain.LimitEntry)
	for lines.Scan() {
		e, err := domain.ParseEntry(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if e.ID == [16]byte{} {
			e.ID = e.DeriveID()
		}
		entries = append(entries, e)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return viewed(t, histories.Record(entries))
}

func viewed(t testing.TB, log Log) (Log, *ledger.View) {
	t.Helper()
	view, err := log.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return log, view
}

// Rows is a sink that keeps every row.
type Rows map[*tables.Table][][]any

// Row keeps a row, and refuses one that is not what the table says.
func (k Rows) Row(t *tables.Table, values []any) error {
	if len(values) != len(t.Columns) {
		return fmt.Errorf("%s: %d values in %d columns", t.Name, len(values), len(t.Columns))
	}
	for i, c := range t.Columns {
		if values[i] == nil && !c.Optional {
			return fmt.Errorf("%s.%s has no value: %v", t.Name, c.Name, values)
		}
	}
	k[t] = append(k[t], values)
	return nil
}

// Both hands rows to two sinks.
func Both(a, b tables.Sink) tables.Sink { return both{a, b} }

type both struct{ a, b tables.Sink }

// Row hands a row on.
func (s both) Row(t *tables.Table, values []any) error {
	if err := s.a.Row(t, values); err != nil {
		return err
	}
	return s.b.Row(t, values)
}
