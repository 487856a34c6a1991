package domain

// Role says in what capacity a responsibility is held. Empty means lead.
type Role string

// The roles of responsibilities.
const (
	RoleLead     Role = "lead"
	RoleJoint    Role = "joint"
	RoleDelegate Role = "delegate"
	RoleApprover Role = "approver"
	RoleSupport  Role = "support"
	RoleParty    Role = "party"
)

var roles = []string{
	string(RoleLead), string(RoleJoint), string(RoleDelegate), string(RoleApprover), string(RoleSupport), string(RoleParty),
}

func (Role) words() []string { return roles }

// ResponsibilityKind says what sort of responsibility is defined.
type ResponsibilityKind string

var responsibilityKinds = []string{"function", "programme", "commitment", "arrangement"}

func (ResponsibilityKind) words() []string { return responsibilityKinds }

// ResponsibilityDefined introduces a responsibility. It may be undated.
type ResponsibilityDefined struct {
	Responsibility ResponsibilityID
	Title          string
	Kind           ResponsibilityKind
	Description    string
}

// ResponsibilityAssigned gives a responsibility to an organisation.
type ResponsibilityAssigned struct {
	Responsibility ResponsibilityID
	Organisation   OrganisationID
	Role           Role
}

// ResponsibilityWithdrawn takes a responsibility from an organisation: only in one role, if given.
type ResponsibilityWithdrawn struct {
	Responsibility ResponsibilityID
	Organisation   OrganisationID
	Role           Role
}

// ResponsibilityTransferred moves a responsibility: only From's entries with Role, if given, to
// arrive with the role As, if given.
type ResponsibilityTransferred struct {
	Responsibility ResponsibilityID
	From           OrganisationID
	To             OrganisationID
	Role           Role
	As             Role
}

// ResponsibilityDiscontinued ends a responsibility: nobody holds it any more.
type ResponsibilityDiscontinued struct {
	Responsibility ResponsibilityID
}

func (*ResponsibilityDefined) Type() Type      { return TypeResponsibilityDefined }
func (*ResponsibilityAssigned) Type() Type     { return TypeResponsibilityAssigned }
func (*ResponsibilityWithdrawn) Type() Type    { return TypeResponsibilityWithdrawn }
func (*ResponsibilityTransferred) Type() Type  { return TypeResponsibilityTransferred }
func (*ResponsibilityDiscontinued) Type() Type { return TypeResponsibilityDiscontinued }

func (f *ResponsibilityDefined) fields(v visitor) {
	id(v, "responsibility", &f.Responsibility, required)
	v.text("title", &f.Title, LimitTitle, required)
	word(v, "kind", &f.Kind, required)
	v.text("description", &f.Description, LimitText, optional)
}

func (f *ResponsibilityAssigned) fields(v visitor) {
	id(v, "responsibility", &f.Responsibility, required)
	id(v, "organisation", &f.Organisation, required)
	word(v, "role", &f.Role, optional)
}

func (f *ResponsibilityWithdrawn) fields(v visitor) {
	id(v, "responsibility", &f.Responsibility, required)
	id(v, "organisation", &f.Organisation, required)
	word(v, "role", &f.Role, optional)
}

func (f *ResponsibilityTransferred) fields(v visitor) {
	id(v, "responsibility", &f.Responsibility, required)
	id(v, "from", &f.From, required)
	id(v, "to", &f.To, required)
	word(v, "role", &f.Role, optional)
	word(v, "as", &f.As, optional)
}

func (f *ResponsibilityDiscontinued) fields(v visitor) {
	id(v, "responsibility", &f.Responsibility, required)
}

func (f *ResponsibilityTransferred) rules(c *checker) {
	c.distinct("to", f.To, f.From, "a responsibility is transferred to another organisation than the one it leaves")
}
