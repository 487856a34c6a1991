// Package imported_test holds importers to what a real ledger answers after them.
package imported_test

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/ledger"
)

// imported is a ledger in a folder, with what importers may ask of it.
type imported struct {
	*ledger.Ledger
	ids map[uuid.UUID]bool
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
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ran, store.Close()); err != nil {
			t.Error(err)
		}
	})
	return &imported{l, make(map[uuid.UUID]bool)}
}

// Has reports whether an entry is recorded.
func (i *imported) Has(id uuid.UUID) bool { return i.ids[id] }

// Each gives the entries that cite a source, or register it. With the empty prefix it gives all.
func (i *imported) Each(ctx context.Context, prefix string, fn func(domain.Recorded) error) error {
	return i.Entries(ctx, 1, i.View().Seq()+1, func(e domain.Recorded) error {
		cited := prefix == ""
		e.References(func(ref domain.Ref) {
			cited = cited || ref.Kind == domain.KindSource && strings.HasPrefix(ref.ID, prefix)
		})
		if !cited {
			return nil
		}
		return fn(e)
	})
}

// run imports files as the command does: in calls of at most limit entries, of which no more than calls are made; 0:
// all. It returns the report.
func (i *imported) run(t testing.TB, importer formats.Importer, limit, calls int, files ...formats.File) formats.Report {
	t.Helper()
	var made []*domain.Entry
	sink := formats.NewSink(i, func(e *domain.Entry) error {
		made = append(made, e)
		return nil
	})
	if err := importer.Import(t.Context(), files, sink); err != nil {
		t.Fatal(err)
	}
	report := sink.Report()
	if !report.Accounted() {
		t.Errorf("rows are lost: %+v", report)
	}
	for done := 0; len(made) > 0 && (calls == 0 || done < calls); done++ {
		n := min(limit, len(made))
		if _, err := i.Record(t.Context(), made[:n], ledger.RecordOptions{Actor: "test"}); err != nil {
			t.Fatal(err)
		}
		for _, e := range made[:n] {
			i.ids[e.ID] = true
		}
		made = made[n:]
	}
	return report
}

// ask puts a question and reads its answer.
func ask[A any](t testing.TB, i *imported, question string) A {
	t.Helper()
	answer := i.Answer([]byte(question))
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

// file makes a file of a data set what the command hands to an importer.
func file(t testing.TB, format, name string) formats.File {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return fileOf(format, filepath.Base(name), content)
}

func fileOf(format, name string, content []byte) formats.File {
	sum := sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])
	return formats.File{
		Name:   name,
		Source: domain.SourceRegistered{Source: domain.SourceID(format + "-" + digest[:12]), Title: name, SHA256: digest},
		Open: func() (io.ReadCloser, error) {
			if !strings.HasSuffix(name, ".gz") {
				return io.NopCloser(strings.NewReader(string(content))), nil
			}
			return gzip.NewReader(strings.NewReader(string(content)))
		},
	}
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
