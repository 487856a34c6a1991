package ons

import (
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// relation is how an area stands to its parent.
const relation = "part_of"

// revised is why something is corrected.
const revised = "a newer code history says otherwise"

// establish records the areas of a file and, with the first file, the parents that no file holds.
func (h *histories) establish(f *formats.File) error {
	if isTable(f) {
		return nil
	}
	for _, p := range h.parents {
		if !h.areas[p.code] {
			if err := h.supply(p); err != nil {
				return err
			}
		}
	}
	h.parents = nil
	return readHistory(f, func(a *area) error {
		first := &a.versions[0]
		return h.introduce(a.code, &domain.Entry{Effective: domain.DayEDTF(first.from), Sources: a.at(0).citations(),
			Fact: &domain.OrganisationEstablished{Organisation: domain.OrganisationID(a.code), Name: first.Name, Form: h.form(a.code),
				Identifiers: []domain.Identifier{{Scheme: Scheme, Value: a.code}}}})
	}, func(string, string) {})
}

// supply records a parent of which nothing but the code is known, unless the ledger knows it.
func (h *histories) supply(p parent) error {
	id := domain.OrganisationID(p.code)
	switch {
	case len(h.of(id.Ref(), true)) > 0:
		h.sink.Confirmed()
		return nil
	case h.sink.Introduced(id.Ref()):
		return nil
	}
	return h.sink.New(Name, &domain.Entry{Sources: p.at.citations(), Note: "No code history at hand names it: its code stands for its name.",
		Fact: &domain.OrganisationEstablished{Organisation: id, Name: p.code, Form: h.form(p.code),
			Identifiers: []domain.Identifier{{Scheme: Scheme, Value: p.code}}}})
}

// introduce records an area, or corrects what was said of its beginning. An area that somebody else has established is
// left as it is.
func (h *histories) introduce(code string, e *domain.Entry) error {
	ref := domain.OrganisationID(code).Ref()
	stated := h.of(ref, true)
	if len(stated) == 0 && h.sink.Introduced(ref) {
		h.sink.Note("some areas are organisations that somebody else has established: nothing is said of their first names and beginnings")
		return nil
	}
	return h.sink.Settle(Name, stated, []*domain.Entry{e}, revised)
}

// of lists what was recorded of an organisation: its establishment, or the rest.
func (h *histories) of(ref domain.Ref, established bool) []*formats.Stated {
	var list []*formats.Stated
	for _, was := range h.stated[ref] {
		if (was.Fact.Type() == domain.TypeOrganisationEstablished) == established {
			list = append(list, was)
		}
	}
	return list
}

// tell records what became of the areas of a file.
func (h *histories) tell(f *formats.File) error {
	if isTable(f) {
		return nil
	}
	return readHistory(f, func(a *area) error {
		if a.cutShort() {
			h.sink.Note("some versions go on when the next of their area begins: they are taken to end there")
		}
		return h.sink.Settle(Name, h.of(domain.OrganisationID(a.code).Ref(), false), a.changes(), revised)
	}, func(string, string) {})
}

// changes are the facts from version to version: names, parents, and where there is a time without one, an ending and a
// restoration, after which the area has to be placed again.
func (a *area) changes() []*domain.Entry {
	var all []*domain.Entry
	id := domain.OrganisationID(a.code)
	note := func(day domain.Date, at int, fact domain.Fact) {
		all = append(all, &domain.Entry{Effective: domain.DayEDTF(day), Fact: fact, Sources: a.at(at).citations()})
	}
	name, parent := a.versions[0].Name, ""
	for i, v := range a.versions {
		if i > 0 && a.versions[i-1].next < v.from {
			note(a.versions[i-1].next, i-1, &domain.OrganisationDissolved{Organisation: id})
			note(v.from, i, &domain.OrganisationRestored{Organisation: id})
			parent = ""
		}
		if v.Name != name {
			note(v.from, i, &domain.OrganisationRenamed{Organisation: id, Name: v.Name})
		}
		if v.Parent != parent {
			move := &domain.OrganisationMoved{Organisation: id}
			if v.Parent != "" {
				move.Parent = &domain.Parent{Organisation: domain.OrganisationID(v.Parent), Relation: relation}
			}
			note(v.from, i, move)
		}
		name, parent = v.Name, v.Parent
	}
	if last := len(a.versions) - 1; a.versions[last].next != 0 {
		note(a.versions[last].next, last, &domain.OrganisationDissolved{Organisation: id})
	}
	return all
}
