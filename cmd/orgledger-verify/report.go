package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode"

	"github.com/orgledger/orgledger/audit"
)

// result is what a command found, as JSON and as words.
type result struct {
	Verified  bool      `json:"verified"`
	Kind      string    `json:"kind"`
	Origin    string    `json:"origin"`
	Size      uint64    `json:"size"` // of the newest checkpoint
	Root      string    `json:"root"` // in hexadecimal
	Cosigned  []witness `json:"cosigned"`
	Sequence  uint64    `json:"seq,omitzero"`       // of a receipt's entry
	Citations []uint64  `json:"citations,omitzero"` // of a bundle
	Since     *uint64   `json:"since,omitzero"`     // the size of the earlier checkpoint
	Bytes     uint64    `json:"bytes,omitzero"`     // of a log's entries
	OwnKey    bool      `json:"own_key,omitzero"`   // a bundle verified only by the key that it brings
	Unjudged  bool      `json:"unjudged,omitzero"`  // checkpoints of several sizes, and no log to compare them with

	said    string
	content []byte // for --extract
}

type witness struct {
	Name string    `json:"name"`
	Time time.Time `json:"time"`
}

func newResult(kind string, signed *audit.Signed) *result {
	r := &result{Verified: true, Kind: kind, Origin: signed.Origin, Size: signed.Size, Root: hex.EncodeToString(signed.Root[:]), Cosigned: []witness{}}
	for _, c := range signed.Cosignatures {
		r.Cosigned = append(r.Cosigned, witness{c.Witness, c.Time})
	}
	return r
}

// say prints what was found.
func (a *app) say(r *result) error {
	if a.extract && r.Verified {
		_, err := a.out.Write(r.content)
		return err
	}
	if a.json {
		text, err := json.Marshal(r)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.out, string(text))
		return err
	}
	verdict := "verified: "
	if !r.Verified {
		verdict = "NOT verified: "
	}
	words := verdict + r.said + fmt.Sprintf("\n  log         %s\n  checkpoint  %d entries, root %s\n", r.Origin, r.Size, r.Root)
	for _, w := range r.Cosigned {
		words += fmt.Sprintf("  cosigned    %s at %s\n", w.Name, w.Time.Format(time.RFC3339))
	}
	_, err := fmt.Fprint(a.out, clean(words))
	return err
}

// clean makes text fit for a terminal: a file may bring what steers it.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// problem is an error as JSON writes it.
type problem struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	Sequence uint64 `json:"seq,omitzero"` // of the first entry that differs
}

// codes in the order in which they are looked for.
var codes = []struct {
	is   error
	code string
}{
	{audit.ErrChanged, "changed"},
	{audit.ErrUnknownLog, "unknown-log"},
	{audit.ErrSignature, "bad-signature"},
	{audit.ErrQuorum, "too-few-witnesses"},
	{audit.ErrUnproven, "unproven"},
	{audit.ErrBeyond, "beyond-log"},
	{audit.ErrMalformed, "malformed"},
	{fs.ErrNotExist, "not-found"},
	{context.Canceled, "interrupted"},
}

// report says what went wrong, in words or as one line of JSON, and gives the exit status.
func (a *app) report(err error) int {
	p, status := problem{Code: "failed", Message: err.Error()}, exitNot
	for _, c := range codes {
		if errors.Is(err, c.is) {
			p.Code = c.code
			break
		}
	}
	if fork, ok := errors.AsType[*audit.ForkError](err); ok {
		p.Code = "fork"
		if fork.Found {
			p.Sequence = fork.Index + 1
		}
	}
	if _, ok := errors.AsType[usageError](err); ok {
		p.Code, status = "usage", exitUsage
	}
	if !a.json {
		fmt.Fprintln(a.err, clean("orgledger-verify: "+err.Error()))
		return status
	}
	text, wrong := json.Marshal(map[string]problem{"error": p})
	if wrong != nil {
		panic(wrong) // our own type
	}
	fmt.Fprintln(a.err, string(text))
	return status
}
