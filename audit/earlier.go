package audit

import (
	"context"
	"fmt"
	"io/fs"
)

// ForkError says that a log signed two statements of which neither can be the beginning of the other: something that
// was recorded was changed or taken away. The two signed checkpoints prove it to anybody.
type ForkError struct {
	Earlier, Later *Signed
	Index          uint64 // the first leaf that differs, where Found; its entry has the sequence Index + 1
	Found          bool   // both logs were there to compare
}

func (e *ForkError) Error() string {
	where := "the log was changed after the earlier checkpoint"
	switch {
	case e.Found:
		where = fmt.Sprintf("entry %d is the first that differs", e.Index+1)
	case e.Later.Size < e.Earlier.Size:
		where = "the log became shorter"
	case e.Later.Size == e.Earlier.Size:
		where = "the log signed two roots of one size"
	}
	return fmt.Sprintf("the checkpoint of %d entries is not the beginning of that of %d: %s", e.Earlier.Size, e.Later.Size, where)
}

// Unwrap makes it an ErrUnproven.
func (e *ForkError) Unwrap() error { return ErrUnproven }

// earlier is a checkpoint, perhaps with its export, that a log has to continue. Without one its methods do
// nothing.
type earlier struct {
	signed *Signed
	log    fs.FS // nil: only the checkpoint is there
	root   Hash  // of the later log, at the earlier one's size
	differ uint64
	found  bool
}

// openEarlier verifies what is given of the earlier log: that the same log signed its checkpoint, and that its tiles
// have that root.
func openEarlier(ctx context.Context, v Verification, now *Signed) (*earlier, error) {
	if v.Since == nil {
		return &earlier{}, nil
	}
	signed, err := Open(v.Since, v.Policy.anyWitness())
	if err != nil {
		return nil, fmt.Errorf("the earlier checkpoint: %w", err)
	}
	if signed.Origin != now.Origin {
		return nil, fmt.Errorf("the earlier checkpoint is of %q, this one of %q: %w", signed.Origin, now.Origin, ErrUnknownLog)
	}
	e := &earlier{signed: signed, log: v.SinceLog}
	if e.log == nil {
		return e, nil
	}
	roots, err := TileRoots(ctx, e.log, signed.Size, signed.Size)
	if err != nil {
		return nil, fmt.Errorf("the earlier export: %w", err)
	}
	if roots[0] != signed.Root {
		return nil, fmt.Errorf("the earlier export: its tiles do not have the root of its checkpoint: %w", ErrUnproven)
	}
	return e, nil
}

// TileRoots are the roots of the first so many leaves, for each of at, by the tiles of the leaves in an export of a size. No
// entry is read, and no tile of the upper levels. at is ascending, and none is above the size.
func TileRoots(ctx context.Context, export fs.FS, size uint64, at ...uint64) (roots []Hash, err error) {
	var tree Tree
	pass := func() {
		for len(roots) < len(at) && at[len(roots)] == tree.Size() {
			roots = append(roots, tree.Root())
		}
	}
	pass()
	for index := uint64(0); index*TileWidth < size; index++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		hashes, err := readTile(export, leafTile(index, size))
		if err != nil {
			return nil, err
		}
		for i := range hashes {
			tree.AppendHash(hashes[i])
			pass()
		}
	}
	if len(roots) < len(at) {
		return nil, fmt.Errorf("the root of %d leaves, of which there are %d: %w", at[len(roots)], size, ErrBeyond)
	}
	return roots, nil
}

// leafTile is the tile of leaves at an index in a tree of a size, partial or not.
func leafTile(index, size uint64) Tile {
	return Tile{0, index, int(min(TileWidth, size-index*TileWidth))}
}

// compare finds the first leaf that differs.
func (e *earlier) compare(t Tile, hashes []Hash) error {
	if e.log == nil || e.found || t.Index*TileWidth >= e.signed.Size {
		return nil
	}
	before, err := readTile(e.log, leafTile(t.Index, e.signed.Size))
	if err != nil {
		return fmt.Errorf("the earlier export: %w", err)
	}
	for i := range min(len(before), len(hashes)) {
		if before[i] != hashes[i] {
			e.differ, e.found = t.Index*TileWidth+uint64(i), true
			return nil
		}
	}
	return nil
}

// pass notes the root when the tree has the earlier one's size.
func (e *earlier) pass(tree *Tree) {
	if e.signed != nil && tree.Size() == e.signed.Size {
		e.root = tree.Root()
	}
}

// verdict is what to say once the whole log was seen.
func (e *earlier) verdict(now *Signed) error {
	if e.signed == nil || e.signed.Size <= now.Size && e.root == e.signed.Root {
		return nil
	}
	return &ForkError{Earlier: e.signed, Later: now, Index: e.differ, Found: e.found}
}
