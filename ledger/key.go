package ledger

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// limitKey is the longest idempotency key, in bytes.
const limitKey = 255

// calls is the namespace of the ids of entries in calls with a key (RFC 9562 §5.5).
var calls = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/orgledger/orgledger/calls"))

// checkKey judges a call's key; the empty one is none.
func checkKey(key string) error {
	bad := len(key) > limitKey
	for _, c := range []byte(key) {
		bad = bad || c < ' ' || c > '~'
	}
	if !bad {
		return nil
	}
	return &domain.Refusal{Code: domain.CodeBadValue, Field: "Idempotency-Key",
		Rule: fmt.Sprintf("a key has at most %d characters of ASCII", limitKey), Value: fmt.Sprintf("%.80q", key)}
}

// keyed puts an entry with its id in a call with a key in the place of one that has none. What a call says is in no id: other
// content in the same place is found by the id. Whether the call ends with the entry is in it, so that a call that
// goes on where another ended, or ends where it went on, is found by the other id.
func (h *handed) keyed(o RecordOptions, place int, last bool) *domain.Entry {
	identified := *h.entry
	identified.ID, h.other = keyedID(o, place, last), keyedID(o, place, !last)
	h.entry = &identified
	return h.entry
}

func keyedID(o RecordOptions, place int, last bool) uuid.UUID {
	return uuid.NewSHA1(calls, fmt.Appendf(nil, "%q %q %d %t", o.Actor, o.Key, place, last))
}

// reused reports whether the key of an entry's call was given with other entries, judged by the error with which
// the entry is refused, if it is, and by the id that it would have had in a call of another length.
func (s *staged) reused(h *handed, failed error) bool {
	if h.other == uuid.Nil {
		return false
	}
	if refusal, ok := failed.(*domain.Refusal); ok && refusal.Code == domain.CodeIDConflict {
		return true
	}
	_, recorded := s.index.Entry(h.other)
	return recorded || s.pending(h.other) != nil
}

func keyReused() error {
	return &domain.Refusal{Code: domain.CodeKeyReused, Field: "Idempotency-Key",
		Rule: "a key names one call: other entries were recorded with it; give another call another key"}
}

// Sequence finds the entry with an id. It waits for the writer. Where there is none, the error is a *QuestionError.
func (l *Ledger) Sequence(ctx context.Context, id uuid.UUID) (seq uint64, err error) {
	found := false
	if err := l.ask(ctx, func() error { seq, found = l.index.Entry(id); return nil }); err != nil {
		return 0, err
	}
	if !found {
		return 0, &QuestionError{Code: CodeNotFound, Field: "entry", Message: fmt.Sprintf("no entry %s is recorded", id)}
	}
	return seq, nil
}
