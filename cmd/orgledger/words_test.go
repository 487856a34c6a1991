package main

import (
	"strings"
	"testing"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"
	"pgregory.net/rapid"
)

// Text from the ledger is one line, and steers nothing.
func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                  "plain",
		" two\tlines\n\nof  it ": "two lines of it",
		"\x1b[31mred\x07":        "�[31mred�",
		"abc\u202edef\u2066":     "abc�def�",
		"\u2028next":             "next",
		"🏥 Trust":                "🏥 Trust",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		got := clean(rapid.String().Draw(t, "text"))
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) || clean(got) != got {
			t.Fatalf("not clean: %q", got)
		}
	})
}

// Wrapped text keeps every word, in lines that fit.
func TestWrapped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[a-zA-Zé“”🏥-]{1,30}`)).Draw(t, "words")
		width := rapid.IntRange(4, 60).Draw(t, "width")
		lines := wrapped(strings.Join(words, " "), width)
		for _, line := range lines {
			if text.StringWidth(line) > width {
				t.Fatalf("%q is wider than %d", line, width)
			}
		}
		if got, want := strings.ReplaceAll(strings.Join(lines, ""), " ", ""), strings.Join(words, ""); got != want {
			t.Fatalf("wrapped %q, want %q", got, want)
		}
	})
}

func TestCounted(t *testing.T) {
	for want, got := range map[string]string{"1 entry": counted(1, "entry"), "2 entries": counted(2, "entry"), "0 holdings": counted(0, "holding"),
		"3 matches": counted(3, "match"), "77 to 85 and 90": seqsWords([]uint64{77, 78, 79, 80, 81, 82, 83, 84, 85, 90}),
		"1, 2 and 4": seqsWords([]uint64{1, 2, 4}), "a, b and c": joined([]string{"a", "b", "c"})} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "axc", 1}, {"abc", "abcd", 1}, {"abcd", "bcd", 1}, {"kitten", "sitting", 3}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
