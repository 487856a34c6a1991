package domain

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// Canonical is what the entry says, and its id, in the canonical form of RFC 8785. Equal content has equal
// bytes, however its numbers were written and whoever signed it. The commitment of a person stands in place
// of the name. A correction is resolved first.
func (e *Entry) Canonical() []byte {
	unsigned := *e
	unsigned.Signature = nil
	canonical := &encoder{form: formContent, canonical: true}
	canonical.inside(&unsigned)
	return canonical.out
}

// canonicals keeps encoders for ids, with their memory: one is derived for every entry handed in.
var canonicals = sync.Pool{New: func() any { return &encoder{form: formContent, canonical: true} }}

// DeriveID is the id of an entry that was handed in without one: the version 5 UUID of its content
// in the canonical form of RFC 8785. Equal content has an equal id. A correction is resolved first.
func (e *Entry) DeriveID() uuid.UUID {
	anonymous := *e
	anonymous.ID, anonymous.Signature = uuid.Nil, nil
	c := canonicals.Get().(*encoder)
	defer canonicals.Put(c)
	c.out, c.some = append(c.out[:0], namespace[:]...), false
	c.inside(&anonymous)
	sum := sha1.Sum(c.out)
	id := uuid.UUID(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x50, id[8]&0x3f|0x80 // RFC 9562 §5.5
	return id
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
