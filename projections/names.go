package projections

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/orgledger/orgledger/domain"
)

// names finds things by reference: a hash table that one goroutine writes and any number read without
// a lock. A slot is filled once, and then only its thing is replaced by a newer state of the same; a
// table that is two thirds full is replaced by one twice as long. A slot may be newer than a view:
// the number tells.
type names struct {
	seed  maphash.Seed
	slots atomic.Pointer[[]slot]
	used  int // owned by the writer
}

// slot is free while its thing is nil. hash and num are written before the thing and never again.
type slot struct {
	hash, num uint32
	thing     atomic.Pointer[thing]
}

// nobody fills the slots that a preview leaves behind.
var nobody = new(thing)

func newNames() *names {
	n := &names{seed: maphash.MakeSeed()}
	slots := make([]slot, 1024)
	n.slots.Store(&slots)
	return n
}

func (n *names) hash(ref domain.Ref) uint32 {
	return uint32(maphash.String(n.seed, ref.ID)>>32) + uint32(ref.Kind)*0x9e3779b9
}

// find is the slot of a reference and the thing in it, nil where there is none.
func (n *names) find(ref domain.Ref) (*slot, *thing) {
	slots, h := *n.slots.Load(), n.hash(ref)
	for i := h; ; i++ {
		s := &slots[i&uint32(len(slots)-1)]
		t := s.thing.Load()
		if t == nil {
			return nil, nil
		}
		if s.hash == h && t.kind == ref.Kind && t.id == ref.ID {
			return s, t
		}
	}
}

// add notes a thing whose reference is in no slot.
func (n *names) add(num uint32, t *thing) {
	slots := *n.slots.Load()
	if 3*(n.used+1) > 2*len(slots) {
		longer := make([]slot, 2*len(slots))
		for i := range slots {
			if t := slots[i].thing.Load(); t != nil {
				put(longer, slots[i].hash, slots[i].num, t)
			}
		}
		n.slots.Store(&longer)
		slots = longer
	}
	n.used++
	put(slots, n.hash(t.ref()), num, t)
}

func put(slots []slot, hash, num uint32, t *thing) {
	for i := hash; ; i++ {
		if s := &slots[i&uint32(len(slots)-1)]; s.thing.Load() == nil {
			s.hash, s.num = hash, num
			s.thing.Store(t)
			return
		}
	}
}

// replace puts a newer state of a thing into its slot.
func (n *names) replace(t *thing) {
	if s, _ := n.find(t.ref()); s != nil {
		s.thing.Store(t)
	}
}

// forget takes a thing out that a preview put in.
func (n *names) forget(ref domain.Ref) {
	if s, _ := n.find(ref); s != nil {
		s.thing.Store(nobody)
	}
}
