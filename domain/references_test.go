package domain

import (
	"strings"
	"testing"
)

// What each entry of testdata/entries.jsonl mentions, in its order.
var mentioned = strings.Fields(`
data.organisation=organisation/hee,data.parent.organisation=organisation/dhsc,sources[0].source=source/s1,sources[1].source=source/s2,fulfils=plan/p1
data.organisation=organisation/dhsc
data.organisation=organisation/hee,sources[0].source=source/s1
data.responsibility=responsibility/workforce-planning,sources[0].source=source/s1
data.responsibility=responsibility/Z9_
data.responsibility=responsibility/workforce-planning,data.organisation=organisation/hee
data.responsibility=responsibility/workforce-planning,fulfils=plan/p1
data.contract=contract/c1
data.office=office/chair
data.organisation=organisation/dhsc
data.organisation=organisation/dhsc
data.organisation=organisation/hee
data.contract=contract/c1
data.responsibility=responsibility/workforce-planning,data.organisation=organisation/hee
data.contract=contract/c1,data.owner=organisation/hee,data.suppliers[0]=organisation/acme,data.suppliers[1]=organisation/umbrella,sources[0].source=source/s1
data.office=office/chair,data.organisation=organisation/hee
data.responsibility=responsibility/workforce-planning,data.from=organisation/hee,data.to=organisation/nhs-england,sources[0].source=source/s1
data.contract=contract/c1,data.from=organisation/acme,data.to=organisation/acme-holdings
data.organisation=organisation/hee,data.parent.organisation=organisation/nhs-england
data.organisation=organisation/hee
data.from=organisation/hee,data.to=organisation/nhs-england,data.except[0]=contract/c1,data.except[1]=responsibility/workforce-planning,data.except[2]=organisation/hee
data.organisations[0]=organisation/nhs-digital,data.organisations[1]=organisation/nhsx,data.into=organisation/nhs-england,data.except[0]=contract/c1,sources[0].source=source/s1
data.organisation=organisation/nhs-digital,data.into[0]=organisation/north,data.into[1]=organisation/south,data.residual=organisation/south,data.allocate[0].holding=contract/c1,data.allocate[0].to=organisation/north,data.allocate[1].holding=organisation/nhsx,data.allocate[1].to=organisation/south
data.organisation=organisation/hee,data.successor=organisation/nhs-england,data.except[0]=responsibility/workforce-planning
data.plan=plan/p1,data.items[0].data.organisations[0]=organisation/hee,data.items[0].data.into=organisation/nhs-england,data.items[1].data.responsibility=responsibility/workforce-planning,data.items[1].data.from=organisation/hee,data.items[1].data.to=organisation/nhs-england
data.plan=plan/p1,data.items[0].data.organisation=organisation/hee
data.plan=plan/p1
data.plan=plan/p1
data.source=source/s1
data.person=person/0f8fad5b-d9cb-469f-a165-70867728950e
data.replacement.sources[0].source=source/s1,data.replacement.fulfils=plan/p1
-
data.key=key/UARB7ZPWQWNBUT7MPECXZHJSZDJ7YNLOCRFR3I5Q7EAW55XSTCENVW34
data.key=key/UARB7ZPWQWNBUT7MPECXZHJSZDJ7YNLOCRFR3I5Q7EAW55XSTCENVW34
`)

func TestMentions(t *testing.T) {
	lines := entryLines(t)
	if len(lines) != len(mentioned) {
		t.Fatalf("%d entries, %d expectations", len(lines), len(mentioned))
	}
	for i, line := range lines {
		e := mustParse(t, string(line))
		if got := mentionText(e); got != mentioned[i] {
			t.Errorf("%s\nmentions %s\nwant     %s", line, got, mentioned[i])
		}
		if f, ok := e.Fact.(*EntryCorrected); ok {
			if err := f.Resolve(TypeOrganisationEstablished); err != nil {
				t.Fatal(err)
			}
			if got, want := mentionText(e), "data.replacement.data.organisation=organisation/hee,"+mentioned[i]; got != want {
				t.Errorf("resolved, it mentions %s\nwant %s", got, want)
			}
		}
	}
}

func mentionText(e *Entry) string {
	var all []string
	for _, m := range e.Mentions() {
		all = append(all, m.Field+"="+m.Ref.String())
	}
	if all == nil {
		return "-"
	}
	return strings.Join(all, ",")
}

// What a fact introduces, and what it is about, is among the references that it makes.
func TestIntroducesAndAbout(t *testing.T) {
	introducing := map[Type]bool{TypeOrganisationEstablished: true, TypeResponsibilityDefined: true,
		TypeContractAwarded: true, TypePlanAnnounced: true, TypeSourceRegistered: true, TypeKeyRegistered: true}
	aboutNothing := map[Type]bool{TypeHoldingsTransferred: true, TypeOrganisationMerged: true, TypeEntryCorrected: true, TypeEntryRetracted: true,
		TypeOrganisationSplit: true, TypeOrganisationDissolved: true}
	for _, line := range entryLines(t) {
		e := mustParse(t, string(line))
		typ, about, introduces := e.Fact.Type(), About(e.Fact), Introduces(e.Fact)
		if (introduces != Ref{}) != introducing[typ] || (about == Ref{}) != aboutNothing[typ] {
			t.Errorf("%s introduces %q and is about %q", typ, introduces, about)
		}
		if introducing[typ] && introduces != about {
			t.Errorf("%s introduces %q but is about %q", typ, introduces, about)
		}
		if about != (Ref{}) && e.Mentions()[0] != (Mention{"data." + about.Kind.String(), about}) {
			t.Errorf("%s is about %q, which is not what it mentions first", typ, about)
		}
	}
}

func TestPhases(t *testing.T) {
	for name, want := range map[string]uint8{
		"organisation.established": 0, "organisation.restored": 0, "responsibility.defined": 0,
		"responsibility.withdrawn": 1, "responsibility.discontinued": 1, "contract.ended": 1, "appointment.ended": 1,
		"organisation.renamed": 2, "organisation.identified": 2, "organisation.reconstituted": 2, "contract.varied": 2,
		"responsibility.assigned": 3, "contract.awarded": 3, "appointment.made": 3,
		"responsibility.transferred": 4, "contract.transferred": 4, "organisation.moved": 4, "holdings.transferred": 5,
		"organisation.merged": 6, "organisation.split": 6, "organisation.dissolved": 6,
	} {
		typ, ok := ParseType(name)
		if !ok || typ.String() != name || !typ.InFold() || Phase(typ.New()) != want {
			t.Errorf("%s: %v %v, phase %d, want %d", name, typ, ok, Phase(typ.New()), want)
		}
	}
	if got := Phase(&OrganisationSplit{Continues: true}); got != 5 {
		t.Errorf("a split that continues has phase %d", got)
	}
	for _, name := range []string{"", "organisation", "organisation.Merged"} {
		if typ, ok := ParseType(name); ok {
			t.Errorf("%q is the type %v", name, typ)
		}
	}
}
