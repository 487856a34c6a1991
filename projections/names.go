package projections

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/orgledger/orgledger/domain"
)

// names finds the number of a reference: a hash table of numbers, without pointers, that one
// goroutine writes and any number read without a lock. A slot is written once; a table that is two
// thirds full is replaced by one twice as long. The names themselves stand with the things that the
// numbers are of, and are compared there, so that a slot that is newer than a view, or left behind by
// a preview, is passed over.
type names struct {
	seed  maphash.Seed
	slots atomic.Pointer[[]atomic.Uint64]
	used  int // owned by the writer
}

func newNames() *names {
	n := &names{seed: maphash.MakeSeed()}
	slots := make([]atomic.Uint64, 1024)
	n.slots.Store(&slots)
	return n
}

func (n *names) hash(ref domain.Ref) uint32 {
	return uint32(maphash.String(n.seed, ref.ID)>>32) + uint32(ref.Kind)*0x9e3779b9
}

// find is the number of a reference among those that are its, 0 where there is none.
func (n *names) find(ref domain.Ref, is func(num uint32, ref domain.Ref) bool) uint32 {
	slots, h := *n.slots.Load(), n.hash(ref)
	for i := h; ; i++ {
		slot := slots[i&uint32(len(slots)-1)].Load()
		if slot == 0 {
			return 0
		}
		if num := uint32(slot); uint32(slot>>32) == h && is(num, ref) {
			return num
		}
	}
}

// add notes the number of a reference that has none.
func (n *names) add(ref domain.Ref, num uint32) {
	slots := *n.slots.Load()
	if 3*(n.used+1) > 2*len(slots) {
		longer := make([]atomic.Uint64, 2*len(slots))
		for i := range slots {
			if slot := slots[i].Load(); slot != 0 {
				put(longer, slot)
			}
		}
		n.slots.Store(&longer)
		slots = longer
	}
	n.used++
	put(slots, uint64(n.hash(ref))<<32|uint64(num))
}

func put(slots []atomic.Uint64, slot uint64) {
	for i := uint32(slot >> 32); ; i++ {
		if at := &slots[i&uint32(len(slots)-1)]; at.Load() == 0 {
			at.Store(slot)
			return
		}
	}
}
