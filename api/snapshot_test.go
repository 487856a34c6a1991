package api_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/micro"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/sample"
)

// overHTTP serves a node over HTTP too, and gives the address.
func overHTTP(t testing.TB, n *node) string {
	t.Helper()
	server := httptest.NewServer(api.NewHandler(api.Options{Ledger: n.Ledger, Name: "main", Version: "test", Log: slog.New(slog.DiscardHandler), Feed: n.store.Feed()}))
	t.Cleanup(server.Close)
	return server.URL
}

// fetch gives the status and the body of a resource.
func fetch(t testing.TB, address string) (int, []byte) {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body
}

// The parts of a snapshot over NATS, one after the other, are the snapshot over HTTP.
func TestSnapshotOverNATS(t *testing.T) {
	n := embeddedNode(t)
	if _, err := n.RecordLines(t.Context(), sample.Entries(), ledger.RecordOptions{}); err != nil {
		t.Fatal(err)
	}
	var bodies strings.Builder
	for i := range 3000 {
		bodies.WriteString(strings.ReplaceAll(`{"type":"organisation.established","data":{"organisation":"oN","name":"O N"}}`+"\n", "N", strings.Repeat("x", 1+i%60)+string(rune('a'+i/60%26))+string(rune('a'+i/60/26))))
	}
	if _, err := n.RecordLines(t.Context(), strings.NewReader(bodies.String()), ledger.RecordOptions{}); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, n)
	var parts bytes.Buffer
	count, page := 0, ""
	for {
		m := call(t, conn, "snapshot", `{"on":"2019-04-01","known":3000}`, "Ledger-Page", page)
		if code := m.Header.Get(micro.ErrorCodeHeader); code != "" {
			t.Fatalf("part %d: %s", count, m.Data)
		}
		parts.Write(m.Data)
		count++
		if page = m.Header.Get("Ledger-Next"); page == "" {
			break
		}
		call(t, conn, "record", `{"type":"organisation.established","data":{"organisation":"later`+string(rune('a'+count))+`","name":"L"}}`)
	}
	status, whole := fetch(t, overHTTP(t, n)+"/v1/snapshot?on=2019-04-01&known=3000")
	if status != http.StatusOK || !bytes.Equal(whole, parts.Bytes()) || count < 3 {
		t.Errorf("%d parts have %d bytes; over HTTP, with status %d, there are %d", count, parts.Len(), status, len(whole))
	}
}

// A request for a snapshot that is none says which field is wrong.
func TestSnapshotFailures(t *testing.T) {
	n := embeddedNode(t)
	conn, address := connect(t, n), overHTTP(t, n)
	for query, want := range map[string]string{
		"on=soon": `"field":"on"`, "known=7": "beyond-log", "known=2026-13-01": `"field":"known"`, "known=%ff": `"field":"known"`, "day=1": `"field":"day"`, "at-least=x": "bad-request",
	} {
		if status, body := fetch(t, address+"/v1/snapshot?"+query); status != http.StatusBadRequest || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d, %s", query, status, body)
		}
	}
	for data, want := range map[string]string{`{"on":"soon"}`: `"field":"on"`, `{"known":7}`: "beyond-log", `[]`: "bad-question", `{"day":1}`: `"field":"day"`} {
		if m := call(t, conn, "snapshot", data); m.Header.Get(micro.ErrorCodeHeader) != "400" || !strings.Contains(string(m.Data), want) {
			t.Errorf("%s: %v %s", data, m.Header, m.Data)
		}
	}
	if m := call(t, conn, "snapshot", "", "Ledger-Page", "abc"); m.Header.Get(micro.ErrorCodeHeader) != "400" || !strings.Contains(string(m.Data), `"field":"Ledger-Page"`) {
		t.Errorf("no page: %v %s", m.Header, m.Data)
	}
}
