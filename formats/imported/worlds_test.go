package imported_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/formats/govuk"
)

type object = map[string]any

// drawSnapshots makes up snapshots of a few bodies that change at random: they appear, are renamed and get other slugs,
// are closed and are not, with and without a day, late and otherwise than said before; successors, each later in the
// list, and parents come and go.
func drawSnapshots(t *rapid.T) (days []string, snapshots [][]object) {
	const bodies = 5
	for n := range rapid.IntRange(2, 4).Draw(t, "snapshots") {
		at := time.Date(2020, time.Month(n+1), 1, 0, 0, 0, 0, time.UTC)
		var slugs []string
		for i := range bodies {
			slugs = append(slugs, fmt.Sprintf("body-%d-%s", i, rapid.SampledFrom([]string{"a", "a", "b"}).Draw(t, "slug")))
		}
		var all []object
		present := min(bodies, 3+n)
		for i := range present {
			links := func(from int, what string) []object {
				list := []object{}
				for j := from; j < present; j++ {
					if j != i && rapid.IntRange(0, 3).Draw(t, what) == 0 {
						list = append(list, object{"id": "https://www.gov.uk/api/organisations/" + slugs[j]})
					}
				}
				return list
			}
			details := object{"content_id": fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), "slug": slugs[i], "govuk_status": "live",
				"govuk_closed_status": rapid.SampledFrom([]string{"merged", "replaced"}).Draw(t, "manner")}
			if rapid.IntRange(0, 2).Draw(t, "closed") == 0 {
				details["govuk_status"] = "closed"
				if rapid.Bool().Draw(t, "dated") {
					details["closed_at"] = at.AddDate(0, 0, -rapid.IntRange(0, 70).Draw(t, "ago")).Format("2006-01-02T15:04:05.000+01:00")
				}
			}
			all = append(all, object{"title": rapid.SampledFrom([]string{"Body", "Office"}).Draw(t, "title") + fmt.Sprint(i), "details": details,
				"format": rapid.SampledFrom([]string{"Other", "Executive agency"}).Draw(t, "form"), "parent_organisations": links(0, "parent"), "superseding_organisations": links(i+1, "successor")})
		}
		days, snapshots = append(days, at.Format(time.DateOnly)), append(snapshots, all)
	}
	return days, snapshots
}

// Whatever snapshots say one after the other, the ledger says after each what that one says, whether they are imported
// one by one, at once, or by a
// command that is interrupted after every call.
func TestGovukWorlds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		days, snapshots := drawSnapshots(rt)
		dir := t.TempDir()
		one, whole, cut := open(t), open(t), open(t)
		defer cut.close()
		defer one.close()
		defer whole.close()
		var names []string
		slugs := make(map[string]string)
		for i, day := range days {
			text, err := json.Marshal(object{"results": snapshots[i]})
			if err != nil {
				rt.Fatal(err)
			}
			names = append(names, filepath.Join(dir, day+".json"))
			if err := os.WriteFile(names[i], text, 0o600); err != nil {
				rt.Fatal(err)
			}
			one.run(t, govuk.Importer{}, 1000, 0, given(t, govuk.Format, names[i])...)
			compareSnapshot(rt, one, readSnapshot(t, names[i]), day, one.View().Seq(), slugs)
		}
		files := given(t, govuk.Format, names...)
		whole.run(t, govuk.Importer{}, 1000, 0, files...)
		equal(rt, one, whole)
		for recorded := -1; recorded != int(cut.View().Seq()); {
			recorded = int(cut.View().Seq())
			cut.run(t, govuk.Importer{}, 11, 1, files...)
		}
		equal(rt, cut, whole)
		if again := whole.run(t, govuk.Importer{}, 1000, 0, files...); again.Recorded != 0 {
			rt.Errorf("a second run recorded %d entries", again.Recorded)
		}
	})
}
