package telling

import (
	"testing"

	"github.com/orgledger/orgledger/domain"
)

// Every form of date reads as people write it, as a noun and as the time of an event.
func TestDateWords(t *testing.T) {
	for _, c := range []struct{ text, noun, when string }{
		{"2013-04-01", "1 April 2013", "on 1 April 2013"},
		{"2013-04-01?", "perhaps 1 April 2013", "perhaps on 1 April 2013"},
		{"2013-04-01~", "about 1 April 2013", "about 1 April 2013"},
		{"2013-04-01%", "perhaps about 1 April 2013", "perhaps about 1 April 2013"},
		{"2013-04", "April 2013", "in April 2013"},
		{"2013-04?", "perhaps April 2013", "perhaps in April 2013"},
		{"2013", "2013", "in 2013"},
		{"0987", "987", "in 987"},
		{"0001-01-01", "1 January 1", "on 1 January 1"},
		{"2012~", "about 2012", "about 2012"},
		{"2025-21", "spring 2025", "in spring 2025"},
		{"2025-22", "summer 2025", "in summer 2025"},
		{"2025-23?", "perhaps autumn 2025", "perhaps in autumn 2025"},
		{"2025-24", "winter 2025/26", "in winter 2025/26"},
		{"1999-24", "winter 1999/00", "in winter 1999/00"},
		{"[..2018-12-31]", "some day up to 31 December 2018", "on some day up to 31 December 2018"},
		{"[..2018]", "some day up to 2018", "on some day up to 2018"},
		{"[2013-04-01..2020-12-31]", "some day between 1 April 2013 and 31 December 2020", "on some day between 1 April 2013 and 31 December 2020"},
		{"[2013-04..2013-06]", "some day between April 2013 and June 2013", "on some day between April 2013 and June 2013"},
		{"[2013-04-01..2013-04-01]", "1 April 2013", "on 1 April 2013"},
	} {
		date, err := domain.ParseEDTF(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := DateWords(date); got != c.noun {
			t.Errorf("dateWords(%s) = %q, want %q", c.text, got, c.noun)
		}
		if got := WhenWords(date); got != c.when {
			t.Errorf("whenWords(%s) = %q, want %q", c.text, got, c.when)
		}
	}
	if got := WhenWords(domain.EDTF{}); got != "at a time not known" {
		t.Errorf("no date is %q", got)
	}
}
