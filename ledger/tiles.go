package ledger

import (
	"context"
	"fmt"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/eventstore"
)

// Tile gives a resource of C2SP tlog-tiles: hashes, a bundle of entries, or one entry. It fails with
// eventstore.ErrBeyondLog where the log has no such tile, and where an entry of the bundle is too long for it; see
// audit.Tile.
func (l *Ledger) Tile(ctx context.Context, t audit.Tile) ([]byte, error) {
	tree := l.Tree()
	switch {
	case t.Level >= 0:
		content, err := tree.Tile(t.Level, t.Index, t.Width)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", eventstore.ErrBeyondLog, t.Path(), err)
		}
		return content, nil
	case t.Level == audit.LevelEntry:
		return l.Event(ctx, t.Index+1)
	}
	from := t.Index*audit.TileWidth + 1
	entries := make([][]byte, 0, t.Width)
	err := l.Events(ctx, from, from+uint64(t.Width), func(event []byte) error {
		entries = append(entries, event)
		return nil
	})
	if err != nil {
		return nil, err
	}
	bundle, err := audit.EncodeEntries(entries)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", eventstore.ErrBeyondLog, t.Path(), err)
	}
	return bundle, nil
}
