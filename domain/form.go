package domain

import "github.com/google/uuid"

// Shape says what a field of a form takes.
type Shape uint8

// The shapes of fields.
const (
	ShapeText     Shape = iota // text of at most Limit bytes
	ShapeName                  // an identifier that is no reference
	ShapeID                    // the identifier of something of Refers
	ShapeHolding               // a reference, kind/id, to something that is held
	ShapeWord                  // one of Words
	ShapeNumber                // a number
	ShapeFlag                  // true or false
	ShapeDate                  // an EDTF date
	ShapeDay                   // a full date
	ShapePerson                // the name of a person
	ShapeEntry                 // the id of an entry
	ShapeCode                  // a short code, as Rule says
	ShapeFulfils               // plan or plan/item
	ShapeType                  // the name of a fact type, one of Words, which says what the field data takes
	ShapeData                  // the fields of a fact of the type that stands beside it
	ShapeObject                // Fields
	ShapeList                  // elements, each as Element says
	ShapeReplaced              // what a correction puts in place: data of the type of the entry that is corrected
)

// Field describes one field for whoever fills it in by hand.
type Field struct {
	Name     string // empty for the element of a list
	Shape    Shape
	Required bool
	Null     bool // has to be given, and may be null
	Refers   Kind
	Words    []string
	Limit    int
	Rule     string // in words; empty where Shape says it
	Fields   []Field
	Element  *Field
}

// FieldsOf lists the fields of the data of a type, in their published order: what Schema says, for forms.
func FieldsOf(t Type) []Field { return fieldsOf(t.New()) }

// EntryFields lists the fields of an entry beside its type and data that whoever records fills in: effective, sources,
// fulfils and note, each where entries of the type may have it.
func EntryFields(t Type) []Field {
	var fields []Field
	for _, f := range fieldsOf(new(Entry)) {
		switch {
		case f.Name == "effective" && t.Dated():
			f.Required = !mayBeUndated(t.New())
		case f.Name == "fulfils" && t.Fulfils(), f.Name == "sources", f.Name == "note":
		default:
			continue
		}
		fields = append(fields, f)
	}
	return fields
}

// Summary says in a few words what a type records.
func (t Type) Summary() string { return summaries[t] }

func fieldsOf(r record) []Field {
	f := new(former)
	r.fields(f)
	return f.made
}

// former turns the fields it is shown into descriptions. It is shown empty records.
type former struct{ made []Field }

func (f *former) put(name string, n need, field Field) {
	field.Name, field.Required, field.Null = name, n == required || n == nullable, n == nullable
	f.made = append(f.made, field)
}

func (f *former) id(field string, kind Kind, value string, n need) string {
	f.put(field, n, Field{Shape: ShapeID, Refers: kind, Rule: idRule})
	return value
}

func (f *former) word(field, value string, words []string, n need) string {
	f.put(field, n, Field{Shape: ShapeWord, Words: words})
	return value
}

func (f *former) text(field string, _ *string, limit int, n need) {
	f.put(field, n, Field{Shape: ShapeText, Limit: limit})
}

func (f *former) code(field string, _ *string, form codeForm, n need) {
	f.put(field, n, Field{Shape: ShapeCode, Rule: form.rule})
}

func (f *former) fact(field string, _ *Fact, allowed func(Type) bool) {
	var words []string
	for _, t := range Types() {
		if allowed(t) {
			words = append(words, t.String())
		}
	}
	f.put(field, required, Field{Shape: ShapeType, Words: words})
}

func (f *former) ref(field string, _ *Ref, n need)        { f.put(field, n, Field{Shape: ShapeHolding}) }
func (f *former) uuid(field string, _ *uuid.UUID, n need) { f.put(field, n, Field{Shape: ShapeEntry}) }
func (f *former) name(field string, _ *string) {
	f.put(field, required, Field{Shape: ShapeName, Rule: idRule})
}
func (f *former) number(field string, _ *Decimal) {
	f.put(field, required, Field{Shape: ShapeNumber, Rule: amountRule})
}
func (f *former) flag(field string, _ *bool) { f.put(field, optional, Field{Shape: ShapeFlag}) }
func (f *former) edtf(field string, _ *EDTF) {
	f.put(field, optional, Field{Shape: ShapeDate, Rule: edtfRule})
}
func (f *former) day(field string, _ *Date) {
	f.put(field, optional, Field{Shape: ShapeDay, Rule: dayRule})
}
func (f *former) fulfils(field string, _ *Fulfilment) {
	f.put(field, optional, Field{Shape: ShapeFulfils})
}
func (f *former) data(field string, _ *Fact) { f.put(field, required, Field{Shape: ShapeData}) }

func (f *former) person(field string, _ *Person) {
	f.put(field, required, Field{Shape: ShapePerson, Limit: LimitTitle})
}

// A signature is not filled in by hand.
func (f *former) signature(**Signature) {}

func (f *former) replacement(field string, _ *Replacement) {
	f.put(field, required, Field{Shape: ShapeReplaced})
}

func (f *former) nested(field string, r record) {
	f.put(field, required, Field{Shape: ShapeObject, Fields: fieldsOf(r)})
}

func (f *former) object(field string, s slot, n need) {
	s.create()
	f.put(field, n, Field{Shape: ShapeObject, Fields: fieldsOf(s.content())})
}

func (f *former) list(field string, l elements, n need) {
	l.resize(1)
	inner := new(former)
	l.visit(inner, 0)
	f.put(field, n, Field{Shape: ShapeList, Element: &inner.made[0]})
}
