package plainfold

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// The roles that a contract and a lead have in the fold.
const (
	roleLead     = string(domain.RoleLead)
	roleOwner    = string(domain.SideOwner)
	roleSupplier = string(domain.SideSupplier)
)

func (s *state) holding(ref domain.Ref) *holding {
	h := s.holdings[ref]
	if h == nil {
		h = &holding{ref: ref}
		s.holdings[ref] = h
	}
	return h
}

// sorted lists the holdings by reference, bytewise.
func (s *state) sorted() []*holding {
	var all []*holding
	for _, h := range s.holdings {
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b *holding) int { return cmp.Compare(a.ref.String(), b.ref.String()) })
	return all
}

func (h *holding) find(organisation domain.OrganisationID, role string) int {
	return slices.IndexFunc(h.entries, func(e entry) bool { return e.organisation == organisation && e.role == role })
}

// holders is the number of entries that make the holding held: of a contract, its owners.
func (h *holding) holders() int {
	n := 0
	for _, e := range h.entries {
		if h.isHolder(e) {
			n++
		}
	}
	return n
}

func (h *holding) isHolder(e entry) bool {
	return h.ref.Kind != domain.KindContract || e.role == roleOwner
}

// hasEnded tells whether grants, transfers and variations no longer change the holding. "A unit has
// ended when its own organisation has."
func (s *state) hasEnded(h *holding) bool {
	if h.ref.Kind == domain.KindOrganisation {
		return s.organisation(domain.OrganisationID(h.ref.ID)).ended != nil
	}
	return h.ended
}

// status is the holding status: the first that applies.
func (s *state) status(h *holding) string {
	switch {
	case h.introduced == nil:
		return "unknown"
	case s.hasEnded(h):
		return "ended"
	case h.granted == 0:
		return "pending"
	case h.holders() > 0:
		return "held"
	default:
		return "unheld"
	}
}

// add puts an entry in, and notes that the holding has been granted and held.
func (s *state) add(h *holding, e entry) {
	h.entries = append(h.entries, e)
	if h.granted == 0 {
		h.granted = s.day
	}
	h.wasHeld = h.wasHeld || h.holders() > 0
}

// take removes the entries that match, on account of f.
func (s *state) take(h *holding, f *fact, match func(entry) bool) []entry {
	var taken, left []entry
	for _, e := range h.entries {
		if match(e) {
			taken = append(taken, e)
		} else {
			left = append(left, e)
		}
	}
	before := h.holders()
	h.entries = left
	if len(taken) > 0 {
		s.movers[h.ref] = append(s.movers[h.ref], f)
	}
	if before > 0 && h.holders() == 0 {
		h.emptiedBy = f
	}
	return taken
}

// grant adds an entry with path [its sequence]; "where the same (organisation, role) is there
// already, nothing changes", which is a finding.
func (s *state) grant(h *holding, f *fact, organisation domain.OrganisationID, role string) {
	s.receive(f, organisation, h.ref)
	if h.find(organisation, role) >= 0 {
		s.raise("already-holder", f, h.ref)
		return
	}
	s.add(h, entry{organisation, role, []*fact{f}})
}

// receive raises the finding of a grant or transfer to an organisation not active at that point.
func (s *state) receive(f *fact, organisation domain.OrganisationID, ref domain.Ref) {
	if !s.organisation(organisation).active() {
		s.raise("inactive-holder", f, ref)
	}
}

// move turns entries that were taken into entries of to, in the order of their roles, the path
// extended. "Where to already has that role, the moved entry is dropped and the one there stays."
// A unit never becomes its own parent: such an entry is dropped too.
func (s *state) move(h *holding, f *fact, taken []entry, to domain.OrganisationID, as string) {
	slices.SortFunc(taken, func(a, b entry) int { return cmp.Compare(a.role, b.role) })
	for _, e := range taken {
		role := cmp.Or(as, e.role)
		if h.find(to, role) >= 0 || h.ref == to.Ref() {
			continue
		}
		s.add(h, entry{to, role, extended(e.path, f)})
	}
}

func extended(path []*fact, f *fact) []*fact { return append(slices.Clone(path), f) }

// inEffect raises what is odd about the moment of a fact about a responsibility or contract, and
// reports whether the fact may still change it: a holding that has ended is not changed, and
// "about a holding that has ended nothing else is raised".
func (s *state) inEffect(h *holding, f *fact) bool {
	if !h.begun || h.ended {
		s.raise("not-in-effect", f, h.ref)
	}
	return !h.ended
}

func (s *state) assign(f *fact, content *domain.ResponsibilityAssigned) {
	h := s.holding(content.Responsibility.Ref())
	if s.inEffect(h, f) {
		s.grant(h, f, content.Organisation, cmp.Or(string(content.Role), roleLead))
	}
}

// withdraw removes the organisation's entries, only those of the role if one is given.
func (s *state) withdraw(f *fact, content *domain.ResponsibilityWithdrawn) {
	h := s.holding(content.Responsibility.Ref())
	if !s.inEffect(h, f) {
		return
	}
	taken := s.take(h, f, func(e entry) bool {
		return e.organisation == content.Organisation && (content.Role == "" || e.role == string(content.Role))
	})
	if len(taken) == 0 {
		s.raise("not-holder", f, h.ref)
	}
}

// A transfer is what the transfers of responsibilities and contracts have in common.
type transfer struct {
	ref      domain.Ref
	from, to domain.OrganisationID
	role     string // which of from's entries; empty for all
	as       string // the role on arrival; empty for the same
	granted  string // the role that to gets where from has no such entry
}

func transferOf(f *domain.ResponsibilityTransferred) transfer {
	return transfer{f.Responsibility.Ref(), f.From, f.To, string(f.Role), string(f.As), cmp.Or(string(f.As), string(f.Role), roleLead)}
}

func contractTransferOf(f *domain.ContractTransferred) transfer {
	side := cmp.Or(string(f.Side), roleOwner)
	return transfer{f.Contract.Ref(), f.From, f.To, side, "", side}
}

// transfer takes every such entry of from and turns it into one of to. "Where from has no such
// entry, to gets one all the same …, unless to has that role already; that too is a grant", but only
// where to gets it.
func (s *state) transfer(f *fact, t transfer) {
	h := s.holding(t.ref)
	if !s.inEffect(h, f) {
		return
	}
	taken := s.take(h, f, func(e entry) bool {
		return e.organisation == t.from && (t.role == "" || e.role == t.role)
	})
	if len(taken) == 0 {
		s.raise("not-holder", f, h.ref)
		if h.find(t.to, t.granted) < 0 {
			s.grant(h, f, t.to, t.granted)
			return
		}
	}
	s.receive(f, t.to, h.ref)
	s.move(h, f, taken, t.to, t.as)
}

// kindOf is the kind under which a bulk transfer or an ending lists an entry.
func kindOf(ref domain.Ref, role string) domain.HoldingKind {
	switch {
	case ref.Kind == domain.KindResponsibility:
		return domain.HoldingResponsibility
	case ref.Kind == domain.KindOrganisation:
		return domain.HoldingUnit
	case role == roleSupplier:
		return domain.HoldingSupply
	default:
		return domain.HoldingContract
	}
}

// covers tells whether kinds (all where there are none) and exceptions leave an entry in.
func covers(kinds []domain.HoldingKind, except []domain.Ref, ref domain.Ref, role string) bool {
	return (len(kinds) == 0 || slices.Contains(kinds, kindOf(ref, role))) && !slices.Contains(except, ref)
}

// transferAll "treats every holding not under except in which from has an entry of a listed kind as
// transferred to to, path extended".
func (s *state) transferAll(f *fact, content *domain.HoldingsTransferred) {
	s.aboutOrganisation(f, content.From)
	s.receive(f, content.To, content.To.Ref())
	for _, h := range s.sorted() {
		taken := s.take(h, f, func(e entry) bool {
			return e.organisation == content.From && covers(content.Kinds, content.Except, h.ref, e.role)
		})
		s.move(h, f, taken, content.To, "")
	}
}

// splitOff is a split with continues: it "moves only what allocate names, or, if it names nothing,
// nothing".
func (s *state) splitOff(f *fact, content *domain.OrganisationSplit) {
	s.aboutOrganisation(f, content.Organisation)
	for _, into := range content.Into {
		s.receive(f, into, into.Ref())
	}
	for _, a := range content.Allocate {
		h := s.holding(a.Holding)
		taken := s.take(h, f, func(e entry) bool { return e.organisation == content.Organisation })
		s.move(h, f, taken, a.To, "")
	}
}
