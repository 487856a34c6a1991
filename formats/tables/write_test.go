package tables_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/exporttest"
	"github.com/orgledger/orgledger/formats/tables"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/histories"
)

// holding are the rows of a table that hold at a point, without their periods.
func holding(k exporttest.Rows, t *tables.Table, on domain.Date, known uint64, where func([]any) bool) [][]any {
	rows := [][]any{}
	for _, row := range k[t] {
		if tables.PeriodsOf(row).Hold(on, known) && where(row) {
			rows = append(rows, row[:len(row)-4])
		}
	}
	return rows
}

func history(t *rapid.T) (exporttest.Log, *ledger.View) {
	log := exporttest.Log(histories.Record(histories.Entries(t, histories.Options{Facts: 40})))
	view, err := log.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return log, view
}

func write(t *rapid.T, log exporttest.Log, view *ledger.View, o tables.Options) exporttest.Rows {
	rows := make(exporttest.Rows)
	counts, err := tables.Write(t.Context(), view, log, o, rows)
	if err != nil {
		t.Fatal(err)
	}
	if len(counts) != len(tables.All()) {
		t.Fatalf("%d counts of %d tables", len(counts), len(tables.All()))
	}
	return rows
}

// Of whatever day and known point, the rows that hold are the answers of the ledger: holders with their paths, status
// and certainty, and what organisations are.
func TestRowsAreAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log, view := history(t)
		rows := write(t, log, view, tables.Options{Ledger: "main", On: domain.LastDate, Known: view.Seq()})
		refs := view.Refs(view.Seq())
		for range 60 {
			ref := rapid.SampledFrom(refs).Draw(t, "ref")
			known := rapid.Uint64Range(view.Introduction(ref), view.Seq()).Draw(t, "known")
			on := aDay(t, log)
			judge(t, rows, view, ref, ledger.Point{On: on, Known: known})
		}
	})
}

func aDay(t *rapid.T, log exporttest.Log) domain.Date {
	e := rapid.SampledFrom(log).Draw(t, "entry").Effective
	day := rapid.SampledFrom([]domain.Date{e.Earliest(), e.Latest()}).Draw(t, "end") + domain.Date(rapid.IntRange(-1, 1).Draw(t, "off"))
	return min(max(day, domain.FirstDate), domain.LastDate)
}

func judge(t *rapid.T, rows exporttest.Rows, view *ledger.View, ref domain.Ref, at ledger.Point) {
	of := func(value string) func([]any) bool { return func(row []any) bool { return row[0] == value } }
	if ref.IsHolding() {
		answer, err := view.Holders(ref, at, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := [][]any{}
		for _, h := range answer.Holders {
			want = append(want, []any{ref.String(), ref.Kind.String(), h.Organisation, h.Role, given(h.Effective), commas(h.Path)})
		}
		same(t, "holders", ref, at, holding(rows, tables.Holdings, at.On, at.Known, of(ref.String())), want)
		same(t, "state", ref, at, holding(rows, tables.States, at.On, at.Known, of(ref.String())),
			[][]any{{ref.String(), answer.Status, answer.Certainty, commas(answer.UncertainBy)}})
	}
	if ref.Kind != domain.KindOrganisation {
		return
	}
	o, err := view.Organisation(domain.OrganisationID(ref.ID), at)
	if err != nil {
		t.Fatal(err)
	}
	var legal, codes [][]any
	if o.Name != nil {
		legal = append(legal, []any{ref.ID, "legal", *o.Name})
	}
	if o.OperatingName != nil {
		legal = append(legal, []any{ref.ID, "operating", *o.OperatingName})
	}
	for _, c := range o.Identifiers {
		codes = append(codes, []any{ref.ID, c.Scheme, c.Value})
	}
	same(t, "names", ref, at, holding(rows, tables.OrganisationNames, at.On, at.Known, of(ref.ID)), legal)
	same(t, "identifiers", ref, at, holding(rows, tables.Identifiers, at.On, at.Known, of(ref.ID)), codes)
	what := holding(rows, tables.Organisations, at.On, at.Known, of(ref.ID))
	if len(what) != 1 || what[0][1] != o.Status || what[0][2] != given(o.Form) || what[0][8] != o.Certainty {
		t.Fatalf("%s at %+v: rows %v, answer %+v", ref, at, what, o)
	}
	lineage, err := view.Lineage(domain.OrganisationID(ref.ID), at)
	if err != nil {
		t.Fatal(err)
	}
	edges := [][]any{}
	for _, e := range lineage.Edges {
		if e.From == ref.ID {
			edges = append(edges, []any{e.From, e.To, e.How, e.Effective, int64(e.Seq)})
		}
	}
	same(t, "successions", ref, at, holding(rows, tables.Successions, at.On, at.Known, of(ref.ID)), edges)
}

func same(t *rapid.T, what string, ref domain.Ref, at ledger.Point, got, want [][]any) {
	order := func(a, b []any) int { return slices.Compare([]byte(fmt.Sprint(a...)), []byte(fmt.Sprint(b...))) }
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Fatalf("%s of %s at %+v: rows %v, answer %v", what, ref, at, got, want)
	}
}

func given(text *string) any {
	if text == nil {
		return nil
	}
	return *text
}

func commas(seqs []uint64) any {
	var text any
	for _, seq := range seqs {
		if text == nil {
			text = fmt.Sprint(seq)
			continue
		}
		text = fmt.Sprint(text, ",", seq)
	}
	return text
}

// Exporting one known point, or one day, gives the rows of everything that hold there, and is as good as all for that
// point. A holding's row begins on the day since when it is held.
func TestOnePoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log, view := history(t)
		known, on := rapid.Uint64Range(0, view.Seq()).Draw(t, "known"), aDay(t, log)
		all := write(t, log, view, tables.Options{On: on, Known: view.Seq()})
		one := write(t, log, view, tables.Options{On: on, OneDay: true, Known: known, OneKnown: true})
		for _, table := range tables.All() {
			if !table.Periods {
				continue
			}
			anything := func([]any) bool { return true }
			got := holding(one, table, on, known, anything)
			same(t, table.Name, domain.Ref{}, ledger.Point{On: on, Known: known}, got, holding(all, table, on, known, anything))
			if len(got) != len(one[table]) {
				t.Fatalf("%s: %d rows, of which %d hold on %s at %d", table.Name, len(one[table]), len(got), on, known)
			}
		}
		if n := len(one[tables.Entries]); uint64(n) != known {
			t.Fatalf("%d entries of %d", n, known)
		}
		for _, row := range all[tables.Holdings] {
			p := tables.PeriodsOf(row)
			ref, err := domain.ParseRef(row[0].(string))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := view.Holders(ref, ledger.Point{On: p.From, Known: p.KnownFrom}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(answer.Holders, func(h projections.Holder) bool {
				return h.Since == p.From.String() && commas(h.Path) == row[5]
			}) {
				t.Fatalf("%v begins on another day than it is held since: %+v", row, answer.Holders)
			}
		}
	})
}

// At each known point the versions of facts that stand are those that the plain reading of the log gives.
func TestFactVersions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log, view := history(t)
		rows := write(t, log, view, tables.Options{On: domain.LastDate, Known: view.Seq()})
		for known := uint64(1); known <= view.Seq(); known++ {
			want := standing(log[:known])
			got := make(map[int64]string)
			for _, row := range rows[tables.Facts] {
				from, to := row[10].(int64), row[11]
				if from <= int64(known) && (to == nil || int64(known) < to.(int64)) {
					got[row[0].(int64)] = fmt.Sprint(row[4], row[9])
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("at %d: %v, not %v", known, got, want)
			}
		}
	})
}

// standing reads a log from its beginning: what each fact says in the end.
func standing(log exporttest.Log) map[int64]string {
	seqs, says := make(map[string]int64), make(map[int64]string)
	tell := func(seq int64, effective domain.EDTF, f domain.Fact) {
		var date any
		if !effective.IsZero() {
			date = effective.String()
		}
		says[seq] = fmt.Sprint(date, string(domain.AppendFact(nil, f)))
	}
	for _, e := range log {
		seqs[e.ID.String()] = int64(e.Seq)
		switch f := e.Fact.(type) {
		case *domain.SourceRegistered:
		case *domain.EntryCorrected:
			tell(seqs[f.Corrects.String()], f.Replacement.Effective, f.Replacement.Fact)
		case *domain.EntryRetracted:
			delete(says, seqs[f.Retracts.String()])
		default:
			tell(int64(e.Seq), e.Effective, e.Fact)
		}
	}
	return says
}

// The end of the context ends an export.
func TestInterrupted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log, view := history(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := tables.Write(ctx, view, log, tables.Options{Known: view.Seq()}, make(exporttest.Rows)); err == nil {
			t.Fatal("it went on")
		}
	})
}
