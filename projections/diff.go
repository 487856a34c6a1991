package projections

import (
	"cmp"
	"slices"
)

// Change is a holding whose holders differ between two states.
type Change struct {
	Ref    string  `json:"ref"`
	Before []Share `json:"before"`
	After  []Share `json:"after"`
}

// Diff answers what differs between two states.
type Diff struct {
	Changes []Change `json:"changes"` // by reference
}

// Diff resolves every holding twice.
func (v *View) Diff(from, to Point) *Diff {
	answer := &Diff{Changes: []Change{}}
	for num := range v.holdings() {
		answer.Changes = v.appendChange(answer.Changes, num, state{from, nil}, state{to, nil})
	}
	answer.sort()
	return answer
}

func (d *Diff) sort() {
	slices.SortFunc(d.Changes, func(a, b Change) int { return cmp.Compare(a.Ref, b.Ref) })
}

// state is a point, with what is assumed there.
type state struct {
	Point
	over *overlay
}

func (v *View) appendChange(changes []Change, num uint32, from, to state) []Change {
	before, after := v.sharesAt(num, from), v.sharesAt(num, to)
	if slices.Equal(before, after) {
		return changes
	}
	return append(changes, Change{v.thing(num).ref().String(), before, after})
}

func (v *View) sharesAt(num uint32, at state) []Share {
	f := v.newFold(num, uint32(at.Known), at.over)
	defer f.release()
	f.run(at.On)
	return f.shares()
}
