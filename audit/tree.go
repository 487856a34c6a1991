package audit

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
)

// HashSize is the length of every hash of the tree, in bytes.
const HashSize = sha256.Size

// Tree is the right edge of an append-only Merkle tree (RFC 6962 §2.1, SHA-256): enough to add
// leaves and to know the root, in one hash a level of the tree. An Append computes two hashes on
// average, a Root one a level. The zero Tree is empty and ready to use. A Tree has one owner at a
// time, and an assigned copy shares its state: use Clone.
type Tree struct {
	edge *compact.Range // nil while the tree is empty
	leaf []byte         // the prefixed leaf being hashed, kept for its room
}

// Append adds one leaf. Its bytes are hashed and not kept.
func (t *Tree) Append(leaf []byte) {
	var hash [HashSize]byte
	hash, t.leaf = LeafHash(t.leaf, leaf)
	t.AppendHash(hash)
}

// LeafHash is the hash of a leaf (RFC 6962 §2.1). room is memory to work in, and comes back for the
// next leaf.
func LeafHash(room, leaf []byte) (hash [HashSize]byte, _ []byte) {
	room = append(append(room[:0], rfc6962.RFC6962LeafHashPrefix), leaf...)
	return sha256.Sum256(room), room
}

// AppendHash adds the leaf that has a hash: hashing, unlike appending, can be done for many leaves at
// the same time.
func (t *Tree) AppendHash(hash [HashSize]byte) {
	if t.edge == nil {
		factory := compact.RangeFactory{Hash: hashChildren}
		t.edge = factory.NewEmptyRange(0)
	}
	if err := t.edge.Append(hash[:], nil); err != nil {
		panic(fmt.Sprintf("audit: a leaf cannot be appended: %v", err))
	}
}

// Root is the Merkle tree hash of all leaves (RFC 6962 §2.1); of an empty tree, the hash of nothing.
func (t *Tree) Root() [HashSize]byte {
	if t.edge == nil {
		return sha256.Sum256(nil)
	}
	root, err := t.edge.GetRootHash(nil)
	if err != nil {
		panic(fmt.Sprintf("audit: a tree without its beginning: %v", err))
	}
	return [HashSize]byte(root)
}

// Size is the number of leaves.
func (t *Tree) Size() uint64 {
	if t.edge == nil {
		return 0
	}
	return t.edge.End()
}

// Clone is a tree of the same leaves that grows on its own. A commit is tried on a clone, which
// takes the original's place once the commit is written.
func (t *Tree) Clone() Tree {
	if t.edge == nil {
		return Tree{}
	}
	factory := compact.RangeFactory{Hash: hashChildren}
	edge, err := factory.NewRange(0, t.edge.End(), slices.Clone(t.edge.Hashes()))
	if err != nil {
		panic(fmt.Sprintf("audit: a tree that cannot be copied: %v", err))
	}
	return Tree{edge: edge}
}

// Edge is what it takes to go on from here: the hashes of the largest complete subtrees, from left to
// right, one for each bit that is set in Size. An empty tree has none.
func (t *Tree) Edge() [][HashSize]byte {
	if t.edge == nil {
		return nil
	}
	hashes := t.edge.Hashes()
	edge := make([][HashSize]byte, len(hashes))
	for i, hash := range hashes {
		edge[i] = [HashSize]byte(hash)
	}
	return edge
}

// TreeOf is the tree with that many leaves and that Edge. Its Root is what tells whether they belong
// together; only their number is checked here.
func TreeOf(size uint64, edge [][HashSize]byte) (Tree, error) {
	if size == 0 && len(edge) == 0 {
		return Tree{}, nil
	}
	hashes := make([][]byte, len(edge))
	for i := range edge {
		hashes[i] = edge[i][:]
	}
	factory := compact.RangeFactory{Hash: hashChildren}
	made, err := factory.NewRange(0, size, hashes)
	if err != nil {
		return Tree{}, fmt.Errorf("a tree of %d leaves: %w", size, err)
	}
	return Tree{edge: made}, nil
}

// hashChildren is rfc6962.DefaultHasher.HashChildren with one allocation instead of three.
func hashChildren(left, right []byte) []byte {
	var node [1 + 2*HashSize]byte
	node[0] = rfc6962.RFC6962NodeHashPrefix
	copy(node[1:], left)
	copy(node[1+HashSize:], right)
	hash := sha256.Sum256(node[:])
	return hash[:]
}
