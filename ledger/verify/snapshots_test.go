package verify

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger/indexfile"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/histories"
)

// generated is a log of generated entries in memory, so many a commit.
type generated struct{ commits []eventstore.Commit }

func generate(n, each int) *generated {
	var entries []*domain.Entry
	for e := range histories.Large(n, 1) {
		entries = append(entries, e)
	}
	g := &generated{}
	var tree audit.Tree
	for all := histories.Record(entries); len(all) > 0; all = all[min(each, len(all)):] {
		c := eventstore.Commit{StreamSeq: uint64(len(g.commits)) + 1, First: all[0].Seq, Entries: all[:min(each, len(all))]}
		for i := range c.Entries {
			hash, _ := audit.LeafHash(nil, c.Entries[i].Content())
			c.Hashes = append(c.Hashes, hash)
			tree.AppendHash(hash)
		}
		c.Root = tree.Root()
		g.commits = append(g.commits, c)
	}
	return g
}

func (g *generated) Name() string { return "main" }

func (g *generated) Replay(_ context.Context, _ uint64, progress func(done, total uint64), fn func(eventstore.Commit) error) error {
	for i, c := range g.commits {
		if err := fn(c); err != nil {
			return err
		}
		progress(uint64(i)+1, uint64(len(g.commits)))
	}
	return nil
}

// keptOf writes the file that is beside a log after so many commits, with an index of entries that were altered.
func (g *generated) keptOf(t *testing.T, commits int, alter func(*domain.Recorded)) (path string) {
	t.Helper()
	path = indexfile.Path(t.TempDir(), "main")
	var tree audit.Hashes
	var firsts []uint64
	index := projections.NewIndex()
	for _, c := range g.commits[:commits] {
		firsts = append(firsts, c.First)
		tree.Append(c.Hashes...)
		entries := append([]domain.Recorded(nil), own(c.Entries)...)
		for i := range entries {
			alter(&entries[i])
		}
		if err := index.Apply(entries); err != nil {
			t.Fatal(err)
		}
	}
	s := &indexfile.Snapshot{Ledger: "main", Image: index.Image(), Kept: eventstore.Kept{Firsts: firsts, Leaves: tree.View()}}
	if err := indexfile.Write(t.Context(), path, s, indexfile.AtOnce); err != nil {
		t.Fatal(err)
	}
	return path
}

func (g *generated) check(t *testing.T, path, name string) Check {
	t.Helper()
	report, err := Run(t.Context(), g, Options{Snapshot: path})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Checks {
		if c.Check == name {
			return c
		}
	}
	t.Fatalf("there is no check %s in %+v", name, report)
	return Check{}
}

// Logs of any number of commits are verified with two snapshots of the index on the way.
func TestSnapshotsOfAnyLog(t *testing.T) {
	for _, each := range []int{1, 7, 50, 99, 100, 1000} {
		c := generate(100, each).check(t, "", CheckIndex)
		if !c.OK || !strings.Contains(c.Detail, "from 2 snapshots, the index is the same") {
			t.Errorf("in commits of %d: %+v", each, c)
		}
	}
}

// The file beside the log is found to be that of the log, or to have another index. One that no start would use does
// no harm.
func TestFileBesideTheLog(t *testing.T) {
	g := generate(2000, 10)
	as := func(*domain.Recorded) {}
	damaged := g.keptOf(t, 30, as)
	text, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(damaged, text, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path string
		ok   bool
		says string
	}{
		"of the whole log":  {g.keptOf(t, 200, as), true, "and the file beside the log too"},
		"of a part of it":   {g.keptOf(t, 30, as), true, "and the file beside the log too"},
		"with other facts":  {g.keptOf(t, 150, awardedToAnother(1000)), false, "has another index"},
		"of a longer log":   {generate(2010, 10).keptOf(t, 201, as), true, "would not be used"},
		"of another log":    {generate(3000, 10).keptOf(t, 30, as), true, "would not be used"},
		"a damaged one":     {damaged, true, "would not be used"},
		"one that is gone":  {filepath.Join(t.TempDir(), "none"), true, "the index is the same"},
		"none at all":       {"", true, "the index is the same"},
		"with other titles": {g.keptOf(t, 200, retitled), false, "has another index"},
	} {
		if got := g.check(t, c.path, CheckIndex); got.OK != c.ok || !strings.Contains(got.Detail, c.says) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// retitled alters what no digest covers.
func retitled(e *domain.Recorded) {
	if award, ok := e.Fact.(*domain.ContractAwarded); ok && e.Seq%10 == 0 {
		other := *award
		other.Title += "!"
		e.Fact = &other
	}
}

// What is lost between an index and its snapshot, or goes on otherwise from it, is told in the end: whatever the entries are
// that only one of the indexes is given.
func TestResumedIndexIsCompared(t *testing.T) {
	g := generate(2000, 10)
	for at, wrong := range map[int]bool{-1: false, 20: true, 120: true, 199: true} {
		v, err := newReading(t.Context(), Options{}, "main")
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range g.commits {
			d := delivery{Commit: c, snapshot: i == 50 || i == 100}
			if err := v.apply(d); err != nil {
				t.Fatal(err)
			}
			if i == at {
				d.Entries = append([]domain.Recorded(nil), own(c.Entries)...)
				d.Entries[0].Time++
			}
			if err := v.load(d); err != nil {
				t.Fatal(err)
			}
		}
		if v.bulk.index.Publish(); v.bulk.resumed != 2 {
			t.Errorf("%d snapshots", v.bulk.resumed)
		}
		if _, err := v.compareIndexes(t.Context()); (err != nil) != wrong {
			t.Errorf("with another time in commit %d: %v", at+1, err)
		}
	}
}
