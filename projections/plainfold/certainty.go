package plainfold

import (
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// uncertainBecause lists the sequences that make an answer about a holding uncertain on a day: those
// of the facts doubtful on it that (a) are the holding's own, (b) moved or removed one of its
// entries in the fold, or (c) would take an entry that it has.
func (s *state) uncertainBecause(h *holding, facts []*fact, on domain.Date) []uint64 {
	because := []uint64{}
	for _, f := range facts {
		if !f.doubtful(on) {
			continue
		}
		if isOwn(f.content, h.ref) || slices.Contains(s.movers[h.ref], f) || wouldTake(f.content, h) {
			because = append(because, f.seq)
		}
	}
	slices.Sort(because)
	return slices.Compact(because)
}

func certainty(because []uint64) string {
	if len(because) > 0 {
		return "uncertain"
	}
	return "certain"
}

// isOwn tells the facts that name a holding "as what they define, award, assign, withdraw, transfer,
// vary, discontinue or end"; "a unit's are the establishment with a parent, the moves, restorations
// and endings of the child".
func isOwn(content domain.Fact, ref domain.Ref) bool {
	if ref.Kind != domain.KindOrganisation {
		return content.Type().InFold() && domain.About(content) == ref
	}
	child := domain.OrganisationID(ref.ID)
	switch content := content.(type) {
	case *domain.OrganisationEstablished:
		return content.Organisation == child && content.Parent != nil
	case *domain.OrganisationMoved:
		return content.Organisation == child
	case *domain.OrganisationRestored:
		return content.Organisation == child
	}
	return slices.Contains(ends(content), child)
}

// wouldTake is (c): "an ending of that entry's organisation, a split that continues and allocates
// the holding, a bulk transfer whose kinds and exceptions cover it".
func wouldTake(content domain.Fact, h *holding) bool {
	takes := func(e entry) bool {
		switch content := content.(type) {
		case *domain.HoldingsTransferred:
			return e.organisation == content.From && covers(content.Kinds, content.Except, h.ref, e.role)
		case *domain.OrganisationSplit:
			if content.Continues {
				allocated := func(a domain.Allocation) bool { return a.Holding == h.ref }
				return e.organisation == content.Organisation && slices.ContainsFunc(content.Allocate, allocated)
			}
		}
		return slices.Contains(ends(content), e.organisation)
	}
	return slices.ContainsFunc(h.entries, takes)
}

// organisationUncertain lists the doubtful facts that establish, rename, identify, reconstitute,
// move, restore or end an organisation, applied or ahead.
func organisationUncertain(id domain.OrganisationID, facts []*fact, on domain.Date) []uint64 {
	because := []uint64{}
	for _, f := range facts {
		about := domain.About(f.content) == id.Ref() || slices.Contains(ends(f.content), id)
		if about && f.doubtful(on) {
			because = append(because, f.seq)
		}
	}
	return because
}
