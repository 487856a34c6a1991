package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

// reference leaves and roots of the Certificate Transparency project for RFC 6962 §2.1.
var referenceLeaves = []string{
	"",
	"00",
	"10",
	"2021",
	"3031",
	"40414243",
	"5051525354555657",
	"606162636465666768696a6b6c6d6e6f",
}

var referenceRoots = []string{
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}

// The roots of the reference leaves are those published.
func TestTreeReference(t *testing.T) {
	var tree Tree
	for size, want := range referenceRoots {
		root := tree.Root()
		if got := hex.EncodeToString(root[:]); got != want || tree.Size() != uint64(size) {
			t.Errorf("root of %d leaves = %s (size %d), want %s", size, got, tree.Size(), want)
		}
		if size < len(referenceLeaves) {
			leaf, err := hex.DecodeString(referenceLeaves[size])
			if err != nil {
				t.Fatal(err)
			}
			tree.Append(leaf)
		}
	}
}

// naiveRoot is the definition of RFC 6962 §2.1, word for word.
func naiveRoot(leaves [][]byte) [HashSize]byte {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, leaves[0]...))
	default:
		k := 1
		for k*2 < n {
			k *= 2
		}
		left, right := naiveRoot(leaves[:k]), naiveRoot(leaves[k:])
		return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
	}
}

// Whatever the leaves, every root on the way is the one of the recursive definition.
func TestTreeEqualsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := rapid.SliceOfN(rapid.SliceOf(rapid.Byte()), 0, 70).Draw(t, "leaves")
		var tree Tree
		for i := 0; ; i++ {
			if got, want := tree.Root(), naiveRoot(leaves[:i]); got != want {
				t.Fatalf("root of %d leaves = %x, want %x", i, got, want)
			}
			if i == len(leaves) {
				return
			}
			tree.Append(leaves[i])
		}
	})
}

// A clone and its original grow apart without touching one another, whichever grows first.
func TestCloneGrowsAlone(t *testing.T) {
	leaf := func(i int) []byte { return []byte{byte(i)} }
	for size := range 40 {
		var tree Tree
		var leaves [][]byte
		for i := range size {
			tree.Append(leaf(i))
			leaves = append(leaves, leaf(i))
		}
		clone := tree.Clone()
		theirs := leaves
		for i := range 5 {
			clone.Append(leaf(100 + i))
			theirs = append(theirs[:size+i:size+i], leaf(100+i))
			tree.Append(leaf(200 + i))
			leaves = append(leaves[:size+i:size+i], leaf(200+i))
			if clone.Root() != naiveRoot(theirs) || tree.Root() != naiveRoot(leaves) {
				t.Fatalf("at %d leaves and %d more, clone and original disturb one another", size, i+1)
			}
		}
	}
}

func BenchmarkTreeAppend(b *testing.B) {
	leaf := make([]byte, 490)
	var tree Tree
	b.ReportAllocs()
	for b.Loop() {
		tree.Append(leaf)
	}
}

// A tree that goes on from its edge grows as the one that was never put down, and an edge of another size is
// refused.
func TestTreeOf(t *testing.T) {
	var tree Tree
	for size := uint64(0); size < 70; size++ {
		edge := tree.Edge()
		if len(edge) != bits.OnesCount64(size) {
			t.Fatalf("the edge of %d leaves has %d hashes", size, len(edge))
		}
		again, err := TreeOf(size, edge)
		if err != nil || again.Root() != tree.Root() || again.Size() != size {
			t.Fatalf("the tree of %d leaves comes back with %d: %v", size, again.Size(), err)
		}
		for _, wrong := range []uint64{size + 1, size + 2} {
			if bits.OnesCount64(wrong) == len(edge) {
				continue
			}
			if _, err := TreeOf(wrong, edge); err == nil {
				t.Fatalf("the edge of %d leaves is taken for that of %d", size, wrong)
			}
		}
		other := tree.Clone()
		for _, leaf := range []string{"a", "b", "c"} {
			again.Append([]byte(leaf))
			other.Append([]byte(leaf))
		}
		if again.Root() != other.Root() {
			t.Fatalf("after %d leaves it grows otherwise", size)
		}
		tree.Append([]byte{byte(size)})
	}
}
