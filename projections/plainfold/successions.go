package plainfold

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// followed maps every organisation that ends on a day to the ending it follows: "an organisation
// with several endings that day follows the one of the lowest sequence".
type followed map[domain.OrganisationID]*fact

// endTogether applies the endings of one day: "successions of one day act together".
func (s *state) endTogether(endings []*fact) {
	slices.SortFunc(endings, recorded)
	ending := make(followed)
	for _, f := range endings {
		s.judgeEnding(f, ending)
	}
	for id := range ending {
		s.take(s.holding(id.Ref()), ending[id], func(entry) bool { return true })
		s.emptyOffices(id)
	}
	for _, h := range s.sorted() {
		s.carry(h, ending)
	}
	for id, f := range ending {
		if o := s.organisation(id); o.active() {
			o.ended = f
		}
	}
}

// judgeEnding raises what is odd about an ending, judged before that day's endings, and notes which
// organisations follow it. A second ending on one day is odd.
func (s *state) judgeEnding(f *fact, ending followed) {
	for _, id := range ends(f.content) {
		if ending[id] != nil || !s.organisation(id).active() {
			s.raise("not-in-effect", f, id.Ref())
		}
		if ending[id] == nil {
			ending[id] = f
		}
	}
	for _, to := range successors(f.content) {
		s.receive(f, to, to.Ref())
	}
}

// successor is the organisation to which an ending sends the entries of one holding in a role, and
// false where they are left without.
func successor(content domain.Fact, ref domain.Ref, role string) (domain.OrganisationID, bool) {
	switch content := content.(type) {
	case *domain.OrganisationMerged:
		return content.Into, covers(content.Kinds, content.Except, ref, role)
	case *domain.OrganisationDissolved:
		return content.Successor, content.Successor != "" && covers(content.Kinds, content.Except, ref, role)
	case *domain.OrganisationSplit:
		for _, a := range content.Allocate {
			if a.Holding == ref {
				return a.To, true
			}
		}
		return content.Residual, content.Residual != ""
	}
	return "", false
}

// A carried entry is on its way along a chain of endings.
type carried struct {
	entry
	morning  domain.OrganisationID // where it was before the endings
	mover    *fact                 // the first that moved it that day
	orphaned *fact                 // the ending that left it without successor
}

// carry takes the entries of the organisations that end along their chains, and decides which of
// those that arrive at the same (organisation, role) stays.
func (s *state) carry(h *holding, ending followed) {
	before := h.holders()
	var moving, stay []entry
	for _, e := range h.entries {
		if ending[e.organisation] != nil {
			moving = append(moving, e)
		} else {
			stay = append(stay, e)
		}
	}
	h.entries = stay
	var arrived []carried
	var emptiedBy *fact
	for _, e := range moving {
		c := carried{entry: e, morning: e.organisation, mover: ending[e.organisation]}
		if s.follow(h, &c, ending) {
			arrived = append(arrived, c)
		}
		if f := c.orphaned; f != nil && h.isHolder(e) && (emptiedBy == nil || recorded(emptiedBy, f) < 0) {
			emptiedBy = f
		}
	}
	slices.SortFunc(arrived, func(a, b carried) int {
		return cmp.Or(recorded(a.mover, b.mover), recorded(a.path[0], b.path[0]),
			cmp.Compare(a.morning, b.morning), cmp.Compare(a.role, b.role))
	})
	for _, c := range arrived {
		if h.find(c.organisation, c.role) < 0 {
			s.add(h, c.entry)
		}
	}
	if before > 0 && h.holders() == 0 {
		h.emptiedBy = emptiedBy
	}
}

// follow sends an entry from ending to ending "until it reaches an organisation with no ending that
// day", or, in a ring, "until it comes back to an organisation it has been at that day, and rests
// there". It reports false where the entry is lost: orphaned, or dropped because a unit never
// becomes its own parent.
func (s *state) follow(h *holding, c *carried, ending followed) bool {
	been := map[domain.OrganisationID]bool{c.organisation: true}
	for {
		f := ending[c.organisation]
		if f == nil {
			return true
		}
		s.movers[h.ref] = append(s.movers[h.ref], f)
		to, ok := successor(f.content, h.ref, c.role)
		if !ok {
			s.raise("orphaned", f, h.ref)
			s.orphans = append(s.orphans, orphan{h.ref, c.organisation, c.role})
			c.orphaned = f
			return false
		}
		if h.ref == to.Ref() {
			return false
		}
		c.path = extended(c.path, f)
		c.organisation = to
		if been[to] {
			s.raise("succession-cycle", f, h.ref)
			return true
		}
		been[to] = true
	}
}
