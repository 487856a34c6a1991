package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// renamings are entries without ids, one for each name.
func renamings(names []string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, `{"type":"organisation.renamed","effective":"2020-01-01","data":{"organisation":"a","name":%q}}`+"\n", name)
	}
	return b.String()
}

// A key stands for one call, also after the ledger was opened again: given with the same entries it answers the same and writes nothing,
// given with others, fewer or more, it is refused and writes nothing.
func TestKeyStandsForOneCall(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	l.mustRecord(t, twoBodies)
	calls := 0
	rapid.Check(t, func(r *rapid.T) {
		names := rapid.SliceOfN(rapid.StringMatching(`[xyz]`), 1, 4)
		first, other := names.Draw(r, "first"), names.Draw(r, "other")
		calls++
		options := ledger.RecordOptions{Key: fmt.Sprint("call ", calls)}
		receipts, err := l.record(t, renamings(first), options)
		if err != nil || len(receipts) != len(first) {
			r.Fatalf("%v: %v, %v", first, receipts, err)
		}
		if calls%50 == 0 {
			l.close()
			l = open(t, dir)
		}
		before := l.View().Seq()
		again, err := l.record(t, renamings(first), options)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(receipts) {
			r.Fatalf("%v again: %v, %v, not %v", first, again, err, receipts)
		}
		_, err = l.record(t, renamings(other), options)
		refusal, isRefusal := errors.AsType[*domain.Refusal](err)
		if same := renamings(first) == renamings(other); same && err != nil || !same && (!isRefusal || refusal.Code != domain.CodeKeyReused) {
			r.Fatalf("%v, then %v: %v", first, other, err)
		}
		if after := l.View().Seq(); after != before {
			r.Fatalf("%v, then %v: %d entries more", first, other, after-before)
		}
	})
}

// Of different calls with one key that arrive at once, one is recorded.
func TestKeyAtOnce(t *testing.T) {
	l := open(t, t.TempDir())
	l.mustRecord(t, twoBodies)
	for round := range 20 {
		options := ledger.RecordOptions{Key: fmt.Sprint("round ", round)}
		before := l.View().Seq()
		var group sync.WaitGroup
		taken := make(chan int, 8)
		for i := range 8 {
			group.Go(func() {
				names := []string{"x", "y", "z"}[:1+i%3]
				_, err := l.record(t, renamings(names), options)
				if refusal, ok := errors.AsType[*domain.Refusal](err); ok && refusal.Code == domain.CodeKeyReused {
					return
				}
				if err != nil {
					t.Error(err)
				}
				taken <- len(names)
			})
		}
		group.Wait()
		close(taken)
		n := 0
		for size := range taken {
			if n != 0 && n != size {
				t.Errorf("calls of %d and of %d entries were taken", n, size)
			}
			n = size
		}
		if added := l.View().Seq() - before; n == 0 || added != uint64(n) {
			t.Errorf("%d entries were recorded of a call of %d", added, n)
		}
	}
}

// What is completed by the ledger, corrections and names of persons, is recorded once too, and an id that an entry has stays.
func TestKeyOfOpenEntries(t *testing.T) {
	l := open(t, t.TempDir())
	receipts := l.mustRecord(t, twoBodies)
	own := uuid.New()
	text := fmt.Sprintf(`{"type":"entry.corrected","data":{"corrects":%q,"reason":"better","replacement":{"data":{"organisation":"a","name":"Alpha"}}}}
{"id":%q,"type":"appointment.made","effective":"2020-01-01","data":{"office":"o","title":"Chair","organisation":"a","person":"P. Erson"}}
{"type":"appointment.made","effective":"2021-01-01","data":{"office":"o","title":"Chair","organisation":"a","person":"Q. Erson"}}
`, receipts[0].ID, own)
	options := ledger.RecordOptions{Key: "k", Actor: "registrar"}
	first, err := l.record(t, text, options)
	if err != nil {
		t.Fatal(err)
	}
	again, err := l.record(t, text, options)
	if err != nil || fmt.Sprint(first) != fmt.Sprint(again) || first[1].ID != own || l.View().Seq() != 5 {
		t.Errorf("%v, then %v, %v", first, again, err)
	}
	if _, err := l.record(t, strings.ReplaceAll(text, "Q. Erson", "R. Erson"), options); refused(t, err).Code != domain.CodeKeyReused {
		t.Error(err)
	}
}

// Entries are found by their ids.
func TestSequence(t *testing.T) {
	l := open(t, t.TempDir())
	for _, r := range l.mustRecord(t, twoBodies) {
		if seq, err := l.Sequence(t.Context(), r.ID); err != nil || seq != r.Seq {
			t.Errorf("%s: %d, %v", r.ID, seq, err)
		}
	}
	if seq, err := l.Sequence(t.Context(), uuid.New()); err == nil || ledger.Describe(err).Code != ledger.CodeNotFound {
		t.Errorf("%d, %v", seq, err)
	}
}

// A question about everything is given up with whoever asked it.
func TestAnswersAreGivenUp(t *testing.T) {
	l := open(t, t.TempDir())
	l.mustRecord(t, twoBodies)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, question := range []string{`{"q":"digest"}`, `{"q":"findings"}`, `{"q":"sources"}`} {
		if answer, err := l.AskAt(ctx, l.View(), domain.LastDate, []byte(question)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, %v", question, answer, err)
		}
	}
}

// A source tells what was registered, and what was recorded from it up to a point.
func TestSourceQuestions(t *testing.T) {
	l := open(t, t.TempDir())
	l.mustRecord(t, `{"type":"source.registered","data":{"source":"s1","title":"One","publisher":"P","published":"2020","url":"https://example.org/","retrieved":"2021-02-03"}}
{"type":"source.registered","data":{"source":"s0","title":"Zero"}}
{"type":"organisation.established","data":{"organisation":"a","name":"A"},"sources":[{"source":"s1","locator":"p. 1"}]}
{"type":"organisation.renamed","effective":"2020-01-01","data":{"organisation":"a","name":"B"},"sources":[{"source":"s1"}]}
`)
	for question, want := range map[string]string{
		`{"q":"sources"}`:                        `{"known":4,"sources":[{"source":"s0","title":"Zero","seq":2,"entries":0},{"source":"s1","title":"One","seq":1,"entries":2}]}`,
		`{"q":"sources","known":3}`:              `{"known":3,"sources":[{"source":"s0","title":"Zero","seq":2,"entries":0},{"source":"s1","title":"One","seq":1,"entries":1}]}`,
		`{"q":"sources","known":0}`:              `{"known":0,"sources":[]}`,
		`{"q":"source","source":"s1"}`:           `"known":4,"title":"One","publisher":"P","published":"2020","url":"https://example.org/","retrieved":"2021-02-03","seq":1,`,
		`{"q":"source","source":"s0"}`:           `"entries":[]}`,
		`{"q":"source","source":"s1","known":3}`: `"entries":[3]}`,
		`{"q":"source","source":"s0","known":1}`: `"code":"unknown-reference"`,
		`{"q":"source"}`:                         `"code":"bad-question"`,
		`{"q":"source","source":"/"}`:            `"code":"bad-question"`,
	} {
		if answer := string(l.Answer(t.Context(), []byte(question))); !strings.Contains(answer, want) {
			t.Errorf("%s:\n%s\nhas no\n%s", question, answer, want)
		}
	}
}

// One plan is what the list of plans has of it, from the day of its announcement on.
func TestPlanQuestion(t *testing.T) {
	l := open(t, t.TempDir())
	l.mustRecord(t, `{"type":"plan.announced","effective":"2020-01-01","data":{"plan":"p","title":"P","expected":"2021","conditions":["c"]}}`+"\n")
	all := string(l.Answer(t.Context(), []byte(`{"q":"plans","on":"2020-06-01"}`)))
	one := string(l.Answer(t.Context(), []byte(`{"q":"plan","plan":"p","on":"2020-06-01"}`)))
	list := strings.TrimSuffix(strings.TrimPrefix(all, `{"plans":[`), `]}`)
	if want := `{"on":"2020-06-01","known":1,` + strings.TrimPrefix(list, "{"); one != want {
		t.Errorf("%s, not %s", one, want)
	}
	for question, code := range map[string]string{`{"q":"plan","plan":"p","on":"2019-12-31"}`: "unknown-reference", `{"q":"plan","plan":"q"}`: "unknown-reference",
		`{"q":"plan"}`: "bad-question", `{"q":"plan","plan":"p","on":"2020-02-30"}`: "bad-date"} {
		if answer := string(l.Answer(t.Context(), []byte(question))); !strings.Contains(answer, `"code":"`+code+`"`) {
			t.Errorf("%s: %s", question, answer)
		}
	}
}
