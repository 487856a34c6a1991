package formats

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"strings"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// Entries calls fn with all entries of a ledger, in order, corrections resolved.
type Entries func(ctx context.Context, fn func(domain.Recorded) error) error

// Known is what a ledger had when it was read: an Earlier. It keeps the ids and what is introduced, some hundred bytes an
// entry, and reads the ledger again for what Each and Differs are asked.
type Known struct {
	entries    Entries
	ids        map[uuid.UUID]struct{}
	introduced map[domain.Ref]struct{}
	sources    map[domain.SourceID]*domain.SourceRegistered
	digests    map[uuid.UUID]uint64 // of the entries; nil until they are asked for
}

// Learn reads a ledger. progress is told the sequence of each entry, and may be nil.
func Learn(ctx context.Context, entries Entries, progress func(seq uint64)) (*Known, error) {
	k := &Known{entries: entries, ids: make(map[uuid.UUID]struct{}), introduced: make(map[domain.Ref]struct{}),
		sources: make(map[domain.SourceID]*domain.SourceRegistered)}
	err := entries(ctx, func(e domain.Recorded) error {
		k.ids[e.ID] = struct{}{}
		for _, ref := range introduces(e.Fact) {
			k.introduced[ref] = struct{}{}
		}
		if source, ok := e.Fact.(*domain.SourceRegistered); ok {
			k.sources[source.Source] = source
		}
		if progress != nil {
			progress(e.Seq)
		}
		return nil
	})
	return k, err
}

// Has reports whether an entry with an id is recorded.
func (k *Known) Has(id uuid.UUID) bool {
	_, ok := k.ids[id]
	return ok
}

// Introduced reports whether an entry introduces a reference.
func (k *Known) Introduced(ref domain.Ref) bool {
	_, ok := k.introduced[ref]
	return ok
}

// Source is what is said of a source; nil: it is not registered.
func (k *Known) Source(id domain.SourceID) *domain.SourceRegistered { return k.sources[id] }

// Each calls fn with every entry that cites a source whose id begins with a prefix, in order, corrections resolved.
func (k *Known) Each(ctx context.Context, prefix string, fn func(domain.Recorded) error) error {
	if len(k.ids) == 0 {
		return nil
	}
	return k.entries(ctx, func(e domain.Recorded) error {
		for _, cited := range e.Sources {
			if strings.HasPrefix(string(cited.Source), prefix) {
				return fn(e)
			}
		}
		return nil
	})
}

// Differs reports whether an entry's id is recorded with other content.
func (k *Known) Differs(ctx context.Context, e *domain.Entry) (bool, error) {
	if !k.Has(e.ID) {
		return false, nil
	}
	if k.digests == nil {
		digests := make(map[uuid.UUID]uint64, len(k.ids))
		err := k.entries(ctx, func(r domain.Recorded) error { digests[r.ID] = digest(&r.Entry); return nil })
		if err != nil {
			return false, err
		}
		k.digests = digests
	}
	return k.digests[e.ID] != digest(e), nil
}

func digest(e *domain.Entry) uint64 {
	hash := fnv.New64a()
	hash.Write(e.Canonical())
	return binary.BigEndian.Uint64(hash.Sum(nil))
}
