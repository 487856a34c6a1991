// Package formatstest has a ledger in memory to import into. It is for tests.
package formatstest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// Ledger is what has been recorded. It takes what a sink has judged.
type Ledger struct {
	Recorded []domain.Recorded
}

// Entries calls fn with everything recorded.
func (l *Ledger) Entries(_ context.Context, fn func(domain.Recorded) error) error {
	for _, e := range l.Recorded {
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

// TB is a test, also one of a property.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Import imports files that are there, and gives the account. Where it fails, nothing is recorded.
func (l *Ledger) Import(importer formats.Importer, format string, given ...formats.Given) (formats.Report, error) {
	ctx := context.Background()
	retrieved, err := domain.ParseEDTF("2024-05-01")
	if err != nil {
		return formats.Report{}, err
	}
	files, err := formats.OpenFiles(ctx, given, formats.Evidence{Format: format, Title: "Test", Licence: "none", Retrieved: retrieved})
	if err != nil {
		return formats.Report{}, err
	}
	known, err := formats.Learn(ctx, l.Entries, nil)
	if err != nil {
		return formats.Report{}, err
	}
	var made []domain.Recorded
	sink := formats.NewSink(known, func(e *domain.Entry) error {
		if line := e.AppendJSON(nil); len(line) > domain.LimitEntry {
			return fmt.Errorf("an entry of %d bytes", len(line))
		}
		made = append(made, domain.Recorded{Entry: *e, Seq: uint64(len(l.Recorded) + len(made) + 1)})
		return nil
	})
	report, err := sink.Run(ctx, importer, files)
	if err == nil && report.Recorded != len(made) {
		err = fmt.Errorf("the report says that %d entries are new, and %d are", report.Recorded, len(made))
	}
	if err == nil && report.Made != report.Known+report.Recorded {
		err = fmt.Errorf("%d made are not %d known and %d new", report.Made, report.Known, report.Recorded)
	}
	if err != nil {
		return report, err
	}
	for _, e := range made {
		if err := l.resolve(&e.Entry); err != nil {
			return report, err
		}
		l.Recorded = append(l.Recorded, e)
	}
	return report, nil
}

// resolve reads a correction for the type of the entry that it corrects, as a ledger does.
func (l *Ledger) resolve(e *domain.Entry) error {
	stored, ok := e.Fact.(*domain.EntryCorrected)
	if !ok {
		return nil
	}
	correction := *stored
	for i := range l.Recorded {
		if was := &l.Recorded[i]; was.ID == correction.Corrects {
			e.Fact = &correction
			return correction.Resolve(was.Fact.Type())
		}
	}
	return fmt.Errorf("%s corrects an entry that is not there", e.ID)
}

// MustImport is Import where it has to work.
func (l *Ledger) MustImport(t TB, importer formats.Importer, format string, given ...formats.Given) formats.Report {
	t.Helper()
	report, err := l.Import(importer, format, given...)
	if err != nil {
		t.Fatalf("import %v: %v", given, err)
	}
	return report
}

// Now lists the facts that stand, with their corrections, in the order of their recording.
func (l *Ledger) Now() []*domain.Entry {
	var all []*domain.Entry
	at := make(map[string]int)
	for i := range l.Recorded {
		e := l.Recorded[i].Entry
		switch f := e.Fact.(type) {
		case *domain.EntryCorrected:
			if place, ok := at[f.Corrects.String()]; ok {
				all[place] = f.Apply(all[place])
			}
		case *domain.EntryRetracted:
			if place, ok := at[f.Retracts.String()]; ok {
				all[place] = nil
			}
		default:
			at[e.ID.String()] = len(all)
			all = append(all, &e)
		}
	}
	standing := all[:0]
	for _, e := range all {
		if e != nil {
			standing = append(standing, e)
		}
	}
	return standing
}

// Lines are the entries from a sequence on, as they are handed in.
func (l *Ledger) Lines(from uint64) string {
	var text []byte
	for i := range l.Recorded {
		if l.Recorded[i].Seq >= from {
			text = append(l.Recorded[i].AppendJSON(text), '\n')
		}
	}
	return string(text)
}

// Write makes a file of a text in a folder, and gives its name.
func Write(t TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatalf("%v", err)
	}
	return path
}

// Golden compares a text with a file, or rewrites the file.
func Golden(t *testing.T, name, got string, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what was made; go test -update rewrites it.\n%s", name, got)
	}
}

// DataSets is the folder of the public data sets, in ORGLEDGER_DATA_SETS; without it the test is skipped.
func DataSets(t *testing.T, set string) string {
	t.Helper()
	root := os.Getenv("ORGLEDGER_DATA_SETS")
	if root == "" {
		t.Skip("ORGLEDGER_DATA_SETS does not name the folder of the public data sets")
	}
	dir := filepath.Join(root, set)
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}
