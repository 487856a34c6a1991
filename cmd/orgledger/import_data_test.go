package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/formatstest"
	"github.com/orgledger/orgledger/projections"
)

// imported imports a public data set into an empty ledger, twice: the account holds, within a minute, and the second time
// nothing is recorded. It gives the folder.
func imported(t *testing.T, format string, files ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "ledger")
	for round := range 2 {
		var out, errs bytes.Buffer
		began := time.Now()
		if code := run(context.Background(), append([]string{"import", format, "--data", dir, "--json"}, files...), strings.NewReader(""), &out, &errs); code != 0 {
			t.Fatalf("exit status %d: %s", code, errs.String())
		}
		var report struct{ Rows, Used, Made, Recorded int }
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d rows, %d entries, %d recorded in %v", report.Rows, report.Made, report.Recorded, time.Since(began).Round(time.Millisecond))
		if (report.Recorded == 0) != (round == 1) || time.Since(began) > time.Minute {
			t.Errorf("round %d: %s", round, out.String())
		}
	}
	return dir
}

// asked asks a ledger questions and calls fn with each answer, in order.
func asked[T any](t *testing.T, dir string, questions []string, fn func(i int, answer *T)) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"query", "--data", dir}, strings.NewReader(strings.Join(questions, "\n")), &out, &errs); code != 0 {
		t.Fatalf("exit status %d: %s", code, errs.String())
	}
	answers := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	if len(answers) != len(questions) {
		t.Fatalf("%d answers to %d questions", len(answers), len(questions))
	}
	for i, text := range answers {
		answer := new(T)
		if err := json.Unmarshal(text, answer); err != nil || bytes.HasPrefix(text, []byte(`{"error"`)) {
			t.Fatalf("%s: %s", questions[i], text)
		}
		fn(i, answer)
	}
}

func readTable(t *testing.T, name string) [][]string {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// Every pair of the successor file is an edge of the lineage on its day, but for codes that succeed themselves, and there are
// no other edges than those, and those of the answer of the API. On the first and last days in the registers, before and after
// them, and on the day of the register, status and name are those of the file.
func TestPublicSuccessions(t *testing.T) {
	data := formatstest.DataSets(t, "nhs-ods")
	file := func(name string) string { return filepath.Join(data, name) }
	dir := imported(t, "nhs-ods", "--succession", file("ods_succession_2022-10-13.csv"), "--register", file("eccg_2016-02.csv"),
		"--register", file("etr_2022-03.csv"), "--api", file("ord_api/RWR.json"))
	pairs := map[string]bool{"RQJ RWR 2001-04-01": true, "RC8 RWR 2001-04-01": true}
	olds := []string{"RQJ", "RC8"}
	for _, row := range readTable(t, file("ods_succession_2022-10-13.csv"))[1:] {
		if row[0] != row[1] {
			pairs[strings.Join(row, " ")] = true
			olds = append(olds, row[0])
		}
	}
	slices.Sort(olds)
	olds = slices.Compact(olds)
	questions := make([]string, len(olds))
	for i, old := range olds {
		questions[i] = fmt.Sprintf(`{"q":"lineage","organisation":%q}`, old)
	}
	found := make(map[string]bool)
	asked(t, dir, questions, func(i int, answer *projections.Lineage) {
		for _, e := range answer.Edges {
			if e.From == olds[i] {
				found[e.From+" "+e.To+" "+e.Effective] = true
			}
		}
	})
	for pair := range pairs {
		if !found[pair] {
			t.Errorf("%s is no edge", pair)
		}
	}
	if len(found) != len(pairs) {
		t.Errorf("%d edges for %d pairs", len(found), len(pairs))
	}
	judgeRegister(t, dir, file("eccg_2016-02.csv"), "2016-02-01")
	judgeRegister(t, dir, file("etr_2022-03.csv"), "2022-03-01")
}

func judgeRegister(t *testing.T, dir, name, published string) {
	t.Helper()
	var questions, wanted []string
	expect := func(code string, on domain.Date, status, name string) {
		questions = append(questions, fmt.Sprintf(`{"q":"organisation","organisation":%q,"on":%q}`, code, on))
		wanted = append(wanted, status+" "+name)
	}
	at, err := domain.ParseDate(published)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range readTable(t, name) {
		opened := compactDay(t, row[10])
		expect(row[0], opened-1, "pending", "")
		expect(row[0], opened, "active", row[1])
		if row[11] == "" {
			expect(row[0], at, "active", row[1])
			continue
		}
		closed := compactDay(t, row[11])
		expect(row[0], closed, "active", row[1])
		expect(row[0], closed+1, "ended", row[1])
	}
	asked(t, dir, questions, func(i int, answer *struct{ Status, Name string }) {
		if got := answer.Status + " " + answer.Name; got != wanted[i] {
			t.Errorf("%s: %q, and the register says %q", questions[i], got, wanted[i])
		}
	})
}

func compactDay(t *testing.T, text string) domain.Date {
	t.Helper()
	at, err := time.Parse("20060102", text)
	if err != nil {
		t.Fatal(err)
	}
	day, err := domain.ParseDate(at.Format(time.DateOnly))
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// On the first and the last day of every version of the code history, name and parent are those of the version; on the day
// after the last of all, the area has ended.
func TestPublicCodeHistory(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(formatstest.DataSets(t, "ons-code-history"), "*"))
	if err != nil {
		t.Fatal(err)
	}
	dir := imported(t, "ons-code-history", names...)
	var questions, wanted []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var history struct {
			Areas map[string][]struct {
				Date   struct{ S, E string }
				Nm     string
				Parent string
			}
		}
		if strings.HasSuffix(name, ".csv") {
			continue
		}
		if err := json.Unmarshal(text, &history); err != nil {
			t.Fatal(err)
		}
		for code, versions := range history.Areas {
			ask := func(on, status, name, parent string) {
				questions = append(questions, fmt.Sprintf(`{"q":"organisation","organisation":%q,"on":%q}`, code, on))
				wanted = append(wanted, status+" "+name+" "+parent)
			}
			for i, v := range versions { // the newest first
				ask(v.Date.S, "active", v.Nm, v.Parent)
				if v.Date.E == "" {
					continue
				}
				ask(v.Date.E, "active", v.Nm, v.Parent)
				if last, err := domain.ParseDate(v.Date.E); err != nil {
					t.Fatal(err)
				} else if i == 0 {
					ask((last + 1).String(), "ended", v.Nm, "")
				}
			}
		}
	}
	type answer struct {
		Status, Name string
		Parent       *struct{ Organisation string }
	}
	asked(t, dir, questions, func(i int, a *answer) {
		got := a.Status + " " + a.Name + " "
		if a.Parent != nil {
			got += a.Parent.Organisation
		}
		if got != wanted[i] {
			t.Errorf("%s: %q, and the file says %q", questions[i], got, wanted[i])
		}
	})
}
