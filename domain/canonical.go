package domain

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// Canonical is what the entry says, and its id, in the canonical form of RFC 8785. Equal content has equal
// bytes, however its numbers were written and whoever signed it. The commitment of a person stands in place
// of the name. A correction is resolved first.
func (e *Entry) Canonical() []byte {
	unsigned := *e
	unsigned.Signature = nil
	canonical := &encoder{out: make([]byte, 0, 512), form: formContent, canonical: true, members: make([]int, 0, 16), room: make([]byte, 0, 512)}
	canonical.inside(&unsigned)
	return canonical.out
}

// order puts the members of an object into the order of their names (RFC 8785 §3.2.3), which are ASCII. The object
// reaches from the member numbered first to the end of out. In any other form they stay as they are.
func (e *encoder) order(first int) {
	begins := e.members[first:]
	e.members = e.members[:first]
	if len(begins) < 2 {
		return
	}
	begin := begins[0]
	e.room = append(e.room[:0], e.out[begin:]...)
	var few [12][]byte
	sorted := few[:0]
	for i, at := range begins {
		end := len(e.out)
		if i+1 < len(begins) {
			end = begins[i+1] - len(",")
		}
		// A name and the quotation mark after it tell any two members apart.
		member, place := e.room[at-begin:end-begin], len(sorted)
		for sorted = append(sorted, nil); place > 0 && bytes.Compare(member, sorted[place-1]) < 0; place-- {
			sorted[place] = sorted[place-1]
		}
		sorted[place] = member
	}
	e.out = e.out[:begin]
	for i, member := range sorted {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		e.out = append(e.out, member...)
	}
}

// given is JSON that was handed in, as it is to be written.
func (e *encoder) given(value jsontext.Value) []byte {
	if !e.canonical {
		return value
	}
	value = value.Clone()
	if err := value.Canonicalize(); err != nil {
		panic(fmt.Sprintf("domain: what was read as JSON is none: %v", err))
	}
	return value
}
