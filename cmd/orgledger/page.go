package main

import (
	"bufio"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// limitProse is the width at which prose is wrapped on a wider terminal, in columns.
const limitProse = 100

// style is how text looks on a terminal that takes colours, as an SGR parameter.
type style string

const (
	plain   style = ""
	bold    style = "1"
	dim     style = "2"
	alarm   style = "31" // lost, orphaned, retracted
	good    style = "32" // gained, held
	caution style = "33" // uncertain, corrected
)

// page is what a command prints for a person. Text is wrapped where the output is a terminal, and
// nowhere else. An error of the output is kept until flush.
type page struct {
	out    *bufio.Writer
	width  int // columns; 0: as many as it takes
	colour bool
}

func (a *app) page() *page { return &page{bufio.NewWriter(a.out), a.width, a.colour} }

func (p *page) flush() error { return p.out.Flush() }

// paint gives text a style.
func (p *page) paint(s style, text string) string {
	if !p.colour || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// line prints text as it is, without the space at its end.
func (p *page) line(text string) {
	p.out.WriteString(strings.TrimRight(text, " "))
	p.out.WriteByte('\n')
}

func (p *page) blank() { p.out.WriteByte('\n') }

// section begins a part of the page.
func (p *page) section(title string) {
	p.blank()
	p.say(bold, 0, title)
}

// say prints a paragraph.
func (p *page) say(s style, indent int, text string) { p.hang(s, strings.Repeat(" ", indent), text) }

// hang prints a paragraph after a lead on its first line, indented as far as the lead.
func (p *page) hang(s style, lead, prose string) {
	indent := strings.Repeat(" ", text.StringWidthWithoutEscSequences(lead))
	for i, line := range wrapped(prose, p.prose(len(indent))) {
		if i > 0 {
			lead = indent
		}
		p.line(lead + p.paint(s, line))
	}
}

// prose is the width of prose after an indentation; 0: as wide as it takes.
func (p *page) prose(indent int) int {
	if p.width == 0 {
		return 0
	}
	return max(min(p.width, limitProse)-indent, narrowest)
}

// narrowest is the width below which nothing is wrapped further.
const narrowest = 16

// wrapped breaks text at spaces into lines of a width, and within words that are longer. Line feeds
// stay. Width 0 breaks nothing else.
func wrapped(prose string, width int) []string {
	var lines []string
	for line := range strings.SplitSeq(prose, "\n") {
		if width == 0 || text.StringWidth(line) <= width {
			lines = append(lines, line)
			continue
		}
		lines = appendWrapped(lines, line, width)
	}
	return lines
}

func appendWrapped(lines []string, line string, width int) []string {
	var b strings.Builder
	used := 0
	next := func() {
		lines = append(lines, b.String())
		b.Reset()
		used = 0
	}
	for word := range strings.FieldsSeq(line) {
		long := text.StringWidth(word)
		if used > 0 && used+1+long > width {
			next()
		}
		if used > 0 {
			b.WriteByte(' ')
			used++
		}
		for _, r := range word {
			if w := text.RuneWidth(r); used+w > width {
				next()
			}
			b.WriteRune(r)
			used += text.RuneWidth(r)
		}
	}
	if used > 0 {
		next()
	}
	return lines
}

// cell is one field of a table; its lines are parted by line feeds.
type cell struct {
	style style
	text  string
}

// column is one of a table: its heading, and how far it may shrink (0: not at all).
type column struct {
	title string
	least int
}

// gap is the space between two columns.
const gap = 2

// table prints aligned columns without lines. Where they are wider than the terminal, the widest that
// may shrink are wrapped.
func (p *page) table(indent int, columns []column, rows [][]cell) {
	columns, rows = withoutEmpty(columns, rows)
	widths := p.widths(indent, columns, rows)
	t := table.NewWriter()
	t.SetStyle(table.Style{Box: table.BoxStyle{PaddingRight: strings.Repeat(" ", gap)}, Options: table.OptionsNoBordersAndSeparators,
		Format: table.FormatOptions{Header: text.FormatDefault}})
	header := make(table.Row, len(columns))
	titled := false
	for i, c := range columns {
		header[i] = p.block(cell{dim, c.title}, widths[i])
		titled = titled || c.title != ""
	}
	if titled {
		t.AppendHeader(header)
	}
	for _, row := range rows {
		fields := make(table.Row, len(row))
		for i, c := range row {
			fields[i] = p.block(c, widths[i])
		}
		t.AppendRow(fields)
	}
	margin := strings.Repeat(" ", indent)
	for line := range strings.SplitSeq(t.Render(), "\n") {
		p.line(margin + line)
	}
}

// withoutEmpty leaves out the columns that have no title and nothing in them.
func withoutEmpty(columns []column, rows [][]cell) ([]column, [][]cell) {
	var kept []int
	for i, c := range columns {
		if c.title != "" || slices.ContainsFunc(rows, func(row []cell) bool { return row[i].text != "" }) {
			kept = append(kept, i)
		}
	}
	if len(kept) == len(columns) {
		return columns, rows
	}
	fewer := make([]column, len(kept))
	slim := make([][]cell, len(rows))
	for k, i := range kept {
		fewer[k] = columns[i]
		for j, row := range rows {
			slim[j] = append(slim[j], row[i])
		}
	}
	return fewer, slim
}

// block wraps and paints a cell, each line by itself, so that no colour runs over into the next column.
func (p *page) block(c cell, width int) string {
	lines := wrapped(c.text, width)
	for i, line := range lines {
		lines[i] = p.paint(c.style, line)
	}
	return strings.Join(lines, "\n")
}

// widths finds the width of each column: what it needs, less where the terminal has not got that.
func (p *page) widths(indent int, columns []column, rows [][]cell) []int {
	widths := make([]int, len(columns))
	total := indent + gap*(len(columns)-1)
	for i, c := range columns {
		widths[i] = text.StringWidth(c.title)
		for _, row := range rows {
			widths[i] = max(widths[i], text.LongestLineLen(row[i].text))
		}
		total += widths[i]
	}
	for p.width > 0 && total > p.width {
		widest := -1
		for i, c := range columns {
			if c.least > 0 && widths[i] > c.least && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
		total--
	}
	return widths
}
