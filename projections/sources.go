package projections

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// ListedSource is a registered source, in a list of them.
type ListedSource struct {
	Source  string `json:"source"`
	Title   string `json:"title"`
	Seq     uint64 `json:"seq"`     // of its registration
	Entries int    `json:"entries"` // how many concern it, its registration left out
}

// Sources lists the sources registered up to known, by id.
func (v *View) Sources(known uint64) []ListedSource {
	list := []ListedSource{}
	for num := range v.things() {
		if t := v.thing(num); t.kind == domain.KindSource && uint64(t.introduced) <= known {
			list = append(list, v.source(t, known))
		}
	}
	slices.SortFunc(list, func(a, b ListedSource) int { return cmp.Compare(a.Source, b.Source) })
	return list
}

// Source finds one that is registered up to known.
func (v *View) Source(id domain.SourceID, known uint64) (*ListedSource, error) {
	num, err := v.introduced(id.Ref(), known, "source")
	if err != nil {
		return nil, err
	}
	s := v.source(v.thing(num), known)
	return &s, nil
}

func (v *View) source(t *thing, known uint64) ListedSource {
	s := ListedSource{Source: t.id, Seq: uint64(t.introduced)}
	if titles := t.called(uint32(known)); len(titles) > 0 {
		s.Title = titles[len(titles)-1]
	}
	for _, seq := range t.rest.mentions {
		if uint64(seq) <= min(known, v.Seq()) && seq != t.introduced {
			s.Entries++
		}
	}
	return s
}
