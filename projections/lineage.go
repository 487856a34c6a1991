package projections

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// Edge is one succession from an organisation to another.
type Edge struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Effective string `json:"effective"` // EDTF text
	How       string `json:"how"`       // merged, split or dissolved
	Seq       uint64 `json:"seq"`

	day domain.Date
}

// Lineage answers where an organisation came from and what became of it, to any depth.
type Lineage struct {
	Organisation string  `json:"organisation"`
	Known        uint64  `json:"known"`
	On           *string `json:"on,omitempty"` // left out where every succession is asked for
	Edges        []Edge  `json:"edges"`        // by nominal day, from, to and sequence
}

// Lineage follows successions from an organisation back and forth, up to a day.
func (v *View) Lineage(org domain.OrganisationID, at Point) (*Lineage, error) {
	num, err := v.introduced(org.Ref(), at.Known, "organisation")
	if err != nil {
		return nil, err
	}
	answer := &Lineage{Organisation: string(org), Known: at.Known, Edges: []Edge{}}
	answer.Edges = v.follow(answer.Edges, num, at, v.edgesFrom, func(e edge) uint32 { return e.to })
	answer.Edges = v.follow(answer.Edges, num, at, v.edgesTo, func(e edge) uint32 { return e.from })
	slices.SortFunc(answer.Edges, compareEdges)
	answer.Edges = slices.Compact(answer.Edges) // of a ring, both ways lead to the same edges
	return answer, nil
}

func compareEdges(a, b Edge) int {
	return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Seq, b.Seq))
}

// edge is what is answered of a succession.
func (v *View) edge(e edge) Edge {
	text, _ := v.edtf(&e.by.stamp, nil)
	return Edge{From: v.thing(e.from).id, To: v.thing(e.to).id, Effective: text,
		How: e.by.how.String(), Seq: uint64(e.by.seq), day: e.by.day}
}

type edge struct {
	from, to uint32
	by       *bulk
}

// follow collects the edges that lead on from an organisation in one direction.
func (v *View) follow(edges []Edge, org uint32, at Point, next func(uint32, Point) []edge, far func(edge) uint32) []Edge {
	queue := []uint32{org}
	seen := map[uint32]bool{org: true}
	for i := 0; i < len(queue); i++ {
		for _, e := range next(queue[i], at) {
			edges = append(edges, v.edge(e))
			if to := far(e); !seen[to] {
				seen[to] = true
				queue = append(queue, to)
			}
		}
	}
	return edges
}

func (v *View) edgesFrom(org uint32, at Point) []edge {
	var edges []edge
	records := v.thing(org).organisation.bulk
	for i := range records {
		b := &records[i]
		if b.how == howTransferred || b.day > at.On || !b.visible(uint32(at.Known)) {
			continue
		}
		for _, to := range b.successors() {
			edges = append(edges, edge{org, to, b})
		}
	}
	return edges
}

func (v *View) edgesTo(org uint32, at Point) []edge {
	var edges []edge
	for _, from := range v.thing(org).organisation.feeders {
		for _, e := range v.edgesFrom(from, at) {
			if e.to == org {
				edges = append(edges, e)
			}
		}
	}
	return edges
}
