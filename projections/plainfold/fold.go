package plainfold

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// A state is the fold as it stands at the end of a day.
type state struct {
	day           domain.Date // the day being applied
	organisations map[domain.OrganisationID]*organisation
	holdings      map[domain.Ref]*holding
	offices       map[domain.OfficeID]*office
	findings      []finding
	orphans       []orphan
	movers        map[domain.Ref][]*fact // what moved or removed entries of a holding, for certainty (b)
}

// An entry is one of a holding's (organisation, role, path): the granting fact first, then every
// fact that moved it.
type entry struct {
	organisation domain.OrganisationID
	role         string
	path         []*fact
}

func (e *entry) last() *fact { return e.path[len(e.path)-1] }

// A holding is a responsibility, a contract, or a unit: the placement of an organisation.
type holding struct {
	ref        domain.Ref
	introduced *fact // visible, of whatever day; nil where there is none
	begun      bool  // introduced, and its day has come
	ended      bool  // of a responsibility or contract; a unit ends with its organisation
	granted    domain.Date
	entries    []entry

	lastDay   domain.Date // of a contract, zero where open
	lastDayBy *fact

	wasHeld   bool
	emptiedBy *fact // what last took the last holder away
	periods   []period
}

// An orphan is an entry that an ending left without successor.
type orphan struct {
	ref          domain.Ref
	organisation domain.OrganisationID // from which it was removed
	role         string
}

// fold applies the facts with nominal day ≤ on, in the order of §3.
func fold(facts []*fact, on domain.Date) *state { return foldDays(facts, on, func(*state) {}) }

// foldDays is fold, and shows the state at the end of every day on which something happened.
func foldDays(facts []*fact, on domain.Date, endOfDay func(*state)) *state {
	s := &state{
		organisations: make(map[domain.OrganisationID]*organisation),
		holdings:      make(map[domain.Ref]*holding),
		offices:       make(map[domain.OfficeID]*office),
		movers:        make(map[domain.Ref][]*fact),
	}
	var ahead []*fact
	for _, f := range facts {
		if f.content.Type().InFold() {
			s.see(f)
			ahead = append(ahead, f)
		}
	}
	for s.nextDay(ahead) && s.day <= on {
		var today []*fact
		ahead = slices.DeleteFunc(ahead, func(f *fact) bool {
			if f.day() == s.day {
				today = append(today, f)
			}
			return f.day() == s.day
		})
		s.applyDay(today)
		s.followPeriods()
		endOfDay(s)
	}
	s.day = on
	return s
}

// see makes what a visible fact introduces known to the state, whatever the day. What is recorded
// comes before what is only assumed.
func (s *state) see(f *fact) {
	ref := domain.Introduces(f.content)
	if !ref.IsHolding() {
		return
	}
	if h := s.holding(ref); h.introduced == nil {
		h.introduced = f
	}
	if established, ok := f.content.(*domain.OrganisationEstablished); ok {
		if o := s.organisation(established.Organisation); o.established == nil {
			o.established = f
		}
	}
}

// nextDay goes on to the next day on which a fact takes effect or a contract expires.
func (s *state) nextDay(ahead []*fact) bool {
	next := domain.Date(0)
	consider := func(day domain.Date) {
		if day > s.day && (next == 0 || day < next) {
			next = day
		}
	}
	for _, f := range ahead {
		consider(f.day())
	}
	for _, h := range s.holdings {
		if h.expires() {
			consider(h.lastDay + 1)
		}
	}
	if next != 0 {
		s.day = next
	}
	return next != 0
}

// A step is one change of a day: a fact, or the expiry of a contract by the fact that set it.
type step struct {
	phase   uint8
	leader  *fact // the award that a variation or ending of its day follows; else the fact itself
	fact    *fact
	expired *holding
}

// inOrder is (phase, sequence) within a day. A contract's variations and ending on the award's own
// nominal day come directly after the award, in sequence order.
func inOrder(a, b step) int {
	follows := func(s step) int {
		if s.leader != s.fact {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.phase, b.phase), recorded(a.leader, b.leader),
		cmp.Compare(follows(a), follows(b)), recorded(a.fact, b.fact))
}

// stepOf places a fact among those of its day.
func (s *state) stepOf(f *fact) step {
	var contract domain.ContractID
	switch content := f.content.(type) {
	case *domain.ContractVaried:
		contract = content.Contract
	case *domain.ContractEnded:
		contract = content.Contract
	}
	if award := s.holding(contract.Ref()).introduced; contract != "" && award != nil && award.day() == f.day() {
		return step{phase: domain.Phase(award.content), leader: award, fact: f}
	}
	return step{phase: domain.Phase(f.content), leader: f, fact: f}
}

// applyDay applies the facts and expiries of one day in order, and its endings together.
func (s *state) applyDay(today []*fact) {
	var steps []step
	var endings []*fact
	for _, f := range today {
		if domain.Phase(f.content) == domain.PhaseEnding {
			endings = append(endings, f)
		} else {
			steps = append(steps, s.stepOf(f))
		}
	}
	for _, h := range s.holdings {
		if h.expires() && h.lastDay+1 == s.day {
			steps = append(steps, step{phase: domain.PhaseExpiry, leader: h.lastDayBy, fact: h.lastDayBy, expired: h})
		}
	}
	slices.SortFunc(steps, inOrder)
	for _, step := range steps {
		if step.expired != nil {
			s.expire(step.expired)
		} else {
			s.apply(step.fact)
		}
	}
	s.endTogether(endings)
}

// apply applies one fact that is no ending of an organisation.
func (s *state) apply(f *fact) {
	switch content := f.content.(type) {
	case *domain.ResponsibilityDefined:
		s.holding(content.Responsibility.Ref()).begun = true
	case *domain.ResponsibilityAssigned:
		s.assign(f, content)
	case *domain.ResponsibilityWithdrawn:
		s.withdraw(f, content)
	case *domain.ResponsibilityTransferred:
		s.transfer(f, transferOf(content))
	case *domain.ResponsibilityDiscontinued:
		s.end(f, content.Responsibility.Ref())
	case *domain.ContractAwarded:
		s.award(f, content)
	case *domain.ContractVaried:
		s.vary(f, content)
	case *domain.ContractTransferred:
		s.transfer(f, contractTransferOf(content))
	case *domain.ContractEnded:
		s.end(f, content.Contract.Ref())
	case *domain.HoldingsTransferred:
		s.transferAll(f, content)
	case *domain.OrganisationSplit: // that continues
		s.splitOff(f, content)
	case *domain.AppointmentMade:
		s.appoint(f, content)
	case *domain.AppointmentEnded:
		s.endAppointment(content)
	default:
		s.applyToOrganisation(f)
	}
}
