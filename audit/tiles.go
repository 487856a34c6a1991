package audit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrMalformed says that a text or an archive does not have the form that it must have, to the byte.
var ErrMalformed = errors.New("malformed")

// TileWidth is the number of hashes in a full tile, and of entries in a full bundle.
const TileWidth = 1 << tileBits

const (
	tileBits  = 8
	maxLevel  = 63
	maxBundle = TileWidth * (2 + MaxBundled)
)

// MaxBundled is the length in bytes of the longest entry that an entry bundle can hold.
const MaxBundled = 1<<16 - 1

// The levels of tiles that hold no hashes. See [Tile].
const (
	LevelEntries = -1
	LevelEntry   = -2
)

// Tile names a static resource of C2SP tlog-tiles. With a Level from 0 to 7 it is a tile of hashes, with
// LevelEntries a bundle of the entries from Index × 256 on, and Width, from 1 to 256, says how many they are.
//
// With LevelEntry it is the bytes of the one entry at Index, and Width is 1. This kind is not in the
// specification, since a bundle cannot hold an entry of more than MaxBundled bytes. The rule: a bundle, full or
// partial, of which any entry is longer than MaxBundled does not exist, and each of its entries is
// there as a resource of its own; where the bundle exists, they need not be.
type Tile struct {
	Level int
	Index uint64
	Width int
}

func (t Tile) check() error {
	switch {
	case t.Level < LevelEntry || t.Level > maxLevel:
		return fmt.Errorf("level %d: %w", t.Level, ErrMalformed)
	case t.Width < 1 || t.Width > TileWidth || t.Level == LevelEntry && t.Width != 1:
		return fmt.Errorf("width %d: %w", t.Width, ErrMalformed)
	}
	return nil
}

// in reports whether a tree of a size has the tile: whether all its hashes are there.
func (t Tile) in(size uint64) bool {
	switch {
	case t.Level == LevelEntry:
		return t.Index < size
	case t.Level >= 64/tileBits:
		return false
	}
	have := size >> (max(t.Level, 0) * tileBits)
	full := have / TileWidth
	return t.Index < full || t.Index == full && uint64(t.Width) <= have%TileWidth
}

// Path is where the resource is, below the log's prefix: tile/0/x001/234.p/17, tile/entries/000 or
// tile/entry/x065/536. The numbers are written as the specification says.
func (t Tile) Path() string {
	number := fmt.Sprintf("%03d", t.Index%1000)
	for n := t.Index / 1000; n > 0; n /= 1000 {
		number = fmt.Sprintf("x%03d/%s", n%1000, number)
	}
	switch {
	case t.Level == LevelEntry:
		return "tile/entry/" + number
	case t.Width != TileWidth:
		number += ".p/" + strconv.Itoa(t.Width)
	}
	if t.Level == LevelEntries {
		return "tile/entries/" + number
	}
	return "tile/" + strconv.Itoa(t.Level) + "/" + number
}

// ParseTile reads the path of a resource. It takes exactly what Path gives; the error is ErrMalformed. It may
// name a tile that no tree has.
func ParseTile(path string) (Tile, error) {
	t, ok := Tile{Width: TileWidth}, false
	rest, isTile := strings.CutPrefix(path, "tile/")
	kind, number, found := strings.Cut(rest, "/")
	switch kind {
	case "entries":
		t.Level, ok = LevelEntries, true
	case "entry":
		t.Level, t.Width, ok = LevelEntry, 1, true
	default:
		level, err := strconv.ParseUint(kind, 10, 8)
		t.Level, ok = int(level), err == nil
	}
	if number, width, partial := strings.Cut(number, ".p/"); partial {
		n, err := strconv.ParseUint(width, 10, 8)
		t.Width, ok = int(n), ok && err == nil
		t.Index, found = parseIndex(number)
	} else if found {
		t.Index, found = parseIndex(number)
	}
	if !isTile || !found || !ok || t.check() != nil || t.Path() != path {
		return Tile{}, fmt.Errorf("%q is no path of a tile: %w", path, ErrMalformed)
	}
	return t, nil
}

// parseIndex reads a number in elements of three digits. Path, compared afterwards, says whether it was
// written rightly.
func parseIndex(number string) (uint64, bool) {
	digits := strings.NewReplacer("x", "", "/", "").Replace(number)
	index, err := strconv.ParseUint(digits, 10, 64)
	return index, err == nil
}

// LastTile is the tile at the right edge of a level in a tree of a size; ok is false where the edge is that of
// a full tile, or there is none. For LevelEntries it is the last bundle.
func LastTile(level int, size uint64) (t Tile, ok bool) {
	have := size >> (max(level, 0) * tileBits)
	t = Tile{Level: level, Index: have / TileWidth, Width: int(have % TileWidth)}
	return t, t.Width > 0
}

// EncodeEntries is the entry bundle of up to 256 entries, each with its length in two bytes, big end first,
// before it. The error says which entry is longer than MaxBundled; see [Tile] for what then takes its place.
func EncodeEntries(entries [][]byte) ([]byte, error) {
	if len(entries) < 1 || len(entries) > TileWidth {
		return nil, fmt.Errorf("a bundle of %d entries: %w", len(entries), ErrMalformed)
	}
	var bundle []byte
	for i, entry := range entries {
		if len(entry) > MaxBundled {
			return nil, fmt.Errorf("entry %d of the bundle has %d bytes, over %d: %w", i, len(entry), MaxBundled, ErrMalformed)
		}
		bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(entry)))
		bundle = append(bundle, entry...)
	}
	return bundle, nil
}

// DecodeEntries reads an entry bundle of exactly width entries. They are parts of the bundle, not copies.
func DecodeEntries(bundle []byte, width int) ([][]byte, error) {
	entries := make([][]byte, 0, max(width, 0))
	for rest := bundle; len(rest) > 0; {
		if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
			return nil, fmt.Errorf("entry %d of a bundle ends before its length: %w", len(entries), ErrMalformed)
		}
		end := 2 + int(binary.BigEndian.Uint16(rest))
		entries = append(entries, rest[2:end:end])
		rest = rest[end:]
		if len(entries) > width {
			break
		}
	}
	if len(entries) != width || width < 1 || width > TileWidth {
		return nil, fmt.Errorf("a bundle of %d entries, where %d are due: %w", len(entries), width, ErrMalformed)
	}
	return entries, nil
}
