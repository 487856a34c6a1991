package domain

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// entries generates valid entries of any of the types, of all types where none is given. Corrections
// are resolved.
func entries(of ...Type) *rapid.Generator[*Entry] {
	return rapid.Custom(func(t *rapid.T) *Entry {
		return generate(t, rapid.SampledFrom(orAll(of)).Draw(t, "type"), false)
	})
}

// fullEntries generates valid entries that give every field they may.
func fullEntries(of ...Type) *rapid.Generator[*Entry] {
	return rapid.Custom(func(t *rapid.T) *Entry {
		return generate(t, rapid.SampledFrom(orAll(of)).Draw(t, "type"), true)
	})
}

func orAll(of []Type) []Type {
	if len(of) == 0 {
		return Types()
	}
	return of
}

func generate(t *rapid.T, typ Type, full bool) *Entry {
	g := &generator{t: t, full: full}
	e := &Entry{Fact: typ.New()}
	e.fields(g)
	e.Effective = g.effective(e.Fact, e.Effective)
	if !typ.Fulfils() {
		e.Fulfils = Fulfilment{}
	}
	g.repair(e.Fact, e.Effective)
	return e
}

// generator fills the fields it is shown. What concerns several fields is repaired afterwards.
type generator struct {
	t    *rapid.T
	full bool
}

func (g *generator) give(field string, n need) bool {
	return n == required || field == "" || g.full || rapid.Bool().Draw(g.t, field+" given")
}

var (
	someIDs   = rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "hee", "nhs-england", "Z9_-"}), rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9_-]{0,12}`))
	someRunes = rapid.RuneFrom([]rune("aZ09 \n\t\"\\/<&'é\u2028\u200b\ufeff\U0001f3e5\U000e0001\U0010fffd"), unicode.L, unicode.P, unicode.S)
	someDays  = rapid.Custom(func(t *rapid.T) Date {
		return Date(rapid.Int32Range(int32(FirstDate), int32(LastDate)).Draw(t, "day"))
	})
	someNumbers = rapid.StringMatching(`-?(0|[1-9][0-9]{0,7})(\.[0-9]{1,5})?([eE][+-]?[1-8]?[0-9])?`)
)

func (g *generator) string() string { return someIDs.Draw(g.t, "id") }

func (g *generator) id(field string, _ Kind, _ string, n need) string {
	if !g.give(field, n) {
		return ""
	}
	return g.string()
}

func (g *generator) name(_ string, p *string) { *p = g.string() }

func (g *generator) ref(field string, p *Ref, n need) {
	if g.give(field, n) {
		*p = Ref{rapid.SampledFrom([]Kind{KindResponsibility, KindContract, KindOrganisation}).Draw(g.t, "kind"), g.string()}
	}
}

func (g *generator) uuid(field string, p *uuid.UUID, n need) {
	if g.give(field, n) {
		copy(p[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(g.t, field))
		p[0] |= 1
	}
}

func (g *generator) text(field string, p *string, limit int, n need) {
	if !g.give(field, n) {
		return
	}
	*p = rapid.StringOfN(someRunes, 1, 20, limit).Draw(g.t, field)
	if strings.TrimSpace(*p) == "" {
		*p = "x" + *p
	}
}

func (g *generator) code(field string, p *string, f codeForm, n need) {
	if g.give(field, n) {
		*p = rapid.StringMatching(f.pattern).Draw(g.t, field)
	}
}

func (g *generator) word(field, _ string, words []string, n need) string {
	if !g.give(field, n) {
		return ""
	}
	return rapid.SampledFrom(words).Draw(g.t, field)
}

func (g *generator) number(field string, p *Decimal) { *p = Decimal(someNumbers.Draw(g.t, field)) }
func (g *generator) flag(field string, p *bool)      { *p = g.full || rapid.Bool().Draw(g.t, field) }

func (g *generator) edtf(field string, p *EDTF) {
	if g.give(field, optional) {
		*p = someEDTF.Draw(g.t, field)
	}
}

func (g *generator) day(field string, p *Date) {
	if g.give(field, optional) {
		*p = someDays.Draw(g.t, field)
	}
}

func (g *generator) fulfils(field string, p *Fulfilment) {
	if g.give(field, optional) {
		p.Plan = PlanID(g.string())
		if g.give("item", optional) {
			p.Item = g.string()
		}
	}
}

func (g *generator) person(field string, p *Person) { g.text(field, &p.Name, LimitTitle, required) }

func (g *generator) signature(p **Signature) {
	if g.give("signature", optional) {
		*p = &Signature{Key: g.key(), Bytes: [64]byte(rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(g.t, "signature"))}
	}
}

func (g *generator) key() KeyID {
	signer, err := NewSigner([32]byte{byte(rapid.IntRange(1, 3).Draw(g.t, "seed"))})
	if err != nil {
		g.t.Fatal(err)
	}
	return signer.Key
}

func (g *generator) fact(field string, p *Fact, allowed func(Type) bool) {
	if *p == nil {
		*p = rapid.SampledFrom(slices.DeleteFunc(Types(), func(t Type) bool { return !allowed(t) })).Draw(g.t, field).New()
	}
}

func (g *generator) data(_ string, p *Fact) { (*p).fields(g) }

func (g *generator) replacement(field string, r *Replacement) {
	g.fact(field, &r.Fact, Type.Dated)
	r.Fact.fields(g)
	r.Effective = g.effective(r.Fact, r.Effective)
	g.repair(r.Fact, r.Effective)
}

func (g *generator) nested(_ string, r record) { r.fields(g) }

func (g *generator) object(field string, s slot, _ need) {
	if g.give(field, optional) {
		s.create()
		s.content().fields(g)
	}
}

func (g *generator) list(field string, l elements, n need) {
	if !g.give(field, n) {
		return
	}
	least := 0
	if n != optional || g.full {
		least = 1
	}
	l.resize(rapid.IntRange(least, 3).Draw(g.t, field+" length"))
	for i := range l.length() {
		l.visit(g, i)
	}
}

// effective makes a date fit the type: none, one, or whatever there is.
func (g *generator) effective(f Fact, e EDTF) EDTF {
	switch {
	case !f.Type().Dated():
		return EDTF{}
	case f.Type().IsKey():
		return DayEDTF(someDays.Draw(g.t, "effective"))
	case e.IsZero() && !mayBeUndated(f):
		return someEDTF.Draw(g.t, "effective")
	}
	return e
}

// apart is id, or another one where id is among the others.
func apart[T ~string](id T, others ...T) T {
	for i := 0; slices.Contains(others, id); i++ {
		id = T(fmt.Sprintf("apart-%d", i))
	}
	return id
}

// separate makes the members of a list differ from each other and from the others.
func separate[T ~string](list []T, others ...T) {
	for i := range list {
		list[i] = apart(list[i], append(others, list[:i]...)...)
	}
}

// repair makes a fact obey the rules that concern several fields.
func (g *generator) repair(f Fact, effective EDTF) {
	if plan, ok := f.(*PlanAnnounced); ok {
		g.repairItems(plan.Items)
		return
	}
	switch f := f.(type) {
	case *EntryCorrected:
		if !f.Replacement.Fact.Type().Fulfils() {
			f.Replacement.Fulfils = Fulfilment{}
		}
	case *KeyRegistered:
		f.Key, f.Actor = g.key(), oneLine(f.Actor)
	case *KeyRevoked:
		f.Key = g.key()
	case *OrganisationEstablished:
		repairParent(f.Parent, f.Organisation)
	case *OrganisationMoved:
		repairParent(f.Parent, f.Organisation)
	case *OrganisationIdentified:
		if len(f.Identifiers)+len(f.Withdrawn) == 0 {
			f.Identifiers = []Identifier{{"ods", "X25"}}
		}
	case *OrganisationMerged:
		separate(f.Organisations, f.Into)
	case *OrganisationSplit:
		g.repairSplit(f)
	case *OrganisationDissolved:
		f.Successor = apart(f.Successor, f.Organisation)
	case *HoldingsTransferred:
		f.To = apart(f.To, f.From)
	case *ResponsibilityTransferred:
		f.To = apart(f.To, f.From)
	case *ContractTransferred:
		f.To = apart(f.To, f.From)
	case *ContractAwarded:
		separate(f.Suppliers)
		f.LastDay = repairLastDay(f.LastDay, effective)
	case *ContractVaried:
		f.LastDay = repairLastDay(f.LastDay, effective)
		if f.LastDay == 0 && f.Value == nil && f.Title == "" {
			f.Title = "varied"
		}
	case *PlanAmended:
		g.repairItems(f.Items)
		if f.Expected.IsZero() && f.Conditions == nil && f.Items == nil {
			f.Items = []PlanItem{}
		}
	}
}

func oneLine(text string) string { return strings.NewReplacer("\n", "", "\t", "").Replace(text) + "x" }

func repairParent(p *Parent, child OrganisationID) {
	if p != nil {
		p.Organisation = apart(p.Organisation, child)
	}
}

func repairLastDay(day Date, effective EDTF) Date {
	if day == 0 || effective.IsZero() {
		return day
	}
	return max(day, effective.Nominal())
}

func (g *generator) repairItems(items []PlanItem) {
	names := make([]string, len(items))
	for i := range items {
		items[i].Item = apart(items[i].Item, names...)
		names[i] = items[i].Item
		g.repair(items[i].Fact, items[i].Effective)
	}
}

func (g *generator) repairSplit(f *OrganisationSplit) {
	separate(f.Into, f.Organisation)
	if f.Residual != "" {
		f.Residual = rapid.SampledFrom(f.Into).Draw(g.t, "residual")
	}
	var holdings []string
	for i := range f.Allocate {
		a := &f.Allocate[i]
		a.Holding.ID = apart(a.Holding.ID, holdings...)
		holdings = append(holdings, a.Holding.ID)
		a.To = rapid.SampledFrom(f.Into).Draw(g.t, "to")
	}
}

// someEDTF generates dates of every form.
var someEDTF = rapid.Custom(func(t *rapid.T) EDTF {
	text := rapid.OneOf(
		rapid.Map(someDays, Date.String),
		somePoints,
		rapid.Custom(func(t *rapid.T) string {
			return somePoints.Draw(t, "point") + rapid.SampledFrom([]string{"?", "~", "%"}).Draw(t, "qualifier")
		}),
		rapid.Map(someDays, func(d Date) string { return "[.." + d.String() + "]" }),
		rapid.Custom(func(t *rapid.T) string {
			first := someDays.Draw(t, "first")
			last := Date(rapid.Int32Range(int32(first), int32(LastDate)).Draw(t, "last"))
			return "[" + first.String() + ".." + last.String() + "]"
		}),
	).Draw(t, "date")
	e, err := ParseEDTF(text)
	if err != nil {
		t.Fatalf("the generator made %q: %v", text, err)
	}
	return e
})

// somePoints generates years, months, seasons and days. The last winter would end after the calendar.
var somePoints = rapid.Custom(func(t *rapid.T) string {
	year := rapid.IntRange(1, 9998).Draw(t, "year")
	switch rapid.IntRange(0, 3).Draw(t, "precision") {
	case 0:
		return fmt.Sprintf("%04d", year)
	case 1:
		return fmt.Sprintf("%04d-%02d", year, rapid.IntRange(1, 12).Draw(t, "month"))
	case 2:
		return fmt.Sprintf("%04d-%02d", year, rapid.IntRange(21, 24).Draw(t, "season"))
	default:
		return someDays.Draw(t, "day").String()
	}
})
