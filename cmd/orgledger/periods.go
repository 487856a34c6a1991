package main

import (
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// difference is a stretch of days on which two histories have other holders.
type difference struct {
	days          telling.Stretch
	before, after []projections.Share
}

// historyChanges lists, in the order of their days, the stretches on which two histories of one holding
// differ, each as long as the same is lost and gained; before and after are those of its first day.
func historyChanges(before, after []projections.Period) []difference {
	var list []difference
	bounds := boundsOf(before, after)
	for i, day := range bounds {
		d := difference{telling.Stretch{From: day}, holdersOn(before, day), holdersOn(after, day)}
		if i+1 < len(bounds) {
			d.days.To = bounds[i+1]
		}
		n := len(list)
		switch {
		case slices.Equal(d.before, d.after):
		case n > 0 && list[n-1].days.To == day && alike(list[n-1], d):
			list[n-1].days.To = d.days.To
		default:
			list = append(list, d)
		}
	}
	return list
}

// alike reports whether the same was lost and gained, whoever else had it besides.
func alike(a, b difference) bool {
	return slices.Equal(telling.Without(a.before, a.after), telling.Without(b.before, b.after)) && slices.Equal(telling.Without(a.after, a.before), telling.Without(b.after, b.before))
}

// boundsOf lists the days on which either history changes.
func boundsOf(histories ...[]projections.Period) []domain.Date {
	var days []domain.Date
	for _, periods := range histories {
		for _, p := range periods {
			days = append(days, telling.ParseDay(p.From))
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// holdersOn is who holds it on a day, by a history.
func holdersOn(periods []projections.Period, day domain.Date) []projections.Share {
	var holders []projections.Share
	for _, p := range periods {
		if telling.ParseDay(p.From) > day {
			break
		}
		holders = p.Holders
	}
	return holders
}
