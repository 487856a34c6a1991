package ledger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/sample"
	"github.com/orgledger/orgledger/projections"
)

// indexed is the built-in history in an index of its own.
func indexed(f *testing.F) (*projections.View, []domain.Recorded) {
	index := projections.NewIndex()
	var all []domain.Recorded
	text := new(bytes.Buffer)
	if _, err := text.ReadFrom(sample.Entries()); err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(text.Bytes()) {
		e, err := domain.ParseEntry(bytes.TrimSpace(line))
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, domain.Recorded{Entry: *e, Seq: uint64(len(all) + 1), Time: int64(len(all)), Actor: "a recorder"})
	}
	if err := index.Apply(all); err != nil {
		f.Fatal(err)
	}
	return index.View(), all
}

// Whatever is asked, there is an answer in JSON or an error with a code, and asking again gives the
// same.
func FuzzAsk(f *testing.F) {
	view, _ := indexed(f)
	for _, question := range []string{
		`{"q":"holders","ref":"contract/cppe-postgraduate-education","on":"2023-03-15","known":248,"assume":["nhs-england-abolition"]}`,
		`{"q":"holdings","organisation":"hee","on":"2019-03-31"}`, `{"q":"organisation","organisation":"nhs-digital"}`,
		`{"q":"history","ref":"organisation/nhs-leadership-academy","known":"2026-01-01T00:00:00Z"}`,
		`{"q":"lineage","organisation":"nhs-england"}`, `{"q":"diff","from":{"on":"2019-03-31"},"to":{"on":"2019-04-02","known":300}}`,
		`{"q":"offices","organisation":"hee","on":"2018-12-31"}`, `{"q":"plans"}`, `{"q":"impact","plan":"nhs-england-abolition","date":"2027-04-01"}`,
		`{"q":"findings"}`, `{"q":"digest","on":"0001-01-01"}`, `{"q":"find","words":"health education"}`,
		`{"q":"titles","refs":["organisation/hee"]}`, `{"q":null}`, `[`, `{"q":"holders","ref":"x/y","assume":{"p":1}}`,
	} {
		f.Add([]byte(question))
	}
	f.Fuzz(func(t *testing.T, question []byte) {
		answer, err := ledger.Ask(view, domain.LastDate, question)
		again, err2 := ledger.Ask(view, domain.LastDate, question)
		if err != nil {
			q, ok := errors.AsType[*projections.QuestionError](err)
			if !ok || q.Code == "" || q.Message == "" || err2 == nil || err2.Error() != err.Error() {
				t.Fatalf("%q: %v, and again %v", question, err, err2)
			}
			return
		}
		first, err := json.Marshal(answer)
		second, err2 := json.Marshal(again)
		if err != nil || err2 != nil || !bytes.Equal(first, second) {
			t.Fatalf("%q: %s, and again %s (%v, %v)", question, first, second, err, err2)
		}
	})
}

// What the log gives as a line reads back as the same entry; anything else is an error.
func FuzzParseLogged(f *testing.F) {
	_, all := indexed(f)
	for i := range all {
		f.Add(ledger.AppendLogged(nil, &all[i]))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := ledger.ParseLogged(line)
		if err != nil {
			return
		}
		text := ledger.AppendLogged(nil, &e)
		again, err := ledger.ParseLogged(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if other := ledger.AppendLogged(nil, &again); !bytes.Equal(other, text) {
			t.Fatalf("%s became %s", text, other)
		}
	})
}
