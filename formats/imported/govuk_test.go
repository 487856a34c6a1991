package imported_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/bodies"
	"github.com/orgledger/orgledger/formats/govuk"
)

// A listed organisation, as a reader who has never seen the importer reads a snapshot.
type listed struct {
	Title   string
	Details struct {
		Content  string `json:"content_id"`
		Slug     string
		Status   string  `json:"govuk_status"`
		ClosedAt *string `json:"closed_at"`
	}
	Parents    []struct{ ID string } `json:"parent_organisations"`
	Successors []struct{ ID string } `json:"superseding_organisations"`
}

func snapshots(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dataSets(t), "govuk-organisations", "*.json.gz"))
	if err != nil || len(names) < 20 {
		t.Fatalf("snapshots %v: %v", names, err)
	}
	slices.Sort(names)
	return names
}

func readSnapshot(t testing.TB, name string) []listed {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped := io.Reader(f)
	if filepath.Ext(name) == ".gz" {
		if unzipped, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	var all struct{ Results []listed }
	if err := json.NewDecoder(unzipped).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all.Results
}

// What the ledger answers about an organisation, as far as snapshots speak of it.
type answered struct {
	Organisation string
	Status       string
	Name         string
	Parent       *struct{ Organisation string }
	Identifiers  []struct{ Scheme, Value string }
	Ended        *struct {
		Effective  string
		Successors []string
	}
}

// What is known after the n-th import equals the n-th snapshot, for every n: whether a body is closed, on which day,
// what it is called and addressed, who succeeded it, under whom it stands. At the end all that was known on the way
// still is.
func TestGovukEqualsSnapshots(t *testing.T) {
	t.Run("real", func(t *testing.T) { equalsSnapshots(t, snapshots(t)) })
	t.Run("made up", func(t *testing.T) {
		names, err := filepath.Glob("../govuk/testdata/*.json")
		if err != nil || len(names) == 0 {
			t.Fatal(names, err)
		}
		equalsSnapshots(t, names)
	})
}

func equalsSnapshots(t *testing.T, names []string) {
	l := open(t)
	begun := time.Now()
	var known []uint64
	for _, name := range names {
		report := l.run(t, govuk.Importer{}, 1000, 0, given(t, govuk.Format, name)...)
		known = append(known, l.View().Seq())
		if report.Rows != len(readSnapshot(t, name)) {
			t.Errorf("%s: %d rows", filepath.Base(name), report.Rows)
		}
	}
	t.Logf("%d snapshots one by one: %d entries in %v", len(names), l.View().Seq(), time.Since(begun))
	slugs := make(map[string]string)
	for n, name := range names {
		compareSnapshot(t, l, readSnapshot(t, name), filepath.Base(name)[:10], known[n], slugs)
	}
	codes := make(map[string]int)
	for _, f := range ask[struct{ Findings []struct{ Code, Ref string } }](t, l, `{"q":"findings","on":"2024-01-01"}`).Findings {
		codes[f.Code]++
		if f.Code != "orphaned" {
			t.Logf("finding: %s %s", f.Code, f.Ref)
		}
	}
	t.Logf("findings: %v", codes)
}

func compareSnapshot(t tester, l *imported, rows []listed, day string, known uint64, slugs map[string]string) {
	t.Helper()
	ids, closed := make(map[string]string), make(map[string]bool)
	got := make(map[string]answered)
	for _, r := range rows {
		a := ask[answered](t, l, fmt.Sprintf(`{"q":"organisation","organisation":"govuk-content-id:%s","on":%q,"known":%d}`, r.Details.Content, day, known))
		got[r.Details.Content], slugs[r.Details.Slug] = a, a.Organisation
		ids[r.Details.Slug], closed[a.Organisation] = a.Organisation, r.Details.Status == "closed"
	}
	resolved := func(links []struct{ ID string }) (found []string) {
		for _, link := range links {
			slug := path.Base(link.ID)
			if id, ok := ids[slug]; ok {
				found = append(found, id)
			} else if id, ok := slugs[slug]; ok { // an earlier slug of a body
				found = append(found, id)
			} else {
				t.Errorf("%s: nobody has or had the slug %s", day, slug)
			}
		}
		slices.Sort(found)
		return slices.Compact(found)
	}
	for _, r := range rows {
		a := got[r.Details.Content]
		if a.Name != bodies.Clean(r.Title) || strings.Contains(a.Name, "Ã") {
			t.Errorf("%s: %s is called %q, not %q", day, a.Organisation, a.Name, r.Title)
		}
		if !slices.ContainsFunc(a.Identifiers, func(i struct{ Scheme, Value string }) bool {
			return i.Scheme == "govuk-slug" && i.Value == r.Details.Slug
		}) {
			t.Errorf("%s: %s has not the slug %s: %v", day, a.Organisation, r.Details.Slug, a.Identifiers)
		}
		if want := map[bool]string{true: "ended", false: "active"}[r.Details.Status == "closed"]; a.Status != want {
			t.Errorf("%s: %s is %s, not %s", day, a.Organisation, a.Status, want)
		}
		if a.Ended != nil && r.Details.ClosedAt != nil && a.Ended.Effective != (*r.Details.ClosedAt)[:10] {
			t.Errorf("%s: %s ended on %s, not %s", day, a.Organisation, a.Ended.Effective, *r.Details.ClosedAt)
		}
		if want, has := resolved(r.Successors), edges(t, l, a.Organisation, day, known); !slices.Equal(want, has) {
			t.Errorf("%s: %s is succeeded by %v, not %v", day, a.Organisation, has, want)
		}
		if parents := resolved(r.Parents); a.Status == "active" && !standsUnder(t, l, a, parents, closed, day, known) {
			t.Errorf("%s: %s stands under %v, not one of %v", day, a.Organisation, a.Parent, parents)
		}
	}
}

// edges lists who succeeded an organisation directly.
func edges(t tester, l *imported, id, day string, known uint64) (to []string) {
	lineage := ask[struct{ Edges []struct{ From, To string } }](t, l, fmt.Sprintf(`{"q":"lineage","organisation":%q,"on":%q,"known":%d}`, id, day, known))
	for _, e := range lineage.Edges {
		if e.From == id {
			to = append(to, e.To)
		}
	}
	slices.Sort(to)
	return to
}

// standsUnder reports whether an organisation stands under one of its parents or, where all of them are closed, where
// their successions lead: from one to the next, and to nobody from one that several or none succeeded.
func standsUnder(t tester, l *imported, a answered, parents []string, closed map[string]bool, day string, known uint64) bool {
	if len(parents) == 0 || a.Parent != nil && slices.Contains(parents, a.Parent.Organisation) {
		return (a.Parent == nil) == (len(parents) == 0)
	}
	for _, p := range parents {
		for closed[p] {
			next := edges(t, l, p, day, known)
			if p = ""; len(next) == 1 && next[0] != a.Organisation { // which never becomes its own parent
				p = next[0]
			}
			if a.Parent == nil && p == "" || a.Parent != nil && p == a.Parent.Organisation {
				return !slices.ContainsFunc(parents, func(p string) bool { return !closed[p] })
			}
		}
	}
	return false
}

// All snapshots in one command give the entries that they give one by one, also where the command was interrupted at
// any call and repeated; a second run writes nothing.
func TestGovukRepeats(t *testing.T) {
	var files []formats.File
	for _, name := range snapshots(t) {
		files = append(files, given(t, govuk.Format, name)...)
	}
	whole := open(t)
	begun := time.Now()
	report := whole.run(t, govuk.Importer{}, 1000, 0, files...)
	t.Logf("%d snapshots in one command: %d rows, %d entries in %v; %q", report.Files, report.Rows, report.Recorded, time.Since(begun), report.Notes)
	if again := whole.run(t, govuk.Importer{}, 1000, 0, files...); again.Recorded != 0 || again.Rows != report.Rows {
		t.Errorf("a second run: %+v", again)
	}
	one := open(t)
	for _, f := range files {
		one.run(t, govuk.Importer{}, 1000, 0, f)
	}
	equal(t, whole, one)
	cut := open(t)
	for recorded := -1; recorded != int(cut.View().Seq()); {
		recorded = int(cut.View().Seq())
		cut.run(t, govuk.Importer{}, 487, 1, files...)
	}
	equal(t, whole, cut)
}

// equal compares two ledgers by their entries and who holds what.
func equal(t tester, a, b *imported) {
	t.Helper()
	has, also := a.ids(t), b.ids(t)
	if len(has) != len(also) {
		t.Errorf("%d and %d entries", len(has), len(also))
	}
	for id := range has {
		if !also[id] {
			t.Errorf("%s is not in the other", id)
		}
	}
	const digest = `{"q":"digest","on":"2026-01-01"}`
	type digested struct {
		Holdings int
		SHA256   string
	}
	if x, y := ask[digested](t, a, digest), ask[digested](t, b, digest); x != y {
		t.Errorf("%v and %v", x, y)
	}
}
