package projections

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// Placement is where an organisation stands as a unit.
type Placement struct {
	Organisation string `json:"organisation"`
	Relation     string `json:"relation"`
}

// Code is an identifier given by a register.
type Code struct {
	Scheme string `json:"scheme"`
	Value  string `json:"value"`
}

// Ending says how an organisation ended.
type Ending struct {
	Effective  string   `json:"effective"` // EDTF text
	How        string   `json:"how"`       // merged, split or dissolved
	Successors []string `json:"successors"`
	Seq        uint64   `json:"seq"`
}

// Organisation answers what an organisation is.
type Organisation struct {
	Organisation  string     `json:"organisation"`
	On            string     `json:"on"`
	Known         uint64     `json:"known"`
	Status        string     `json:"status"`
	Name          *string    `json:"name"`
	OperatingName *string    `json:"operating_name"`
	Form          *string    `json:"form"`
	Parent        *Placement `json:"parent"`
	Identifiers   []Code     `json:"identifiers"`
	Established   *string    `json:"established"` // EDTF text
	Ended         *Ending    `json:"ended"`
	Certainty     string     `json:"certainty"`
	UncertainBy   []uint64   `json:"uncertain_because"`
}

// Organisation folds the facts about one organisation.
func (v *View) Organisation(org domain.OrganisationID, at Point) (*Organisation, error) {
	num, err := v.introduced(org.Ref(), at.Known, "organisation")
	if err != nil {
		return nil, err
	}
	known := uint32(at.Known)
	t := v.thing(num)
	because := t.organisationDoubts(at.On, known)
	answer := &Organisation{Organisation: string(org), On: at.On.String(), Known: at.Known, Identifiers: []Code{},
		Certainty: certainty(because), UncertainBy: because}
	answer.Status = v.organisationStatus(num, known, at.On, answer)
	answer.Parent = v.parent(num, at)
	if answer.Status == StatusActive || answer.Status == StatusEnded {
		answer.describe(t.organisation.attributes, at.On, known)
	}
	return answer, nil
}

// organisationStatus also fills in when the organisation was established and how it ended.
func (v *View) organisationStatus(org, known uint32, on domain.Date, answer *Organisation) string {
	established := slices.IndexFunc(v.thing(org).own, func(f ownFact) bool { return f.op == opEstablish && f.visible(known) })
	if established < 0 {
		return StatusUnknown
	}
	first := &v.thing(org).own[established].stamp
	if text, ok := v.edtf(first, nil); ok {
		answer.Established = &text
	}
	if first.day > on {
		return StatusPending
	}
	s := v.statusBefore(org, known, endOf(on))
	if !s.ended {
		return StatusActive
	}
	answer.Ended = v.ending(org, known, &s.ending.stamp)
	return StatusEnded
}

func (v *View) ending(org, known uint32, at *stamp) *Ending {
	text, _ := v.edtf(at, nil)
	e := &Ending{Effective: text, Successors: []string{}, Seq: uint64(at.seq)}
	records := v.thing(org).organisation.bulk
	for i := range records {
		if b := &records[i]; b.seq == at.seq && b.ends() && b.visible(known) {
			e.How = b.how.String()
			for _, to := range b.successors() {
				e.Successors = append(e.Successors, v.thing(to).id)
			}
		}
	}
	slices.Sort(e.Successors)
	return e
}

func (v *View) parent(org uint32, at Point) *Placement {
	f := v.newFold(org, uint32(at.Known), nil)
	defer f.release()
	f.run(at.On)
	if len(f.entries) == 0 {
		return nil
	}
	e := f.entries[0]
	return &Placement{v.thing(e.org).id, e.role.String()}
}

// describe applies names, forms and identifiers in the order of the fold.
func (o *Organisation) describe(attributes []attribute, on domain.Date, known uint32) {
	for i := range attributes {
		a := &attributes[i]
		if a.day > on {
			break
		}
		if !a.visible(known) {
			continue
		}
		if a.name != "" && a.operating {
			o.OperatingName = &a.name
		} else if a.name != "" {
			o.Name = &a.name
		}
		if a.form != "" {
			o.Form = &a.form
		}
		for _, lost := range a.lost {
			o.Identifiers = slices.DeleteFunc(o.Identifiers, func(c Code) bool { return c == Code(lost) })
		}
		for _, gained := range a.gained {
			if !slices.Contains(o.Identifiers, Code(gained)) {
				o.Identifiers = append(o.Identifiers, Code(gained))
			}
		}
	}
	slices.SortFunc(o.Identifiers, func(a, b Code) int {
		return cmp.Or(cmp.Compare(a.Scheme, b.Scheme), cmp.Compare(a.Value, b.Value))
	})
}

// organisationDoubts lists the facts about the organisation that are doubtful on a day.
func (t *thing) organisationDoubts(on domain.Date, known uint32) []uint64 {
	because := []uint64{}
	doubt := func(s *stamp) {
		if s.doubtful(on) && s.visible(known) {
			because = append(because, uint64(s.seq))
		}
	}
	for i := range t.own {
		doubt(&t.own[i].stamp)
	}
	for i := range t.organisation.attributes {
		doubt(&t.organisation.attributes[i].stamp)
	}
	slices.Sort(because)
	return slices.Compact(because)
}
