package projections

import "github.com/orgledger/orgledger/domain"

// Mentions lists the sequences, rising and up to known, of the entries that concern a reference:
// those that name it, and the corrections and retractions of those.
func (v *View) Mentions(ref domain.Ref, known uint64) []uint64 {
	_, t := v.lookup(ref)
	if t == nil {
		return nil
	}
	var seqs []uint64
	for _, seq := range t.rest.mentions {
		if uint64(seq) <= min(known, v.Seq()) {
			seqs = append(seqs, uint64(seq))
		}
	}
	return seqs
}

// Concerning is Mentions of the types that keep chooses; a correction or retraction counts as the entry that it is of. It
// looks at every mention and reads nothing else.
func (v *View) Concerning(ref domain.Ref, known uint64, keep func(domain.Type) bool) []uint64 {
	_, t := v.lookup(ref)
	if t == nil {
		return nil
	}
	var seqs []uint64
	for _, seq := range t.rest.mentions {
		typ := v.entries[seq].typ
		if uint64(seq) > min(known, v.Seq()) {
			break
		}
		if amends(typ) {
			typ = v.entries[v.entries[seq].about].typ
		}
		if keep(typ) {
			seqs = append(seqs, uint64(seq))
		}
	}
	return seqs
}

// Amendments lists, rising, the corrections and retractions of an entry that concerns a reference.
func (v *View) Amendments(ref domain.Ref, of uint64) []uint64 {
	_, t := v.lookup(ref)
	if t == nil {
		return nil
	}
	var seqs []uint64
	for _, seq := range t.rest.mentions {
		if uint64(seq) > v.Seq() {
			break
		}
		if e := &v.entries[seq]; amends(e.typ) && uint64(e.about) == of {
			seqs = append(seqs, uint64(seq))
		}
	}
	return seqs
}

func amends(typ domain.Type) bool {
	return typ == domain.TypeEntryCorrected || typ == domain.TypeEntryRetracted
}
