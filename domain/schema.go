package domain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/invopop/jsonschema"
)

const (
	schemaID      = "https://github.com/orgledger/orgledger/entry.schema.json"
	schemaVersion = "https://json-schema.org/draft/2020-12/schema"
)

// Schema is the JSON Schema (draft 2020-12) of an entry as it is handed in, indented, the same bytes
// at every call. Whatever ParseEntry takes is valid by it. It cannot say everything that ParseEntry
// refuses: lengths count bytes there and characters here, and rules between fields, the days of a
// month and names given twice are not in it.
func Schema() ([]byte, error) {
	d := &describer{defs: basicSchemas()}
	entry := d.describe(new(Entry))
	for i, t := range Types() {
		dating(t, entry.AllOf[i].Then)
	}
	entry.Version, entry.ID = schemaVersion, schemaID
	entry.Title = "Entry of an organisational ledger"
	entry.Description = "What is handed in to be recorded, one JSON object a line: a fact, the day it takes effect, and the evidence for it."
	entry.Definitions = d.defs
	packed, err := json.Marshal(entry)
	if err != nil {
		return nil, fmt.Errorf("encode the schema of entries: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, packed, "", "  "); err != nil {
		return nil, fmt.Errorf("indent the schema of entries: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// dating adds to a type's branch whether an effective date is given; see Check.
func dating(t Type, then *jsonschema.Schema) {
	switch {
	case !t.Dated():
		then.Properties.Set("effective", jsonschema.FalseSchema)
		then.Properties.Set("fulfils", jsonschema.FalseSchema)
	case t.IsKey():
		then.Properties.Set("effective", reference("day"))
		then.Properties.Set("fulfils", jsonschema.FalseSchema)
		then.Required = []string{"effective"}
	case t == TypeOrganisationEstablished: // undated only without a parent
		parent := jsonschema.NewProperties()
		parent.Set("data", &jsonschema.Schema{Required: []string{"parent"}})
		then.If = &jsonschema.Schema{Properties: parent}
		then.Then = &jsonschema.Schema{Required: []string{"effective"}}
	case !mayBeUndated(t.New()):
		then.Required = []string{"effective"}
	}
}

// describer turns the fields it is shown into a schema. It is shown empty records, and makes those
// that may be missing.
type describer struct {
	made    *jsonschema.Schema     // the record being described
	element *jsonschema.Schema     // the field without a name: the element of a list
	types   []Type                 // those that the record's type may be
	defs    jsonschema.Definitions // shared by all
}

// describe is the schema of a record. It allows no further properties.
func (d *describer) describe(r record) *jsonschema.Schema {
	inner := &describer{defs: d.defs, made: &jsonschema.Schema{
		Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema,
	}}
	r.fields(inner)
	return inner.made
}

// define describes a record once, and refers to that.
func (d *describer) define(name string, r record) *jsonschema.Schema {
	if d.defs[name] == nil {
		d.defs[name] = new(jsonschema.Schema) // for records within themselves
		described := d.describe(r)
		*d.defs[name] = *described
	}
	return reference(name)
}

func (d *describer) defineFact(t Type) *jsonschema.Schema {
	ref := d.define(t.String(), t.New())
	d.defs[t.String()].Title = t.String()
	d.defs[t.String()].Description = summaries[t]
	return ref
}

func reference(name string) *jsonschema.Schema {
	return &jsonschema.Schema{Ref: "#/$defs/" + name}
}

func (d *describer) put(field string, n need, s *jsonschema.Schema) {
	if field == "" {
		d.element = s
		return
	}
	d.made.Properties.Set(field, s)
	if n == required || n == nullable {
		d.made.Required = append(d.made.Required, field)
	}
}

func (d *describer) id(field string, kind Kind, value string, n need) string {
	s := reference("id")
	s.Description = "names the " + kind.String()
	d.put(field, n, s)
	return value
}

func (d *describer) word(field, value string, words []string, n need) string {
	s := &jsonschema.Schema{Type: "string"}
	for _, w := range words {
		s.Enum = append(s.Enum, w)
	}
	d.put(field, n, s)
	return value
}

func (d *describer) text(field string, _ *string, limit int, n need) {
	s := reference("text")
	s.MaxLength = length(limit)
	d.put(field, n, s)
}

func (d *describer) code(field string, _ *string, f codeForm, n need) {
	d.put(field, n, &jsonschema.Schema{Type: "string", Pattern: "^" + f.pattern + "$", Description: f.rule})
}

func (d *describer) number(field string, _ *Decimal) {
	d.put(field, required, &jsonschema.Schema{Type: "number", Description: amountRule})
}

func (d *describer) flag(field string, _ *bool) {
	d.put(field, optional, &jsonschema.Schema{Type: "boolean", Default: false})
}

func (d *describer) ref(field string, _ *Ref, n need)        { d.put(field, n, reference("holding")) }
func (d *describer) uuid(field string, _ *uuid.UUID, n need) { d.put(field, n, reference("uuid")) }
func (d *describer) name(field string, _ *string)            { d.put(field, required, reference("id")) }
func (d *describer) edtf(field string, _ *EDTF)              { d.put(field, optional, reference("date")) }
func (d *describer) day(field string, _ *Date)               { d.put(field, optional, reference("day")) }
func (d *describer) person(field string, p *Person)          { d.text(field, &p.Name, LimitTitle, required) }

func (d *describer) signature(**Signature) {
	d.put("key", optional, &jsonschema.Schema{Type: "string", Pattern: "^" + keyPattern + "$", Description: keyRule})
	d.put("signature", optional, &jsonschema.Schema{Type: "string", Pattern: "^[A-Za-z0-9+/]{86}==$", Description: signatureRule})
	d.made.DependentRequired = map[string][]string{"key": {"signature"}, "signature": {"key"}}
}

func (d *describer) fulfils(field string, _ *Fulfilment) {
	d.put(field, optional, reference("fulfils"))
}
func (d *describer) nested(field string, r record) {
	d.put(field, required, d.define(recordName(r), r))
}

func (d *describer) fact(field string, _ *Fact, allowed func(Type) bool) {
	s := &jsonschema.Schema{Type: "string"}
	for _, t := range Types() {
		if allowed(t) {
			d.types = append(d.types, t)
			s.Enum = append(s.Enum, t.String())
		}
	}
	d.put(field, required, s)
}

// data is described by one branch a type, so that a validator complains of the type that was meant.
func (d *describer) data(field string, _ *Fact) {
	d.put(field, required, &jsonschema.Schema{Type: "object"})
	for _, t := range d.types {
		is, fields := jsonschema.NewProperties(), jsonschema.NewProperties()
		is.Set("type", &jsonschema.Schema{Const: t.String()})
		fields.Set(field, d.defineFact(t))
		d.made.AllOf = append(d.made.AllOf, &jsonschema.Schema{
			If:   &jsonschema.Schema{Properties: is, Required: []string{"type"}},
			Then: &jsonschema.Schema{Properties: fields},
		})
	}
}

// replacement is of the type of the entry corrected, which stands elsewhere: any that has a date.
func (d *describer) replacement(field string, _ *Replacement) {
	s := &jsonschema.Schema{Type: "object", Description: "the fields of the type of the entry that is corrected, all of them"}
	for _, t := range Types() {
		if t.Dated() {
			s.AnyOf = append(s.AnyOf, d.defineFact(t))
		}
	}
	d.put(field, required, s)
}

func (d *describer) object(field string, s slot, n need) {
	s.create()
	ref := d.define(recordName(s.content()), s.content())
	if n == nullable {
		ref = &jsonschema.Schema{OneOf: []*jsonschema.Schema{ref, {Type: "null"}}}
	}
	d.put(field, n, ref)
}

func (d *describer) list(field string, l elements, n need) {
	l.resize(1)
	inner := &describer{defs: d.defs}
	l.visit(inner, 0)
	s := &jsonschema.Schema{Type: "array", Items: inner.element, MaxItems: length(LimitList)}
	if n == required || n == filled {
		s.MinItems = length(1)
	}
	d.put(field, n, s)
}

func length(n int) *uint64 {
	limit := uint64(n)
	return &limit
}

// recordName is the record's type, as identifier or planItem.
func recordName(r record) string {
	name := strings.TrimPrefix(fmt.Sprintf("%T", r), "*domain.")
	return strings.ToLower(name[:1]) + name[1:]
}
