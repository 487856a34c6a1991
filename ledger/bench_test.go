package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/indexfile"
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

// Opening a ledger whose index is beside the log, all of it or all but a tenth, and proving the log afterwards, at the pace at which it is proved.
// Looking through the files is not counted.
func BenchmarkStart(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		for _, fresh := range []int{0, n / 10} {
			b.Run(fmt.Sprintf("%d-of-%d-new", fresh, n), func(b *testing.B) {
				dir := b.TempDir()
				path := indexfile.Path(dir, "main")
				lines := bytes.SplitAfter(largeFile(n), []byte("\n"))
				k := openKept(b, dir, 1)
				if _, err := k.RecordLines(b.Context(), bytes.NewReader(bytes.Join(lines[:n-fresh], nil)), ledger.RecordOptions{}); err != nil {
					b.Fatal(err)
				}
				k.close()
				info, err := os.Stat(path)
				if err != nil {
					b.Fatal(err)
				}
				if fresh > 0 {
					l := open(b, dir)
					if _, err := l.RecordLines(b.Context(), bytes.NewReader(bytes.Join(lines[n-fresh:], nil)), ledger.RecordOptions{}); err != nil {
						b.Fatal(err)
					}
					l.close()
				}
				lines = nil
				startAgain(b, dir, n)
				b.ReportMetric(float64(info.Size())/float64(n-fresh), "bytes/entry")
			})
		}
	}
}

func startAgain(b *testing.B, dir string, n int) {
	b.Helper()
	proving := time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		store, err := eventstore.Open(b.Context(), eventstore.Options{Dir: dir, ReadOnly: true})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		l, err := ledger.OpenWith(b.Context(), store, ledger.Opening{Snapshots: &ledger.Snapshots{Path: indexfile.Path(dir, "main"), ReadOnly: true}})
		if err != nil || l.View().Seq() != uint64(n) || l.Status("", "").Unproved == 0 {
			b.Fatal(err, l.Status("", ""))
		}
		b.StopTimer()
		begun := time.Now()
		if err := l.Prove(b.Context()); err != nil {
			b.Fatal(err)
		}
		proving += time.Since(begun)
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric(float64(n)*float64(b.N)/proving.Seconds(), "proved/s")
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
