package telling

import (
	"bufio"
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// examplesOf reads an entry of every type, corrections resolved.
func examplesOf(t *testing.T) map[domain.Type][]*domain.Entry {
	t.Helper()
	text, err := os.ReadFile("../../domain/testdata/entries.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[domain.Type][]*domain.Entry)
	byID := make(map[uuid.UUID]domain.Type)
	var entries []*domain.Entry
	scanner := bufio.NewScanner(bytes.NewReader(text))
	scanner.Buffer(nil, domain.LimitEntry)
	for scanner.Scan() {
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		e, err := domain.ParseEntry(scanner.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
		byID[e.ID] = e.Fact.Type()
	}
	for _, e := range entries {
		if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
			if err := correction.Resolve(byID[correction.Corrects]); err != nil {
				t.Logf("the example of a correction stays unresolved: %v", err)
			}
		}
		all[e.Fact.Type()] = append(all[e.Fact.Type()], e)
	}
	return all
}

// testNarrator names things by their ids, in capitals, so that a sentence shows whether it names them.
func testNarrator() *Narrator {
	return &Narrator{Name: func(ref domain.Ref) string { return "<" + ref.String() + ">" },
		Seq: func(uuid.UUID) (uint64, bool) { return 7, true }}
}

// Every fact type has a sentence of its own, which names all that the fact is about.
func TestSentences(t *testing.T) {
	all := examplesOf(t)
	for _, typ := range domain.Types() {
		if len(all[typ]) == 0 {
			t.Errorf("there is no example of %s", typ)
		}
		for _, e := range all[typ] {
			text := testNarrator().Sentence(e)
			if strings.Contains(text, "was recorded") {
				t.Errorf("%s is told as %q", typ, text)
			}
			if strings.Contains(text, "  ") || strings.HasSuffix(text, " ") || text != Clean(text) {
				t.Errorf("%s is badly spaced: %q", typ, text)
			}
			for _, m := range e.Mentions() {
				if strings.HasPrefix(m.Field, "data.") && !strings.Contains(m.Field, ".items[") && !strings.Contains(m.Field, ".sources") &&
					!strings.Contains(m.Field, "fulfils") && !strings.Contains(text, m.Ref.ID) {
					t.Errorf("%s: %q does not name %s", typ, text, m.Ref)
				}
			}
		}
	}
}

// The sentences read as they should, and as something to come where it is planned.
func TestPhrases(t *testing.T) {
	for _, c := range []struct {
		fact          domain.Fact
		past, planned string
	}{
		{&domain.OrganisationMerged{Organisations: []domain.OrganisationID{"a", "b"}, Into: "c"},
			"<organisation/a> and <organisation/b> were merged into <organisation/c>",
			"<organisation/a> and <organisation/b> are to be merged into <organisation/c>"},
		{&domain.OrganisationMerged{Organisations: []domain.OrganisationID{"a"}, Into: "c", Kinds: []domain.HoldingKind{"contract", "unit"}, Except: []domain.Ref{{Kind: domain.KindContract, ID: "x"}}},
			"<organisation/a> was merged into <organisation/c>, which took over only the contracts owned and units, but not <contract/x>",
			"<organisation/a> is to be merged into <organisation/c>, which is to take over only the contracts owned and units, but not <contract/x>"},
		{&domain.OrganisationDissolved{Organisation: "a"},
			"<organisation/a> was dissolved without a successor", "<organisation/a> is to be dissolved without a successor"},
		{&domain.OrganisationMoved{Organisation: "a", Parent: &domain.Parent{Organisation: "b", Relation: "hosted_by"}},
			"<organisation/a> became hosted by <organisation/b>", "<organisation/a> is to become hosted by <organisation/b>"},
		{&domain.OrganisationMoved{Organisation: "a"},
			"<organisation/a> was placed under no other organisation", "<organisation/a> is to be placed under no other organisation"},
		{&domain.OrganisationRenamed{Organisation: "a", Name: "New", Kind: domain.NameOperating},
			"<organisation/a> took the operating name “New”", "<organisation/a> is to take the operating name “New”"},
		{&domain.OrganisationSplit{Organisation: "a", Into: []domain.OrganisationID{"b", "c"}, Residual: "c", Allocate: []domain.Allocation{{Holding: domain.Ref{Kind: domain.KindContract, ID: "x"}, To: "b"}}},
			"<organisation/a> was split into <organisation/b> and <organisation/c>; <organisation/b> took <contract/x>; <organisation/c> took the rest",
			"<organisation/a> is to be split into <organisation/b> and <organisation/c>; <organisation/b> is to take <contract/x>; <organisation/c> is to take the rest"},
		{&domain.ResponsibilityTransferred{Responsibility: "r", From: "a", To: "b", Role: domain.RoleJoint, As: domain.RoleLead},
			"<responsibility/r> was transferred from <organisation/a> as joint holder to <organisation/b> as lead",
			"<responsibility/r> is to be transferred from <organisation/a> as joint holder to <organisation/b> as lead"},
		{&domain.ResponsibilityAssigned{Responsibility: "r", Organisation: "a"},
			"<responsibility/r> was assigned to <organisation/a> as lead", "<responsibility/r> is to be assigned to <organisation/a> as lead"},
		{&domain.HoldingsTransferred{From: "a", To: "b"},
			"everything of <organisation/a> was transferred to <organisation/b>", "everything of <organisation/a> is to be transferred to <organisation/b>"},
		{&domain.AppointmentMade{Office: "o", Title: "Chair", Organisation: "a", Person: domain.Person{Name: "Ann\x1b[31m Other"}, Acting: true},
			"Ann�[31m Other was appointed acting Chair (office/o), an office of <organisation/a>",
			"Ann�[31m Other is to be appointed acting Chair (office/o), an office of <organisation/a>"},
	} {
		n := testNarrator()
		if got := n.Phrase(c.fact); got != c.past {
			t.Errorf("%s is told as\n %s\nwant\n %s", c.fact.Type(), got, c.past)
		}
		n.Planned = true
		if got := n.Phrase(c.fact); got != c.planned {
			t.Errorf("%s, planned, is told as\n %s\nwant\n %s", c.fact.Type(), got, c.planned)
		}
	}
}
