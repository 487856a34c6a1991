package domain

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// Limits of what is recorded. Over a limit an entry is refused, never cut.
const (
	LimitEntry = 256 << 10 // bytes of one entry
	LimitShown = 2 << 20   // bytes of one entry with what is told of sealed persons in it
	LimitText  = 4 << 10   // bytes of a text
	LimitTitle = 512       // bytes of a title, name, code or person
	LimitList  = 10_000    // items of a list
)

// An amount keeps its digits in a double-precision number, and so in every program.
const (
	limitDigits   = 15
	limitExponent = 100 // of ten, either way
)

// Rules that both the decoder and the checker judge by.
const (
	fulfilsRule = "what a fact fulfils is written plan or plan/item, each an identifier"
	itemRule    = "a plan's item is a change to organisations, responsibilities, contracts or offices"
)

var (
	listRule   = fmt.Sprintf("a list has at most %d items", LimitList)
	amountRule = fmt.Sprintf("an amount is a number of at most %d digits, and zero or between 1e-%d and 1e%d in size",
		limitDigits, limitExponent, limitExponent)
)

// Check judges the entry by every rule that needs no knowledge of the ledger. The error is a
// *Refusal. The replacement of a correction is judged when it is resolved.
func (e *Entry) Check() error {
	c := new(checker)
	c.entry(e)
	if correction, ok := e.Fact.(*EntryCorrected); ok && c.refusal == nil && correction.Replacement.Fact != nil {
		return correction.Replacement.check()
	}
	return c.err()
}

// CheckActor judges the name of who records: at most LimitTitle bytes of UTF-8 without control
// characters, as an attribute of a CloudEvent has to be (CloudEvents 1.0, §3.2). Nobody may be named.
// The error is a *Refusal.
func CheckActor(actor string) error {
	c := new(checker)
	c.text("actor", &actor, LimitTitle, optional)
	c.actor("actor", actor)
	return c.err()
}

func (c *checker) actor(field, name string) {
	if strings.ContainsAny(name, "\n\t") {
		c.refuse(CodeBadValue, field, "the name of who records is one line", quote(name))
	}
}

// checker judges fields. After the first refusal it does nothing.
type checker struct {
	trail
	effective EDTF
	refusal   *Refusal
}

func (c *checker) err() error {
	if c.refusal == nil {
		return nil
	}
	return c.refusal
}

func (c *checker) refuse(code Code, field, rule, value string) {
	if c.refusal == nil {
		c.refusal = &Refusal{Code: code, Field: c.where(field), Rule: rule, Value: value}
	}
}

func (c *checker) within(field string, judge func()) {
	c.enter(field)
	judge()
	c.leave()
}

func (c *checker) entry(e *Entry) {
	e.fields(c)
	if c.refusal != nil {
		return
	}
	t := e.Fact.Type()
	switch {
	case !t.Dated() && !e.Effective.IsZero():
		c.refuse(CodeFieldNotAllowed, "effective", t.String()+" has no effective date", quote(e.Effective.String()))
	case !t.Fulfils() && e.Fulfils != Fulfilment{}:
		c.refuse(CodeFieldNotAllowed, "fulfils", t.String()+" fulfils no plan", quote(e.Fulfils.String()))
	case t.Dated() && e.Effective.IsZero() && !mayBeUndated(e.Fact):
		c.refuse(CodeMissingField, "effective", t.String()+" needs an effective date", "")
	case t.IsKey() && e.Effective.Earliest() != e.Effective.Latest():
		c.refuse(CodeBadDate, "effective", "a key begins and ceases to be valid on a day: this is a full date", quote(e.Effective.String()))
	}
	c.within("data", func() { c.rulesOf(e.Fact, e.Effective) })
}

// mayBeUndated tells the facts that may say that something existed already.
func mayBeUndated(f Fact) bool {
	switch f := f.(type) {
	case *OrganisationEstablished:
		return f.Parent == nil
	case *ResponsibilityDefined:
		return true
	}
	return false
}

// rulesOf judges what concerns several fields of a fact.
func (c *checker) rulesOf(f Fact, effective EDTF) {
	c.effective = effective
	if f, ok := f.(interface{ rules(*checker) }); ok && c.refusal == nil {
		f.rules(c)
	}
}

func (c *checker) distinct(field string, id, other OrganisationID, rule string) {
	if id != "" && id == other {
		c.refuse(CodeBadValue, field, rule, quote(string(id)))
	}
}

func (c *checker) oneOf(field string, id OrganisationID, list []OrganisationID) {
	if !slices.Contains(list, id) {
		c.refuse(CodeBadValue, field, "this has to be one of the organisations in into", quote(string(id)))
	}
}

func (c *checker) lastDay(day Date) {
	if day != 0 && !c.effective.IsZero() && day < c.effective.Nominal() {
		c.refuse(CodeLastDayTooEarly, "last_day",
			"the last day in force is not before the effective day "+c.effective.Nominal().String(), quote(day.String()))
	}
}

// unique refuses what a list names twice. What is compared stands below each element at the path
// suffix, which may be empty.
func unique[T comparable](c *checker, field, suffix string, list []T) {
	if len(list) < 2 {
		return
	}
	seen := make(map[T]bool, len(list))
	for i, item := range list {
		if seen[item] {
			c.refuse(CodeBadValue, at(field, i)+suffix, "a list names each thing once", quote(fmt.Sprint(item))+" again")
		}
		seen[item] = true
	}
}

// given reports whether there is anything to judge, and refuses where there should be.
func (c *checker) given(field, value string, n need) bool {
	if value == "" && n == required {
		c.refuse(CodeMissingField, field, "this field has to be given", "")
	}
	return value != "" && c.refusal == nil
}

func (c *checker) id(field string, _ Kind, value string, n need) string {
	if c.given(field, value, n) && !ValidID(value) {
		c.refuse(CodeBadIdentifier, field, idRule, quote(value))
	}
	return value
}

func (c *checker) name(field string, p *string) { c.id(field, KindNone, *p, required) }

func (c *checker) ref(field string, p *Ref, n need) {
	if c.given(field, p.String(), n) && (!p.IsHolding() || !ValidID(p.ID)) {
		c.refuse(CodeBadReference, field, "this names a holding: responsibility/id, contract/id or organisation/id (the unit)", quote(p.String()))
	}
}

func (c *checker) uuid(field string, p *uuid.UUID, n need) {
	if *p == uuid.Nil {
		c.given(field, "", n)
	}
}

func (c *checker) text(field string, p *string, limit int, n need) {
	if !c.given(field, *p, n) {
		return
	}
	if len(*p) > limit {
		c.refuse(CodeTooLarge, field, fmt.Sprintf("this text has at most %d bytes of UTF-8", limit), quote(*p))
	}
	if !utf8.ValidString(*p) {
		c.refuse(CodeNotUTF8, field, "text is UTF-8", quote(*p))
	}
	for _, r := range *p {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			c.refuse(CodeBadValue, field, "text has no control characters but line feeds and tabs", quote(*p))
			return
		}
	}
	if strings.TrimSpace(*p) == "" {
		c.refuse(CodeMissingField, field, "this field is not blank: leave out what is not known", quote(*p))
	}
}

func (c *checker) code(field string, p *string, f codeForm, n need) {
	if c.given(field, *p, n) && !f.valid(*p) {
		c.refuse(CodeBadValue, field, f.rule, quote(*p))
	}
}

func (c *checker) word(field, value string, words []string, n need) string {
	if c.given(field, value, n) && !slices.Contains(words, value) {
		c.refuse(CodeBadWord, field, "this is one of "+strings.Join(words, ", "), quote(value))
	}
	return value
}

func (c *checker) number(field string, p *Decimal) {
	if !c.given(field, string(*p), required) {
		return
	}
	if !isNumber(string(*p)) {
		c.refuse(CodeWrongType, field, "this field is a number", quote(string(*p)))
		return
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(string(*p)), "e")
	digits := strings.TrimLeft(strings.ReplaceAll(strings.TrimPrefix(mantissa, "-"), ".", ""), "0")
	size, err := strconv.ParseFloat(string(*p), 64)
	size = math.Abs(size)
	small := digits != "" && size < math.Pow10(-limitExponent)
	if len(digits) > limitDigits || len(*p) > 32 || err != nil || small || size > math.Pow10(limitExponent) {
		c.refuse(CodeBadValue, field, amountRule, strings.Trim(quote(string(*p)), `"`))
	}
}

func isNumber(text string) bool {
	v := jsontext.Value(text)
	return v.Kind() == jsontext.KindNumber && v.IsValid()
}

func (c *checker) flag(string, *bool) {}
func (c *checker) edtf(string, *EDTF) {}

func (c *checker) day(field string, p *Date) {
	if *p < 0 || *p > LastDate {
		c.refuse(CodeBadDate, field, dayRule, fmt.Sprintf("the day %d", *p))
	}
}

func (c *checker) fulfils(field string, p *Fulfilment) {
	if *p == (Fulfilment{}) {
		return
	}
	if !ValidID(string(p.Plan)) || p.Item != "" && !ValidID(p.Item) {
		c.refuse(CodeBadReference, field, fulfilsRule, quote(p.String()))
	}
}

func (c *checker) person(field string, p *Person) {
	if p.ID == "" {
		c.text(field, &p.Name, LimitTitle, required)
	}
}

func (c *checker) signature(p **Signature) {
	if *p != nil && !ValidKey((*p).Key) {
		c.refuse(CodeBadValue, "key", keyRule, quote(string((*p).Key)))
	}
}

func (c *checker) fact(field string, p *Fact, allowed func(Type) bool) {
	switch {
	case *p == nil:
		c.given(field, "", required)
	case !allowed((*p).Type()):
		c.refuse(CodeBadWord, field, itemRule, quote((*p).Type().String()))
	}
}

func (c *checker) data(field string, p *Fact) {
	if *p != nil {
		c.nested(field, *p)
	}
}

func (c *checker) replacement(field string, r *Replacement) {
	if r.Fact == nil && len(r.raw) == 0 {
		c.given(field, "", required)
	}
}

func (c *checker) nested(field string, r record) {
	if field == "" { // the element of a list
		r.fields(c)
		return
	}
	c.enter(field)
	r.fields(c)
	c.leave()
}

func (c *checker) object(field string, s slot, _ need) {
	if s.present() {
		c.nested(field, s.content())
	}
}

func (c *checker) list(field string, l elements, n need) {
	switch k := l.length(); {
	case k > LimitList:
		c.refuse(CodeTooMany, field, listRule, fmt.Sprint(k))
	case k == 0 && n == required:
		c.refuse(CodeMissingField, field, "this list names at least one", "")
	case k == 0 && n == filled && l.given():
		c.refuse(CodeMissingField, field, "a list that is given names at least one: leave it out to mean all", "")
	}
	for i := 0; i < l.length() && c.refusal == nil; i++ {
		c.enterItem(field, i)
		l.visit(c, i)
		c.leave()
	}
}
