package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
)

// A tree that is put together from its leaves is that which they were appended to, of every size, and grows on as it does.
func TestLeaves(t *testing.T) {
	var grown Hashes
	for size := uint64(0); size <= 2*4096+300; size++ {
		if near := size % LeavesPiece; size > 600 && near > 1 && near < LeavesPiece-1 && size%101 != 0 {
			grown.Append(leafOf(size))
			continue
		}
		view := grown.View()
		again := restored(t, view)
		want, err := view.Root(size)
		if err != nil {
			t.Fatal(err)
		}
		got, err := again.View().Root(size)
		if err != nil || got != want {
			t.Fatalf("the root of %d leaves is %x (%v), want %x", size, got, err, want)
		}
		tree, err := again.View().Tree(size)
		if err != nil || tree.Root() != want || tree.Size() != size {
			t.Fatalf("the edge of %d leaves has the root %x (%v), want %x", size, tree.Root(), err, want)
		}
		again.Append(leafOf(size))
		grown.Append(leafOf(size))
		want, _ = grown.View().Root(size + 1)
		if got, err := again.View().Root(size + 1); err != nil || got != want {
			t.Fatalf("with one more than %d leaves the root is %x (%v), want %x", size, got, err, want)
		}
	}
}

func leafOf(i uint64) Hash { return sha256.Sum256(binary.BigEndian.AppendUint64(nil, i)) }

// restored is put together from the last piece to the first.
func restored(t *testing.T, v View) *Hashes {
	t.Helper()
	leaves := NewLeaves(v.Size())
	var group sync.WaitGroup
	for from := uint64(0); from < v.Size(); from += LeavesPiece {
		hashes, err := v.Leaves(nil, from, min(from+LeavesPiece, v.Size()))
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			if err := leaves.Put(from, hashes); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	h, err := leaves.Hashes()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Pieces that do not fit are refused, and so is a tree that lacks some.
func TestLeavesRefuse(t *testing.T) {
	piece := bytes.Repeat([]byte{1}, LeavesPiece*HashSize)
	for name, c := range map[string]struct {
		first  uint64
		hashes []byte
	}{
		"beyond":         {2 * LeavesPiece, piece},
		"far beyond":     {1 << 40, piece},
		"between":        {7, piece[:HashSize]},
		"cut off":        {0, piece[:len(piece)-1]},
		"too few":        {0, piece[:HashSize]},
		"beyond the end": {LeavesPiece, piece},
	} {
		leaves := NewLeaves(LeavesPiece + 10)
		if err := leaves.Put(c.first, c.hashes); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := leaves.Hashes(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s, a tree without leaves: %v", name, err)
		}
	}
	var none View
	if _, err := none.Leaves(nil, 0, 1); !errors.Is(err, ErrBeyond) {
		t.Error(err)
	}
	if _, err := none.Tree(1); !errors.Is(err, ErrBeyond) {
		t.Error(err)
	}
}
