package domain

import (
	"bytes"
	"errors"
	"testing"
	"unicode/utf8"
)

// Law of all four: nothing panics, and what is read is written and read again as the same.

func FuzzParseEntry(f *testing.F) {
	for _, line := range entryLines(f) {
		f.Add(line)
	}
	for _, c := range refusals() {
		if len(c.line) < 10_000 {
			f.Add([]byte(c.line))
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := ParseEntry(line)
		if err != nil {
			var r *Refusal
			if e != nil || !errors.As(err, &r) || r.Code == "" || r.Rule == "" || !utf8.ValidString(r.Error()) || len(r.Error()) > 2000 {
				t.Fatalf("%q: %v", line, err)
			}
			return
		}
		written := e.AppendJSON(nil)
		again, err := ParseEntry(written)
		if err != nil {
			t.Fatalf("read %q\nwrote %q\n%v", line, written, err)
		}
		if rewritten := again.AppendJSON(nil); !bytes.Equal(rewritten, written) || again.DeriveID() != e.DeriveID() {
			t.Fatalf("read %q\nwrote %q\nthen %q", line, written, rewritten)
		}
		e.Mentions()
		if f, ok := e.Fact.(*EntryCorrected); ok {
			for _, typ := range Types() {
				_ = f.Resolve(typ)
			}
		}
	})
}

func FuzzParseEDTF(f *testing.F) {
	for _, text := range []string{"2019-04-01", "2012-06~", "2012", "2025-24", "[2019-04-01..2019-06-30]", "[..2021-08-11]", "9999-24", "2023-02-30"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if e, err := ParseEDTF(text); err == nil {
			if e.String() != text {
				t.Fatalf("%q is written %q", text, e)
			}
			edtfLaws(t, e)
		}
	})
}

func FuzzParseRef(f *testing.F) {
	for _, text := range []string{"organisation/hee", "contract/c1", "x/y", "plan/", "source/a/b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := ParseRef(text); err == nil && (r.String() != text || !ValidID(r.ID)) {
			t.Fatalf("%q is read as %v", text, r)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, text := range []string{"0001-01-01", "9999-12-31", "2024-02-29", "2023-02-29", "0000-01-01"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := ParseDate(text); err == nil && (d.String() != text || d < FirstDate || d > LastDate) {
			t.Fatalf("%q is read as %v", text, d)
		}
	})
}
