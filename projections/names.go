package projections

import (
	"hash/maphash"
	"runtime"
	"slices"
	"sync"
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

// namesOf is the table of the things in pages that are numbered from 1 to count, made on all processors. Each goroutine has a
// part of the table to itself; what does not fit there goes in last.
func namesOf(pages []*page, count uint32) *names {
	n := &names{seed: maphash.MakeSeed(), used: int(count)}
	size := 1024
	for 3*(n.used+1) > 2*size {
		size *= 2
	}
	slots := make([]slot, size)
	n.slots.Store(&slots)
	parts := uint32(runtime.GOMAXPROCS(0))
	hashes := make([]uint32, count+1)
	inParts(parts, count+1, func(_, from, to uint32) {
		for num := max(1, from); num < to; num++ {
			hashes[num] = n.hash(pages[num/pageSize][num%pageSize].Load().ref())
		}
	})
	late := make([][]uint32, parts)
	inParts(parts, uint32(size), func(part, from, to uint32) { late[part] = n.fill(pages, hashes, from, to) })
	for _, num := range slices.Concat(late...) {
		put(slots, hashes[num], num, pages[num/pageSize][num%pageSize].Load())
	}
	return n
}

// fill puts the things whose home is in a part of the table there, and gives those for which it has no room.
func (n *names) fill(pages []*page, hashes []uint32, from, to uint32) (late []uint32) {
	slots := *n.slots.Load()
	for num := uint32(1); int(num) < len(hashes); num++ {
		i := hashes[num] & uint32(len(slots)-1)
		if i < from || i >= to {
			continue
		}
		for i < to && slots[i].num != 0 {
			i++
		}
		if i == to {
			late = append(late, num)
			continue
		}
		slots[i].hash, slots[i].num = hashes[num], num
		slots[i].thing.Store(pages[num/pageSize][num%pageSize].Load())
	}
	return late
}

// inParts calls fn for equal parts of the numbers below n, at the same time.
func inParts(parts, n uint32, fn func(part, from, to uint32)) {
	width := n/parts + 1
	var group sync.WaitGroup
	for part := range parts {
		group.Go(func() { fn(part, min(part*width, n), min((part+1)*width, n)) })
	}
	group.Wait()
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
