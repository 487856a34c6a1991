package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Verification is what [VerifyExport] is asked.
type Verification struct {
	Policy   *Policy
	Since    []byte                   // an earlier signed checkpoint, of which the log has to be a continuation; nil for none
	SinceLog fs.FS                    // the export that Since is from, to find what differs; nil where only the checkpoint is there
	Progress func(done, total uint64) // entries; may be nil; called by one goroutine
}

// Verified is what VerifyExport found.
type Verified struct {
	Signed *Signed
	Since  *Signed // nil: not asked for
	Bytes  uint64  // of all entries
}

// VerifyExport checks an export whole: its checkpoint by a policy, every entry by its hash, every tile by
// computing it again, the root, and that the log continues an earlier one. Of a Since it is enough that
// the log signed it, whoever cosigned. What lies in the folder and is no part of the tree is not looked at.
//
// Errors name the file. A log that does not continue the earlier one is a [ForkError], given only once the
// earlier export's own tiles were found to be what it signed. Hashing takes all cores, and memory for some
// bundles each, whatever the size of the log.
func VerifyExport(ctx context.Context, export fs.FS, v Verification) (*Verified, error) {
	signed, err := OpenExport(export, v.Policy)
	if err != nil {
		return nil, err
	}
	since, err := openEarlier(ctx, v, signed)
	if err != nil {
		return nil, err
	}
	found := &Verified{Signed: signed, Since: since.signed}
	check := &exportCheck{export: export, earlier: since}
	for b := range bundles(ctx, export, signed.Size) {
		if b.err != nil {
			return nil, b.err
		}
		if err := check.bundle(b.tile, b.hashes); err != nil {
			return nil, err
		}
		found.Bytes += b.bytes
		if v.Progress != nil {
			v.Progress(check.tree.Size(), signed.Size)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := check.end(signed.Checkpoint); err != nil {
		return nil, err
	}
	return found, since.verdict(signed)
}

// OpenExport reads and verifies the checkpoint of an export.
func OpenExport(export fs.FS, policy *Policy) (*Signed, error) {
	text, err := readFile(export, checkpointFile, maxNote)
	if err != nil {
		return nil, err
	}
	signed, err := Open(text, policy)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", checkpointFile, err)
	}
	return signed, nil
}

// exportCheck takes the bundles in order, and compares every tile with what it has to be.
type exportCheck struct {
	export  fs.FS
	tree    Tree
	earlier *earlier
	edges   [64 / tileBits][]Hash // of each level above the leaves', the tile that is being filled
}

func (c *exportCheck) bundle(t Tile, hashes []Hash) error {
	if err := c.earlier.compare(t, hashes); err != nil {
		return err
	}
	for i := range hashes {
		c.earlier.pass(&c.tree)
		c.tree.AppendHash(hashes[i])
	}
	t.Level = 0
	if err := sameTile(c.export, t, hashes); err != nil {
		return err
	}
	if t.Width < TileWidth {
		return nil
	}
	return c.up(1, foldTile(hashes))
}

// up adds the root of a full tile to the level above it.
func (c *exportCheck) up(level int, root Hash) error {
	if level == len(c.edges) {
		return nil
	}
	c.edges[level] = append(c.edges[level], root)
	if len(c.edges[level]) < TileWidth {
		return nil
	}
	full := Tile{level, c.tree.Size()>>((level+1)*tileBits) - 1, TileWidth}
	if err := sameTile(c.export, full, c.edges[level]); err != nil {
		return err
	}
	root = foldTile(c.edges[level])
	c.edges[level] = c.edges[level][:0]
	return c.up(level+1, root)
}

// end compares the partial tiles of the upper levels, and the root.
func (c *exportCheck) end(checkpoint Checkpoint) error {
	c.earlier.pass(&c.tree)
	for level := range c.edges {
		if len(c.edges[level]) == 0 {
			continue
		}
		edge, _ := LastTile(level, checkpoint.Size)
		if err := sameTile(c.export, edge, c.edges[level]); err != nil {
			return err
		}
	}
	if root := c.tree.Root(); root != checkpoint.Root {
		return fmt.Errorf("%s: the entries have the root %x, it says %x: %w", checkpointFile, root, checkpoint.Root, ErrUnproven)
	}
	return nil
}

// foldTile is the root over a full tile.
func foldTile(hashes []Hash) Hash {
	var roots [TileWidth / radix]Hash
	for i := range roots {
		roots[i] = fold(hashes[i*radix : (i+1)*radix])
	}
	return fold(roots[:])
}

// sameTile checks that a file holds the hashes of a tile.
func sameTile(export fs.FS, t Tile, hashes []Hash) error {
	theirs, err := readTile(export, t)
	if err != nil {
		return err
	}
	for i := range hashes {
		if theirs[i] != hashes[i] && t.Level == 0 {
			entry := t.Index*TileWidth + uint64(i) + 1
			return fmt.Errorf("%s: entry %d has the hash %x, the tile says %x: %w", t.Path(), entry, hashes[i], theirs[i], ErrUnproven)
		}
		if theirs[i] != hashes[i] {
			return fmt.Errorf("%s: hash %d is %x, the tile below has the root %x: %w", t.Path(), i, theirs[i], hashes[i], ErrUnproven)
		}
	}
	return nil
}

// readTile reads a tile of hashes.
func readTile(export fs.FS, t Tile) ([]Hash, error) {
	data, err := readFile(export, t.Path(), TileWidth*HashSize)
	if err != nil {
		return nil, err
	}
	if len(data) != t.Width*HashSize {
		return nil, fmt.Errorf("%s: it has %d bytes, not %d: %w", t.Path(), len(data), t.Width*HashSize, ErrMalformed)
	}
	hashes := make([]Hash, t.Width)
	for i := range hashes {
		hashes[i] = Hash(data[i*HashSize:])
	}
	return hashes, nil
}

// readFile reads a file of at most so many bytes.
func readFile(export fs.FS, name string, most int64) ([]byte, error) {
	f, err := export.Open(name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%s: it has more than %d bytes: %w", name, most, ErrMalformed)
	}
	return data, nil
}
