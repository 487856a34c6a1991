package ods_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/formatstest"
	"github.com/orgledger/orgledger/formats/ods"
)

var update = flag.Bool("update", false, "rewrite the expected entries")

func importer() formats.Importer { return &ods.Importer{Relations: ods.Relations()} }

var (
	succession = formats.Given{Name: "testdata/succession_2021-05-01.csv", Role: ods.Succession}
	registers  = []formats.Given{{Name: "testdata/register_2016-02.csv", Role: ods.Register}, {Name: "testdata/register_2020-03.csv", Role: ods.Register}}
	answer     = formats.Given{Name: "testdata/answer_2021-06-01.json", Role: ods.API}
)

func all() []formats.Given { return append(slices.Clone(registers), succession, answer) }

// The entries of a small data set with every peculiarity, and the account of its rows.
func TestGolden(t *testing.T) {
	var l formatstest.Ledger
	report := l.MustImport(t, importer(), ods.Name, all()...)
	account, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	formatstest.Golden(t, "testdata/entries.golden", l.Lines(0), *update)
	formatstest.Golden(t, "testdata/report.golden", string(account)+"\n", *update)
	if again := l.MustImport(t, importer(), ods.Name, all()...); again.Recorded != 0 || again.Made != report.Made {
		t.Errorf("the second import records %d of %d, the first made %d", again.Recorded, again.Made, report.Made)
	}
}

// statements is what a ledger says of bodies: "old day" to whom it hands over and whether it ends.
func statements(l *formatstest.Ledger) map[string]string {
	all := make(map[string]string)
	add := func(e *domain.Entry, old domain.OrganisationID, into []domain.OrganisationID, ends bool) {
		sorted := slices.Clone(into)
		slices.Sort(sorted)
		all[string(old)+" "+e.Effective.String()] += fmt.Sprint(sorted, ends)
	}
	for _, e := range l.Now() {
		switch f := e.Fact.(type) {
		case *domain.OrganisationEstablished:
			all[string(f.Organisation)] = f.Name + " " + e.Effective.String()
		case *domain.OrganisationMerged:
			for _, old := range f.Organisations {
				add(e, old, []domain.OrganisationID{f.Into}, true)
			}
		case *domain.OrganisationSplit:
			add(e, f.Organisation, f.Into, !f.Continues)
		case *domain.OrganisationDissolved:
			if f.Successor == "" {
				add(e, f.Organisation, nil, true)
			} else {
				add(e, f.Organisation, []domain.OrganisationID{f.Successor}, true)
			}
		}
	}
	return all
}

// evidence is random successor files and registers that do not contradict one another.
type evidence struct {
	files []formats.Given
	pairs map[string]bool        // "old new day", no code with itself
	last  map[string]domain.Date // of a body, by a register
}

var (
	codes = []string{"A", "B", "C", "D", "E"}
	days  = []string{"2010-04-01", "2010-04-02", "2013-10-01", "2016-01-01"}
)

func draw(t *rapid.T, dir string) evidence {
	ev := evidence{pairs: make(map[string]bool), last: make(map[string]domain.Date)}
	code, day := rapid.SampledFrom(codes), rapid.SampledFrom(days)
	for i := range rapid.IntRange(1, 3).Draw(t, "successor files") {
		text := "old_code,new_code,date\n"
		for range rapid.IntRange(1, 6).Draw(t, "rows") {
			old, successor, on := code.Draw(t, "old"), code.Draw(t, "new"), day.Draw(t, "day")
			text += old + "," + successor + "," + on + "\n"
			if old != successor {
				ev.pairs[old+" "+successor+" "+on] = true
			}
		}
		ev.files = append(ev.files, formats.Given{Name: formatstest.Write(t, dir, fmt.Sprintf("s%d.csv", i), text), Role: ods.Succession})
	}
	for i, c := range codes {
		if !rapid.Bool().Draw(t, "registered") {
			continue
		}
		closed := ""
		if rapid.Bool().Draw(t, "closed") {
			last, err := domain.ParseDate(day.Draw(t, "last day"))
			if err != nil {
				t.Fatal(err)
			}
			ev.last[c] = last
			closed = strings.ReplaceAll(last.String(), "-", "")
		}
		row := c + ",BODY " + c + strings.Repeat(",", 9) + "20000401," + closed + strings.Repeat(",", 15) + "\n"
		name := fmt.Sprintf("r%d_%s.csv", i, rapid.SampledFrom([]string{"2010-04", "2012-01", "2020-01"}).Draw(t, "published"))
		ev.files = append(ev.files, formats.Given{Name: formatstest.Write(t, dir, name, row), Role: ods.Register})
	}
	distinct := make(map[string]bool)
	ev.files = slices.DeleteFunc(ev.files, func(g formats.Given) bool {
		text, err := os.ReadFile(g.Name)
		if err != nil {
			t.Fatal(err)
		}
		before := distinct[string(text)]
		distinct[string(text)] = true
		return before
	})
	return ev
}

// Whatever was imported before, and in whichever order: once everything is imported together, the ledger says what it
// would say if nothing had been imported before; it has exactly the edges of the files; a body ends at most once, and
// on the day after its last in a register, or on that day if it hands something over on that day alone; and importing
// everything again, or any of the files, records nothing.
func TestAnyOrder(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		ev := draw(t, dir)
		var fresh, l formatstest.Ledger
		fresh.MustImport(t, importer(), ods.Name, ev.files...)
		for _, file := range rapid.SliceOfN(rapid.SampledFrom(ev.files), 0, 4).Draw(t, "before") {
			l.MustImport(t, importer(), ods.Name, file)
		}
		l.MustImport(t, importer(), ods.Name, ev.files...)
		want, got := statements(&fresh), statements(&l)
		if !maps.Equal(want, got) {
			t.Fatalf("with what was imported before:\n%v\nwithout:\n%v", got, want)
		}
		if again := l.MustImport(t, importer(), ods.Name, ev.files...); again.Recorded != 0 {
			t.Fatalf("importing again records %d entries:\n%s", again.Recorded, l.Lines(uint64(len(l.Recorded)-again.Recorded)))
		}
		for _, file := range ev.files {
			if again := l.MustImport(t, importer(), ods.Name, file); again.Recorded != 0 {
				t.Fatalf("importing %s again records %d entries:\n%s", file.Name, again.Recorded, l.Lines(uint64(len(l.Recorded)-again.Recorded)))
			}
		}
		judge(t, &l, ev)
	})
}

func judge(t *rapid.T, l *formatstest.Ledger, ev evidence) {
	edges, ended := make(map[string]bool), make(map[string]string)
	for key, said := range statements(l) {
		old, day, change := strings.Cut(key, " ")
		if !change {
			continue
		}
		to, ends, _ := strings.Cut(strings.TrimPrefix(said, "["), "] ")
		for _, successor := range strings.Fields(to) {
			edges[old+" "+successor+" "+day] = true
		}
		if ends != "true" && ends != "false" {
			t.Fatalf("of %s it is said twice: %s", key, said)
		}
		if ends == "true" && ended[old] != "" {
			t.Fatalf("%s ends on %s and on %s", old, ended[old], day)
		}
		if ends == "true" {
			ended[old] = day
		}
	}
	if !maps.Equal(edges, ev.pairs) {
		t.Fatalf("edges %v, pairs %v", edges, ev.pairs)
	}
	hands := func(code string, day domain.Date) bool {
		return slices.ContainsFunc(slices.Collect(maps.Keys(edges)), func(edge string) bool {
			return strings.HasPrefix(edge, code+" ") && strings.HasSuffix(edge, " "+day.String())
		})
	}
	for code, last := range ev.last {
		want := last + 1
		if !hands(code, want) && hands(code, last) {
			want = last
		}
		if ended[code] != want.String() {
			t.Fatalf("the last day of %s is %s, and it ends on %q", code, last, ended[code])
		}
	}
}

// A newer successor file says that a body handed over more on a later day: what was taken for its end is retracted, and
// said anew as the handing over that it was; of the others in that merger too.
func TestNewerSuccessions(t *testing.T) {
	dir := t.TempDir()
	older := formats.Given{Name: formatstest.Write(t, dir, "older.csv", "old_code,new_code,date\nA,T,2013-04-01\nB,T,2013-04-01\n"), Role: ods.Succession}
	newer := formats.Given{Name: formatstest.Write(t, dir, "newer.csv", "old_code,new_code,date\nA,T,2013-04-01\nB,T,2013-04-01\nA,U,2015-04-01\n"), Role: ods.Succession}
	var l formatstest.Ledger
	l.MustImport(t, importer(), ods.Name, older)
	if got := statements(&l)["A 2013-04-01"]; got != "[T] true" {
		t.Fatalf("first, A on 2013-04-01: %s", got)
	}
	before := len(l.Recorded)
	l.MustImport(t, importer(), ods.Name, newer)
	for key, want := range map[string]string{"A 2013-04-01": "[T] false", "B 2013-04-01": "[T] true", "A 2015-04-01": "[U] true"} {
		if got := statements(&l)[key]; got != want {
			t.Errorf("%s: %s, not %s", key, got, want)
		}
	}
	types := make(map[string]int)
	for _, e := range l.Recorded[before:] {
		types[e.Fact.Type().String()]++
	}
	if want := map[string]int{"source.registered": 1, "organisation.established": 1, "entry.retracted": 1, "organisation.split": 1, "organisation.dissolved": 2}; !maps.Equal(types, want) {
		t.Errorf("recorded %v, not %v", types, want)
	}
}

// A body that somebody else has established is not established again, and what became of it is said.
func TestForeignBody(t *testing.T) {
	var l formatstest.Ledger
	e, err := domain.ParseEntry([]byte(`{"id":"11111111-1111-4111-8111-111111111111","type":"organisation.established","data":{"organisation":"A1","name":"Somebody's"}}`))
	if err != nil {
		t.Fatal(err)
	}
	l.Recorded = append(l.Recorded, domain.Recorded{Entry: *e, Seq: 1})
	report := l.MustImport(t, importer(), ods.Name, all()...)
	if statements(&l)["A1"] != "Somebody's " || statements(&l)["A1 2013-04-01"] != "[M1] true" {
		t.Errorf("A1 is %q, and on 2013-04-01 %q", statements(&l)["A1"], statements(&l)["A1 2013-04-01"])
	}
	if !slices.ContainsFunc(report.Notes, func(n string) bool { return strings.Contains(n, "somebody else") }) {
		t.Errorf("the report does not say so: %q", report.Notes)
	}
}

// Registers rename in place: a newer one gives the name by its day, and an older one that comes later gives none.
func TestNames(t *testing.T) {
	for _, order := range [][]formats.Given{registers, {registers[1], registers[0]}} {
		var l formatstest.Ledger
		for _, g := range order {
			l.MustImport(t, importer(), ods.Name, g)
		}
		var names []string
		for _, e := range l.Now() {
			switch f := e.Fact.(type) {
			case *domain.OrganisationEstablished:
				if f.Organisation == "N2" {
					names = append(names, f.Name)
				}
			case *domain.OrganisationRenamed:
				names = append(names, f.Name+" "+e.Effective.String())
			}
		}
		want := "WEST TRUST|WEST AND EAST TRUST [..2020-03-31]"
		if order[0] == registers[1] {
			want = "WEST AND EAST TRUST"
		}
		if got := strings.Join(names, "|"); got != want {
			t.Errorf("names %s, not %s", got, want)
		}
	}
}

// Files that are not what they have to be are errors with the place, and nothing is recorded.
func TestBadFiles(t *testing.T) {
	cut := func(name string, bytes int) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text[:bytes])
	}
	for _, c := range []struct {
		role, text, want string
		row              int
	}{
		{ods.Succession, "old_code,new_code,date\nA,B\n", "has 3 columns", 2},
		{ods.Succession, "old,new,date\nA,B,2013-04-01\n", "begins with its columns", 1},
		{ods.Succession, "old_code,new_code,date\n", "at least one row", 0},
		{ods.Succession, "old_code,new_code,date\nA,B,2013-04-31\n", "has a day", 2},
		{ods.Succession, "old_code,new_code,date\nA,B,2013-04-0", "has a day", 2},
		{ods.Succession, "old_code,new_code,date\nA,b!,2013-04-01\n", "capital letters and digits", 2},
		{ods.Succession, "old_code,new_code,date\nA,,2013-04-01\n", "capital letters and digits", 2},
		{ods.Succession, "{}", "has 3 columns", 1},
		{ods.Register, cut(registers[0].Name, 300), "quotation marks", 3},
		{ods.Register, cut(registers[0].Name, 195), "has 27 columns", 2},
		{ods.Register, "A" + strings.Repeat(",", 26), "has a name", 1},
		{ods.Register, "A,NAME" + strings.Repeat(",", 9) + "1 April" + strings.Repeat(",", 16), "written YYYYMMDD", 1},
		{ods.Register, "A,NAME" + strings.Repeat(",", 9) + "20130401,20130331" + strings.Repeat(",", 15), "does not close before it opens", 1},
		{ods.API, cut(answer.Name, 300), "complete to its end", 7},
		{ods.API, "[]", "an object", 1},
		{ods.API, "{}", "is about an organisation", 0},
		{ods.API, `{"Organisation":{"Name":"N","OrgId":{"extension":"A"},"Date":[{"Type":"Operational","Start":"1 April"}]}}`, "written YYYY-MM-DD", 0},
		{ods.API, `{"Organisation":{"Name":"N","OrgId":{"extension":"A"},"Succs":{"Succ":{"Type":"Friend","Date":{"Type":"Legal","Start":"2013-04-01"},"Target":{"OrgId":{"extension":"B"}}}}}}`, "Predecessor or a Successor", 0},
		{"other", "text", "a file of this format", 0},
	} {
		var l formatstest.Ledger
		name := formatstest.Write(t, t.TempDir(), "file", c.text)
		_, err := l.Import(importer(), ods.Name, formats.Given{Name: name, Role: c.role})
		place, ok := errors.AsType[*formats.PlaceError](err)
		if err == nil || !strings.Contains(err.Error(), c.want) || ok && place.Row != c.row || len(l.Recorded) != 0 {
			t.Errorf("%s %.40q: %v", c.role, c.text, err)
		}
	}
}

// The public data import whole, whichever file comes first.
func TestPublicData(t *testing.T) {
	dir := formatstest.DataSets(t, "nhs-ods")
	files := []formats.Given{
		{Name: filepath.Join(dir, "ods_succession_2022-10-13.csv"), Role: ods.Succession},
		{Name: filepath.Join(dir, "eccg_2016-02.csv"), Role: ods.Register},
		{Name: filepath.Join(dir, "etr_2022-03.csv"), Role: ods.Register},
		{Name: filepath.Join(dir, "ord_api", "RWR.json"), Role: ods.API},
	}
	var together, apart formatstest.Ledger
	report := together.MustImport(t, importer(), ods.Name, files...)
	for _, i := range []int{2, 0, 3, 1} {
		apart.MustImport(t, importer(), ods.Name, files[i])
	}
	if !maps.Equal(statements(&together), statements(&apart)) {
		t.Error("one after the other they say something else than together")
	}
	for _, l := range []*formatstest.Ledger{&together, &apart} {
		if again := l.MustImport(t, importer(), ods.Name, files...); again.Recorded != 0 {
			t.Errorf("again, %d entries are recorded", again.Recorded)
		}
	}
	if report.Rows != 25_959 || report.Used != 25_918 || report.Skipped[0].Rows != 39 {
		t.Errorf("%+v", report)
	}
}
