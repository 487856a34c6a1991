package domain

import (
	"strings"
	"testing"
	"time"
)

// Law: over the whole calendar a Date counts days as time.Time does, and reading what it writes
// gives the same Date. All 3,652,059 days are tried.
func TestDateAgreesWithTime(t *testing.T) {
	day := time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC)
	for d := FirstDate; d <= LastDate; d++ {
		text := d.String()
		if d%97 == 0 || d == LastDate { // formatting time.Time is what takes the time
			if want := day.AddDate(0, 0, int(d-FirstDate)).Format(time.DateOnly); text != want {
				t.Fatalf("day %d is %s, want %s", d, text, want)
			}
		}
		if got, rule := parseDay(text); got != d || rule != "" {
			t.Fatalf("day %d, written %s, is read as %d %s", d, text, got, rule)
		}
	}
}

func TestParseDate(t *testing.T) {
	for text, want := range map[string]Date{
		"0001-01-01": FirstDate, "0001-01-02": 2, "1970-01-01": 719163, "2000-02-29": 730179, "9999-12-31": LastDate,
	} {
		if got, err := ParseDate(text); err != nil || got != want {
			t.Errorf("ParseDate(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for text, says := range map[string]string{
		"":              "YYYY-MM-DD",
		"2023":          "YYYY-MM-DD",
		"2023-02-30":    "February 2023 has the days 1 to 28",
		"2024-02-30":    "February 2024 has the days 1 to 29",
		"1900-02-29":    "February 1900 has the days 1 to 28",
		"2023-04-31":    "April 2023 has the days 1 to 30",
		"2023-01-00":    "January 2023 has the days 1 to 31",
		"2023-13-01":    "YYYY-MM-DD",
		"2023-00-01":    "YYYY-MM-DD",
		"0000-01-01":    "a year from 0001",
		"2023/01/01":    "YYYY-MM-DD",
		"+023-01-01":    "YYYY-MM-DD",
		"2023-1-001":    "YYYY-MM-DD",
		"2023-01- 1":    "YYYY-MM-DD",
		"２023-01-1":     "YYYY-MM-DD",
		"2023-01-01T00": "YYYY-MM-DD",
		" 2023-01-01":   "YYYY-MM-DD",
		"02023-01-01":   "YYYY-MM-DD",
	} {
		got, err := ParseDate(text)
		if err == nil || got != 0 {
			t.Errorf("ParseDate(%q) = %d, %v", text, got, err)
		} else if !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), quote(text)) {
			t.Errorf("ParseDate(%q) says %q, which should name it and say %q", text, err, says)
		}
	}
	if Date(0).String() != "" {
		t.Error("the zero Date is not written as nothing")
	}
}
