package projections_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// An image written and read, against making the index of the entries anew. The heap is that of the index that was
// read and of the one that grew, the entries not counted.
func BenchmarkImage(b *testing.B) {
	for _, n := range sizes {
		all := recorded(n)
		before := heap()
		index := built(b, all)
		grown := heap() - before
		runtime.KeepAlive(all)
		image := index.Image()
		kept := chunks(image)
		b.Run(fmt.Sprintf("write/%d", n), func(b *testing.B) {
			size := 0
			for b.Loop() {
				size = 0
				for chunk := range image.Chunks() {
					size += len(chunk)
				}
			}
			b.ReportMetric(float64(size)/float64(n), "bytes/entry")
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
		b.Run(fmt.Sprintf("read/%d", n), func(b *testing.B) {
			read, again := 0.0, (*projections.Index)(nil)
			for b.Loop() {
				b.StopTimer()
				again = nil
				before := heap()
				b.StartTimer()
				var err error
				if again, err = assembled(kept); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				read = heap() - before
				b.StartTimer()
			}
			runtime.KeepAlive(again)
			b.ReportMetric(read/float64(n), "heap-bytes/entry")
			b.ReportMetric(grown/float64(n), "grown-bytes/entry")
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
		runtime.KeepAlive(index)
	}
}

// heap is how many bytes are in use.
func heap() float64 {
	runtime.GC()
	runtime.GC() // what pools held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// One hash over everything that is held.
func BenchmarkDigest(b *testing.B) {
	for _, n := range sizes {
		view := built(b, recorded(n)).View()
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				view.Digest(projections.Point{On: domain.LastDate, Known: view.Seq()})
			}
		})
	}
}
