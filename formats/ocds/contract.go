package ocds

import (
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// The schemes of a contract's identifiers.
const (
	schemeProcess  = "ocid"
	schemeAward    = "ocds-award"
	schemeContract = "ocds-contract"
)

// contract is what the releases so far said of one contract, each fact in its latest version.
type contract struct {
	id       domain.ContractID
	ocid     string            // of its process
	facts    []*formats.Stated // in the order of their recording, none retracted
	restated string            // the locator of the last release that corrected or took out what earlier ones said
}

// terms are what a contract comes to after all facts about it.
type terms struct {
	title     string
	owner     domain.OrganisationID
	suppliers []domain.OrganisationID // in no order
	from      domain.Date
	last      domain.Date
	value     *domain.Value
}

// award is the fact that introduced the contract, nil where others recorded that.
func (c *contract) award() *formats.Stated {
	return c.latest(func(f domain.Fact) bool { return f.Type() == domain.TypeContractAwarded })
}

// ended is the fact that ended it before its time, nil where none did.
func (c *contract) ended() *formats.Stated {
	return c.latest(func(f domain.Fact) bool { return f.Type() == domain.TypeContractEnded })
}

// latest is the fact of the latest day for which is holds, nil where there is none.
func (c *contract) latest(is func(domain.Fact) bool) *formats.Stated {
	var found *formats.Stated
	for _, s := range c.facts {
		if is(s.Fact) && (found == nil || s.Effective.Nominal() >= found.Effective.Nominal()) {
			found = s
		}
	}
	return found
}

// terms folds the facts.
func (c *contract) terms() terms {
	award := c.award()
	first := award.Fact.(*domain.ContractAwarded)
	now := terms{title: first.Title, owner: first.Owner, suppliers: slices.Clone(first.Suppliers), from: award.Effective.Nominal(), last: first.LastDay, value: first.Value}
	if s := c.latest(varies(func(f *domain.ContractVaried) bool { return f.Title != "" })); s != nil {
		now.title = s.Fact.(*domain.ContractVaried).Title
	}
	if s := c.latest(varies(func(f *domain.ContractVaried) bool { return f.LastDay != 0 })); s != nil {
		now.last = s.Fact.(*domain.ContractVaried).LastDay
	}
	if s := c.latest(varies(func(f *domain.ContractVaried) bool { return f.Value != nil })); s != nil {
		now.value = s.Fact.(*domain.ContractVaried).Value
	}
	for _, s := range c.facts {
		if f, ok := s.Fact.(*domain.ContractTransferred); ok {
			now.transfer(f)
		}
	}
	return now
}

func varies(which func(*domain.ContractVaried) bool) func(domain.Fact) bool {
	return func(f domain.Fact) bool {
		varied, ok := f.(*domain.ContractVaried)
		return ok && which(varied)
	}
}

func (t *terms) transfer(f *domain.ContractTransferred) {
	if f.Side != domain.SideSupplier {
		t.owner = f.To
		return
	}
	t.suppliers = slices.DeleteFunc(t.suppliers, func(id domain.OrganisationID) bool { return id == f.From })
	if !slices.Contains(t.suppliers, f.To) {
		t.suppliers = append(t.suppliers, f.To)
	}
}

// want is the terms as a release has them; what it leaves out stays.
func (t terms) want(d *deal, owner domain.OrganisationID, suppliers []domain.OrganisationID) terms {
	t.title = d.title
	if owner != "" {
		t.owner = owner
	}
	if len(suppliers) > 0 {
		t.suppliers = suppliers
	}
	if d.from != 0 {
		t.from = d.from
	}
	if d.last != 0 {
		t.last = d.last
	}
	if d.value != nil {
		t.value = d.value
	}
	return t
}

// sameParties reports whether the sides of a contract are the same.
func (t terms) sameParties(other terms) bool {
	return t.owner == other.owner && len(differing(t.suppliers, other.suppliers)) == 0 && len(differing(other.suppliers, t.suppliers)) == 0
}

// differing lists what a has and b has not.
func differing(a, b []domain.OrganisationID) []domain.OrganisationID {
	return slices.DeleteFunc(slices.Clone(a), func(id domain.OrganisationID) bool { return slices.Contains(b, id) })
}

func sameValue(a, b *domain.Value) bool { return a == b || a != nil && b != nil && *a == *b }
