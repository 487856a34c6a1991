package imported_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/ocds"
)

// said is a release of a made-up process.
type said struct {
	Date      time.Time
	Owner     string
	Suppliers []string
	From, To  time.Time
	Amount    int
	Title     string
	Amended   time.Time // zero: it is no amendment
	Over      bool
}

func day(n int) time.Time { return time.Date(2024, 1, 1+n, 0, 0, 0, 0, time.UTC) }

func drawReleases(t *rapid.T) []said {
	all := make([]said, rapid.IntRange(1, 6).Draw(t, "releases"))
	for i := range all {
		from := rapid.IntRange(0, 6).Draw(t, "from")
		s := said{
			Date:      day(8*i + rapid.IntRange(0, 7).Draw(t, "date")),
			Owner:     rapid.SampledFrom([]string{"Quays Authority", "Piers Authority"}).Draw(t, "owner"),
			Suppliers: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"Rope Ltd", "Tar Ltd", "Oil plc"}), 1, 3, rapid.ID).Draw(t, "suppliers"),
			From:      day(from), To: day(from + rapid.IntRange(0, 60).Draw(t, "days")),
			Amount: rapid.IntRange(1, 3).Draw(t, "amount"),
			Title:  rapid.SampledFrom([]string{"Mooring", "Towing"}).Draw(t, "title"),
			Over:   rapid.IntRange(0, 9).Draw(t, "over") == 0,
		}
		if rapid.Bool().Draw(t, "amended") {
			s.Amended = s.Date.AddDate(0, 0, -rapid.IntRange(0, 5).Draw(t, "ago"))
		}
		all[i] = s
	}
	return all
}

func (s *said) line(ocid string, n int) []byte {
	type object = map[string]any
	var suppliers []object
	for _, name := range s.Suppliers {
		suppliers = append(suppliers, object{"id": name, "name": name})
	}
	award := object{"id": 1, "title": s.Title, "status": map[bool]string{true: "terminated", false: "active"}[s.Over], "suppliers": suppliers,
		"contractPeriod": object{"startDate": s.From.Format(time.RFC3339), "endDate": s.To.Format(time.RFC3339)}, "value": object{"amount": s.Amount, "currency": "GBP"}}
	if !s.Amended.IsZero() {
		award["amendments"] = []object{{"date": s.Amended.Format(time.RFC3339)}}
	}
	line, err := json.Marshal(object{"ocid": ocid, "id": n, "date": s.Date.Format(time.RFC3339), "tag": []string{"award"}, "buyer": object{"id": s.Owner, "name": s.Owner}, "awards": []object{award}})
	if err != nil {
		panic(err)
	}
	return append(line, '\n')
}

// Whatever the releases of a process say one after the other, restated or amended, the ledger says in the end what the
// last one says, taken at once, one by one, twice, or
// interrupted after every second entry.
func TestOCDSHistories(t *testing.T) {
	whole, steps, cut := open(t), open(t), open(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		releases := drawReleases(rt)
		n++
		ocid := fmt.Sprintf("ocds-p%05d", n)
		var text []byte
		for i := range releases {
			line := releases[i].line(ocid, i)
			text = append(text, line...)
			importText(t, steps, line)
		}
		importText(t, whole, text)
		if again := importText(t, whole, text); again != 0 {
			rt.Errorf("a second run recorded %d entries", again)
		}
		name := filepath.Join(t.TempDir(), "releases.jsonl")
		if err := os.WriteFile(name, text, 0o600); err != nil {
			rt.Fatal(err)
		}
		for recorded := -1; recorded != int(cut.View().Seq()); {
			recorded = int(cut.View().Seq())
			cut.run(t, ocds.Importer{}, 2, 1, given(t, ocds.Format, name)...)
		}
		for _, l := range []*imported{whole, steps, cut} {
			compareLast(t, rt, l, ocid, releases)
		}
		sameButSources(t, rt, whole, steps)
		sameButSources(t, rt, whole, cut)
	})
	if n := whole.View().Seq(); n < 50 {
		t.Errorf("%d entries", n)
	}
}

func importText(t *testing.T, l *imported, text []byte) int {
	t.Helper()
	name := filepath.Join(t.TempDir(), "releases.jsonl")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return l.run(t, ocds.Importer{}, 1000, 0, given(t, ocds.Format, name)...).Recorded
}

// compareLast compares a contract with its last release, on its last day.
func compareLast(t *testing.T, rt *rapid.T, l *imported, ocid string, releases []said) {
	last := releases[len(releases)-1]
	ref := "contract/" + ocid + "-1"
	first := slices.IndexFunc(releases, func(s said) bool { return !s.Over })
	if ref, err := domain.ParseRef(ref); err != nil || first < 0 || last.Over {
		if err != nil {
			rt.Fatal(err)
		}
		if seq := l.View().Seq(); first < 0 && l.View().Introduced(ref, seq) {
			rt.Errorf("%s was only ever over", ref)
		}
		return
	}
	on := last.To.Format(time.DateOnly)
	answer := ask[struct {
		Status  string
		Holders []struct{ Organisation, Role string }
	}](t, l, fmt.Sprintf(`{"q":"holders","ref":%q,"on":%q}`, ref, on))
	var got, want []string
	for _, h := range answer.Holders {
		got = append(got, h.Role+" "+h.Organisation)
	}
	slug := map[string]string{"Quays Authority": "quays-authority", "Piers Authority": "piers-authority", "Rope Ltd": "rope-ltd", "Tar Ltd": "tar-ltd", "Oil plc": "oil-plc"}
	want = append(want, "owner "+slug[last.Owner])
	for _, s := range last.Suppliers {
		want = append(want, "supplier "+slug[s])
	}
	slices.Sort(got)
	slices.Sort(want)
	if answer.Status != "held" || !slices.Equal(got, want) {
		rt.Errorf("on %s %s, held by %q, not %q", on, answer.Status, got, want)
	}
	after := ask[struct{ Status string }](t, l, fmt.Sprintf(`{"q":"holders","ref":%q,"on":%q}`, ref, last.To.AddDate(0, 0, 1).Format(time.DateOnly)))
	if after.Status != "ended" {
		rt.Errorf("after %s %s", on, after.Status)
	}
	if value, title := terms(t, l, ref); value != fmt.Sprint(last.Amount) || title != last.Title {
		rt.Errorf("%q worth %s, not %q worth %d", title, value, last.Title, last.Amount)
	}
}

// terms are the last value and title of a contract: of the latest facts that give them, as corrected.
func terms(t *testing.T, l *imported, text string) (value, title string) {
	t.Helper()
	ref, err := domain.ParseRef(text)
	if err != nil {
		t.Fatal(err)
	}
	facts := make(map[uuid.UUID]*domain.Entry)
	put := func(id uuid.UUID, e *domain.Entry) {
		if domain.About(e.Fact) == ref {
			facts[id] = e
		}
	}
	err = l.all(t.Context(), func(e domain.Recorded) error {
		switch f := e.Fact.(type) {
		case *domain.EntryCorrected:
			put(f.Corrects, &domain.Entry{Effective: f.Replacement.Effective, Fact: f.Replacement.Fact})
		case *domain.EntryRetracted:
			delete(facts, f.Retracts)
		default:
			put(e.ID, &e.Entry)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	byDay := func(a, b *domain.Entry) int { return int(a.Effective.Nominal() - b.Effective.Nominal()) }
	for _, e := range slices.SortedFunc(maps.Values(facts), byDay) {
		worth := (*domain.Value)(nil)
		switch f := e.Fact.(type) {
		case *domain.ContractAwarded:
			worth, title = f.Value, f.Title
		case *domain.ContractVaried:
			worth, title = f.Value, cmp.Or(f.Title, title)
		}
		if worth != nil {
			value = string(worth.Amount)
		}
	}
	return value, title
}
