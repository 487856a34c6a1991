package projections_test

import (
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// Readers keep asking while the writer applies commits, and each view's answers are those that the
// finished index gives for that known point.
func TestReadersWhileApplying(t *testing.T) {
	all := recorded(6000)
	index := projections.NewIndex()
	type asked struct {
		ref    domain.Ref
		at     projections.Point
		answer *projections.Holders
		err    error
	}
	var done atomic.Bool
	var readers sync.WaitGroup
	answers := make([][]asked, 3)
	for r := range answers {
		readers.Go(func() {
			for i := 0; !done.Load() || i < 100; i++ {
				view := index.View()
				a := asked{ref: domain.ContractID(fmt.Sprintf("deal-%d", i%1500)).Ref(), at: projections.Point{On: domain.Date(728_000 + 37*i%12_000), Known: view.Seq()}}
				a.answer, a.err = view.Holders(a.ref, a.at, nil)
				if len(answers[r]) < 20_000 {
					answers[r] = append(answers[r], a)
				}
			}
		})
	}
	for from := 0; from < len(all); from += 17 {
		if err := index.Apply(all[from:min(from+17, len(all))]); err != nil {
			t.Fatal(err)
		}
	}
	done.Store(true)
	readers.Wait()
	view, held := index.View(), 0
	for _, list := range answers {
		for _, a := range list {
			answer, err := view.Holders(a.ref, a.at, nil)
			if !reflect.DeepEqual(answer, a.answer) || (err == nil) != (a.err == nil) {
				t.Fatalf("%s at %+v: answered %+v, %v; in the end %+v, %v", a.ref, a.at, a.answer, a.err, answer, err)
			}
			if answer != nil {
				held++
			}
		}
	}
	if held == 0 {
		t.Error("no question found anything")
	}
}

// A preview answers as if its entries were recorded, and leaves the index as it was: recording other
// entries in their place answers as if there had been no preview.
func TestPreviewLeavesNothing(t *testing.T) {
	all := recorded(3000)
	const kept = 2000
	plain, previewed := projections.NewIndex(), projections.NewIndex()
	for _, index := range []*projections.Index{plain, previewed} {
		if err := index.Apply(all[:kept]); err != nil {
			t.Fatal(err)
		}
	}
	digest := func(v *projections.View) string {
		return v.Digest(projections.Point{On: domain.LastDate, Known: v.Seq()}).SHA256
	}
	before, inPreview := digest(previewed.View()), ""
	if err := previewed.Preview(all[kept:], func(v *projections.View) { inPreview = digest(v) }); err != nil {
		t.Fatal(err)
	}
	if after := digest(previewed.View()); after != before {
		t.Errorf("digest %s became %s", before, after)
	}
	other := domain.Recorded{Seq: kept + 1, Time: all[kept-1].Time, Entry: domain.Entry{ID: all[2500].ID,
		Fact: &domain.OrganisationEstablished{Organisation: "another", Name: "Another"}}}
	for _, index := range []*projections.Index{plain, previewed} {
		if err := index.Apply([]domain.Recorded{other}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3000 {
		ref := domain.ContractID(fmt.Sprintf("deal-%d", i)).Ref()
		at := projections.Point{On: domain.LastDate, Known: kept + 1}
		a, err := plain.View().Holders(ref, at, nil)
		b, err2 := previewed.View().Holders(ref, at, nil)
		if !reflect.DeepEqual(a, b) || (err == nil) != (err2 == nil) {
			t.Fatalf("%s: %+v, %v and after a preview %+v, %v", ref, a, err, b, err2)
		}
	}
	full := projections.NewIndex()
	if err := full.Apply(all); err != nil {
		t.Fatal(err)
	}
	if want := digest(full.View()); inPreview != want {
		t.Errorf("the preview's digest is %s, recorded it is %s", inPreview, want)
	}
}

// Entries out of order are refused: the index never has a gap.
func TestApplyRefusesGap(t *testing.T) {
	all := recorded(10)
	index := projections.NewIndex()
	if err := index.Apply(all[1:]); err == nil {
		t.Error("an index began with entry 2")
	}
}
