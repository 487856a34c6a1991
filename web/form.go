package web

import (
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
)

// input is one field of a form as it is shown.
type input struct {
	Path     string // its name in the form
	Label    string
	Hint     string
	Shape    domain.Shape
	Required bool
	Value    string
	Checked  bool
	Problem  string   // what is wrong with it; empty: nothing
	Options  []option // of words, and of references where several may be meant
	Kind     string   // of what it refers to; empty: no reference
	New      bool     // an identifier that the fact introduces
	Called   string   // what the reference is called
	Within   []*input // the fields of an object, the elements of a list
	Element  string   // what an element of the list is called
	Long     bool     // a text that may have several lines
	Number   int      // of an element of a list, from 1
}

// option is one of several values.
type option struct {
	Value, Text string
	Chosen      bool
}

// ID is the input's name as the id of an element.
func (i *input) ID() string { return "f-" + strings.ReplaceAll(i.Path, ".", "-") }

// A is an element of the list with its article.
func (i *input) A() string { return telling.Article(i.Element) }

// Is reports whether the input has a shape, by the name that templates use.
func (i *input) Is(shape string) bool { return shapes[i.Shape] == shape }

var shapes = map[domain.Shape]string{domain.ShapeText: "text", domain.ShapeName: "line", domain.ShapeID: "ref", domain.ShapeHolding: "ref",
	domain.ShapeWord: "word", domain.ShapeNumber: "line", domain.ShapeFlag: "flag", domain.ShapeDate: "line", domain.ShapeDay: "line",
	domain.ShapePerson: "line", domain.ShapeEntry: "line", domain.ShapeCode: "line", domain.ShapeFulfils: "line", domain.ShapeType: "type",
	domain.ShapeObject: "object", domain.ShapeData: "object", domain.ShapeList: "list"}

// former builds the inputs of a form from the fields that the domain describes and from what is filled in.
type former struct {
	introduces string            // the field that names what the fact brings into the ledger; empty: it brings nothing
	problems   map[string]string // by path
	called     map[string]string // what references are called, by path
	choices    map[string][]option
}

// inputs are those of fields below a path. The lists in the tree are renumbered, so that a path means the same in the
// form as in the entry that is made of it.
func (f *former) inputs(fields []domain.Field, t *tree, path string) []*input {
	list := make([]*input, 0, len(fields))
	var typed string // what the field with the type says
	for _, field := range fields {
		if field.Shape == domain.ShapeType {
			typed = t.at(field.Name).value()
		}
		if field.Shape == domain.ShapeData {
			list = append(list, f.data(typed, t.child(field.Name), join(path, field.Name)))
			continue
		}
		list = append(list, f.input(field, t.child(field.Name), join(path, field.Name)))
	}
	return list
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// data is the fields of a fact within a form.
func (f *former) data(typed string, t *tree, path string) *input {
	i := &input{Path: path, Shape: domain.ShapeData, Required: true, Problem: f.problems[path], Label: "What it does"}
	if typ, ok := domain.ParseType(typed); ok {
		i.Hint = telling.Capital(typ.Summary()) + "."
		i.Within = f.inputs(domain.FieldsOf(typ), t, path)
	}
	return i
}

func (f *former) input(field domain.Field, t *tree, path string) *input {
	i := &input{Path: path, Label: labelOf(path, field), Hint: hintOf(field), Shape: field.Shape, Required: field.Required && !field.Null,
		Value: t.value(), Checked: t.value() == "true", Problem: f.problems[path], Called: f.called[path]}
	switch field.Shape {
	case domain.ShapeID:
		i.Kind, i.New = field.Refers.String(), path == f.introduces
		i.Options = f.choices[path]
	case domain.ShapeHolding:
		i.Kind, i.Options = "holding", f.choices[path]
	case domain.ShapeWord, domain.ShapeType:
		i.Options = wordOptions(field.Words, t.values)
	case domain.ShapeText:
		i.Long = field.Limit > domain.LimitTitle
	case domain.ShapeObject:
		i.Within = f.inputs(field.Fields, t, path)
	case domain.ShapeList:
		f.list(i, field, t, path)
	}
	return i
}

// list adds the elements that are filled in, and an empty one where there has to be one.
func (f *former) list(i *input, field domain.Field, t *tree, path string) {
	i.Element = elementWords(field.Name)
	if field.Element.Shape == domain.ShapeWord {
		i.Options = wordOptions(field.Element.Words, t.words())
		for n := range i.Options {
			i.Options[n].Text = holdingKinds[i.Options[n].Value]
		}
		return
	}
	elements := t.elements()
	if t.value() == more || field.Required && len(elements) == 0 {
		elements = append(elements, new(tree))
	}
	t.values = nil
	t.renumber(elements)
	for n, element := range elements {
		inner := *field.Element
		inner.Required = n == 0 && field.Required
		within := f.input(inner, element, join(path, strconv.Itoa(n)))
		within.Label, within.Number = capitalised(i.Element)+" "+strconv.Itoa(n+1), n+1
		i.Within = append(i.Within, within)
	}
}

// more stands in a list to which an element is to be added.
const more = "+"

func wordOptions(words, chosen []string) []option {
	options := make([]option, len(words))
	for i, word := range words {
		options[i] = option{word, wordLabel(word), slices.Contains(chosen, word)}
	}
	return options
}

// entryFields are those of the form for entries of a type.
func entryFields(t domain.Type) []domain.Field {
	fields := domain.EntryFields(t)
	data := domain.Field{Name: "data", Shape: domain.ShapeObject, Required: true, Fields: domain.FieldsOf(t)}
	at := slices.IndexFunc(fields, func(f domain.Field) bool { return f.Name == "effective" })
	return slices.Insert(fields, at+1, data)
}

// entryJSON is the entry of a type that a form says.
func entryJSON(t domain.Type, filled *tree) jsontext.Value {
	entry := objectJSON(entryFields(t), filled)
	return append(append([]byte(`{"type":`), appendText(nil, t.String())...), append([]byte(","), entry[1:]...)...)
}

// objectJSON writes what is filled in as the object that the fields describe. What is blank is left out, unless it has to
// be given and may be null.
func objectJSON(fields []domain.Field, t *tree) jsontext.Value {
	object := []byte{'{'}
	var typed string
	for _, field := range fields {
		if field.Shape == domain.ShapeType {
			typed = t.at(field.Name).value()
		}
		value, given := valueJSON(field, typed, t.at(field.Name))
		if !given {
			continue
		}
		if len(object) > 1 {
			object = append(object, ',')
		}
		object = append(appendText(object, field.Name), ':')
		object = append(object, value...)
	}
	return append(object, '}')
}

// valueJSON writes the value of one field, and reports whether it is given.
func valueJSON(field domain.Field, typed string, t *tree) (value jsontext.Value, given bool) {
	switch field.Shape {
	case domain.ShapeData:
		if typ, ok := domain.ParseType(typed); ok {
			return objectJSON(domain.FieldsOf(typ), t), true
		}
		return nil, false
	case domain.ShapeObject:
		if field.Null && t.blank() {
			return jsontext.Value("null"), true
		}
		if !field.Required && t.blank() {
			return nil, false
		}
		return objectJSON(field.Fields, t), true
	case domain.ShapeList:
		return listJSON(field, t)
	case domain.ShapeFlag:
		return jsontext.Value("true"), t.value() == "true"
	case domain.ShapeNumber:
		if raw := jsontext.Value(t.value()); raw.IsValid() && raw.Kind() == '0' {
			return raw, true
		}
	}
	return appendText(nil, t.value()), t.value() != ""
}

func listJSON(field domain.Field, t *tree) (jsontext.Value, bool) {
	elements := t.elements()
	if field.Element.Shape == domain.ShapeWord {
		elements = nil
		for _, word := range t.words() {
			elements = append(elements, &tree{values: []string{word}})
		}
	}
	list := []byte{'['}
	for _, element := range elements {
		value, given := valueJSON(*field.Element, "", element)
		if !given {
			continue
		}
		if len(list) > 1 {
			list = append(list, ',')
		}
		list = append(list, value...)
	}
	return append(list, ']'), len(list) > 1
}

func appendText(dst []byte, text string) []byte {
	quoted, err := jsontext.AppendQuote(dst, strings.ToValidUTF8(text, "\uFFFD"))
	if err != nil {
		panic(err) // it is valid UTF-8
	}
	return quoted
}

// fieldPath turns the field of a refusal, data.into[2].to, into the path of an input, data.into.2.to.
func fieldPath(field string) string {
	return strings.NewReplacer("[", ".", "]", "").Replace(field)
}
