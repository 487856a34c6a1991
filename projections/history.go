package projections

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// Share is who has something and in which role.
type Share struct {
	Organisation string `json:"organisation"`
	Role         string `json:"role"`
}

// Period is a stretch of days, From included and To not (null: open), with one set of holders.
type Period struct {
	From    string  `json:"from"`
	To      *string `json:"to"`
	Holders []Share `json:"holders"`
}

// History answers who held something from its first grant on, each day as it ended.
type History struct {
	Ref     string   `json:"ref"`
	Known   uint64   `json:"known"`
	Periods []Period `json:"periods"`
}

// History folds one holding over all its days.
func (v *View) History(ref domain.Ref, known uint64) (*History, error) {
	num, err := v.introduced(ref, known, "ref")
	if err != nil {
		return nil, err
	}
	answer := &History{Ref: ref.String(), Known: known, Periods: []Period{}}
	f := v.newFold(num, uint32(known), nil)
	defer f.release()
	f.dayDone = func(day domain.Date) {
		if f.granted {
			answer.add(day, f.shares())
		}
	}
	f.run(domain.LastDate)
	return answer, nil
}

func (h *History) add(day domain.Date, shares []Share) {
	if n := len(h.Periods); n > 0 {
		if slices.Equal(h.Periods[n-1].Holders, shares) {
			return
		}
		to := day.String()
		h.Periods[n-1].To = &to
	}
	h.Periods = append(h.Periods, Period{From: day.String(), Holders: shares})
}

func (f *fold) shares() []Share {
	shares := make([]Share, len(f.entries))
	for i, e := range f.entries {
		shares[i] = Share{f.view.thing(e.org).id, e.role.String()}
	}
	slices.SortFunc(shares, compareShares)
	return shares
}

func compareShares(a, b Share) int {
	return cmp.Or(cmp.Compare(a.Organisation, b.Organisation), cmp.Compare(a.Role, b.Role))
}
