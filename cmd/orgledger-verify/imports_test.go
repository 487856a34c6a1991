package main

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/orgledger/orgledger/"

// foreign are the packages, and those below them, that the verifier is believed with, besides the standard library.
var foreign = []string{"golang.org/x/mod/sumdb/note", "github.com/transparency-dev/merkle"}

// The verifier and all that it imports of this module import audit, the standard library and the libraries for notes and
// Merkle proofs: nothing of the ledger, whose answers it judges.
func TestImports(t *testing.T) {
	seen := map[string]bool{}
	var look func(folder string)
	look = func(folder string) {
		files, err := filepath.Glob(filepath.Join("../..", folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files (%v)", folder, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, imported := range parsed.Imports {
				name, err := strconv.Unquote(imported.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				ours, isOurs := strings.CutPrefix(name, module)
				switch {
				case seen[name] || standard(name):
				case isOurs && (ours == "audit" || strings.HasPrefix(ours, "audit/")):
					seen[name] = true
					look(ours)
				case !slices.ContainsFunc(foreign, func(f string) bool { return name == f || strings.HasPrefix(name, f+"/") }):
					t.Errorf("%s imports %s", file, name)
				}
			}
		}
	}
	look("cmd/orgledger-verify")
	if !seen[module+"audit"] {
		t.Error("the verifier does not import audit: nothing was looked at")
	}
}

// standard reports whether a package is of the standard library: its first element has no dot.
func standard(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return !strings.Contains(first, ".")
}
