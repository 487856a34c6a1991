package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/notary"
)

// notarised is a served ledger of n organisations, with a notary, and the log's public key.
func notarised(t *testing.T, n int) (server *httptest.Server, key string) {
	t.Helper()
	dir := t.TempDir()
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), store, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, `{"type":"organisation.established","data":{"organisation":"o%d","name":"Body %d"}}`+"\n", i, i)
	}
	if _, err := l.RecordLines(t.Context(), strings.NewReader(lines.String()), ledger.RecordOptions{}); err != nil {
		t.Fatal(err)
	}
	keeper, err := notary.Open(notary.Options{Dir: dir, Ledger: "main", Tree: l.Tree})
	if err != nil {
		t.Fatal(err)
	}
	bundle := func(context.Context, domain.Ref, domain.Date, uint64) ([]byte, error) { return []byte("archive"), nil }
	server = httptest.NewServer(api.NewHandler(api.Options{Ledger: l, Name: "main", Version: "test", Log: slog.New(slog.DiscardHandler), Notary: keeper, Bundle: bundle}))
	t.Cleanup(func() {
		server.Close()
		stop()
		for _, err := range []error{<-ran, keeper.Close(), store.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	return server, keeper.Key()
}

func fetched(t testing.TB, address string) (status int, header http.Header, body []byte) {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, body
}

// foreign reads tiles for the client of the Go checksum database. It knows nothing of this module.
type foreign struct {
	t    testing.TB
	base string
}

func (f foreign) Height() int { return 8 }

func (f foreign) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1) // C2SP leaves out the height, which is fixed
		status, _, body := fetched(f.t, f.base+"/tlog/"+path)
		if status != http.StatusOK {
			return nil, fmt.Errorf("%s: %d", path, status)
		}
		all = append(all, body)
	}
	return all, nil
}

func (f foreign) SaveTiles([]tlog.Tile, [][]byte) {}

// A client of transparency logs that is not ours reads checkpoint, tiles and entries over HTTP and verifies every
// entry.
func TestForeignClientVerifiesTheLog(t *testing.T) {
	const n = 600
	server, key := notarised(t, n)
	_, _, text := fetched(t, server.URL+"/tlog/checkpoint")
	verifier, err := note.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(signed.Text, "\n")
	root, err := tlog.ParseHash(lines[2])
	if err != nil || lines[1] != fmt.Sprint(n) {
		t.Fatalf("%q %v", signed.Text, err)
	}
	hashes := tlog.TileHashReader(tlog.Tree{N: n, Hash: root}, foreign{t, server.URL})
	seen := 0
	for _, path := range []string{"tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"} {
		_, header, bundle := fetched(t, server.URL+"/tlog/"+path)
		if !strings.Contains(header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s may not be cached: %q", path, header.Get("Cache-Control"))
		}
		for len(bundle) > 0 {
			size := int(bundle[0])<<8 | int(bundle[1])
			event := bundle[2 : 2+size]
			bundle = bundle[2+size:]
			want, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(seen))})
			if err != nil {
				t.Fatal(err)
			}
			if tlog.RecordHash(event) != want[0] {
				t.Fatalf("entry %d is not the leaf", seen+1)
			}
			if seen++; !bytes.Contains(event, fmt.Appendf(nil, `"sequence":"%d"`, seen)) {
				t.Fatalf("entry %d is %s", seen, event)
			}
		}
	}
	if seen != n {
		t.Fatalf("%d entries were served", seen)
	}
}

// A receipt holds by the log's key alone, and what is not there is not found.
func TestReceiptsOverHTTP(t *testing.T) {
	server, key := notarised(t, 20)
	policy, err := audit.NewPolicy(key, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _, text := fetched(t, server.URL+"/v1/receipts/7")
	receipt, err := audit.ParseReceipt(text)
	if err != nil {
		t.Fatal(err)
	}
	if signed, err := receipt.Verify(policy); err != nil || signed.Size != 20 || receipt.Index != 6 {
		t.Fatalf("%v %v", signed, err)
	}
	_, _, text = fetched(t, server.URL+"/tlog/digest?on=2020-01-01&known=12")
	if d, err := audit.OpenDigest(text, policy); err != nil || d.Known != 12 || d.On != "2020-01-01" {
		t.Errorf("%v %v", d, err)
	}
	if _, header, archive := fetched(t, server.URL+"/v1/bundles?ref=organisation/o1&on=2020-01-01"); string(archive) != "archive" ||
		!strings.Contains(header.Get("Content-Disposition"), "organisation-o1-on-2020-01-01-known-20.zip") {
		t.Errorf("%q %v", archive, header)
	}
	for path, want := range map[string]struct {
		status int
		code   string
	}{
		"/v1/receipts/21":                                     {404, "not-found"},
		"/v1/receipts/0":                                      {404, "not-found"},
		"/v1/receipts/x":                                      {400, "bad-request"},
		"/tlog/tile/0/001":                                    {404, "not-found"},
		"/tlog/tile/0/000.p/21":                               {404, "not-found"},
		"/tlog/tile/0/0":                                      {404, "not-found"},
		"/tlog/tile/entries/000.p/21":                         {404, "not-found"},
		"/tlog/checkpoint?at-least=x":                         {400, "bad-request"},
		"/tlog/digest?on=today":                               {400, "bad-request"},
		"/tlog/digest?on=2020-01-01&known=21":                 {400, "bad-request"},
		"/v1/bundles?ref=organisation/o1&on=2020-02-30":       {400, "bad-request"},
		"/v1/bundles?ref=o1&on=2020-02-03":                    {400, "bad-request"},
		"/v1/bundles?ref=contract/x&on=2020-02-03&known=full": {400, "bad-request"},
	} {
		status, _, body := fetched(t, server.URL+path)
		var problem ledger.Problem
		if err := json.Unmarshal(body, &problem); err != nil || status != want.status || problem.Error.Code != want.code {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// A server without the log's key says so, and serves the tiles all the same.
func TestWithoutNotary(t *testing.T) {
	server, client := served(t)
	record(t, client, bodies)
	for path, want := range map[string]int{"/tlog/checkpoint": 404, "/tlog/policy": 404, "/v1/receipts/1": 404, "/v1/bundles": 404,
		"/tlog/digest": 404, "/tlog/tile/0/000.p/2": 200, "/tlog/tile/entry/001": 200} {
		if status, _, body := fetched(t, server.URL+path); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}
