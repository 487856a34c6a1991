package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// both walks a journey with JavaScript and without, each on a ledger of its own.
func both(t *testing.T, walk func(t *testing.T, tb *tab)) {
	for _, as := range []look{desk, {width: 1280, height: 900, noJS: true}} {
		t.Run(as.String(), func(t *testing.T) {
			tb := open(t, serve(t), as)
			walk(t, tb)
		})
	}
}

// Somebody finds Health Education England by a part of its name, and another body by what it was once called.
func TestJourneyFind(t *testing.T) {
	both(t, func(t *testing.T, tb *tab) {
		tb.visit("/")
		tb.fillIn(".masthead", "Search", "health educ")
		tb.follow("Search", ".find button")
		tb.follow("Health Education England", "main a")
		tb.sees("it was merged into NHS England on 1 April 2023")
		tb.fillIn(".masthead", "Search", "commissioning board")
		tb.follow("Search", ".find button")
		tb.sees("formerly")
		tb.follow("NHS England", "main a")
		tb.sees("organisation/nhs-england")
	})
}

// While somebody types, what may be meant is offered, and the keyboard leads there.
func TestJourneySuggestions(t *testing.T) {
	tb := open(t, serve(t), desk)
	tb.visit("/")
	run(tb, chromedp.Evaluate[bool](`(document.querySelector("#find").focus(), true)`))
	tb.do(chromedp.KeyEvent("leadership acad"))
	tb.find("suggestion", `() => document.querySelector(".suggestions a")?.checkVisibility() === true`)
	tb.do(chromedp.KeyEvent(kb.ArrowDown))
	if at := tb.focus(); at == nil || !strings.Contains(at.Name, "NHS Leadership Academy") {
		t.Fatalf("the arrow leads to %+v", at)
	}
	run(tb, chromedp.Evaluate[bool](`window.leaving = true`))
	tb.do(chromedp.KeyEvent(kb.Enter))
	tb.find("page of the suggestion", `() => !window.leaving && document.querySelector("h1").innerText === "NHS Leadership Academy"`)
}

// units looks for a name among the units of the organisation that is shown: what it held before stands in another table.
const units = `name => document.querySelector("[aria-labelledby=holds-unit]")?.innerText.includes(name) ?? false`

// Somebody moves to the last day on which the Leadership Academy was with Health Education England, and past it. The address
// keeps the day.
func TestJourneyDays(t *testing.T) {
	both(t, func(t *testing.T, tb *tab) {
		tb.visit("/organisation/hee")
		tb.fillIn(".clocks", "On the day", "2019-03-31")
		tb.follow("Show", ".clocks button")
		tb.sees("You are looking at the past: at 31 March 2019.")
		tb.find("unit of that name", units, "NHS Leadership Academy")
		tb.fillIn(".clocks", "On the day", "2019-04-02")
		tb.follow("Show", ".clocks button")
		tb.sees("You are looking at the past: at 2 April 2019.")
		if run(tb, chromedp.Evaluate[bool](call(units, []any{"NHS Leadership Academy"}))) {
			t.Error("the Leadership Academy is still among the units")
		}
		if at := tb.address(); at != "/organisation/hee?on=2019-04-02" {
			t.Errorf("the address is %s", at)
		}
		tb.follow("Education Outcomes Framework")
		if at := tb.address(); at != "/responsibility/education-outcomes-framework?on=2019-04-02" {
			t.Errorf("the link leads to %s", at)
		}
		tb.follow("Today, as known now")
		tb.lacks("You are looking at the past")
	})
}

// Somebody asks why NHS England owns the contract for pharmacists' education, and comes to the regulations that prove it.
func TestJourneyWhy(t *testing.T) {
	both(t, func(t *testing.T, tb *tab) {
		tb.visit("/contract/cppe-postgraduate-education")
		tb.sees("NHS England holds it as owner, since 1 April 2023")
		tb.sees("Health Education England was merged into NHS England")
		tb.follow("The Health Education England (Transfer of Functions, Abolition and Transitional Provisions) Regulations 2023")
		tb.sees("Secretary of State for Health and Social Care")
		tb.sees("What was recorded from it")
		tb.follow("entry 249")
		tb.sees("Download the receipt of this entry")
	})
}

// Somebody sees what was known before the correction, and that it is said.
func TestJourneyKnown(t *testing.T) {
	both(t, func(t *testing.T, tb *tab) {
		tb.visit("/contract/cppe-postgraduate-education?on=2023-03-15")
		tb.sees("Health Education England holds it as owner")
		tb.follow("sequence 248")
		tb.sees("You are looking at what was known earlier: at sequence 248")
		tb.sees("NHS England holds it as owner, since February 2023")
		tb.follow("Now", ".clocks a")
		tb.sees("Health Education England holds it as owner")
	})
}

// Somebody compares two days, and what was known of one.
func TestJourneyCompare(t *testing.T) {
	both(t, func(t *testing.T, tb *tab) {
		tb.visit("/")
		tb.follow("Compare")
		tb.fill("On the day", "2019-03-31") // the first of the two
		tb.fillIn("Second", "On the day", "2019-04-02")
		tb.follow("Compare", "main button")
		tb.sees("31 March 2019 compared with 2 April 2019")
		tb.sees("NHS Leadership Academy")
		tb.sees("NHS Improvement")
		tb.visit("/compare?from=2022-07-01&from_known=248&on=2022-07-01")
		tb.sees("What was known of 1 July 2022")
		tb.sees("What was learnt")
	})
}

// Somebody asks what the abolition of NHS England would move and orphan, and takes it away as a table.
func TestJourneyImpact(t *testing.T) {
	both(t, func(t *testing.T, tb *tab) {
		tb.visit("/")
		tb.follow("Plans")
		tb.follow("NHS England is abolished")
		tb.sees("28 would change hands")
		tb.sees("0 would be left without a holder")
		tb.sees("Department of Health and Social Care")
		tb.follow("All 23 of them")
		tb.sees("Undergraduate places")
		table := fetch(t, tb.base+"/plan/nhs-england-abolition.csv")
		if lines := strings.Count(table, "\r\n"); lines != 29 {
			t.Errorf("the table has %d lines, want a head and 28", lines)
		}
	})
}

// Somebody records a contract by its form, sees before what would change, and the log of another window goes on with it.
func TestJourneyRecord(t *testing.T) {
	both(t, func(t *testing.T, tb *tab) {
		watching := open(t, tb.base, desk)
		watching.visit("/log")
		watching.sees("360 in all")

		tb.visit("/")
		tb.follow("Record")
		tb.follow("Contract awarded")
		tb.fill("Takes effect on", "2024-04-01")
		tb.fill("Contract", "simulation-suites")
		tb.fill("Title", "Simulation suites for teaching hospitals")
		tb.fill("Owner", "England")
		tb.fill("Recorded by", "registrar")
		tb.follow("Add a citation")
		tb.fill("Source", "Health and Care Act 2022")
		tb.follow("Show what would change")
		tb.expect("status of 422")
		tb.sees("Choose which organisation is meant")
		tb.fill("Owner", "nhs-england")
		tb.follow("Show what would change")
		tb.sees("This is not recorded yet")
		tb.sees("Simulation suites for teaching hospitals")
		tb.sees("nobody → NHS England [owner]")
		tb.lacks("would raise")
		watching.lacks("Simulation suites")

		tb.follow("Record", "main button")
		tb.sees("It is recorded")
		tb.sees("Entry 361")
		watching.sees("1 entry has arrived")
		watching.sees("Simulation suites for teaching hospitals")
	})
}

// Somebody corrects an entry with a reason, and it is told what was corrected; without a reason it is not.
func TestJourneyCorrect(t *testing.T) {
	both(t, func(t *testing.T, tb *tab) {
		tb.expect("status of 422")
		tb.visit("/entry/248")
		tb.follow("Correct this entry")
		tb.fill("Takes effect on", "2022-07-02")
		tb.follow("Show what would change")
		tb.sees("There is a problem")
		tb.fill("Reason", "The order names the second.")
		tb.follow("Show what would change")
		tb.sees("Entry 248 was corrected: on 2 July 2022")
		tb.sees("On 1 July 2022")
		tb.follow("Correct", "main button")
		tb.sees("It is recorded")
		tb.visit("/entry/248")
		tb.sees("As corrected: On 2 July 2022")
		tb.sees("The order names the second.")
		tb.visit("/entry/248?known=360")
		tb.lacks("As corrected")
		tb.visit("/entry/248")
		tb.follow("Retract this entry")
		tb.fill("Reason", "It never happened.")
		tb.follow("Show what would change")
		tb.follow("Retract", "main button")
		tb.sees("It is recorded")
		tb.visit("/entry/248")
		tb.sees("This entry is retracted.")
	})
}

// A form without its token, as another site would send it, records nothing, and what was filled in is not lost.
func TestFormWithoutToken(t *testing.T) {
	tb := open(t, serve(t), desk)
	tb.expect("status of 403")
	tb.visit("/record/organisation.established")
	tb.fill("Organisation", "intruder")
	tb.fill("Name", "Intruder")
	run(tb, chromedp.Evaluate[bool](`!!(document.querySelector("input[name=token]").value = "made up")`))
	tb.follow("Show what would change")
	tb.sees("It is as you left it")
	tb.follow("Show what would change")
	tb.sees("This is not recorded yet")
}
