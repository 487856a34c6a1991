package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections/histories"
)

// large is a served ledger of a large history, and references of contracts in it.
func large(b *testing.B, n int) (address string, refs []domain.Ref) {
	b.Helper()
	var file []byte
	for e := range histories.Large(n, 1) {
		file = append(e.AppendJSON(file), '\n')
		if ref := domain.Introduces(e.Fact); ref.Kind == domain.KindContract {
			refs = append(refs, ref)
		}
	}
	l := recording(b)
	if _, err := l.RecordLines(b.Context(), bytes.NewReader(file), ledger.RecordOptions{}); err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(api.NewHandler(api.Options{Ledger: l, Name: "main", Version: "test", Log: slog.New(slog.DiscardHandler)}))
	b.Cleanup(server.Close)
	return server.Listener.Addr().String(), refs
}

// asking is a connection on which one question is asked after another, with as little work as that takes: what is measured is
// the server, which shares the processors with it.
type asking struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
}

func newAsking(address string) (*asking, error) {
	conn, err := net.Dial("tcp", address)
	return &asking{conn: conn, in: bufio.NewReader(conn)}, err
}

// get asks for a path and reads the answer.
func (a *asking) get(path, host string) (status int, err error) {
	a.out = fmt.Appendf(a.out[:0], "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host)
	if _, err := a.conn.Write(a.out); err != nil {
		return 0, err
	}
	length := -1
	for line := 0; ; line++ {
		text, err := a.in.ReadSlice('\n')
		switch {
		case err != nil:
			return 0, err
		case line == 0:
			if status, err = strconv.Atoi(string(text[9:12])); err != nil {
				return 0, err
			}
		case len(text) == 2 && length < 0:
			return 0, fmt.Errorf("%s: the length is not told", path)
		case len(text) == 2:
			_, err := io.CopyN(io.Discard, a.in, int64(length))
			return status, err
		default:
			if value, ok := strings.CutPrefix(string(text), "Content-Length: "); ok {
				if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
					return 0, err
				}
			}
		}
	}
}

// Point questions over HTTP, by 64 clients at once, in a ledger of 100,000 entries; and beside it what net/http takes for an answer of
// the same length without asking anybody.
func BenchmarkHolders(b *testing.B) {
	const clients = 64
	address, refs := large(b, 100_000)
	nothing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(bytes.Repeat([]byte{' '}, 250))
	}))
	b.Cleanup(nothing.Close)
	for _, c := range []struct {
		name, address string
		path          func() string
	}{
		{"bare", nothing.Listener.Addr().String(), func() string { return "/v1/holders/" + refs[rand.IntN(len(refs))].String() }},
		{"point", address, func() string { return "/v1/holders/" + refs[rand.IntN(len(refs))].String() + "?on=2015-06-01" }},
		{"settled", address, func() string {
			return "/v1/holders/" + refs[rand.IntN(len(refs))].String() + "?on=2015-06-01&known=100000"
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetParallelism(clients / 2) // on two processors
			var failed atomic.Int64
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				client, err := newAsking(c.address)
				if err != nil {
					b.Error(err)
					return
				}
				defer client.conn.Close()
				for pb.Next() {
					status, err := client.get(c.path(), c.address)
					if err != nil {
						b.Error(err)
						return
					}
					if status != http.StatusOK {
						failed.Add(1)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "questions/s")
			if n := failed.Load(); n > 0 {
				b.Errorf("%d of %d questions had no answer", n, b.N)
			}
		})
	}
}
