package ocds_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/ocds"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// memory is what is recorded, without a ledger that judges it.
type memory []domain.Recorded

func (m *memory) entries(_ context.Context, fn func(domain.Recorded) error) error {
	for _, e := range *m {
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

// table is a file in memory.
type table struct{ bytes.Buffer }

func (*table) Close() error { return nil }

// run imports files, and records what is made. One called matches.csv says which organisations parties are.
func (m *memory) run(t *testing.T, names ...string) (made []*domain.Entry, report formats.Report, unmatched string, err error) {
	t.Helper()
	given := make([]formats.Given, len(names))
	for i, name := range names {
		given[i].Name = name
		if filepath.Base(name) == "matches.csv" {
			given[i].Role = ocds.RoleMatches
		}
	}
	files, err := formats.OpenFiles(t.Context(), given, formats.Evidence{Format: ocds.Format})
	if err != nil {
		return nil, report, "", err
	}
	known, err := formats.Learn(t.Context(), m.entries, nil)
	if err != nil {
		t.Fatal(err)
	}
	sink := formats.NewSink(known, func(e *domain.Entry) error {
		made = append(made, e)
		return nil
	})
	var list table
	importer := ocds.Importer{Unmatched: func() (io.WriteCloser, error) { return &list, nil }}
	if report, err = sink.Run(t.Context(), importer, files); err != nil {
		return nil, report, "", err
	}
	for _, e := range made {
		*m = append(*m, domain.Recorded{Entry: *e, Seq: uint64(len(*m) + 1)})
	}
	return made, report, list.String(), nil
}

// What becomes of made-up releases: a contract from its award to its termination, with restated values and amendments;
// releases out of their order and such of which nothing can be made; records.
func TestReleases(t *testing.T) {
	names := []string{"testdata/package.json", "testdata/lines.jsonl", "testdata/records.json"}
	var m memory
	for _, name := range names {
		made, report, unmatched, err := m.run(t, name)
		if err != nil {
			t.Fatal(err)
		}
		var text []byte
		for _, e := range made {
			if e.Fact.Type() != domain.TypeSourceRegistered {
				text = append(e.AppendJSON(text), '\n')
			}
		}
		for _, s := range report.Skipped {
			text = fmt.Appendf(text, "skipped: %s %v\n", s.Why, s.First)
		}
		text = fmt.Appendf(text, "notes: %q\nunmatched:\n%s", report.Notes, unmatched)
		golden(t, name+".golden", text)
	}
	if _, report, _, err := m.run(t, names...); err != nil || report.Recorded != 0 || !report.Accounted() {
		t.Errorf("all of them again: %+v, %v", report, err)
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
	}
}

// The releases of a process give the same history in whatever order the file has them.
func TestOrder(t *testing.T) {
	content, err := os.ReadFile("testdata/lines.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(string(content)))
	var one, other memory
	made, _, _, err := one.run(t, write(t, "a.jsonl", lines[0]+lines[1]))
	if err != nil {
		t.Fatal(err)
	}
	again, _, _, err := other.run(t, write(t, "b.jsonl", lines[1]+lines[0]))
	if err != nil || len(made) != len(again) || len(made) != 6 {
		t.Fatal(len(made), len(again), err)
	}
	for i := range made[1:] { // after the sources
		if made[i+1].ID != again[i+1].ID {
			t.Errorf("%s and %s", made[i+1].AppendJSON(nil), again[i+1].AppendJSON(nil))
		}
	}
	_, report, _, err := one.run(t, write(t, "c.jsonl", strings.Replace(lines[1], "2024-02-01T09", "2024-02-01T08", 1)))
	if err != nil || report.Recorded != 1 || len(report.Skipped) != 1 || report.Skipped[0].Why != "a later release of the process is recorded" {
		t.Errorf("an older release: %+v, %v", report, err)
	}
}

func organisation(seq uint64, id domain.OrganisationID, name string, codes ...string) domain.Recorded {
	f := &domain.OrganisationEstablished{Organisation: id, Name: name}
	for _, code := range codes {
		scheme, value, _ := strings.Cut(code, ":")
		f.Identifiers = append(f.Identifiers, domain.Identifier{Scheme: scheme, Value: value})
	}
	e := domain.Entry{Fact: f, Sources: []domain.Citation{{Source: "elsewhere"}}}
	e.ID = e.DeriveID()
	return domain.Recorded{Entry: e, Seq: seq}
}

// owners of the contracts that were made, and their suppliers.
func sides(made []*domain.Entry) (all []string) {
	for _, e := range made {
		if f, ok := e.Fact.(*domain.ContractAwarded); ok {
			all = append(all, fmt.Sprint(f.Owner, f.Suppliers))
		}
	}
	return all
}

// Parties are found by identifier, then by name; which of several it is has to be decided, and until then the contract
// waits.
func TestMatching(t *testing.T) {
	content, err := os.ReadFile("testdata/lines.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	release := write(t, "release.jsonl", string(content[:bytes.IndexByte(content, '\n')+1]))
	m := memory{
		organisation(1, "pqa", "Harbours Authority", "XX-REG:1"),
		organisation(2, "ropeworks-ltd", "Ropeworks Ltd", "GB-COH:00000009"),
		organisation(3, "tar-1", "Tar and Timber LLP"),
		organisation(4, "tar-2", "TAR AND TIMBER"),
	}
	made, report, unmatched, err := m.run(t, release)
	if err != nil || len(sides(made)) != 0 || len(report.Skipped) != 1 || !strings.HasPrefix(report.Skipped[0].Why, "several organisations have the name") {
		t.Errorf("%v %+v %v", sides(made), report, err)
	}
	if want := "party,organisation,name,candidates\nTar and Timber LLP,,Tar and Timber LLP,tar-1 tar-2\n"; unmatched != want {
		t.Errorf("%s, not %s", unmatched, want)
	}
	decided := write(t, "matches.csv", strings.Replace(unmatched, ",,", ",tar-2,", 1))
	made, report, unmatched, err = m.run(t, release, decided)
	if got := sides(made); err != nil || len(got) != 1 || !strings.HasPrefix(got[0], "pqa[ropeworks-ltd-") || !strings.HasSuffix(got[0], " tar-2]") {
		t.Errorf("%v %+v %v", got, report, err)
	}
	if !strings.Contains(unmatched, "GB-COH:00000001,ropeworks-ltd-") || strings.Contains(unmatched, "tar-2") {
		t.Error(unmatched)
	}
	if _, report, _, err = m.run(t, release, decided); err != nil || report.Recorded != 0 {
		t.Errorf("again: %+v %v", report, err)
	}
	moved := write(t, "matches.csv", "GB-COH:00000001,ropeworks-ltd\nTar and Timber LLP,tar-1\n\"XX-REG:1\",\n")
	if made, _, _, err = m.run(t, release, moved); err != nil || len(made) != 2 {
		t.Fatalf("decided otherwise: %d entries, %v", len(made), err)
	}
	if c, ok := made[1].Fact.(*domain.EntryCorrected); !ok || fmt.Sprint(c.Replacement.Fact.(*domain.ContractAwarded).Suppliers) != "[ropeworks-ltd tar-1]" {
		t.Errorf("%s", made[1].AppendJSON(nil))
	}
}

const release = `{"ocid":"ocds-1","id":"1","date":"2024-01-01T00:00:00Z","tag":["award"],"awards":[{"id":"1","status":"active",` +
	`"contractPeriod":{"startDate":"2024-01-01"},"value":{"amount":1,"currency":"GBP"},"suppliers":[{"id":"s","name":"S"}]}],"buyer":{"id":"b","name":"B"}}`

// What is wrong with a file is named with its place, and nothing is made.
func TestBadFiles(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"empty":            {"r.json", "", "r.json: the file is empty"},
		"no rows":          {"r.json", `{"releases":[]}`, "r.json: the file has at least one row"},
		"cut":              {"r.jsonl", release + "\n" + release[:80], "row 2: the file is whole: it ends at byte"},
		"no JSON":          {"r.jsonl", release + "\n}", "row 2: the file is JSON in UTF-8: "},
		"a table":          {"r.csv", "ocid,date\n", "row 1: the file is JSON in UTF-8: invalid character 'o' at start of value at byte 0"},
		"another encoding": {"r.jsonl", strings.Replace(release, `"S"`, "\"Caf\xe9\"", 1), "row 1: the file is text in UTF-8, not \"the byte 0xe9\""},
		"another format":   {"r.json", `{"results":[{"title":"A"}]}`, "row 1, ocid: a release, or a record of releases, has an ocid"},
		"another type":     {"r.json", strings.Replace(release, `"awards":[`, `"awards":7,"x":[`, 1), "row 1, awards: this member has a value of another type"},
		"no date":          {"r.json", strings.Replace(release, "2024-01-01T00:00:00Z", "", 1), `row 1, date: a release has a date, written as RFC 3339 does, not "nothing"`},
		"no time":          {"r.json", strings.Replace(release, "T00:00:00Z", "Tnoon", 1), "row 1, date: a release has a date"},
		"no day":           {"r.json", strings.Replace(release, `"startDate":"2024-01-01"`, `"startDate":"spring"`, 1), "row 1, startDate: a date begins with a day YYYY-MM-DD"},
		"two columns":      {"matches.csv", "S\n", "row 1: a row has two columns"},
		"unknown":          {"matches.csv", "S,who\n", "row 1, organisation: this names an organisation of the ledger"},
		"no quotation":     {"matches.csv", "\"S,who\n", "row 1: this is a table of comma-separated values"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, write(t, c.file, c.text), c.want) })
	}
	var zipped bytes.Buffer
	out := gzip.NewWriter(&zipped)
	if _, err := out.Write([]byte(strings.Repeat(release+"\n", 1000))); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, write(t, "r.jsonl.gz", string(zipped.Bytes()[:zipped.Len()-10])), "a compressed file is whole")
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// refused imports a file into an empty ledger, and expects an error that names its place.
func refused(t *testing.T, name, want string) {
	t.Helper()
	var m memory
	made, _, _, err := m.run(t, name)
	if place, ok := errors.AsType[*formats.PlaceError](err); !ok || !strings.Contains(place.Error(), want) || !strings.Contains(place.Error(), filepath.Base(name)) {
		t.Errorf("%v, not %s", err, want)
	}
	if len(made) > 0 {
		t.Errorf("%d entries were made", len(made))
	}
}
