package domain

import (
	"encoding/hex"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// AppendJSON appends the entry as it would be handed in, in one line without a line feed. Reading it
// again gives an equal entry. Beside a sealed person stands what is known of it: ParseShown reads that.
func (e *Entry) AppendJSON(dst []byte) []byte { return encodeObject(dst, e, formShown) }

// AppendBody appends the data of the entry's stored event; see ReadBody. The form is frozen: stored
// events are never rewritten.
func (e *Entry) AppendBody(dst []byte) []byte { return encodeObject(dst, (*body)(e), formStored) }

// AppendFact appends the fields of a fact as one JSON object.
func AppendFact(dst []byte, f Fact) []byte { return encodeObject(dst, f, formShown) }

// namespace of derived entry ids: UUID version 5 of the project's address.
var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/orgledger/orgledger"))

// Content is what the entry says, in the form of Canonical without its id.
func (e *Entry) Content() []byte {
	anonymous := *e
	anonymous.ID = uuid.Nil
	return anonymous.Canonical()
}

// A form is one of the ways in which an entry is written. They differ in how a person is.
type form uint8

const (
	formHandedIn form = iota // a name
	formShown                // a name, and beside it what is known of a sealed one
	formStored               // sealed
	formContent              // a commitment
)

func encodeObject(dst []byte, r record, f form) []byte {
	e := &encoder{out: dst, form: f}
	e.inside(r)
	return e.out
}

func appendQuote(dst []byte, text string) []byte {
	quoted, err := jsontext.AppendQuote(dst, text)
	if err != nil {
		panic(fmt.Sprintf("domain: text that is not UTF-8 was not refused: %q", text))
	}
	return quoted
}

// encoder writes fields as JSON, leaving out what is not given.
type encoder struct {
	out  []byte
	some bool // a field has been written
	form form

	canonical bool
	members   []int  // where those of the objects around begin in out; only kept for the canonical form
	room      []byte // to put them in order
}

// inside writes the fields of an object.
func (e *encoder) inside(r record) {
	outer, first := e.some, len(e.members)
	e.out, e.some = append(e.out, '{'), false
	r.fields(e)
	e.order(first)
	e.out, e.some = append(e.out, '}'), outer
}

func (e *encoder) separate() {
	if e.some {
		e.out = append(e.out, ',')
	}
	e.some = true
}

func (e *encoder) key(field string) {
	if field == "" { // the list separates its elements
		return
	}
	e.separate()
	if e.canonical {
		e.members = append(e.members, len(e.out))
	}
	e.out = append(e.out, '"')
	e.out = append(e.out, field...)
	e.out = append(e.out, '"', ':')
}

func (e *encoder) str(field, value string) {
	if value != "" {
		e.key(field)
		e.out = appendQuote(e.out, value)
	}
}

func (e *encoder) id(field string, _ Kind, value string, _ need) string {
	e.str(field, value)
	return value
}

func (e *encoder) word(field, value string, _ []string, _ need) string {
	e.str(field, value)
	return value
}

func (e *encoder) name(field string, p *string)                     { e.str(field, *p) }
func (e *encoder) text(field string, p *string, _ int, _ need)      { e.str(field, *p) }
func (e *encoder) code(field string, p *string, _ codeForm, _ need) { e.str(field, *p) }
func (e *encoder) ref(field string, p *Ref, _ need)                 { e.str(field, p.String()) }
func (e *encoder) edtf(field string, p *EDTF)                       { e.str(field, p.text) }
func (e *encoder) day(field string, p *Date)                        { e.str(field, p.String()) }
func (e *encoder) fulfils(field string, p *Fulfilment)              { e.str(field, p.String()) }

func (e *encoder) fact(field string, p *Fact, _ func(Type) bool) { e.str(field, (*p).Type().String()) }

func (e *encoder) uuid(field string, p *uuid.UUID, _ need) {
	if *p != uuid.Nil {
		e.str(field, p.String())
	}
}

func (e *encoder) person(field string, p *Person) {
	switch {
	case e.form == formContent && p.Commitment != [32]byte{}:
		e.key(field)
		e.out = append(hex.AppendEncode(append(e.out, `{"commitment":"`...), p.Commitment[:]), '"', '}')
	case p.ID == "":
		e.str(field, p.Name)
	case e.form == formStored:
		e.nested(field, p.sealed())
	default:
		e.shownPerson(field, p)
	}
}

// shownPerson writes the name of a sealed person, null where it cannot be read, and beside it who it is.
func (e *encoder) shownPerson(field string, p *Person) {
	if e.str(field, p.Name); p.Name == "" {
		e.key(field)
		e.out = append(e.out, "null"...)
	}
	e.str(field+"_id", string(p.ID))
	e.str(field+"_commitment", hex.EncodeToString(p.Commitment[:]))
	e.flag(field+"_forgotten", &p.Forgotten)
}

func (e *encoder) signature(p **Signature) {
	if *p != nil {
		e.str("key", string((*p).Key))
		e.str("signature", (*p).Text())
	}
}

func (e *encoder) number(field string, p *Decimal) {
	e.key(field)
	e.out = append(e.out, e.given([]byte(*p))...)
}

func (e *encoder) flag(field string, p *bool) {
	if *p {
		e.key(field)
		e.out = append(e.out, "true"...)
	}
}

func (e *encoder) data(field string, p *Fact) { e.nested(field, *p) }

func (e *encoder) replacement(field string, r *Replacement) {
	if r.Fact != nil {
		e.nested(field, r.Fact)
		return
	}
	e.key(field)
	e.out = append(e.out, e.given(r.raw)...)
}

func (e *encoder) nested(field string, r record) {
	e.key(field)
	e.inside(r)
}

func (e *encoder) object(field string, s slot, n need) {
	switch {
	case s.present():
		e.nested(field, s.content())
	case n == nullable:
		e.key(field)
		e.out = append(e.out, "null"...)
	}
}

func (e *encoder) list(field string, l elements, _ need) {
	if !l.given() {
		return
	}
	e.key(field)
	e.out = append(e.out, '[')
	for i := range l.length() {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		l.visit(e, i)
	}
	e.out = append(e.out, ']')
}
