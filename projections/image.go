package projections

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"iter"

	"github.com/google/uuid"
	"github.com/minio/highwayhash"

	"github.com/orgledger/orgledger/domain"
)

// Image is the index at one sequence, to be written down. It is immutable: it can be written while the index grows.
type Image struct {
	view    *View
	ids     []uuid.UUID
	touched []uint32
}

// Image is the index after the last batch that was applied or published. It copies nothing. For the goroutine that
// applies.
func (x *Index) Image() *Image {
	view := x.View()
	return &Image{view, x.ids.all[:view.seq+1], x.touched}
}

// Seq is the sequence of the last entry in the image.
func (m *Image) Seq() uint64 { return m.view.Seq() }

// View answers from the image.
func (m *Image) View() *View { return m.view }

// ID is the id of the last entry; zero where there is none.
func (m *Image) ID() uuid.UUID { return m.ids[m.view.seq] }

// What a chunk holds; its first byte. Its number among those of its kind follows, in four.
const (
	chunkHead = iota
	chunkIDs
	chunkEntries
	chunkMoments
	chunkTexts
	chunkThings
	chunkKinds
)

// How much a chunk holds at most.
const (
	idsChunk     = 32 << 10
	entriesChunk = 16 << 10
	momentsChunk = 32 << 10
	textsChunk   = 16 << 10
)

// Chunks gives the image piece by piece, each of a few hundred kilobytes. An Assembly makes the index of them. The first has to
// come first, the others may come in any order. A chunk is valid until the next. Equal sequences of entries give equal
// chunks, in whatever batches they were applied.
func (m *Image) Chunks() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		p := new(pen)
		things := &pagePen{seq: m.view.seq}
		write := func(kind uint8, n, size int, part func(p *pen, from, to int)) bool {
			for i := 0; i*size < n; i++ {
				p.out = p.out[:0]
				p.byte(kind)
				p.number(uint32(i))
				part(p, i*size, min((i+1)*size, n))
				if !yield(p.out) {
					return false
				}
			}
			return true
		}
		v := m.view
		pages := 0
		if v.count > 0 {
			pages = int(v.count)/pageSize + 1
		}
		_ = write(chunkHead, 1, 1, m.head) &&
			write(chunkIDs, len(m.ids), idsChunk, m.idsPart) &&
			write(chunkEntries, len(v.entries), entriesChunk, m.entriesPart) &&
			write(chunkMoments, len(v.moments), momentsChunk, m.momentsPart) &&
			write(chunkTexts, len(v.texts), textsChunk, m.textsPart) &&
			write(chunkThings, pages, 1, func(p *pen, number, _ int) { things.page(p, m.view, number) })
	}
}

// Sum is a hash over everything in the image: two indexes of the same entries have the same. It is no proof to others: a
// HighwayHash, whose key everybody knows.
func (m *Image) Sum() (sum [highwayhash.Size]byte) {
	hash := NewSum()
	for chunk := range m.Chunks() {
		hash.Write(chunk)
	}
	hash.Sum(sum[:0])
	return sum
}

// NewSum begins the hash that Sum gives of all chunks of an image.
func NewSum() hash.Hash {
	key := sha256.Sum256([]byte("orgledger index"))
	hash, err := highwayhash.New(key[:])
	if err != nil {
		panic(fmt.Sprintf("projections: the hash refuses a key of its size: %v", err))
	}
	return hash
}

func (m *Image) head(p *pen, _, _ int) {
	v := m.view
	for _, n := range []int{int(v.seq), int(v.count), len(m.touched), len(v.moments), len(v.texts)} {
		p.number(uint32(n))
	}
	p.numbers(v.gone)
	facts := v.keys.Facts()
	p.length(len(facts))
	for i := range facts {
		f := &facts[i]
		p.bytes(f.Entry[:])
		p.long(f.Seq)
		p.long(f.From)
		p.long(f.Until)
		p.number(uint32(f.Day))
		p.fact(f.Fact)
	}
}

// fact writes a fact that is kept whole: of a plan, or about a key.
func (p *pen) fact(f domain.Fact) {
	p.byte(uint8(f.Type()))
	text := domain.AppendStored(nil, f)
	p.length(len(text))
	p.bytes(text)
}

func (m *Image) idsPart(p *pen, from, to int) {
	for i := range m.ids[from:to] {
		p.bytes(m.ids[from+i][:])
	}
}

func (m *Image) entriesPart(p *pen, from, to int) {
	entries := m.view.entries
	p.number(entries[from].first)
	for i := from; i < to; i++ {
		end := uint32(len(m.touched))
		if i+1 < len(entries) {
			end = entries[i+1].first
		}
		p.byte(uint8(entries[i].typ))
		p.number(entries[i].about)
		p.numbers(m.touched[entries[i].first:end])
	}
}

func (m *Image) momentsPart(p *pen, from, to int) {
	for _, at := range m.view.moments[from:to] {
		p.number(at.seq)
		p.long(uint64(at.time))
	}
}

func (m *Image) textsPart(p *pen, from, to int) {
	for _, text := range m.view.texts[from:to] {
		p.text(text)
	}
}
