package web

import (
	"html/template"
	"slices"
	"strconv"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// bands show over time who held something, or what something was: a row for each, on one axis. What they show, a table says too.
type bands struct {
	Wide, Narrow []tickShown
	Rows         []bandRow
	On           string // where the chosen day is
	OnWords      string
	Doubtful     bool // some stretch is uncertain
	Left         int  // rows that are left out
}

// bandRow is one row: its bars, and those of its stretches that are uncertain.
type bandRow struct {
	Group, Who template.HTML
	Role       string
	Colour     string
	Bars       []bar
	Now        bool // it has a bar on the chosen day
}

// bar is a stretch of days, as places on the axis.
type bar struct {
	X, Width   string
	Days       string // in words
	Doubts     []bar
	Prospected bool // it begins only after today
}

// maxBands is how many rows are drawn at most.
const maxBands = 60

// row is what a band is made of.
type row struct {
	group, who template.HTML
	role       string
	held       []telling.Stretch
}

// newBands draws rows. doubtful are the days on which what they show is uncertain.
func (q *request) newBands(rows []row, doubtful []telling.Stretch) *bands {
	var days []domain.Date
	for _, r := range rows {
		for _, s := range r.held {
			days = append(days, s.From, s.To)
		}
	}
	a := axisOver(days, q.on, q.today)
	b := &bands{Wide: a.ticks(columnsWide), Narrow: a.ticks(columnsNarrow), On: a.percent(q.on), OnWords: telling.DayWords(q.on),
		Left: max(len(rows)-maxBands, 0)}
	for i, r := range rows[:min(len(rows), maxBands)] {
		shown := bandRow{Group: r.group, Who: r.who, Role: r.role, Colour: "c" + strconv.Itoa(i%6+1)}
		for _, s := range r.held {
			shown.Bars = append(shown.Bars, q.bar(a, s, doubtful))
			shown.Now = shown.Now || s.From <= q.on && (s.To == 0 || q.on < s.To)
		}
		b.Rows = append(b.Rows, shown)
	}
	b.Doubtful = slices.ContainsFunc(b.Rows, func(r bandRow) bool {
		return slices.ContainsFunc(r.Bars, func(b bar) bool { return len(b.Doubts) > 0 })
	})
	return b
}

func (q *request) bar(a axis, s telling.Stretch, doubtful []telling.Stretch) bar {
	b := bar{Days: stretchWords(s), Prospected: s.From > q.today}
	b.X, b.Width = a.span(s)
	for _, d := range doubtful {
		if common, ok := overlap(s, d); ok {
			x, width := a.span(common)
			b.Doubts = append(b.Doubts, bar{X: x, Width: width, Days: stretchWords(common)})
		}
	}
	return b
}

// overlap is what two stretches have in common.
func overlap(a, b telling.Stretch) (telling.Stretch, bool) {
	common := telling.Stretch{From: max(a.From, b.From), To: a.To}
	if a.To == 0 || b.To != 0 && b.To < a.To {
		common.To = b.To
	}
	return common, common.To == 0 || common.From < common.To
}

// stretchWords are the days of a stretch, both included.
func stretchWords(s telling.Stretch) string {
	from := "from a day not known"
	if s.From != domain.FirstDate {
		from = "from " + telling.DayWords(s.From)
	}
	if s.To == 0 {
		return from + " on"
	}
	return from + " to " + telling.DayWords(s.To-1)
}

// stretchOf is a period as a stretch.
func stretchOf(p projections.Period) telling.Stretch {
	s := telling.Stretch{From: telling.ParseDay(p.From)}
	if p.To != nil {
		s.To = telling.ParseDay(*p.To)
	}
	return s
}

// lengthen adds a stretch to a row; one that follows without a gap lengthens the last.
func lengthen(held []telling.Stretch, s telling.Stretch) []telling.Stretch {
	if n := len(held); n > 0 && held[n-1].To == s.From {
		held[n-1].To = s.To
		return held
	}
	return append(held, s)
}
