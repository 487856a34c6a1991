package bodies_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/bodies"
)

// Names that agree are of one organisation, however they are written; different legal forms are different bodies.
func TestNames(t *testing.T) {
	for _, c := range []struct {
		a, b   string
		agrees bool
	}{
		{"Ministry of Harbours", "  MINISTRY  of Harbours\t", true},
		{"Nuts &amp; Bolts Ltd", "NUTS AND BOLTS LIMITED", true},
		{"Nuts &amp;amp; Bolts Ltd.", "Nuts & Bolts", true},
		{"Piers P.L.C.", "Piers plc", true},
		{"Harbour Master's Office", "Harbour Master’s Office", true},
		{"Trade, Coasts and Tides", "Trade Coasts & Tides", true},
		{"CafÃ© Quay", "Café Quay", true},
		{"Piers Ltd", "Piers LLP", false},
		{"Piers", "Pier", false},
		{"Limited", "Ltd", false}, // a name is more than its form
	} {
		if got := bodies.Normal(c.a).Agrees(bodies.Normal(c.b)); got != c.agrees {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

// Text that was read with the wrong encoding is mended, and no other is touched.
func TestMended(t *testing.T) {
	for _, text := range []string{"Victoria Climbié Inquiry", "Office’s", "£5", "Łódź"} {
		if got, mended := bodies.Mended(text); mended || got != text {
			t.Errorf("%q became %q", text, got)
		}
		wrong := make([]rune, 0, len(text))
		for _, b := range []byte(text) {
			wrong = append(wrong, rune(b))
		}
		if got, mended := bodies.Mended(string(wrong)); !mended || got != text {
			t.Errorf("%q became %q", string(wrong), got)
		}
	}
}

// earlier gives entries that are recorded.
type earlier []domain.Entry

func (earlier) Has(uuid.UUID) bool { return false }

func (all earlier) Each(_ context.Context, _ string, fn func(domain.Recorded) error) error {
	for i, e := range all {
		if err := fn(domain.Recorded{Entry: e, Seq: uint64(i + 1)}); err != nil {
			return err
		}
	}
	return nil
}

// An organisation is found by every name and identifier that it has or had, and not by those that were corrected.
func TestDirectory(t *testing.T) {
	entry := func(f domain.Fact) domain.Entry { return domain.Entry{ID: uuid.New(), Fact: f} }
	code := func(value string) []domain.Identifier { return []domain.Identifier{{Scheme: "s", Value: value}} }
	piers := entry(&domain.OrganisationEstablished{Organisation: "piers", Name: "Piers Ltd", Identifiers: code("1")})
	wrong := entry(&domain.OrganisationIdentified{Organisation: "piers", Identifiers: code("2")})
	named := entry(&domain.OrganisationRenamed{Organisation: "piers", Name: "Quays Ltd"})
	d, err := bodies.Known(t.Context(), earlier{
		piers, entry(&domain.OrganisationEstablished{Organisation: "piers-2", Name: "Piers LLP"}), wrong, named,
		entry(&domain.EntryCorrected{Corrects: wrong.ID, Replacement: domain.Replacement{Fact: &domain.OrganisationIdentified{Organisation: "piers", Identifiers: code("3")}}}),
		entry(&domain.EntryRetracted{Retracts: named.ID}), entry(&domain.OrganisationEstablished{Organisation: "quays", Name: "Quays Ltd"}),
	}, func(e *domain.Entry) bool { return domain.About(e.Fact).ID == "quays" })
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]domain.OrganisationID{
		"PIERS LIMITED": {"piers"}, "Piers LLP": {"piers-2"}, "Piers": {"piers", "piers-2"}, "Piers plc": nil, "Quays Ltd": nil,
	} {
		if got := d.Named(name); !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	for value, want := range map[string][]domain.OrganisationID{"1": {"piers"}, "2": nil, "3": {"piers"}} {
		if got := d.Identified(code(value)[0]); !slices.Equal(got, want) {
			t.Errorf("%s: %v", value, got)
		}
	}
	if got := d.Identifiers("piers"); !slices.Equal(got, append(code("1"), code("3")...)) || !d.Has("piers-2") || d.Has("quays") {
		t.Errorf("%v", got)
	}
}
