package successors_test

import (
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/exporttest"
	"github.com/orgledger/orgledger/formats/successors"
	"github.com/orgledger/orgledger/projections/histories"
)

const merged = `{"type":"organisation.established","effective":"2001-04-01","data":{"organisation":"a","name":"A","identifiers":[{"scheme":"ods","value":"5A1"},{"scheme":"fts","value":"9"}]}}
{"type":"organisation.established","effective":"2001-04-01","data":{"organisation":"b","name":"B"}}
{"type":"organisation.established","effective":"2013-04-01","data":{"organisation":"c","name":"C","identifiers":[{"scheme":"ods","value":"00C"}]}}
{"type":"organisation.identified","effective":"2010-01-01","data":{"organisation":"a","identifiers":[{"scheme":"ods","value":"5A2"}],"withdrawn":[{"scheme":"ods","value":"5A1"}]}}
{"type":"organisation.merged","effective":"2013-04","data":{"organisations":["a","b"],"into":"c"}}
{"type":"organisation.identified","effective":"2020-01-01","data":{"organisation":"c","identifiers":[{"scheme":"ods","value":"99C"}],"withdrawn":[{"scheme":"ods","value":"00C"}]}}`

// The codes are those of the days around the succession; an organisation without one is counted.
func TestCodes(t *testing.T) {
	for name, c := range map[string]struct {
		options successors.Options
		want    string
		report  successors.Report
	}{
		"ids":     {successors.Options{On: domain.LastDate, Known: 6}, "old_code,new_code,date\na,c,2013-04-01\nb,c,2013-04-01\n", successors.Report{Rows: 2}},
		"ods":     {successors.Options{On: domain.LastDate, Known: 6, Scheme: "ods"}, "old_code,new_code,date\n5A2,00C,2013-04-01\n", successors.Report{Rows: 1, Skipped: 1}},
		"earlier": {successors.Options{On: domain.LastDate, Known: 4}, "old_code,new_code,date\n", successors.Report{}},
		"before":  {successors.Options{On: 734000, Known: 6}, "old_code,new_code,date\n", successors.Report{}},
	} {
		t.Run(name, func(t *testing.T) {
			var entries []*domain.Entry
			for line := range strings.Lines(merged) {
				e, err := domain.ParseEntry([]byte(strings.TrimSpace(line)))
				if err != nil {
					t.Fatal(err)
				}
				e.ID = e.DeriveID()
				entries = append(entries, e)
			}
			view, err := exporttest.Log(histories.Record(entries)).View(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			report, err := successors.Write(t.Context(), view, c.options, &out)
			if err != nil || out.String() != c.want || report != c.report {
				t.Errorf("%q, %+v, %v; not %q, %+v", out.String(), report, err, c.want, c.report)
			}
		})
	}
}
