package govuk

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// said is a fact about a body that earlier snapshots gave, in its latest version.
type said struct {
	id        uuid.UUID // of the original entry
	order     int       // of the original entries
	effective domain.EDTF
	fact      domain.Fact
}

// body is what the snapshots so far said of one organisation.
type body struct {
	id      domain.OrganisationID
	content string
	said    []*said // in no order
}

// last is the last fact in the order of the fold (semantics.md §3) for which is holds, nil where there is none.
func (b *body) last(is func(domain.Fact) bool) *said {
	var found *said
	for _, s := range b.said {
		if is(s.fact) && (found == nil || found.compare(s) < 0) {
			found = s
		}
	}
	return found
}

func (s *said) compare(other *said) int {
	return cmp.Or(cmp.Compare(s.effective.Nominal(), other.effective.Nominal()),
		cmp.Compare(domain.Phase(s.fact), domain.Phase(other.fact)), cmp.Compare(s.order, other.order))
}

// established is the fact that introduced the body, nil where that was not a snapshot.
func (b *body) established() *said {
	return b.last(func(f domain.Fact) bool { _, ok := f.(*domain.OrganisationEstablished); return ok })
}

// name is the last one given.
func (b *body) name() string {
	switch f := b.factOf(domain.TypeOrganisationEstablished, domain.TypeOrganisationRenamed).(type) {
	case *domain.OrganisationEstablished:
		return f.Name
	case *domain.OrganisationRenamed:
		return f.Name
	}
	return ""
}

// form is the last one given.
func (b *body) form() string {
	last := b.last(func(f domain.Fact) bool {
		established, ok := f.(*domain.OrganisationEstablished)
		return ok && established.Form != "" || f.Type() == domain.TypeOrganisationReconstituted
	})
	if last == nil {
		return ""
	}
	switch f := last.fact.(type) {
	case *domain.OrganisationEstablished:
		return f.Form
	case *domain.OrganisationReconstituted:
		return f.Form
	}
	return ""
}

// factOf is the last fact of one of the types, nil where there is none.
func (b *body) factOf(types ...domain.Type) domain.Fact {
	if last := b.last(func(f domain.Fact) bool { return slices.Contains(types, f.Type()) }); last != nil {
		return last.fact
	}
	return nil
}

// identifiers lists those that the body has and had, in the order in which it gained them.
func (b *body) identifiers() []domain.Identifier {
	facts := slices.SortedFunc(slices.Values(b.said), (*said).compare)
	var all []domain.Identifier
	for _, s := range facts {
		switch f := s.fact.(type) {
		case *domain.OrganisationEstablished:
			all = append(all, f.Identifiers...)
		case *domain.OrganisationIdentified:
			all = append(all, f.Identifiers...)
		}
	}
	return all
}

// last identifier of a scheme that the body gained.
func (b *body) identifier(scheme string) string {
	all := b.identifiers()
	for _, i := range slices.Backward(all) {
		if i.Scheme == scheme {
			return i.Value
		}
	}
	return ""
}

// succession is the fact that ends the body, or that names who succeeded it though it goes on; nil where there is
// neither.
func (b *body) succession() *said {
	return b.last(func(f domain.Fact) bool { return domain.Phase(f) >= domain.PhaseEnding-1 })
}

// ending is the fact that ends the body, nil where none does.
func (b *body) ending() *said {
	if s := b.succession(); s != nil && domain.Phase(s.fact) == domain.PhaseEnding {
		return s
	}
	return nil
}

// until is the last day of the body up to a day: the day of its ending, where that is earlier.
func (b *body) until(day domain.Date) domain.Date {
	if s := b.ending(); s != nil {
		return min(day, s.effective.Nominal())
	}
	return day
}

// ender is the organisation that a fact ends, or says to be succeeded; empty for other facts.
func ender(f domain.Fact) domain.OrganisationID {
	switch f := f.(type) {
	case *domain.OrganisationDissolved:
		return f.Organisation
	case *domain.OrganisationMerged:
		return f.Organisations[0]
	case *domain.OrganisationSplit:
		return f.Organisation
	}
	return ""
}

// heir is who takes what an ending body holds, empty where nobody does or several share it.
func heir(f domain.Fact) domain.OrganisationID {
	switch f := f.(type) {
	case *domain.OrganisationDissolved:
		return f.Successor
	case *domain.OrganisationMerged:
		return f.Into
	}
	return ""
}
