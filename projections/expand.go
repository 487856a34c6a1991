package projections

import (
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// version says how a fact's records are placed: the sequence that names and orders them, and the
// known point from which they are visible.
type version struct {
	seq, from uint32
	ord       uint32
}

// A sink takes the records that a fact expands to: the index, or what a question assumes on top.
type sink interface {
	num(domain.Ref) uint32
	text(string) uint32
	addOwn(holding uint32, f ownFact)
	addBulk(org uint32, b bulk)
	addAttribute(org uint32, a attribute)
	addAppointment(office uint32, a appointment)
}

func (v version) stamp(s sink, f domain.Fact, effective domain.EDTF) stamp {
	st := stamp{
		day: effective.Nominal(), earliest: effective.Earliest(), latest: effective.Latest(),
		seq: v.seq, ord: v.ord, from: v.from, until: forever, phase: domain.Phase(f),
	}
	switch {
	case effective.IsZero():
		st.edtf = noText
	case effective.String() != st.day.String():
		st.edtf = s.text(effective.String())
	}
	return st
}

// expand adds the records of a fact or plan entry to the index.
func (x *Index) expand(v version, e *domain.Entry) {
	st := v.stamp(x, e.Fact, e.Effective)
	st.unsourced = len(e.Sources) == 0
	if ref := domain.Introduces(e.Fact); ref.ID != "" {
		t := x.edit(x.num(ref))
		t.introduced = min(t.introduced, v.seq)
	}
	if e.Fulfils.Plan != "" {
		t := x.edit(x.num(e.Fulfils.Plan.Ref()))
		t.rest.more().fulfilments = insert(t.rest.fulfilments, fulfilment{st, e.Fulfils.Item}, (*fulfilment).at)
	}
	switch {
	case e.Fact.Type().IsPlan():
		t := x.edit(x.num(domain.About(e.Fact)))
		t.rest.more().plan = insert(t.rest.plan, planFact{st, e.Fact}, (*planFact).at)
	case e.Fact.Type().InFold():
		expandFact(x, st, e.Fact)
	}
	x.title(e.Fact, v.from)
	x.persons(e.Fact, v.from)
}

// title keeps what a thing is called, to show it and to find it by.
func (x *Index) title(f domain.Fact, from uint32) {
	var text string
	switch f := f.(type) {
	case *domain.ResponsibilityDefined:
		text = f.Title
	case *domain.ContractAwarded:
		text = f.Title
	case *domain.ContractVaried:
		text = f.Title
	case *domain.PlanAnnounced:
		text = f.Title
	case *domain.SourceRegistered:
		text = f.Title
	case *domain.AppointmentMade:
		text = f.Title
	case *domain.KeyRegistered:
		text = f.Actor
	}
	if text == "" {
		return
	}
	about := domain.About(f)
	r := x.edit(x.num(about)).rest
	if n := len(r.titles); n == 0 || r.titles[n-1].text != text {
		r.titles = append(r.titles, title{text, from})
	}
}

// expandFact says which records a fact of the fold consists of.
func expandFact(s sink, st stamp, f domain.Fact) {
	switch f := f.(type) {
	case *domain.ResponsibilityDefined:
		s.addOwn(s.num(f.Responsibility.Ref()), ownFact{stamp: st, op: opDefine})
	case *domain.ResponsibilityAssigned:
		s.addOwn(s.num(f.Responsibility.Ref()), ownFact{stamp: st, op: opAssign, org: s.num(f.Organisation.Ref()), role: orLead(f.Role)})
	case *domain.ResponsibilityWithdrawn:
		s.addOwn(s.num(f.Responsibility.Ref()), ownFact{stamp: st, op: opWithdraw, org: s.num(f.Organisation.Ref()), role: roleOf(f.Role)})
	case *domain.ResponsibilityTransferred:
		s.addOwn(s.num(f.Responsibility.Ref()), ownFact{stamp: st, op: opTransfer,
			org: s.num(f.From.Ref()), to: s.num(f.To.Ref()), role: roleOf(f.Role), as: roleOf(f.As)})
	case *domain.ResponsibilityDiscontinued:
		s.addOwn(s.num(f.Responsibility.Ref()), ownFact{stamp: st, op: opEnd})
	case *domain.ContractAwarded:
		expandAward(s, st, f)
	case *domain.ContractVaried:
		s.addOwn(s.num(f.Contract.Ref()), ownFact{stamp: st, op: opVary, lastDay: f.LastDay})
	case *domain.ContractTransferred:
		side := roleOwner
		if f.Side == domain.SideSupplier {
			side = roleSupplier
		}
		s.addOwn(s.num(f.Contract.Ref()), ownFact{stamp: st, op: opTransfer, org: s.num(f.From.Ref()), to: s.num(f.To.Ref()), role: side})
	case *domain.ContractEnded:
		s.addOwn(s.num(f.Contract.Ref()), ownFact{stamp: st, op: opEnd})
	case *domain.AppointmentMade:
		s.addAppointment(s.num(f.Office.Ref()), appointment{stamp: st, title: f.Title, person: personOf(&f.Person), sealed: f.Person.ID != "",
			org: s.num(f.Organisation.Ref()), acting: f.Acting, made: true})
	case *domain.AppointmentEnded:
		s.addAppointment(s.num(f.Office.Ref()), appointment{stamp: st, person: personOf(&f.Person), sealed: f.Person.ID != ""})
	default:
		expandOrganisation(s, st, f)
	}
}

func orLead(r domain.Role) role {
	if r == "" {
		return roleLead
	}
	return roleOf(r)
}

func expandAward(s sink, st stamp, f *domain.ContractAwarded) {
	contract := s.num(f.Contract.Ref())
	s.addOwn(contract, ownFact{stamp: st, op: opAward, org: s.num(f.Owner.Ref()), role: roleOwner, lastDay: f.LastDay})
	for _, supplier := range f.Suppliers {
		st.ord++
		s.addOwn(contract, ownFact{stamp: st, op: opSupplier, org: s.num(supplier.Ref()), role: roleSupplier})
	}
}

func expandOrganisation(s sink, st stamp, f domain.Fact) {
	switch f := f.(type) {
	case *domain.OrganisationEstablished:
		org := s.num(f.Organisation.Ref())
		s.addOwn(org, placement(s, st, opEstablish, f.Parent))
		s.addAttribute(org, attribute{stamp: st, name: f.Name, form: f.Form, gained: f.Identifiers})
	case *domain.OrganisationRestored:
		s.addOwn(s.num(f.Organisation.Ref()), ownFact{stamp: st, op: opRestore})
	case *domain.OrganisationMoved:
		s.addOwn(s.num(f.Organisation.Ref()), placement(s, st, opMove, f.Parent))
	case *domain.OrganisationRenamed:
		s.addAttribute(s.num(f.Organisation.Ref()), attribute{stamp: st, name: f.Name, operating: f.Kind == domain.NameOperating})
	case *domain.OrganisationIdentified:
		s.addAttribute(s.num(f.Organisation.Ref()), attribute{stamp: st, gained: f.Identifiers, lost: f.Withdrawn})
	case *domain.OrganisationReconstituted:
		s.addAttribute(s.num(f.Organisation.Ref()), attribute{stamp: st, form: f.Form})
	case *domain.HoldingsTransferred:
		s.addBulk(s.num(f.From.Ref()), bulk{stamp: st, to: s.num(f.To.Ref()), how: howTransferred,
			kinds: maskOf(f.Kinds), scope: exceptions(s, f.Except)})
	case *domain.OrganisationMerged:
		b := bulk{stamp: st, to: s.num(f.Into.Ref()), how: howMerged, kinds: maskOf(f.Kinds), scope: exceptions(s, f.Except)}
		for _, o := range f.Organisations {
			addEnding(s, s.num(o.Ref()), b)
		}
	case *domain.OrganisationDissolved:
		b := bulk{stamp: st, how: howDissolved, kinds: maskOf(f.Kinds), scope: exceptions(s, f.Except)}
		if f.Successor != "" {
			b.to = s.num(f.Successor.Ref())
		}
		addEnding(s, s.num(f.Organisation.Ref()), b)
	case *domain.OrganisationSplit:
		expandSplit(s, st, f)
	default:
		panic("projections: no expansion of " + f.Type().String())
	}
}

func placement(s sink, st stamp, o op, parent *domain.Parent) ownFact {
	f := ownFact{stamp: st, op: o}
	if parent != nil {
		f.org, f.role = s.num(parent.Organisation.Ref()), roleOf(parent.Relation)
	}
	return f
}

func exceptions(s sink, refs []domain.Ref) *scope {
	if len(refs) == 0 {
		return nil
	}
	sc := &scope{except: make([]uint32, len(refs))}
	for i, ref := range refs {
		sc.except[i] = s.num(ref)
	}
	slices.Sort(sc.except)
	return sc
}

func addEnding(s sink, org uint32, b bulk) {
	s.addOwn(org, ownFact{stamp: b.stamp, op: opClose})
	s.addBulk(org, b)
}

func expandSplit(s sink, st stamp, f *domain.OrganisationSplit) {
	b := bulk{stamp: st, how: howSplit, kinds: maskAll, scope: new(scope)}
	for _, o := range f.Into {
		b.scope.into = append(b.scope.into, s.num(o.Ref()))
	}
	for _, a := range f.Allocate {
		b.scope.allocate = append(b.scope.allocate, allocation{s.num(a.Holding), s.num(a.To.Ref())})
	}
	org := s.num(f.Organisation.Ref())
	if f.Continues {
		s.addBulk(org, b)
		return
	}
	if f.Residual != "" {
		b.to = s.num(f.Residual.Ref())
	}
	addEnding(s, org, b)
}

// The index as a sink.

func (x *Index) text(text string) uint32 {
	n, ok := x.texts[text]
	if !ok {
		n = uint32(len(x.next.texts))
		x.texts[text] = n
		x.next.texts = append(x.next.texts, text)
	}
	return n
}

func (x *Index) addOwn(holding uint32, f ownFact) {
	t := x.edit(holding)
	if org := f.receiver(); org != 0 && !t.everWith(org) {
		o := x.edit(org).organisation
		o.received = append(o.received, holding)
	}
	t.own = insert(t.own, f, (*ownFact).at)
}

// everWith reports whether an own fact, in any version, may give the holding to an organisation.
func (t *thing) everWith(org uint32) bool {
	for i := range t.own {
		if t.own[i].receiver() == org {
			return true
		}
	}
	return false
}

// receiver is the organisation that the fact may give the holding to; 0: none.
func (f *ownFact) receiver() uint32 {
	switch f.op {
	case opAward, opSupplier, opAssign, opEstablish, opMove:
		return f.org
	case opTransfer:
		return f.to
	default:
		return 0
	}
}

func (x *Index) addBulk(org uint32, b bulk) {
	o := x.edit(org).organisation
	o.bulk = insert(o.bulk, b, (*bulk).at)
	if b.earliest != b.latest {
		o.imprecise++
	}
	for _, to := range b.receivers() {
		into := x.edit(to).organisation
		if !slices.Contains(into.feeders, org) {
			into.feeders = append(into.feeders, org)
		}
	}
}

// receivers are the organisations that the record may carry an entry to.
func (b *bulk) receivers() []uint32 {
	all := b.successors()
	if b.scope != nil {
		for _, a := range b.scope.allocate {
			all = append(slices.Clip(all), a.to)
		}
	}
	return all
}

func (x *Index) addAttribute(org uint32, a attribute) {
	o := x.edit(org).organisation
	o.attributes = insert(o.attributes, a, (*attribute).at)
}

func (x *Index) addAppointment(office uint32, a appointment) {
	t := x.edit(office)
	t.rest.more().appointments = insert(t.rest.appointments, a, (*appointment).at)
	if a.made {
		t.introduced = min(t.introduced, a.seq)
		o := x.edit(a.org).organisation
		if !slices.Contains(o.offices, office) {
			o.offices = append(o.offices, office)
		}
	}
}
