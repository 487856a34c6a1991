package domain

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sfomuseum/go-edtf/parser"
	"pgregory.net/rapid"
)

func TestParseEDTF(t *testing.T) {
	for _, c := range []struct{ text, earliest, latest, nominal string }{
		{"2019-04-01", "2019-04-01", "2019-04-01", "2019-04-01"},
		{"2012-06", "2012-06-01", "2012-06-30", "2012-06-01"},
		{"2012-02", "2012-02-01", "2012-02-29", "2012-02-01"},
		{"1900-02", "1900-02-01", "1900-02-28", "1900-02-01"},
		{"2012-12", "2012-12-01", "2012-12-31", "2012-12-01"},
		{"2012", "2012-01-01", "2012-12-31", "2012-01-01"},
		{"0001", "0001-01-01", "0001-12-31", "0001-01-01"},
		{"9999", "9999-01-01", "9999-12-31", "9999-01-01"},
		{"2025-21", "2025-03-01", "2025-05-31", "2025-03-01"},
		{"2025-22", "2025-06-01", "2025-08-31", "2025-06-01"},
		{"2025-23", "2025-09-01", "2025-11-30", "2025-09-01"},
		{"2025-24", "2025-12-01", "2026-02-28", "2025-12-01"},
		{"2023-24", "2023-12-01", "2024-02-29", "2023-12-01"},
		{"2019-04-01?", "2019-04-01", "2019-04-01", "2019-04-01"},
		{"2019-04-01~", "2019-04-01", "2019-04-01", "2019-04-01"},
		{"2019-04-01%", "2019-04-01", "2019-04-01", "2019-04-01"},
		{"2012-06?", "2012-06-01", "2012-06-30", "2012-06-01"},
		{"2012~", "2012-01-01", "2012-12-31", "2012-01-01"},
		{"2025-22%", "2025-06-01", "2025-08-31", "2025-06-01"},
		{"[2019-04-01..2019-06-30]", "2019-04-01", "2019-06-30", "2019-04-01"},
		{"[2019-04-01..2019-04-01]", "2019-04-01", "2019-04-01", "2019-04-01"},
		{"[0001-01-01..9999-12-31]", "0001-01-01", "9999-12-31", "0001-01-01"},
		{"[..2021-08-11]", "", "2021-08-11", "2021-08-11"},
		{"[2019-04..2019-06]", "2019-04-01", "2019-06-30", "2019-04-01"},
		{"[..2021]", "", "2021-12-31", "2021-12-31"},
	} {
		e, err := ParseEDTF(c.text)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if got := [4]string{e.String(), e.Earliest().String(), e.Latest().String(), e.Nominal().String()}; got != [4]string{c.text, c.earliest, c.latest, c.nominal} {
			t.Errorf("got %q, want %q", got, c)
		}
		if !regexp.MustCompile(edtfPattern).MatchString(c.text) {
			t.Errorf("the schema's pattern does not match %s", c.text)
		}
	}
	if e := (EDTF{}); !e.IsZero() || e.Nominal() != FirstDate || e.String() != "" {
		t.Error("no date at all is not the beginning of the calendar")
	}
}

func TestParseEDTFRefuses(t *testing.T) {
	for text, says := range map[string]string{
		"":                         "a day 2019-04-01",
		"yesterday":                "a day 2019-04-01",
		"2023-02-30":               "February 2023 has the days 1 to 28",
		"2023-02-30?":              "February 2023 has the days 1 to 28",
		"[2023-02-30..2023-03-01]": "February 2023 has the days 1 to 28",
		"[..2023-02-30]":           "February 2023 has the days 1 to 28",
		"[2019-06-30..2019-04-01]": "does not end before it begins",
		"[2019-04-01..]":           "[2019-04-01..2019-06-30]",
		"[..]":                     "[..2021-08-11]",
		"[2019-04-01]":             "[2019-04-01..2019-06-30]",
		"[2019-04-01,2019-04-03]":  "[2019-04-01..2019-06-30]",
		"[2019-04-01..2019-06-30":  "[2019-04-01..2019-06-30]",
		"[..2021-08-11]?":          "[..2021-08-11]",
		"[2019-04-01?..2019]":      "[2019-04-01..2019-06-30]",
		"{2019..2020}":             "a range",
		"2019-04-01/2019-06-30":    "a range",
		"2019-04-01/..":            "a range",
		"2019-13":                  "a month 2012-06",
		"2019-20":                  "a season 2025-22",
		"2019-25":                  "a season 2025-22",
		"2019-00":                  "a month",
		"2019-13-01":               "a day",
		"201X":                     "a year 2012",
		"2019-XX":                  "a month",
		"Y17000":                   "a year",
		"-0044":                    "a year",
		"0000":                     "from 0001-01-01",
		"9999-24":                  "to 9999-12-31",
		"2019-04-01??":             "may end in",
		"?":                        "may end in",
		"2019-04-01T00:00:00Z":     "a day",
		"2019-04-01 ":              "a day",
		"19-04-01":                 "a day",
	} {
		e, err := ParseEDTF(text)
		if err == nil || !e.IsZero() {
			t.Errorf("ParseEDTF(%q) = %v, %v", text, e, err)
		} else if !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), quote(text)) {
			t.Errorf("ParseEDTF(%q) says %q, which should name it and say %q", text, err, says)
		}
	}
}

// Law: years, months, seasons and days have the bounds that an EDTF library gives them. The last
// winter is left out: it ends after the calendar.
func TestEDTFAgreesWithLibrary(t *testing.T) {
	years := []int{1, 4, 100, 400, 1582, 1600, 1900, 1999, 2000, 2023, 2024, 9996, 9998}
	for _, year := range years {
		texts := []string{fmt.Sprintf("%04d", year)}
		for _, part := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 21, 22, 23, 24} {
			texts = append(texts, fmt.Sprintf("%04d-%02d", year, part))
		}
		for _, text := range append(texts, texts[0]+"-02-28") {
			got, err := ParseEDTF(text)
			if err != nil {
				t.Fatal(err)
			}
			want, err := parser.ParseString(text)
			if err != nil {
				t.Fatal(err)
			}
			lower, errLower := want.Lower()
			upper, errUpper := want.Upper()
			if errLower != nil || errUpper != nil {
				t.Fatal(text, errLower, errUpper)
			}
			if got.Earliest().String() != lower.Format(time.DateOnly) || got.Latest().String() != upper.Format(time.DateOnly) {
				t.Errorf("%s: %v to %v, the library says %v to %v", text, got.Earliest(), got.Latest(), lower, upper)
			}
		}
	}
}

// Law: a date reads back as it was written, begins no later than it ends, and counts from a day
// that it may stand for.
func TestEDTFLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { edtfLaws(t, someEDTF.Draw(t, "date")) })
}

func edtfLaws(t rapid.TB, e EDTF) {
	again, err := ParseEDTF(e.String())
	if err != nil || again != e {
		t.Fatalf("%v read again is %v, %v", e, again, err)
	}
	if e.Earliest() > e.Latest() || e.Nominal() < e.Earliest() || e.Nominal() > e.Latest() || e.Nominal() < FirstDate || e.Latest() > LastDate {
		t.Fatalf("%v: earliest %v, nominal %v, latest %v", e, e.Earliest(), e.Nominal(), e.Latest())
	}
	if !regexp.MustCompile(edtfPattern).MatchString(e.String()) {
		t.Fatalf("the schema's pattern does not match %v", e)
	}
}
