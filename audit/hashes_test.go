package audit

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func leafBytes(i int) []byte { return fmt.Appendf(nil, "entry %d", i) }

func leafHash(leaf []byte) Hash {
	hash, _ := LeafHash(nil, leaf)
	return hash
}

// grown is the tree of so many leaves, leafBytes(0) and on.
func grown(size int) *Hashes {
	hashes := &Hashes{}
	for i := range size {
		hashes.Append(leafHash(leafBytes(i)))
	}
	return hashes
}

func mustRoot(t testing.TB, v View, size uint64) Hash {
	t.Helper()
	root, err := v.Root(size)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func unhex(t *testing.T, texts ...string) (hashes []Hash) {
	t.Helper()
	for _, text := range texts {
		data, err := hex.DecodeString(text)
		if err != nil || len(data) != HashSize {
			t.Fatalf("%q is no hash", text)
		}
		hashes = append(hashes, Hash(data))
	}
	return hashes
}

// The proofs of the reference leaves are those that Certificate Transparency publishes; positions count
// from 1, as it prints them.
func TestReferenceProofs(t *testing.T) {
	hashes := &Hashes{}
	for _, text := range referenceLeaves {
		leaf, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		hashes.Append(leafHash(leaf))
	}
	v := hashes.View()
	for size, want := range referenceRoots {
		if root := mustRoot(t, v, uint64(size)); hex.EncodeToString(root[:]) != want {
			t.Errorf("root of %d leaves = %x, want %s", size, root, want)
		}
	}
	const (
		a = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
		b = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
		c = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
		d = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
		e = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
		f = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
		g = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
		h = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
		i = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
		j = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
	)
	inclusion := []struct {
		leaf, size uint64
		want       []Hash
	}{{1, 1, nil}, {1, 8, unhex(t, a, b, c)}, {6, 8, unhex(t, d, e, f)}, {3, 3, unhex(t, g)}, {2, 5, unhex(t, h, b, d)}}
	for _, test := range inclusion {
		got, err := v.Inclusion(test.leaf-1, test.size)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("leaf %d of %d: %x, %v, want %x", test.leaf, test.size, got, err, test.want)
		}
	}
	consistency := []struct {
		from, to uint64
		want     []Hash
	}{{1, 1, nil}, {1, 8, unhex(t, a, b, c)}, {6, 8, unhex(t, i, e, f)}, {2, 5, unhex(t, b, d)}, {6, 7, unhex(t, i, j, f)}}
	for _, test := range consistency {
		got, err := v.Consistency(test.from, test.to)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%d to %d: %x, %v, want %x", test.from, test.to, got, err, test.want)
		}
	}
}

// stored are the hashes of a tree as package tlog numbers them.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		list[i] = s[index]
	}
	return list, nil
}

// foreign builds the same tree with package tlog.
func foreign(t testing.TB, size int) (s stored) {
	t.Helper()
	for i := range size {
		more, err := tlog.StoredHashes(int64(i), leafBytes(i), s)
		if err != nil {
			t.Fatal(err)
		}
		s = append(s, more...)
	}
	return s
}

func ours(hashes []tlog.Hash) []Hash {
	list := make([]Hash, len(hashes))
	for i, hash := range hashes {
		list[i] = Hash(hash)
	}
	return list
}

// Roots, proofs and tiles are those of package tlog, across the edges of pages, kept levels and tiles.
func TestHashesEqualTlog(t *testing.T) {
	const size = 1100
	theirs, v := foreign(t, size), grown(size).View()
	for _, n := range []int64{1, 2, 15, 16, 17, 255, 256, 257, 272, 511, 512, 1024, 1099, 1100} {
		root, err := tlog.TreeHash(n, theirs)
		if err != nil || Hash(root) != mustRoot(t, v, uint64(n)) {
			t.Fatalf("root of %d leaves differs (%v)", n, err)
		}
		for _, i := range []int64{0, 1, 14, 15, 16, 254, 255, 256, 500, 1023, 1098, 1099} {
			if i < n {
				want, err := tlog.ProveRecord(n, i, theirs)
				got, err2 := v.Inclusion(uint64(i), uint64(n))
				if err != nil || err2 != nil || fmt.Sprint(got) != fmt.Sprint(ours(want)) {
					t.Errorf("proof of leaf %d of %d differs (%v, %v)", i, n, err, err2)
				}
				want2, err := tlog.ProveTree(n, i+1, theirs)
				got, err2 = v.Consistency(uint64(i+1), uint64(n))
				if err != nil || err2 != nil || fmt.Sprint(got) != fmt.Sprint(ours(want2)) {
					t.Errorf("proof from %d to %d differs (%v, %v)", i+1, n, err, err2)
				}
			}
		}
	}
	for _, tile := range tlog.NewTiles(8, 0, size) {
		want, err := tlog.ReadTileData(tile, theirs)
		got, err2 := v.Tile(tile.L, uint64(tile.N), tile.W)
		if err != nil || err2 != nil || string(got) != string(want) {
			t.Errorf("tile %v differs (%v, %v)", tile, err, err2)
		}
	}
}

// Every proof of every tree of up to 100 leaves is accepted, and refused when any of its hashes, the leaf,
// the root or a number is another.
func TestEveryProof(t *testing.T) {
	const most = 100
	v := grown(most).View()
	for size := uint64(1); size <= most; size++ {
		root := mustRoot(t, v, size)
		for index := range size {
			inclusion, err := v.Inclusion(index, size)
			if err != nil {
				t.Fatal(err)
			}
			leaf := leafHash(leafBytes(int(index)))
			if err := VerifyInclusion(index, size, leaf, inclusion, root); err != nil {
				t.Fatalf("leaf %d of %d: %v", index, size, err)
			}
			refused := func(what string, index, size uint64, leaf Hash, proof []Hash, root Hash) {
				if err := VerifyInclusion(index, size, leaf, proof, root); !errors.Is(err, ErrUnproven) {
					t.Fatalf("leaf %d of %d with another %s: %v", index, size, what, err)
				}
			}
			for i := range inclusion {
				refused("hash", index, size, leaf, corrupted(inclusion, i), root)
			}
			refused("leaf", index, size, corrupted([]Hash{leaf}, 0)[0], inclusion, root)
			refused("root", index, size, leaf, inclusion, corrupted([]Hash{root}, 0)[0])
			refused("hash too many", index, size, leaf, append(inclusion[:len(inclusion):len(inclusion)], root), root)
			refused("size of 0", index, 0, leaf, inclusion, root)
			if size > 1 {
				refused("index", (index+1)%size, size, leaf, inclusion, root)
				refused("hash too few", index, size, leaf, inclusion[:len(inclusion)-1], root)
			}
		}
	}
}

// Every proof from one size to another, up to 100, is accepted, and refused when anything in it is another.
func TestEveryConsistency(t *testing.T) {
	const most = 100
	v := grown(most).View()
	for to := range uint64(most + 1) {
		for from := range to + 1 {
			a, b := mustRoot(t, v, from), mustRoot(t, v, to)
			consistency, err := v.Consistency(from, to)
			if err != nil {
				t.Fatal(err)
			}
			if err := VerifyConsistency(from, to, a, b, consistency); err != nil {
				t.Fatalf("%d to %d: %v", from, to, err)
			}
			refused := func(what string, from, to uint64, a, b Hash, proof []Hash) {
				if err := VerifyConsistency(from, to, a, b, proof); !errors.Is(err, ErrUnproven) {
					t.Fatalf("%d to %d with another %s: %v", from, to, what, err)
				}
			}
			for i := range consistency {
				refused("hash", from, to, a, b, corrupted(consistency, i))
			}
			refused("first root", from, to, corrupted([]Hash{a}, 0)[0], b, consistency)
			if from > 0 { // nothing is the beginning of every tree
				refused("second root", from, to, a, corrupted([]Hash{b}, 0)[0], consistency)
			}
			refused("hash too many", from, to, a, b, append(consistency[:len(consistency):len(consistency)], b))
			if from < to {
				refused("order", to, from, b, a, consistency)
			}
		}
	}
}

// corrupted is a copy in which one bit of one hash is another.
func corrupted(hashes []Hash, i int) []Hash {
	list := append([]Hash(nil), hashes...)
	list[i][i%HashSize] ^= 0x10
	return list
}

// Whatever the sizes of the appends, a view keeps its roots, and they are those of the tree that only knows its edge.
func TestViewsStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tree Tree
		hashes := &Hashes{}
		views := []View{hashes.View()}
		roots := []Hash{tree.Root()}
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 300), 1, 8).Draw(t, "appends") {
			commit := make([]Hash, n)
			for i := range commit {
				commit[i] = leafHash(binary.BigEndian.AppendUint64(nil, tree.Size()))
				tree.AppendHash(commit[i])
			}
			hashes.Append(commit...)
			views, roots = append(views, hashes.View()), append(roots, tree.Root())
		}
		for i, v := range views {
			for j := range i + 1 {
				if root, err := v.Root(views[j].Size()); err != nil || root != roots[j] {
					t.Fatalf("view %d has another root at %d leaves (%v)", i, views[j].Size(), err)
				}
			}
			if _, err := v.Root(v.Size() + 1); !errors.Is(err, ErrBeyond) {
				t.Fatalf("a root beyond the view: %v", err)
			}
		}
	})
}

// What needs more leaves than there are is refused, however large the numbers.
func TestBeyond(t *testing.T) {
	const most = ^uint64(0)
	v := grown(300).View()
	calls := map[string]func() error{
		"root":          func() error { _, err := v.Root(301); return err },
		"leaf":          func() error { _, err := v.Leaf(300); return err },
		"inclusion":     func() error { _, err := v.Inclusion(300, 300); return err },
		"tree":          func() error { _, err := v.Inclusion(0, 301); return err },
		"huge tree":     func() error { _, err := v.Inclusion(most-1, most); return err },
		"consistency":   func() error { _, err := v.Consistency(300, 301); return err },
		"order":         func() error { _, err := v.Consistency(300, 299); return err },
		"tile":          func() error { _, err := v.Tile(0, 1, 45); return err },
		"full tile":     func() error { _, err := v.Tile(0, 1, 256); return err },
		"upper tile":    func() error { _, err := v.Tile(1, 0, 2); return err },
		"empty tile":    func() error { _, err := v.Tile(0, 1, 0); return err },
		"wide tile":     func() error { _, err := v.Tile(0, 0, 257); return err },
		"no level":      func() error { _, err := v.Tile(LevelEntries, 0, 1); return err },
		"high level":    func() error { _, err := v.Tile(8, 0, 1); return err },
		"higher level":  func() error { _, err := v.Tile(64, 0, 1); return err },
		"distant tile":  func() error { _, err := v.Tile(0, most, 1); return err },
		"an empty tree": func() error { _, err := (&Hashes{}).View().Inclusion(0, 0); return err },
	}
	for what, call := range calls {
		if err := call(); !errors.Is(err, ErrBeyond) {
			t.Errorf("%s: %v, want %v", what, err, ErrBeyond)
		}
	}
}

// Readers prove from what they see while the tree grows. It is for the race detector.
func TestReadersWhileGrowing(t *testing.T) {
	const size = 5000
	hashes := &Hashes{}
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for n := uint64(0); n < size; {
				v := hashes.View()
				if n = v.Size(); n == 0 {
					continue
				}
				root, err := v.Root(n)
				inclusion, err2 := v.Inclusion(n/2, n)
				if err != nil || err2 != nil || VerifyInclusion(n/2, n, leafHash(leafBytes(int(n/2))), inclusion, root) != nil {
					t.Errorf("at %d leaves the proof fails (%v, %v)", n, err, err2)
					return
				}
			}
		})
	}
	for i := range size {
		hashes.Append(leafHash(leafBytes(i)))
	}
	readers.Wait()
}

func benchTree(b *testing.B) View {
	size := 10_000_000
	if testing.Short() {
		size = 100_000
	}
	hashes := &Hashes{}
	for i := range size {
		var leaf Hash
		binary.BigEndian.PutUint64(leaf[:], uint64(i))
		hashes.Append(leaf)
	}
	b.ReportAllocs()
	return hashes.View()
}

func BenchmarkHashesAppend(b *testing.B) {
	hashes := &Hashes{}
	b.ReportAllocs()
	for b.Loop() {
		hashes.Append(Hash{1})
	}
}

func BenchmarkProofs(b *testing.B) {
	v := benchTree(b)
	n, i := v.Size()-1, uint64(0)
	next := func() uint64 { i = (i + 7_654_321) % n; return i }
	b.Run("Root", func(b *testing.B) {
		for b.Loop() {
			if _, err := v.Root(n); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Inclusion", func(b *testing.B) {
		for b.Loop() {
			if _, err := v.Inclusion(next(), n); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Consistency", func(b *testing.B) {
		for b.Loop() {
			if _, err := v.Consistency(next(), n); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Tile", func(b *testing.B) {
		for b.Loop() {
			if _, err := v.Tile(0, next()%(n/TileWidth), TileWidth); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("VerifyInclusion", func(b *testing.B) {
		inclusion, _ := v.Inclusion(5, n)
		leaf, _ := v.Leaf(5)
		root, _ := v.Root(n)
		for b.Loop() {
			if err := VerifyInclusion(5, n, leaf, inclusion, root); err != nil {
				b.Fatal(err)
			}
		}
	})
}
