package ledger

import (
	"context"
	"fmt"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// View and Point are what answers are made of, under the name of the package that gives them.
type (
	View  = projections.View
	Point = projections.Point
)

// rebuildBatch is how many entries are put into an index at once.
const rebuildBatch = 1000

// Rebuild makes a view of entries that each gives in order, from the first on: of a ledger that another process serves.
// It keeps an index of all of them in memory.
func Rebuild(ctx context.Context, each func(fn func(domain.Recorded) error) error) (*View, error) {
	index := projections.NewIndex()
	batch := make([]domain.Recorded, 0, rebuildBatch)
	load := func() error {
		if err := index.Load(batch); err != nil {
			return fmt.Errorf("index the log: %w", err)
		}
		batch = batch[:0]
		return ctx.Err()
	}
	err := each(func(e domain.Recorded) error {
		if batch = append(batch, e); len(batch) < rebuildBatch {
			return nil
		}
		return load()
	})
	if err == nil {
		err = load()
	}
	if err != nil {
		return nil, err
	}
	index.Publish()
	return index.View(), nil
}
