package projections

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/orgledger/orgledger/domain"
)

// Digest is one hash over everything that is held at a point: two ledgers that answer equally have
// equal digests.
type Digest struct {
	On       string `json:"on"`
	Known    uint64 `json:"known"`
	Holdings int    `json:"holdings"` // those that anybody has
	SHA256   string `json:"sha256"`
}

// digestPart is how many holdings a goroutine resolves before what it found is hashed.
const digestPart = 2048

// Digest resolves every holding and hashes the sorted lines of their entries, on all processors.
func (v *View) Digest(at Point) *Digest {
	answer := &Digest{On: at.On.String(), Known: at.Known}
	hash := sha256.New()
	workers := make([]digester, runtime.GOMAXPROCS(0))
	for rest := v.sortedHoldings(); len(rest) > 0; {
		wave := rest[:min(len(rest), len(workers)*digestPart)]
		rest = rest[len(wave):]
		inParts(uint32(len(workers)), uint32(len(wave)), func(part, from, to uint32) { workers[part].resolve(v, wave[from:to], at) })
		for i := range workers {
			hash.Write(workers[i].text)
			answer.Holdings += workers[i].held
		}
	}
	answer.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return answer
}

// sortedHoldings are the numbers of the holdings, in the order of their references. No byte of a reference sorts before the tab that
// ends it, so the lines of holdings in that order are in order.
func (v *View) sortedHoldings() []uint32 {
	type place struct {
		key uint64 // the first bytes that are not alike in all
		num uint32
	}
	var kinds [domain.KindPerson + 1][]uint32
	for num := range v.holdings() {
		kind := v.thing(num).kind
		kinds[kind] = append(kinds[kind], num)
	}
	var sorted []uint32
	for _, kind := range []domain.Kind{domain.KindContract, domain.KindOrganisation, domain.KindResponsibility} {
		alike := v.alike(kinds[kind])
		places := make([]place, len(kinds[kind]))
		for i, num := range kinds[kind] {
			var key [8]byte
			copy(key[:], v.thing(num).id[alike:])
			places[i] = place{binary.BigEndian.Uint64(key[:]), num}
		}
		slices.SortFunc(places, func(a, b place) int {
			if a.key != b.key {
				return cmp.Compare(a.key, b.key)
			}
			return strings.Compare(v.thing(a.num).id, v.thing(b.num).id)
		})
		for _, p := range places {
			sorted = append(sorted, p.num)
		}
	}
	return sorted
}

// alike is how many bytes all ids of some things begin with.
func (v *View) alike(nums []uint32) int {
	if len(nums) == 0 {
		return 0
	}
	first := v.thing(nums[0]).id
	n := len(first)
	for _, num := range nums {
		id := v.thing(num).id
		for n = min(n, len(id)); id[:n] != first[:n]; n-- {
		}
	}
	return n
}

// digester resolves holdings in their order, and keeps the lines.
type digester struct {
	text  []byte
	lines [][]byte // of one holding
	room  []byte   // for them
	held  int      // holdings with lines
}

func (d *digester) resolve(v *View, nums []uint32, at Point) {
	d.text, d.held = d.text[:0], 0
	for _, num := range nums {
		if mentions := v.thing(num).rest.mentions; len(mentions) == 0 || uint64(mentions[0]) > at.Known {
			continue // no fact of it was known
		}
		f := v.newFold(num, uint32(at.Known), nil)
		f.run(at.On)
		if len(f.entries) > 0 {
			d.held++
		}
		if len(f.entries) == 1 {
			d.text = f.appendLine(d.text, f.entries[0])
		} else {
			d.several(f)
		}
		f.release()
	}
}

// several adds the lines of a holding that has any number of them, sorted.
func (d *digester) several(f *fold) {
	d.lines, d.room = d.lines[:0], d.room[:0]
	for _, e := range f.entries {
		begin := len(d.room)
		d.room = f.appendLine(d.room, e)
		d.lines = append(d.lines, d.room[begin:])
	}
	slices.SortFunc(d.lines, bytes.Compare)
	for _, line := range d.lines {
		d.text = append(d.text, line...)
	}
}

func (f *fold) appendLine(line []byte, e entry) []byte {
	holding := f.view.thing(f.holding)
	line = append(line, holding.kind.String()...)
	line = append(line, '/')
	line = append(line, holding.id...)
	line = append(line, '\t')
	line = append(line, f.view.thing(e.org).id...)
	line = append(line, '\t')
	line = append(line, e.role.String()...)
	line = append(line, '\t')
	line = append(line, f.nodes[e.path].at.day.String()...)
	line = append(line, '\t')
	for i, seq := range f.path(e) {
		if i > 0 {
			line = append(line, ',')
		}
		line = strconv.AppendUint(line, seq, 10)
	}
	return append(line, '\n')
}
