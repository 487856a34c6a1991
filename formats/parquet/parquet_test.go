package parquet_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fraugster/parquet-go"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/exporttest"
	"github.com/orgledger/orgledger/formats/parquet"
	"github.com/orgledger/orgledger/formats/tables"
)

// Another library reads from the files the rows that were written: values, types and what is null.
func TestAnotherReader(t *testing.T) {
	for name, file := range map[string]string{"sample": "../../ledger/sample/history.jsonl", "odd": "../../cmd/orgledger/testdata/odd.jsonl"} {
		t.Run(name, func(t *testing.T) {
			log, view := exporttest.Sample(t, file)
			dir, rows := t.TempDir(), make(exporttest.Rows)
			out, err := parquet.New(dir)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tables.Write(t.Context(), view, log, tables.Options{Ledger: "main", On: domain.LastDate, Known: view.Seq()}, exporttest.Both(out, rows)); err != nil {
				t.Fatal(err)
			}
			if err := out.Close(); err != nil {
				t.Fatal(err)
			}
			for _, table := range tables.All() {
				compare(t, filepath.Join(dir, table.Name+".parquet"), table, rows[table])
			}
		})
	}
}

func compare(t *testing.T, file string, table *tables.Table, want [][]any) {
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	reader, err := goparquet.NewFileReader(in)
	if err != nil {
		t.Fatalf("%s: %v", table.Name, err)
	}
	definition := reader.GetSchemaDefinition().String()
	for _, c := range table.Columns {
		if want := declared[c.Type]; !strings.Contains(definition, want+c.Name+logical[c.Type]) {
			t.Errorf("%s: %s%s%s is not in %s", table.Name, want, c.Name, logical[c.Type], definition)
		}
	}
	for i := 0; ; i++ {
		row, err := reader.NextRow()
		if errors.Is(err, io.EOF) {
			if i != len(want) {
				t.Fatalf("%s: %d rows of %d", table.Name, i, len(want))
			}
			return
		}
		if err != nil {
			t.Fatalf("%s, row %d: %v", table.Name, i+1, err)
		}
		for j, column := range table.Columns {
			if got, value := plain(row[column.Name], column.Type), text(want[i][j]); got != value {
				t.Fatalf("%s, row %d, %s: %s, not %s", table.Name, i+1, column.Name, got, value)
			}
		}
	}
}

// How the other library writes the type of a column down.
var (
	declared = map[tables.Type]string{tables.Text: "binary ", tables.JSON: "binary ", tables.Integer: "int64 ", tables.Boolean: "boolean ",
		tables.Day: "int32 ", tables.Time: "int64 "}
	logical = map[tables.Type]string{tables.Text: " (STRING)", tables.JSON: " (STRING)", tables.Integer: " (INT(64, true))", tables.Boolean: ";",
		tables.Day: " (DATE)", tables.Time: " (TIMESTAMP(NANOS, true))"}
)

// plain is a value as Parquet stores it, as text.
func plain(value any, typ tables.Type) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case []byte:
		return fmt.Sprintf("%q", value)
	case int32:
		if typ == tables.Day {
			return time.Unix(int64(value)*24*60*60, 0).UTC().Format(time.DateOnly)
		}
	case int64:
		if typ == tables.Time {
			return time.Unix(0, value).UTC().Format(time.RFC3339Nano)
		}
		return fmt.Sprint(value)
	case bool:
		return fmt.Sprint(value)
	}
	return fmt.Sprintf("%T", value)
}

func text(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%q", value)
	case time.Time:
		return value.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(value)
}
