package domain

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

func TestSchemaIsPublished(t *testing.T) {
	schema, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "entry.schema.json", schema)
	for range 3 {
		if again, err := Schema(); err != nil || !bytes.Equal(again, schema) {
			t.Fatalf("made again, the schema differs: %v", err)
		}
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	raw, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(schemaID, doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(schemaID)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func validate(t rapid.TB, schema *jsonschema.Schema, line []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err != nil {
		t.Fatalf("%s\n%v", line, err)
	}
	return schema.Validate(value)
}

// Law: what ParseEntry takes is valid.
func TestSchemaAcceptsEntries(t *testing.T) {
	schema := compileSchema(t)
	for _, line := range entryLines(t) {
		if err := validate(t, schema, line); err != nil {
			t.Errorf("%s\n%v", line, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		line := entries().Draw(t, "entry").AppendJSON(nil)
		if err := validate(t, schema, line); err != nil {
			t.Fatalf("%s\n%v", line, err)
		}
	})
}

// What no schema of this kind can say: rules between fields, the length of a month, lengths in
// bytes, digits of a number.
var beyondSchema = []string{
	"impossible date", "reversed range", "date of an item", "name of 514 bytes", "blank name",
	"amount of 16 digits", "amount too large", "amount too small", "amount of many zeros",
	"last day before effective", "last day before the end of an open range", "last day of an item",
	"supplier twice", "predecessor twice", "item twice", "allocated twice", "merged into itself", "split into itself",
	"split twice into one", "residual elsewhere", "allocated elsewhere", "its own parent", "established under itself",
	"succeeds itself", "transfer to itself", "contract to itself", "holdings to itself",
	"nothing varied", "nothing amended", "nothing identified", "a key without its checksum", "a key of an actor in two lines",
}

// Law: what ParseEntry refuses for the shape of a field is not valid either.
func TestSchemaRefuses(t *testing.T) {
	schema := compileSchema(t)
	for _, c := range slices.Concat(misshapen(), badValues(), contradictory()) {
		err := validate(t, schema, []byte(c.line))
		if valid, beyond := err == nil, slices.Contains(beyondSchema, c.name); valid != beyond {
			t.Errorf("%s: valid by the schema %v, expected %v: %.300s", c.name, valid, beyond, c.line)
		}
	}
}

// Law: decoder, encoder and schema are shown the same fields of a type, in the same order.
func TestFieldsAreTheSameForAll(t *testing.T) {
	raw, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties jsontext.Value
		Defs       map[string]struct{ Properties jsontext.Value } `json:"$defs"`
	}
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	for _, typ := range Types() {
		e := fullEntries(typ).Example(1)
		names := memberNames(t, AppendFact(nil, e.Fact))
		if got := memberNames(t, schema.Defs[typ.String()].Properties); !slices.Equal(got, names) {
			t.Errorf("%s: the schema has %q, the encoder writes %q", typ, got, names)
		}
		if got := decodedNames(t, AppendFact(nil, e.Fact), typ.New()); !slices.Equal(got, names) {
			t.Errorf("%s: the decoder asks for %q, the encoder writes %q", typ, got, names)
		}
		if summaries[typ] == "" {
			t.Errorf("%s has no description", typ)
		}
	}
	e := fullEntries(TypeOrganisationMoved).Example(1)
	names := memberNames(t, e.AppendJSON(nil))
	if got := memberNames(t, schema.Properties); !slices.Equal(got, names) {
		t.Errorf("an entry: the schema has %q, the encoder writes %q", got, names)
	}
	if got := decodedNames(t, e.AppendJSON(nil), new(Entry)); !slices.Equal(got, names) {
		t.Errorf("an entry: the decoder asks for %q, the encoder writes %q", got, names)
	}
}

// memberNames lists the names of a JSON object in the order in which they are written.
func memberNames(t *testing.T, raw []byte) []string {
	t.Helper()
	var names []string
	dec := jsontext.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.ReadToken(); err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	for dec.PeekKind() == jsontext.KindString {
		name, err := dec.ReadToken()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name.String())
		if err := dec.SkipValue(); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// decodedNames asks the decoder for the fields it knows, by giving it one that it does not know.
func decodedNames(t *testing.T, raw []byte, into record) []string {
	t.Helper()
	raw = append(raw[:len(raw)-1], `,"unheard of":1}`...)
	err := decodeObject(raw, "", into, formHandedIn)
	if err == nil {
		t.Fatalf("%s was read", raw)
	}
	_, list, found := strings.Cut(err.Error(), "the fields are ")
	if !found {
		t.Fatal(err)
	}
	return strings.Split(list, ", ")
}
