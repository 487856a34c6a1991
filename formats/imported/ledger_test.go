// Package imported_test holds importers to what a real ledger answers after them.
package imported_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/ledger"
)

// imported is a ledger in a folder, until the test ends or close is called.
type imported struct {
	*ledger.Ledger
	close func()
}

func open(t testing.TB) *imported {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), store, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	closing := sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-ran, store.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(closing)
	return &imported{l, closing}
}

// all calls fn with every entry.
func (i *imported) all(ctx context.Context, fn func(domain.Recorded) error) error {
	return i.Entries(ctx, 1, i.View().Seq()+1, fn)
}

// run imports files as the command does: in calls of at most limit entries, of which no more than calls are made; 0:
// all.
func (i *imported) run(t testing.TB, importer formats.Importer, limit, calls int, files ...formats.File) formats.Report {
	t.Helper()
	known, err := formats.Learn(t.Context(), i.all, nil)
	if err != nil {
		t.Fatal(err)
	}
	var made []*domain.Entry
	sink := formats.NewSink(known, func(e *domain.Entry) error {
		made = append(made, e)
		return nil
	})
	report, err := sink.Run(t.Context(), importer, files)
	if err != nil {
		t.Fatal(err)
	}
	for done := 0; len(made) > 0 && (calls == 0 || done < calls); done++ {
		n := min(limit, len(made))
		if _, err := i.Record(t.Context(), made[:n], ledger.RecordOptions{Actor: "test"}); err != nil {
			t.Fatal(err)
		}
		made = made[n:]
	}
	return report
}

// tester is a test, or one round of a property.
type tester interface {
	Helper()
	Context() context.Context
	Errorf(string, ...any)
	Fatalf(string, ...any)
	Fatal(...any)
}

// ids are those of all entries.
func (i *imported) ids(t tester) map[uuid.UUID]bool {
	t.Helper()
	ids := make(map[uuid.UUID]bool)
	if err := i.all(t.Context(), func(e domain.Recorded) error { ids[e.ID] = true; return nil }); err != nil {
		t.Fatal(err)
	}
	return ids
}

// ask puts a question and reads its answer.
func ask[A any](t tester, i *imported, question string) A {
	t.Helper()
	answer := i.Answer(t.Context(), []byte(question))
	var failed struct{ Error json.RawMessage }
	if json.Unmarshal(answer, &failed) == nil && failed.Error != nil {
		t.Fatalf("%s: %s", question, answer)
	}
	var a A
	if err := json.Unmarshal(answer, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// given gives files as the command does.
func given(t testing.TB, format string, names ...string) []formats.File {
	t.Helper()
	asked := make([]formats.Given, len(names))
	for i, name := range names {
		asked[i].Name = name
	}
	files, err := formats.OpenFiles(t.Context(), asked, formats.Evidence{Format: format, Title: format, Licence: "OGL-UK-3.0"})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// dataSets is the folder of real data sets.
func dataSets(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("ORGLEDGER_DATA_SETS")
	if dir == "" {
		t.Skip("ORGLEDGER_DATA_SETS names no folder with real data sets")
	}
	return dir
}
