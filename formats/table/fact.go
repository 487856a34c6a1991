package table

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/orgledger/orgledger/domain"
)

func (r *reader) facts(n *yaml.Node, of string) error {
	if n.Kind != yaml.SequenceNode {
		return r.wrong(n, of, "this is a list of facts", kindOf(n))
	}
	for i, item := range n.Content {
		var f fact
		if err := r.fact(&f, item, fmt.Sprintf("%s[%d]", of, i)); err != nil {
			return err
		}
		for _, before := range r.mapping.facts {
			if before.typ == f.typ {
				f.place++
			}
		}
		r.mapping.facts = append(r.mapping.facts, f)
	}
	return nil
}

// fact reads one fact. Its data is read last, when the type is known.
func (r *reader) fact(f *fact, n *yaml.Node, of string) error {
	var typ, data, effective, note *yaml.Node
	keep := func(into **yaml.Node) func(*yaml.Node, string) error {
		return func(n *yaml.Node, _ string) error { *into = n; return nil }
	}
	err := r.object(n, of,
		part{"type", keep(&typ)},
		part{"when", func(n *yaml.Node, of string) error { return r.conditions(f, n, of) }},
		part{"effective", keep(&effective)},
		part{"data", keep(&data)},
		part{"note", keep(&note)},
		part{"key", func(n *yaml.Node, of string) error { return r.key(f, n, of) }},
		part{"once", r.flag(&f.once)})
	if err != nil {
		return err
	}
	if err := r.factType(f, typ, n, of); err != nil {
		return err
	}
	if data == nil {
		return r.wrong(n, of+".data", "a fact has data", "none")
	}
	if f.data, err = r.value(data, r.shapes[f.typ.String()], of+".data"); err != nil {
		return err
	}
	if effective != nil {
		if f.effective, err = r.value(effective, &shape{kind: kindDate}, of+".effective"); err != nil {
			return err
		}
	}
	if note != nil {
		f.note, err = r.value(note, &shape{kind: kindText}, of+".note")
	}
	return err
}

func (r *reader) factType(f *fact, typ, n *yaml.Node, of string) error {
	if typ == nil {
		return r.wrong(n, of+".type", "a fact has a type", "none")
	}
	t, ok := domain.ParseType(typ.Value)
	if !ok || !t.Dated() {
		return r.wrong(typ, of+".type", "this is the type of a fact or of a plan's entry, as organisation.established", typ.Value)
	}
	f.typ = t
	if f.once && domain.Introduces(t.New()).Kind == domain.KindNone {
		return r.wrong(n, of+".once", "only what introduces an identifier is made once", typ.Value)
	}
	return nil
}

func (r *reader) key(f *fact, n *yaml.Node, of string) error {
	if err := r.texts(&f.key)(n, of); err != nil {
		return err
	}
	for _, name := range f.key {
		r.names(n, name)
	}
	return nil
}

// condition is one that a row has to meet.
type condition struct {
	column string
	is     []string // one of these
	not    []string // none of these
	filled *bool    // anything, or nothing
}

// conditions reads one condition or a list of them, all of which have to be met.
func (r *reader) conditions(f *fact, n *yaml.Node, of string) error {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, item := range list {
		var c condition
		err := r.object(item, of,
			part{"column", r.text(&c.column)},
			part{"is", r.texts(&c.is)},
			part{"not", r.texts(&c.not)},
			part{"filled", func(n *yaml.Node, of string) error { c.filled = new(bool); return r.flag(c.filled)(n, of) }})
		if err != nil {
			return err
		}
		if c.column == "" || c.is == nil && c.not == nil && c.filled == nil {
			return r.wrong(item, of, "a condition names a column, and what it is, is not, or whether it is filled", "less")
		}
		r.names(item, c.column)
		f.when = append(f.when, c)
	}
	return nil
}

func (f *fact) applies(v values) bool {
	return !slices.ContainsFunc(f.when, func(c condition) bool { return !c.met(v.of(c.column)) })
}

func (c *condition) met(text string) bool {
	return (c.is == nil || slices.Contains(c.is, text)) && !slices.Contains(c.not, text) &&
		(c.filled == nil || *c.filled == (text != ""))
}

// entry makes the fact of a row. The error is a *domain.Refusal or a *valueError.
func (f *fact) entry(v values) (*domain.Entry, error) {
	line := append([]byte(`{"type":"`), f.typ.String()...)
	line = append(line, '"')
	for _, field := range []struct {
		name  string
		value value
	}{{"effective", f.effective}, {"data", f.data}, {"note", f.note}} {
		if field.value == nil {
			continue
		}
		text, given, err := field.value.json(nil, v)
		if err != nil {
			return nil, err
		}
		if given {
			line = append(append(append(line, `,"`...), field.name...), `":`...)
			line = append(line, text...)
		}
	}
	return domain.ParseEntry(append(line, '}'))
}
