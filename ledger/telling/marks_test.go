package telling

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
)

// Pieces gives back what was marked, in order, and nothing that stands in the text makes a mark of its own.
func TestPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var text, words strings.Builder
		var names []string
		for range rapid.IntRange(0, 5).Draw(t, "pieces") {
			piece := Clean(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\x01a\x02b\x03", "entry 5"})).Draw(t, "text"))
			words.WriteString(piece)
			if rapid.Bool().Draw(t, "named") {
				names = append(names, piece)
				piece = marked("organisation/a", piece)
			}
			text.WriteString(piece)
		}
		var got []string
		for p := range Pieces(text.String()) {
			switch {
			case p.Path == "organisation/a":
				got = append(got, p.Text)
			case p.Path != "":
				t.Fatalf("a name that nobody marked: %q", p.Path)
			}
		}
		if strings.Join(got, "|") != strings.Join(names, "|") || len(got) != len(names) {
			t.Fatalf("%q are named, want %q", got, names)
		}
		if Unmarked(text.String()) != words.String() {
			t.Fatalf("%q reads %q, want %q", text.String(), Unmarked(text.String()), words.String())
		}
	})
}

// A capital letter is given to what is read first, also behind a mark.
func TestCapitalBehindMark(t *testing.T) {
	b := &Book{Marked: true}
	if got := Unmarked(Capital(b.EntryWords(5))); got != "Entry 5" {
		t.Errorf("%q", got)
	}
	if got := Unmarked(Lower(Capital(b.named(domain.PlanID("p").Ref(), "x")) + "")); got != "“x”" {
		t.Errorf("%q", got)
	}
}
