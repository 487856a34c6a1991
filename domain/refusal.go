package domain

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Code says in one word which rule refused an entry. Codes are part of the interface: programs
// branch on them.
type Code string

// The codes of refused entries.
const (
	CodeNotUTF8           Code = "not-utf8"
	CodeNotJSON           Code = "not-json"
	CodeNotObject         Code = "not-an-object"
	CodeEmpty             Code = "empty"
	CodeTooLarge          Code = "too-large"
	CodeTooDeep           Code = "too-deep"
	CodeTooMany           Code = "too-many"
	CodeUnknownType       Code = "unknown-type"
	CodeUnknownField      Code = "unknown-field"
	CodeDuplicateField    Code = "duplicate-field"
	CodeMissingField      Code = "missing-field"
	CodeFieldNotAllowed   Code = "field-not-allowed"
	CodeWrongType         Code = "wrong-type"
	CodeBadIdentifier     Code = "bad-identifier"
	CodeBadReference      Code = "bad-reference"
	CodeBadDate           Code = "bad-date"
	CodeBadWord           Code = "bad-word"
	CodeBadValue          Code = "bad-value"
	CodeLastDayTooEarly   Code = "last-day-before-effective"
	CodeUnknownReference  Code = "unknown-reference"
	CodeAlreadyIntroduced Code = "already-introduced"
	CodeUnknownEntry      Code = "unknown-entry"
	CodeBadCorrection     Code = "bad-correction"
	CodeIDConflict        Code = "id-conflict"
	CodeKeyReused         Code = "idempotency-key-reused"
	CodeNewFinding        Code = "new-finding"
	CodeSignatureRequired Code = "signature-required"
	CodeBadSignature      Code = "bad-signature"
	CodeUnknownKey        Code = "unknown-key"
	CodeKeyNotValid       Code = "key-not-valid"
)

// Refusal is why an entry was not recorded: the rule it breaks, where, and the value that breaks it.
type Refusal struct {
	Code  Code
	Line  int    // 1-based line of the input; 0 where there are no lines
	Field string // path of the field, as data.into[2]; empty for the entry as a whole
	Rule  string // what would have been right, in words
	Value string // what was found, cut to a readable length
}

// Error says it in one line.
func (r *Refusal) Error() string {
	var b strings.Builder
	if r.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", r.Line)
	}
	if r.Field != "" {
		b.WriteString(r.Field + ": ")
	}
	b.WriteString(r.Rule)
	if r.Value != "" {
		b.WriteString(", not " + r.Value)
	}
	return b.String()
}

const shownValue = 80

// quote makes a value fit for a message: quoted, with what is unprintable escaped, and cut.
func quote(value string) string {
	if len(value) <= shownValue {
		return fmt.Sprintf("%q", value)
	}
	cut := shownValue
	for cut > 0 && !utf8.RuneStart(value[cut]) {
		cut--
	}
	return fmt.Sprintf("%q… (%d bytes)", value[:cut], len(value))
}
