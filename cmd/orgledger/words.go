package main

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text from the ledger, or from whoever typed a reference, fit for a terminal and for one
// line: spaces of any kind become one space, and what steers a terminal or turns the direction of
// writing becomes a replacement character.
func clean(text string) string {
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
		all[i] = clean(text)
	}
	return all
}

func quoted(text string) string { return "“" + clean(text) + "”" }

// joined lists names as prose does: a, b and c.
func joined(names []string) string {
	switch n := len(names); n {
	case 0:
		return "nothing"
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

// counted writes a number of things: 1 entry, 2 entries.
func counted(n int, thing string) string {
	switch {
	case n != 1 && strings.HasSuffix(thing, "y"):
		return strconv.Itoa(n) + " " + strings.TrimSuffix(thing, "y") + "ies"
	case n != 1 && strings.HasSuffix(thing, "ch"):
		return strconv.Itoa(n) + " " + thing + "es"
	}
	return strconv.Itoa(n) + " " + thing + plural(n)
}

// decimal writes a number.
func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

func capital(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:]
}

func lower(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(r)) + text[size:]
}
