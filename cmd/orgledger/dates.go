package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/orgledger/orgledger/domain"
)

// dayWords writes a day as people do: 1 April 2013.
func dayWords(day domain.Date) string { return pointWords(day.String()) }

// dateWords writes an EDTF date as a noun: 1 April 2013, April 2013, summer 2025, about 2012, some
// day up to 31 December 2018. No date at all is a time not known.
func dateWords(date domain.EDTF) string {
	text := date.String()
	first, last, ranged := rangeOf(text)
	switch {
	case text == "":
		return "a time not known"
	case ranged && first == "":
		return "some day up to " + pointWords(last)
	case ranged && first != last:
		return "some day between " + pointWords(first) + " and " + pointWords(last)
	}
	point, doubt := unqualified(first)
	return doubt + pointWords(point)
}

// whenWords writes an EDTF date as the time of an event: on 1 April 2013, in April 2013.
func whenWords(date domain.EDTF) string {
	first, last, ranged := rangeOf(date.String())
	if date.IsZero() {
		return "at " + dateWords(date)
	}
	if ranged && first != last {
		return "on " + dateWords(date)
	}
	point, doubt := unqualified(first)
	switch {
	case strings.HasSuffix(doubt, "about "):
		return doubt + pointWords(point)
	case isDay(point):
		return doubt + "on " + pointWords(point)
	default:
		return doubt + "in " + pointWords(point)
	}
}

// rangeOf gives the ends of a range, and a point twice.
func rangeOf(text string) (first, last string, ranged bool) {
	inner, ranged := strings.CutPrefix(text, "[")
	if !ranged {
		return text, text, false
	}
	first, last, _ = strings.Cut(strings.TrimSuffix(inner, "]"), "..")
	return first, last, true
}

// unqualified takes the qualifier off a point and says it in words.
func unqualified(text string) (point, doubt string) {
	for mark, words := range map[string]string{"?": "perhaps ", "~": "about ", "%": "perhaps about "} {
		if point, ok := strings.CutSuffix(text, mark); ok {
			return point, words
		}
	}
	return text, ""
}

func isDay(point string) bool { return len(point) == len(time.DateOnly) }

var seasons = map[string]string{"21": "spring ", "22": "summer ", "23": "autumn ", "24": "winter "}

// pointWords writes a day, month, season or year.
func pointWords(point string) string {
	if day, err := time.Parse(time.DateOnly, point); err == nil {
		return day.Format("2 January ") + yearWords(point[:4])
	}
	if month, err := time.Parse("2006-01", point); err == nil {
		return month.Format("January ") + yearWords(point[:4])
	}
	year, part, _ := strings.Cut(point, "-")
	season := seasons[part]
	if part == "24" { // it runs on into the next year
		if n, err := strconv.Atoi(year); err == nil {
			next := strconv.Itoa(n + 1)
			return season + yearWords(year) + "/" + next[max(0, len(next)-2):]
		}
	}
	return season + yearWords(year)
}

// yearWords leaves out the leading noughts that the format needs.
func yearWords(year string) string {
	if short := strings.TrimLeft(year, "0"); short != "" {
		return short
	}
	return year
}

// timeWords writes a recorded time.
func timeWords(at time.Time) string { return at.UTC().Format("2 January 2006 at 15:04:05 UTC") }

func recordedAt(e *domain.Recorded) time.Time { return time.Unix(0, e.Time).UTC() }

// parseEDTF reads a date that the ledger gave.
func parseEDTF(text string) domain.EDTF {
	date, err := domain.ParseEDTF(text)
	if err != nil {
		return domain.EDTF{} // a date this program is too old for: a time not known
	}
	return date
}

func parseDay(text string) domain.Date {
	day, err := domain.ParseDate(text)
	if err != nil {
		return domain.FirstDate
	}
	return day
}

// sinceText is how a table gives the beginning of something: its EDTF text, else the day.
func sinceText(day string, effective *string) string {
	if effective != nil {
		return *effective
	}
	return day
}

// sinceWords is the same in words.
func sinceWords(day string, effective *string) string {
	return dateWords(parseEDTF(sinceText(day, effective)))
}
