package plainfold

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// A finding as answers give it. Those that are periods have from and to in addition.
type finding struct {
	Code string  `json:"code"`
	Seq  uint64  `json:"seq"`
	Ref  *string `json:"ref"`
	*span
}

// A span is the period of a finding, half-open; to is null where it is open on the day asked about.
type span struct {
	From string  `json:"from"`
	To   *string `json:"to"`
}

func referring(ref domain.Ref) *string {
	if ref == (domain.Ref{}) {
		return nil
	}
	text := ref.String()
	return &text
}

// raise adds a finding, once.
func (s *state) raise(code string, f *fact, ref domain.Ref) {
	same := func(g finding) bool { return g.Code == code && g.Seq == f.seq && *g.Ref == ref.String() }
	if !slices.ContainsFunc(s.findings, same) {
		s.findings = append(s.findings, finding{Code: code, Seq: f.seq, Ref: referring(ref)})
	}
}

// A period is a stretch of days, as they stand at their ends, on which something is odd.
type period struct {
	code     string
	from, to domain.Date // to is zero while the period is open
	by       *fact       // what raised it
}

// followPeriods opens and closes, at the end of a day, the periods of the two findings that are
// periods. An unheld one is raised by the fact that took the last holder away, multiple leads by the
// fact, last in the order of the fold, that brought one of them that day.
func (s *state) followPeriods() {
	for _, h := range s.holdings {
		if h.ref.Kind == domain.KindOrganisation {
			continue
		}
		h.follow("unheld", s.day, h.wasHeld && !h.ended && h.holders() == 0, h.emptiedBy)
		leads := h.leads()
		h.follow("multiple-leads", s.day, len(leads) > 1, lastInFold(leads))
	}
}

// follow opens the period of a code where it is odd and closed, and closes it where it is not.
func (h *holding) follow(code string, day domain.Date, odd bool, by *fact) {
	last := len(h.periods) - 1
	for last >= 0 && h.periods[last].code != code {
		last--
	}
	open := last >= 0 && h.periods[last].to == 0
	switch {
	case odd && !open:
		h.periods = append(h.periods, period{code: code, from: day, by: by})
	case !odd && open:
		h.periods[last].to = day
	}
}

// leads lists what brought the leads of a responsibility, or the owners of a contract.
func (h *holding) leads() []*fact {
	var by []*fact
	for _, e := range h.entries {
		if e.role == roleLead || e.role == roleOwner {
			by = append(by, e.last())
		}
	}
	return by
}

// lastInFold is the last in the order of the fold, nil of none.
func lastInFold(facts []*fact) *fact {
	if len(facts) == 0 {
		return nil
	}
	return slices.MaxFunc(facts, func(a, b *fact) int {
		return cmp.Or(cmp.Compare(a.day(), b.day()),
			cmp.Compare(domain.Phase(a.content), domain.Phase(b.content)), recorded(a, b))
	})
}

// findingsOn lists every finding of a history as it stands on a day.
func findingsOn(facts []*fact, on domain.Date) []finding {
	s := fold(facts, on)
	all := append([]finding{}, s.findings...)
	for _, h := range s.sorted() {
		for _, p := range h.periods {
			where := &span{From: p.from.String(), To: dayOrNull(p.to)}
			all = append(all, finding{p.code, p.by.seq, referring(h.ref), where})
		}
	}
	for _, f := range facts {
		if f.day() <= on && !f.sourced {
			all = append(all, finding{Code: "unsourced", Seq: f.seq})
		}
	}
	for _, p := range plansOn(facts, on) {
		if p.outstanding() && !p.expected.IsZero() && p.expected.Latest() < on {
			all = append(all, finding{Code: "overdue-plan", Seq: p.expectedBy.seq, Ref: referring(p.id.Ref())})
		}
	}
	slices.SortStableFunc(all, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Code, b.Code), cmp.Compare(a.ref(), b.ref()))
	})
	return all
}

// ref orders findings; the only ones without reference differ in their sequence.
func (f finding) ref() string {
	if f.Ref == nil {
		return ""
	}
	return *f.Ref
}

func dayOrNull(day domain.Date) *string {
	if day == 0 {
		return nil
	}
	text := day.String()
	return &text
}
