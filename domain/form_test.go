package domain

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

// A form has the fields that the schema has, and needs those that the schema needs: type by type, at every depth.
func TestFormIsTheSchema(t *testing.T) {
	raw, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]described `json:"$defs"`
	}
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	compared := 0
	compare := func(where string, fields []Field, name string) {
		d := schema.Defs[name]
		var names, needed []string
		for _, f := range fields {
			names = append(names, f.Name)
			if f.Required {
				needed = append(needed, f.Name)
			}
			compared++
			if f.Shape == ShapeWord {
				if got, want := f.Words, d.Properties[f.Name].Enum; !slices.Equal(got, want) {
					t.Errorf("%s.%s: words %v, the schema has %v", where, f.Name, got, want)
				}
			}
		}
		slices.Sort(names)
		slices.Sort(needed)
		slices.Sort(d.Required)
		if want := slices.Sorted(maps.Keys(d.Properties)); !slices.Equal(names, want) {
			t.Errorf("%s: fields %v, the schema has %v", where, names, want)
		}
		if !slices.Equal(needed, d.Required) {
			t.Errorf("%s: needs %v, the schema needs %v", where, needed, d.Required)
		}
	}
	for _, typ := range Types() {
		fields := FieldsOf(typ)
		compare(typ.String(), fields, typ.String())
		for _, f := range fields {
			if f.Shape == ShapeList && f.Element.Shape == ShapeObject && f.Name == "identifiers" {
				compare(typ.String()+".identifiers", f.Element.Fields, "identifier")
			}
		}
		if typ.Summary() == "" {
			t.Errorf("%s has no summary", typ)
		}
	}
	if compared < 80 {
		t.Errorf("only %d fields were compared", compared)
	}
}

type described struct {
	Properties map[string]struct {
		Enum []string `json:"enum"`
	} `json:"properties"`
	Required []string `json:"required"`
}

// Who records fills in the date and the plan only where the type has them.
func TestEntryFields(t *testing.T) {
	for typ, want := range map[Type][]string{
		TypeOrganisationMerged:      {"effective!", "sources", "fulfils", "note"},
		TypeOrganisationEstablished: {"effective", "sources", "fulfils", "note"},
		TypeSourceRegistered:        {"sources", "note"},
		TypeKeyRevoked:              {"effective!", "sources", "note"},
	} {
		var got []string
		for _, f := range EntryFields(typ) {
			if f.Required {
				f.Name += "!"
			}
			got = append(got, f.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", typ, got, want)
		}
	}
}
