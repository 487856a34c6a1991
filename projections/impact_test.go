package projections_test

import (
	"fmt"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// abolition is a ledger in which one body owns n contracts, and a plan that dissolves it in favour of another but for some.
func abolition(n int) []domain.Recorded {
	var all []domain.Recorded
	add := func(effective domain.EDTF, f domain.Fact) {
		e := domain.Recorded{Entry: domain.Entry{Effective: effective, Fact: f}, Seq: uint64(len(all) + 1), Time: int64(len(all))}
		e.ID = e.DeriveID()
		all = append(all, e)
	}
	day := domain.DayEDTF(735_000)
	for _, body := range []domain.OrganisationID{"a", "b"} {
		add(domain.EDTF{}, &domain.OrganisationEstablished{Organisation: body, Name: string(body)})
	}
	kept := make([]domain.Ref, 0, 10)
	for i := range n {
		id := domain.ContractID(fmt.Sprintf("c-%d", i))
		add(day, &domain.ContractAwarded{Contract: id, Title: "Contract", Owner: "a"})
		if i%(n/10) == 0 {
			kept = append(kept, id.Ref())
		}
	}
	add(day, &domain.PlanAnnounced{Plan: "p", Title: "Abolition", Expected: domain.DayEDTF(740_000), Items: []domain.PlanItem{
		{Item: "i", Fact: &domain.OrganisationDissolved{Organisation: "a", Successor: "b", Except: kept}}}})
	return all
}

// The impact of an abolition on a ledger of 100,000 contracts.
func BenchmarkImpact(b *testing.B) {
	view := built(b, abolition(100_000)).View()
	for b.Loop() {
		answer, err := view.Impact("p", 0, view.Seq())
		if err != nil {
			b.Fatal(err)
		}
		if len(answer.Changes) != 100_000 || len(answer.Orphaned) != 10 {
			b.Fatalf("%d changes, %d orphaned", len(answer.Changes), len(answer.Orphaned))
		}
	}
}

// What two days differ in, where everything changed hands between them.
func BenchmarkDiff(b *testing.B) {
	view := built(b, recorded(100_000)).View()
	from, to := projections.Point{On: 733_000, Known: view.Seq()}, projections.Point{On: 738_000, Known: view.Seq()}
	for b.Loop() {
		view.Diff(from, to)
	}
}
