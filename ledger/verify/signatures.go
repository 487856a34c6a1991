package verify

import (
	"context"
	"fmt"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// signatures checks who signed what. It belongs to the goroutine that loads the index, which resolves corrections.
type signatures struct {
	check  *ledger.SignatureCheck
	first  error // the first entry that does not pass
	others int   // how many more do not
}

func newSignatures(of string) *signatures { return &signatures{check: ledger.NewSignatureCheck(of)} }

// take checks the next entries. A signed one costs some 40 µs.
func (s *signatures) take(entries []domain.Recorded) {
	for i := range entries {
		switch err := s.check.Next(&entries[i]); {
		case err == nil:
		case s.first == nil:
			s.first = err
		default:
			s.others++
		}
	}
}

// compareSignatures tells who signed, or which entry could not have been recorded as it stands.
func (v *reading) compareSignatures(context.Context) (string, error) {
	s := v.signatures
	switch {
	case s.first != nil && s.others > 0:
		return "", fmt.Errorf("%w; %d more entries do not pass", s.first, s.others)
	case s.first != nil:
		return "", s.first
	}
	return fmt.Sprintf("%d entries are signed, each with a key of its actor that was valid then (different keys: %d); %d are unsigned, whose actors had none",
		s.check.Signed, s.check.Keys(), s.check.Unsigned), nil
}
