package domain

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// limitDepth is how deep an entry nests at most; the deepest that says anything, a correction of a
// plan, has 9 levels.
const limitDepth = 64

// What JSON takes for space, unlike Unicode.
const space = " \t\r\n"

const oneObject = "an entry is one JSON object on one line"

// wellFormed accepts one JSON object of at most limit bytes and readable encoding, in which no name is given twice.
func wellFormed(line []byte, limit int) error {
	trimmed := bytes.Trim(line, space)
	switch {
	case len(line) > limit:
		return &Refusal{Code: CodeTooLarge, Rule: fmt.Sprintf("an entry has at most %d bytes", limit),
			Value: fmt.Sprintf("%d bytes", len(line))}
	case len(trimmed) == 0:
		return &Refusal{Code: CodeEmpty, Rule: oneObject, Value: "an empty line"}
	case !utf8.Valid(line):
		return &Refusal{Code: CodeNotUTF8, Rule: "text is UTF-8", Value: "the byte " + badByte(line)}
	case bytes.HasPrefix(trimmed, []byte("\ufeff")):
		return &Refusal{Code: CodeNotJSON, Rule: "an entry begins with {", Value: "with a byte order mark before it"}
	case trimmed[0] == '[':
		return &Refusal{Code: CodeNotObject, Rule: "entries are one JSON object a line, without an array around them",
			Value: "an array"}
	}
	if depth := depth(trimmed); depth > limitDepth {
		return &Refusal{Code: CodeTooDeep, Rule: fmt.Sprintf("an entry nests at most %d deep", limitDepth),
			Value: fmt.Sprintf("%d deep", depth)}
	}
	if !jsontext.Value(trimmed).IsValid() {
		return syntaxRefusal(line, trimmed)
	}
	if trimmed[0] != '{' {
		return &Refusal{Code: CodeNotObject, Rule: oneObject, Value: quote(string(trimmed))}
	}
	return nil
}

// depth counts how many brackets are open at once, outside strings. It is meant to be asked before
// anything recurses, so it takes any bytes.
func depth(line []byte) int {
	open, deepest, quoted := 0, 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case quoted:
		case c == '{' || c == '[':
			open++
			deepest = max(deepest, open)
		case c == '}' || c == ']':
			open--
		}
	}
	return deepest
}

func badByte(line []byte) string {
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRune(line[i:])
		if r == utf8.RuneError && size == 1 {
			return fmt.Sprintf("0x%02x at offset %d", line[i], i)
		}
		i += size
	}
	return ""
}

// syntaxRefusal says what is wrong with a line that is not one JSON value; trimmed is without the
// spaces around it.
func syntaxRefusal(line, trimmed []byte) *Refusal {
	dec := jsontext.NewDecoder(bytes.NewReader(trimmed))
	_, err := dec.ReadValue()
	if err == nil {
		return &Refusal{Code: CodeNotJSON, Rule: oneObject + ", with nothing after it",
			Value: quote(string(bytes.Trim(trimmed[dec.InputOffset():], space)))}
	}
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Refusal{Code: CodeNotJSON, Rule: oneObject + ", complete to its closing }",
			Value: fmt.Sprintf("cut off after %s", tail(trimmed))}
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return &Refusal{Code: CodeDuplicateField, Field: pointerPath(syntax.JSONPointer), Rule: "a field is given once",
			Value: "twice"}
	}
	spaces := len(line) - len(bytes.TrimLeft(line, space))
	offset := min(int(syntax.ByteOffset)+spaces, len(line))
	return &Refusal{Code: CodeNotJSON, Field: pointerPath(syntax.JSONPointer), Rule: oneObject + ": " + syntax.Err.Error(),
		Value: fmt.Sprintf("%s at offset %d", quote(string(line[offset:min(len(line), offset+20)])), offset)}
}

func tail(line []byte) string {
	const shown = 20
	return quote(string(line[max(0, len(line)-shown):]))
}

// pointerPath writes a JSON pointer as refusals write the path of a field.
func pointerPath(pointer jsontext.Pointer) string {
	const shown = 200
	var b strings.Builder
	for token := range pointer.Tokens() {
		if b.Len() > shown {
			return b.String() + "…"
		}
		if n, err := strconv.ParseUint(token, 10, 32); err == nil && b.Len() > 0 {
			fmt.Fprintf(&b, "[%d]", n)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(fieldName(token))
	}
	return b.String()
}

// fieldName makes a name that somebody else chose fit for a path.
func fieldName(name string) string {
	if ValidID(name) {
		return name
	}
	return quote(name)
}
