package ledger_test

import (
	"context"
	"errors"
	"testing"

	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/eventstore/natstest"
	"github.com/orgledger/orgledger/ledger"
)

// What one node has recorded can be waited for at another, also where that one has not been told of it.
func TestReach(t *testing.T) {
	url := natstest.Serve(t)
	first, second := node(t, url, plainly), node(t, url, func(s *eventstore.Store) ledger.Log { return deaf{s} })
	last := first.mustRecord(t, twoBodies)[1].Seq
	if err := second.Reach(t.Context(), last); err != nil || second.View().Seq() != last {
		t.Errorf("%v, with %d entries", err, second.View().Seq())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := second.Reach(ctx, last+1); !errors.Is(err, ledger.ErrBehind) {
		t.Errorf("an entry that nobody has recorded: %v", err)
	}
	second.close()
	if err := second.Reach(t.Context(), last+1); !errors.Is(err, ledger.ErrBehind) {
		t.Errorf("after it has stopped: %v", err)
	}
}
