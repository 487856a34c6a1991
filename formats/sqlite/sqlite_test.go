package sqlite_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/exporttest"
	"github.com/orgledger/orgledger/formats/sqlite"
	"github.com/orgledger/orgledger/formats/tables"
	"github.com/orgledger/orgledger/ledger"
)

const sample = "../../ledger/sample/history.jsonl"

// database exports a log, and opens the file.
func database(t *testing.T, log exporttest.Log, view *ledger.View) *sql.DB {
	t.Helper()
	file := filepath.Join(t.TempDir(), "what? 100%.db")
	out, err := sqlite.Create(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	o := tables.Options{Ledger: "main", Version: "test", On: today, Known: view.Seq()}
	if _, err := tables.Write(t.Context(), view, log, o, out); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+strings.NewReplacer("?", "%3f", "%", "%25").Replace(file))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

const today = domain.Date(739577) // 2025-11-22

// Of random things, days and known points, the views answer as the ledger does.
func TestAsOfIsQuery(t *testing.T) {
	for name, make := range map[string]func() (exporttest.Log, *ledger.View){
		"sample": func() (exporttest.Log, *ledger.View) { return exporttest.Sample(t, sample) },
		"odd": func() (exporttest.Log, *ledger.View) {
			return exporttest.Sample(t, "../../cmd/orgledger/testdata/odd.jsonl")
		},
		"large": func() (exporttest.Log, *ledger.View) { return exporttest.Large(t, 5000) },
	} {
		t.Run(name, func(t *testing.T) {
			log, view := make()
			db := database(t, log, view)
			random := rand.New(rand.NewPCG(1, 2))
			refs, held := view.Refs(view.Seq()), 0
			for range 1000 {
				ref := refs[random.IntN(len(refs))]
				for !ref.IsHolding() {
					ref = refs[random.IntN(len(refs))]
				}
				first := view.Introduction(ref)
				at := ledger.Point{On: domain.Date(730_000 + random.IntN(12_000)), Known: first + random.Uint64N(view.Seq()-first+1)}
				if _, err := db.Exec("UPDATE point SET on_day = ?, known = ?", at.On.String(), at.Known); err != nil {
					t.Fatal(err)
				}
				held += asHolders(t, db, view, ref, at)
				if ref.Kind == domain.KindOrganisation {
					asHoldings(t, db, view, ref, at)
					asOrganisation(t, db, view, ref, at)
				}
			}
			if held < 100 {
				t.Errorf("of 1000 questions only %d found a holder", held)
			}
		})
	}
}

// asked puts a question to the ledger as query does.
func asked(t *testing.T, view *ledger.View, question map[string]any, answer any) {
	t.Helper()
	line, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	given, err := ledger.Ask(view, today, line)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(given)
	if err == nil {
		err = json.Unmarshal(text, answer)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func asHolders(t *testing.T, db *sql.DB, view *ledger.View, ref domain.Ref, at ledger.Point) int {
	var answer struct {
		Status, Certainty string
		Holders           []struct {
			Organisation, Role, Since string
			Effective                 *string
			Path                      []uint64
		}
	}
	asked(t, view, map[string]any{"q": "holders", "ref": ref.String(), "on": at.On.String(), "known": at.Known}, &answer)
	want := []string{}
	for _, h := range answer.Holders {
		want = append(want, fmt.Sprint(h.Organisation, h.Role, h.Since, deref(h.Effective), h.Path, answer.Certainty))
	}
	got := lines(t, db, `SELECT organisation || role || since || ifnull(effective, '') || '[' || replace(path, ',', ' ') || ']' || certainty
		FROM as_of WHERE ref = ? ORDER BY organisation, role`, ref.String())
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("holders of %s at %+v: %q, not %q", ref, at, got, want)
	}
	if got := lines(t, db, "SELECT status FROM as_of_states WHERE ref = ?", ref.String()); !reflect.DeepEqual(got, []string{answer.Status}) {
		t.Fatalf("status of %s at %+v: %q, not %q", ref, at, got, answer.Status)
	}
	return len(want)
}

func asHoldings(t *testing.T, db *sql.DB, view *ledger.View, ref domain.Ref, at ledger.Point) {
	var answer struct {
		Holdings []struct {
			Ref, Role, Since, Certainty string
			Path                        []uint64
		}
	}
	asked(t, view, map[string]any{"q": "holdings", "organisation": ref.ID, "on": at.On.String(), "known": at.Known}, &answer)
	want := []string{}
	for _, h := range answer.Holdings {
		want = append(want, fmt.Sprint(h.Ref, h.Role, h.Since, h.Path, h.Certainty))
	}
	got := lines(t, db, `SELECT ref || role || since || '[' || replace(path, ',', ' ') || ']' || certainty
		FROM as_of WHERE organisation = ? ORDER BY ref, role`, ref.ID)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("holdings of %s at %+v: %q, not %q", ref, at, got, want)
	}
}

func asOrganisation(t *testing.T, db *sql.DB, view *ledger.View, ref domain.Ref, at ledger.Point) {
	var o struct {
		Status, Certainty string
		Name, Form        *string
		OperatingName     *string `json:"operating_name"`
		Established       *string
		Parent            *struct{ Organisation, Relation string }
		Ended             *struct{ Effective, How string }
	}
	asked(t, view, map[string]any{"q": "organisation", "organisation": ref.ID, "on": at.On.String(), "known": at.Known}, &o)
	want := strings.Join([]string{o.Status, deref(o.Name), deref(o.OperatingName), deref(o.Form), deref(o.Established), o.Certainty}, "|")
	if o.Parent != nil {
		want += "|" + o.Parent.Organisation + "|" + o.Parent.Relation
	}
	if o.Ended != nil {
		want += "|" + o.Ended.Effective + "|" + o.Ended.How
	}
	got := lines(t, db, `SELECT status || '|' || ifnull(name, '') || '|' || ifnull(operating_name, '') || '|' || ifnull(form, '') || '|' || ifnull(established, '') || '|' || certainty
		|| ifnull('|' || parent || '|' || relation, '') || ifnull('|' || ended || '|' || ended_how, '') FROM as_of_organisations WHERE organisation = ?`, ref.ID)
	if !reflect.DeepEqual(got, []string{want}) {
		t.Fatalf("%s at %+v: %q, not %q", ref, at, got, want)
	}
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// lines are the rows of a query, each of one column.
func lines(t *testing.T, db *sql.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.Query(query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := []string{}
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// The file is whole by SQLite's own check, holds as many rows as were written, and says what it is.
func TestWhole(t *testing.T) {
	log, view := exporttest.Sample(t, sample)
	db, rows := database(t, log, view), make(exporttest.Rows)
	if _, err := tables.Write(t.Context(), view, log, tables.Options{On: today, Known: view.Seq()}, rows); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables.All() {
		want := fmt.Sprint(len(rows[table]))
		if got := lines(t, db, "SELECT count(*) FROM "+table.Name); got[0] != want {
			t.Errorf("%s has %s rows, not %s", table.Name, got[0], want)
		}
	}
	if got := lines(t, db, "PRAGMA integrity_check"); got[0] != "ok" {
		t.Error(got)
	}
	if got := lines(t, db, "SELECT ledger || ' ' || known || ' ' || on_day FROM export"); got[0] != "main 360 "+today.String() {
		t.Error(got)
	}
	var steps []string
	explained, err := db.Query("EXPLAIN QUERY PLAN SELECT * FROM as_of WHERE ref = 'contract/c'")
	if err != nil {
		t.Fatal(err)
	}
	defer explained.Close()
	for explained.Next() {
		var id, parent, unused int
		var detail string
		if err := explained.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, detail)
	}
	if want := "SEARCH h USING INDEX holdings_by_ref"; !strings.Contains(strings.Join(steps, "\n"), want) {
		t.Errorf("there is no %s in %q", want, steps)
	}
}

// An export that is interrupted ends, and lets go of the file.
func TestInterrupted(t *testing.T) {
	log, view := exporttest.Sample(t, sample)
	ctx, cancel := context.WithCancel(t.Context())
	out, err := sqlite.Create(ctx, filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	o := tables.Options{On: today, Known: view.Seq(), Progress: func(done, _ uint64) {
		if done == 100 {
			cancel()
		}
	}}
	if _, err := tables.Write(ctx, view, log, o, out); err == nil {
		t.Error("it went on")
	}
	if err := out.Discard(); err != nil {
		t.Error(err)
	}
}
