package domain

import "strings"

// Side is one of the two sides of a contract, and the role of who stands there. Empty means owner.
type Side string

// The sides of a contract.
const (
	SideOwner    Side = "owner"
	SideSupplier Side = "supplier"
)

var sides = []string{string(SideOwner), string(SideSupplier)}

func (Side) words() []string { return sides }

// Decimal is a number as it was written, of at most 15 significant digits, so that every program
// that reads it reads the same number.
type Decimal string

// Value is what a contract is worth.
type Value struct {
	Amount   Decimal
	Currency string // ISO 4217
}

var currencyForm = codeForm{
	pattern: `[A-Z]{3}`,
	valid: func(s string) bool {
		return len(s) == 3 && strings.IndexFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' }) < 0
	},
	rule: "a currency is its three capital letters of ISO 4217, as GBP",
}

// ContractAwarded introduces a contract and places it with its owner and suppliers.
type ContractAwarded struct {
	Contract    ContractID
	Title       string
	Owner       OrganisationID
	Suppliers   []OrganisationID
	LastDay     Date // the last day in force; it expires the day after. Zero: open
	Value       *Value
	Identifiers []Identifier
}

// ContractVaried changes a contract's last day, value or title.
type ContractVaried struct {
	Contract ContractID
	LastDay  Date
	Value    *Value
	Title    string
}

// ContractTransferred moves one side of a contract to another organisation.
type ContractTransferred struct {
	Contract ContractID
	From     OrganisationID
	To       OrganisationID
	Side     Side
}

// ContractEnded ends a contract before or without its expiry.
type ContractEnded struct {
	Contract ContractID
	Reason   string
}

func (*ContractAwarded) Type() Type     { return TypeContractAwarded }
func (*ContractVaried) Type() Type      { return TypeContractVaried }
func (*ContractTransferred) Type() Type { return TypeContractTransferred }
func (*ContractEnded) Type() Type       { return TypeContractEnded }

func (m *Value) fields(v visitor) {
	v.number("amount", &m.Amount)
	v.code("currency", &m.Currency, currencyForm, required)
}

func (f *ContractAwarded) fields(v visitor) {
	id(v, "contract", &f.Contract, required)
	v.text("title", &f.Title, LimitTitle, required)
	id(v, "owner", &f.Owner, required)
	ids(v, "suppliers", &f.Suppliers, optional)
	v.day("last_day", &f.LastDay)
	object(v, "value", &f.Value, optional)
	objects(v, "identifiers", &f.Identifiers, optional)
}

func (f *ContractVaried) fields(v visitor) {
	id(v, "contract", &f.Contract, required)
	v.day("last_day", &f.LastDay)
	object(v, "value", &f.Value, optional)
	v.text("title", &f.Title, LimitTitle, optional)
}

func (f *ContractTransferred) fields(v visitor) {
	id(v, "contract", &f.Contract, required)
	id(v, "from", &f.From, required)
	id(v, "to", &f.To, required)
	word(v, "side", &f.Side, optional)
}

func (f *ContractEnded) fields(v visitor) {
	id(v, "contract", &f.Contract, required)
	v.text("reason", &f.Reason, LimitText, optional)
}

func (f *ContractAwarded) rules(c *checker) {
	unique(c, "suppliers", "", f.Suppliers)
	c.lastDay(f.LastDay)
}

func (f *ContractVaried) rules(c *checker) {
	c.lastDay(f.LastDay)
	if f.LastDay == 0 && f.Value == nil && f.Title == "" {
		c.refuse(CodeMissingField, "last_day", "a variation changes last_day, value or title", "")
	}
}

func (f *ContractTransferred) rules(c *checker) {
	c.distinct("to", f.To, f.From, "a contract is transferred to another organisation than the one it leaves")
}
