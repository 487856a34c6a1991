package projections_test

import (
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// A view answers as before until it is given up, and breaks off soon after.
func TestUntil(t *testing.T) {
	index := projections.NewIndex()
	if err := index.Apply(recorded(20_000)); err != nil {
		t.Fatal(err)
	}
	view, at := index.View(), projections.Point{On: domain.LastDate, Known: index.View().Seq()}
	done := make(chan struct{})
	watched := view.Until(done)
	whole := view.Digest(at)
	if again := watched.Digest(at); *again != *whole {
		t.Errorf("%+v, not %+v", again, whole)
	}
	close(done)
	if cut := watched.Digest(at); cut.Holdings > 1024 || cut.Holdings >= whole.Holdings {
		t.Errorf("%d of %d holdings were still looked at", cut.Holdings, whole.Holdings)
	}
	if again := view.Digest(at); *again != *whole {
		t.Errorf("the view itself answers %+v, not %+v", again, whole)
	}
}
