package projections

import "github.com/orgledger/orgledger/domain"

// status is what an organisation is at a point of the fold.
type status struct {
	active, ended bool
	ending        *ownFact // the one that ended it last
}

// statusBefore folds the facts that decide an organisation's status, up to just before a point.
func (v *View) statusBefore(org, known uint32, before *stamp) status {
	var s status
	own := v.thing(org).own
	for i := range own {
		f := &own[i]
		if !f.stamp.before(before) {
			break
		}
		if !f.visible(known) {
			continue
		}
		switch f.op {
		case opEstablish:
			s.active = !s.ended
		case opRestore:
			if s.ended {
				s.active, s.ended = true, false
			}
		case opClose:
			if s.active {
				s.active, s.ended, s.ending = false, true, f
			}
		}
	}
	return s
}

// endOf is the point after everything that takes effect on a day.
func endOf(day domain.Date) *stamp { return &stamp{day: day + 1} }
