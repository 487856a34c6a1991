package web

import (
	"strconv"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
)

// axis is a stretch of days that a picture shows, from its first day to its last, which both are on it.
type axis struct{ first, last domain.Date }

// The columns of text that the marks of an axis are made for: on a wide screen, and on a phone.
const columnsWide, columnsNarrow = 96, 34

// axisOver shows days with some room before and behind, the first and the last day of the calendar left out. around is shown in any
// case.
func axisOver(days []domain.Date, around ...domain.Date) axis {
	a := axis{domain.LastDate, domain.FirstDate}
	for _, day := range append(around, days...) {
		if day != domain.FirstDate && day != domain.LastDate && day != 0 {
			a.first, a.last = min(a.first, day), max(a.last, day)
		}
	}
	if a.first > a.last {
		return axis{domain.FirstDate, domain.FirstDate + 1}
	}
	room := max((a.last-a.first)/30, 20)
	return axis{max(a.first-room, domain.FirstDate), min(a.last+room, domain.LastDate)}
}

// place is how far along the axis a day begins, from 0 to 1; days off the axis are at its ends.
func (a axis) place(day domain.Date) float64 {
	return min(max(float64(day-a.first)/float64(a.last-a.first+1), 0), 1)
}

// percent is place as SVG writes it.
func (a axis) percent(day domain.Date) string { return percent(a.place(day)) }

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 2, 64) + "%" }

// span is the place and the width of a stretch; an open end reaches to the end of the axis.
func (a axis) span(s telling.Stretch) (x, width string) {
	to := 1.0
	if s.To != 0 {
		to = a.place(s.To)
	}
	from := a.place(s.From)
	return percent(from), percent(max(to-from, 0))
}

// tickShown is a mark of an axis.
type tickShown struct{ X, Name string }

// ticks are the marks for some columns of text. One whose name would run over the end is left out.
func (a axis) ticks(columns int) []tickShown {
	var list []tickShown
	for _, tick := range telling.Ticks(a.first, a.last, columns) {
		if at := a.place(tick.At); at >= 0 && at+float64(len(tick.Name))/float64(columns) <= 1.01 && tick.At > a.first {
			list = append(list, tickShown{percent(at), tick.Name})
		}
	}
	return list
}
