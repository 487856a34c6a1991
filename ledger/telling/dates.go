package telling

import (
	"strconv"
	"strings"
	"time"

	"github.com/orgledger/orgledger/domain"
)

// DayWords writes a day as people do: 1 April 2013.
func DayWords(day domain.Date) string { return pointWords(day.String()) }

// DateWords writes an EDTF date as a noun: 1 April 2013, April 2013, summer 2025, about 2012, some
// day up to 31 December 2018. No date at all is a time not known.
func DateWords(date domain.EDTF) string {
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

// WhenWords writes an EDTF date as the time of an event: on 1 April 2013, in April 2013.
func WhenWords(date domain.EDTF) string {
	first, last, ranged := rangeOf(date.String())
	if date.IsZero() {
		return "at " + DateWords(date)
	}
	if ranged && first != last {
		return "on " + DateWords(date)
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

// TimeWords writes a recorded time.
func TimeWords(at time.Time) string { return at.UTC().Format("2 January 2006 at 15:04:05 UTC") }

// RecordedAt is when an entry was recorded, in UTC.
func RecordedAt(e *domain.Recorded) time.Time { return time.Unix(0, e.Time).UTC() }

// ParseEDTF reads a date that the ledger gave.
func ParseEDTF(text string) domain.EDTF {
	date, err := domain.ParseEDTF(text)
	if err != nil {
		return domain.EDTF{} // a date this program is too old for: a time not known
	}
	return date
}

// ParseDay reads a day that the ledger gave; the first day of the calendar where it is none.
func ParseDay(text string) domain.Date {
	day, err := domain.ParseDate(text)
	if err != nil {
		return domain.FirstDate
	}
	return day
}

// SinceText is how a table gives the beginning of something: its EDTF text, else the day.
func SinceText(day string, effective *string) string {
	if effective != nil {
		return *effective
	}
	return day
}

// SinceWords is the same in words.
func SinceWords(day string, effective *string) string {
	return DateWords(ParseEDTF(SinceText(day, effective)))
}

// DateOf reads a date that the ledger gave or left out.
func DateOf(text *string) domain.EDTF {
	if text == nil {
		return domain.EDTF{}
	}
	return ParseEDTF(*text)
}
