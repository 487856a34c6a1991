package sqlite_test

import (
	"bytes"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/formats/exporttest"
)

var update = flag.Bool("update", false, "rewrite the results in docs/cookbook.md")

const cookbook = "../../docs/cookbook.md"

// Every block of SQL in the cookbook runs against the built-in history, and gives what stands below it: the rows of its last
// statement, as the sqlite3 command prints them.
func TestCookbook(t *testing.T) {
	text, err := os.ReadFile(cookbook)
	if err != nil {
		t.Fatal(err)
	}
	log, view := exporttest.Sample(t, sample)
	db := database(t, log, view)
	var out strings.Builder
	recipes, rest := 0, string(text)
	for {
		before, after, found := strings.Cut(rest, "```sql\n")
		out.WriteString(before)
		if !found {
			break
		}
		statements, after, _ := strings.Cut(after, "\n```\n")
		rest = after
		if _, later, given := strings.Cut(after, "\n```result\n"); given && strings.HasPrefix(after, "\n```result\n") {
			_, rest, _ = strings.Cut(later, "```\n")
		}
		recipes++
		fmt.Fprintf(&out, "```sql\n%s\n```\n\n```result\n%s```\n", statements, table(t, db, statements))
	}
	if recipes < 10 {
		t.Errorf("only %d recipes were found", recipes)
	}
	if out.String() == string(text) {
		return
	}
	if !*update {
		t.Fatalf("the results differ; go test -update rewrites them:\n%s", difference(text, []byte(out.String())))
	}
	if err := os.WriteFile(cookbook, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// table runs statements, and writes the rows of the last of them with a header.
func table(t *testing.T, db *sql.DB, statements string) string {
	t.Helper()
	last := statements
	if first, rest, several := strings.Cut(statements, ";\n"); several {
		if _, err := db.Exec(first); err != nil {
			t.Fatalf("%v in\n%s", err, first)
		}
		last = rest
	}
	rows, err := db.Query(last)
	if err != nil {
		t.Fatalf("%v in\n%s", err, last)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	out, n := new(strings.Builder), 0
	fmt.Fprintln(out, strings.Join(columns, "|"))
	for rows.Next() {
		values, pointers := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			pointers[i] = &values[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(columns))
		for i, v := range values {
			texts[i] = v.String
		}
		fmt.Fprintln(out, strings.Join(texts, "|"))
		n++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		t.Errorf("nothing comes out of\n%s", last)
	}
	return out.String()
}

// difference shows the first line that differs.
func difference(a, b []byte) string {
	before, after := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(before), len(after)) {
		if !bytes.Equal(before[i], after[i]) {
			return fmt.Sprintf("line %d\n- %s\n+ %s", i+1, before[i], after[i])
		}
	}
	return fmt.Sprintf("%d lines, and %d", len(before), len(after))
}
