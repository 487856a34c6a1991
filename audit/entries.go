package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"runtime"
)

// maxEntry is how long a file of one entry may be: a file that is no entry cannot fill the memory.
const maxEntry = 16 << 20

// hashed is what a bundle holds.
type hashed struct {
	tile   Tile
	hashes []Hash
	bytes  uint64
	err    error
}

// bundles hashes the bundles of an export on all cores, and gives them in order. After an error, or once the
// context has ended, there is no other.
func bundles(ctx context.Context, export fs.FS, size uint64) iter.Seq[hashed] {
	return func(yield func(hashed) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		for result := range ahead(ctx, export, size) {
			if b := <-result; ctx.Err() != nil || !yield(b) || b.err != nil {
				return
			}
		}
	}
}

// ahead begins to hash each bundle in turn, as many at a time as there are cores.
func ahead(ctx context.Context, export fs.FS, size uint64) <-chan chan hashed {
	order := make(chan chan hashed, runtime.GOMAXPROCS(0))
	go func() {
		defer close(order)
		for index := uint64(0); index*TileWidth < size; index++ {
			t := leafTile(index, size)
			t.Level = LevelEntries
			result := make(chan hashed, 1)
			select {
			case order <- result:
				go func() { result <- hashBundle(export, t) }()
			case <-ctx.Done():
				return
			}
		}
	}()
	return order
}

// hashBundle hashes the entries of a bundle, or those that stand alone in its place.
func hashBundle(export fs.FS, t Tile) hashed {
	b := hashed{tile: t, hashes: make([]Hash, t.Width)}
	data, err := readFile(export, t.Path(), maxBundle)
	if errors.Is(err, fs.ErrNotExist) {
		b.err = b.alone(export)
		return b
	}
	if err != nil {
		b.err = err
		return b
	}
	entries, err := DecodeEntries(data, t.Width)
	if err != nil {
		b.err = fmt.Errorf("%s: %w", t.Path(), err)
		return b
	}
	var room []byte
	for i, entry := range entries {
		b.hashes[i], room = LeafHash(room, entry)
		b.bytes += uint64(len(entry))
	}
	return b
}

// alone hashes the entries of a bundle that does not exist, which has to be because one of them is too long.
func (b *hashed) alone(export fs.FS) error {
	long := false
	var room []byte
	for i := range b.hashes {
		t := Tile{LevelEntry, b.tile.Index*TileWidth + uint64(i), 1}
		entry, err := readFile(export, t.Path(), maxEntry)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is missing, and so is %s: %w", b.tile.Path(), t.Path(), err)
		}
		if err != nil {
			return err
		}
		b.hashes[i], room = LeafHash(room, entry)
		b.bytes += uint64(len(entry))
		long = long || len(entry) > MaxBundled
	}
	if !long {
		return fmt.Errorf("%s is missing, although a bundle can hold its entries: %w", b.tile.Path(), ErrMalformed)
	}
	return nil
}
