package eventstore

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func BenchmarkEncode(b *testing.B) {
	entries := bulk(b, 100)
	var m *making
	var room []byte
	b.ReportAllocs()
	for b.Loop() {
		m = newMaking(new(state), 0, room)
		m.add(drafts(entries))
		room = m.data
	}
	b.SetBytes(int64(len(room)))
	perEntry(b, 100)
}

func BenchmarkDecode(b *testing.B) {
	entries := bulk(b, 100)
	next := state{}
	s := &Store{options: Options{Ledger: "main"}, clock: time.Now}
	c, m, err := s.prepare(&next, entries, nil)
	if err != nil {
		b.Fatal(err)
	}
	d := newDecoder("main")
	b.ReportAllocs()
	b.SetBytes(int64(len(m.Data)))
	for b.Loop() {
		if _, err := d.commit(c.StreamSeq, m.Header, m.Data); err != nil {
			b.Fatal(err)
		}
	}
	perEntry(b, 100)
}

func perEntry(b *testing.B, entries int) {
	b.ReportMetric(float64(b.N*entries)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkAppend takes turns with a bare publish of a message of the same size to a stream of the same
// configuration on the same server, so that a busy disk slows both. The drafts are made before, as the ledger
// does it. ratio is Append's time over that of the publish.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := must(b, Options{Dir: b.TempDir()})
			js, err := jetstream.New(s.conn)
			if err != nil {
				b.Fatal(err)
			}
			config := streamConfig("bare", 1)
			if _, err := js.CreateStream(b.Context(), config); err != nil {
				b.Fatal(err)
			}
			entries := bulk(b, n)
			next := state{}
			_, m, err := s.prepare(&next, entries, nil)
			if err != nil {
				b.Fatal(err)
			}
			bare := &nats.Msg{Subject: config.Subjects[0], Header: nats.Header{"Size-Of-Headers": {fmt.Sprintf("%0300d", 0)}}, Data: m.Data}
			bare.Data = append([]byte(nil), m.Data...)
			var appending, publishing time.Duration
			for b.Loop() {
				drafts := drafts(entries)
				begin := time.Now()
				if _, err := s.Append(b.Context(), s.Head().Seq, entries, drafts...); err != nil {
					b.Fatal(err)
				}
				middle := time.Now()
				if _, err := js.PublishMsg(b.Context(), bare); err != nil {
					b.Fatal(err)
				}
				appending += middle.Sub(begin)
				publishing += time.Since(middle)
			}
			b.ReportMetric(appending.Seconds()/publishing.Seconds(), "ratio")
			b.ReportMetric(float64(b.N*n)/appending.Seconds(), "entries/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func BenchmarkReplay(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := must(b, Options{Dir: b.TempDir()})
			entries := bulk(b, n)
			total := max(100_000/n, 1)
			if n == 1 {
				total = 20_000
			}
			for range total {
				mustAppend(b, s, entries)
			}
			b.ReportAllocs()
			for b.Loop() {
				count := 0
				err := s.Replay(b.Context(), 0, nil, func(c Commit) error { count += len(c.Entries); return nil })
				if err != nil || count != n*total {
					b.Fatal(count, err)
				}
			}
			perEntry(b, n*total)
		})
	}
}

func BenchmarkRead(b *testing.B) {
	s := must(b, Options{Dir: b.TempDir()})
	mustAppend(b, s, bulk(b, 100))
	for b.Loop() {
		if _, _, err := s.Read(b.Context(), 50); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen opens a log of a million entries and replays it. check is the part of it that looks through the
// files before the server opens them, of which the replay may be taken for the time without.
func BenchmarkOpen(b *testing.B) {
	const each, total = 100, 1_000_000
	dir := b.TempDir()
	s := must(b, Options{Dir: dir})
	entries := bulk(b, each)
	for range total / each {
		mustAppend(b, s, entries)
	}
	closeStore(b, s)
	at := newStreamFolder(dir, "main")
	var checking, opening, replaying time.Duration
	for b.Loop() {
		begin := time.Now()
		if found, err := at.survey(b.Context(), 0); err != nil || found.last != total {
			b.Fatal(found.last, err)
		}
		checking += time.Since(begin)
		begin = time.Now()
		s := must(b, Options{Dir: dir})
		opening += time.Since(begin)
		begin = time.Now()
		if err := s.Replay(b.Context(), 0, nil, func(Commit) error { return nil }); err != nil {
			b.Fatal(err)
		}
		replaying += time.Since(begin)
		closeStore(b, s)
	}
	n := float64(b.N)
	b.ReportMetric(checking.Seconds()/n, "check-s")
	b.ReportMetric(opening.Seconds()/n, "open-s")
	b.ReportMetric(replaying.Seconds()/n, "replay-s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkCheckpoint takes turns with a log that keeps no checkpoint. ratio is the time with over the time
// without.
func BenchmarkCheckpoint(b *testing.B) {
	for _, n := range []int{1, 64, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			with, without := must(b, Options{Dir: b.TempDir()}), must(b, Options{Dir: b.TempDir()})
			keeper := without.keeper
			without.keeper = nil
			b.Cleanup(func() { without.keeper = keeper })
			entries := bulk(b, n)
			var kept, bare time.Duration
			for b.Loop() {
				begin := time.Now()
				mustAppend(b, with, entries)
				middle := time.Now()
				mustAppend(b, without, entries)
				kept += middle.Sub(begin)
				bare += time.Since(middle)
			}
			b.ReportMetric(kept.Seconds()/bare.Seconds(), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}
