package projections

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/projections/histories"
)

// Whatever is looked for, a look at each thing's names in lower case finds the same in the same order, and pages put together are
// the whole.
func TestSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		index := NewIndex()
		if err := index.Apply(histories.Record(histories.Entries(t, histories.Options{Facts: 40}))); err != nil {
			t.Fatal(err)
		}
		view := index.View()
		known := rapid.Uint64Range(0, view.Seq()).Draw(t, "known")
		words := rapid.OneOf(rapid.StringMatching(`[a-eO0-9 ]{1,4}`), rapid.SampledFrom(everyName(view))).Draw(t, "words")
		found := view.Search(words, known)
		got := found.Page(0, 0, found.Len(0))
		if want := plainly(view, words, known); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q at %d: %+v, want %+v", words, known, got, want)
		}
		size := rapid.IntRange(1, 4).Draw(t, "size")
		for kind := range found.counts {
			var paged []Match
			for from := 0; from < found.Len(kind); from += size {
				paged = append(paged, found.Page(kind, from, min(from+size, found.Len(kind)))...)
			}
			want := slices.DeleteFunc(slices.Clone(got), func(m Match) bool { return !strings.HasPrefix(m.Ref, kind.String()+"/") })
			if !reflect.DeepEqual(paged, want) {
				t.Fatalf("pages of %s: %+v, want %+v", kind, paged, want)
			}
		}
	})
}

// everyName lists all names of a view, and one that nothing has.
func everyName(v *View) []string {
	names := []string{"Ünïcode"}
	for num := uint32(1); num <= v.count; num++ {
		names = append(names, v.thing(num).called(v.seq)...)
	}
	return slices.DeleteFunc(names, func(name string) bool { return strings.TrimSpace(name) == "" })
}

// plainly finds as Find says.
func plainly(v *View, words string, known uint64) []Match {
	needle := strings.Fields(strings.ToLower(words))
	matches := []Match{}
	if len(needle) == 0 {
		return matches
	}
	for num := uint32(1); num <= v.count; num++ {
		if t := v.thing(num); uint64(t.introduced) <= known {
			if m, ok := t.match(needle, uint32(known)); ok {
				matches = append(matches, m)
			}
		}
	}
	rank := func(m Match) int {
		switch {
		case m.Exact:
			return 0
		case strings.HasPrefix(strings.ToLower(m.Found), needle[0]):
			return 1
		default:
			return 2
		}
	}
	slices.SortFunc(matches, func(a, b Match) int { return cmp.Or(rank(a)-rank(b), cmp.Compare(a.Ref, b.Ref)) })
	return matches
}

// A word is found in a text whatever the case of either, as it is in their lower case.
func TestContainsFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[aAbBÄé ]{0,12}`), rapid.String()).Draw(t, "text")
		word := strings.ToLower(rapid.OneOf(rapid.StringMatching(`[aAbBÄé]{1,4}`), rapid.SampledFrom([]string{text, "a"})).Draw(t, "word"))
		if word == "" {
			return
		}
		if got, want := containsFold(text, word), strings.Contains(strings.ToLower(text), word); got != want {
			t.Fatalf("containsFold(%q, %q) = %t", text, word, got)
		}
		if got, want := beginsFold(text, word), strings.HasPrefix(strings.ToLower(text), word); got != want {
			t.Fatalf("beginsFold(%q, %q) = %t", text, word, got)
		}
	})
}
