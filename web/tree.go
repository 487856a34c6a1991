package web

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// tree is what a form holds, as it was typed or as JSON had it: values, and further trees by the name of a field, the
// elements of a list by their number. Inputs are named by their path in it: data.suppliers.0.
type tree struct {
	values []string // of an input; several of check boxes that share a name
	names  []string // of the children, in the order in which they came
	under  map[string]*tree
}

// limitForm is how many inputs one form may have: more than this is no form that this program has made.
const limitForm = 20_000

// limitDepth is how deep paths may go; a plan's items, the deepest, have data.items.0.data.identifiers.0.scheme.
const limitDepth = 12

// treeOf reads a form.
func treeOf(form url.Values) (*tree, error) {
	if len(form) > limitForm {
		return nil, fmt.Errorf("a form has at most %d fields", limitForm)
	}
	root := new(tree)
	for path, values := range form {
		if strings.Count(path, ".") >= limitDepth {
			return nil, fmt.Errorf("the field %.80q is none of this form", path)
		}
		root.reach(path).values = values
	}
	return root, nil
}

// treeFromJSON reads a JSON value; numbers and words become text.
func treeFromJSON(raw jsontext.Value) (*tree, error) {
	root := new(tree)
	err := root.read(jsontext.NewDecoder(bytes.NewReader(raw)))
	return root, err
}

func (t *tree) read(dec *jsontext.Decoder) error {
	switch dec.PeekKind() {
	case '{', '[':
		return t.readInner(dec)
	}
	token, err := dec.ReadToken()
	if err == nil && token.Kind() != 'n' {
		t.values = []string{token.String()}
	}
	return err
}

func (t *tree) readInner(dec *jsontext.Decoder) error {
	begin, err := dec.ReadToken()
	for n := 0; err == nil && dec.PeekKind() != '}' && dec.PeekKind() != ']'; n++ {
		name := strconv.Itoa(n)
		if begin.Kind() == '{' {
			token, err := dec.ReadToken()
			if err != nil {
				return err
			}
			name = token.String()
		}
		err = t.child(name).read(dec)
	}
	if err == nil {
		_, err = dec.ReadToken()
	}
	return err
}

// child is the tree below a name, made where it is missing.
func (t *tree) child(name string) *tree {
	if below, ok := t.under[name]; ok {
		return below
	}
	if t.under == nil {
		t.under = make(map[string]*tree)
	}
	below := new(tree)
	t.under[name] = below
	t.names = append(t.names, name)
	return below
}

// at is the tree below a path; an empty one where there is none.
func (t *tree) at(path string) *tree {
	for name := range strings.SplitSeq(path, ".") {
		below, ok := t.under[name]
		if !ok {
			return new(tree)
		}
		t = below
	}
	return t
}

// reach is the tree below a path, made where it is missing.
func (t *tree) reach(path string) *tree {
	for name := range strings.SplitSeq(path, ".") {
		t = t.child(name)
	}
	return t
}

// value is what stands in an input, without the space around it and with line feeds alone between lines.
func (t *tree) value() string {
	if len(t.values) == 0 {
		return ""
	}
	return strings.TrimSpace(strings.ReplaceAll(t.values[0], "\r\n", "\n"))
}

// set puts a value into an input.
func (t *tree) set(value string) { t.values = []string{value} }

// blank reports whether nothing is filled in.
func (t *tree) blank() bool {
	if t.value() != "" {
		return false
	}
	for _, below := range t.under {
		if !below.blank() {
			return false
		}
	}
	return true
}

// elements are the trees below numbers, in their order, those that are blank left out.
func (t *tree) elements() []*tree {
	var numbers []int
	for name, below := range t.under {
		if n, err := strconv.Atoi(name); err == nil && strconv.Itoa(n) == name && !below.blank() {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	list := make([]*tree, len(numbers))
	for i, n := range numbers {
		list[i] = t.under[strconv.Itoa(n)]
	}
	return list
}

// words are those that are chosen of a list of them: boxes share the name of the list, JSON numbers its elements.
func (t *tree) words() []string {
	words := slices.Clone(t.values)
	for _, element := range t.elements() {
		words = append(words, element.value())
	}
	return words
}

// renumber makes a list of trees the elements of this one.
func (t *tree) renumber(list []*tree) {
	t.under, t.names = make(map[string]*tree, len(list)), nil
	for i, below := range list {
		name := strconv.Itoa(i)
		t.under[name] = below
		t.names = append(t.names, name)
	}
}

// hidden lists every path with its values, for the inputs that carry a form from one page to the next.
func (t *tree) hidden(path string, list []field) []field {
	for _, value := range t.values {
		list = append(list, field{path, value})
	}
	for _, name := range slices.Sorted(slices.Values(t.names)) {
		list = t.under[name].hidden(strings.TrimPrefix(path+"."+name, "."), list)
	}
	return list
}

// drop leaves out what is below names.
func (t *tree) drop(names ...string) {
	for _, name := range names {
		delete(t.under, name)
	}
	t.names = slices.DeleteFunc(t.names, func(name string) bool { return slices.Contains(names, name) })
}
