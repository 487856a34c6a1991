package projections

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// Point names a state of the ledger: what was so on a day, as known up to a sequence.
type Point struct {
	On    domain.Date
	Known uint64 // at most the view's Seq
}

// Holding statuses, organisation statuses and certainties, as answers write them.
const (
	StatusUnknown = "unknown"
	StatusPending = "pending"
	StatusHeld    = "held"
	StatusUnheld  = "unheld"
	StatusEnded   = "ended"
	StatusActive  = "active"

	Certain   = "certain"
	Uncertain = "uncertain"
)

// Holder is one entry of a holding.
type Holder struct {
	Organisation string   `json:"organisation"`
	Role         string   `json:"role"`
	Since        string   `json:"since"`     // nominal day of the path's last fact
	Effective    *string  `json:"effective"` // its EDTF text
	Path         []uint64 `json:"path"`      // sequences: the granting fact, then each that moved it
}

// Holders answers who holds a responsibility, a contract or a unit's placement.
type Holders struct {
	Ref         string   `json:"ref"`
	On          string   `json:"on"`
	Known       uint64   `json:"known"`
	Status      string   `json:"status"`
	Holders     []Holder `json:"holders"` // by organisation and role
	Certainty   string   `json:"certainty"`
	UncertainBy []uint64 `json:"uncertain_because"`
}

// Holders resolves one holding, a responsibility, a contract or a unit, at a point, given that the
// plans come true. Its cost is that of a
// fold: the holding's own facts times the length of the succession chains.
func (v *View) Holders(ref domain.Ref, at Point, assumed []Assumption) (*Holders, error) {
	num, err := v.introduced(ref, at.Known, "ref")
	if err != nil {
		return nil, err
	}
	over, err := v.assume(assumed, at)
	if err != nil {
		return nil, err
	}
	f := v.newFold(num, uint32(at.Known), over)
	defer f.release()
	f.run(at.On)
	because := f.doubts(at.On)
	return &Holders{Ref: ref.String(), On: at.On.String(), Known: at.Known, Status: f.status(),
		Holders: f.holders(), Certainty: certainty(because), UncertainBy: because}, nil
}

// Doubts lists, rising, the facts because of which it is uncertain who holds something at a point, as Holders answers it.
func (v *View) Doubts(ref domain.Ref, at Point) ([]uint64, error) {
	num, err := v.introduced(ref, at.Known, "ref")
	if err != nil {
		return nil, err
	}
	f := v.newFold(num, uint32(at.Known), nil)
	defer f.release()
	f.run(at.On)
	return f.doubts(at.On), nil
}

// introduced finds a reference that an entry up to known introduces.
func (v *View) introduced(ref domain.Ref, known uint64, field string) (uint32, error) {
	num, t := v.lookup(ref)
	if t == nil || uint64(t.introduced) > known {
		return 0, &QuestionError{CodeUnknownReference, field, fmt.Sprintf("no entry up to %d introduces %s", known, ref)}
	}
	return num, nil
}

func certainty(because []uint64) string {
	if len(because) > 0 {
		return Uncertain
	}
	return Certain
}

// status of the holding after the fold: the first that applies.
func (f *fold) status() string {
	switch {
	case !f.visibleIntro:
		return StatusUnknown
	case f.ended:
		return StatusEnded
	case !f.granted:
		return StatusPending
	case f.held():
		return StatusHeld
	default:
		return StatusUnheld
	}
}

// held reports whether somebody has the holding: of a contract, whether it has an owner.
func (f *fold) held() bool {
	if f.kind != domain.KindContract {
		return len(f.entries) > 0
	}
	return slices.ContainsFunc(f.entries, func(e entry) bool { return e.role == roleOwner })
}

func (f *fold) holders() []Holder {
	holders := make([]Holder, 0, len(f.entries))
	for _, e := range f.entries {
		holders = append(holders, f.holder(e))
	}
	slices.SortFunc(holders, func(a, b Holder) int {
		return cmp.Or(cmp.Compare(a.Organisation, b.Organisation), cmp.Compare(a.Role, b.Role))
	})
	return holders
}

func (f *fold) holder(e entry) Holder {
	last := f.nodes[e.path].at
	h := Holder{Organisation: f.view.thing(e.org).id, Role: e.role.String(), Since: last.day.String(), Path: f.path(e)}
	if text, ok := f.view.edtf(last, f.assumed); ok {
		h.Effective = &text
	}
	return h
}

// path lists the sequences that brought an entry to where it is, the granting fact first.
func (f *fold) path(e entry) []uint64 {
	n := 0
	for at := e.path; at >= 0; at = f.nodes[at].prev {
		n++
	}
	path := make([]uint64, n)
	for at := e.path; at >= 0; at = f.nodes[at].prev {
		n--
		path[n] = uint64(f.nodes[at].at.seq)
	}
	return path
}

// doubts lists, rising, the sequences of the facts because of which the answer about the holding is
// uncertain on a day: its own that are doubtful then, those that moved or removed an entry, and those
// that would take one that it has.
func (f *fold) doubts(on domain.Date) []uint64 {
	because := []uint64{}
	own := f.view.own(f.holding, f.assumed)
	for i := range own {
		o := &own[i]
		if !o.doubtful(on) || !o.visible(f.known) || o.op == opEstablish && o.org == 0 {
			continue
		}
		because = append(because, uint64(o.seq))
	}
	for _, mover := range f.movers {
		if mover.doubtful(on) {
			because = append(because, uint64(mover.seq))
		}
	}
	for _, e := range f.entries {
		because = f.wouldTake(because, e, on)
	}
	if len(because) < 2 {
		return because
	}
	slices.Sort(because)
	return slices.Compact(because)
}

// wouldTake adds the doubtful bulk records of an entry's organisation that cover the holding.
func (f *fold) wouldTake(because []uint64, e entry, on domain.Date) []uint64 {
	if f.assumed == nil && f.view.thing(e.org).organisation.imprecise == 0 {
		return because
	}
	records := f.view.bulk(e.org, f.assumed)
	for i := range records {
		b := &records[i]
		if !b.doubtful(on) || !b.visible(f.known) {
			continue
		}
		if _, takes := b.target(f.holding, f.kindOf(e.role)); takes || b.ends() {
			because = append(because, uint64(b.seq))
		}
	}
	return because
}
