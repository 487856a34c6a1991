package domain

import "github.com/google/uuid"

// Mention is one reference in an entry and the field that makes it.
type Mention struct {
	Field string // path within the entry, as data.into
	Ref   Ref
}

// Mentions lists every reference that the entry makes, in the order of its fields, what it
// introduces included: organisations, responsibilities, contracts, plans, sources and offices.
// Entries that a correction or retraction names are not references.
func (e *Entry) Mentions() []Mention {
	m := new(mentions)
	e.fields(m)
	return m.all
}

// References calls fn with every reference of Mentions, without saying where it stands: cheaper.
func (e *Entry) References(fn func(Ref)) {
	e.fields(&mentions{each: fn})
}

// mentions collects references.
type mentions struct {
	trail
	each func(Ref) // nil: they are collected with their places
	all  []Mention
}

func (m *mentions) add(field string, ref Ref) {
	switch {
	case ref.ID == "" || ref.Kind == KindNone:
	case m.each != nil:
		m.each(ref)
	default:
		m.all = append(m.all, Mention{m.where(field), ref})
	}
}

func (m *mentions) id(field string, kind Kind, value string, _ need) string {
	m.add(field, Ref{kind, value})
	return value
}

func (m *mentions) word(_, value string, _ []string, _ need) string { return value }

func (m *mentions) ref(field string, p *Ref, _ need)    { m.add(field, *p) }
func (m *mentions) fulfils(field string, p *Fulfilment) { m.add(field, p.Plan.Ref()) }

func (m *mentions) person(field string, p *Person) { m.add(field, p.ID.Ref()) }

func (m *mentions) uuid(string, *uuid.UUID, need)   {}
func (m *mentions) signature(**Signature)           {}
func (m *mentions) name(string, *string)            {}
func (m *mentions) text(string, *string, int, need) {}
func (m *mentions) number(string, *Decimal)         {}
func (m *mentions) flag(string, *bool)              {}
func (m *mentions) edtf(string, *EDTF)              {}
func (m *mentions) day(string, *Date)               {}

func (m *mentions) code(string, *string, codeForm, need) {}
func (m *mentions) fact(string, *Fact, func(Type) bool)  {}

func (m *mentions) data(field string, p *Fact) {
	if *p != nil {
		m.nested(field, *p)
	}
}

func (m *mentions) replacement(field string, r *Replacement) { m.data(field, &r.Fact) }

func (m *mentions) nested(field string, r record) {
	if field == "" || m.each != nil { // the element of a list, or nobody asks where it is
		r.fields(m)
		return
	}
	m.enter(field)
	r.fields(m)
	m.leave()
}

func (m *mentions) object(field string, s slot, _ need) {
	if s.present() {
		m.nested(field, s.content())
	}
}

func (m *mentions) list(field string, l elements, _ need) {
	for i := range l.length() {
		if m.each != nil {
			l.visit(m, i)
			continue
		}
		m.enterItem(field, i)
		l.visit(m, i)
		m.leave()
	}
}
