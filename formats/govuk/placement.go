package govuk

import (
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
)

// place records under which body one stands. GOV.UK lists several parents and keeps closed ones in the list; the ledger
// has one, and carries a unit over to the successor of its parent. So where the ledger has the unit already under one
// that is listed, or where successions from those listed lead, nothing is recorded.
func (s *snapshot) place(b *body, r *row) error {
	on, listed := b.until(s.day), s.resolve(r.parents)
	current := s.state.parent(b, on)
	if slices.Contains(listed, current) || len(listed) == 0 && (current == "" || b.ending() != nil) {
		return nil
	}
	if len(listed) == 0 {
		return s.move(b, r, "", nil, on)
	}
	i := slices.IndexFunc(listed, func(id domain.OrganisationID) bool { return s.state.stands(b, id, on) })
	if i >= 0 {
		return s.move(b, r, listed[i], listed, on)
	}
	return s.placeUnderClosed(b, r, current, listed)
}

// placeUnderClosed places a body all of whose parents have ended. One that is as old as its parent stood under it while
// it was there. Of another, what GOV.UK says is recorded as it is, and the ledger finds it odd.
func (s *snapshot) placeUnderClosed(b *body, r *row, current domain.OrganisationID, listed []domain.OrganisationID) error {
	on, ended := b.until(s.day), s.state.endOf(listed[0])
	placed := b.factOf(domain.TypeOrganisationMoved) != nil
	if e := b.established(); !placed && e != nil && e.effective.Nominal() <= ended {
		return s.move(b, r, listed[0], listed, ended)
	}
	followed := func(id domain.OrganisationID) bool { return s.state.carried(b, id, s.state.endOf(id), on) == current }
	if placed && slices.ContainsFunc(listed, followed) {
		return nil
	}
	return s.move(b, r, listed[0], listed, on)
}

// move records a placement, on or before a day.
func (s *snapshot) move(b *body, r *row, parent domain.OrganisationID, listed []domain.OrganisationID, on domain.Date) error {
	moved, note := &domain.OrganisationMoved{Organisation: b.id}, ""
	if parent != "" {
		moved.Parent = &domain.Parent{Organisation: parent, Relation: relation(r.format)}
		if err := s.establishedBy(parent, r, on); err != nil {
			return err
		}
	}
	if others := slices.DeleteFunc(slices.Clone(listed), func(id domain.OrganisationID) bool { return id == parent }); len(others) > 0 {
		note = "GOV.UK lists as parents also: " + joined(others)
	}
	return s.say(r, onOrBefore(on), moved, note)
}

// partOf are the forms of bodies that are parts of their parent in law (Cabinet Office, Public Bodies Handbook). All
// others stand beside it and answer to it.
var partOf = []string{"executive agency", "sub organisation", "executive office"}

func relation(form string) domain.Relation {
	if slices.Contains(partOf, strings.ReplaceAll(strings.ToLower(form), "-", " ")) {
		return "part_of"
	}
	return "accountable_to"
}

func joined(ids []domain.OrganisationID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	return strings.Join(texts, ", ")
}
