package projections

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// errImage says that what was read is no image that this program has written.
var errImage = errors.New("it is no image of an index")

// Assembly makes an index of the chunks of an image. Add may be called by several goroutines at the same time.
//
// What is put together is whole and within bounds, so that reading it cannot fail; whether it is what follows from the
// entries only making the index again can tell.
type Assembly struct {
	seq, count uint32
	touched    []uint32
	ids        []uuid.UUID
	entries    []entryMeta
	moments    []moment
	texts      []string
	pages      []*page
	gone       []uint32
	keys       *domain.Keyring
	have       [chunkKinds][]atomic.Bool
	missing    atomic.Int64
}

// maxItems bounds what a head may count, so that no number that is wrong makes this program ask for all memory.
const maxItems = 1 << 31

// NewAssembly begins with the first chunk. size is about how many bytes all chunks have.
func NewAssembly(head []byte, size int64) (*Assembly, error) {
	s := scanner{rest: head}
	if s.byte() != chunkHead || s.number() != 0 {
		return nil, errImage
	}
	a := &Assembly{seq: s.number(), count: s.number()}
	touched, moments, texts := s.number(), s.number(), s.number()
	a.gone = s.numbers(nil, uint64to32(uint64(a.count)+1))
	var err error
	if a.keys, err = s.keys(); err != nil {
		return nil, err
	}
	// Each of what is counted takes at least that many bytes in one of the chunks.
	if least := 16*int64(a.seq) + 4*int64(touched) + 12*int64(moments) + int64(texts) + 4*int64(a.count); s.bad || len(s.rest) > 0 || texts == 0 ||
		a.seq >= maxItems || a.count >= maxItems || least > size {
		return nil, errImage
	}
	a.touched, a.moments, a.texts = make([]uint32, touched), make([]moment, moments), make([]string, texts)
	a.ids, a.entries = make([]uuid.UUID, a.seq+1), make([]entryMeta, a.seq+1)
	if a.count > 0 {
		a.pages = make([]*page, a.count/pageSize+1)
	}
	for kind, n := range [chunkKinds]int{chunkIDs: blocks(len(a.ids), idsChunk), chunkEntries: blocks(len(a.entries), entriesChunk),
		chunkMoments: blocks(len(a.moments), momentsChunk), chunkTexts: blocks(len(a.texts), textsChunk), chunkThings: len(a.pages)} {
		a.have[kind] = make([]atomic.Bool, n)
		a.missing.Add(int64(n))
	}
	return a, nil
}

func uint64to32(v uint64) uint32 { return uint32(min(v, uint64(forever))) }

func blocks(n, size int) int { return (n + size - 1) / size }

// keys reads what is known of keys.
func (s *scanner) keys() (*domain.Keyring, error) {
	facts := make([]domain.KeyFact, s.length(16+3*8+4+1+1))
	for i := range facts {
		f := &facts[i]
		copy(f.Entry[:], s.take(len(f.Entry)))
		f.Seq, f.From, f.Until, f.Day = s.long(), s.long(), s.long(), domain.Date(s.number())
		f.Fact = s.fact()
	}
	if s.bad {
		return nil, errImage
	}
	return domain.KeyringOf(facts)
}

// fact reads a fact that is kept whole; nil where it is none.
func (s *scanner) fact() domain.Fact {
	t := domain.Type(s.byte())
	f, err := domain.ReadStored(t, s.take(s.length(1)))
	if err != nil {
		s.fail()
		return nil
	}
	return f
}

// Add takes the next chunk. Nothing of it is kept.
func (a *Assembly) Add(chunk []byte) error {
	s := &scanner{rest: chunk}
	kind, number := s.byte(), s.number()
	if s.bad || kind >= chunkKinds || int(number) >= len(a.have[kind]) || a.have[kind][number].Swap(true) {
		return errImage
	}
	n := int(number)
	switch kind {
	case chunkIDs:
		for i := range part(a.ids, n, idsChunk) {
			copy(a.ids[n*idsChunk+i][:], s.take(16))
		}
	case chunkEntries:
		a.addEntries(s, n)
	case chunkMoments:
		for i := range part(a.moments, n, momentsChunk) {
			a.moments[n*momentsChunk+i] = moment{s.below(a.seq + 1), int64(s.long())}
		}
	case chunkTexts:
		for i := range part(a.texts, n, textsChunk) {
			a.texts[n*textsChunk+i] = s.text()
		}
	case chunkThings:
		a.pages[n] = a.page(s, n)
	}
	if s.bad || len(s.rest) > 0 {
		return fmt.Errorf("%w: chunk %d of kind %d", errImage, number, kind)
	}
	a.missing.Add(-1)
	return nil
}

// part is the n-th piece of a list.
func part[T any](all []T, n, size int) []T { return all[n*size : min((n+1)*size, len(all))] }

func (a *Assembly) addEntries(s *scanner, number int) {
	at := s.number()
	for i := range part(a.entries, number, entriesChunk) {
		e := entryMeta{typ: domain.Type(s.byte()), first: at}
		if e.about = s.number(); e.about >= a.bound(e.typ) || s.bad || uint64(at) > uint64(len(a.touched)) {
			s.fail()
			return
		}
		room := a.touched[at:]
		got := s.numbers(room, a.count+1)
		if len(got) > len(room) {
			s.fail()
			return
		}
		at += uint32(len(got))
		a.entries[number*entriesChunk+i] = e
	}
}

// bound is above what an entry of a type is about: a thing, or the entry that it corrects or retracts. An entry of sequence 0, of no
// type, is about nothing.
func (a *Assembly) bound(t domain.Type) uint32 {
	switch {
	case t == domain.TypeNone:
		return 1
	case amends(t):
		return a.seq + 1
	case int(t) > len(domain.Types()):
		return 0
	default:
		return a.count + 1
	}
}

// Index is what has been put together, published. It is an error if anything is missing. To be called once, after the last Add.
func (a *Assembly) Index() (*Index, error) {
	if n := a.missing.Load(); n != 0 {
		return nil, fmt.Errorf("%w: %d chunks are missing", errImage, n)
	}
	for i := range a.entries {
		if a.entries[i].typ == domain.TypeNone && i > 0 {
			return nil, fmt.Errorf("%w: entry %d is of no type", errImage, i)
		}
		if i > 0 && a.entries[i].first < a.entries[i-1].first {
			return nil, fmt.Errorf("%w: entry %d is out of order", errImage, i)
		}
	}
	x := NewIndex()
	x.ids, x.touched = entryIDsOf(a.ids), a.touched
	for i, text := range a.texts[1:] {
		x.texts[text] = uint32(i) + 1
	}
	x.next = View{seq: a.seq, count: a.count, pages: a.pages, texts: a.texts, moments: a.moments, entries: a.entries,
		names: namesOf(a.pages, a.count), keys: a.keys, gone: a.gone}
	x.revise()
	x.publish()
	return x, nil
}

// revise finds out again what corrected entries concern.
func (x *Index) revise() {
	for seq, e := range x.next.entries {
		if e.typ != domain.TypeEntryCorrected || e.about == 0 || e.about >= uint32(seq) {
			continue
		}
		concerned := slices.Clone(x.concerns(e.about))
		for _, num := range x.concerns(uint32(seq)) {
			if !slices.Contains(concerned, num) {
				concerned = append(concerned, num)
			}
		}
		x.revised[e.about] = slices.Clip(concerned)
	}
}
