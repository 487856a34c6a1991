package projections

import (
	"encoding/binary"
	"testing"
	"unsafe"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// Whatever is added and taken back, an id is found at the sequence that a list of them gives, and no other is found.
func TestEntryIDsAreThoseOfAList(t *testing.T) {
	id := func(n int) (id uuid.UUID) {
		binary.BigEndian.PutUint64(id[8:], uint64(n))
		return id
	}
	rapid.Check(t, func(t *rapid.T) {
		ids, list := newEntryIDs(), []uuid.UUID{{}}
		ids.slots = make([]uint32, 4)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			for range rapid.IntRange(0, 40).Draw(t, "added") {
				next := id(rapid.IntRange(1, 500).Draw(t, "id"))
				ids.add(next)
				list = append(list, next)
			}
			n := rapid.IntRange(max(1, len(list)-60), len(list)).Draw(t, "left")
			ids.truncate(n)
			list = list[:n]
			for n := 1; n <= 500; n++ {
				want := uint32(0)
				for seq := 1; seq < len(list); seq++ {
					if list[seq] == id(n) {
						want = uint32(seq)
					}
				}
				wanted := id(n)
				if got := ids.find(&wanted); got != want {
					t.Fatalf("id %d is at %d, want %d, of %d", n, got, want, len(list))
				}
			}
		}
	})
}

// A table that is made of a long list, on all processors, finds every id of it.
func TestEntryIDsOfAList(t *testing.T) {
	all := make([]uuid.UUID, 200_000)
	for seq := range all {
		binary.LittleEndian.PutUint64(all[seq][:], uint64(seq))
	}
	ids := entryIDsOf(all)
	for seq := 1; seq < len(all); seq++ {
		if got := ids.find(&all[seq]); got != uint32(seq) {
			t.Fatalf("the id of %d is at %d", seq, got)
		}
	}
	if absent := (uuid.UUID{15: 1}); ids.find(&absent) != 0 {
		t.Error("an id is found that was never added")
	}
}

// Things stand in whole lines of memory, each kind in as few as it needs.
func TestRoomsAreWholeLines(t *testing.T) {
	for name, room := range map[string]struct{ size, want uintptr }{
		"an organisation": {unsafe.Sizeof(organisationRoom{}), 384},
		"a holding":       {unsafe.Sizeof(holdingRoom{}), 320},
		"anything else":   {unsafe.Sizeof(otherRoom{}), 128},
	} {
		if room.size != room.want {
			t.Errorf("the room of %s takes %d bytes, not %d", name, room.size, room.want)
		}
	}
}
