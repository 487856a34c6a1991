package projections

import (
	"encoding/binary"
	"slices"
)

// pen writes the parts of an image: numbers of a fixed width with the lowest byte first, lengths as varints.
type pen struct{ out []byte }

func (p *pen) byte(v uint8)      { p.out = append(p.out, v) }
func (p *pen) number(v uint32)   { p.out = binary.LittleEndian.AppendUint32(p.out, v) }
func (p *pen) long(v uint64)     { p.out = binary.LittleEndian.AppendUint64(p.out, v) }
func (p *pen) length(n int)      { p.out = binary.AppendUvarint(p.out, uint64(n)) }
func (p *pen) text(text string)  { p.length(len(text)); p.out = append(p.out, text...) }
func (p *pen) bytes(text []byte) { p.out = append(p.out, text...) }

func (p *pen) numbers(all []uint32) {
	p.length(len(all))
	p.out = slices.Grow(p.out, 4*len(all))
	for _, v := range all {
		p.number(v)
	}
}

// scanner reads what a pen has written. After the first thing that cannot be, it reads zeros.
type scanner struct {
	rest []byte
	bad  bool
}

// take is the next n bytes, which it shares.
func (s *scanner) take(n int) []byte {
	if n < 0 || n > len(s.rest) {
		s.fail()
		return nil
	}
	taken := s.rest[:n:n]
	s.rest = s.rest[n:]
	return taken
}

func (s *scanner) fail() { s.rest, s.bad = nil, true }

func (s *scanner) byte() uint8 {
	if len(s.rest) < 1 {
		s.fail()
		return 0
	}
	v := s.rest[0]
	s.rest = s.rest[1:]
	return v
}

func (s *scanner) number() uint32 {
	if len(s.rest) < 4 {
		s.fail()
		return 0
	}
	v := binary.LittleEndian.Uint32(s.rest)
	s.rest = s.rest[4:]
	return v
}

func (s *scanner) long() uint64 {
	if len(s.rest) < 8 {
		s.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(s.rest)
	s.rest = s.rest[8:]
	return v
}

// length is how many items follow, each of at least size bytes.
func (s *scanner) length(size int) int {
	v, n := binary.Uvarint(s.rest)
	if n <= 0 || v > uint64(len(s.rest)-n)/uint64(size) {
		s.fail()
		return 0
	}
	s.rest = s.rest[n:]
	return int(v)
}

func (s *scanner) text() string { return string(s.take(s.length(1))) }

// below is a number under a bound.
func (s *scanner) below(bound uint32) uint32 {
	v := s.number()
	if v >= bound {
		s.fail()
		return 0
	}
	return v
}

// numbers is a list of numbers under a bound, put into room where that is long enough.
func (s *scanner) numbers(room []uint32, bound uint32) []uint32 {
	n := s.length(4)
	if n == 0 {
		return nil
	}
	if n > len(room) {
		room = make([]uint32, n)
	}
	from := s.take(4 * n)
	for i := range n {
		if room[i] = binary.LittleEndian.Uint32(from[4*i:]); room[i] >= bound {
			s.fail()
			return nil
		}
	}
	return room[:n:n]
}
