package projections

import (
	"hash/maphash"
	"runtime"
	"slices"

	"github.com/google/uuid"
)

// entryIDs finds the sequence of an entry by its id: a list of the ids, and a table of sequences with open
// addressing, together some 24 bytes an entry. One goroutine at a time uses it; the list's beginning may be read by any,
// for it never changes.
type entryIDs struct {
	seed  maphash.Seed
	all   []uuid.UUID // by sequence; the first is of no entry
	slots []uint32    // sequences; 0: free. Their number is a power of two
}

func newEntryIDs() *entryIDs {
	return &entryIDs{seed: maphash.MakeSeed(), all: make([]uuid.UUID, 1), slots: make([]uint32, 1024)}
}

// entryIDsOf is the table of a list, made on all processors.
func entryIDsOf(all []uuid.UUID) *entryIDs {
	e := &entryIDs{seed: maphash.MakeSeed(), all: all, slots: make([]uint32, 1024)}
	for 3*len(all) > 2*len(e.slots) {
		e.slots = make([]uint32, 2*len(e.slots))
	}
	e.fill()
	return e
}

func (e *entryIDs) home(seq uint32) uint32 {
	return uint32(maphash.Bytes(e.seed, e.all[seq][:])>>32) & uint32(len(e.slots)-1)
}

// find is the last sequence that was added with an id; 0: none was.
func (e *entryIDs) find(id *uuid.UUID) (seq uint32) {
	mask := uint32(len(e.slots) - 1)
	for i := uint32(maphash.Bytes(e.seed, id[:])>>32) & mask; e.slots[i] != 0; i = (i + 1) & mask {
		if e.all[e.slots[i]] == *id {
			seq = max(seq, e.slots[i])
		}
	}
	return seq
}

// add notes the id of the next sequence.
func (e *entryIDs) add(id uuid.UUID) {
	e.all = append(e.all, id)
	if 3*len(e.all) > 2*len(e.slots) {
		e.slots = make([]uint32, 2*len(e.slots))
		e.fill()
		return
	}
	e.put(uint32(len(e.all) - 1))
}

func (e *entryIDs) put(seq uint32) {
	mask := uint32(len(e.slots) - 1)
	i := e.home(seq)
	for e.slots[i] != 0 {
		i = (i + 1) & mask
	}
	e.slots[i] = seq
}

// truncate takes back what was added last, so that n sequences are left, the first included that is of no entry.
func (e *entryIDs) truncate(n int) {
	for seq := uint32(len(e.all) - 1); int(seq) >= n; seq-- {
		e.take(seq)
	}
	e.all = e.all[:n]
}

// take frees the slot of a sequence, and moves up what was put behind it because of it.
func (e *entryIDs) take(seq uint32) {
	mask := uint32(len(e.slots) - 1)
	free := e.home(seq)
	for e.slots[free] != seq {
		free = (free + 1) & mask
	}
	for i := (free + 1) & mask; e.slots[i] != 0; i = (i + 1) & mask {
		if (i-e.home(e.slots[i]))&mask >= (i-free)&mask { // its home is not behind the free slot
			e.slots[free] = e.slots[i]
			free = i
		}
	}
	e.slots[free] = 0
}

// fill puts every sequence into the empty table. Each goroutine has a part of the table to itself; what does not fit
// there goes in last.
func (e *entryIDs) fill() {
	parts := uint32(1)
	if len(e.all) > 1<<16 {
		parts = uint32(runtime.GOMAXPROCS(0))
	}
	late := make([][]uint32, parts)
	inParts(parts, uint32(len(e.slots)), func(part, from, to uint32) { late[part] = e.fillPart(from, to) })
	for _, seq := range slices.Concat(late...) {
		e.put(seq)
	}
}

// fillPart puts the sequences whose home is in a part of the table there, and gives those for which it has no room.
func (e *entryIDs) fillPart(from, to uint32) (late []uint32) {
	for seq := uint32(1); int(seq) < len(e.all); seq++ {
		i := e.home(seq)
		if i < from || i >= to {
			continue
		}
		for i < to && e.slots[i] != 0 {
			i++
		}
		if i == to {
			late = append(late, seq)
			continue
		}
		e.slots[i] = seq
	}
	return late
}
