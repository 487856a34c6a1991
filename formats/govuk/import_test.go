package govuk_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/govuk"
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

// run imports files, and records what is made.
func (m *memory) run(t *testing.T, names ...string) (made []*domain.Entry, report formats.Report, err error) {
	t.Helper()
	given := make([]formats.Given, len(names))
	for i, name := range names {
		given[i].Name = name
	}
	files, err := formats.OpenFiles(t.Context(), given, formats.Evidence{Format: govuk.Format})
	if err != nil {
		return nil, report, err
	}
	known, err := formats.Learn(t.Context(), m.entries, nil)
	if err != nil {
		t.Fatal(err)
	}
	sink := formats.NewSink(known, func(e *domain.Entry) error {
		made = append(made, e)
		return nil
	})
	report, err = sink.Run(t.Context(), govuk.Importer{}, files)
	if err != nil {
		return nil, report, err
	}
	for _, e := range made {
		*m = append(*m, domain.Recorded{Entry: *e, Seq: uint64(len(*m) + 1)})
	}
	return made, report, nil
}

// What becomes of four made-up snapshots, one after the other.
func TestSnapshots(t *testing.T) {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) != 4 {
		t.Fatal(names, err)
	}
	var m memory
	for _, name := range names {
		made, report, err := m.run(t, name)
		if err != nil {
			t.Fatal(err)
		}
		var text []byte
		for _, e := range made {
			if e.Fact.Type() != domain.TypeSourceRegistered {
				text = append(e.AppendJSON(text), '\n')
			}
		}
		for _, note := range report.Notes {
			text = append(text, "note: "+note+"\n"...)
		}
		golden(t, strings.TrimSuffix(name, ".json")+".golden", text)
	}
	if _, report, err := m.run(t, names...); err != nil || report.Recorded != 0 || report.Used != 36 {
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

const whole = `{"title":"A","format":"Other","analytics_identifier":"OT1","details":{"content_id":"00000001-0000-4000-8000-000000000001","slug":"a",` +
	`"govuk_status":"live","closed_at":null},"parent_organisations":[],"superseding_organisations":[]}`

// What is wrong with a file is named with its place, and nothing is made.
func TestBadFiles(t *testing.T) {
	second := strings.NewReplacer(`"title":"A"`, `"title":"B"`, "000000000001", "000000000002", `"slug":"a"`, `"slug":"b"`).Replace(whole)
	for name, c := range map[string]struct{ file, text, want string }{
		"empty":             {"2020-01-01.json", "", "2020-01-01.json: the file is empty"},
		"no rows":           {"2020-01-01.json", `{"results":[]}`, "2020-01-01.json: the file has at least one row"},
		"cut":               {"2020-01-01.json", `{"results":[` + whole + "," + second[:50], "row 2: the file is whole"},
		"no JSON":           {"2020-01-01.json", `{"results":[` + whole + ",,", "row 2: the file is JSON in UTF-8: invalid character ',' at start of value at byte 243"},
		"a table":           {"2020-01-01.csv", "code,name\n1,A\n", "row 1: the file is JSON in UTF-8"},
		"another encoding":  {"2020-01-01.json", `{"results":[` + strings.Replace(whole, "A", "Caf\xe9", 1) + "]}", "row 1: the file is text in UTF-8, not \"the byte 0xe9\""},
		"no organisation":   {"2020-01-01.json", `{"results":[{"ocid":"x"}]}`, "row 1, details.content_id: an organisation has a content_id, which is a UUID"},
		"no object":         {"2020-01-01.json", `["a"]`, "row 1: a row is a JSON object"},
		"another type":      {"2020-01-01.json", strings.Replace(whole, `"closed_at":null`, `"closed_at":7`, 1), "row 1, details.closed_at: this member has a value of another type"},
		"unknown status":    {"2020-01-01.json", strings.Replace(whole, "live", "asleep", 1), "row 1, details.govuk_status: this is one of closed, live"},
		"no day of closure": {"2020-01-01.json", strings.Replace(strings.Replace(whole, "live", "closed", 1), `"closed_at":null`, `"closed_at":"soon"`, 1), "row 1, details.closed_at: this begins with a day"},
		"no title":          {"2020-01-01.json", strings.Replace(whole, `"title":"A"`, `"title":" "`, 1), "row 1, title: an organisation has a title"},
		"one twice":         {"2020-01-01.json", "[" + whole + "," + whole + "]", "row 2, details.content_id: an organisation stands in a snapshot once, and this one in row 1"},
		"no day":            {"organisations.json", whole, "the day of a snapshot stands in the file's name"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, write(t, c.file, []byte(c.text)), c.want)
		})
	}
	var zipped bytes.Buffer
	out := gzip.NewWriter(&zipped)
	if _, err := out.Write([]byte(whole + strings.Repeat("\n", 1000))); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, write(t, "2020-01-01.json.gz", zipped.Bytes()[:zipped.Len()-10]), "a compressed file is whole")
}

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// refused imports a file into an empty ledger, and expects an error that names its place.
func refused(t *testing.T, name, want string) {
	t.Helper()
	var m memory
	made, _, err := m.run(t, name)
	if place, ok := errors.AsType[*formats.PlaceError](err); !ok || !strings.Contains(place.Error(), want) || !strings.Contains(place.Error(), filepath.Base(name)) {
		t.Errorf("%v, not %s", err, want)
	}
	if len(made) > 0 {
		t.Errorf("%d entries were made", len(made))
	}
}

// Snapshots come in the order of their days, and none is put before one that is recorded.
func TestOrder(t *testing.T) {
	var m memory
	if _, _, err := m.run(t, "testdata/2020-02-01.json", "testdata/2020-01-01.json"); err == nil || !strings.Contains(err.Error(), "snapshots are given in the order of their days") {
		t.Error(err)
	}
	if _, _, err := m.run(t, "testdata/2020-01-01.json", "testdata/2020-03-01.json"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.run(t, "testdata/2020-02-01.json"); err == nil || !strings.Contains(err.Error(), "the last of which is of 2020-03-01") {
		t.Error(err)
	}
}

// An organisation that the ledger has from elsewhere is known by the code of the register, or by its identifier and name
// together; the same identifier with another name is another organisation.
func TestOthersOrganisations(t *testing.T) {
	m := memory{
		recorded(1, &domain.OrganisationEstablished{Organisation: "mh", Name: "Harbours Ministry", Identifiers: []domain.Identifier{{Scheme: "GB-GOR", Value: "D1"}}}),
		recorded(2, &domain.OrganisationEstablished{Organisation: "pilotage-board", Name: "PILOTAGE BOARD"}),
		recorded(3, &domain.OrganisationEstablished{Organisation: "tide-office", Name: "Tide Tables Ltd"}),
	}
	made, report, err := m.run(t, "testdata/2020-01-01.json")
	if err != nil {
		t.Fatal(err)
	}
	established := make(map[domain.OrganisationID]bool)
	parents := 0
	for _, e := range made {
		switch f := e.Fact.(type) {
		case *domain.OrganisationEstablished:
			established[f.Organisation] = true
		case *domain.OrganisationMoved:
			if f.Parent.Organisation == "mh" {
				parents++
			}
		}
	}
	if established["ministry-of-harbours"] || established["pilotage-board"] || !established["tide-office-00000004"] || len(established) != 6 || parents != 3 {
		t.Errorf("established %v; %d under mh", established, parents)
	}
	if len(report.Notes) == 0 || report.Notes[0] != "organisations that the ledger had from elsewhere: mh, pilotage-board" {
		t.Errorf("%q", report.Notes)
	}
}

func recorded(seq uint64, f domain.Fact) domain.Recorded {
	e := domain.Entry{Fact: f, Sources: []domain.Citation{{Source: "elsewhere"}}}
	e.ID = e.DeriveID()
	return domain.Recorded{Entry: e, Seq: seq}
}
