package domain

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/sfomuseum/go-edtf/parser"
)

// EDTF is a date as evidence gives it, in the Extended Date/Time Format (ISO 8601-2): a day, a
// month, a year or a season, each with an optional qualifier, or one day of a range that may be open
// at its beginning. It stands for the days Earliest to Latest, both included. The zero EDTF is no
// date at all.
type EDTF struct {
	text             string
	earliest, latest Date
}

// The forms that the ledger takes, of ISO 8601-2; a set, an interval or an unspecified digit is not
// the day of a change. edtfPattern is the grammar alone: it does not know how long a month is.
const (
	pointPattern = `\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?|-2[1-4])?`
	edtfPattern  = `^(` + pointPattern + `[?~%]?|\[(` + pointPattern + `)?\.\.` + pointPattern + `\])$`

	edtfRule = "a date is written as a day 2019-04-01, a month 2012-06, a year 2012 or a season 2025-22 (each may end in ?, ~ or %), " +
		"or as a range [2019-04-01..2019-06-30] or [..2021-08-11]"
)

// spanForm is a year, a month or a season.
var spanForm = regexp.MustCompile(`^\d{4}(-(0[1-9]|1[0-2]|2[1-4]))?$`)

// ParseEDTF reads an effective date. A range whose end comes before its beginning, and a day that
// the calendar does not have, are errors.
func ParseEDTF(text string) (EDTF, error) {
	e, rule := parseEDTF(text)
	if rule != "" {
		return EDTF{}, fmt.Errorf("%s is not a date: %s", quote(text), rule)
	}
	return e, nil
}

// parseEDTF reads a date, or says in words what would be one.
func parseEDTF(text string) (e EDTF, rule string) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		return parseRange(text, inner)
	}
	point := text
	if n := len(text); n > 0 && strings.IndexByte("?~%", text[n-1]) >= 0 {
		point = text[:n-1]
	}
	earliest, latest, rule := parsePoint(point)
	if rule != "" {
		return EDTF{}, rule
	}
	return EDTF{text, earliest, latest}, ""
}

func parseRange(text, inner string) (e EDTF, rule string) {
	inner, closed := strings.CutSuffix(inner, "]")
	first, last, ranged := strings.Cut(inner, "..")
	if !closed || !ranged {
		return EDTF{}, edtfRule
	}
	_, latest, rule := parsePoint(last)
	if rule != "" {
		return EDTF{}, rule
	}
	if first == "" {
		return EDTF{text, 0, latest}, ""
	}
	earliest, _, rule := parsePoint(first)
	if rule != "" {
		return EDTF{}, rule
	}
	if earliest > latest {
		return EDTF{}, "a range does not end before it begins"
	}
	return EDTF{text, earliest, latest}, ""
}

// parsePoint reads a year, month, season or day without a qualifier, as its first and last day. The
// EDTF library is never shown a qualifier or a range: it reads 2019-04-01? as the whole of April, does
// not know 2025-21?, and swaps the ends of a range that ends before it begins.
func parsePoint(text string) (earliest, latest Date, rule string) {
	if len(text) == len(time.DateOnly) {
		d, rule := parseDay(text)
		if rule == dayRule {
			rule = edtfRule
		}
		return d, d, rule
	}
	if !spanForm.MatchString(text) {
		return 0, 0, edtfRule
	}
	span, err := parser.ParseString(text)
	if err != nil {
		return 0, 0, calendarRule
	}
	lower, err := span.Lower()
	upper, err2 := span.Upper()
	if err != nil || err2 != nil {
		return 0, 0, calendarRule
	}
	earliest, latest = dayOf(*lower), dayOf(*upper)
	if earliest < FirstDate || latest > LastDate {
		return 0, 0, calendarRule
	}
	return earliest, latest, ""
}

const calendarRule = "the calendar of this ledger runs from 0001-01-01 to 9999-12-31"

// DayEDTF is the date that is exactly the day d.
func DayEDTF(d Date) EDTF { return EDTF{d.String(), d, d} }

// IsZero reports whether no date was given.
func (e EDTF) IsZero() bool { return e.text == "" }

// String is the date as it was written, and empty where none was.
func (e EDTF) String() string { return e.text }

// Earliest is the first day the date may stand for; the zero Date where the beginning is open.
func (e EDTF) Earliest() Date { return e.earliest }

// Latest is the last day the date may stand for.
func (e EDTF) Latest() Date { return e.latest }

// Nominal is the day the ledger counts with: the earliest, or the latest where the beginning is
// open. No date at all counts from FirstDate: what it dates already existed.
func (e EDTF) Nominal() Date {
	switch {
	case e.text == "":
		return FirstDate
	case e.earliest == 0:
		return e.latest
	default:
		return e.earliest
	}
}
