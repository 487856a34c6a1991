package main

import (
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

func drawn(t *timeline, width int) string { return "\n" + strings.Join(t.draw(width), "\n") + "\n" }

func period(from, to string, organisations ...string) projections.Period {
	p := projections.Period{From: from}
	if to != "" {
		p.To = &to
	}
	for _, org := range organisations {
		p.Holders = append(p.Holders, projections.Share{Organisation: org, Role: "lead"})
	}
	return p
}

func TestTimeline(t *testing.T) {
	year := func(text string) domain.Date { return telling.ParseDay(text + "-01-01") }
	for name, c := range map[string]struct {
		timeline *timeline
		width    int
		want     string
	}{
		"an open end, and doubt": {newTimeline([]projections.Period{period("2000-01-01", "2005-01-01", "a"), period("2005-01-01", "", "a", "beta")},
			[]telling.Stretch{{From: year("2000"), To: year("2002")}}, year("2010")), 40, `
            2000 2002  2004 2006  2008
            ┬────┬─────┬────┬─────┬────┬
a     lead  ▒▒▒▒▒██████████████████████►
beta  lead                █████████████►
`},
		"a single day": {newTimeline([]projections.Period{period("2000-01-01", "2000-01-02", "a"), period("2000-01-02", "")}, nil, telling.ParseDay("2000-01-01")), 40, `
         1 Jan 2000     2 Jan 2000
         ┬──────────────┬───────────────
a  lead  ███████████████
`},
		"a gap, and a return": {newTimeline([]projections.Period{period("2000-01-01", "2003-01-01", "a"), period("2003-01-01", "2006-01-01"), period("2006-01-01", "2008-01-01", "a"), period("2008-01-01", "")},
			nil, year("2010")), 40, `
         2000  2002  2004  2006  2008
         ┬─────┬─────┬─────┬─────┬─────┬
a  lead  █████████         ██████
`},
		"narrow": {newTimeline([]projections.Period{period("2000-01-01", "", "an-organisation-of-a-long-name")}, nil, year("2010")), 24, `
                2000
                ┬────────┬
an-orga…  lead  █████████►
`},
	} {
		if got := drawn(c.timeline, c.width); got != c.want {
			t.Errorf("%s: drawn as%swant%s", name, got, c.want)
		}
	}
}

// Whatever the periods, the width and the doubt: no line is wider than asked, every holder has a bar on
// its row, and drawing ends.
func TestTimelineFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var periods []projections.Period
		day := domain.Date(rapid.IntRange(1, int(domain.LastDate)-400_000).Draw(t, "first"))
		for range rapid.IntRange(1, 5).Draw(t, "periods") {
			p := projections.Period{From: day.String()}
			for _, org := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "bb", "a-rather-long-name"}), 0, 3, rapid.ID).Draw(t, "holders") {
				p.Holders = append(p.Holders, projections.Share{Organisation: org, Role: "lead"})
			}
			day += domain.Date(rapid.OneOf(rapid.IntRange(1, 40), rapid.IntRange(1, 80_000)).Draw(t, "days"))
			to := day.String()
			p.To = &to
			periods = append(periods, p)
		}
		if rapid.Bool().Draw(t, "open") {
			periods[len(periods)-1].To = nil
		}
		from := telling.ParseDay(periods[0].From)
		doubtful := []telling.Stretch{{From: from, To: from + domain.Date(rapid.IntRange(1, 1000).Draw(t, "doubt"))}}
		line := newTimeline(periods, doubtful, domain.Date(rapid.IntRange(1, int(domain.LastDate)).Draw(t, "until")))
		width := rapid.IntRange(30, 200).Draw(t, "width")
		for i, text := range line.draw(width) {
			if got := displayed(text); got > width {
				t.Fatalf("%d columns of %d: %s", got, width, text)
			}
			if i >= 2 && !strings.ContainsAny(text, string([]rune{sureBar, doubtfulBar, openEnd})) {
				t.Fatalf("no bar: %q", text)
			}
		}
	})
}

func displayed(line string) int { return text.StringWidth(line) }

// Two histories differ on exactly the days that historyChanges names, and as it says.
func TestHistoryChanges(t *testing.T) {
	history := rapid.Custom(func(t *rapid.T) []projections.Period {
		var periods []projections.Period
		day := domain.Date(730000)
		for range rapid.IntRange(0, 4).Draw(t, "periods") {
			day += domain.Date(rapid.IntRange(1, 4).Draw(t, "days"))
			if n := len(periods); n > 0 {
				to := day.String()
				periods[n-1].To = &to
			}
			periods = append(periods, period(day.String(), "", rapid.SampledFrom([][]string{nil, {"a"}, {"b"}, {"a", "b"}}).Draw(t, "holders")...))
		}
		return periods
	})
	rapid.Check(t, func(t *rapid.T) {
		before, after := history.Draw(t, "before"), history.Draw(t, "after")
		changes := historyChanges(before, after)
		for day := domain.Date(729999); day < 730020; day++ {
			lost, gained := telling.Without(holdersOn(before, day), holdersOn(after, day)), telling.Without(holdersOn(after, day), holdersOn(before, day))
			told := false
			for _, d := range changes {
				if d.days.From <= day && (d.days.To == 0 || day < d.days.To) {
					told = true
					if !sameShares(telling.Without(d.before, d.after), lost) || !sameShares(telling.Without(d.after, d.before), gained) {
						t.Fatalf("on %s %v is lost and %v gained; told is %v", day, lost, gained, d)
					}
				}
			}
			if told != (len(lost)+len(gained) > 0) {
				t.Fatalf("on %s %v is lost and %v gained, and told is %v", day, lost, gained, told)
			}
		}
	})
}

func sameShares(a, b []projections.Share) bool {
	return len(a) == len(b) && len(telling.Without(a, b)) == 0
}
