package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
)

// Hash is a node of the tree, or a leaf's hash.
type Hash = [HashSize]byte

// ErrBeyond says that a tree, a tile or a proof was asked for that needs more leaves than there are.
var ErrBeyond = errors.New("beyond the tree")

const (
	radixBits  = 4 // of the levels that are kept: every fourth of the tree's
	radix      = 1 << radixBits
	keptLevels = 64 / radixBits
	pageSize   = 256 // hashes; so that a full tile is one page
)

type page [pageSize]Hash

// pages are the hashes of the full subtrees of each kept level, from the left. A page grows at its end.
type pages [keptLevels][]*page

// Hashes is the Merkle tree of a whole log in memory, so that every tile and proof of every size that the
// log ever had can be given. It takes 34 bytes a leaf. One goroutine appends; any number reads views at
// the same time, without a lock. The zero Hashes is empty and ready to use.
type Hashes struct {
	pages  pages // owned by the goroutine that appends; readers have a copy
	counts [keptLevels]uint64
	shared atomic.Pointer[pages]
	size   atomic.Uint64
}

// Append adds leaves by their hashes and shows them to readers, all at once. It computes one hash a leaf.
func (h *Hashes) Append(leaves ...Hash) {
	grown := false
	for i := range leaves {
		grown = h.add(0, leaves[i]) || grown
	}
	if grown {
		shared := h.pages
		h.shared.Store(&shared)
	}
	h.size.Store(h.counts[0]) // after the pages: a reader looks at the size first
}

// add puts a hash at the end of a kept level, and their parents where they become full. It reports whether
// there is a new page.
func (h *Hashes) add(level int, hash Hash) (grown bool) {
	n := h.counts[level]
	if n%pageSize == 0 {
		h.pages[level] = append(h.pages[level], new(page))
		grown = true
	}
	last := h.pages[level][n/pageSize]
	last[n%pageSize] = hash
	h.counts[level] = n + 1
	if (n+1)%radix == 0 && level+1 < keptLevels {
		end := n%pageSize + 1
		return h.add(level+1, fold(last[end-radix:end])) || grown
	}
	return grown
}

// fold is the root over a power of two of sibling hashes.
func fold(hashes []Hash) Hash {
	var room [radix]Hash
	work := room[:copy(room[:], hashes)]
	for ; len(work) > 1; work = work[:len(work)/2] {
		for i := range len(work) / 2 {
			work[i] = nodeHash(&work[2*i], &work[2*i+1])
		}
	}
	return work[0]
}

// nodeHash is the hash of a node with two children (RFC 6962 §2.1).
func nodeHash(left, right *Hash) Hash {
	var node [1 + 2*HashSize]byte
	node[0] = 1
	copy(node[1:], left[:])
	copy(node[1+HashSize:], right[:])
	return sha256.Sum256(node[:])
}

// View is the tree as it is now, and stays so.
func (h *Hashes) View() View {
	size := h.size.Load()
	return View{size: size, pages: h.shared.Load()}
}

// View is an immutable tree. It may be copied, kept, and used by any number of goroutines.
type View struct {
	size  uint64
	pages *pages // nil: no leaves
}

// Size is the number of leaves.
func (v View) Size() uint64 { return v.size }

// Root is the Merkle tree hash of the first size leaves (RFC 6962 §2.1); of none, the hash of nothing. With
// 10 million leaves it takes some 8 µs. The error is ErrBeyond.
func (v View) Root(size uint64) (Hash, error) {
	if size > v.size {
		return Hash{}, fmt.Errorf("the root of %d leaves, of which there are %d: %w", size, v.size, ErrBeyond)
	}
	if size == 0 {
		return sha256.Sum256(nil), nil
	}
	nodes := compact.RangeNodes(0, size, nil)
	root := v.node(nodes[len(nodes)-1])
	for i := len(nodes) - 2; i >= 0; i-- {
		left := v.node(nodes[i])
		root = nodeHash(&left, &root)
	}
	return root, nil
}

// node is the hash of a full subtree, which has to be one of the tree's.
func (v View) node(id compact.NodeID) Hash {
	level, below := id.Level/radixBits, id.Level%radixBits
	first := id.Index << below
	at := v.pages[level][first/pageSize]
	first %= pageSize
	return fold(at[first : first+1<<below])
}

// Leaf is the hash of the leaf at an index. The error is ErrBeyond.
func (v View) Leaf(index uint64) (Hash, error) {
	if index >= v.size {
		return Hash{}, fmt.Errorf("leaf %d of %d: %w", index, v.size, ErrBeyond)
	}
	return v.pages[0][index/pageSize][index%pageSize], nil
}

// Inclusion proves that a leaf is in the tree of the first size leaves: the hashes from the leaf's sibling up
// to the root's child (RFC 6962 §2.1.1). They are at most as many as size-1 has binary digits: 24 hashes or
// 768 bytes for 10 million leaves, in some 20 µs. The error is ErrBeyond.
func (v View) Inclusion(index, size uint64) ([]Hash, error) {
	if index >= size || size > v.size {
		return nil, fmt.Errorf("a proof of leaf %d in a tree of %d, with %d leaves: %w", index, size, v.size, ErrBeyond)
	}
	nodes, err := proof.Inclusion(index, size)
	if err != nil {
		return nil, err
	}
	return v.prove(nodes)
}

// Consistency proves that the tree of the first from leaves is the beginning of the tree of the first to
// leaves (RFC 6962 §2.1.2). It is empty where from is to or 0, and at most one hash longer than a proof of
// inclusion. The error is ErrBeyond, also where from is more than to.
func (v View) Consistency(from, to uint64) ([]Hash, error) {
	if from > to || to > v.size {
		return nil, fmt.Errorf("a proof from %d to %d leaves, of which there are %d: %w", from, to, v.size, ErrBeyond)
	}
	nodes, err := proof.Consistency(from, to)
	if err != nil {
		return nil, err
	}
	return v.prove(nodes)
}

func (v View) prove(nodes proof.Nodes) ([]Hash, error) {
	found := make([][]byte, len(nodes.IDs))
	for i, id := range nodes.IDs {
		hash := v.node(id)
		found[i] = hash[:]
	}
	hashes, err := nodes.Rehash(found, hashChildren)
	if err != nil {
		return nil, err
	}
	proved := make([]Hash, len(hashes))
	for i := range hashes {
		proved[i] = Hash(hashes[i])
	}
	return proved, nil
}

// Tile is the tile of C2SP tlog-tiles at a level, 0 being that of the leaves' hashes: width hashes of 32
// bytes, 256 of them in a full tile. The error is ErrBeyond where the tree has no such tile, and the bytes
// are the caller's.
func (v View) Tile(level int, index uint64, width int) ([]byte, error) {
	t := Tile{Level: level, Index: index, Width: width}
	if level < 0 || t.check() != nil || !t.in(v.size) {
		return nil, fmt.Errorf("tile %d/%d of width %d, with %d leaves: %w", level, index, width, v.size, ErrBeyond)
	}
	at := v.pages[level*tileBits/radixBits][index]
	data := make([]byte, 0, width*HashSize)
	for i := range width {
		data = append(data, at[i][:]...)
	}
	return data, nil
}
