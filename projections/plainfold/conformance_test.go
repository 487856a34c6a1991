package plainfold_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections/plainfold"
)

// conformance finds the folder of the cases. Where there is none the test is skipped, or fails if
// ORGLEDGER_REQUIRE asks for it.
func conformance(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("ORGLEDGER_CONFORMANCE")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "conformance")
	}
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	message := "no conformance cases at " + dir + "; set ORGLEDGER_CONFORMANCE to their folder"
	if strings.Contains(os.Getenv("ORGLEDGER_REQUIRE"), "conformance") {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}

// The plain fold gives every expected answer of every conformance case.
func TestConformance(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join(conformance(t), "*", "queries.jsonl"))
	if err != nil || len(cases) == 0 {
		t.Fatalf("no conformance cases: %v", err)
	}
	passed, asked := 0, 0
	for _, path := range cases {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			ledger := load(t, filepath.Join(dir, "entries.jsonl"))
			questions, answers := lines(t, path), lines(t, filepath.Join(dir, "answers.jsonl"))
			for i, question := range questions {
				asked++
				if got := ledger.Answer(question); !agrees(t, answers[i], got) {
					t.Errorf("question %d: %s\n got %s\nwant %s", i+1, question, got, answers[i])
				} else {
					passed++
				}
			}
		})
	}
	t.Logf("%d of %d questions answered as expected", passed, asked)
}

func lines(t *testing.T, path string) [][]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(data), []byte("\n"))
}

func load(t *testing.T, path string) *plainfold.Ledger {
	t.Helper()
	var entries []domain.Recorded
	for i, line := range lines(t, path) {
		e, err := domain.ParseEntry(line)
		if err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		entries = append(entries, domain.Recorded{Entry: *e, Seq: uint64(i) + 1, Time: int64(i+1) * 1e9})
	}
	ledger, err := plainfold.New(entries)
	if err != nil {
		t.Fatal(err)
	}
	return ledger
}

func agrees(t *testing.T, want, got []byte) bool {
	t.Helper()
	expected, found := parsed(t, want), parsed(t, got)
	if problem, ok := expected["error"].(map[string]any); ok {
		other, _ := found["error"].(map[string]any)
		return other["code"] == problem["code"]
	}
	if list, ok := expected["findings"].([]any); ok {
		other, _ := found["findings"].([]any)
		return slices.Equal(compared(list), compared(other))
	}
	return covers(expected, found)
}

func parsed(t *testing.T, line []byte) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(line, &object); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return object
}

// covers tells whether every field given in want is equal in got, which may have more.
func covers(want, got any) bool {
	switch want := want.(type) {
	case map[string]any:
		other, ok := got.(map[string]any)
		for name, value := range want {
			found, given := other[name]
			ok = ok && given && covers(value, found)
		}
		return ok
	case []any:
		other, ok := got.([]any)
		return ok && slices.EqualFunc(want, other, covers)
	default:
		return reflect.DeepEqual(want, got)
	}
}

// compared are the findings that the cases compare, as (code, seq, ref), sorted.
func compared(findings []any) []string {
	codes := []string{"inactive-holder", "not-holder", "already-holder", "orphaned", "not-in-effect", "succession-cycle", "unsourced"}
	var list []string
	for _, f := range findings {
		f, _ := f.(map[string]any)
		if code, _ := f["code"].(string); slices.Contains(codes, code) {
			list = append(list, fmt.Sprint(code, f["seq"], f["ref"]))
		}
	}
	slices.Sort(list)
	return list
}
