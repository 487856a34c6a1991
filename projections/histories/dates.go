package histories

import (
	"fmt"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// candidates are days that begin a month, a season or a year, or stand beside one that does, so that
// dates of different precision fall on one nominal day.
var candidates = days("2020-03-01", "2020-01-01", "2020-03-31", "2020-04-01", "2019-12-01", "2020-03-02", "2021-01-01",
	"2020-06-01", "2019-12-31", "2020-12-31", "2021-02-01", "0001-01-01")

func days(texts ...string) []domain.Date {
	list := make([]domain.Date, len(texts))
	for i, text := range texts {
		list[i] = mustDate(text)
	}
	return list
}

func mustDate(text string) domain.Date {
	day, err := domain.ParseDate(text)
	if err != nil {
		panic(fmt.Sprintf("histories: %v", err))
	}
	return day
}

// edtf reads a date of our own making.
func edtf(format string, values ...any) domain.EDTF {
	e, err := domain.ParseEDTF(fmt.Sprintf(format, values...))
	if err != nil {
		panic(fmt.Sprintf("histories: %v", err))
	}
	return e
}

// pool draws the few days of a history.
func (g *generator) pool() []domain.Date {
	drawn := some(g.t, "days", candidates, 2)
	drawn = drawn[:min(len(drawn), 6)]
	slices.Sort(drawn)
	return drawn
}

func (g *generator) day(label string) domain.Date { return pick(g.t, label, g.days) }

// date draws a date about a day of the pool: the day itself more often than anything else.
func (g *generator) date() domain.EDTF {
	day := g.day("day")
	return pick(g.t, "date", forms)(g, day)
}

var forms = []func(g *generator, day domain.Date) domain.EDTF{
	exact, exact, exact, exact, exact, exact, exact, exact,
	qualified, month, notAfter, between, season, year, monthsBetween,
}

func exact(_ *generator, day domain.Date) domain.EDTF { return domain.DayEDTF(day) }

func qualified(g *generator, day domain.Date) domain.EDTF {
	return edtf("%s%s", day, pick(g.t, "qualifier", []string{"?", "~", "%"}))
}

func month(_ *generator, day domain.Date) domain.EDTF { return edtf("%s", monthOf(day)) }

func monthOf(day domain.Date) string { return day.String()[:len("2006-01")] }

func year(_ *generator, day domain.Date) domain.EDTF { return edtf("%s", day.String()[:len("2006")]) }

func season(g *generator, day domain.Date) domain.EDTF {
	return edtf("%s-2%d", day.String()[:len("2006")], index(g.t, "season", 4)+1)
}

func notAfter(_ *generator, day domain.Date) domain.EDTF { return edtf("[..%s]", day) }

func between(g *generator, day domain.Date) domain.EDTF {
	other := g.day("other day")
	return edtf("[%s..%s]", min(day, other), max(day, other))
}

func monthsBetween(g *generator, day domain.Date) domain.EDTF {
	other := g.day("other day")
	return edtf("[%s..%s]", monthOf(min(day, other)), monthOf(max(day, other)))
}

// lastDay draws a last day in force that is not before the effective day; where there is no such
// day, as in the item of a plan, any. Zero is none.
func (g *generator) lastDay(effective domain.EDTF) domain.Date {
	var possible []domain.Date
	for _, day := range g.days {
		for _, d := range []domain.Date{day - 1, day} { // so that the expiry falls on the day, or on the next
			if d >= domain.FirstDate && (effective.IsZero() || d >= effective.Nominal()) {
				possible = append(possible, d)
			}
		}
	}
	if len(possible) == 0 {
		return effective.Nominal()
	}
	return pick(g.t, "last day", append(possible, 0))
}
