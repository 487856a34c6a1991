// Package orgledger_test holds the rule of what may import what; see docs/design.md.
package orgledger_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/orgledger/orgledger"

// may lists, for each top-level folder, the folders of this module that its packages import. A package
// may always import those below its own folder.
var may = map[string][]string{
	"domain":      {},
	"audit":       {},
	"projections": {"domain"},
	"eventstore":  {"domain", "audit"},
	"ledger":      {"domain", "audit", "eventstore", "projections"},
	"formats":     {"domain", "ledger"},
	"api":         {"domain", "audit", "projections", "ledger"},
	"web":         {"domain", "ledger", "projections", "formats"}, // pages are had as pictures and linked data, which formats make
	"cmd":         {"domain", "audit", "eventstore", "projections", "ledger", "formats", "api", "web"},
}

// natsParts are the packages of NATS that folders other than eventstore may know. nkeys is the text form of keys, without
// a network: domain signs and verifies with it. api answers requests over a connection that it is given; streams are
// none of its business.
var natsParts = map[string][]string{
	"domain": {"github.com/nats-io/nkeys"},
	"api":    {"github.com/nats-io/nats.go", "github.com/nats-io/nats.go/micro"},
}

// judged are the folders whose tests may put anything together.
var judged = []string{"projections", "eventstore", "ledger", "formats", "api", "web", "cmd"}

// onlyTests are packages that no program contains.
var onlyTests = []string{"projections/plainfold", "projections/histories", "eventstore/natstest", "formats/formatstest", "formats/exporttest"}

// judges are the packages of the program that hold the index against the plain fold.
var judges = []string{"ledger/verify"}

// Packages import only what the architecture lets them, NATS streams stay in eventstore, and what is
// there for tests stays out of the program.
func TestImports(t *testing.T) {
	checked := 0
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") {
			return err
		}
		folder := filepath.ToSlash(filepath.Dir(file))
		top, _, _ := strings.Cut(folder, "/")
		if top == "." {
			return nil
		}
		allowed, known := may[top]
		if !known {
			t.Errorf("%s: %s is not a folder of the architecture", file, top)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		test := strings.HasSuffix(file, "_test.go")
		for _, imported := range parsed.Imports {
			name, err := strconv.Unquote(imported.Path.Value)
			if err != nil {
				return err
			}
			checked++
			if strings.Contains(name, "nats-io/") && top != "eventstore" && !slices.Contains(natsParts[top], name) {
				t.Errorf("%s imports %s: only eventstore knows of that", file, name)
			}
			ours, isOurs := strings.CutPrefix(name, module+"/")
			if !isOurs || (test || slices.Contains(onlyTests, folder)) && slices.Contains(judged, top) {
				continue
			}
			if ours == "projections/plainfold" && slices.Contains(judges, folder) {
				continue
			}
			to, _, _ := strings.Cut(ours, "/")
			if to != top && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: %s may import only %s", file, name, top, strings.Join(allowed, ", "))
			}
			if slices.Contains(onlyTests, ours) && !test && !slices.Contains(onlyTests, path.Clean(folder)) {
				t.Errorf("%s imports %s, which is for tests", file, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked == 0 {
		t.Fatal("no import was looked at")
	}
}
