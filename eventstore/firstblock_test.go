package eventstore

import (
	"os"
	"testing"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// A log whose blocks begin with the second, since a crash left the first one empty and the server dropped
// it, opens and is recorded in like any other.
func TestBlocksFromTheSecond(t *testing.T) {
	dir := t.TempDir()
	opened := func() *Store {
		s, err := Open(t.Context(), Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := opened()
	at := newStreamFolder(dir, "main")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(at.block(1).path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at.block(2).path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for seq := range uint64(3) {
		s = opened()
		if err := s.Replay(t.Context(), 0, nil, func(Commit) error { return nil }); err != nil {
			t.Fatal(err)
		}
		entry := domain.Recorded{Entry: domain.Entry{ID: uuid.New(), Fact: &domain.OrganisationEstablished{Organisation: "a", Name: "A"}}}
		if _, err := s.Append(t.Context(), seq, []domain.Recorded{entry}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
