package table

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v3"

	"github.com/orgledger/orgledger/domain"
)

// values are the fields of a row.
type values struct {
	columns map[string]int
	fields  []string
}

// of is a column's text, without white space around it.
func (v values) of(column string) string { return strings.TrimSpace(v.fields[v.columns[column]]) }

// value is what a field of a fact takes from a row. given is false where a column that it needs is empty.
type value interface {
	json(dst []byte, v values) (text []byte, given bool, err error)
}

// valueError says that a column does not hold what the mapping takes from it.
type valueError struct{ column, rule, value string }

// Error says it in one line.
func (e *valueError) Error() string { return fmt.Sprintf("%s: %s, not %q", e.column, e.rule, e.value) }

// value reads what a field takes: a constant, a column, an object or a list.
func (r *reader) value(n *yaml.Node, s *shape, of string) (value, error) {
	switch {
	case n.Kind == yaml.AliasNode:
		return nil, r.wrong(n, of, "a mapping has no aliases", n.Value)
	case n.Kind == yaml.MappingNode && has(n, "column"):
		return r.fromColumn(n, s, of)
	case s.kind == kindAny:
		return r.anything(n, of)
	case s.kind == kindObject && n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return constant("null"), nil
	case s.kind == kindObject:
		return r.objectValue(n, s, of)
	case s.kind == kindList && n.Kind == yaml.SequenceNode:
		return r.listValue(n, s, of)
	case s.kind == kindList || n.Kind != yaml.ScalarNode:
		return nil, r.wrong(n, of, "this is "+string(s.kind)+", or names a column", kindOf(n))
	}
	text, err := constantOf(n.Value, s.kind)
	if err != nil {
		return nil, r.wrong(n, of, err.Error(), n.Value)
	}
	return text, nil
}

func has(n *yaml.Node, name string) bool {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return true
		}
	}
	return false
}

// constant is JSON text.
type constant string

func (c constant) json(dst []byte, _ values) ([]byte, bool, error) {
	return append(dst, c...), true, nil
}

func constantOf(text string, k kind) (constant, error) {
	encoded, err := encode(nil, text, k)
	return constant(encoded), err
}

// encode writes a text as the JSON of a kind.
func encode(dst []byte, text string, k kind) ([]byte, error) {
	switch k {
	case kindNumber:
		if number := jsontext.Value(text); number.Kind() != jsontext.KindNumber || !number.IsValid() {
			return nil, fmt.Errorf("this is a number, as 1250.50")
		}
		return append(dst, text...), nil
	case kindFlag:
		switch strings.ToLower(text) {
		case "true", "yes", "y", "1":
			return append(dst, "true"...), nil
		case "false", "no", "n", "0":
			return append(dst, "false"...), nil
		}
		return nil, fmt.Errorf("this is true or false, yes or no")
	case kindDate:
		if _, err := domain.ParseEDTF(text); err != nil {
			return nil, fmt.Errorf("this is a date of the ledger, as 2019-04-01: say with date how others are written")
		}
	}
	return jsontext.AppendQuote(dst, text)
}

// member is a field of an object.
type member struct {
	name string
	value
}

// object is left out where a column that one of its fields names is empty, unless it is the data of the fact: then
// the field is.
type object struct {
	members []member
	whole   bool // leave out the fields alone
}

func (o *object) json(dst []byte, v values) ([]byte, bool, error) {
	dst = append(dst, '{')
	first := true
	for _, m := range o.members {
		text, given, err := m.json(nil, v)
		if err != nil {
			return nil, false, err
		}
		if !given && !o.whole {
			return nil, false, nil
		}
		if !given {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(append(append(dst, '"'), m.name...), `":`...), text...)
	}
	return append(dst, '}'), true, nil
}

func (r *reader) objectValue(n *yaml.Node, s *shape, of string) (value, error) {
	o := &object{whole: strings.HasSuffix(of, "].data") && strings.Count(of, ".") == 1}
	var parts []part
	for _, name := range s.names {
		parts = append(parts, part{name, func(n *yaml.Node, of string) error {
			v, err := r.value(n, s.fields[name], of)
			o.members = append(o.members, member{name, v})
			return err
		}})
	}
	if err := r.object(n, of, parts...); err != nil {
		return nil, err
	}
	for _, name := range s.required {
		if !slices.ContainsFunc(o.members, func(m member) bool { return m.name == name }) {
			return nil, r.wrong(n, of+"."+name, "this field has to be given", "")
		}
	}
	return o, nil
}

// list leaves out the items whose columns are empty.
type list []value

func (l list) json(dst []byte, v values) ([]byte, bool, error) {
	dst = append(dst, '[')
	some := false
	for _, item := range l {
		text, given, err := item.json(nil, v)
		if err != nil {
			return nil, false, err
		}
		if given && some {
			dst = append(dst, ',')
		}
		if given {
			dst, some = append(dst, text...), true
		}
	}
	return append(dst, ']'), some, nil
}

func (r *reader) listValue(n *yaml.Node, s *shape, of string) (value, error) {
	var l list
	for i, item := range n.Content {
		v, err := r.value(item, s.item, fmt.Sprintf("%s[%d]", of, i))
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
	return l, nil
}

// anything reads what the ledger itself will check: objects, lists, columns and constants.
func (r *reader) anything(n *yaml.Node, of string) (value, error) {
	switch n.Kind {
	case yaml.SequenceNode:
		return r.listValue(n, &shape{kind: kindList, item: &shape{kind: kindAny}}, of)
	case yaml.MappingNode:
		s := &shape{kind: kindObject, fields: make(map[string]*shape)}
		for i := 0; i < len(n.Content); i += 2 {
			name := n.Content[i].Value
			s.names, s.fields[name] = append(s.names, name), &shape{kind: kindAny}
		}
		return r.objectValue(n, s, of)
	}
	switch n.Tag {
	case "!!bool", "!!int", "!!float":
		return constant(n.Value), nil
	}
	return constantOf(n.Value, kindText)
}
