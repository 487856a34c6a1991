package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/sample"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/histories"
)

// opened is a ledger in a folder, recording until the test ends or close is called.
type opened struct {
	*ledger.Ledger
	store *eventstore.Store
	close func()
}

func open(t testing.TB, dir string) *opened {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return run(t, store, store)
}

// run opens the ledger of a log, which reads and writes the store in some way.
func run(t testing.TB, store *eventstore.Store, log ledger.Log) *opened {
	t.Helper()
	l, err := ledger.Open(t.Context(), log, nil)
	if err != nil {
		t.Fatal(err)
	}
	return recording(t, store, l)
}

// recording has an open ledger record.
func recording(t testing.TB, store *eventstore.Store, l *ledger.Ledger) *opened {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	closing := sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-ran, store.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(closing)
	return &opened{l, store, closing}
}

func (o *opened) record(t *testing.T, text string, options ledger.RecordOptions) ([]ledger.Receipt, error) {
	t.Helper()
	return o.RecordLines(t.Context(), strings.NewReader(text), options)
}

func (o *opened) mustRecord(t *testing.T, text string) []ledger.Receipt {
	t.Helper()
	receipts, err := o.record(t, text, ledger.RecordOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return receipts
}

// refused reports the refusal that an error is, and fails where it is none.
func refused(t *testing.T, err error) *domain.Refusal {
	t.Helper()
	refusal, ok := errors.AsType[*domain.Refusal](err)
	if !ok {
		t.Fatalf("not refused: %v", err)
	}
	return refusal
}

const twoBodies = `{"type":"organisation.established","data":{"organisation":"a","name":"A"}}
{"type":"organisation.established","data":{"organisation":"b","name":"B"}}
`

// What was recorded is there after closing and opening again: the same entries, the same answers.
func TestReopenedAnswersEqual(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	receipts, err := l.RecordLines(t.Context(), sample.Entries(), ledger.RecordOptions{Actor: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range receipts {
		if r.Seq != uint64(i+1) || r.Recorded.IsZero() {
			t.Fatalf("receipt %d: %+v", i+1, r)
		}
	}
	question := []byte(`{"q":"digest","on":"2020-01-01"}`)
	before := l.Answer(t.Context(), question)
	l.close()
	l = open(t, dir)
	if after := l.Answer(t.Context(), question); !bytes.Equal(before, after) {
		t.Errorf("before %s after %s", before, after)
	}
	e, err := l.Entry(t.Context(), 1)
	if err != nil || e.Actor != "tester" || e.ID != receipts[0].ID {
		t.Errorf("entry 1 is %+v, %v", e, err)
	}
}

// Recording the same entries again writes nothing and gives the same receipts, with ids given or
// derived, in one call or in several.
func TestRecordTwiceWritesOnce(t *testing.T) {
	l := open(t, t.TempDir())
	first := l.mustRecord(t, twoBodies)
	again := l.mustRecord(t, twoBodies+twoBodies)
	if l.View().Seq() != 2 || len(again) != 4 {
		t.Fatalf("%d entries, %d receipts", l.View().Seq(), len(again))
	}
	for i, r := range again {
		if r != first[i%2] {
			t.Errorf("receipt %d is %+v, first time %+v", i, r, first[i%2])
		}
	}
	if _, err := l.RecordLines(t.Context(), sample.Entries(), ledger.RecordOptions{}); err != nil {
		t.Fatal(err)
	}
	n := l.View().Seq()
	if _, err := l.RecordLines(t.Context(), sample.Entries(), ledger.RecordOptions{}); err != nil || l.View().Seq() != n {
		t.Errorf("%d entries became %d, %v", n, l.View().Seq(), err)
	}
}

// Every rule that needs the ledger refuses with its code, line and field, and nothing of the call is
// written.
func TestRefusals(t *testing.T) {
	const id1, id2 = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
	l := open(t, t.TempDir())
	l.mustRecord(t, twoBodies+
		`{"id":"`+id1+`","type":"responsibility.defined","data":{"responsibility":"r","title":"R","kind":"function"}}
{"id":"`+id2+`","type":"entry.corrected","data":{"corrects":"`+id1+`","reason":"so","replacement":{"data":{"responsibility":"r","title":"R2","kind":"function"}}}}
{"type":"plan.announced","effective":"2024","data":{"plan":"p","title":"P","items":[{"item":"one","type":"organisation.dissolved","data":{"organisation":"a"}}]}}
{"type":"source.registered","data":{"source":"s","title":"S"}}`)
	before := l.View().Seq()
	cases := []struct {
		name, line string
		code       domain.Code
		field      string
	}{
		{"introduced twice", `{"type":"organisation.established","data":{"organisation":"a","name":"Another"}}`, domain.CodeAlreadyIntroduced, "data.organisation"},
		{"unknown reference", `{"type":"organisation.merged","effective":"2020","data":{"organisations":["a"],"into":"nobody"}}`, domain.CodeUnknownReference, "data.into"},
		{"unknown source", `{"type":"organisation.restored","effective":"2020","data":{"organisation":"a"},"sources":[{"source":"nothing"}]}`, domain.CodeUnknownReference, "sources[0].source"},
		{"unknown exception", `{"type":"holdings.transferred","effective":"2020","data":{"from":"a","to":"b","except":["contract/c"]}}`, domain.CodeUnknownReference, "data.except[0]"},
		{"same id, other content", `{"id":"` + id1 + `","type":"responsibility.defined","data":{"responsibility":"r","title":"Other","kind":"function"}}`, domain.CodeIDConflict, "id"},
		{"correction of a correction", `{"type":"entry.corrected","data":{"corrects":"` + id2 + `","reason":"x","replacement":{"data":{}}}}`, domain.CodeBadCorrection, "data.corrects"},
		{"correction of nothing", `{"type":"entry.corrected","data":{"corrects":"00000000-0000-4000-8000-00000000ffff","reason":"x","replacement":{"data":{}}}}`, domain.CodeUnknownEntry, "data.corrects"},
		{"retraction of nothing", `{"type":"entry.retracted","data":{"retracts":"00000000-0000-4000-8000-00000000ffff","reason":"x"}}`, domain.CodeUnknownEntry, "data.retracts"},
		{"retraction of a correction", `{"type":"entry.retracted","data":{"retracts":"` + id2 + `","reason":"x"}}`, domain.CodeBadCorrection, "data.retracts"},
		{"correction about another", `{"type":"entry.corrected","data":{"corrects":"` + id1 + `","reason":"x","replacement":{"data":{"responsibility":"q","title":"Q","kind":"function"}}}}`, domain.CodeBadCorrection, "data.replacement.data"},
		{"typing error in a correction", `{"type":"entry.corrected","data":{"corrects":"` + id1 + `","reason":"x","replacement":{"data":{"responsibility":"r","titel":"Q","kind":"function"}}}}`, domain.CodeUnknownField, "data.replacement.data.titel"},
		{"unknown plan", `{"type":"organisation.restored","effective":"2020","data":{"organisation":"a"},"fulfils":"q"}`, domain.CodeUnknownReference, "fulfils"},
		{"unknown item", `{"type":"organisation.restored","effective":"2020","data":{"organisation":"a"},"fulfils":"p/two"}`, domain.CodeUnknownReference, "fulfils"},
		{"impossible date", `{"type":"organisation.restored","effective":"2023-02-30","data":{"organisation":"a"}}`, domain.CodeBadDate, "effective"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			good := `{"type":"organisation.renamed","effective":"2020","data":{"organisation":"b","name":"` + c.name + `"}}` + "\n\n"
			_, err := l.record(t, good+c.line+"\n", ledger.RecordOptions{})
			r := refused(t, err)
			if r.Code != c.code || r.Field != c.field || r.Line != 3 {
				t.Errorf("refused with %s at %q, line %d: %v; want %s at %q, line 3", r.Code, r.Field, r.Line, r, c.code, c.field)
			}
			if l.View().Seq() != before {
				t.Errorf("%d entries became %d", before, l.View().Seq())
			}
		})
	}
}

// A reference is known from its introduction on, within a call too; a call that names it earlier is
// refused whole, and a refused call leaves nothing behind for the next.
func TestIntroductionWithinCall(t *testing.T) {
	l := open(t, t.TempDir())
	lines := strings.SplitAfter(twoBodies, "\n")
	merge := `{"type":"organisation.merged","effective":"2020","data":{"organisations":["a"],"into":"b"}}` + "\n"
	if _, err := l.record(t, lines[0]+merge+lines[1], ledger.RecordOptions{}); refused(t, err).Line != 2 {
		t.Error(err)
	}
	if _, err := l.record(t, merge, ledger.RecordOptions{}); refused(t, err).Code != domain.CodeUnknownReference {
		t.Error(err)
	}
	if got := l.mustRecord(t, twoBodies+merge); got[2].Seq != 3 {
		t.Errorf("receipts %+v", got)
	}
}

// A dry run checks as a recording does, and writes nothing.
func TestDryRun(t *testing.T) {
	l := open(t, t.TempDir())
	dry := ledger.RecordOptions{DryRun: true}
	receipts, err := l.record(t, twoBodies, dry)
	if err != nil || len(receipts) != 2 || receipts[0].Seq != 0 || l.View().Seq() != 0 {
		t.Fatalf("%+v, %v, %d entries", receipts, err, l.View().Seq())
	}
	recorded := l.mustRecord(t, twoBodies)
	if receipts[0].ID != recorded[0].ID {
		t.Errorf("tried as %s and recorded as %s", receipts[0].ID, recorded[0].ID)
	}
	if receipts, err = l.record(t, twoBodies, dry); err != nil || receipts[1].Seq != 2 {
		t.Errorf("%+v, %v", receipts, err)
	}
}

// A strict recording refuses what raises a finding that was not there, and names it.
func TestStrict(t *testing.T) {
	l := open(t, t.TempDir())
	l.mustRecord(t, twoBodies+`{"type":"source.registered","data":{"source":"s","title":"S"}}`+"\n"+
		`{"type":"organisation.dissolved","effective":"2020-01-01","data":{"organisation":"a"},"sources":[{"source":"s"}]}`)
	const defined = `{"type":"responsibility.defined","data":{"responsibility":"r","title":"R","kind":"function"},"sources":[{"source":"s"}]}` + "\n"
	assigned := func(org string) string {
		return `{"type":"responsibility.assigned","effective":"2021","data":{"responsibility":"r","organisation":"` + org + `"},"sources":[{"source":"s"}]}`
	}
	strict := ledger.RecordOptions{Strict: true}
	_, err := l.record(t, defined+assigned("a"), strict)
	if r := refused(t, err); r.Code != domain.CodeNewFinding || r.Line != 2 || !strings.Contains(r.Rule, projections.CodeInactiveHolder) {
		t.Errorf("refused with %s at line %d: %v", r.Code, r.Line, r)
	}
	if l.View().Seq() != 4 {
		t.Errorf("%d entries", l.View().Seq())
	}
	if _, err := l.record(t, defined+assigned("b"), strict); err != nil {
		t.Error(err)
	}
	if found := l.View().Find("R", l.View().Seq()); len(found) == 0 {
		t.Error("a name that a preview saw first is not found")
	}
}

// Callers that record at once are all answered, each with sequences of its own, and nothing is lost
// or written twice.
func TestConcurrentCallers(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	const callers, calls = 16, 20
	seqs := make(chan uint64, callers*calls)
	var group sync.WaitGroup
	for c := range callers {
		group.Go(func() {
			for i := range calls {
				line := fmt.Sprintf(`{"type":"organisation.established","data":{"organisation":"o-%d-%d","name":"O"}}`, c, i)
				receipts, err := l.record(t, line, ledger.RecordOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				seqs <- receipts[0].Seq
			}
		})
	}
	group.Wait()
	close(seqs)
	seen := make(map[uint64]bool)
	for seq := range seqs {
		seen[seq] = true
	}
	if len(seen) != callers*calls || l.View().Seq() != callers*calls {
		t.Errorf("%d sequences, %d entries, want %d", len(seen), l.View().Seq(), callers*calls)
	}
	l.close()
	if again := open(t, dir); again.View().Seq() != callers*calls {
		t.Errorf("%d entries after opening again", again.View().Seq())
	}
}

// A call longer than a commit is recorded whole, in order, and its progress told.
func TestLongCall(t *testing.T) {
	l := open(t, t.TempDir())
	var entries []*domain.Entry
	for e := range histories.Large(3500, 7) {
		entries = append(entries, e)
	}
	told := 0
	receipts, err := l.Record(t.Context(), entries, ledger.RecordOptions{Progress: func(done, total int) { told = done }})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range receipts {
		if r.Seq != uint64(i+1) || r.ID != entries[i].ID {
			t.Fatalf("receipt %d: %+v", i, r)
		}
	}
	if told != len(entries) {
		t.Errorf("told of %d entries of %d", told, len(entries))
	}
}

// A ledger that stops in the middle of a long call finishes the commit under way, which is the second when the first
// is told of, says what is recorded, and recording it again finishes it.
func TestStopBetweenCommits(t *testing.T) {
	dir := t.TempDir()
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	stopping, err := ledger.Open(t.Context(), store, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- stopping.Run(ctx) }()
	var entries []*domain.Entry
	for e := range histories.Large(3500, 7) {
		entries = append(entries, e)
	}
	receipts, err := stopping.Record(t.Context(), entries, ledger.RecordOptions{Progress: func(int, int) { stop() }})
	if !errors.Is(err, ledger.ErrStopped) || len(receipts) != 2000 {
		t.Errorf("%d receipts, %v", len(receipts), err)
	}
	if err := errors.Join(<-ran, store.Close()); err != nil {
		t.Fatal(err)
	}
	l := open(t, dir)
	if n := l.View().Seq(); n != 2000 {
		t.Fatalf("%d entries", n)
	}
	if receipts, err = l.Record(t.Context(), entries, ledger.RecordOptions{}); err != nil || len(receipts) != 3500 || l.View().Seq() != 3500 {
		t.Errorf("%d receipts, %d entries, %v", len(receipts), l.View().Seq(), err)
	}
}

// A time as a known point means the last sequence recorded by then.
func TestKnownTime(t *testing.T) {
	l := open(t, t.TempDir())
	first := l.mustRecord(t, strings.SplitAfter(twoBodies, "\n")[0])[0].Recorded
	var second time.Time
	for second = first; !second.After(first); { // the clock may be coarse
		second = l.mustRecord(t, fmt.Sprintf(`{"type":"organisation.renamed","effective":"2020","data":{"organisation":"a","name":"A %d"}}`, l.View().Seq()))[0].Recorded
	}
	ask := func(known time.Time) string {
		return string(l.Answer(t.Context(), fmt.Appendf(nil, `{"q":"digest","on":"2020-01-01","known":%q}`, known.Format(time.RFC3339Nano))))
	}
	for known, want := range map[time.Time]string{
		first.Add(-time.Nanosecond): `"known":0`, first: `"known":1`, second.Add(time.Hour): fmt.Sprintf(`"known":%d`, l.View().Seq()),
	} {
		if got := ask(known); !strings.Contains(got, want+",") {
			t.Errorf("known %s: %s, want %s", known, got, want)
		}
	}
}

// A ledger that has stopped says so.
func TestStopped(t *testing.T) {
	l := open(t, t.TempDir())
	l.close()
	if _, err := l.record(t, twoBodies, ledger.RecordOptions{}); !errors.Is(err, ledger.ErrStopped) {
		t.Error(err)
	}
}
