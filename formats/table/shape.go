package table

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/orgledger/orgledger/domain"
)

// kind is what a field holds.
type kind string

const (
	kindAny    kind = "anything"
	kindObject kind = "an object"
	kindList   kind = "a list"
	kindText   kind = "a text"
	kindDate   kind = "a date"
	kindNumber kind = "a number"
	kindFlag   kind = "true or false"
)

// shape is what the data of a fact may hold.
type shape struct {
	kind     kind
	fields   map[string]*shape
	names    []string // of the fields
	required []string
	item     *shape // of a list
}

// schema is as much of a JSON Schema as the ledger's own uses for the fields of facts.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       string             `json:"type"`
	Format     string             `json:"format"`
	Properties json.RawMessage    `json:"properties"`
	Required   []string           `json:"required"`
	Items      *schema            `json:"items"`
	OneOf      []*schema          `json:"oneOf"`
	AllOf      []json.RawMessage  `json:"allOf"`
	Defs       map[string]*schema `json:"$defs"`
}

// shapes reads the shapes of all fact types from the schema of entries.
func shapes() (map[string]*shape, error) {
	text, err := domain.Schema()
	if err != nil {
		return nil, err
	}
	var entry schema
	if err := json.Unmarshal(text, &entry); err != nil {
		return nil, fmt.Errorf("read the schema of entries: %w", err)
	}
	all := make(map[string]*shape)
	for _, t := range domain.Types() {
		if !t.Dated() {
			continue
		}
		if all[t.String()], err = shapeOf(entry.Defs[t.String()], entry.Defs); err != nil {
			return nil, fmt.Errorf("read the schema of %s: %w", t, err)
		}
	}
	return all, nil
}

func shapeOf(s *schema, defs map[string]*schema) (*shape, error) {
	switch name := strings.TrimPrefix(s.Ref, "#/$defs/"); {
	case name == "date" || name == "day":
		return &shape{kind: kindDate}, nil
	case name != "":
		return shapeOf(defs[name], defs)
	case len(s.OneOf) > 0: // or null
		return shapeOf(s.OneOf[0], defs)
	case len(s.AllOf) > 0: // the items of a plan, whose data the ledger checks
		return &shape{kind: kindAny}, nil
	}
	switch s.Type {
	case "object":
		return objectOf(s, defs)
	case "array":
		item, err := shapeOf(s.Items, defs)
		return &shape{kind: kindList, item: item}, err
	case "number":
		return &shape{kind: kindNumber}, nil
	case "boolean":
		return &shape{kind: kindFlag}, nil
	}
	return &shape{kind: kindText}, nil
}

// objectOf keeps the fields in their published order.
func objectOf(s *schema, defs map[string]*schema) (*shape, error) {
	var properties map[string]*schema
	if err := json.Unmarshal(s.Properties, &properties); err != nil {
		return nil, err
	}
	o := &shape{kind: kindObject, fields: make(map[string]*shape), required: s.Required}
	decoder := json.NewDecoder(strings.NewReader(string(s.Properties)))
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var skipped json.RawMessage
		if err := decoder.Decode(&skipped); err != nil {
			return nil, err
		}
		field, err := shapeOf(properties[name.(string)], defs)
		if err != nil {
			return nil, err
		}
		o.names, o.fields[name.(string)] = append(o.names, name.(string)), field
	}
	return o, nil
}
