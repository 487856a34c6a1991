package bodies

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean is a name as it is recorded: character references of HTML decoded, text that was read with the wrong encoding
// mended, white space and control characters to one space.
func Clean(name string) string {
	mended, _ := Mended(Decoded(name))
	return strings.Join(strings.FieldsFunc(mended, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// Decoded decodes character references of HTML, also those that were encoded twice.
func Decoded(name string) string {
	for range 3 {
		decoded := html.UnescapeString(name)
		if decoded == name {
			break
		}
		name = decoded
	}
	return name
}

// Mended undoes that UTF-8 was read as ISO 8859-1, as in ClimbiÃ© for Climbié, and reports whether it had been. Text
// that is read so is told by its bytes: those of text in a European language are hardly ever UTF-8 by chance.
func Mended(text string) (string, bool) {
	bytes := make([]byte, 0, len(text))
	plain := true
	for _, r := range text {
		if r > 0xff {
			return text, false
		}
		plain = plain && r < 0x80
		bytes = append(bytes, byte(r))
	}
	if plain || !utf8.Valid(bytes) {
		return text, false
	}
	return string(bytes), true
}

// forms are the legal forms that names end in, as they are written, and each in one way.
var forms = map[string]string{
	"ltd": "ltd", "limited": "ltd", "cyf": "ltd", "cyfyngedig": "ltd",
	"plc": "plc", "ccc": "plc",
	"llp": "llp", "lp": "lp", "cic": "cic", "cio": "cio", "scio": "scio",
	"inc": "inc", "incorporated": "inc", "corp": "corp", "corporation": "corp", "llc": "llc",
	"gmbh": "gmbh", "ag": "ag", "bv": "bv", "nv": "nv", "sa": "sa", "sas": "sas", "sarl": "sarl", "spa": "spa", "srl": "srl",
	"oy": "oy", "ab": "ab", "as": "as", "aps": "aps", "pty": "pty",
}

// Name is a name as names are compared.
type Name struct {
	Base string // lower case, words divided by one space, and for &, without other punctuation and legal form
	Form string // the legal form that the name ends in, written in one way; empty: it names none
}

// Normal reads a name to compare it with others.
func Normal(name string) Name {
	words := words(name)
	form := ""
	for len(words) > 1 {
		f, ok := forms[words[len(words)-1]]
		if !ok {
			break
		}
		form, words = strings.TrimSpace(f+" "+form), words[:len(words)-1]
	}
	return Name{strings.Join(words, " "), form}
}

// words are the words of a name. A dot or an apostrophe divides none, so that P.L.C. is one word.
func words(name string) []string {
	var b strings.Builder
	for _, r := range strings.ToLower(Clean(name)) {
		switch {
		case r == '&':
			b.WriteString(" and ")
		case strings.ContainsRune(".'’‘`", r):
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

// Agrees reports whether two names may be one: the same words, and the same legal form where both name one.
func (n Name) Agrees(other Name) bool {
	return n.Base == other.Base && (n.Form == other.Form || n.Form == "" || other.Form == "")
}
