package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections/histories"
)

// largeFile is a large history as a file of entries.
func largeFile(n int) []byte {
	var file []byte
	for e := range histories.Large(n, 1) {
		file = append(e.AppendJSON(file), '\n')
	}
	return file
}

// Recording a file: read, check, append with fsync, index, answer.
func BenchmarkRecordFile(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			file := largeFile(n)
			for b.Loop() {
				b.StopTimer()
				l := open(b, b.TempDir())
				b.StartTimer()
				if _, err := l.RecordLines(b.Context(), bytes.NewReader(file), ledger.RecordOptions{}); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				l.close()
				b.StartTimer()
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// Opening a ledger: every commit read from the log, decoded, proved and indexed.
func BenchmarkRebuild(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir := b.TempDir()
			l := open(b, dir)
			if _, err := l.RecordLines(b.Context(), bytes.NewReader(largeFile(n)), ledger.RecordOptions{}); err != nil {
				b.Fatal(err)
			}
			l.close()
			l = nil
			for b.Loop() {
				b.StopTimer()
				store, err := eventstore.Open(b.Context(), eventstore.Options{Dir: dir, ReadOnly: true})
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if _, err := ledger.Open(b.Context(), store, nil); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := store.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// Recording the merger of a body costs the same whatever it holds.
func BenchmarkRecordMerger(b *testing.B) {
	for _, held := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("%d-holdings", held), func(b *testing.B) {
			l := open(b, b.TempDir())
			var file []byte
			body := func(id string) {
				file = append(file, `{"type":"organisation.established","data":{"organisation":"`+id+`","name":"A body"}}`+"\n"...)
			}
			body("into")
			body("from")
			for i := range held {
				file = fmt.Appendf(file, `{"type":"contract.awarded","effective":"2000-01-01","data":{"contract":"c-%d","title":"A contract","owner":"from"}}`+"\n", i)
			}
			if _, err := l.RecordLines(b.Context(), bytes.NewReader(file), ledger.RecordOptions{}); err != nil {
				b.Fatal(err)
			}
			i := 0
			for b.Loop() {
				i++
				merger := &domain.Entry{Effective: domain.DayEDTF(domain.LastDate),
					Fact: &domain.OrganisationMerged{Organisations: []domain.OrganisationID{"from"}, Into: "into"}, Note: fmt.Sprint(i)}
				if _, err := l.Record(b.Context(), []*domain.Entry{merger}, ledger.RecordOptions{}); err != nil {
					b.Fatal(errors.Unwrap(err))
				}
			}
		})
	}
}
