package projections

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// Holding is one thing that an organisation holds.
type Holding struct {
	Ref       string   `json:"ref"`
	Role      string   `json:"role"`
	Since     string   `json:"since"`
	Effective *string  `json:"effective"`
	Path      []uint64 `json:"path"`
	Certainty string   `json:"certainty"` // of the holding as a whole
}

// Holdings answers what an organisation holds.
type Holdings struct {
	Organisation string    `json:"organisation"`
	On           string    `json:"on"`
	Known        uint64    `json:"known"`
	Holdings     []Holding `json:"holdings"` // by reference and role
}

// Holdings resolves everything that may have come to an organisation: what its own facts, or those
// of an organisation that bulk records lead from, ever gave. Its cost grows with that number, not
// with the ledger.
func (v *View) Holdings(org domain.OrganisationID, at Point, assumed []Assumption) (*Holdings, error) {
	num, err := v.introduced(org.Ref(), at.Known, "organisation")
	if err != nil {
		return nil, err
	}
	over, err := v.assume(assumed, at)
	if err != nil {
		return nil, err
	}
	answer := &Holdings{Organisation: string(org), On: at.On.String(), Known: at.Known, Holdings: []Holding{}}
	for i, candidate := range v.candidates(num, at, over) {
		if i%lookUp == lookUp-1 && v.unwanted() {
			break
		}
		answer.Holdings = v.appendHolding(answer.Holdings, candidate, num, at, over)
	}
	slices.SortFunc(answer.Holdings, func(a, b Holding) int {
		return cmp.Or(cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Role, b.Role))
	})
	return answer, nil
}

func (v *View) appendHolding(list []Holding, holding, org uint32, at Point, over *overlay) []Holding {
	f := v.newFold(holding, uint32(at.Known), over)
	defer f.release()
	f.run(at.On)
	sure := ""
	for _, e := range f.entries {
		if e.org != org {
			continue
		}
		if sure == "" {
			sure = certainty(f.doubts(at.On))
		}
		h := f.holder(e)
		list = append(list, Holding{v.thing(holding).ref().String(), h.Role, h.Since, h.Effective, h.Path, sure})
	}
	return list
}

// candidates lists, each once, the holdings that may be with an organisation at a point: those that
// it, or an organisation from which bulk records lead to it in the order of their days, ever received.
func (v *View) candidates(org uint32, at Point, over *overlay) []uint32 {
	queue := []uint32{org}
	until := map[uint32]domain.Date{org: at.On} // by when something has to be with an organisation to get on
	for len(queue) > 0 {
		to := queue[0]
		queue = queue[1:]
		for _, from := range v.feeders(to, over) {
			if day := v.feeds(from, to, until[to], uint32(at.Known), over); day > until[from] {
				until[from] = day
				queue = append(queue, from)
			}
		}
	}
	var all []uint32
	for from := range until {
		all = append(all, v.received(from, over)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// feeds is the last day, up to one, on which a visible bulk record may carry an entry between two
// organisations; the zero Date where none does.
func (v *View) feeds(from, to uint32, until domain.Date, known uint32, over *overlay) domain.Date {
	records := v.bulk(from, over)
	for i := len(records) - 1; i >= 0; i-- {
		if b := &records[i]; b.day <= until && b.visible(known) && slices.Contains(b.receivers(), to) {
			return b.day
		}
	}
	return 0
}
