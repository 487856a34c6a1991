package plainfold

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// An organisation as the fold leaves it.
type organisation struct {
	established *fact // visible, of whatever day; nil where there is none
	begun       bool  // established, and its day has come
	ended       *fact // the ending that ended it, nil while it has not ended

	legal, operating, form string
	identifiers            []domain.Identifier
}

func (s *state) organisation(id domain.OrganisationID) *organisation {
	o := s.organisations[id]
	if o == nil {
		o = new(organisation)
		s.organisations[id] = o
	}
	return o
}

func (o *organisation) active() bool { return o.begun && o.ended == nil }

// status is the organisation status of §3.
func (o *organisation) status() string {
	switch {
	case o.established == nil:
		return "unknown"
	case !o.begun:
		return "pending"
	case o.ended != nil:
		return "ended"
	default:
		return "active"
	}
}

// aboutOrganisation raises the finding of an event about an organisation that is not active.
func (s *state) aboutOrganisation(f *fact, id domain.OrganisationID) {
	if !s.organisation(id).active() {
		s.raise("not-in-effect", f, id.Ref())
	}
}

// applyToOrganisation applies the facts about one organisation that do not end it.
func (s *state) applyToOrganisation(f *fact) {
	switch content := f.content.(type) {
	case *domain.OrganisationEstablished:
		s.establish(f, content)
	case *domain.OrganisationRestored:
		s.restore(f, content)
	case *domain.OrganisationRenamed:
		s.aboutOrganisation(f, content.Organisation)
		if o := s.organisation(content.Organisation); content.Kind == domain.NameOperating {
			o.operating = content.Name
		} else {
			o.legal = content.Name
		}
	case *domain.OrganisationReconstituted:
		s.aboutOrganisation(f, content.Organisation)
		s.organisation(content.Organisation).form = content.Form
	case *domain.OrganisationIdentified:
		s.aboutOrganisation(f, content.Organisation)
		s.organisation(content.Organisation).identify(content.Identifiers, content.Withdrawn)
	case *domain.OrganisationMoved:
		s.moveUnit(f, content)
	}
}

// establish gives the legal name, a form where it has one, and the first placement: a grant, which
// "replaces what a move dated earlier had put there", though not by the same again.
func (s *state) establish(f *fact, content *domain.OrganisationEstablished) {
	o := s.organisation(content.Organisation)
	o.begun = true
	o.legal, o.form = content.Name, cmp.Or(content.Form, o.form)
	o.identify(content.Identifiers, nil)
	h := s.holding(content.Organisation.Ref())
	if content.Parent == nil || s.hasEnded(h) {
		return
	}
	if parent := content.Parent; h.find(parent.Organisation, string(parent.Relation)) >= 0 {
		s.grant(h, f, parent.Organisation, string(parent.Relation))
	} else {
		s.place(h, f, parent)
	}
}

// place replaces the unit's entries by one for the parent.
func (s *state) place(h *holding, f *fact, parent *domain.Parent) {
	s.receive(f, parent.Organisation, h.ref)
	s.take(h, f, func(entry) bool { return true })
	s.add(h, entry{parent.Organisation, string(parent.Relation), []*fact{f}})
}

// restore: "restored makes an ended one active again (of one that has not ended it is
// not-in-effect)". Nothing it lost comes back.
func (s *state) restore(f *fact, content *domain.OrganisationRestored) {
	o := s.organisation(content.Organisation)
	if o.ended == nil {
		s.raise("not-in-effect", f, content.Organisation.Ref())
	}
	o.ended = nil
}

// identify loses the withdrawn identifiers first, then gains the others, none twice.
func (o *organisation) identify(gained, lost []domain.Identifier) {
	o.identifiers = slices.DeleteFunc(o.identifiers, func(i domain.Identifier) bool { return slices.Contains(lost, i) })
	for _, i := range gained {
		if !slices.Contains(o.identifiers, i) {
			o.identifiers = append(o.identifiers, i)
		}
	}
}

// moveUnit "replaces the unit's entries by one for the new parent (also where it is the old one),
// path [its sequence], or by none; it counts as a grant in both cases". Of a unit that has ended it
// changes nothing, and nothing but that is raised.
func (s *state) moveUnit(f *fact, content *domain.OrganisationMoved) {
	s.aboutOrganisation(f, content.Organisation)
	h := s.holding(content.Organisation.Ref())
	if s.hasEnded(h) {
		return
	}
	if content.Parent != nil {
		s.place(h, f, content.Parent)
		return
	}
	s.take(h, f, func(entry) bool { return true })
	if h.granted == 0 {
		h.granted = s.day
	}
}

// ends lists the organisations that a fact ends, nil where it is no ending.
func ends(content domain.Fact) []domain.OrganisationID {
	switch content := content.(type) {
	case *domain.OrganisationMerged:
		return content.Organisations
	case *domain.OrganisationSplit:
		if !content.Continues {
			return []domain.OrganisationID{content.Organisation}
		}
	case *domain.OrganisationDissolved:
		return []domain.OrganisationID{content.Organisation}
	}
	return nil
}

// successors lists the organisations that a merger, split or dissolution leads to, by id.
func successors(content domain.Fact) []domain.OrganisationID {
	var to []domain.OrganisationID
	switch content := content.(type) {
	case *domain.OrganisationMerged:
		to = []domain.OrganisationID{content.Into}
	case *domain.OrganisationSplit:
		to = slices.Sorted(slices.Values(content.Into))
	case *domain.OrganisationDissolved:
		if content.Successor != "" {
			to = []domain.OrganisationID{content.Successor}
		}
	}
	return to
}

// how names a merger, split or dissolution in answers.
func how(content domain.Fact) string {
	switch content.(type) {
	case *domain.OrganisationMerged:
		return "merged"
	case *domain.OrganisationSplit:
		return "split"
	case *domain.OrganisationDissolved:
		return "dissolved"
	}
	return ""
}
