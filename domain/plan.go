package domain

// PlanItem is one change that a plan intends: a fact of the fold that has not happened.
type PlanItem struct {
	Item      string // unique within the plan; matches IDPattern
	Effective EDTF   // zero: dated by the question or by the plan's expected date
	Fact      Fact
}

// PlanAnnounced introduces a plan. It changes nothing until facts fulfil it.
type PlanAnnounced struct {
	Plan        PlanID
	Title       string
	AnnouncedBy string
	Expected    EDTF
	Conditions  []string
	Items       []PlanItem
}

// PlanAmended replaces, whole, each value that it gives. A list that is given and empty replaces
// with nothing; a nil list leaves what was there.
type PlanAmended struct {
	Plan       PlanID
	Expected   EDTF
	Conditions []string
	Items      []PlanItem
}

// PlanWithdrawn closes a plan that will not be carried out.
type PlanWithdrawn struct {
	Plan   PlanID
	Reason string
}

// PlanCompleted closes a plan that has been carried out.
type PlanCompleted struct {
	Plan   PlanID
	Reason string
}

func (*PlanAnnounced) Type() Type { return TypePlanAnnounced }
func (*PlanAmended) Type() Type   { return TypePlanAmended }
func (*PlanWithdrawn) Type() Type { return TypePlanWithdrawn }
func (*PlanCompleted) Type() Type { return TypePlanCompleted }

func (p *PlanItem) fields(v visitor) {
	v.name("item", &p.Item)
	v.fact("type", &p.Fact, Type.InFold)
	v.edtf("effective", &p.Effective)
	v.data("data", &p.Fact)
}

func (f *PlanAnnounced) fields(v visitor) {
	id(v, "plan", &f.Plan, required)
	v.text("title", &f.Title, LimitTitle, required)
	v.text("announced_by", &f.AnnouncedBy, LimitTitle, optional)
	v.edtf("expected", &f.Expected)
	texts(v, "conditions", &f.Conditions)
	objects(v, "items", &f.Items, optional)
}

func (f *PlanAmended) fields(v visitor) {
	id(v, "plan", &f.Plan, required)
	v.edtf("expected", &f.Expected)
	texts(v, "conditions", &f.Conditions)
	objects(v, "items", &f.Items, optional)
}

func (f *PlanWithdrawn) fields(v visitor) {
	id(v, "plan", &f.Plan, required)
	v.text("reason", &f.Reason, LimitText, optional)
}

func (f *PlanCompleted) fields(v visitor) {
	id(v, "plan", &f.Plan, required)
	v.text("reason", &f.Reason, LimitText, optional)
}

func (f *PlanAnnounced) rules(c *checker) { planItems(c, f.Items) }

func (f *PlanAmended) rules(c *checker) {
	if f.Expected.IsZero() && f.Conditions == nil && f.Items == nil {
		c.refuse(CodeMissingField, "expected", "an amendment gives expected, conditions or items", "")
	}
	planItems(c, f.Items)
}

func planItems(c *checker, items []PlanItem) {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = item.Item
		c.within(at("items", i)+".data", func() { c.rulesOf(item.Fact, item.Effective) })
	}
	unique(c, "items", ".item", names)
}

// PlanItems are the items that a plan entry gives, nil where it gives none.
func PlanItems(f Fact) []PlanItem {
	switch f := f.(type) {
	case *PlanAnnounced:
		return f.Items
	case *PlanAmended:
		return f.Items
	}
	return nil
}
