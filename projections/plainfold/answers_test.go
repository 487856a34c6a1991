package plainfold_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections/plainfold"
)

// told are entries in short: the day or - for none, the type, the data.
var told = []string{
	`2020-01-01 organisation.established {"organisation":"a","name":"A"}`,
	`2020-01-01 organisation.established {"organisation":"b","name":"B"}`,
	`- responsibility.defined {"responsibility":"r","title":"R","kind":"function"}`,
	`2020-02-01 responsibility.assigned {"responsibility":"r","organisation":"a"}`,
	`2020-03-01 responsibility.assigned {"responsibility":"r","organisation":"b"}`,
	`2020-04-01 responsibility.withdrawn {"responsibility":"r","organisation":"a"}`,
	`2020-05-01 organisation.dissolved {"organisation":"b"}`,
	`2020-01-01 plan.announced {"plan":"p","title":"P","expected":"2020-02","items":[{"item":"i","type":"organisation.restored","data":{"organisation":"b"}}]}`,
	`2020-03-01 plan.amended {"plan":"p","expected":"2020-03"}`,
	`2020-06-01 contract.awarded {"contract":"c","title":"C","owner":"a"}`,
	`2020-01-01 contract.varied {"contract":"c","last_day":"2020-05-31"}`,
	`2020-02-01 plan.announced {"plan":"undated","title":"U","items":[{"item":"i","type":"organisation.restored","data":{"organisation":"b"}}]}`,
	`2020-03-01 organisation.established {"organisation":"d","name":"D","parent":{"organisation":"a","relation":"part_of"}}`,
	`2020-02-01 organisation.moved {"organisation":"d","parent":{"organisation":"a","relation":"part_of"}}`,
}

func toldLedger(t *testing.T) *plainfold.Ledger {
	t.Helper()
	var recorded []domain.Recorded
	for i, line := range told {
		parts := strings.SplitN(line, " ", 3)
		effective := `"effective":"` + parts[0] + `",`
		if parts[0] == "-" {
			effective = ""
		}
		e, err := domain.ParseEntry([]byte(`{` + effective + `"type":"` + parts[1] + `","data":` + parts[2] + `}`))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		recorded = append(recorded, domain.Recorded{Entry: *e, Seq: uint64(i) + 1, Time: int64(i+1) * 1e9})
	}
	ledger, err := plainfold.New(recorded)
	if err != nil {
		t.Fatal(err)
	}
	return ledger
}

// What §3 and §4 say where no conformance case asks. The sequence of a period is that of the fact
// that began it; that of an overdue plan is of the fact that gave the date.
func TestAnswers(t *testing.T) {
	ledger := toldLedger(t)
	for _, test := range []struct{ question, part string }{
		{`{"q":"findings","on":"2020-03-15"}`, `{"code":"multiple-leads","seq":5,"ref":"responsibility/r","from":"2020-03-01","to":null}`},
		{`{"q":"findings","on":"2020-05-15"}`, `{"code":"multiple-leads","seq":5,"ref":"responsibility/r","from":"2020-03-01","to":"2020-04-01"}`},
		{`{"q":"findings","on":"2020-05-15"}`, `{"code":"unheld","seq":7,"ref":"responsibility/r","from":"2020-05-01","to":null}`},
		{`{"q":"findings","on":"2020-04-01"}`, `{"code":"overdue-plan","seq":9,"ref":"plan/p"}`},
		{`{"q":"findings","on":"2020-04-01","known":8}`, `{"code":"overdue-plan","seq":8,"ref":"plan/p"}`},
		// An expiry on the day of the award comes before it (phase 1), and changes nothing.
		{`{"q":"holders","ref":"contract/c","on":"2020-06-01"}`, `"status":"held"`},
		// Establishing under the parent that a move gave before is a grant of what is held.
		{`{"q":"findings","on":"2020-03-01"}`, `{"code":"already-holder","seq":13,"ref":"organisation/d"}`},
		{`{"q":"holders","ref":"organisation/d","on":"2020-03-01"}`, `"path":[14]`},
		{`{"q":"digest","on":"2020-03-01","known":"1970-01-01T00:00:00Z"}`, `"known":0`},
		{`{"q":"digest","on":"2020-03-01","known":"1970-01-01T01:00:03.5+01:00"}`, `"known":3`},
		{`{"q":"digest","on":"2020-03-01","known":"2999-01-01T00:00:00Z"}`, `"known":14`},
		{`{"q":"digest","known":14}`, `"on":"2020-03-02"`},
		{`{"q":"impact","plan":"undated"}`, `"code":"no-date"`},
		{`{"q":"impact","plan":"undated","date":"2020-05-01"}`, `"on":"2020-05-01"`},
		{`{"q":"nonsense","on":"2020-02-30"}`, `"code":"unknown-question"`},
		{`{"q":"digest","on":"2020-02-30","extra":1}`, `"code":"bad-question"`},
		{`{"q":"digest","on":"2020-02-30","known":15}`, `"code":"bad-date"`},
		{`{"q":"holders","ref":"contract/none","known":15}`, `"code":"beyond-log"`},
		{`{"q":"holders","ref":"contract/none","on":"2020-05-01","assume":["undated"]}`, `"code":"unknown-reference"`},
		{`{"q":"holders","ref":"contract/c","on":"2020-05-01","assume":["undated"]}`, `"code":"no-date"`},
		{`{"q":"holders","ref":"contract/c","on":null}`, `"code":"bad-question"`},
		{`{"q":"holders","ref":"plan/p"}`, `"code":"bad-question"`},
		{`{"q":"diff","from":{"on":"2020-01-01"}}`, `"code":"bad-question"`},
		{`not JSON`, `"code":"bad-question"`},
	} {
		ledger.Today = mustDate(t, "2020-03-02")
		got := ledger.Answer([]byte(test.question))
		if !json.Valid(got) || !strings.Contains(string(got), test.part) {
			t.Errorf("%s\n got %s\nwant %s in it", test.question, got, test.part)
		}
	}
}

func mustDate(t *testing.T, text string) domain.Date {
	t.Helper()
	day, err := domain.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return day
}
