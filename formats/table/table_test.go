package table_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/formatstest"
	"github.com/orgledger/orgledger/formats/table"
)

var update = flag.Bool("update", false, "rewrite the expected entries")

func mapping(t *testing.T, text string) *table.Importer {
	t.Helper()
	m, err := table.ParseMapping("mapping.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &table.Importer{Mapping: m}
}

func museums(t *testing.T) *table.Importer {
	t.Helper()
	m, err := table.ReadMapping("testdata/museums.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return &table.Importer{Mapping: m}
}

func write(t *testing.T, text string) formats.Given {
	t.Helper()
	return formats.Given{Name: formatstest.Write(t, t.TempDir(), "table.csv", text)}
}

// The entries of the example in the documentation.
func TestGolden(t *testing.T) {
	var l formatstest.Ledger
	file := formats.Given{Name: "testdata/museums.csv"}
	report := l.MustImport(t, museums(t), table.Name, file)
	account, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	formatstest.Golden(t, "testdata/entries.golden", l.Lines(0), *update)
	formatstest.Golden(t, "testdata/report.golden", string(account)+"\n", *update)
	if again := l.MustImport(t, museums(t), table.Name, file); again.Recorded != 0 || again.Made != report.Made {
		t.Errorf("the second import records %d of %d, the first made %d", again.Recorded, again.Made, report.Made)
	}
}

// The documentation shows the example as it is tested.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/importing.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"testdata/museums.yaml", "testdata/museums.csv"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), string(text)) {
			t.Errorf("docs/importing.md does not show %s as it is", name)
		}
	}
}

// A newer table corrects what it says otherwise under the same key, and back again.
func TestKeysCorrect(t *testing.T) {
	text, err := os.ReadFile("testdata/museums.csv")
	if err != nil {
		t.Fatal(err)
	}
	files := []formats.Given{{Name: "testdata/museums.csv"},
		write(t, strings.NewReplacer("Museum of Time", "Museum of Time and Tide", "31/03/1996", "30/04/1996").Replace(string(text)))}
	var l formatstest.Ledger
	for round := range 4 {
		before := len(l.Recorded)
		l.MustImport(t, museums(t), table.Name, files[round%2])
		corrected := 0
		for _, e := range l.Recorded[before:] {
			if e.Fact.Type() == domain.TypeEntryCorrected {
				corrected++
			}
		}
		if round > 0 && corrected != 2 {
			t.Errorf("round %d: %d corrections, not 2", round, corrected)
		}
		if again := l.MustImport(t, museums(t), table.Name, files[round%2]); again.Recorded != 0 {
			t.Errorf("round %d: again, %d are recorded", round, again.Recorded)
		}
	}
}

const established = `
  - type: organisation.established
    data: {organisation: {column: code, id: true}, name: {column: name}}
`

// What a row gives, by what the mapping says of its columns; "" is no entry.
func TestValues(t *testing.T) {
	for _, c := range []struct{ fact, row, want string }{
		{`{type: organisation.renamed, effective: {column: a, date: DD/MM/YYYY}, data: {organisation: o, name: {column: b}}}`, "01/04/2019,B",
			`"effective":"2019-04-01","data":{"organisation":"o","name":"B"}`},
		{`{type: organisation.renamed, effective: {column: a, date: [D MMM YYYY, MMMM YYYY]}, data: {organisation: o, name: N}}`, "1 Apr 2019,", `"effective":"2019-04-01"`},
		{`{type: organisation.renamed, effective: {column: a, date: [D MMM YYYY, MMMM YYYY]}, data: {organisation: o, name: N}}`, "April 2019,", `"effective":"2019-04"`},
		{`{type: organisation.renamed, effective: {column: a, date: YYYY-MM-DD*}, data: {organisation: o, name: N}}`, "2019-04-01T00:00:00+01:00,", `"effective":"2019-04-01"`},
		{`{type: organisation.renamed, effective: {column: a}, data: {organisation: o, name: N}}`, "2019?,", `"effective":"2019?"`},
		{`{type: organisation.dissolved, effective: {column: a, inclusive: true}, data: {organisation: o}}`, "2019-12-31,", `"effective":"2020-01-01"`},
		{`{type: organisation.dissolved, effective: 2019-04-01, data: {organisation: o, successor: {column: a}}}`, ",", `"data":{"organisation":"o"}`},
		{`{type: organisation.moved, effective: 2019-04-01, data: {organisation: o, parent: null}}`, "x,", `"parent":null`},
		{`{type: organisation.dissolved, when: {column: a, is: [x, y]}, effective: 2019-04-01, data: {organisation: o}}`, "z,", ""},
		{`{type: organisation.dissolved, when: [{column: a, not: z}, {column: b, filled: false}], effective: 2019-04-01, data: {organisation: o}}`, "x,", `"data"`},
		{`{type: organisation.merged, effective: 2019-04-01, data: {organisations: {column: a, separator: "|", id: true}, into: o}}`, "P Q|r,", `"organisations":["p-q","r"],"into":"o"`},
		{`{type: organisation.split, effective: 2019-04-01, data: {organisation: o, into: [p, r], continues: {column: a}}}`, "Yes,", `"continues":true`},
		{`{type: contract.awarded, effective: 2019-04-01, data: {contract: c, title: T, owner: o, value: {amount: {column: a, remove: "£,"}, currency: GBP}, last_day: {column: b, date: DD.MM.YYYY}}}`,
			`"£1,250.50",31.03.2020`, `"last_day":"2020-03-31","value":{"amount":1250.50,"currency":"GBP"}`},
		{`{type: contract.awarded, effective: 2019-04-01, data: {contract: c, title: T, owner: o, value: {amount: {column: a}, currency: GBP}}}`, ",", `"data":{"contract":"c","title":"T","owner":"o"}`},
		{`{type: plan.announced, effective: 2019-04-01, data: {plan: p, title: T, items: [{item: i, type: organisation.dissolved, data: {organisation: {column: a}}}]}}`, "o,",
			`"items":[{"item":"i","type":"organisation.dissolved","data":{"organisation":"o"}}]`},
		{`{type: organisation.renamed, effective: 2019, data: {organisation: o, name: {column: a, default: Unnamed, prefix: "The "}}, note: {column: b}}`, ",so", `"name":"The Unnamed"},"sources":`},
	} {
		var l formatstest.Ledger
		for _, id := range []string{"o", "p", "p-q", "r"} {
			e, err := domain.ParseEntry([]byte(`{"type":"organisation.established","data":{"organisation":"` + id + `","name":"N"}}`))
			if err != nil {
				t.Fatal(err)
			}
			e.ID = e.DeriveID()
			l.Recorded = append(l.Recorded, domain.Recorded{Entry: *e, Seq: uint64(len(l.Recorded) + 1)})
		}
		report, err := l.Import(mapping(t, "facts: ["+c.fact+"]"), table.Name, write(t, "a,b\n"+c.row+"\n"))
		if err != nil {
			t.Errorf("%s: %v", c.fact, err)
			continue
		}
		last := string(l.Recorded[len(l.Recorded)-1].AppendJSON(nil))
		if c.want == "" && report.Recorded != 1 || !strings.Contains(last, c.want) {
			t.Errorf("%s of %q gives\n%s", c.fact, c.row, last)
		}
	}
}

// What is wrong with a mapping is said with its line before a table is read.
func TestBadMappings(t *testing.T) {
	for _, c := range []struct {
		text, want string
		row        int
	}{
		{"", "names facts", 0},
		{"facts: [", "is YAML", 0},
		{"facts: []", "at least one fact", 1},
		{"facts:\n  - {}", "has a type", 2},
		{"facts:\n  - type: organisation.merge\n    data: {}", "this is the type of a fact", 2},
		{"facts:\n  - type: entry.retracted\n    data: {}", "this is the type of a fact", 2},
		{"facts:\n  - type: organisation.renamed\n    data:\n      organisation: o\n      nam: N", "the names here are organisation, name, kind", 5},
		{"facts:\n  - type: organisation.renamed\n    data:\n      organisation: o", "has to be given", 4},
		{"facts:\n  - type: organisation.renamed\n    data: {organisation: o, name: {columns: b}}", "this is a text", 3},
		{"facts:\n  - type: organisation.renamed\n    data: {organisation: o, name: {column: b, dat: x}}", "the names here are column, date", 3},
		{"facts:\n  - type: organisation.renamed\n    data: {organisation: o, name: {column: b, date: DD/MM/YYYY}}", "only a date is written in a form", 3},
		{"facts:\n  - type: organisation.renamed\n    effective: {column: b, date: DD/MM}\n    data: {organisation: o, name: N}", "a date is written with YYYY", 3},
		{"facts:\n  - type: organisation.renamed\n    effective: {column: b, date: MMMM YYYY*}\n    data: {organisation: o, name: N}", "something may follow", 3},
		{"facts:\n  - type: organisation.renamed\n    effective: {column: b, date: YYYY, inclusive: true}\n    data: {organisation: o, name: N}", "the day after is known of a day", 3},
		{"facts:\n  - type: organisation.renamed\n    effective: 1 April\n    data: {organisation: o, name: N}", "a date of the ledger", 3},
		{"facts:\n  - type: organisation.merged\n    effective: 2019\n    data: {organisations: {column: a}, into: o}", "the separator", 4},
		{"facts:\n  - type: contract.awarded\n    data: {contract: c, title: T, owner: o, value: {amount: lots, currency: GBP}}", "this is a number", 3},
		{"facts:\n  - type: organisation.renamed\n    once: true\n    data: {organisation: o, name: N}", "only what introduces", 2},
		{"facts:\n  - type: organisation.renamed\n    when: {column: a}\n    data: {organisation: o, name: N}", "a condition names a column", 3},
		{"facts:" + established + "    key: code\n", "a mapping with keys has a name", 1},
		{"name: a\nname: b\nfacts: []", "given once", 2},
		{"delimiter: ab\nfacts:" + established, "a delimiter is one character", 1},
		{"encoding: latin-1\nfacts:" + established, "read as utf-8 only", 1},
		{"header: maybe\nfacts:" + established, "true or false", 1},
		{"a: &a x\nfacts: *a", "the names here", 1},
		{"facts:" + established + "---\nfacts: []", "one YAML document", 0},
	} {
		_, err := table.ParseMapping("mapping.yaml", []byte(c.text))
		place, ok := errors.AsType[*formats.PlaceError](err)
		if !ok || place.File != "mapping.yaml" || !strings.Contains(err.Error(), c.want) || c.row != 0 && place.Row != c.row {
			t.Errorf("%q: %v, not %q in row %d", c.text, err, c.want, c.row)
		}
	}
}

// What is wrong with a table is said with its row and column, and nothing is recorded.
func TestBadTables(t *testing.T) {
	const renamed = `{type: organisation.renamed, effective: {column: d, date: DD/MM/YYYY}, data: {organisation: {column: o}, name: {column: n}}}`
	for _, c := range []struct {
		fact, text, want string
		row              int
	}{
		{renamed, "o,d\nx,01/04/2019\n", `has the column "n"`, 1},
		{renamed, "o,d,n,n\nx,01/04/2019,N,M\n", "is in the table once", 1},
		{renamed, "o,d,n\n", "at least one row", 0},
		{renamed, "o,d,n\nx,31/04/2019,N\n", "this is a date written DD/MM/YYYY", 2},
		{renamed, "o,d,n\nx,01/04/2019,\n", "this field has to be given", 2},
		{renamed, "o,d,n\nx,,N\n", "needs an effective date", 2},
		{renamed, "o,d,n\nx,01/04/2019,N\n", "names something that an earlier entry introduces", 0},
		{renamed, "o,d,n\n-x,01/04/2019,N\n", "an identifier has", 2},
		{`{type: organisation.established, data: {organisation: {column: o}, name: {column: n}}}`, "o,n\nx,N\nx,M\n", "introduced once", 0},
		{`{type: organisation.established, data: {organisation: {column: o}, name: N, form: {column: n, words: {a: A}}}}`, "o,n\nx,b\n", "one of the words", 2},
		{`{type: organisation.established, key: o, data: {organisation: {column: o}, name: {column: n}}}`, "o,n\nx,N\nx,M\n", "rows with one key", 3},
	} {
		var l formatstest.Ledger
		_, err := l.Import(mapping(t, "name: test\nfacts: ["+c.fact+"]"), table.Name, write(t, c.text))
		place, ok := errors.AsType[*formats.PlaceError](err)
		if !ok || !strings.Contains(place.Rule, c.want) || place.Row != c.row || len(l.Recorded) != 0 {
			t.Errorf("%q: %v, not %q in row %d", c.text, err, c.want, c.row)
		}
	}
}

// A row may name what a later row introduces, and rows that introduce again what is there confirm it where the mapping
// says so.
func TestOnceAndOrder(t *testing.T) {
	text := "facts:\n  - {type: organisation.established, once: true, data: {organisation: {column: o}, name: {column: n}}}\n" +
		"  - {type: organisation.moved, when: {column: p, filled: true}, effective: {column: d}, data: {organisation: {column: o}, parent: {organisation: {column: p}, relation: part_of}}}\n"
	var l formatstest.Ledger
	report := l.MustImport(t, mapping(t, text), table.Name, write(t, "o,n,p,d\na,A,b,2019\nb,B,,2018\na,Another A,,2020\n"))
	if report.Recorded != 4 || report.Used != 3 {
		t.Errorf("%+v\n%s", report, l.Lines(0))
	}
}

// What the ledger has in other words stays as it is where the mapping gives no key, and the report says so.
func TestWithoutKey(t *testing.T) {
	text := "facts:\n  - {type: organisation.established, data: {organisation: {column: o}, name: {column: n}}}\n"
	var l formatstest.Ledger
	l.MustImport(t, mapping(t, text), table.Name, write(t, "o,n\na,A\n"))
	report := l.MustImport(t, mapping(t, text), table.Name, write(t, "o,n\na,B\nb,B\n"))
	if report.Recorded != 2 || !slices.ContainsFunc(report.Notes, func(n string) bool { return strings.HasSuffix(n, "stays as it is: 1") }) {
		t.Errorf("%+v", report)
	}
}

// No mapping makes the reader panic, and what it takes is read from a table without a panic either.
func FuzzMapping(f *testing.F) {
	for _, name := range []string{"testdata/museums.yaml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("facts: [{type: organisation.renamed, effective: {column: a, date: DD/MM/YYYY}, data: {organisation: o, name: {column: b}}}]")
	f.Add("facts: &a [*a]")
	f.Add("facts: [{type: plan.announced, data: {plan: p, title: T, items: {? [a] : b}}}]")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := table.ParseMapping("mapping.yaml", []byte(text))
		if err != nil {
			return
		}
		var l formatstest.Ledger
		report, err := l.Import(&table.Importer{Mapping: m}, table.Name, formats.Given{Name: "testdata/museums.csv"})
		if err == nil && !report.Accounted() {
			t.Errorf("%+v", report)
		}
	})
}
