package domain

import (
	"fmt"
	"time"
)

// Date is a civil day without a zone, in the proleptic Gregorian calendar: 1 is 0001-01-01, and
// each following day is one more. The zero Date is no day and sorts before every day.
type Date int32

// The first and last day that can be written. A period open at its end has no last day; LastDate is
// only the end of the calendar.
const (
	FirstDate Date = 1
	LastDate  Date = 3652059
)

// Unix days begin on 1970-01-01, which is the day 719163.
const (
	unixEpoch     Date = 719163
	secondsPerDay      = 24 * 60 * 60
)

const dayRule = "a full date is written YYYY-MM-DD, with a year from 0001 to 9999"

// ParseDate reads a full date, YYYY-MM-DD with a year from 0001 to 9999.
func ParseDate(text string) (Date, error) {
	d, rule := parseDay(text)
	if rule != "" {
		return 0, fmt.Errorf("%s is not a date: %s", quote(text), rule)
	}
	return d, nil
}

// parseDay reads a full date, or says in words what would be one.
func parseDay(text string) (d Date, rule string) {
	if len(text) != len(time.DateOnly) || text[4] != '-' || text[7] != '-' {
		return 0, dayRule
	}
	y, m, day := digits(text[:4]), digits(text[5:7]), digits(text[8:])
	if y < 1 || m < 1 || m > 12 || day < 0 {
		return 0, dayRule
	}
	first, next := civilDay(y, time.Month(m), 1), civilDay(y, time.Month(m)+1, 1)
	if length := int(next - first); day < 1 || day > length {
		return 0, fmt.Sprintf("%s %d has the days 1 to %d", time.Month(m), y, length)
	}
	return first + Date(day-1), ""
}

// digits is the number that text consists of, and -1 where it holds anything else.
func digits(text string) int {
	n := 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return -1
		}
		n = 10*n + int(text[i]-'0')
	}
	return n
}

func dayOf(t time.Time) Date { return civilDay(t.Year(), t.Month(), t.Day()) }

// civilDay takes a month beyond December as one of the years after.
func civilDay(year int, month time.Month, day int) Date {
	return unixEpoch + Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()/secondsPerDay)
}

// String writes the day as YYYY-MM-DD, and the zero Date as the empty string.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return d.Time().Format(time.DateOnly)
}

// Time is when the day begins in UTC.
func (d Date) Time() time.Time { return time.Unix(int64(d-unixEpoch)*secondsPerDay, 0).UTC() }

// DateOf is the UTC day of a recorded time, which is in nanoseconds since 1970.
func DateOf(recorded int64) Date { return dayOf(time.Unix(0, recorded).UTC()) }
