package domain

import "strings"

// SourceRegistered introduces a piece of evidence.
type SourceRegistered struct {
	Source    SourceID
	Title     string
	Publisher string
	Published EDTF
	URL       string
	SHA256    string // of the document's bytes, in lower-case hexadecimal
	Retrieved EDTF
}

var digestForm = codeForm{
	pattern: `[0-9a-f]{64}`,
	valid: func(s string) bool {
		return len(s) == 64 && strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) }) < 0
	},
	rule: "a SHA-256 digest is 64 lower-case hexadecimal digits",
}

func (*SourceRegistered) Type() Type { return TypeSourceRegistered }

func (f *SourceRegistered) fields(v visitor) {
	id(v, "source", &f.Source, required)
	v.text("title", &f.Title, LimitTitle, required)
	v.text("publisher", &f.Publisher, LimitTitle, optional)
	v.edtf("published", &f.Published)
	v.text("url", &f.URL, LimitText, optional)
	v.code("sha256", &f.SHA256, digestForm, optional)
	v.edtf("retrieved", &f.Retrieved)
}

func (s *Citation) fields(v visitor) {
	id(v, "source", &s.Source, required)
	v.text("locator", &s.Locator, LimitText, optional)
}
