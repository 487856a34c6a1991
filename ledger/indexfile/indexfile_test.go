package indexfile_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger/indexfile"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/histories"
)

// snapshot is of so many generated entries, in commits of three.
func snapshot(t testing.TB, n int) *indexfile.Snapshot {
	t.Helper()
	var entries []*domain.Entry
	for e := range histories.Large(n, 1) {
		entries = append(entries, e)
	}
	index := projections.NewIndex()
	if err := index.Apply(histories.Record(entries)); err != nil {
		t.Fatal(err)
	}
	var tree audit.Hashes
	var firsts []uint64
	for i, e := range entries {
		hash, _ := audit.LeafHash(nil, e.Content())
		tree.Append(hash)
		if i%3 == 0 {
			firsts = append(firsts, uint64(i)+1)
		}
	}
	return &indexfile.Snapshot{Ledger: "main", Image: index.Image(), Kept: eventstore.Kept{Firsts: firsts, Leaves: tree.View()}}
}

// What is written is read: the index, the tree and the commits, of any size.
func TestWrittenIsRead(t *testing.T) {
	for _, n := range []int{1, 20, 500, 70_000} {
		path := indexfile.Path(t.TempDir(), "main")
		s := snapshot(t, n)
		if err := indexfile.Write(t.Context(), path, s, indexfile.AtOnce); err != nil {
			t.Fatal(err)
		}
		got, err := indexfile.Read(t.Context(), path, "main")
		if err != nil {
			t.Fatalf("%d entries: %v", n, err)
		}
		root, _ := got.Tree.View().Root(uint64(n))
		want, _ := s.Kept.Leaves.Root(uint64(n))
		if got.Index.Image().Sum() != s.Image.Sum() || root != want || len(got.Kept.Firsts) != len(s.Kept.Firsts) || got.Kept.Leaves.Size() != uint64(n) {
			t.Errorf("%d entries: another snapshot is read", n)
		}
		if _, err := indexfile.Read(t.Context(), path, "other"); !errors.Is(err, indexfile.ErrUnusable) {
			t.Errorf("for another ledger: %v", err)
		}
	}
	if _, err := indexfile.Read(t.Context(), indexfile.Path(t.TempDir(), "main"), "main"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	path := indexfile.Path(t.TempDir(), "main")
	if err := indexfile.Write(t.Context(), path, snapshot(t, 20), indexfile.AtLeisure); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := indexfile.Read(ended, path, "main"); !errors.Is(err, context.Canceled) {
		t.Errorf("a reading that is not wanted any more: %v", err)
	}
}

// Wherever a file is cut off or has a bit flipped, it is not used.
func TestDamagedFiles(t *testing.T) {
	path := indexfile.Path(t.TempDir(), "main")
	if err := indexfile.Write(t.Context(), path, snapshot(t, 20), indexfile.AtOnce); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(text []byte) bool {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := indexfile.Read(t.Context(), path, "main")
		return errors.Is(err, indexfile.ErrUnusable)
	}
	for at := range whole {
		flipped := bytes.Clone(whole)
		flipped[at] ^= 1 << (at % 8)
		if !refused(flipped) {
			t.Errorf("with a bit of byte %d of %d flipped it is read", at, len(whole))
		}
		if !refused(whole[:at]) {
			t.Errorf("with %d bytes of %d it is read", at, len(whole))
		}
	}
	if refused(whole) {
		t.Error("the whole file is refused")
	}
}
