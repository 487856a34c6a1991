package web

import (
	"bufio"
	"bytes"
	"net/url"
	"regexp"
	"testing"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/sample"
	"github.com/orgledger/orgledger/projections/histories"
)

// refilled is an entry as it comes back from the form that was filled in with it.
func refilled(e *domain.Entry) (*domain.Entry, error) {
	filled, err := treeFromJSON(e.AppendJSON(nil))
	if err != nil {
		return nil, err
	}
	form := make(url.Values)
	for _, input := range filled.hidden("", nil) {
		form.Add(input.Name, input.Value)
	}
	back, err := treeOf(form)
	if err != nil {
		return nil, err
	}
	fields := entryFields(e.Fact.Type())
	new(former).inputs(fields, back, "") // showing a form changes nothing that it says
	return domain.ParseEntry(entryJSON(e.Fact.Type(), back))
}

// What a form is filled in with it gives back: every entry of the sample but its corrections, whose form is another's.
func TestFormGivesBackWhatItTakes(t *testing.T) {
	lines, compared := bufio.NewScanner(sample.Entries()), 0
	for lines.Scan() {
		e, err := domain.ParseEntry(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if e.Fact.Type() == domain.TypeEntryCorrected {
			continue
		}
		back, err := refilled(e)
		if err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		back.ID = e.ID
		if !bytes.Equal(back.Canonical(), e.Canonical()) {
			t.Errorf("filled in with %s\ngives back %s", e.Canonical(), back.Canonical())
		}
		compared++
	}
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// emptied finds lists that are given and empty, which say nothing; but see plan.amended.
var emptied = regexp.MustCompile(`"[a-z_]+":\[\],|,"[a-z_]+":\[\]`)

// The same of random entries, but not of those with sealed names, which are not told. A plan that replaces a list with an empty one cannot be told from one that leaves it.
func TestFormGivesBackRandomEntries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, e := range histories.Entries(t, histories.Options{}) {
			if _, corrects := e.Fact.(*domain.EntryCorrected); corrects || domain.NamesPerson(e.Fact) {
				continue
			}
			if amended, ok := e.Fact.(*domain.PlanAmended); ok && (amended.Items != nil && len(amended.Items) == 0 || amended.Conditions != nil && len(amended.Conditions) == 0) {
				continue
			}
			back, err := refilled(e)
			if err != nil {
				t.Fatalf("%s: %v", e.AppendJSON(nil), err)
			}
			back.ID = e.ID
			if !bytes.Equal(back.Canonical(), emptied.ReplaceAll(e.Canonical(), nil)) {
				t.Fatalf("filled in with %s\ngives back %s", e.Canonical(), back.Canonical())
			}
		}
	})
}

// Whatever is sent as a form is read or refused, and makes JSON that the domain takes or refuses by its rules.
func FuzzForm(f *testing.F) {
	f.Add("contract.awarded", "effective=2020&data.contract=c&data.title=T&data.owner=o&data.suppliers.0=s&data.value.amount=1e3&data.value.currency=GBP")
	f.Add("plan.announced", "data.items.0.type=contract.ended&data.items.0.data.contract=c&data.items.0.item=i&data.items=%2b")
	f.Add("organisation.merged", "data.kinds=unit&data.kinds=supply&data.organisations.7=a&data.organisations.3=b&a.b.c.d.e.f.g.h.i.j.k.l.m=1")
	f.Fuzz(func(t *testing.T, name, query string) {
		typ, ok := domain.ParseType(name)
		form, err := url.ParseQuery(query)
		if !ok || err != nil {
			return
		}
		filled, err := treeOf(form)
		if err != nil {
			return
		}
		once := entryJSON(typ, filled)
		new(former).inputs(entryFields(typ), filled, "")
		if again := entryJSON(typ, filled); !bytes.Equal(once, again) {
			t.Fatalf("shown, the form says %s, before it said %s", again, once)
		}
		if !once.IsValid() {
			t.Fatalf("not JSON: %s", once)
		}
	})
}
