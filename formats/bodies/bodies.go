// Package bodies finds organisations of the ledger by what registers and documents call them: by identifier, and by name.
package bodies

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// Directory is the organisations of a ledger with every name and identifier that they have or had. It belongs to one
// goroutine. It grows with their number.
type Directory struct {
	claims       map[uuid.UUID]claim // what entries say, by their ids
	byIdentifier map[domain.Identifier]counted
	byName       map[string]map[domain.OrganisationID]map[string]int // base, organisation, legal form: how many entries say so
	identifiers  map[domain.OrganisationID]map[domain.Identifier]int
	introduced   map[domain.OrganisationID]bool
}

// counted says how many entries give an organisation something.
type counted map[domain.OrganisationID]int

// claim is what one entry says of one organisation.
type claim struct {
	organisation domain.OrganisationID
	name         string
	identifiers  []domain.Identifier
}

// Known reads what is recorded, but for what except says. It reads the whole ledger once.
func Known(ctx context.Context, earlier formats.Earlier, except func(*domain.Entry) bool) (*Directory, error) {
	d := &Directory{
		claims:       make(map[uuid.UUID]claim),
		byIdentifier: make(map[domain.Identifier]counted),
		byName:       make(map[string]map[domain.OrganisationID]map[string]int),
		identifiers:  make(map[domain.OrganisationID]map[domain.Identifier]int),
		introduced:   make(map[domain.OrganisationID]bool),
	}
	err := earlier.Each(ctx, "", func(e domain.Recorded) error {
		if !except(&e.Entry) {
			d.Add(&e.Entry)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for the organisations that are recorded: %w", err)
	}
	return d, nil
}

// Add takes what an entry says. A correction replaces what the corrected entry said, a retraction takes it away.
func (d *Directory) Add(e *domain.Entry) {
	id, fact := e.ID, e.Fact
	switch f := fact.(type) {
	case *domain.EntryCorrected:
		id, fact = f.Corrects, f.Replacement.Fact
	case *domain.EntryRetracted:
		id, fact = f.Retracts, nil
	}
	if before, ok := d.claims[id]; ok {
		d.count(before, -1)
		delete(d.claims, id)
	}
	said, ok := claimOf(fact)
	if !ok {
		return
	}
	if _, establishes := fact.(*domain.OrganisationEstablished); establishes {
		d.introduced[said.organisation] = true
	}
	d.claims[id] = said
	d.count(said, 1)
}

func claimOf(fact domain.Fact) (claim, bool) {
	switch f := fact.(type) {
	case *domain.OrganisationEstablished:
		return claim{f.Organisation, f.Name, f.Identifiers}, true
	case *domain.OrganisationRenamed:
		return claim{f.Organisation, f.Name, nil}, true
	case *domain.OrganisationIdentified:
		return claim{f.Organisation, "", f.Identifiers}, true
	}
	return claim{}, false
}

func (d *Directory) count(c claim, by int) {
	if c.name != "" {
		name := Normal(c.name)
		named := inner(d.byName, name.Base)
		inner(named, c.organisation)[name.Form] += by
		if named[c.organisation][name.Form] == 0 {
			delete(named[c.organisation], name.Form)
		}
	}
	for _, i := range c.identifiers {
		had := inner(d.byIdentifier, i)
		if had[c.organisation] += by; had[c.organisation] == 0 {
			delete(had, c.organisation)
		}
		has := inner(d.identifiers, c.organisation)
		if has[i] += by; has[i] == 0 {
			delete(has, i)
		}
	}
}

// inner is the map that a map holds, made where there is none.
func inner[K, L comparable, V any, M ~map[L]V](of map[K]M, key K) M {
	m, ok := of[key]
	if !ok {
		m = make(M)
		of[key] = m
	}
	return m
}

// Has reports whether the organisation is recorded.
func (d *Directory) Has(id domain.OrganisationID) bool { return d.introduced[id] }

// Identified lists the organisations that have or had an identifier, sorted.
func (d *Directory) Identified(i domain.Identifier) []domain.OrganisationID {
	return slices.Sorted(maps.Keys(d.byIdentifier[i]))
}

// Identifiers lists the identifiers that an organisation has or had, by scheme and value.
func (d *Directory) Identifiers(id domain.OrganisationID) []domain.Identifier {
	all := slices.Collect(maps.Keys(d.identifiers[id]))
	slices.SortFunc(all, Compare)
	return all
}

// Named lists the organisations that have or had a name which agrees with one, sorted.
func (d *Directory) Named(name string) []domain.OrganisationID {
	wanted := Normal(name)
	var found []domain.OrganisationID
	for id, written := range d.byName[wanted.Base] {
		for form := range written {
			if wanted.Agrees(Name{wanted.Base, form}) {
				found = append(found, id)
				break
			}
		}
	}
	slices.Sort(found)
	return found
}

// Compare orders identifiers by scheme and value.
func Compare(a, b domain.Identifier) int {
	return cmp.Or(cmp.Compare(a.Scheme, b.Scheme), cmp.Compare(a.Value, b.Value))
}
