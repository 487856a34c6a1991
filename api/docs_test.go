package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The page of operations shows every one of the description, and the pages load nothing from elsewhere, and run nothing.
func TestDocs(t *testing.T) {
	server := sampled(t)
	document, _ := description(t, server.URL)
	_, _, text := fetched(t, server.URL+"/docs")
	for _, c := range everyOperation(document) {
		if !strings.Contains(string(text), `<article id="`+c.OperationID+`">`) || c.Summary == "" {
			t.Errorf("%s %s, %s, is not on the page", c.method, c.path, c.OperationID)
		}
	}
	address := regexp.MustCompile(`(?:href|src)="([^"]*)"|url\(|@import`)
	for _, path := range []string{"/docs", "/docs/problems", "/docs/style.css"} {
		status, header, text := fetched(t, server.URL+path)
		if status != http.StatusOK || strings.HasPrefix(header.Get("Content-Type"), "text/html") && !strings.HasPrefix(header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'self';") {
			t.Errorf("%s: %d %v", path, status, header)
		}
		for _, found := range address.FindAllStringSubmatch(string(text), -1) {
			if inside := strings.HasPrefix(found[1], "/") && !strings.HasPrefix(found[1], "//") || strings.HasPrefix(found[1], "#"); !inside {
				t.Errorf("%s leads to %s", path, found[0])
			}
		}
		if strings.Contains(string(text), "<script") || strings.Contains(string(text), "style=") {
			t.Errorf("%s has what its policy forbids", path)
		}
	}
}

// Every link within the pages leads somewhere.
func TestDocsLinks(t *testing.T) {
	server := sampled(t)
	for _, page := range []string{"/docs", "/docs/problems"} {
		_, _, text := fetched(t, server.URL+page)
		for _, found := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(string(text), -1) {
			if name, within := strings.CutPrefix(found[1], "#"); within {
				if !strings.Contains(string(text), `id="`+name+`"`) {
					t.Errorf("%s: nothing is at #%s", page, name)
				}
			} else if status, _, _ := fetched(t, server.URL+found[1]); status != http.StatusOK {
				t.Errorf("%s: %s answers %d", page, found[1], status)
			}
		}
	}
}

// offline are codes that no server answers with: of folders, backups, files and exports, and of findings.
var offline = []string{"held", "not-a-ledger", "newer-format", "unsuitable-configuration", "bad-data", "path-taken", "not-repeatable", "not-a-backup", "other-history", "ledger-exists",
	"restore-unfinished", "nothing-damaged", "would-lose-entries", "inactive-holder", "not-holder", "already-holder", "orphaned", "not-in-effect", "succession-cycle", "unsourced", "unheld", "multiple-leads",
	"overdue-plan", "feed-damaged", "feed-taken"}

// Every code that a problem may have is on the page that its type leads to.
func TestEveryCodeIsExplained(t *testing.T) {
	server := sampled(t)
	_, _, page := fetched(t, server.URL+"/docs/problems")
	codes := 0
	for _, file := range []string{"../domain/refusal.go", "../ledger/problem.go", "../projections/errors.go", "problem.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !strings.HasPrefix(strings.ToLower(spec.Names[0].Name), "code") {
				return true
			}
			literal, ok := spec.Values[0].(*ast.BasicLit)
			if !ok {
				return true
			}
			code, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			codes++
			if !slices.Contains(offline, code) && !strings.Contains(string(page), `id="`+code+`"`) {
				t.Errorf("%s of %s is not explained", code, file)
			}
			return true
		})
	}
	if codes < 50 {
		t.Errorf("only %d codes were found", codes)
	}
}
