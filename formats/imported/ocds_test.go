package imported_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/bodies"
	"github.com/orgledger/orgledger/formats/govuk"
	"github.com/orgledger/orgledger/formats/ocds"
	"github.com/orgledger/orgledger/ledger"
)

// A released contract, as a reader who has never seen the importer reads it.
type released struct {
	Date    string
	OCID    string
	Buyer   struct{ ID, Name string }
	Parties []struct {
		ID, Name   string
		Identifier struct{ Scheme, ID string }
	}
	Awards []struct {
		ID        string
		Suppliers []struct{ ID, Name string }
		Period    struct{ StartDate, EndDate string } `json:"contractPeriod"`
		Value     struct {
			Amount   json.Number
			Currency string
		}
	}
}

func releases(t testing.TB) (name string, all []released) {
	t.Helper()
	name = filepath.Join(dataSets(t), "ocds-uk", "releases_2025.jsonl")
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(content) {
		var r released
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b released) int { return strings.Compare(a.Date, b.Date) }) // all in UTC
	return name, all
}

// After the import every release is accounted for, and each contract's owner, suppliers, last day and value are those of
// the latest release of its process.
func TestOCDSEqualsLatestReleases(t *testing.T) {
	name, all := releases(t)
	for _, before := range []string{"", govuk.Format} { // into an empty ledger, and into one with organisations
		l := open(t)
		if before != "" {
			l.run(t, govuk.Importer{}, 1000, 0, given(t, govuk.Format, snapshots(t)...)...)
		}
		var unmatched table
		begun := time.Now()
		report := l.run(t, ocds.Importer{Unmatched: func() (io.WriteCloser, error) { return &unmatched, nil }}, 1000, 0, given(t, ocds.Format, name)...)
		t.Logf("%d releases in %v: %d entries; %d parties are new to the ledger", report.Rows, time.Since(begun), report.Recorded, bytes.Count(unmatched.Bytes(), []byte("\n"))-1)
		if report.Rows != len(all) {
			t.Errorf("%d rows of %d", report.Rows, len(all))
		}
		contracts := 0
		for i, r := range all {
			if len(r.Awards) > 0 && slices.ContainsFunc(all[i+1:], func(later released) bool {
				return later.OCID == r.OCID && len(later.Awards) > 0 && later.Awards[0].ID == r.Awards[0].ID
			}) {
				continue
			}
			for n := range r.Awards {
				contracts++
				compareContract(t, l, &r, n)
			}
		}
		if contracts < 140 {
			t.Errorf("only %d contracts were compared", contracts)
		}
		if again := l.run(t, ocds.Importer{}, 1000, 0, given(t, ocds.Format, name)...); again.Recorded != 0 {
			t.Errorf("a second run: %+v", again)
		}
	}
}

// table is a file in memory.
type table struct{ bytes.Buffer }

func (*table) Close() error { return nil }

func compareContract(t *testing.T, l *imported, r *released, n int) {
	t.Helper()
	a := r.Awards[n]
	last := a.Period.EndDate[:10]
	holders := ask[struct {
		Holders []struct{ Organisation, Role string }
	}](t, l, fmt.Sprintf(`{"q":"holders","ref":"contract/%s","on":%q}`, a.ID, last))
	var owners, suppliers []string
	for _, h := range holders.Holders {
		if h.Role == "owner" {
			owners = append(owners, h.Organisation)
		} else {
			suppliers = append(suppliers, h.Organisation)
		}
	}
	if want := organisationOf(t, l, r, r.Buyer.ID, r.Buyer.Name); !slices.Equal(owners, []string{want}) {
		t.Errorf("%s: owned by %v, not %s", a.ID, owners, want)
	}
	var wanted []string
	for _, s := range a.Suppliers {
		wanted = append(wanted, organisationOf(t, l, r, s.ID, s.Name))
	}
	slices.Sort(wanted)
	if wanted = slices.Compact(wanted); !slices.Equal(suppliers, wanted) {
		t.Errorf("%s: supplied by %v, not %v", a.ID, suppliers, wanted)
	}
	fact := latestAward(t, l, a.ID)
	if fact.LastDay.String() != last || fact.Value == nil || string(fact.Value.Amount) != a.Value.Amount.String() || fact.Value.Currency != a.Value.Currency {
		t.Errorf("%s: last day %s, value %v, not %s, %v", a.ID, fact.LastDay, fact.Value, last, a.Value)
	}
	history := ask[struct{ Periods []struct{ From string } }](t, l, fmt.Sprintf(`{"q":"history","ref":"contract/%s"}`, a.ID))
	if first := history.Periods[0].From; first != a.Period.StartDate[:10] {
		t.Errorf("%s: held from %s, not %s", a.ID, first, a.Period.StartDate)
	}
}

// organisationOf is the organisation that has the identifier of a party. Its name is the party's, but for what one of them
// says more ("t/a").
func organisationOf(t *testing.T, l *imported, r *released, id, name string) string {
	t.Helper()
	code := strings.Replace(id, "-", "\x00", 1)
	scheme, value, ok := strings.Cut(code, "-")
	for _, p := range r.Parties {
		if p.ID == id && p.Identifier.Scheme != "" {
			scheme, value, ok = p.Identifier.Scheme, p.Identifier.ID, true
		}
	}
	if !ok {
		t.Fatalf("%s has no register", id)
	}
	type found struct {
		Organisation, Name string
	}
	o := ask[found](t, l, fmt.Sprintf(`{"q":"organisation","organisation":"%s:%s","on":"2030-01-01"}`, strings.Replace(scheme, "\x00", "-", 1), value))
	if got, want := bodies.Normal(o.Name), bodies.Normal(name); name != "" && !got.Agrees(want) && !strings.Contains(want.Base, got.Base) && !strings.Contains(got.Base, want.Base) {
		t.Errorf("%s is %s, called %q and not %q", id, o.Organisation, o.Name, name)
	}
	return o.Organisation
}

// latestAward is the award of a contract in its latest version.
func latestAward(t *testing.T, l *imported, id string) *domain.ContractAwarded {
	t.Helper()
	ref, err := domain.ParseRef("contract/" + id)
	if err != nil {
		t.Fatal(err)
	}
	var fact domain.Fact
	err = l.Select(t.Context(), ledger.Selection{Ref: ref}, func(e domain.Recorded) error {
		switch f := e.Fact.(type) {
		case *domain.ContractAwarded:
			fact = f
		case *domain.EntryCorrected:
			fact = f.Replacement.Fact
		default:
			t.Errorf("%s: %s, of data without amendments", id, f.Type())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fact.(*domain.ContractAwarded)
}

// The first half of the file and then the whole, and an import that is interrupted at every call and repeated, give the
// ledger that the whole gives at once.
func TestOCDSRepeats(t *testing.T) {
	name, _ := releases(t)
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(t.TempDir(), "half.jsonl")
	cut := len(content)/2 + bytes.IndexByte(content[len(content)/2:], '\n') + 1
	if err := os.WriteFile(half, content[:cut], 0o600); err != nil {
		t.Fatal(err)
	}
	files := given(t, ocds.Format, name)
	whole, halves, calls := open(t), open(t), open(t)
	whole.run(t, ocds.Importer{}, 1000, 0, files...)
	halves.run(t, ocds.Importer{}, 1000, 0, given(t, ocds.Format, half)...)
	halves.run(t, ocds.Importer{}, 1000, 0, files...)
	for recorded := -1; recorded != int(calls.View().Seq()); {
		recorded = int(calls.View().Seq())
		calls.run(t, ocds.Importer{}, 61, 1, files...)
	}
	equal(t, whole, calls)
	sameButSources(t, t, whole, halves)
	if n := whole.View().Seq(); n < 50 {
		t.Errorf("%d entries", n)
	}
}

// sameButSources compares what two ledgers say, whatever file says it.
func sameButSources(t *testing.T, report rapid.TB, a, b *imported) {
	t.Helper()
	said := func(l *imported) map[string]int {
		all := make(map[string]int)
		if err := l.all(t.Context(), func(e domain.Recorded) error {
			if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
				bare := *correction
				bare.Replacement.Sources = nil
				e.Fact = &bare
			}
			if e.Fact.Type() != domain.TypeSourceRegistered {
				all[formats.Says(&e.Entry)]++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	one, other := said(a), said(b)
	for what, n := range one {
		if other[what] != n {
			report.Errorf("%d times and %d times: %s", n, other[what], what)
		}
	}
	for what, n := range other {
		if one[what] == 0 {
			report.Errorf("0 times and %d times: %s", n, what)
		}
	}
}
