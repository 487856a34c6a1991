package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// Mapping says what the rows of a table give.
type Mapping struct {
	name      string // that keys belong to
	header    bool
	delimiter rune
	facts     []fact
	columns   []column // that it names, each once
}

// column is a column that a mapping names, and where.
type column struct {
	name string
	at   formats.Place
}

// fact is one fact that a row may give.
type fact struct {
	place     int // among the facts of its type, from 0
	typ       domain.Type
	when      []condition
	effective value
	data      value
	note      value
	key       []string
	once      bool
}

const limitMapping = 1 << 20

// reader reads one mapping.
type reader struct {
	file    string
	shapes  map[string]*shape
	mapping *Mapping
}

// ReadMapping reads and checks a mapping. What is wrong with it is a *formats.PlaceError with the line.
func ReadMapping(name string) (*Mapping, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return ParseMapping(name, text)
}

// ParseMapping reads a mapping from text that a file of a name holds.
func ParseMapping(name string, text []byte) (*Mapping, error) {
	r := &reader{file: name, mapping: &Mapping{header: true, delimiter: ','}}
	if len(text) > limitMapping {
		return nil, r.wrong(nil, "", fmt.Sprintf("a mapping has at most %d bytes", limitMapping), fmt.Sprint(len(text)))
	}
	if !utf8.Valid(text) {
		return nil, r.wrong(nil, "", "a mapping is text in UTF-8", "other bytes")
	}
	var err error
	if r.shapes, err = shapes(); err != nil {
		return nil, err
	}
	var document, more yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, r.wrong(nil, "", "a mapping names facts", "nothing")
	case err != nil:
		return nil, r.wrong(nil, "", "a mapping is YAML", err.Error())
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, r.wrong(&more, "", "a mapping is one YAML document", "another after it")
	}
	return r.mapping, r.top(document.Content[0])
}

// wrong is a *formats.PlaceError at a node of the mapping.
func (r *reader) wrong(n *yaml.Node, of, rule, value string) error {
	place := formats.Place{File: r.file, Of: of}
	if n != nil {
		place.Row = n.Line
	}
	return &formats.PlaceError{Place: place, Rule: rule, Value: value}
}

// part is a member of a YAML mapping and what takes it.
type part struct {
	name string
	take func(n *yaml.Node, of string) error
}

// object hands the members of a YAML mapping to what takes them; one that nothing takes, or that is given twice, is wrong.
func (r *reader) object(n *yaml.Node, of string, parts ...part) error {
	if n.Kind != yaml.MappingNode {
		return r.wrong(n, of, "this is a mapping of names to values", kindOf(n))
	}
	seen := make(map[string]bool)
	for i := 0; i < len(n.Content); i += 2 {
		name := n.Content[i]
		at := slices.IndexFunc(parts, func(p part) bool { return p.name == name.Value })
		switch {
		case seen[name.Value]:
			return r.wrong(name, under(of, name.Value), "a name is given once", "twice")
		case at < 0:
			return r.wrong(name, of, "the names here are "+strings.Join(namesOf(parts), ", "), name.Value)
		}
		seen[name.Value] = true
		if err := parts[at].take(n.Content[i+1], under(of, name.Value)); err != nil {
			return err
		}
	}
	return nil
}

func namesOf(parts []part) []string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.name
	}
	return names
}

func under(of, name string) string {
	if of == "" {
		return name
	}
	return of + "." + name
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	return n.Value
}

func (r *reader) top(n *yaml.Node) error {
	m := r.mapping
	delimiter, encoding := ",", "utf-8"
	err := r.object(n, "",
		part{"name", r.text(&m.name)},
		part{"header", r.flag(&m.header)},
		part{"delimiter", r.text(&delimiter)},
		part{"encoding", r.text(&encoding)},
		part{"facts", r.facts})
	if err != nil {
		return err
	}
	switch {
	case len(m.facts) == 0:
		return r.wrong(n, "facts", "a mapping names at least one fact", "none")
	case !strings.EqualFold(encoding, "utf-8"):
		return r.wrong(n, "encoding", "tables are read as utf-8 only: convert them before", encoding)
	}
	if m.delimiter, err = delimiterOf(delimiter); err != nil {
		return r.wrong(n, "delimiter", err.Error(), delimiter)
	}
	keyed := slices.ContainsFunc(m.facts, func(f fact) bool { return len(f.key) > 0 })
	if keyed && m.name == "" {
		return r.wrong(n, "name", "a mapping with keys has a name, which tells its keys from those of others", "")
	}
	return nil
}

func delimiterOf(text string) (rune, error) {
	c, size := utf8.DecodeRuneInString(text)
	if size != len(text) || strings.ContainsRune("\"\r\n\ufffd", c) || size == 0 {
		return 0, errors.New("a delimiter is one character, and no quotation mark or end of line")
	}
	return c, nil
}

// text takes a scalar.
func (r *reader) text(into *string) func(*yaml.Node, string) error {
	return func(n *yaml.Node, of string) error {
		if n.Kind != yaml.ScalarNode {
			return r.wrong(n, of, "this is a text", kindOf(n))
		}
		*into = n.Value
		return nil
	}
}

// flag takes true or false.
func (r *reader) flag(into *bool) func(*yaml.Node, string) error {
	return func(n *yaml.Node, of string) error {
		if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" {
			return r.wrong(n, of, "this is true or false", kindOf(n))
		}
		*into = n.Value == "true"
		return nil
	}
}

// texts takes a scalar or a list of scalars.
func (r *reader) texts(into *[]string) func(*yaml.Node, string) error {
	return func(n *yaml.Node, of string) error {
		list := []*yaml.Node{n}
		if n.Kind == yaml.SequenceNode {
			list = n.Content
		}
		for _, item := range list {
			var text string
			if err := r.text(&text)(item, of); err != nil {
				return err
			}
			*into = append(*into, text)
		}
		return nil
	}
}

// names notes a column that the mapping names.
func (r *reader) names(n *yaml.Node, name string) {
	if !slices.ContainsFunc(r.mapping.columns, func(c column) bool { return c.name == name }) {
		r.mapping.columns = append(r.mapping.columns, column{name, formats.Place{File: r.file, Row: n.Line}})
	}
}
