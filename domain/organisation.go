package domain

// Relation says how a unit stands to its parent.
type Relation string

var relations = []string{"part_of", "committee_of", "hosted_by", "accountable_to"}

func (Relation) words() []string { return relations }

// Parent is where a unit is placed.
type Parent struct {
	Organisation OrganisationID
	Relation     Relation
}

// Identifier is a code that a register gave to an organisation or a contract.
type Identifier struct {
	Scheme string
	Value  string
}

// NameKind tells the name in law from the name an organisation goes by. Empty means legal.
type NameKind string

// The kinds of name.
const (
	NameLegal     NameKind = "legal"
	NameOperating NameKind = "operating"
)

var nameKinds = []string{string(NameLegal), string(NameOperating)}

func (NameKind) words() []string { return nameKinds }

// OrganisationEstablished introduces an organisation. Without a parent it may be undated.
type OrganisationEstablished struct {
	Organisation OrganisationID
	Name         string
	Form         string
	Identifiers  []Identifier
	Parent       *Parent
}

// OrganisationRestored makes an ended organisation active again. Nothing it lost comes back.
type OrganisationRestored struct {
	Organisation OrganisationID
}

// OrganisationRenamed gives an organisation a new name.
type OrganisationRenamed struct {
	Organisation OrganisationID
	Name         string
	Kind         NameKind
}

// OrganisationIdentified changes an organisation's identifiers: Withdrawn are lost first, then
// Identifiers gained.
type OrganisationIdentified struct {
	Organisation OrganisationID
	Identifiers  []Identifier
	Withdrawn    []Identifier
}

// OrganisationReconstituted changes an organisation's legal form.
type OrganisationReconstituted struct {
	Organisation OrganisationID
	Form         string
}

// OrganisationMoved places a unit under another parent, or under none.
type OrganisationMoved struct {
	Organisation OrganisationID
	Parent       *Parent
}

// OrganisationMerged ends organisations into another, which takes their holdings.
type OrganisationMerged struct {
	Organisations []OrganisationID
	Into          OrganisationID
	Except        []Ref
	Kinds         []HoldingKind
}

// Allocation sends one holding of a split organisation to one of its successors.
type Allocation struct {
	Holding Ref
	To      OrganisationID
}

// OrganisationSplit divides an organisation. Where it continues, only what is allocated moves.
type OrganisationSplit struct {
	Organisation OrganisationID
	Into         []OrganisationID
	Residual     OrganisationID
	Allocate     []Allocation
	Continues    bool
}

// OrganisationDissolved ends an organisation, with or without a successor.
type OrganisationDissolved struct {
	Organisation OrganisationID
	Successor    OrganisationID
	Except       []Ref
	Kinds        []HoldingKind
}

func (*OrganisationEstablished) Type() Type   { return TypeOrganisationEstablished }
func (*OrganisationRestored) Type() Type      { return TypeOrganisationRestored }
func (*OrganisationRenamed) Type() Type       { return TypeOrganisationRenamed }
func (*OrganisationIdentified) Type() Type    { return TypeOrganisationIdentified }
func (*OrganisationReconstituted) Type() Type { return TypeOrganisationReconstituted }
func (*OrganisationMoved) Type() Type         { return TypeOrganisationMoved }
func (*OrganisationMerged) Type() Type        { return TypeOrganisationMerged }
func (*OrganisationSplit) Type() Type         { return TypeOrganisationSplit }
func (*OrganisationDissolved) Type() Type     { return TypeOrganisationDissolved }

func (p *Parent) fields(v visitor) {
	id(v, "organisation", &p.Organisation, required)
	word(v, "relation", &p.Relation, required)
}

func (i *Identifier) fields(v visitor) {
	v.text("scheme", &i.Scheme, LimitTitle, required)
	v.text("value", &i.Value, LimitTitle, required)
}

func (f *OrganisationEstablished) fields(v visitor) {
	id(v, "organisation", &f.Organisation, required)
	v.text("name", &f.Name, LimitTitle, required)
	v.text("form", &f.Form, LimitTitle, optional)
	objects(v, "identifiers", &f.Identifiers, optional)
	object(v, "parent", &f.Parent, optional)
}

func (f *OrganisationRestored) fields(v visitor) {
	id(v, "organisation", &f.Organisation, required)
}

func (f *OrganisationRenamed) fields(v visitor) {
	id(v, "organisation", &f.Organisation, required)
	v.text("name", &f.Name, LimitTitle, required)
	word(v, "kind", &f.Kind, optional)
}

func (f *OrganisationIdentified) fields(v visitor) {
	id(v, "organisation", &f.Organisation, required)
	objects(v, "identifiers", &f.Identifiers, optional)
	objects(v, "withdrawn", &f.Withdrawn, optional)
}

func (f *OrganisationReconstituted) fields(v visitor) {
	id(v, "organisation", &f.Organisation, required)
	v.text("form", &f.Form, LimitTitle, required)
}

func (f *OrganisationMoved) fields(v visitor) {
	id(v, "organisation", &f.Organisation, required)
	object(v, "parent", &f.Parent, nullable)
}

func (f *OrganisationMerged) fields(v visitor) {
	ids(v, "organisations", &f.Organisations, required)
	id(v, "into", &f.Into, required)
	refs(v, "except", &f.Except)
	words(v, "kinds", &f.Kinds)
}

func (a *Allocation) fields(v visitor) {
	v.ref("holding", &a.Holding, required)
	id(v, "to", &a.To, required)
}

func (f *OrganisationSplit) fields(v visitor) {
	id(v, "organisation", &f.Organisation, required)
	ids(v, "into", &f.Into, required)
	id(v, "residual", &f.Residual, optional)
	objects(v, "allocate", &f.Allocate, optional)
	v.flag("continues", &f.Continues)
}

func (f *OrganisationDissolved) fields(v visitor) {
	id(v, "organisation", &f.Organisation, required)
	id(v, "successor", &f.Successor, optional)
	refs(v, "except", &f.Except)
	words(v, "kinds", &f.Kinds)
}

func (f *OrganisationIdentified) rules(c *checker) {
	if len(f.Identifiers) == 0 && len(f.Withdrawn) == 0 {
		c.refuse(CodeMissingField, "identifiers", "at least one identifier has to be gained or withdrawn", "")
	}
}

func (f *OrganisationEstablished) rules(c *checker) {
	if f.Parent != nil {
		c.distinct("parent.organisation", f.Parent.Organisation, f.Organisation, "an organisation is never its own parent")
	}
}

func (f *OrganisationMoved) rules(c *checker) {
	if f.Parent != nil {
		c.distinct("parent.organisation", f.Parent.Organisation, f.Organisation, "an organisation is never its own parent")
	}
}

func (f *OrganisationMerged) rules(c *checker) {
	for i, o := range f.Organisations {
		c.distinct(at("organisations", i), o, f.Into,
			"an organisation does not merge into itself: name only those that end (one that lives on is only in into)")
	}
	unique(c, "organisations", "", f.Organisations)
}

func (f *OrganisationSplit) rules(c *checker) {
	for i, o := range f.Into {
		c.distinct(at("into", i), o, f.Organisation,
			"an organisation is not split into itself: where it lives on, say \"continues\": true and name only the new ones")
	}
	unique(c, "into", "", f.Into)
	if f.Residual != "" {
		c.oneOf("residual", f.Residual, f.Into)
	}
	holdings := make([]Ref, len(f.Allocate))
	for i, a := range f.Allocate {
		holdings[i] = a.Holding
		c.oneOf(at("allocate", i)+".to", a.To, f.Into)
	}
	unique(c, "allocate", ".holding", holdings)
}

func (f *OrganisationDissolved) rules(c *checker) {
	c.distinct("successor", f.Successor, f.Organisation, "an organisation does not succeed itself")
}
