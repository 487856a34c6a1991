package domain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/valyala/fastjson"
)

var parsers fastjson.ParserPool

// ParseEntry reads one entry as it is handed in: one JSON object. Everything that is not understood
// is refused, so that a typing error never becomes a fact. The error is a *Refusal. A correction
// still has to be resolved.
func ParseEntry(line []byte) (*Entry, error) { return parseEntry(line, LimitEntry, formHandedIn) }

// ParseShown reads an entry as AppendJSON writes it: as ParseEntry does, and what stands beside sealed persons,
// for which it may be longer.
func ParseShown(line []byte) (*Entry, error) { return parseEntry(line, LimitShown, formShown) }

func parseEntry(line []byte, limit int, f form) (*Entry, error) {
	if err := wellFormed(line, limit); err != nil {
		return nil, err
	}
	e := new(Entry)
	if err := decodeObject(line, "", e, f); err != nil {
		return nil, err
	}
	if err := e.Check(); err != nil {
		return nil, err
	}
	return e, nil
}

// decodeObject reads one JSON object strictly. Nothing that it fills in shares memory with the
// parser or with raw.
func decodeObject(raw []byte, path string, into record, f form) error {
	parser := parsers.Get()
	defer parsers.Put(parser)
	value, err := parser.ParseBytes(raw)
	if err != nil {
		return &Refusal{Code: CodeNotJSON, Field: path, Rule: "this is JSON: " + err.Error()}
	}
	d := &decoder{strict: true, form: f}
	if path != "" {
		d.enter(path)
	}
	d.inside(value, into)
	if d.err != nil {
		return d.err
	}
	return nil
}

// ReadBody reads the data of a stored event, which AppendBody wrote, as a fact of type t. What the
// log holds was checked when it was recorded, so only the shape is looked at. It sets the fact, the
// sources and the note, and nothing that it sets shares memory with v.
func ReadBody(t Type, v *fastjson.Value, e *Entry) error {
	e.Fact, e.Sources, e.Note = t.New(), nil, ""
	d := &decoder{form: formStored}
	d.steps = d.room[:0]
	d.enter("data")
	d.inside(v, (*body)(e))
	if d.err != nil {
		return d.err
	}
	return nil
}

// decoder fills fields from JSON. After the first error it does nothing.
type decoder struct {
	trail
	value  *fastjson.Value // the object, or the element of a list
	strict bool
	form   form     // how persons are written
	seen   []string // fields asked for, from the outermost object inwards; kept only if strict
	err    *Refusal
	lacks  bool    // err is a field that the object being filled lacks
	room   [4]step // for the trail of a stored entry
}

func (d *decoder) refuse(code Code, field, rule, value string) {
	if d.err == nil {
		d.err = &Refusal{Code: code, Field: d.where(field), Rule: rule, Value: value}
	}
}

func (d *decoder) wrongType(field, wanted string, n need, found *fastjson.Value) {
	rule := "this field is " + wanted
	if found.Type() == fastjson.TypeNull && (n == optional || n == filled) {
		rule += ": leave out what is not known"
	}
	d.refuse(CodeWrongType, field, rule, shown(found))
}

// shown says what was found in words that fit a message.
func shown(v *fastjson.Value) string {
	switch v.Type() {
	case fastjson.TypeObject:
		return "an object"
	case fastjson.TypeArray:
		return "a list"
	case fastjson.TypeString:
		return "the text " + quote(string(v.GetStringBytes()))
	case fastjson.TypeNumber:
		return "the number " + strings.Trim(quote(v.String()), `"`)
	default:
		return v.String()
	}
}

// get finds a field's value, nil where it is not given.
func (d *decoder) get(field string, n need) *fastjson.Value {
	if d.strict && field != "" {
		d.seen = append(d.seen, field)
	}
	if d.err != nil {
		return nil
	}
	if field == "" {
		return d.value
	}
	v := d.value.GetObject().Get(field)
	if v == nil && d.strict && (n == required || n == nullable) {
		rule := "this field has to be given"
		if n == nullable {
			rule += ", if only as null"
		}
		d.refuse(CodeMissingField, field, rule, "")
		d.lacks = true
	}
	return v
}

// bytes is the text of a field, which is only lent.
func (d *decoder) bytes(field string, n need) ([]byte, bool) {
	v := d.get(field, n)
	if v == nil {
		return nil, false
	}
	s, err := v.StringBytes()
	if err != nil {
		d.wrongType(field, "text", n, v)
		return nil, false
	}
	if d.strict && len(s) == 0 {
		rule := "this field is not empty"
		if n == optional {
			rule += ": leave out what is not known"
		}
		d.refuse(CodeMissingField, field, rule, `""`)
		return nil, false
	}
	return s, true
}

func (d *decoder) str(field string, n need) (string, bool) {
	s, ok := d.bytes(field, n)
	return string(s), ok
}

// inside fills the fields of an object at this place.
func (d *decoder) inside(v *fastjson.Value, r record) {
	if v.Type() != fastjson.TypeObject {
		d.wrongType("", "an object", required, v)
		return
	}
	outer, mark := d.value, len(d.seen)
	d.value = v
	r.fields(d)
	if d.strict && (d.err == nil || d.lacks) {
		d.unknown(d.seen[mark:])
	}
	d.value, d.seen, d.lacks = outer, d.seen[:mark], false
}

// unknown refuses the first field that no visit asked for. It says more than that a field is missing:
// the one may be the other, misspelt.
func (d *decoder) unknown(known []string) {
	missing := d.err
	d.err = nil
	defer func() {
		if d.err == nil {
			d.err = missing
		}
	}()
	d.value.GetObject().Visit(func(key []byte, _ *fastjson.Value) {
		if !slices.Contains(known, string(key)) {
			d.refuse(CodeUnknownField, fieldName(string(key)), "there is no such field here; the fields are "+strings.Join(known, ", "), "")
		}
	})
}

func (d *decoder) id(field string, _ Kind, _ string, n need) string {
	s, _ := d.str(field, n)
	return s
}

// word takes the text from the list of words, where it is one of them, so as to hold it once.
func (d *decoder) word(field, _ string, words []string, n need) string {
	s, _ := d.bytes(field, n)
	for _, known := range words {
		if string(s) == known {
			return known
		}
	}
	return string(s)
}

func (d *decoder) name(field string, p *string)                     { *p, _ = d.str(field, required) }
func (d *decoder) text(field string, p *string, _ int, n need)      { *p, _ = d.str(field, n) }
func (d *decoder) code(field string, p *string, _ codeForm, n need) { *p, _ = d.str(field, n) }

func (d *decoder) ref(field string, p *Ref, n need) {
	if s, ok := d.str(field, n); ok {
		ref, rule := parseRef(s)
		if rule != "" {
			d.refuse(CodeBadReference, field, rule, quote(s))
		}
		*p = ref
	}
}

func (d *decoder) uuid(field string, p *uuid.UUID, n need) {
	if s, ok := d.bytes(field, n); ok {
		u, err := uuid.ParseBytes(s)
		if err != nil || len(s) != 36 || u == uuid.Nil {
			d.refuse(CodeBadIdentifier, field,
				"an entry's id is a UUID other than zero, as 018f2c3e-9a4b-7c1d-8e2f-0123456789ab", quote(string(s)))
		}
		*p = u
	}
}

// person reads a name, or what the form has in its place.
func (d *decoder) person(field string, p *Person) {
	switch d.form {
	case formShown:
		d.shownPerson(field, p)
		return
	case formStored:
		if v := d.get(field, required); v != nil && v.Type() == fastjson.TypeObject {
			d.sealedPerson(field, v, p)
			return
		}
	}
	p.Name, _ = d.str(field, required)
}

func (d *decoder) sealedPerson(field string, v *fastjson.Value, p *Person) {
	var s sealedPerson
	d.below(field, v, &s)
	if d.err != nil {
		return
	}
	var err error
	if *p, err = s.open(); err != nil {
		d.refuse(CodeBadValue, field, "a sealed person is an id, a commitment and a box: "+err.Error(), "")
	}
}

// shownPerson reads a name, which may be null, and what stands beside it.
func (d *decoder) shownPerson(field string, p *Person) {
	if v := d.get(field, nullable); v != nil && v.Type() != fastjson.TypeNull {
		p.Name, _ = d.str(field, required)
	}
	id(d, field+"_id", &p.ID, optional)
	if text, ok := d.str(field+"_commitment", optional); ok {
		var err error
		if p.Commitment, err = parseCommitment(text); err != nil {
			d.refuse(CodeBadValue, field+"_commitment", err.Error(), quote(text))
		}
	}
	d.flag(field+"_forgotten", &p.Forgotten)
}

// signature reads both fields, and refuses where one of them lacks the other.
func (d *decoder) signature(p **Signature) {
	key, signed := d.str("key", optional)
	text, given := d.str("signature", optional)
	switch {
	case signed && !given && d.err == nil:
		d.refuse(CodeMissingField, "signature", "a key stands beside the signature that was made with it", "")
	case given && !signed && d.err == nil:
		d.refuse(CodeMissingField, "key", "a signature stands beside the key that it was made with", "")
	case signed && given:
		s, err := ParseSignature(KeyID(key), text)
		if err != nil {
			d.refuse(CodeBadValue, "signature", signatureRule, quote(text))
		}
		*p = s
	}
}

func (d *decoder) number(field string, p *Decimal) {
	v := d.get(field, required)
	if v == nil {
		return
	}
	if v.Type() != fastjson.TypeNumber {
		d.wrongType(field, "a number", required, v)
		return
	}
	*p = Decimal(v.MarshalTo(nil))
}

func (d *decoder) flag(field string, p *bool) {
	v := d.get(field, optional)
	if v == nil {
		return
	}
	b, err := v.Bool()
	if err != nil {
		d.wrongType(field, "true or false", optional, v)
	}
	*p = b
}

func (d *decoder) edtf(field string, p *EDTF) {
	if s, ok := d.str(field, optional); ok {
		e, rule := parseEDTF(s)
		if rule != "" {
			d.refuse(CodeBadDate, field, rule, quote(s))
		}
		*p = e
	}
}

func (d *decoder) day(field string, p *Date) {
	if s, ok := d.str(field, optional); ok {
		day, rule := parseDay(s)
		if rule != "" {
			d.refuse(CodeBadDate, field, rule, quote(s))
		}
		*p = day
	}
}

func (d *decoder) fulfils(field string, p *Fulfilment) {
	if s, ok := d.str(field, optional); ok {
		plan, item, given := strings.Cut(s, "/")
		*p = Fulfilment{PlanID(plan), item}
		if !ValidID(plan) || given && !ValidID(item) {
			d.refuse(CodeBadReference, field, fulfilsRule, quote(s))
		}
	}
}

func (d *decoder) fact(field string, p *Fact, allowed func(Type) bool) {
	if s, ok := d.str(field, required); ok {
		t, known := ParseType(s)
		switch {
		case !known:
			d.refuse(CodeUnknownType, field, "there is no such type of entry; there are "+similarTypes(s, allowed), quote(s))
		case d.strict && !allowed(t):
			d.refuse(CodeBadWord, field, itemRule, quote(s))
		default:
			*p = t.New()
		}
	}
}

// similarTypes names the types of the same subject, or all where there is no such subject.
func similarTypes(name string, allowed func(Type) bool) string {
	subject, _, _ := strings.Cut(name, ".")
	var similar, all []string
	for _, t := range Types() {
		if !allowed(t) {
			continue
		}
		all = append(all, t.String())
		if strings.HasPrefix(t.String(), subject+".") {
			similar = append(similar, t.String())
		}
	}
	if len(similar) > 0 {
		return strings.Join(similar, ", ")
	}
	return strings.Join(all, ", ")
}

func (d *decoder) data(field string, p *Fact) {
	if v := d.get(field, required); v != nil && *p != nil {
		d.below(field, v, *p)
	}
}

func (d *decoder) below(field string, v *fastjson.Value, r record) {
	d.enter(field)
	d.inside(v, r)
	d.leave()
}

func (d *decoder) replacement(field string, r *Replacement) {
	v := d.get(field, required)
	if v == nil {
		return
	}
	if v.Type() != fastjson.TypeObject {
		d.wrongType(field, "an object", required, v)
		return
	}
	r.form = d.form
	r.raw = v.MarshalTo(nil) // its text as it was written: fastjson quotes anew only what was looked at
}

func (d *decoder) nested(field string, r record) {
	v := d.get(field, required)
	switch {
	case v == nil:
	case field == "":
		d.inside(v, r)
	default:
		d.below(field, v, r)
	}
}

func (d *decoder) object(field string, s slot, n need) {
	v := d.get(field, n)
	if v == nil || n == nullable && v.Type() == fastjson.TypeNull {
		return
	}
	s.create()
	d.below(field, v, s.content())
}

func (d *decoder) list(field string, l elements, n need) {
	v := d.get(field, n)
	if v == nil {
		return
	}
	values, err := v.Array()
	if err != nil {
		d.wrongType(field, "a list", n, v)
		return
	}
	if d.strict && len(values) > LimitList {
		d.refuse(CodeTooMany, field, listRule, fmt.Sprint(len(values)))
		return
	}
	l.resize(len(values))
	outer := d.value
	for i, element := range values {
		d.enterItem(field, i)
		d.value = element
		l.visit(d, i)
		d.leave()
		if d.err != nil {
			break
		}
	}
	d.value = outer
}
