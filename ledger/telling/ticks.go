package telling

import (
	"fmt"
	"slices"
	"time"

	"github.com/orgledger/orgledger/domain"
)

// Tick is a mark of an axis of days.
type Tick struct {
	At   domain.Date
	Name string
}

// Ticks marks an axis from a first day to a last, which both are on it, by a step of whole days, months or years by which the names
// fit into so many columns of text.
func Ticks(first, last domain.Date, columns int) []Tick {
	start, days := calendar(first), int(last-first)+1
	for _, unit := range []struct {
		days   float64
		layout string
		steps  []int
		next   func(time.Time, int) time.Time
	}{
		{1, "2 Jan 2006", []int{1, 2, 7, 14}, func(at time.Time, n int) time.Time { return at.AddDate(0, 0, n) }},
		{30.4, "Jan 2006", []int{1, 3, 6}, nextMonth},
		{365.25, "2006", []int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000}, nextYear},
	} {
		for _, step := range unit.steps {
			room := unit.days * float64(step) * float64(columns) / float64(days)
			if room < float64(len(unit.layout)+1) && step != 5000 {
				continue
			}
			var list []Tick
			for at := unit.next(start, step); !at.After(calendar(last)); at = unit.next(at, step) {
				list = append(list, Tick{dateOf(at), at.Format(unit.layout)})
			}
			if list == nil || unit.days == 1 || list[0].At > first {
				list = slices.Insert(list, 0, Tick{first, start.Format(unit.layout)})
			}
			return list
		}
	}
	return nil
}

// nextMonth is the first of the next month whose number the step divides.
func nextMonth(at time.Time, step int) time.Time {
	month := (int(at.Month())-1)/step*step + step
	return time.Date(at.Year(), time.Month(month+1), 1, 0, 0, 0, 0, time.UTC)
}

// nextYear is the first of the next year that the step divides.
func nextYear(at time.Time, step int) time.Time {
	return time.Date(at.Year()/step*step+step, time.January, 1, 0, 0, 0, 0, time.UTC)
}

func calendar(day domain.Date) time.Time {
	at, err := time.Parse(time.DateOnly, day.String())
	if err != nil {
		panic(fmt.Sprintf("a day that the calendar does not have: %d", day)) // days come from the ledger, which has checked them
	}
	return at
}

func dateOf(at time.Time) domain.Date {
	if at.Year() > 9999 {
		return domain.LastDate
	}
	return ParseDay(at.Format(time.DateOnly))
}
