package domain

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

func signer(t testing.TB, seed byte) *Signer {
	t.Helper()
	s, err := NewSigner([32]byte{seed})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is signed is frozen: signatures are checked for as long as the log lasts. The file changes only by
// what is added for new types.
func TestSignedText(t *testing.T) {
	var out bytes.Buffer
	s := signer(t, 1)
	for _, line := range entryLines(t) {
		e := mustParse(t, string(line))
		s.Sign(e, "main", `registrar "é"`)
		fmt.Fprintf(&out, "%s\n%s\n\n", e.SignedText("main", `registrar "é"`), e.Signature.Text())
	}
	golden(t, "signed.golden", out.Bytes())
}

// Law: a signature holds for the entry, ledger and actor that it was made for, read again from JSON too,
// and for nothing else.
func TestSignatures(t *testing.T) {
	s, other := signer(t, 1), signer(t, 2)
	rapid.Check(t, func(t *rapid.T) {
		e := entries().Draw(t, "entry")
		s.Sign(e, "main", "registrar")
		line := e.AppendJSON(nil)
		read, err := ParseEntry(line)
		if err != nil {
			t.Fatalf("%s\n%v", line, err)
		}
		if !e.Verify("main", "registrar") || !resolved(t, read, e).Verify("main", "registrar") {
			t.Fatalf("the signature of %s does not hold", line)
		}
		forged := map[string]func(*Entry) (ledger, actor string){
			"ledger":    func(*Entry) (string, string) { return "other", "registrar" },
			"actor":     func(*Entry) (string, string) { return "main", "registra" },
			"note":      func(e *Entry) (string, string) { e.Note += "x"; return "main", "registrar" },
			"id":        func(e *Entry) (string, string) { e.ID[15] ^= 1; return "main", "registrar" },
			"key":       func(e *Entry) (string, string) { e.Signature.Key = other.Key; return "main", "registrar" },
			"no key":    func(e *Entry) (string, string) { e.Signature.Key = "U"; return "main", "registrar" },
			"signature": func(e *Entry) (string, string) { e.Signature.Bytes[0] ^= 1; return "main", "registrar" },
			"none":      func(e *Entry) (string, string) { e.Signature = nil; return "main", "registrar" },
		}
		for name, forge := range forged {
			copied := *e
			signature := *e.Signature
			copied.Signature = &signature
			if ledger, actor := forge(&copied); copied.Verify(ledger, actor) {
				t.Fatalf("%s: the signature still holds", name)
			}
		}
	})
}

// Law: a signature is no part of what an entry says.
func TestSignatureIsNotContent(t *testing.T) {
	someone := signer(t, 3)
	rapid.Check(t, func(t *rapid.T) {
		e := entries().Draw(t, "entry")
		e.Signature = nil
		id, content := e.DeriveID(), e.Canonical()
		someone.Sign(e, "main", "a")
		if e.DeriveID() != id || !bytes.Equal(e.Canonical(), content) {
			t.Fatalf("%s says something else when it is signed", content)
		}
	})
}

// A seed is written and read back as the same key; what is none is refused.
func TestSeed(t *testing.T) {
	s := signer(t, 1)
	text, err := s.Seed()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := ParseSeed(text); err != nil || back.Key != s.Key {
		t.Errorf("%v, %v", back, err)
	}
	for _, bad := range []string{"", string(s.Key), "SU" + text[3:], text[:len(text)-1], "SAAG" + text[4:]} {
		if _, err := ParseSeed(bad); err == nil {
			t.Errorf("%q is taken for a seed", bad)
		}
	}
}

// Half of a signature, or what is none, is refused.
func TestParseHalfSigned(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("testdata", "entries.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := bytes.Cut(whole, []byte("\n"))
	e := mustParse(t, string(line))
	signer(t, 1).Sign(e, "main", "a")
	key, text := `,"key":"`+string(e.Signature.Key)+`"`, `,"signature":"`+e.Signature.Text()+`"`
	e.Signature = nil
	open := string(e.AppendJSON(nil))
	open = open[:len(open)-1]
	for tail, want := range map[string]Code{
		key: CodeMissingField, text: CodeMissingField, key + `,"signature":"AAAA"`: CodeBadValue,
		`,"key":"UAAA"` + text: CodeBadValue, key + `,"signature":7`: CodeWrongType,
	} {
		_, err := ParseEntry([]byte(open + tail + "}"))
		if refusal, ok := err.(*Refusal); !ok || refusal.Code != want {
			t.Errorf("%s: %v, want %s", tail, err, want)
		}
	}
}
