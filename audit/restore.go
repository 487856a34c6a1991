package audit

import (
	"fmt"
	"sync/atomic"

	"github.com/transparency-dev/merkle/compact"
)

// Leaves are the hashes of all leaves of a tree on their way into Hashes: pieces in any order, put by several goroutines at
// the same time. They may come from anywhere: only the root that results says whether they are a log's.
type Leaves struct {
	of   Hashes
	size uint64
	put  atomic.Uint64
}

// LeavesPiece is what the place of a piece is a multiple of.
const LeavesPiece = pageSize

// NewLeaves is a tree of that many leaves, none of which is there yet.
func NewLeaves(size uint64) *Leaves {
	l := &Leaves{size: size}
	for level, n := 0, size; n > 0 && level < keptLevels; level, n = level+1, n/radix {
		room := make([]page, (n+pageSize-1)/pageSize)
		l.of.pages[level] = make([]*page, len(room))
		for i := range room {
			l.of.pages[level][i] = &room[i]
		}
		l.of.counts[level] = n
	}
	return l
}

// Put takes the hashes of the leaves from an index on, one after the other. The index is a multiple of LeavesPiece, and so
// is their number, but in the last piece. Each is put once. It computes one hash a leaf.
func (l *Leaves) Put(first uint64, hashes []byte) error {
	n := uint64(len(hashes) / HashSize)
	if len(hashes)%HashSize != 0 || first%LeavesPiece != 0 || first > l.size || n > l.size-first || n%LeavesPiece != 0 && first+n != l.size {
		return fmt.Errorf("%d leaves from %d on, of %d: %w", n, first, l.size, ErrMalformed)
	}
	for i := range n {
		at := first + i
		l.of.pages[0][at/pageSize][at%pageSize] = Hash(hashes[i*HashSize:])
	}
	l.foldAll(0, first/radix, (first+n)/radix)
	l.put.Add(n)
	return nil
}

// foldAll computes the nodes from ≤ index < to of the level that is kept above another one.
func (l *Leaves) foldAll(below int, from, to uint64) {
	for i := from; i < to; i++ {
		begin := i * radix
		under := l.of.pages[below][begin/pageSize]
		l.of.pages[below+1][i/pageSize][i%pageSize] = fold(under[begin%pageSize : begin%pageSize+radix])
	}
}

// Hashes is the tree, once every leaf is there. To be called once.
func (l *Leaves) Hashes() (*Hashes, error) {
	if l.put.Load() != l.size {
		return nil, fmt.Errorf("%d leaves of %d: %w", l.put.Load(), l.size, ErrMalformed)
	}
	for level := 1; level+1 < keptLevels && l.of.counts[level+1] > 0; level++ {
		l.foldAll(level, 0, l.of.counts[level+1])
	}
	h := &Hashes{pages: l.of.pages, counts: l.of.counts}
	shared := h.pages
	h.shared.Store(&shared)
	h.size.Store(l.size)
	return h, nil
}

// Leaves appends the hashes of the leaves from ≤ index < to, one after the other. The error is ErrBeyond.
func (v View) Leaves(dst []byte, from, to uint64) ([]byte, error) {
	if to > v.size {
		return dst, fmt.Errorf("leaf %d of %d: %w", to-1, v.size, ErrBeyond)
	}
	for i := from; i < to; i++ {
		dst = append(dst, v.pages[0][i/pageSize][i%pageSize][:]...)
	}
	return dst, nil
}

// Tree is the right edge of the first size leaves, to go on from. The error is ErrBeyond.
func (v View) Tree(size uint64) (Tree, error) {
	if size > v.size {
		return Tree{}, fmt.Errorf("a tree of %d leaves, of which there are %d: %w", size, v.size, ErrBeyond)
	}
	var edge []Hash
	for _, id := range compact.RangeNodes(0, size, nil) {
		edge = append(edge, v.node(id))
	}
	return TreeOf(size, edge)
}
