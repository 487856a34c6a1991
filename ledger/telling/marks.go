package telling

import (
	"iter"
	"strconv"
	"strings"

	"github.com/orgledger/orgledger/domain"
)

// The marks around what a text names. No text of the ledger brings its own: Clean takes control characters away.
const (
	markBegin = "\x01"
	markText  = "\x02"
	markEnd   = "\x03"
)

// marked puts marks around what is called by a text: organisation/hee, entry/248.
func marked(path, text string) string { return markBegin + path + markText + text + markEnd }

// Piece is a stretch of a text: words, or what names something.
type Piece struct {
	Text string
	Path string // organisation/hee, entry/248; empty of mere words
}

// Pieces takes apart a text that a marked Book has told.
func Pieces(text string) iter.Seq[Piece] {
	return func(yield func(Piece) bool) {
		for text != "" {
			words, rest, found := strings.Cut(text, markBegin)
			if words != "" && !yield(Piece{Text: words}) || !found {
				return
			}
			path, rest, _ := strings.Cut(rest, markText)
			name, rest, _ := strings.Cut(rest, markEnd)
			if !yield(Piece{name, path}) {
				return
			}
			text = rest
		}
	}
}

// Unmarked is a text without marks, as it is read aloud.
func Unmarked(text string) string {
	if !strings.Contains(text, markBegin) {
		return text
	}
	var words strings.Builder
	for p := range Pieces(text) {
		words.WriteString(p.Text)
	}
	return words.String()
}

// named is a thing with a title that is at hand, as Label writes what has been learnt.
func (b *Book) named(ref domain.Ref, title string) string {
	if b.Marked {
		return marked(ref.String(), Quoted(title))
	}
	return Quoted(title) + " (" + ref.String() + ")"
}

// EntryWords names an entry: entry 248.
func (b *Book) EntryWords(seq uint64) string {
	text := "entry " + strconv.FormatUint(seq, 10)
	if b.Marked {
		return marked("entry/"+strconv.FormatUint(seq, 10), text)
	}
	return text
}
