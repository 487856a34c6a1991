package main

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
)

// timelineRow is what one line of a timeline shows.
type timelineRow struct {
	name, role string
	held       []telling.Stretch
}

// timeline draws who held something over the years. Its rows share one axis, from the first day shown
// to the last, which both are.
type timeline struct {
	rows        []timelineRow
	doubtful    []telling.Stretch // where what is drawn is uncertain
	first, last domain.Date
}

// The characters of a bar.
const (
	sureBar     = '█'
	doubtfulBar = '▒'
	openEnd     = '►'
)

// defaultWidth is the width of a timeline where the output has none, in columns.
const defaultWidth = 100

// draw gives the lines of the timeline, names to the left and the axis on top. It takes at most width
// columns, but where the names and some columns of bars need more.
func (t *timeline) draw(width int) []string {
	names, roles := 0, 0
	for _, row := range t.rows {
		names, roles = max(names, text.StringWidth(row.name)), max(roles, text.StringWidth(row.role))
	}
	names = min(names, max(width/2-roles-2*gap, 8))
	label := names + gap + roles
	columns := max(width-label-gap, 10)
	margin := strings.Repeat(" ", label+gap)
	scale, ticks := t.axis(columns)
	lines := []string{margin + scale, margin + ticks}
	for _, row := range t.rows {
		name := text.Pad(text.Snip(row.name, names, "…"), names+gap, ' ') + text.Pad(row.role, roles+gap, ' ')
		lines = append(lines, name+t.bar(row, columns))
	}
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return lines
}

// days is how many days the axis shows.
func (t *timeline) days() int { return int(t.last-t.first) + 1 }

// column is where a day falls; a day beyond the axis falls beyond the columns.
func (t *timeline) column(day domain.Date, columns int) int {
	return int(int64(day-t.first) * int64(columns) / int64(t.days()))
}

// bar draws one row. A stretch takes at least one column, so that a single day is seen.
func (t *timeline) bar(row timelineRow, columns int) string {
	cells := []rune(strings.Repeat(" ", columns))
	for _, s := range row.held {
		from, to, open := t.clip(s, columns)
		for i := from; i < to; i++ {
			cells[i] = sureBar
		}
		for _, d := range t.doubtful {
			t.doubt(cells, s, d, columns)
		}
		if open {
			cells[columns-1] = openEnd
		}
	}
	return string(cells)
}

// clip finds the columns of a stretch.
func (t *timeline) clip(s telling.Stretch, columns int) (from, to int, open bool) {
	from = min(max(t.column(s.From, columns), 0), columns-1)
	if s.To == 0 || s.To > t.last+1 {
		return from, columns, s.To == 0
	}
	return from, min(max(t.column(s.To, columns), from+1), columns), false
}

// doubt marks what two stretches have in common.
func (t *timeline) doubt(cells []rune, held, doubtful telling.Stretch, columns int) {
	common := telling.Stretch{From: max(held.From, doubtful.From), To: held.To}
	if held.To == 0 || doubtful.To != 0 && doubtful.To < held.To {
		common.To = doubtful.To
	}
	if common.To != 0 && common.From >= common.To {
		return
	}
	from, to, _ := t.clip(common, columns)
	for i := from; i < to; i++ {
		cells[i] = doubtfulBar
	}
}

// axis draws the scale: names above the marks that they belong to.
func (t *timeline) axis(columns int) (names, marks string) {
	name, mark := []rune(strings.Repeat(" ", columns)), []rune(strings.Repeat("─", columns))
	free := 0
	for _, tick := range telling.Ticks(t.first, t.last, columns) {
		at := t.column(tick.At, columns)
		if at < 0 || at >= columns {
			continue
		}
		mark[at] = '┬'
		if at >= free && at+len(tick.Name) <= columns {
			copy(name[at:], []rune(tick.Name))
			free = at + len(tick.Name) + 1
		}
	}
	return string(name), string(mark)
}
