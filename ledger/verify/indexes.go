package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/minio/highwayhash"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections"
)

// rebuilt is an index made from the log alone. It belongs to one goroutine while it is built.
type rebuilt struct {
	index   *projections.Index
	resumed int                 // how often it went on from a snapshot
	views   []*projections.View // as they were at the last of some commits
	next    uint64              // sequence after which the next view is kept
}

func newRebuilt() *rebuilt { return &rebuilt{index: projections.NewIndex(), next: 1} }

// apply is how recording builds the index. Views are kept on the way, each after three times as many entries as the one
// before.
func (r *rebuilt) apply(c eventstore.Commit) error {
	if err := r.index.Apply(own(c.Entries)); err != nil {
		return err
	}
	if c.Last() >= r.next {
		r.views = append(r.views[max(0, len(r.views)-earlier+1):], r.index.View())
		r.next = 3 * c.Last()
	}
	return nil
}

// earlier is how many of the views that were kept are compared.
const earlier = 2

// own copies what an index changes: a correction is resolved in place, and several indexes are built from the same
// commits at the same time.
func own(entries []domain.Recorded) []domain.Recorded {
	copied := false
	for i := range entries {
		stored, ok := entries[i].Fact.(*domain.EntryCorrected)
		if !ok {
			continue
		}
		if !copied {
			entries, copied = append([]domain.Recorded(nil), entries...), true
		}
		correction := *stored
		entries[i].Fact = &correction
	}
	return entries
}

// compareIndexes compares everything in the index that was loaded in one go, by way of two snapshots, and in the one that grew commit by
// commit.
func (v *reading) compareIndexes(context.Context) (string, error) {
	for v.bulk.resumed < len(snapshotAt) { // a log of few commits
		if err := v.bulk.resume(); err != nil {
			return "", err
		}
	}
	images := []*projections.Image{v.bulk.index.Image(), v.live.index.Image()}
	sums := make([][highwayhash.Size]byte, len(images))
	var group sync.WaitGroup
	for i := range images {
		group.Go(func() { sums[i] = images[i].Sum() })
	}
	group.Wait()
	if sums[0] != sums[1] {
		return "", fmt.Errorf("the index loaded at once, and from snapshots of it, is %x, and the one that grew commit by commit %x", sums[0], sums[1])
	}
	if v.beside.fits && v.beside.differs != nil {
		return "", v.beside.differs
	}
	view := v.bulk.index.View()
	v.digest = view.Digest(projections.Point{On: domain.LastDate, Known: view.Seq()}).SHA256
	return fmt.Sprintf("built twice, commit by commit, and in one go and then from %d snapshots%s, the index is the same (digest %s)",
		v.bulk.resumed, v.beside.says(), short(v.digest)), nil
}

// compareEarlier compares what the index says was known earlier with the views that were kept then, when
// nothing later was known.
func (v *reading) compareEarlier(ctx context.Context) (string, error) {
	views := v.live.views
	for _, then := range views {
		at := projections.Point{On: v.judge.middle(), Known: then.Seq()}
		first, second, err := digests(ctx, v.bulk.index.View(), then, at)
		if err != nil {
			return "", err
		}
		if *first != *second {
			return "", fmt.Errorf("on %s as known at entry %d, the ledger has the digest %s, and one that ended there %s", at.On, at.Known, first.SHA256, second.SHA256)
		}
	}
	return fmt.Sprintf("%d earlier states are reproduced with the same digests", len(views)), nil
}

// compareDigests makes every digest again that was given out.
func (v *reading) compareDigests(ctx context.Context) (string, error) {
	view := v.bulk.index.View()
	for _, d := range v.options.Digests {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if d.Known > view.Seq() {
			return "", fmt.Errorf("a digest was given out as known at entry %d (%s), and the log ends with entry %d", d.Known, d.Name, view.Seq())
		}
		if got := view.Digest(projections.Point{On: d.On, Known: d.Known}); got.SHA256 != d.SHA256 {
			return "", fmt.Errorf("on %s as known at entry %d the digest was %s (%s), and now is %s", d.On, d.Known, d.SHA256, d.Name, got.SHA256)
		}
	}
	return fmt.Sprintf("%d digests come out again", len(v.options.Digests)), nil
}

// digests asks two views for the same digest, at the same time.
func digests(ctx context.Context, a, b *projections.View, at projections.Point) (first, second *projections.Digest, err error) {
	done := make(chan *projections.Digest, 1)
	go func() { done <- b.Digest(at) }()
	first = a.Digest(at)
	return first, <-done, ctx.Err()
}

// compareServed compares the digests that are served with those that follow from the log.
func (v *reading) compareServed(ctx context.Context) (string, error) {
	view := v.bulk.index.View()
	days := []domain.Date{domain.LastDate, v.judge.middle()}
	for _, day := range days {
		question := fmt.Appendf(nil, `{"q":"digest","on":%q,"known":%d}`, day, view.Seq())
		text, err := v.options.Served(ctx, question)
		if err != nil {
			return "", fmt.Errorf("ask for the digest that is served: %w", err)
		}
		var served struct {
			projections.Digest
			ledger.Problem
		}
		if err := json.Unmarshal(text, &served); err != nil {
			return "", fmt.Errorf("read the digest that is served: %w", err)
		}
		want := view.Digest(projections.Point{On: day, Known: view.Seq()})
		if served.SHA256 != want.SHA256 {
			return "", fmt.Errorf("on %s as known at entry %d the server answers with the digest %q, and from the log follows %s %s",
				day, view.Seq(), served.SHA256, want.SHA256, served.Error.Message)
		}
	}
	return fmt.Sprintf("the digests served on %d days follow from the log", len(days)), nil
}

func short(digest string) string { return digest[:min(16, len(digest))] }
