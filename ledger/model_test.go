package ledger_test

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/anishathalye/porcupine"

	"github.com/orgledger/orgledger/domain"
)

// attempt is an entry that a client of the model hands in: it introduces a body, or renames one.
type attempt struct {
	id         string
	body, name string
	renames    bool
}

func (a attempt) line() string {
	if a.renames {
		return fmt.Sprintf(`{"id":%q,"type":"organisation.renamed","effective":"2020-01-01","data":{"organisation":%q,"name":%q}}`+"\n", a.id, a.body, a.name)
	}
	return fmt.Sprintf(`{"id":%q,"type":"organisation.established","data":{"organisation":%q,"name":%q}}`+"\n", a.id, a.body, a.name)
}

// operation is what a client asks of the ledger: to record the attempts as one call, or else, where
// there are none, what every body is called, at a sequence that is not before seen.
type operation struct {
	record []attempt
	seen   uint64 // the last sequence that the client has been told of by this node
}

// outcome is what the client is answered.
type outcome struct {
	seqs    []uint64    // of the entries recorded
	refused domain.Code // or why they are not
	line    int         // which one of the call is refused
	known   uint64      // of a question: the sequence that it was answered at
	names   map[string]string
}

// told is a state of the model: the ledger as the plainest thing that it could be, what was recorded,
// in order. It is never changed.
type told []attempt

// bodies is what every body is called after the first n entries.
func (s told) bodies(n uint64) map[string]string {
	names := make(map[string]string)
	for _, a := range s[:n] {
		names[a.body] = a.name
	}
	return names
}

// record is what a ledger in this state answers, and the state that it is in then. A call is judged as
// if nothing else happened: all of its entries are recorded, or none.
func (s told) record(call []attempt) (outcome, told) {
	next, seqs := s[:len(s):len(s)], make([]uint64, 0, len(call))
	for i, a := range call {
		refuse := func(code domain.Code) (outcome, told) { return outcome{refused: code, line: i + 1}, s }
		at := slices.IndexFunc(next, func(b attempt) bool { return b.id == a.id })
		introduced := slices.ContainsFunc(next, func(b attempt) bool { return b.body == a.body })
		switch {
		case at >= 0 && next[at] != a:
			return refuse(domain.CodeIDConflict)
		case at >= 0:
			seqs = append(seqs, uint64(at+1))
		case a.renames && !introduced:
			return refuse(domain.CodeUnknownReference)
		case !a.renames && introduced:
			return refuse(domain.CodeAlreadyIntroduced)
		default:
			next = append(next, a)
			seqs = append(seqs, uint64(len(next)))
		}
	}
	return outcome{seqs: seqs}, next
}

// step says whether the ledger, in a state, may have answered an operation like this. A question may be
// answered from an earlier state than the last, but not from one before what the client has seen of
// this node, and it has to be answered as that state was.
func step(state, input, output any) (bool, any) {
	s, op, got := state.(told), input.(operation), output.(outcome)
	if len(op.record) > 0 {
		want, next := s.record(op.record)
		return slices.Equal(got.seqs, want.seqs) && got.refused == want.refused && got.line == want.line, next
	}
	fits := got.known >= op.seen && got.known <= uint64(len(s)) && maps.Equal(got.names, s.bodies(got.known))
	return fits, s
}

// model is the sequential ledger for porcupine.
func model() porcupine.Model {
	return porcupine.Model{
		Init:  func() any { return told(nil) },
		Step:  step,
		Equal: func(a, b any) bool { return slices.Equal(a.(told), b.(told)) },
		Hash: func(state any) uint64 {
			h := fnv.New64a()
			for _, a := range state.(told) {
				_, _ = h.Write([]byte(a.id)) // never fails
			}
			return h.Sum64()
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
	}
}
