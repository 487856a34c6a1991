package api_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
)

// BenchmarkFollowers records from 64 callers, an entry a call, while many follow the feed: nobody, each one reference, some of them as
// consumers of the stream, or everything.
// It reports how much is recorded, how long after that a follower sees it, and what memory a follower takes, of both ends of its
// connection.
func BenchmarkFollowers(b *testing.B) {
	for _, c := range []struct {
		name      string
		readers   int
		query     string
		consumers int
	}{{"none", 0, "", 0}, {"1000-of-one-reference", 1000, "?ref=organisation/o%d", 0}, {"1000-and-200-consumers", 1000, "?ref=organisation/o%d", 200},
		{"1000-of-entries", 1000, "?kind=entries", 0}} {
		b.Run(c.name, func(b *testing.B) { followers(b, c.readers, c.query, c.consumers) })
	}
}

func followers(b *testing.B, readers int, query string, consumers int) {
	store, err := eventstore.Open(b.Context(), eventstore.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	l, err := ledger.Open(b.Context(), store, nil)
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { _ = l.Run(ctx) })
	group.Go(func() { _ = feed.NewPublisher(feed.Options{Log: store, Ledger: l}).Run(ctx) })
	server := httptest.NewServer(api.NewHandler(api.Options{Ledger: l, Name: "main", Version: "test", Log: slog.New(slog.DiscardHandler),
		Feed: store.Feed(), Stopping: ctx.Done()}))
	before := memory()
	var lags lags
	for i := range readers {
		q := query
		if strings.Contains(q, "%d") {
			q = fmt.Sprintf(q, i)
		}
		conn := dialFeed(b, server.Listener.Addr().String(), q)
		group.Go(func() { lags.read(conn, i%50 == 0) })
	}
	for i := range consumers { // of the stream itself, one on the server each
		of := feed.Selection{Refs: []domain.Ref{domain.OrganisationID(fmt.Sprintf("o%d", i)).Ref()}}
		group.Go(func() {
			_ = store.Feed().Follow(ctx, 1, of, func(m feed.Message) error { lags.see(m.Event); return nil })
		})
	}
	idle := memory() - before
	var recorded atomic.Int64
	b.ResetTimer()
	begun := time.Now()
	var callers sync.WaitGroup
	for range 64 {
		callers.Go(func() {
			for n := recorded.Add(1); n <= int64(b.N); n = recorded.Add(1) {
				line := fmt.Sprintf(`{"type":"organisation.established","data":{"organisation":"o%d","name":"Body"}}`, n)
				if _, err := l.RecordLines(ctx, strings.NewReader(line), ledger.RecordOptions{}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	callers.Wait()
	took := time.Since(begun)
	b.ReportMetric(float64(b.N)/took.Seconds(), "entries/s")
	b.ReportMetric(0, "ns/op")
	if readers > 0 {
		b.ReportMetric(float64(idle)/float64(readers)/1024, "KiB/follower")
		b.ReportMetric(float64(memory()-before)/1024/1024, "MiB-after")
		p50, p99 := lags.percentiles()
		b.ReportMetric(float64(p50.Milliseconds()), "p50-ms")
		b.ReportMetric(float64(p99.Milliseconds()), "p99-ms")
	}
	b.StopTimer()
	stop()
	server.CloseClientConnections()
	server.Close()
	group.Wait()
	if err := store.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		b.Error(err)
	}
}

// memory is what the heap and the stacks take.
func memory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// dialFeed opens the feed with as little of a client as there can be.
func dialFeed(b *testing.B, address, query string) net.Conn {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err == nil {
		_, err = io.WriteString(conn, "GET /v1/feed"+query+" HTTP/1.1\r\nHost: localhost\r\n\r\n")
	}
	if err != nil {
		b.Fatal(err)
	}
	first := make([]byte, 12)
	if _, err := io.ReadFull(conn, first); err != nil || string(first) != "HTTP/1.1 200" {
		b.Fatalf("%q, %v", first, err)
	}
	return conn
}

// lags are how long messages took from being recorded to being seen.
type lags struct {
	mu  sync.Mutex
	all []time.Duration // guarded by mu
}

// read reads until the connection ends, and looks at the times in it where it is to.
func (l *lags) read(conn net.Conn, look bool) {
	if !look {
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	lines := bufio.NewReaderSize(conn, 64<<10)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
		l.see(line)
	}
}

// see takes how long it is since what an event tells of was recorded.
func (l *lags) see(event []byte) {
	_, after, found := bytes.Cut(event, []byte(`"time":"`))
	text, _, _ := bytes.Cut(after, []byte{'"'})
	if at, err := time.Parse(time.RFC3339Nano, string(text)); found && err == nil {
		l.mu.Lock()
		l.all = append(l.all, time.Since(at))
		l.mu.Unlock()
	}
}

func (l *lags) percentiles() (p50, p99 time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) == 0 {
		return 0, 0
	}
	slices.Sort(l.all)
	return l.all[len(l.all)/2], l.all[len(l.all)*99/100]
}
