package ons_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/formatstest"
	"github.com/orgledger/orgledger/formats/ons"
)

var update = flag.Bool("update", false, "rewrite the expected entries")

func files(names ...string) []formats.Given {
	given := make([]formats.Given, len(names))
	for i, name := range names {
		given[i].Name = filepath.Join("testdata", name)
	}
	return given
}

// The entries of a small history: names, parents in other files and in none, a time without the area, endings.
func TestGolden(t *testing.T) {
	var l formatstest.Ledger
	given := files("E98.json", "E99.json", "types.csv")
	report := l.MustImport(t, ons.Importer{}, ons.Name, given...)
	account, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	formatstest.Golden(t, "testdata/entries.golden", l.Lines(0), *update)
	formatstest.Golden(t, "testdata/report.golden", string(account)+"\n", *update)
	if again := l.MustImport(t, ons.Importer{}, ons.Name, given...); again.Recorded != 0 || again.Made != report.Made {
		t.Errorf("the second import records %d of %d, the first made %d", again.Recorded, again.Made, report.Made)
	}
}

// standing is what a ledger says, without evidence.
func standing(l *formatstest.Ledger) map[string]bool {
	all := make(map[string]bool)
	for _, e := range l.Now() {
		if e.Fact.Type() != domain.TypeSourceRegistered {
			all[formats.Says(e)] = true
		}
	}
	return all
}

// Whichever file is imported first, and together or apart: the ledger says the same in the end.
func TestAnyOrder(t *testing.T) {
	var together formatstest.Ledger
	together.MustImport(t, ons.Importer{}, ons.Name, files("E98.json", "E99.json")...)
	for _, order := range [][]string{{"E98.json", "E99.json"}, {"E99.json", "E98.json"}} {
		var l formatstest.Ledger
		for _, name := range order {
			l.MustImport(t, ons.Importer{}, ons.Name, files(name)...)
		}
		if !maps.Equal(standing(&l), standing(&together)) {
			t.Errorf("%v: %v, not %v", order, standing(&l), standing(&together))
		}
		if again := l.MustImport(t, ons.Importer{}, ons.Name, files("E99.json", "E98.json")...); again.Recorded != 0 {
			t.Errorf("%v: again, %d are recorded", order, again.Recorded)
		}
	}
}

func history(versions string) string {
	return `{"areas":{"E98000001":[` + versions + `]},"description":"Groups"}`
}

// A newer history that ends an area, or dates or names a version otherwise, adds or corrects that and nothing else.
func TestNewerHistory(t *testing.T) {
	const first = `{"date":{"s":"2013-04-01"},"nm":"North","parent":"E99000001","status":"live"}`
	for name, c := range map[string]struct {
		newer string
		types []string
	}{
		"the same": {first, nil},
		"ended":    {`{"date":{"s":"2013-04-01","e":"2020-03-31"},"nm":"North","parent":"E99000001","status":"terminated"}`, []string{"organisation.dissolved"}},
		"renamed":  {`{"date":{"s":"2013-04-01"},"nm":"The North","parent":"E99000001","status":"live"}`, []string{"entry.corrected"}},
		"moved": {`{"date":{"s":"2015-04-01"},"nm":"North","parent":"E99000002","status":"live"},{"date":{"s":"2013-04-01","e":"2015-03-31"},"nm":"North","parent":"E99000001","status":"terminated"}`,
			[]string{"organisation.established", "organisation.moved"}},
		"placed otherwise": {`{"date":{"s":"2013-04-01"},"nm":"North","parent":"E99000002","status":"live"}`, []string{"organisation.established", "entry.corrected"}},
	} {
		dir := t.TempDir()
		var l formatstest.Ledger
		l.MustImport(t, ons.Importer{}, ons.Name, formats.Given{Name: formatstest.Write(t, dir, "a.json", history(first)+"\n")})
		before := len(l.Recorded)
		l.MustImport(t, ons.Importer{}, ons.Name, formats.Given{Name: formatstest.Write(t, dir, "b.json", history(c.newer))})
		var types []string
		for _, e := range l.Recorded[before+1:] { // after the source
			types = append(types, e.Fact.Type().String())
		}
		if !slices.Equal(types, c.types) {
			t.Errorf("%s: recorded %v, not %v", name, types, c.types)
		}
	}
}

// Versions that overlap end where the next begins, and the report says so.
func TestOverlap(t *testing.T) {
	var l formatstest.Ledger
	text := history(`{"date":{"s":"2015-04-01"},"nm":"B","status":"live"},{"date":{"s":"2013-04-01"},"nm":"A","status":"live"}`)
	report := l.MustImport(t, ons.Importer{}, ons.Name, formats.Given{Name: formatstest.Write(t, t.TempDir(), "a.json", text)})
	if len(report.Notes) != 1 || len(l.Recorded) != 3 {
		t.Errorf("%v\n%s", report.Notes, l.Lines(0))
	}
}

// Files that are not what they have to be are errors with the place, and nothing is recorded.
func TestBadFiles(t *testing.T) {
	good := history(`{"date":{"s":"2013-04-01"},"nm":"North","status":"live"}`)
	for text, want := range map[string]string{
		good[:60]:                    "complete to its end",
		`{"areas":[]}`:               "an object by their codes",
		`{"description":"x"}`:        "JSON object with areas",
		`[1]`:                        "a column Entity",
		"code,name\nE98000001,North": "a column Entity",
		strings.Replace(good, "E98000001", "E98", 1):              "a capital letter and eight digits",
		strings.Replace(good, "2013-04-01", "1 April", 1):         "begins on a day",
		strings.Replace(good, `"North"`, `" "`, 1):                "has a name",
		strings.Replace(good, `"North"`, `5`, 1):                  "this is a text",
		strings.Replace(good, `"s":`, `"e":"2012-01-01","s":`, 1): "not before it begins",
		history(""): "at least one version",
	} {
		var l formatstest.Ledger
		_, err := l.Import(ons.Importer{}, ons.Name, formats.Given{Name: formatstest.Write(t, t.TempDir(), "file", text)})
		if place, ok := errors.AsType[*formats.PlaceError](err); !ok || !strings.Contains(place.Rule, want) || len(l.Recorded) != 0 {
			t.Errorf("%.60q: %v, not %q", text, err, want)
		}
	}
	var l formatstest.Ledger
	if _, err := l.Import(ons.Importer{}, ons.Name, append(files("E98.json"), formats.Given{Name: formatstest.Write(t, t.TempDir(), "again.json", history(`{"date":{"s":"2013-04-01"},"nm":"North"}`))})...); err == nil || !strings.Contains(err.Error(), "in the files once") {
		t.Errorf("an area in two files: %v", err)
	}
}

// The public data import whole, with their list of entity types.
func TestPublicData(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(formatstest.DataSets(t, "ons-code-history"), "*"))
	if err != nil {
		t.Fatal(err)
	}
	var given []formats.Given
	for _, name := range names {
		given = append(given, formats.Given{Name: name})
	}
	var l formatstest.Ledger
	report := l.MustImport(t, ons.Importer{}, ons.Name, given...)
	if got := fmt.Sprint(report.Rows, report.Used, report.Recorded); got != "1756 1633 2790" {
		t.Errorf("rows, used, recorded: %s", got)
	}
	if again := l.MustImport(t, ons.Importer{}, ons.Name, given...); again.Recorded != 0 || again.Made != report.Made {
		t.Errorf("again, %d of %d are recorded", again.Recorded, again.Made)
	}
}
