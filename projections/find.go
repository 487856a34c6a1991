package projections

import (
	"fmt"
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
)

// Match is something found by words.
type Match struct {
	Ref   string `json:"ref"`
	Title string `json:"title"`           // its newest name or title
	Found string `json:"found"`           // the name, title or identifier that has the words
	Was   bool   `json:"was,omitempty"`   // what was found is no longer what it is called
	Exact bool   `json:"exact,omitempty"` // the words are the whole of it
}

// Find lists what has every word in its identifier or in any name, title or code that it ever had,
// as known at a point, whatever the day. Case does not count; part of a word is enough. What is
// called exactly so comes first, then what begins so.
func (v *View) Find(words string, known uint64) []Match {
	found := v.Search(words, known)
	return found.Page(0, 0, found.Len(0))
}

func (t *thing) match(needle []string, known uint32) (Match, bool) {
	titles := t.called(known)
	m := Match{Ref: t.ref().String()}
	if len(titles) > 0 {
		m.Title = titles[len(titles)-1]
	}
	for i := len(titles) - 1; i >= 0; i-- {
		if hasAll(titles[i], needle) {
			m.Found, m.Was = titles[i], titles[i] != m.Title
			m.Exact = strings.EqualFold(titles[i], strings.Join(needle, " "))
			return m, true
		}
	}
	candidates := []string{t.id}
	if t.organisation != nil {
		for _, a := range t.organisation.attributes {
			for _, code := range a.gained {
				if a.visible(known) {
					candidates = append(candidates, code.Scheme+":"+code.Value)
				}
			}
		}
	}
	for _, c := range candidates {
		exact := strings.EqualFold(c, strings.Join(needle, " "))
		if exact || hasAll(c, needle) && !t.random() {
			m.Found, m.Exact = c, exact
			return m, true
		}
	}
	return m, false
}

// random reports whether the id says nothing, so that a part of it is found by chance alone.
func (t *thing) random() bool { return t.kind == domain.KindPerson || t.kind == domain.KindKey }

// called lists the names and titles of a thing in the order of the fold, the newest last.
func (t *thing) called(known uint32) []string {
	var names []string
	for _, title := range t.rest.titles {
		if title.from <= known {
			names = append(names, title.text)
		}
	}
	if t.organisation == nil {
		return names
	}
	for _, a := range t.organisation.attributes {
		if a.name != "" && a.visible(known) {
			names = append(names, a.name)
		}
	}
	return names
}

func hasAll(text string, needle []string) bool {
	return !slices.ContainsFunc(needle, func(word string) bool { return !containsFold(text, word) })
}

// Title is what a reference is called at a point: an organisation's operating or legal name, else a
// title; empty where it has none.
func (v *View) Title(ref domain.Ref, at Point) string {
	_, t := v.lookup(ref)
	if t == nil || uint64(t.introduced) > at.Known {
		return ""
	}
	if t.organisation == nil {
		if titles := t.called(uint32(at.Known)); len(titles) > 0 {
			return titles[len(titles)-1]
		}
		return ""
	}
	var o Organisation
	o.describe(t.organisation.attributes, at.On, uint32(at.Known))
	switch {
	case o.OperatingName != nil:
		return *o.OperatingName
	case o.Name != nil:
		return *o.Name
	default:
		if names := t.called(uint32(at.Known)); len(names) > 0 {
			return names[0]
		}
		return ""
	}
}

// Identified lists, by id, the organisations that have, or ever had, an identifier.
func (v *View) Identified(scheme, value string, known uint64) []domain.OrganisationID {
	var found []domain.OrganisationID
	code := domain.Identifier{Scheme: scheme, Value: value}
	for num := range v.things() {
		t := v.thing(num)
		if t.organisation == nil || uint64(t.introduced) > known {
			continue
		}
		if slices.ContainsFunc(t.organisation.attributes, func(a attribute) bool {
			return a.visible(uint32(known)) && slices.Contains(a.gained, code)
		}) {
			found = append(found, domain.OrganisationID(t.id))
		}
	}
	slices.Sort(found)
	return found
}

// FindOrganisation finds an organisation by its id or, written scheme:value, by an identifier that it
// has or ever had. Where several had it the error lists them.
func (v *View) FindOrganisation(text string, known uint64) (domain.OrganisationID, error) {
	scheme, value, coded := strings.Cut(text, ":")
	if !coded {
		return domain.OrganisationID(text), nil
	}
	switch found := v.Identified(scheme, value, known); len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", &QuestionError{CodeUnknownReference, "organisation", fmt.Sprintf("no organisation has or had the identifier %s", text)}
	default:
		names := make([]string, len(found))
		for i, id := range found {
			names[i] = string(id)
		}
		return "", &QuestionError{CodeUnknownReference, "organisation",
			fmt.Sprintf("several organisations have or had the identifier %s: %s", text, strings.Join(names, ", "))}
	}
}
