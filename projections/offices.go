package projections

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// Office is a filled office.
type Office struct {
	Office string  `json:"office"`
	Title  string  `json:"title"`
	Person *string `json:"person"` // the name; null where it cannot be read, or has not been opened
	Acting bool    `json:"acting"`
	Since  string  `json:"since"` // nominal day of the appointment

	PersonID  domain.PersonID `json:"person_id,omitempty"` // empty: the name stands in the log
	Forgotten bool            `json:"person_forgotten,omitzero"`

	Effective string `json:"effective"` // its EDTF text
	Seq       uint64 `json:"seq"`
}

// Offices answers who holds an organisation's offices.
type Offices struct {
	Organisation string   `json:"organisation"`
	On           string   `json:"on"`
	Known        uint64   `json:"known"`
	Offices      []Office `json:"offices"` // by id
}

// Offices folds the offices that an appointment ever placed with an organisation. Sealed names are for the
// caller to open.
func (v *View) Offices(org domain.OrganisationID, at Point) (*Offices, error) {
	num, err := v.introduced(org.Ref(), at.Known, "organisation")
	if err != nil {
		return nil, err
	}
	answer := &Offices{Organisation: string(org), On: at.On.String(), Known: at.Known, Offices: []Office{}}
	for _, office := range v.thing(num).organisation.offices {
		if a := v.holderOf(office, at); a != nil && a.org == num {
			answer.Offices = append(answer.Offices, v.office(office, a))
		}
	}
	slices.SortFunc(answer.Offices, func(a, b Office) int { return cmp.Compare(a.Office, b.Office) })
	return answer, nil
}

// office is what is answered of an office that an appointment fills. A sealed name is for the caller to open.
func (v *View) office(num uint32, a *appointment) Office {
	text, _ := v.edtf(&a.stamp, nil)
	o := Office{Office: v.thing(num).id, Title: a.title, Acting: a.acting, Since: a.day.String(), Effective: text, Seq: uint64(a.seq)}
	if a.sealed {
		o.PersonID = domain.PersonID(a.person)
	} else {
		o.Person = &a.person
	}
	return o
}

// holderOf is the appointment by which an office is filled, nil where it is empty: an ending of the
// organisation empties it, as does the end of the appointment of the person who holds it.
func (v *View) holderOf(office uint32, at Point) *appointment {
	var holder *appointment
	records := v.thing(office).rest.appointments
	for i := range records {
		a := &records[i]
		if a.day > at.On {
			break
		}
		if !a.visible(uint32(at.Known)) {
			continue
		}
		if holder != nil && v.endsBetween(holder.org, &holder.stamp, &a.stamp, uint32(at.Known)) {
			holder = nil
		}
		switch {
		case a.made:
			holder = a
		case holder != nil && holder.sealed == a.sealed && holder.person == a.person:
			holder = nil
		}
	}
	if holder != nil && v.endsBetween(holder.org, &holder.stamp, endOf(at.On), uint32(at.Known)) {
		return nil
	}
	return holder
}

// endsBetween reports whether any fact ends an organisation after one point and before another.
func (v *View) endsBetween(org uint32, after, before *stamp, known uint32) bool {
	own := v.thing(org).own
	for i := range own {
		f := &own[i]
		if f.op == opClose && f.visible(known) && after.before(&f.stamp) && f.stamp.before(before) {
			return true
		}
	}
	return false
}
