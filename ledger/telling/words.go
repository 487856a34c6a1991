package telling

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// SeqsWords lists sequences, runs of them shortened: entries 77 to 85 and 90.
func SeqsWords(seqs []uint64) string {
	var parts []string
	for i := 0; i < len(seqs); {
		j := i
		for j+1 < len(seqs) && seqs[j+1] == seqs[j]+1 {
			j++
		}
		switch {
		case j > i+1:
			parts = append(parts, fmt.Sprintf("%d to %d", seqs[i], seqs[j]))
			i = j + 1
		default:
			parts = append(parts, fmt.Sprint(seqs[i]))
			i++
		}
	}
	return Joined(parts)
}

// SureWords adds to what an answer was that it was uncertain.
func SureWords(certainty string) string {
	if certainty == projections.Uncertain {
		return " That was uncertain."
	}
	return ""
}

// Stopped is text from the ledger as a sentence.
func Stopped(text string) string { return strings.TrimRight(Clean(text), ".") + "." }

// RefOf reads a reference that the ledger gave.
func RefOf(text string) domain.Ref {
	ref, err := domain.ParseRef(text)
	if err != nil {
		return domain.Ref{}
	}
	return ref
}

// Deref is a text that may be missing, made fit for a line.
func Deref(text *string) string {
	if text == nil {
		return ""
	}
	return Clean(*text)
}

// Clean makes text from the ledger, or from whoever typed a reference, fit for a terminal and for one
// line: spaces of any kind become one space, and what steers a terminal or turns the direction of
// writing becomes a replacement character.
func Clean(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029', r == '\ufeff':
			return utf8.RuneError
		default:
			return r
		}
	}, text)), " ")
}

func cleanAll(texts []string) []string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = Clean(text)
	}
	return all
}

// Quoted is text from the ledger in quotation marks.
func Quoted(text string) string { return "“" + Clean(text) + "”" }

// Joined lists names as prose does: a, b and c.
func Joined(names []string) string {
	switch n := len(names); n {
	case 0:
		return "nothing"
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

// Counted writes a number of things: 1 entry, 2 entries.
func Counted(n int, thing string) string {
	switch {
	case n != 1 && strings.HasSuffix(thing, "y"):
		return strconv.Itoa(n) + " " + strings.TrimSuffix(thing, "y") + "ies"
	case n != 1 && strings.HasSuffix(thing, "ch"):
		return strconv.Itoa(n) + " " + thing + "es"
	}
	return strconv.Itoa(n) + " " + thing + plural(n)
}

// Decimal writes a number.
func Decimal(n uint64) string { return strconv.FormatUint(n, 10) }

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// Capital gives a sentence a capital letter.
func Capital(text string) string {
	return first(text, unicode.ToUpper)
}

// Lower takes a sentence's capital letter away.
func Lower(text string) string {
	return first(text, unicode.ToLower)
}

// first changes the first letter of a text, which may stand behind a mark.
func first(text string, change func(rune) rune) string {
	begin := 0
	if strings.HasPrefix(text, markBegin) {
		begin = strings.Index(text, markText) + len(markText)
	}
	r, size := utf8.DecodeRuneInString(text[begin:])
	return text[:begin] + string(change(r)) + text[begin+size:]
}
