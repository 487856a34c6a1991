package ledger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/histories"
	"github.com/orgledger/orgledger/projections/plainfold"
)

// The index answers every question about every history as the plain fold does, at every known point,
// and just so when it is built in one go from the log.
func TestIndexAnswersAsPlainFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := histories.Entries(t, histories.Options{})
		recorded := histories.Record(entries)
		judge, err := plainfold.New(histories.Record(entries))
		if err != nil {
			t.Fatal(err)
		}
		today := domain.LastDate
		judge.Today = today
		live, rebuilt := projections.NewIndex(), projections.NewIndex()
		if err := rebuilt.Load(recorded); err != nil {
			t.Fatal(err)
		}
		rebuilt.Publish()
		early := make(map[int]*projections.View)
		for i, n := 0, 0; i < len(recorded); i += n {
			n = rapid.IntRange(1, 7).Draw(t, "commit")
			n = min(n, len(recorded)-i)
			if err := live.Apply(recorded[i : i+n]); err != nil {
				t.Fatal(err)
			}
			early[i+n] = live.View()
		}
		for _, question := range histories.Questions(t, entries) {
			want := judge.Answer(question)
			for name, view := range map[string]*projections.View{"live": live.View(), "rebuilt": rebuilt.View()} {
				if got := answer(t, view, today, question); !sameAnswer(t, got, want) {
					t.Fatalf("%s index, question %s\n got %s\nwant %s", name, question, got, want)
				}
			}
		}
		// A view keeps its answers while the index grows.
		for seq, view := range early {
			question := []byte(`{"q":"digest","on":"9999-12-31"}`)
			at := projections.Point{On: domain.LastDate, Known: uint64(seq)}
			if got, later := answer(t, view, today, question), live.View().Digest(at); !bytes.Contains(got, []byte(later.SHA256)) {
				t.Fatalf("the view at %d answers %s, and later %s", seq, got, later.SHA256)
			}
		}
	})
}

func answer(t *rapid.T, view *projections.View, today domain.Date, question []byte) []byte {
	value, err := ledger.Ask(view, today, question)
	if err != nil {
		if _, ok := errors.AsType[*projections.QuestionError](err); !ok {
			t.Fatalf("%s: %v", question, err)
		}
		value = ledger.Problem{Error: ledger.Describe(err)}
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sameAnswer compares what both give: of an error its code, else every field that the judge gives.
func sameAnswer(t *rapid.T, got, want []byte) bool {
	var a, b map[string]any
	if err := errors.Join(json.Unmarshal(got, &a), json.Unmarshal(want, &b)); err != nil {
		t.Fatal(err)
	}
	if problem, ok := b["error"].(map[string]any); ok {
		mine, ok := a["error"].(map[string]any)
		return ok && mine["code"] == problem["code"]
	}
	return has(a, b)
}
