package tables_test

import (
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/exporttest"
	"github.com/orgledger/orgledger/formats/tables"
)

// nowhere is a sink that counts.
type nowhere struct{ rows int }

func (n *nowhere) Row(*tables.Table, []any) error {
	n.rows++
	return nil
}

// BenchmarkWrite makes all tables of 20,000 entries: everything, and one known point.
func BenchmarkWrite(b *testing.B) {
	const entries = 20_000
	log, view := exporttest.Large(b, entries)
	for name, one := range map[string]bool{"everything": false, "one-known": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				sink := new(nowhere)
				o := tables.Options{On: domain.LastDate, Known: view.Seq(), OneKnown: one}
				if _, err := tables.Write(b.Context(), view, log, o, sink); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(sink.rows), "rows")
			}
			b.ReportMetric(float64(entries*b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
