package projections_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// The id of a key says nothing: it is found whole, and not by a part that it has by chance.
func TestFindOfRandomIDs(t *testing.T) {
	const key = "UCTYRFE73KIV5JMUKFVIRIQIJTQAP6MXGCSQBIAMNPXVJYKKTOG3VOQD"
	x := projections.NewIndex()
	err := x.Apply([]domain.Recorded{{Seq: 1, Entry: domain.Entry{ID: uuid.New(), Effective: domain.DayEDTF(domain.FirstDate),
		Fact: &domain.KeyRegistered{Key: key, Actor: "registrar"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if found := x.View().Find("kiv5", 1); len(found) != 0 {
		t.Errorf("a part of it finds %v", found)
	}
	if found := x.View().Find(key, 1); len(found) != 1 || !found[0].Exact {
		t.Errorf("the whole of it finds %v", found)
	}
}
