package ledger_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections"
)

// Each error of a question has its code and field; where several apply, the first of the documented
// order is given.
func TestQuestionErrors(t *testing.T) {
	l := open(t, t.TempDir())
	l.mustRecord(t, twoBodies+`{"type":"plan.announced","effective":"2024","data":{"plan":"p","title":"P","items":[{"item":"one","type":"organisation.dissolved","data":{"organisation":"a"}}]}}
{"type":"organisation.identified","effective":"2000","data":{"organisation":"a","identifiers":[{"scheme":"ods","value":"X1"},{"scheme":"ods","value":"X2"}]}}
{"type":"organisation.identified","effective":"2000","data":{"organisation":"b","identifiers":[{"scheme":"ods","value":"X1"}]}}`)
	cases := []struct{ question, code, field string }{
		{`hello`, projections.CodeBadQuestion, ""},
		{`[]`, projections.CodeBadQuestion, ""},
		{`{}`, projections.CodeBadQuestion, "q"},
		{`{"q":"why","on":1}`, projections.CodeUnknownQuestion, "q"},
		{`{"q":"holders"}`, projections.CodeBadQuestion, "ref"},
		{`{"q":"holders","ref":"organisation/a","colour":"red"}`, projections.CodeBadQuestion, "colour"},
		{`{"q":"holders","ref":"organisation/a","on":20200101}`, projections.CodeBadQuestion, "on"},
		{`{"q":"holders","ref":"organisation/a","on":null}`, projections.CodeBadQuestion, "on"},
		{`{"q":"diff","from":{"on":"2020-01-01","known":null},"to":{}}`, projections.CodeBadQuestion, "from.known"},
		{`{"q":"holders","ref":"plan/p","on":"2019-99-99"}`, projections.CodeBadQuestion, "ref"},
		{`{"q":"history","ref":"plan/p","known":99}`, projections.CodeBadQuestion, "ref"},
		{`{"q":"holders","ref":"xorganisation/a:b"}`, projections.CodeBadQuestion, "ref"},
		{`{"q":"holders","ref":"organisation/z","on":"2020-02-30"}`, projections.CodeBadDate, "on"},
		{`{"q":"holders","ref":"organisation/z","known":"yesterday"}`, projections.CodeBadDate, "known"},
		{`{"q":"holders","ref":"organisation/z","known":99}`, projections.CodeBeyondLog, "known"},
		{`{"q":"holders","ref":"organisation/z"}`, projections.CodeUnknownReference, "ref"},
		{`{"q":"holders","ref":"organisation/a","known":0}`, projections.CodeUnknownReference, "ref"},
		{`{"q":"holders","ref":"organisation/a","assume":["x y"]}`, projections.CodeBadQuestion, "assume"},
		{`{"q":"holders","ref":"organisation/a","assume":{"p":"2027"}}`, projections.CodeBadDate, "assume.p"},
		{`{"q":"holders","ref":"organisation/a","assume":["q"]}`, projections.CodeUnknownReference, "assume"},
		{`{"q":"holders","ref":"organisation/a","assume":["p"]}`, projections.CodeNoDate, "assume"},
		{`{"q":"impact","plan":"p"}`, projections.CodeNoDate, "plan"},
		{`{"q":"holdings","organisation":"ods:X1"}`, projections.CodeUnknownReference, "organisation"},
		{`{"q":"holdings","organisation":"ods:X9"}`, projections.CodeUnknownReference, "organisation"},
	}
	for _, c := range cases {
		_, err := ledger.Ask(l.View(), domain.LastDate, []byte(c.question))
		q, ok := errors.AsType[*projections.QuestionError](err)
		if !ok || q.Code != c.code || q.Field != c.field {
			t.Errorf("%s: %+v, want %s at %q", c.question, err, c.code, c.field)
		}
	}
	if answer := l.Answer(t.Context(), []byte(`{"q":"organisation","organisation":"ods:X2","on":"2020-01-01"}`)); !bytes.Contains(answer, []byte(`"organisation":"a"`)) {
		t.Errorf("%s", answer)
	}
}

// A time of any year is a known point: before the first entry it means none, after the last all.
func TestKnownTimeOfAnyYear(t *testing.T) {
	l := open(t, t.TempDir())
	l.mustRecord(t, twoBodies)
	for known, want := range map[string]string{"0001-01-01T00:00:00Z": `"known":0,`, "1500-01-01T00:00:00Z": `"known":0,`,
		"2300-01-01T00:00:00Z": `"known":2,`, "9999-12-31T23:59:59Z": `"known":2,`} {
		if answer := l.Answer(t.Context(), []byte(`{"q":"digest","on":"2020-01-01","known":"`+known+`"}`)); !bytes.Contains(answer, []byte(want)) {
			t.Errorf("known %s: %s", known, answer)
		}
	}
}

// A question that is too long gets its error line, and the questions around it their answers.
func TestQuestionTooLong(t *testing.T) {
	l := open(t, t.TempDir())
	digest := `{"q":"digest","on":"2020-01-01"}` + "\n"
	long := `{"q":"` + strings.Repeat("x", 1<<20) + `"}` + "\n"
	var answers bytes.Buffer
	if err := l.Query(t.Context(), strings.NewReader(digest+long+"\n"+digest+strings.TrimSpace(long)), &answers); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(answers.String()), "\n")
	for i, want := range []string{"sha256", projections.CodeBadQuestion, "sha256", projections.CodeBadQuestion} {
		if len(lines) != 4 || !strings.Contains(lines[i], want) {
			t.Fatalf("answers %q, want %s in line %d of 4", lines, want, i+1)
		}
	}
}

// Who cannot be named is refused before anything is shared with other callers.
func TestBadActor(t *testing.T) {
	l := open(t, t.TempDir())
	for _, actor := range []string{strings.Repeat("x", 513), "two\nlines", "\x00", "\xff"} {
		if _, err := l.record(t, twoBodies, ledger.RecordOptions{Actor: actor}); refused(t, err).Field != "actor" {
			t.Errorf("%q: %v", actor, err)
		}
	}
	if n := l.View().Seq(); n != 0 {
		t.Errorf("%d entries", n)
	}
}

// A plan may intend what does not exist yet: its items introduce, and others of them name it. The
// ledger does not know it before a fact introduces it.
func TestPlanIntroduces(t *testing.T) {
	l := open(t, t.TempDir())
	l.mustRecord(t, twoBodies+`{"type":"responsibility.defined","data":{"responsibility":"r","title":"R","kind":"function"}}
{"type":"responsibility.assigned","effective":"2020","data":{"responsibility":"r","organisation":"a"}}
{"type":"plan.announced","effective":"2024","data":{"plan":"p","title":"P","expected":"2027-04-01","items":[`+
		`{"item":"new","type":"organisation.established","data":{"organisation":"c","name":"C"}},`+
		`{"item":"merge","type":"organisation.merged","data":{"organisations":["a","b"],"into":"c"}},`+
		`{"item":"head","type":"appointment.made","data":{"office":"head-of-c","title":"Head","organisation":"c","person":"Nobody yet"}}]}}`)
	answer := l.Answer(t.Context(), []byte(`{"q":"impact","plan":"p"}`))
	if !bytes.Contains(answer, []byte(`"after":[{"organisation":"c","role":"lead"}]`)) {
		t.Errorf("%s", answer)
	}
	if answer := l.Answer(t.Context(), []byte(`{"q":"organisation","organisation":"c"}`)); !bytes.Contains(answer, []byte(projections.CodeUnknownReference)) {
		t.Errorf("%s", answer)
	}
	l.mustRecord(t, `{"type":"organisation.established","effective":"2027-04-01","data":{"organisation":"c","name":"C"},"fulfils":"p/new"}`)
	if answer := l.Answer(t.Context(), []byte(`{"q":"plans","on":"2027-04-02"}`)); !bytes.Contains(answer, []byte(`"status":"in_progress"`)) {
		t.Errorf("%s", answer)
	}
}
