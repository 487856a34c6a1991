package projections

import (
	"maps"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// Preview shows look the view as it would be with further entries applied: valid ones, which follow
// the last one without a gap. Afterwards the index is as it was, and the view that look was shown may
// no longer be used. For the goroutine that applies.
func (x *Index) Preview(batch []domain.Recorded, look func(*View)) error {
	next, touched, revised := x.next, len(x.touched), maps.Clone(x.revised)
	defer func() {
		for num, t := range x.draft {
			if num > next.count {
				x.next.names.forget(t.ref())
			}
		}
		x.ids.truncate(int(next.seq) + 1)
		maps.DeleteFunc(x.texts, func(_ string, n uint32) bool { return int(n) >= len(next.texts) })
		clear(x.draft)
		x.next, x.touched, x.revised = next, x.touched[:touched], revised
	}()
	for i := range batch {
		if err := x.apply(&batch[i]); err != nil {
			return err
		}
	}
	look(x.drafted())
	return nil
}

// drafted is a view of the index with the draft in it. Only the pages that the draft changes are
// copied.
func (x *Index) drafted() *View {
	view := x.next
	view.preview, view.touched = true, x.touched
	view.pages = slices.Clone(view.pages)
	copied := make(map[uint32]bool)
	for num, t := range x.draft {
		n := num / pageSize
		if !copied[n] {
			fresh := new(page)
			for i := range fresh {
				fresh[i].Store(view.pages[n][i].Load())
			}
			view.pages[n], copied[n] = fresh, true
		}
		view.pages[n][num%pageSize].Store(t)
	}
	return &view
}
