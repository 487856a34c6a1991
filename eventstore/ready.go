package eventstore

import (
	"time"

	"github.com/orgledger/orgledger/audit"
)

// making is a commit in the making: encoded and hashed as far as its entries are known.
type making struct {
	base   Head    // that it comes after
	drafts []Draft // that are in it
	when   int64   // their recorded time
	text   [len(timeLayout)]byte
	data   []byte // the batch, without its end
	tree   audit.Tree
	hashes [][audit.HashSize]byte // of the leaves
	size   int                    // sum of Size
	room   []byte                 // to hash in
}

// newMaking begins a commit after a state, which stays as it is, in memory that is free.
func newMaking(after *state, now int64, room []byte) *making {
	m := &making{base: after.Head, when: max(now, after.Time), data: append(room[:0], '['), tree: after.tree.Clone()}
	time.Unix(0, m.when).UTC().AppendFormat(m.text[:0], timeLayout)
	return m
}

// add appends events behind those that are there. The tree grows by them.
func (m *making) add(drafts []Draft) {
	for i := range drafts {
		if len(m.drafts) > 0 {
			m.data = append(m.data, ',')
		}
		begin := len(m.data)
		m.data = drafts[i].append(m.data, m.text[:], m.base.Seq+1+uint64(len(m.drafts)))
		var hash [audit.HashSize]byte
		hash, m.room = audit.LeafHash(m.room, m.data[begin:])
		m.tree.AppendHash(hash)
		m.hashes = append(m.hashes, hash)
		m.size += drafts[i].size
		m.drafts = append(m.drafts, drafts[i])
	}
}

// begins reports whether what is there is how a commit of drafts after a head begins.
func (m *making) begins(after *Head, drafts []Draft) bool {
	if m == nil || m.base != *after || len(m.drafts) > len(drafts) {
		return false
	}
	for i := range m.drafts {
		if &m.drafts[i].text[0] != &drafts[i].text[0] { // each draft has a text of its own
			return false
		}
	}
	return true
}

// Ready makes what it can of the commit that is going to be appended behind the one under way, while the disk has to
// do with that: Append goes on from there, if that is what it is then given, and it comes behind that commit. It may be
// called again with more drafts behind the same. Without a commit under way, and after a failed one, it does nothing.
func (s *Store) Ready(drafts []Draft) {
	s.making.Lock()
	defer s.making.Unlock()
	if s.under == nil || len(drafts) == 0 {
		return
	}
	if !s.ready.begins(&s.under.Head, drafts) {
		s.ready = newMaking(s.under, s.clock().UnixNano(), s.takeRoom())
	}
	s.ready.add(drafts[len(s.ready.drafts):])
}

// finish is the commit of drafts after a state: that which was made ready, if it is that, and what is missing of it.
func (s *Store) finish(after *state, drafts []Draft) *making {
	s.making.Lock()
	m := s.ready
	if s.ready = nil; !m.begins(&after.Head, drafts) {
		m = newMaking(after, s.clock().UnixNano(), s.takeRoom())
	}
	s.making.Unlock()
	m.add(drafts[len(m.drafts):])
	return m
}

// underway says what the log is going to end with if the commit that is being written is; nil: it was not.
func (s *Store) underway(next *state) {
	s.making.Lock()
	defer s.making.Unlock()
	if s.under = nil; next != nil {
		under := next.clone()
		s.under = &under
	}
}

// takeRoom takes the memory of a message that has been written. The caller holds making.
func (s *Store) takeRoom() []byte {
	room := s.room
	s.room = nil
	return room
}

// giveRoom gives the memory of a message back.
func (s *Store) giveRoom(data []byte) {
	s.making.Lock()
	defer s.making.Unlock()
	if cap(data) <= cacheBytes/8 {
		s.room = data
	}
}
