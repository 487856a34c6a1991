package plainfold

import "github.com/orgledger/orgledger/domain"

// award grants the contract to its owner and suppliers. A last day of a variation dated before
// counts unless the award has its own.
func (s *state) award(f *fact, content *domain.ContractAwarded) {
	h := s.holding(content.Contract.Ref())
	if h.ended { // only an assumed second award comes after the end
		return
	}
	h.begun = true
	s.grant(h, f, content.Owner, roleOwner)
	for _, supplier := range content.Suppliers {
		s.grant(h, f, supplier, roleSupplier)
	}
	s.setLastDay(h, f, content.LastDay)
}

// vary: "the last last_day applied, longer or shorter, sets the expiry".
func (s *state) vary(f *fact, content *domain.ContractVaried) {
	h := s.holding(content.Contract.Ref())
	if s.inEffect(h, f) {
		s.setLastDay(h, f, content.LastDay)
	}
}

// setLastDay sets the expiry where the fact gives a last day. "One already past when it is applied
// ends the contract at once."
func (s *state) setLastDay(h *holding, f *fact, day domain.Date) {
	if day == 0 {
		return
	}
	h.lastDay, h.lastDayBy = day, f
	if h.begun && day < s.day {
		s.expire(h)
	}
}

// expires tells whether the contract has an expiry that changes it on its day. One before the award,
// from a variation dated before, changes nothing.
func (h *holding) expires() bool { return h.begun && !h.ended && h.lastDay != 0 }

// expire ends the contract, unless it has ended before: "an expiry that has happened stays".
func (s *state) expire(h *holding) {
	if !h.ended {
		s.take(h, h.lastDayBy, func(entry) bool { return true })
		h.ended = true
	}
}

// end is the discontinuation of a responsibility or the ending of a contract. "Dated before the
// definition or award they change nothing", which is a finding.
func (s *state) end(f *fact, ref domain.Ref) {
	h := s.holding(ref)
	if s.inEffect(h, f) && h.begun {
		s.take(h, f, func(entry) bool { return true })
		h.ended = true
	}
}
