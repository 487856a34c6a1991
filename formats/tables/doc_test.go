package tables_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/formats/tables"
)

var update = flag.Bool("update", false, "rewrite the tables in docs/exports.md")

// The documentation describes every table as it is.
func TestDocumented(t *testing.T) {
	const file, mark = "../../docs/exports.md", "<!-- from here on written by go test ./formats/tables -update -->\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, after, found := strings.Cut(string(text), mark)
	if !found {
		t.Fatal("the mark is gone")
	}
	want := described()
	if after == want {
		return
	}
	if !*update {
		t.Fatal("docs/exports.md describes other tables; go test -update rewrites them")
	}
	if err := os.WriteFile(file, []byte(before+mark+want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func described() string {
	var s strings.Builder
	for _, table := range tables.All() {
		fmt.Fprintf(&s, "\n### %s\n\nA row is %s.", table.Name, strings.TrimSuffix(table.Text, ": one row"))
		if len(table.Key) > 0 {
			fmt.Fprintf(&s, " No two have the same %s.", strings.Join(table.Key, " and "))
		}
		s.WriteString("\n\n| column | type | names | says |\n| --- | --- | --- | --- |\n")
		for _, c := range table.Columns {
			typ := string(c.Type)
			if c.Type == tables.JSON {
				typ = "JSON"
			}
			if c.Optional {
				typ += ", optional"
			}
			fmt.Fprintf(&s, "| `%s` | %s | %s | %s |\n", c.Name, typ, c.Names, c.Text)
		}
	}
	return s.String()
}
