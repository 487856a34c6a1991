package verify

import (
	"strings"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/histories"
)

// grown has the live index fed too, with entries that a test may alter, as if recording had indexed something else.
func grown(t *testing.T, n int, alter func(*domain.Recorded)) *reading {
	t.Helper()
	v := fed(t, n, 1)
	var entries []*domain.Entry
	for e := range histories.Large(n, 1) {
		entries = append(entries, e)
	}
	for _, e := range histories.Record(entries) {
		alter(&e)
		if err := v.live.apply(eventstore.Commit{First: e.Seq, Entries: []domain.Recorded{e}}); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// awardedToAnother alters the owner of one of the contracts up to a sequence.
func awardedToAnother(upTo uint64) func(*domain.Recorded) {
	done := false
	return func(e *domain.Recorded) {
		if award, ok := e.Fact.(*domain.ContractAwarded); ok && !done && e.Seq > upTo/2 && e.Seq <= upTo {
			other := *award
			other.Owner, done = other.Suppliers[0], true
			e.Fact = &other
		}
	}
}

// An index that was built otherwise than the log says is told by the digest, now and of earlier states.
func TestIndexesAreCompared(t *testing.T) {
	for name, c := range map[string]struct {
		alter func(*domain.Recorded)
		wrong bool
	}{
		"as the log says":    {func(*domain.Recorded) {}, false},
		"with another award": {awardedToAnother(600), true},
	} {
		v := grown(t, 2000, c.alter)
		if _, err := v.compareIndexes(t.Context()); (err != nil) != c.wrong {
			t.Errorf("%s, in the end: %v", name, err)
		}
		if len(v.live.views) != earlier {
			t.Errorf("%s: %d views were kept", name, len(v.live.views))
		}
		if _, err := v.compareEarlier(t.Context()); (err != nil) != c.wrong {
			t.Errorf("%s, of earlier states: %v", name, err)
		}
	}
}

// A digest that was given out comes out again, or is told.
func TestDigestsAreMadeAgain(t *testing.T) {
	v := fed(t, 500, 1)
	at := projections.Point{On: v.judge.middle(), Known: 400}
	given := Digest{Name: "kept", Known: at.Known, On: at.On, SHA256: v.bulk.index.View().Digest(at).SHA256}
	v.options.Digests = []Digest{given}
	if _, err := v.compareDigests(t.Context()); err != nil {
		t.Error(err)
	}
	for says, d := range map[string]Digest{
		"and now is":               {Name: "kept", Known: 399, On: domain.LastDate, SHA256: given.SHA256},
		"ends with entry 500":      {Name: "kept", Known: 501, On: at.On, SHA256: given.SHA256},
		"the digest was 00 (kept)": {Name: "kept", Known: at.Known, On: at.On, SHA256: "00"},
	} {
		v.options.Digests = []Digest{given, d}
		if _, err := v.compareDigests(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q is not said: %v", says, err)
		}
	}
}
