package telling

import (
	"strings"
	"testing"
	"unicode"

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
		if got := Clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		got := Clean(rapid.String().Draw(t, "text"))
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) || Clean(got) != got {
			t.Fatalf("not clean: %q", got)
		}
	})
}

func TestCounted(t *testing.T) {
	for want, got := range map[string]string{"1 entry": Counted(1, "entry"), "2 entries": Counted(2, "entry"), "0 holdings": Counted(0, "holding"),
		"3 matches": Counted(3, "match"), "77 to 85 and 90": SeqsWords([]uint64{77, 78, 79, 80, 81, 82, 83, 84, 85, 90}),
		"1, 2 and 4": SeqsWords([]uint64{1, 2, 4}), "a, b and c": Joined([]string{"a", "b", "c"})} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
