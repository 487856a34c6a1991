package audit

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// The paths of C2SP tlog-tiles, and of the entries that no bundle can hold.
func TestTilePaths(t *testing.T) {
	for path, tile := range map[string]Tile{
		"tile/0/x001/x234/067":                         {0, 1234067, 256},
		"tile/0/000":                                   {0, 0, 256},
		"tile/3/999.p/1":                               {3, 999, 1},
		"tile/63/x001/000.p/255":                       {63, 1000, 255},
		"tile/entries/x001/x234/067.p/8":               {LevelEntries, 1234067, 8},
		"tile/entries/000":                             {LevelEntries, 0, 256},
		"tile/entry/x065/536":                          {LevelEntry, 65536, 1},
		"tile/0/x018/x446/x744/x073/x709/x551/615.p/2": {0, ^uint64(0), 2},
	} {
		got, err := ParseTile(path)
		if err != nil || got != tile || tile.Path() != path {
			t.Errorf("%s: %v, %v; %v is written %s", path, got, err, tile, tile.Path())
		}
	}
}

func TestTilePathsRefused(t *testing.T) {
	for _, path := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000/000", "tile/0/001/000",
		"tile/0/x001/x000", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/+1/000", "tile/0/000.p/0", "tile/0/000.p/256",
		"tile/0/000.p/01", "tile/0/000.p/", "tile/0/000.p/1/", "tile/0/000.p/1.p/1", "tile/0/000/", "/tile/0/000", "tile/8/0/000",
		"tile/0/x0x0/000", "tile/0/x00/1000", "tile/entries/", "tile/entry/000.p/1", "tile/data/000", "tile/0/x001/../000",
		"tile/0/x018/x446/x744/x073/x709/x551/616", "tile/0/0_0", "tile/0/ 00",
	} {
		if tile, err := ParseTile(path); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q is taken as %v (%v)", path, tile, err)
		}
	}
}

// Paths of hash tiles are those of package tlog, without the height that it has in them.
func TestTilePathsEqualTlog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tile := Tile{rapid.IntRange(0, 60).Draw(t, "level"), uint64(rapid.Int64Min(0).Draw(t, "index")), rapid.IntRange(1, 256).Draw(t, "width")}
		theirs := tlog.Tile{H: 8, L: tile.Level, N: int64(tile.Index), W: tile.Width}.Path()
		if want := strings.Replace(theirs, "tile/8/", "tile/", 1); tile.Path() != want {
			t.Fatalf("%v is written %s, want %s", tile, tile.Path(), want)
		}
		if again, err := ParseTile(tile.Path()); err != nil || again != tile {
			t.Fatalf("%v is read as %v (%v)", tile, again, err)
		}
	})
}

// The example of the specification: the tiles at the right edge of a tree of 70,000 leaves.
func TestLastTile(t *testing.T) {
	for level, want := range map[int]Tile{0: {0, 273, 112}, 1: {1, 1, 17}, 2: {2, 0, 1}, LevelEntries: {LevelEntries, 273, 112}} {
		if got, ok := LastTile(level, 70_000); got != want || !ok {
			t.Errorf("level %d: %v, want %v", level, got, want)
		}
	}
	if got, ok := LastTile(0, 256); ok {
		t.Errorf("a tree of 256 has the partial tile %v", got)
	}
	if got, ok := LastTile(1, 256); !ok || got.Width != 1 {
		t.Errorf("a tree of 256 ends at level 1 with %v", got)
	}
}

// Whatever entries are bundled come back, and a bundle has one form.
func TestBundles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 40), 1, 256).Draw(t, "entries")
		bundle, err := EncodeEntries(entries)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeEntries(bundle, len(entries))
		if err != nil || len(got) != len(entries) {
			t.Fatalf("%d of %d entries (%v)", len(got), len(entries), err)
		}
		for i := range got {
			if !bytes.Equal(got[i], entries[i]) {
				t.Fatalf("entry %d is %q, was %q", i, got[i], entries[i])
			}
		}
		for _, wrong := range [][]byte{bundle[:len(bundle)-1], append(bundle[:len(bundle):len(bundle)], 0), append(bundle[:len(bundle):len(bundle)], 0, 0)} {
			if _, err := DecodeEntries(wrong, len(entries)); !errors.Is(err, ErrMalformed) {
				t.Fatalf("%x is taken (%v)", wrong, err)
			}
		}
	})
	if _, err := EncodeEntries([][]byte{make([]byte, MaxBundled)}); err != nil {
		t.Error(err)
	}
	for what, entries := range map[string][][]byte{"nothing": {}, "257": make([][]byte, 257), "a long entry": {make([]byte, MaxBundled+1)}} {
		if _, err := EncodeEntries(entries); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s is bundled (%v)", what, err)
		}
	}
}

func FuzzParseTile(f *testing.F) {
	for _, path := range []string{"tile/0/x001/x234/067", "tile/3/999.p/1", "tile/entries/000", "tile/entry/x065/536", "tile/64/000"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if tile, err := ParseTile(path); err == nil && tile.Path() != path {
			t.Fatalf("%q is taken as %v, which is %q", path, tile, tile.Path())
		}
	})
}

func FuzzDecodeEntries(f *testing.F) {
	f.Add([]byte("\x00\x01a\x00\x00"), 2)
	f.Add([]byte("\x00\x02a"), 1)
	f.Fuzz(func(t *testing.T, bundle []byte, width int) {
		entries, err := DecodeEntries(bundle, width)
		if err != nil {
			return
		}
		if again, err := EncodeEntries(entries); err != nil || !bytes.Equal(again, bundle) {
			t.Fatalf("%x is taken, and written as %x (%v)", bundle, again, err)
		}
	})
}
