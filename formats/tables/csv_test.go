package tables_test

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/exporttest"
	"github.com/orgledger/orgledger/formats/tables"
)

// Another reader of CSV finds the rows that were written, and the package names every file with its digest, and every
// column.
func TestCSV(t *testing.T) {
	log, view := exporttest.Sample(t, "../../ledger/sample/history.jsonl")
	dir, rows := t.TempDir(), make(exporttest.Rows)
	out, err := tables.NewCSV(dir)
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
		if len(rows[table]) == 0 && table != tables.Appointments && table != tables.Identifiers {
			t.Errorf("%s has no rows", table.Name)
		}
		compareCSV(t, filepath.Join(dir, table.Name+".csv"), table, rows[table])
	}
	comparePackage(t, dir)
}

func compareCSV(t *testing.T, file string, table *tables.Table, want [][]any) {
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	got, err := csv.NewReader(in).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", table.Name, err)
	}
	if len(got) != len(want)+1 {
		t.Fatalf("%s: %d lines of %d rows", table.Name, len(got), len(want))
	}
	for i, row := range want {
		for j, value := range row {
			if text := string(tables.AppendText(nil, value)); got[i+1][j] != text {
				t.Fatalf("%s, row %d, %s: %q, not %q", table.Name, i+1, got[0][j], got[i+1][j], text)
			}
		}
	}
}

func comparePackage(t *testing.T, dir string) {
	text, err := os.ReadFile(filepath.Join(dir, tables.PackageFile))
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Resources []struct {
			Name, Path, Hash string
			Bytes            int
			Schema           struct {
				Fields []struct{ Name, Description string }
			}
		}
	}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Resources) != len(tables.All()) {
		t.Fatalf("%d resources of %d tables", len(p.Resources), len(tables.All()))
	}
	for _, r := range p.Resources {
		content, err := os.ReadFile(filepath.Join(dir, r.Path))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		if r.Hash != "sha256:"+hex.EncodeToString(sum[:]) || r.Bytes != len(content) {
			t.Errorf("%s: %d bytes, %s; the file has %d, %x", r.Name, r.Bytes, r.Hash, len(content), sum)
		}
		header, _, _ := strings.Cut(string(content), "\r\n")
		for i, name := range strings.Split(header, ",") {
			if f := r.Schema.Fields[i]; f.Name != name || f.Description == "" {
				t.Errorf("%s: the column %s is described as %+v", r.Name, name, f)
			}
		}
	}
}

// A field that could be taken for something else is quoted, and an empty text is told from none.
func TestCSVQuoting(t *testing.T) {
	dir := t.TempDir()
	out, err := tables.NewCSV(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, locator := range []any{"a,b", `say "x"`, "two\nlines", " around ", "", nil, "plain é"} {
		if err := out.Row(tables.Citations, []any{int64(7), "s", locator}); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "citations.csv"))
	if err != nil {
		t.Fatal(err)
	}
	want := "seq,source,locator\r\n7,s,\"a,b\"\r\n7,s,\"say \"\"x\"\"\"\r\n7,s,\"two\nlines\"\r\n7,s,\" around \"\r\n7,s,\"\"\r\n7,s,\r\n7,s,plain é\r\n"
	if string(got) != want {
		t.Errorf("%q, not %q", got, want)
	}
}
