package browser_test

// shown is a page in one of its states.
type shown struct {
	name, path string
	then       func(*tab) // what is done there to come to the state; nil: nothing
}

// pages are one of each kind, in every state that looks different.
var pages = []shown{
	{"start", "/", nil},
	{"search", "/search?q=education", nil},
	{"compare", "/compare", nil},
	{"compare-days", "/compare?from=2019-03-31&on=2019-04-02", nil},
	{"compare-both", "/compare?from=2013-03-31&from_known=205&on=2019-04-02", nil},
	{"plans", "/plans", nil},
	{"plan", "/plan/nhs-england-abolition", nil},
	{"organisation", "/organisation/hee?on=2019-03-31", nil},
	{"organisation-future", "/organisation/nhs-england?on=2027-06-01&assume=nhs-england-abolition", nil},
	{"holdings", "/organisation/nhs-england/holdings", nil},
	{"responsibility", "/responsibility/education-commissioning", nil},
	{"contract", "/contract/cppe-postgraduate-education?on=2023-03-15&known=248", nil},
	{"lineage", "/lineage/nhs-england", nil},
	{"findings", "/findings", nil},
	{"findings-none", "/findings?known=360", nil},
	{"entry", "/entry/248", nil},
	{"entry-correction", "/entry/249", nil},
	{"source", "/source/hee-about", nil},
	{"log", "/log", nil},
	{"record", "/record", nil},
	{"form", "/record/contract.awarded", nil},
	{"form-wrong", "/record/contract.awarded", wrongContract},
	{"form-plan", "/record/plan.announced", planWithItem},
	{"preview", "/record/contract.awarded", rightContract},
	{"correct", "/entry/248/correct", nil},
	{"retract", "/entry/248/retract", nil},
	{"retract-preview", "/entry/248/retract", retracted},
	{"problem", "/organisation/nobody", nil},
}

// show goes to a page and does there what leads to its state.
func (tb *tab) show(p shown) {
	tb.Helper()
	tb.expect("status of 404")
	tb.expect("status of 422")
	tb.visit(p.path)
	if p.then != nil {
		p.then(tb)
	}
}

// wrongContract sends a form in which much is wrong.
func wrongContract(tb *tab) {
	tb.fill("Takes effect on", "soon")
	tb.fill("Contract", "c-1")
	tb.fill("Owner", "education")
	tb.follow("Show what would change")
	tb.sees("There is a problem")
}

// rightContract previews a contract.
func rightContract(tb *tab) {
	tb.fill("Takes effect on", "2024-04-01")
	tb.fill("Contract", "simulation-suites")
	tb.fill("Title", "Simulation suites for teaching hospitals")
	tb.fill("Owner", "nhs-england")
	tb.follow("Show what would change")
	tb.sees("This is not recorded yet")
}

// planWithItem has an item whose fields are shown.
func planWithItem(tb *tab) {
	tb.follow("Add an item")
	tb.fill("Type", "organisation.merged")
	tb.follow("Show its fields")
	tb.sees("Organisations that end")
}

// retracted previews a retraction.
func retracted(tb *tab) {
	tb.fill("Reason", "The order was never made.")
	tb.follow("Show what would change")
	tb.sees("This is not recorded yet")
}
