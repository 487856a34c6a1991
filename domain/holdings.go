package domain

// HoldingKind is one of the kinds of holding that a bulk transfer or an ending carries along.
type HoldingKind string

// The kinds of holding: contracts as owner and as supplier are told apart.
const (
	HoldingResponsibility HoldingKind = "responsibility"
	HoldingContract       HoldingKind = "contract"
	HoldingSupply         HoldingKind = "supply"
	HoldingUnit           HoldingKind = "unit"
)

var holdingKinds = []string{
	string(HoldingResponsibility), string(HoldingContract), string(HoldingSupply), string(HoldingUnit),
}

func (HoldingKind) words() []string { return holdingKinds }

// HoldingsTransferred moves everything of the kinds given, or of all kinds, but for the exceptions.
type HoldingsTransferred struct {
	From   OrganisationID
	To     OrganisationID
	Kinds  []HoldingKind
	Except []Ref
}

func (*HoldingsTransferred) Type() Type { return TypeHoldingsTransferred }

func (f *HoldingsTransferred) fields(v visitor) {
	id(v, "from", &f.From, required)
	id(v, "to", &f.To, required)
	words(v, "kinds", &f.Kinds)
	refs(v, "except", &f.Except)
}

func (f *HoldingsTransferred) rules(c *checker) {
	c.distinct("to", f.To, f.From, "holdings are transferred to another organisation than the one they leave")
}
