package domain

import (
	"strconv"
	"strings"
)

// trail is where a visitor stands within an entry. It becomes text only when a field has to be
// named: in a refusal, or as the place of a reference.
type trail struct{ steps []step }

// A step leads into a field, or into an element of the list that the field holds.
type step struct {
	field string
	index int // -1: the field itself
}

func (t *trail) enter(field string)             { t.steps = append(t.steps, step{field, -1}) }
func (t *trail) enterItem(field string, at int) { t.steps = append(t.steps, step{field, at}) }
func (t *trail) leave()                         { t.steps = t.steps[:len(t.steps)-1] }

// where is the path of a field at this place, as data.items[2].data.into, and of the place itself
// for the empty field.
func (t *trail) where(field string) string {
	var b strings.Builder
	for _, s := range t.steps {
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.field)
		if s.index >= 0 {
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		}
	}
	if b.Len() > 0 && field != "" {
		b.WriteByte('.')
	}
	b.WriteString(field)
	return b.String()
}

func at(field string, i int) string { return field + "[" + strconv.Itoa(i) + "]" }
