package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/orgledger/orgledger/audit/durable"
)

// Export is what a static export is made from.
type Export struct {
	View       View                                       // has at least the leaves that the checkpoint covers
	Entries    func(from uint64) iter.Seq2[[]byte, error] // the leaves from an index on, in order
	Checkpoint []byte                                     // a signed note; not verified, but it has to fit the view
	Progress   func(done, total uint64)                   // entries; may be nil
}

// WriteExport makes of a folder what any web server can serve as C2SP tlog-tiles, and [VerifyExport] verifies:
// the checkpoint, every tile of the tree that it covers, and every entry, in bundles or alone as [Tile]
// says. A folder that holds an earlier export of the same log is brought up to date: full tiles and
// bundles are left as they are, and partial ones as long as their full one is not there, for those who still
// read by an earlier checkpoint. A folder that holds something that the log never was is refused with
// ErrUnproven.
//
// Each file is whole or not there, and synced before the checkpoint that needs it is put in place, last of
// all: a crash, or the context's end, leaves the earlier export, and writing again finishes it. Only one process may write
// to a folder at a time. Entries are in memory 256 at a time.
func WriteExport(ctx context.Context, dir string, e Export) error {
	checkpoint, err := ReadCheckpoint(e.Checkpoint)
	if err != nil {
		return err
	}
	if err := fits(checkpoint, e.View); err != nil {
		return err
	}
	before, err := exported(dir, checkpoint, e.View)
	if err != nil {
		return fmt.Errorf("%s holds another export: %w", dir, err)
	}
	w := &exporter{dir: dir, from: before, to: checkpoint.Size, touched: map[string]bool{}}
	if err := w.tiles(ctx, e.View); err != nil {
		return err
	}
	if err := w.entries(ctx, e); err != nil {
		return err
	}
	if err := w.sync(); err != nil {
		return err
	}
	if err := w.write(checkpointFile, e.Checkpoint); err != nil {
		return err
	}
	if err := w.sync(); err != nil {
		return err
	}
	return w.tidy()
}

// fits checks that a checkpoint is one of a tree.
func fits(c Checkpoint, v View) error {
	root, err := v.Root(c.Size)
	if err != nil {
		return err
	}
	if root != c.Root {
		return fmt.Errorf("with %d leaves the root is %x, and the checkpoint says %x: %w", c.Size, root, c.Root, ErrUnproven)
	}
	return nil
}

// exported is the size of the export that a folder holds, which has to be an earlier one of the same log; 0 for none.
func exported(dir string, now Checkpoint, v View) (uint64, error) {
	signed, err := os.ReadFile(filepath.Join(dir, checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	before, err := ReadCheckpoint(signed)
	switch {
	case err != nil:
		return 0, err
	case before.Origin != now.Origin:
		return 0, fmt.Errorf("of the log %q: %w", before.Origin, ErrUnproven)
	case before.Size > now.Size:
		return 0, fmt.Errorf("of %d entries, and this one has %d: %w", before.Size, now.Size, ErrUnproven)
	}
	return before.Size, fits(before, v)
}

// exporter writes into a folder what a tree of to leaves has and one of from leaves has not.
type exporter struct {
	dir      string
	from, to uint64
	touched  map[string]bool // folders in which something changed since the last sync
}

// tiles writes the tiles of hashes.
func (w *exporter) tiles(ctx context.Context, v View) error {
	for level := 0; w.to>>(level*tileBits) > 0; level++ {
		for t := range newTiles(level, w.from, w.to) {
			if err := ctx.Err(); err != nil {
				return err
			}
			data, err := v.Tile(level, t.Index, t.Width)
			if err != nil {
				return err
			}
			if err := w.write(t.Path(), data); err != nil {
				return err
			}
		}
	}
	return nil
}

// newTiles are the tiles of a level that a tree has once it has grown: those that became full, and the one
// at the edge if it is another.
func newTiles(level int, from, to uint64) iter.Seq[Tile] {
	return func(yield func(Tile) bool) {
		edge, partial := LastTile(level, to)
		before, _ := LastTile(level, from)
		for n := before.Index; n < edge.Index; n++ {
			if !yield(Tile{level, n, TileWidth}) {
				return
			}
		}
		if partial && edge != before {
			yield(edge)
		}
	}
}

// entries writes the bundles, or what takes the place of those with an entry too long.
func (w *exporter) entries(ctx context.Context, e Export) error {
	next, stop := iter.Pull2(e.Entries(w.from / TileWidth * TileWidth))
	defer stop()
	for t := range newTiles(LevelEntries, w.from, w.to) {
		bundle, first := make([][]byte, t.Width), t.Index*TileWidth
		for i := range bundle {
			entry, err, ok := next()
			if !ok {
				err = fmt.Errorf("the entries end before %d: %w", w.to, ErrBeyond)
			}
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			if err := isLeaf(e.View, first+uint64(i), entry); err != nil {
				return err
			}
			bundle[i] = slices.Clone(entry)
		}
		if err := w.bundle(t, bundle); err != nil {
			return err
		}
		if e.Progress != nil {
			e.Progress(first+uint64(t.Width), w.to)
		}
	}
	return nil
}

// isLeaf checks that an entry is the one of which the tree holds the hash.
func isLeaf(v View, index uint64, entry []byte) error {
	want, err := v.Leaf(index)
	if err != nil {
		return err
	}
	if leaf, _ := LeafHash(nil, entry); leaf != want {
		return fmt.Errorf("entry %d is not leaf %d of the tree: %w", index+1, index, ErrUnproven)
	}
	return nil
}

// bundle writes entries as one file, or each as its own.
func (w *exporter) bundle(t Tile, entries [][]byte) error {
	if !slices.ContainsFunc(entries, func(entry []byte) bool { return len(entry) > MaxBundled }) {
		data, err := EncodeEntries(entries)
		if err != nil {
			return err
		}
		return w.write(t.Path(), data)
	}
	for i, entry := range entries {
		if err := w.write(Tile{LevelEntry, t.Index*TileWidth + uint64(i), 1}.Path(), entry); err != nil {
			return err
		}
	}
	return nil
}

// write puts a file into the folder, whole and synced; its name is durable after sync.
func (w *exporter) write(name string, data []byte) error {
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	folder := filepath.Dir(path)
	if !w.touched[folder] {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		for up := folder; !w.touched[up]; up = filepath.Dir(up) {
			w.touched[up] = true
			if up == w.dir || up == filepath.Dir(up) {
				break
			}
		}
	}
	return durable.Replace(path, data)
}

// sync makes the names of all that was written durable.
func (w *exporter) sync() error {
	for folder := range w.touched {
		if err := durable.SyncFolder(folder); err != nil {
			return err
		}
	}
	clear(w.touched)
	return nil
}

// tidy removes the partial tiles and bundles of which the full one is there now. A crash before leaves some,
// which nobody asks for.
func (w *exporter) tidy() error {
	for level := LevelEntries; w.to>>(max(level, 0)*tileBits) > 0; level++ {
		before, partial := LastTile(level, w.from)
		if now, _ := LastTile(level, w.to); !partial || now.Index == before.Index {
			continue
		}
		full := Tile{level, before.Index, TileWidth}.Path()
		if err := os.RemoveAll(filepath.Join(w.dir, filepath.FromSlash(full+".p"))); err != nil {
			return err
		}
	}
	return nil
}
