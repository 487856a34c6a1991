package ledger_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections"
)

// Every published case answers equal: its entries are recorded into an empty ledger so that line n
// gets sequence n, and each answer has every field that the case gives.
func TestConformance(t *testing.T) {
	folders := conformanceCases(t)
	asked := 0
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			l := open(t, t.TempDir())
			file, err := os.Open(filepath.Join(folder, "entries.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			receipts, err := l.RecordLines(t.Context(), file, ledger.RecordOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range receipts {
				if r.Seq != uint64(i+1) {
					t.Fatalf("line %d got sequence %d", i+1, r.Seq)
				}
			}
			questions, answers := lines(t, filepath.Join(folder, "queries.jsonl")), lines(t, filepath.Join(folder, "answers.jsonl"))
			for i, question := range questions {
				asked++
				want := decode(t, answers[i])
				answer, err := l.Ask(t.Context(), domain.LastDate, question)
				if err != nil {
					q, ok := errors.AsType[*projections.QuestionError](err)
					if !ok {
						t.Fatal(err)
					}
					if refused, ok := want["error"].(map[string]any); !ok || refused["code"] != q.Code {
						t.Errorf("question %d %s: refused with %s: %v\nwant %s", i+1, question, q.Code, err, answers[i])
					}
					continue
				}
				text, err := json.Marshal(answer)
				if err != nil {
					t.Fatal(err)
				}
				if got := decode(t, text); !has(comparable(got), comparable(want)) {
					t.Errorf("question %d %s\n got %s\nwant %s", i+1, question, text, answers[i])
				}
			}
		})
	}
	fmt.Printf("%d questions of %d cases asked\n", asked, len(folders))
}

// conformanceCases finds the folders of published cases: where ORGLEDGER_CONFORMANCE says, or beside
// the checkout.
func conformanceCases(t *testing.T) []string {
	root := os.Getenv("ORGLEDGER_CONFORMANCE")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "conformance")
	}
	folders, err := filepath.Glob(filepath.Join(root, "*", "queries.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range folders {
		folders[i] = filepath.Dir(folders[i])
	}
	if len(folders) == 0 {
		if strings.Contains(os.Getenv("ORGLEDGER_REQUIRE"), "conformance") {
			t.Fatalf("no conformance cases in %s", root)
		}
		t.Skipf("no conformance cases in %s; set ORGLEDGER_CONFORMANCE to their folder", root)
	}
	return folders
}

func lines(t *testing.T, path string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for scanner := bufio.NewScanner(bytes.NewReader(text)); scanner.Scan(); {
		all = append(all, bytes.Clone(scanner.Bytes()))
	}
	return all
}

func decode(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var value map[string]any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}

// comparable leaves of findings what the cases compare: certain codes, each as (code, seq, ref).
func comparable(answer map[string]any) any {
	findings, ok := answer["findings"].([]any)
	if !ok {
		return answer
	}
	compared := map[string]bool{"inactive-holder": true, "not-holder": true, "already-holder": true, "orphaned": true,
		"not-in-effect": true, "succession-cycle": true, "unsourced": true}
	var kept []any
	for _, f := range findings {
		if f := f.(map[string]any); compared[f["code"].(string)] {
			kept = append(kept, []any{f["code"], f["seq"], f["ref"]})
		}
	}
	return kept
}

// has reports whether got has everything that want has; objects may have more.
func has(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		have, ok := got.(map[string]any)
		for name, value := range want {
			if ok = ok && has(have[name], value); !ok {
				return false
			}
		}
		return ok
	case []any:
		have, ok := got.([]any)
		if !ok || len(have) != len(want) {
			return false
		}
		for i := range want {
			if !has(have[i], want[i]) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(got, want)
	}
}
