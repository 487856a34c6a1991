package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// limitChoices is how many things are offered where words may mean several.
const limitChoices = 25

// lookup puts references in place of what people write for them: a name or a part of one, an identifier of a register, a
// reference. It is for one form.
type lookup struct {
	view       *projections.View
	at         projections.Point
	introduces string // the path of the identifier that the fact introduces
	problems   map[string]string
	called     map[string]string
	choices    map[string][]option
}

func newLookup(view *projections.View, on domain.Date, introduces string) *lookup {
	return &lookup{view: view, at: projections.Point{On: on, Known: view.Seq()}, introduces: introduces,
		problems: make(map[string]string), called: make(map[string]string), choices: make(map[string][]option)}
}

// resolve looks at the references among the fields below a path.
func (l *lookup) resolve(fields []domain.Field, t *tree, path string) {
	var typed string
	for _, field := range fields {
		below, at := t.at(field.Name), join(path, field.Name)
		switch field.Shape {
		case domain.ShapeType:
			typed = below.value()
		case domain.ShapeData:
			if typ, ok := domain.ParseType(typed); ok {
				l.resolve(domain.FieldsOf(typ), below, at)
			}
		case domain.ShapeObject:
			l.resolve(field.Fields, below, at)
		case domain.ShapeList:
			l.list(*field.Element, below, at)
		default:
			l.one(field, below, at)
		}
	}
}

// list looks at the elements that are filled in, by the numbers that they have in the entry.
func (l *lookup) list(element domain.Field, t *tree, path string) {
	for i, below := range t.elements() {
		at := join(path, strconv.Itoa(i))
		if element.Shape == domain.ShapeObject {
			l.resolve(element.Fields, below, at)
			continue
		}
		l.one(element, below, at)
	}
}

// one looks at one field.
func (l *lookup) one(field domain.Field, t *tree, path string) {
	text := t.value()
	if text == "" || path == l.introduces || field.Shape != domain.ShapeID && field.Shape != domain.ShapeHolding {
		return
	}
	var kinds []domain.Kind
	if field.Shape == domain.ShapeID {
		kinds = []domain.Kind{field.Refers}
		text = strings.TrimPrefix(text, field.Refers.String()+"/")
	} else {
		kinds = []domain.Kind{domain.KindResponsibility, domain.KindContract, domain.KindOrganisation}
	}
	if ref, ok := l.exact(kinds, text); ok {
		l.put(field, t, path, ref)
		return
	}
	l.find(field, kinds, t, path, text)
}

// exact takes the text for an identifier, a reference or a register's code.
func (l *lookup) exact(kinds []domain.Kind, text string) (domain.Ref, bool) {
	ref, err := domain.ParseRef(text)
	if err != nil {
		ref = domain.Ref{Kind: kinds[0], ID: text}
	}
	if slices.Contains(kinds, ref.Kind) && l.view.Introduced(ref, l.at.Known) {
		return ref, true
	}
	if slices.Contains(kinds, domain.KindOrganisation) && strings.Contains(text, ":") {
		id, err := l.view.FindOrganisation(text, l.at.Known)
		return id.Ref(), err == nil
	}
	return domain.Ref{}, false
}

func (l *lookup) put(field domain.Field, t *tree, path string, ref domain.Ref) {
	l.called[path] = l.view.Title(ref, l.at)
	if field.Shape == domain.ShapeID {
		t.set(ref.ID)
	} else {
		t.set(ref.String())
	}
}

// find takes the text for words in a name. What may be an identifier is left for the ledger to judge where no name has it:
// another item of the same plan may introduce it.
func (l *lookup) find(field domain.Field, kinds []domain.Kind, t *tree, path, text string) {
	var matches []projections.Match
	exact := 0
	for _, m := range l.view.Find(text, l.at.Known) {
		if ref, err := domain.ParseRef(m.Ref); err == nil && slices.Contains(kinds, ref.Kind) {
			matches = append(matches, m)
			if m.Exact {
				exact++
			}
		}
	}
	what := kinds[0].String()
	if len(kinds) > 1 {
		what = "holding"
	}
	switch {
	case len(matches) == 1, exact == 1: // exact ones come first
		ref, err := domain.ParseRef(matches[0].Ref)
		if err == nil {
			l.put(field, t, path, ref)
		}
	case len(matches) > 1:
		l.offer(field, path, matches)
		l.problems[path] = fmt.Sprintf("Choose which %s is meant: %d have “%s” in a name", what, len(matches), text)
	case len(kinds) > 1 || !domain.ValidID(text):
		l.problems[path] = fmt.Sprintf("No %s has “%s” in a name, present or former", what, text)
	}
}

// offer lists what may be meant.
func (l *lookup) offer(field domain.Field, path string, matches []projections.Match) {
	for _, m := range matches[:min(len(matches), limitChoices)] {
		value := m.Ref
		if field.Shape == domain.ShapeID {
			_, value, _ = strings.Cut(m.Ref, "/")
		}
		text := m.Title
		if m.Was {
			text += ", once " + m.Found
		}
		l.choices[path] = append(l.choices[path], option{Value: value, Text: strings.TrimPrefix(text+" ("+value+")", " ")})
	}
}
