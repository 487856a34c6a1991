package domain

import (
	"github.com/google/uuid"
)

// need says whether a field has to be given.
type need uint8

const (
	optional need = iota
	required
	nullable // has to be given, and may be null
	filled   // a list that may be left out, but is not given empty
)

// A visitor is shown the fields of a fact, in their published order. Each visitor does one thing
// with them: decode, encode, check, collect references, or describe them as a schema. The element of
// a list is visited as a field without a name. id and word return the value that the field has after
// the visit.
type visitor interface {
	id(field string, kind Kind, value string, n need) string
	ref(field string, p *Ref, n need)
	uuid(field string, p *uuid.UUID, n need)
	name(field string, p *string) // a required identifier that is no reference
	text(field string, p *string, limit int, n need)
	code(field string, p *string, f codeForm, n need)
	word(field, value string, words []string, n need) string
	number(field string, p *Decimal) // required
	flag(field string, p *bool)      // false where left out
	edtf(field string, p *EDTF)      // optional as a field; entries have their own rule
	day(field string, p *Date)       // optional
	fulfils(field string, p *Fulfilment)
	person(field string, p *Person)                      // required
	signature(p **Signature)                             // the fields key and signature, both or neither
	fact(field string, p *Fact, allowed func(Type) bool) // the name of the fact's type; required
	data(field string, p *Fact)                          // the fields of that fact; required
	replacement(field string, r *Replacement)
	nested(field string, r record) // a required object
	object(field string, s slot, n need)
	list(field string, l elements, n need)
}

// A record has fields of its own: a fact, or an object within one.
type record interface{ fields(visitor) }

// A slot is the place of a record that may be missing.
type slot interface {
	present() bool
	create() // puts an empty record there
	content() record
}

// elements is a list whose elements can be visited one by one.
type elements interface {
	given() bool // an empty list may be given
	length() int
	resize(int) // makes a new list of empty elements
	visit(visitor, int)
}

// A codeForm is the form of a short code, written once as a pattern, for the schema, and once as the
// function that judges it.
type codeForm struct {
	pattern string
	valid   func(string) bool
	rule    string
}

// The slots and lists below hold one pointer, so that to pass one as an interface allocates nothing.

type pointer[T any] interface {
	*T
	record
}

type slotOf[T any, P pointer[T]] struct{ p *P }

func (s slotOf[T, P]) present() bool   { return *s.p != nil }
func (s slotOf[T, P]) create()         { *s.p = new(T) }
func (s slotOf[T, P]) content() record { return *s.p }

type listOf[T any] struct{ p *[]T }

func (l listOf[T]) given() bool  { return *l.p != nil }
func (l listOf[T]) length() int  { return len(*l.p) }
func (l listOf[T]) resize(k int) { *l.p = make([]T, k) }

type idList[T identifier] struct{ listOf[T] }

func (l idList[T]) visit(v visitor, i int) { id(v, "", &(*l.p)[i], required) }

type refList struct{ listOf[Ref] }

func (l refList) visit(v visitor, i int) { v.ref("", &(*l.p)[i], required) }

type textList struct{ listOf[string] }

func (l textList) visit(v visitor, i int) { v.text("", &(*l.p)[i], LimitText, required) }

type wordList[T enumerated] struct{ listOf[T] }

func (l wordList[T]) visit(v visitor, i int) { word(v, "", &(*l.p)[i], required) }

type recordList[T any, P pointer[T]] struct{ listOf[T] }

func (l recordList[T, P]) visit(v visitor, i int) { v.nested("", P(&(*l.p)[i])) }

// id writes only what has changed, so that many may read a recorded entry at once.
func id[T identifier](v visitor, field string, p *T, n need) {
	if after := v.id(field, (*p).Kind(), string(*p), n); after != string(*p) {
		*p = T(after)
	}
}

type enumerated interface {
	~string
	words() []string
}

func word[T enumerated](v visitor, field string, p *T, n need) {
	if after := v.word(field, string(*p), (*p).words(), n); after != string(*p) {
		*p = T(after)
	}
}

func object[T any, P pointer[T]](v visitor, field string, p *P, n need) {
	v.object(field, slotOf[T, P]{p}, n)
}

func ids[T identifier](v visitor, field string, p *[]T, n need) {
	v.list(field, idList[T]{listOf[T]{p}}, n)
}

func refs(v visitor, field string, p *[]Ref) {
	v.list(field, refList{listOf[Ref]{p}}, optional)
}

func texts(v visitor, field string, p *[]string) {
	v.list(field, textList{listOf[string]{p}}, optional)
}

func words[T enumerated](v visitor, field string, p *[]T) {
	v.list(field, wordList[T]{listOf[T]{p}}, filled)
}

func objects[T any, P pointer[T]](v visitor, field string, p *[]T, n need) {
	v.list(field, recordList[T, P]{listOf[T]{p}}, n)
}

// fields of an entry as it is handed in.
func (e *Entry) fields(v visitor) {
	v.uuid("id", &e.ID, optional)
	v.fact("type", &e.Fact, Type.exists)
	v.edtf("effective", &e.Effective)
	v.data("data", &e.Fact)
	objects(v, "sources", &e.Sources, optional)
	v.fulfils("fulfils", &e.Fulfils)
	v.text("note", &e.Note, LimitText, optional)
	v.signature(&e.Signature)
}

// body is the part of an entry that the log keeps as the data of its event; the rest are attributes.
type body Entry

func (e *body) fields(v visitor) {
	v.data("fact", &e.Fact)
	objects(v, "sources", &e.Sources, optional)
	v.text("note", &e.Note, LimitText, optional)
}
