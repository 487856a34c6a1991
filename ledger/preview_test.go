package ledger_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/histories"
)

func parsed(t *testing.T, line string) []*domain.Entry {
	t.Helper()
	e, err := domain.ParseEntry([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return []*domain.Entry{e}
}

func preview(t *testing.T, l *opened, line string) *ledger.Preview {
	t.Helper()
	p, err := l.Preview(t.Context(), parsed(t, line), ledger.RecordOptions{}, day("2026-01-01"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func day(text string) domain.Date {
	d, err := domain.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

// What a preview says will be answered, of holders and of findings, is answered once the entry is recorded, and what it
// says is answered is answered before; nothing is recorded by it. Corrections are among the entries.
func TestPreviewComesTrue(t *testing.T) {
	l := open(t, t.TempDir())
	changed, raised, settled := 0, 0, 0
	for e := range histories.Large(400, 1) {
		line := string(e.AppendJSON(nil))
		before := l.View()
		p := preview(t, l, line)
		if l.View().Seq() != before.Seq() || p.Known != before.Seq() {
			t.Fatalf("after a preview the ledger ends at %d, was %d, and the preview says %d", l.View().Seq(), before.Seq(), p.Known)
		}
		l.mustRecord(t, line)
		after := l.View()
		for _, d := range p.Days {
			on := day(d.Day)
			want := after.Diff(projections.Point{On: on, Known: before.Seq()}, projections.Point{On: on, Known: after.Seq()}).Changes
			if !reflect.DeepEqual(d.Changes, want) {
				t.Errorf("entry %d, %s: previewed %v, recorded %v", after.Seq(), d.Day, d.Changes, want)
			}
			changed += len(want)
		}
		known := findings(before)
		for _, f := range p.Raised {
			if key := findingText(f); known[key] || !findings(after)[key] {
				t.Errorf("entry %d: %s was previewed", after.Seq(), key)
			}
			raised++
		}
		settled += len(p.Settled)
		if got, want := len(known)+len(p.Raised)-len(p.Settled), len(findings(after)); got != want {
			t.Errorf("entry %d: %d findings previewed, %d there", after.Seq(), got, want)
		}
	}
	if changed == 0 || raised == 0 || settled == 0 {
		t.Errorf("%d changes, %d raised, %d settled: nothing was looked at", changed, raised, settled)
	}
}

func findings(v *ledger.View) map[string]bool {
	all := make(map[string]bool)
	for _, f := range v.Findings(projections.Point{On: domain.LastDate, Known: v.Seq()}).Findings {
		if f.Code != projections.CodeOverduePlan {
			all[findingText(f)] = true
		}
	}
	return all
}

func findingText(f projections.Finding) string {
	ref := ""
	if f.Ref != nil {
		ref = *f.Ref
	}
	return fmt.Sprint(f.Code, " ", f.Seq, " ", ref)
}

// A correction is previewed on the day that the entry had and on the one that it gets, with the answers about what it
// names, and a person is called by the name that was handed in.
func TestPreviewAnswers(t *testing.T) {
	const id = "00000000-0000-4000-8000-000000000001"
	l := open(t, t.TempDir())
	l.mustRecord(t, twoBodies+
		`{"type":"responsibility.defined","data":{"responsibility":"r","title":"R","kind":"function"}}
{"id":"`+id+`","type":"responsibility.assigned","effective":"2012-01-01","data":{"responsibility":"r","organisation":"a"}}`)
	correction := `{"type":"entry.corrected","data":{"corrects":"` + id + `","reason":"the order says so","replacement":{"effective":"2013-01-01","data":{"responsibility":"r","organisation":"b"}}}}`
	p := preview(t, l, correction)
	if got, want := daysOf(p), "2012-01-01 2013-01-01 2026-01-01"; got != want {
		t.Fatalf("days %s, want %s", got, want)
	}
	for i, want := range []string{"a→", "a→b", "a→b"} {
		c := p.Days[i].Changes
		if len(c) != 1 || c[0].Ref != "responsibility/r" || who(c[0].Before)+"→"+who(c[0].After) != want {
			t.Errorf("%s: %v, want %s", p.Days[i].Day, c, want)
		}
		if a := p.Days[i].Answers; len(a) != 1 || a[0].Name != "responsibility/r" {
			t.Errorf("%s: %+v", p.Days[i].Day, a)
		}
	}
	if h := p.Over; len(h) != 1 || h[0].Before[0].From != "2012-01-01" || h[0].After[0].From != "2013-01-01" || who(h[0].After[0].Holders) != "b" {
		t.Errorf("histories %+v", h)
	}
	p = preview(t, l, `{"type":"appointment.made","effective":"2020-01-01","data":{"office":"o","title":"Chair","organisation":"a","person":"Ada"}}`)
	office := p.Days[0].Answers[0]
	if office.Name != "office/o" || office.Before != nil || *office.After.Office.Person != "Ada" {
		t.Errorf("the office is %+v", office)
	}
	l.mustRecord(t, correction)
	p = preview(t, l, `{"type":"entry.retracted","data":{"retracts":"`+id+`","reason":"it was not so"}}`)
	if got, want := daysOf(p), "2013-01-01 2026-01-01"; got != want {
		t.Errorf("retracted, days %s, want %s", got, want)
	}
	if a := p.Days[0].Answers; len(a) != 1 || a[0].Name != "responsibility/r" {
		t.Errorf("retracted, other answers about %+v", a)
	}
	if got := l.View().Amendments(domain.ResponsibilityID("r").Ref(), 4); len(got) != 1 || got[0] != 5 {
		t.Errorf("entry 4 is amended by %v, want 5", got)
	}
}

func daysOf(p *ledger.Preview) string {
	days := make([]string, len(p.Days))
	for i, d := range p.Days {
		days[i] = d.Day
	}
	return strings.Join(days, " ")
}

func who(shares []projections.Share) (names string) {
	for _, s := range shares {
		names += s.Organisation
	}
	return names
}

// What would be refused is refused; what is recorded already changes nothing, and has its sequence.
func TestPreviewRefuses(t *testing.T) {
	l := open(t, t.TempDir())
	l.mustRecord(t, twoBodies)
	e := parsed(t, `{"type":"organisation.renamed","effective":"2020-01-01","data":{"organisation":"nobody","name":"N"}}`)
	_, err := l.Preview(t.Context(), e, ledger.RecordOptions{}, day("2026-01-01"))
	if r := refused(t, err); r.Code != domain.CodeUnknownReference {
		t.Errorf("refused as %s", r.Code)
	}
	_, err = l.Preview(t.Context(), make([]*domain.Entry, 11), ledger.RecordOptions{}, day("2026-01-01"))
	if r := refused(t, err); r.Code != domain.CodeTooMany {
		t.Errorf("refused as %s", r.Code)
	}
	p := preview(t, l, strings.Split(twoBodies, "\n")[0])
	if len(p.Days) != 0 || p.Receipts[0].Seq != 1 {
		t.Errorf("what is recorded already is previewed as %+v", p)
	}
}
