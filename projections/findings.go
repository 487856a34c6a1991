package projections

import (
	"cmp"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// Finding is something odd in what the evidence says. It changes no answer.
type Finding struct {
	Code  string  `json:"code"`
	Seq   uint64  `json:"seq"` // of the fact that raised it
	Ref   *string `json:"ref"` // null where it concerns no single thing
	*Span         // of a finding about a period
}

// Span is a stretch of days, From included and To not (null: open).
type Span struct {
	From string  `json:"from"`
	To   *string `json:"to"`
}

// Findings answers what is odd up to a day.
type Findings struct {
	Findings []Finding `json:"findings"` // by sequence, code and reference
}

// Findings folds every holding, organisation and plan.
func (v *View) Findings(at Point) *Findings {
	c := &collector{view: v, at: at, known: uint32(at.Known)}
	for num := range v.things() {
		c.thing(num)
	}
	slices.SortFunc(c.all, compareFindings)
	c.all = slices.CompactFunc(c.all, func(a, b Finding) bool { return compareFindings(a, b) == 0 })
	return &Findings{Findings: append([]Finding{}, c.all...)}
}

func compareFindings(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Code, b.Code), cmp.Compare(deref(a.Ref), deref(b.Ref)),
		cmp.Compare(a.from(), b.from()))
}

func (f *Finding) from() string {
	if f.Span == nil {
		return ""
	}
	return f.From
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// collector gathers the findings of a point.
type collector struct {
	view  *View
	at    Point
	known uint32
	all   []Finding
}

func (c *collector) add(code string, seq, about uint32) {
	ref := c.view.thing(about).ref().String()
	c.all = append(c.all, Finding{Code: code, Seq: uint64(seq), Ref: &ref})
}

func (c *collector) inEffect(s *stamp) bool { return s.day <= c.at.On && s.visible(c.known) }

// thing collects what is odd about one thing and the facts in its record.
func (c *collector) thing(num uint32) {
	t := c.view.thing(num)
	for i := range t.own {
		c.unsourced(&t.own[i].stamp)
	}
	for i := range t.rest.appointments {
		c.unsourced(&t.rest.appointments[i].stamp)
	}
	for i := range t.rest.plan {
		c.unsourced(&t.rest.plan[i].stamp)
	}
	if t.ref().IsHolding() {
		c.holding(num, t.kind)
	}
	if t.organisation != nil {
		c.organisation(num, t)
	}
	if t.kind == domain.KindPlan {
		c.plan(domain.PlanID(t.id))
	}
}

func (c *collector) unsourced(s *stamp) {
	if s.unsourced && c.inEffect(s) {
		c.all = append(c.all, Finding{Code: CodeUnsourced, Seq: uint64(s.seq)})
	}
}

// holding folds one holding for what its facts raise and for the periods in which nobody, or more
// than one, answers for it.
func (c *collector) holding(num uint32, kind domain.Kind) {
	f := c.view.newFold(num, c.known, nil)
	defer f.release()
	f.raise = c.add
	var unheld, several period
	if kind != domain.KindOrganisation {
		f.dayDone = func(day domain.Date) {
			unheld.mark(c, CodeUnheld, num, day, f.lostBy, f.everHeld && !f.ended && !f.held())
			n, last := f.leads()
			several.mark(c, CodeMultipleLeads, num, day, last, n > 1)
		}
	}
	f.run(c.at.On)
	unheld.close(c, CodeUnheld, num, 0)
	several.close(c, CodeMultipleLeads, num, 0)
}

// leads counts those who each should be the only one, and tells the fact that last made one of them.
func (f *fold) leads() (n int, seq uint32) {
	only := roleLead
	if f.kind == domain.KindContract {
		only = roleOwner
	}
	var last *stamp
	for _, e := range f.entries {
		if e.role != only {
			continue
		}
		n++
		if by := f.nodes[e.path].at; last == nil || last.before(by) {
			last, seq = by, by.seq
		}
	}
	return n, seq
}

// period is a stretch of days on which something odd holds.
type period struct {
	from domain.Date
	seq  uint32 // of the fact that began it
}

// mark begins or ends the period with what is so at the end of a day.
func (p *period) mark(c *collector, code string, about uint32, day domain.Date, seq uint32, odd bool) {
	switch {
	case odd && p.from == 0:
		*p = period{day, seq}
	case !odd:
		p.close(c, code, about, day)
	}
}

func (p *period) close(c *collector, code string, about uint32, to domain.Date) {
	if p.from == 0 {
		return
	}
	ref := c.view.thing(about).ref().String()
	f := Finding{Code: code, Seq: uint64(p.seq), Ref: &ref, Span: &Span{From: p.from.String()}}
	if to != 0 {
		text := to.String()
		f.To = &text
	}
	c.all = append(c.all, f)
	*p = period{}
}

// organisation collects what is odd about the facts that take from an organisation or are about it.
func (c *collector) organisation(num uint32, t *thing) {
	for i := range t.organisation.attributes {
		a := &t.organisation.attributes[i]
		c.unsourced(&a.stamp)
		if a.phase > 0 && c.inEffect(&a.stamp) {
			c.active(num, &a.stamp)
		}
	}
	for i := range t.own {
		o := &t.own[i]
		switch {
		case !c.inEffect(&o.stamp):
		case o.op == opMove:
			c.active(num, &o.stamp)
		case o.op == opRestore && !c.view.statusBefore(num, c.known, &o.stamp).ended:
			c.add(CodeNotInEffect, o.seq, num)
		}
	}
	var ended domain.Date
	for i := range t.organisation.bulk {
		b := &t.organisation.bulk[i]
		c.unsourced(&b.stamp)
		if !c.inEffect(&b.stamp) {
			continue
		}
		c.bulk(num, b, ended == b.day)
		if b.ends() {
			ended = b.day
		}
	}
}

// active raises an event about an organisation that is not active before it.
func (c *collector) active(org uint32, at *stamp) {
	if !c.view.statusBefore(org, c.known, at).active {
		c.add(CodeNotInEffect, at.seq, org)
	}
}

// bulk judges a bulk record before that day's endings: whom it is about and whom it gives to.
func (c *collector) bulk(org uint32, b *bulk, second bool) {
	at := b.stamp
	if b.ends() {
		at = stamp{day: b.day, phase: b.phase, seq: 0}
	}
	if second || !c.view.statusBefore(org, c.known, &at).active {
		c.add(CodeNotInEffect, b.seq, org)
	}
	for _, to := range b.successors() {
		if !c.view.statusBefore(to, c.known, &at).active {
			c.add(CodeInactiveHolder, b.seq, to)
		}
	}
}

func (c *collector) plan(id domain.PlanID) {
	p := c.view.planAt(id, c.at)
	if p == nil || !p.begun || p.expected.IsZero() || p.expected.Latest() >= c.at.On {
		return
	}
	if p.status == PlanAnnounced || p.status == PlanInProgress {
		ref := id.Ref().String()
		c.all = append(c.all, Finding{Code: CodeOverduePlan, Seq: uint64(p.expectedBy), Ref: &ref})
	}
}
