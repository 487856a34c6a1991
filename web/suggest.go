package web

import (
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
)

// suggestions answer a search while it is typed.
type suggestions struct {
	Words   string       `json:"words"`
	Total   int          `json:"total"`
	Matches []suggestion `json:"matches"`
}

type suggestion struct {
	Ref   string `json:"ref"`
	Title string `json:"title"`
	Kind  string `json:"kind"`
	Found string `json:"found,omitempty"`
	Href  string `json:"href"`
}

// maxSuggestions is how many are given at most.
const maxSuggestions = 10

// suggest gives the first matches of words, and how many there are. With kind in the address it gives those of one kind, for the
// fields of forms.
func (s *site) suggest(q *request) (*Page, error) {
	words := strings.TrimSpace(q.URL.Query().Get("q"))
	kind, err := chosenKind(q.URL.Query().Get("kind"))
	if err != nil {
		return nil, err
	}
	answer := suggestions{Words: words, Matches: []suggestion{}}
	if words != "" {
		found := q.view.Search(words, q.known)
		answer.Total = found.Len(kind)
		for _, m := range found.Page(kind, 0, min(answer.Total, maxSuggestions)) {
			line := q.match(m)
			href := line.Thing.Href
			if href == "" {
				href = q.url("/search", "q", words)
			}
			answer.Matches = append(answer.Matches, suggestion{m.Ref, line.Thing.Text, line.Kind, line.Found, href})
		}
	}
	return &Page{Name: "search", Title: "Search", Data: searchShown{}, JSON: func() ([]byte, error) { return json.Marshal(answer, json.Deterministic(true)) }}, nil
}

// thing is the address of the page on which a thing is found; empty where it is on none.
func (q *request) thing(ref domain.Ref) string {
	if ref.Kind != domain.KindOffice {
		return q.path(ref.String())
	}
	for _, on := range []domain.Date{q.on, domain.LastDate} {
		_, org, err := q.view.Office(domain.OfficeID(ref.ID), ledger.Point{On: on, Known: q.known})
		if err == nil && org != "" {
			return q.path(org.Ref().String()) + "#offices"
		}
	}
	return ""
}

// titled is text of the ledger, or a reference where there is none.
func titled(text string, ref string) string {
	if text = telling.Clean(text); text != "" {
		return text
	}
	return ref
}
