package verify

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/orgledger/orgledger/audit"
)

// publishedRoots compares what was published with the roots of the log as it grows. It belongs to one goroutine.
type publishedRoots struct {
	left   []Published // not reached yet, by size
	agreed uint64      // size of the last one that agrees
	count  int
	wrong  *Published // the first that does not
}

func newPublishedRoots(all []Published) *publishedRoots {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Published) int { return cmp.Compare(a.Size, b.Size) })
	p := &publishedRoots{left: all}
	p.reached(0, new(audit.Tree))
	return p
}

// reached compares what was published of the first size entries.
func (p *publishedRoots) reached(size uint64, tree *audit.Tree) {
	for len(p.left) > 0 && p.left[0].Size == size && p.wrong == nil {
		next := p.left[0]
		p.left = p.left[1:]
		if tree.Root() != next.Root {
			p.wrong = &next
			return
		}
		p.agreed = size
		p.count++
	}
}

// judge says what came of it, at the end of the log.
func (p *publishedRoots) judge(entries uint64) (string, error) {
	switch {
	case p.wrong != nil:
		return "", fmt.Errorf("the checkpoint of %d entries (%s) is of another history: among the entries %d to %d at least one is not what was published, "+
			"or they stand in another order; up to entry %d the log is what was published", p.wrong.Size, p.wrong.Name, p.agreed+1, p.wrong.Size, p.agreed)
	case len(p.left) > 0:
		last := p.left[len(p.left)-1]
		return "", fmt.Errorf("a checkpoint of %d entries was published (%s), and the log ends with entry %d: the entries %d to %d are gone",
			last.Size, last.Name, entries, entries+1, last.Size)
	}
	return fmt.Sprintf("%d checkpoints, the last of %d entries, are of this log", p.count, p.agreed), nil
}
