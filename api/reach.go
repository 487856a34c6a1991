package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/orgledger/orgledger/ledger"
)

// headerSequence names, in an answer, the last entry that it is certain to be based on.
const headerSequence = "Ledger-Sequence"

// waiting is how long a request waits for the entry that it asks for with at-least.
const waiting = 10 * time.Second

// reached answers once the ledger has the entry that the request asks for, if it asks for one, and says
// in a header which entry it has got to. Several nodes may serve one log: a program that has recorded
// through one asks another to be at least there.
func (s *server) reached(answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		seq, err := atLeast(r.URL.Query())
		if err != nil {
			s.problem(w, r, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: err.Error()})
			return
		}
		if seq > 0 {
			ctx, cancel := context.WithTimeout(r.Context(), waiting)
			err := s.ledger.Reach(ctx, seq)
			cancel()
			if err != nil {
				s.fail(w, r, err)
				return
			}
		}
		s.tellSequence(w)
		answer(w, r)
	}
}

func (s *server) tellSequence(w http.ResponseWriter) {
	w.Header().Set(headerSequence, strconv.FormatUint(s.ledger.View().Seq(), 10))
}

func atLeast(query url.Values) (uint64, error) {
	if !query.Has("at-least") {
		return 0, nil
	}
	return sequence(query, "at-least")
}
