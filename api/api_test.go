package api_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const bodies = `{"type":"organisation.established","data":{"organisation":"a","name":"A"}}
{"type":"organisation.established","data":{"organisation":"b","name":"B"}}
`

// served is a ledger behind a server, and a client of it.
func served(t *testing.T) (*httptest.Server, *api.Client) {
	t.Helper()
	return servedFrom(t, func(s *eventstore.Store) ledger.Log { return s })
}

// servedFrom is a ledger whose log is reached through something.
func servedFrom(t *testing.T, through func(*eventstore.Store) ledger.Log) (*httptest.Server, *api.Client) {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), through(store), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	server := httptest.NewServer(api.NewHandler(api.Options{Ledger: l, Name: "main", Version: "test", Log: slog.New(slog.DiscardHandler)}))
	client := api.NewClient(server.URL)
	t.Cleanup(func() {
		err := client.Close()
		server.Close()
		stop()
		if err := errors.Join(err, <-ran, store.Close()); err != nil {
			t.Error(err)
		}
	})
	return server, client
}

func record(t *testing.T, c *api.Client, text string) []ledger.Receipt {
	t.Helper()
	receipts, err := c.Record(t.Context(), strings.NewReader(text), ledger.RecordOptions{Actor: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	return receipts
}

// What a client records and asks is what the ledger has: receipts, answers in order, the log.
func TestClientRoundTrip(t *testing.T) {
	_, client := served(t)
	receipts := record(t, client, bodies)
	if len(receipts) != 2 || receipts[1].Seq != 2 || receipts[1].Recorded.IsZero() {
		t.Fatalf("receipts %+v", receipts)
	}
	var answers bytes.Buffer
	questions := `{"q":"organisation","organisation":"b","on":"2020-01-01"}` + "\n\n" + `{"q":"nonsense"}` + "\n" + `{"q":"digest","on":"2020-01-01"}`
	if err := client.Query(t.Context(), strings.NewReader(questions), &answers); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(answers.String()), "\n")
	for i, want := range []string{`"name":"B"`, `"code":"unknown-question"`, `"holdings":0`} {
		if len(lines) != 3 || !strings.Contains(lines[i], want) {
			t.Fatalf("answers %q, want %q in line %d", lines, want, i+1)
		}
	}
	var read []domain.Recorded
	if err := client.Select(t.Context(), ledger.Selection{Ref: domain.OrganisationID("b").Ref()}, func(e domain.Recorded) error {
		read = append(read, e)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(read) != 1 || read[0].ID != receipts[1].ID || read[0].Actor != "tester" || read[0].Time != receipts[1].Recorded.UnixNano() {
		t.Errorf("the log of b is %+v", read)
	}
	status, err := client.Status(t.Context())
	if err != nil || status.Entries != 2 || status.LastSeq != 2 || status.Ledger != "main" {
		t.Errorf("status %+v, %v", status, err)
	}
}

// A correction comes back from the log as it was recorded, whatever type it corrects.
func TestClientReadsCorrections(t *testing.T) {
	_, client := served(t)
	first := record(t, client, bodies)
	record(t, client, `{"type":"entry.corrected","data":{"corrects":"`+first[0].ID.String()+`","reason":"a better name",`+
		`"replacement":{"data":{"organisation":"a","name":"Alpha"}}}}`)
	var last domain.Recorded
	if err := client.Select(t.Context(), ledger.Selection{From: 3}, func(e domain.Recorded) error {
		last = e
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	correction, ok := last.Fact.(*domain.EntryCorrected)
	if !ok || correction.Replacement.Fact.(*domain.OrganisationEstablished).Name != "Alpha" {
		t.Errorf("entry 3 is %+v", last)
	}
}

// Every failure has its status and one error object, and nothing is written.
func TestFailures(t *testing.T) {
	server, client := served(t)
	const id = `"id":"00000000-0000-4000-8000-000000000001",`
	record(t, client, `{`+id+`"type":"organisation.established","data":{"organisation":"c","name":"C"}}`)
	cases := []struct {
		name, method, path, body string
		status                   int
		code                     string
	}{
		{"refused", "POST", "/v1/entries", bodies + `{"type":"organisation.renamed"}`, 422, "missing-field"},
		{"conflict", "POST", "/v1/entries", `{` + id + `"type":"organisation.established","data":{"organisation":"d","name":"D"}}`, 409, "id-conflict"},
		{"nothing to record", "POST", "/v1/entries", "", 422, "empty"},
		{"bad option", "POST", "/v1/entries?strict=perhaps", bodies, 400, "bad-request"},
		{"bad reference", "GET", "/v1/entries?ref=nothing", "", 400, "bad-request"},
		{"bad sequence", "GET", "/v1/entries?from=-1", "", 400, "bad-request"},
		{"no position", "GET", "/v1/commits?from=0", "", 400, "bad-request"},
		{"another position that is none", "GET", "/v1/commits?from=first", "", 400, "bad-request"},
		{"unknown reference", "GET", "/v1/entries?ref=organisation/z", "", 404, "unknown-reference"},
		{"no such place", "GET", "/v2/everything", "", 404, "not-found"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := server.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			text, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != c.status || !strings.Contains(string(text), `{"error":{"code":"`+c.code+`"`) {
				t.Errorf("%s %s answers %d %s, want %d with %s", c.method, c.path, answer.StatusCode, text, c.status, c.code)
			}
		})
	}
	if status, err := client.Status(t.Context()); err != nil || status.Entries != 1 {
		t.Errorf("%d entries, %v", status.Entries, err)
	}
}

// A refusal reaches the client's caller with code, line and field.
func TestClientRefusal(t *testing.T) {
	_, client := served(t)
	_, err := client.Record(t.Context(), strings.NewReader(bodies+`{"type":"organisation.renamed","effective":"2020","data":{"organisation":"a"}}`), ledger.RecordOptions{})
	remote, ok := errors.AsType[*api.RemoteError](err)
	if !ok || remote.Code != "missing-field" || remote.Line != 3 || remote.Field != "data.name" {
		t.Errorf("%+v", err)
	}
}

// A server that breaks off leaves the outcome of a recording unknown, which is never called a plain
// failure; one that cannot be reached has recorded nothing.
func TestUnknownOutcome(t *testing.T) {
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		panic(http.ErrAbortHandler)
	}))
	client := api.NewClient(broken.URL)
	if _, err := client.Record(t.Context(), strings.NewReader(bodies), ledger.RecordOptions{}); !errors.Is(err, ledger.ErrUnknownOutcome) {
		t.Error(err)
	}
	if _, err := client.Status(t.Context()); err == nil || errors.Is(err, ledger.ErrUnknownOutcome) {
		t.Error(err)
	}
	broken.Close()
	if _, err := client.Record(t.Context(), strings.NewReader(bodies), ledger.RecordOptions{}); !errors.Is(err, api.ErrUnreachable) || errors.Is(err, ledger.ErrUnknownOutcome) {
		t.Error(err)
	}
}

// A page of another site that is open in a browser on this machine cannot record.
func TestOtherSitesCannotRecord(t *testing.T) {
	server, client := served(t)
	request, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/v1/entries", strings.NewReader(bodies))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Origin", "https://elsewhere.example")
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	rebound, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/v1/entries", strings.NewReader(bodies))
	if err != nil {
		t.Fatal(err)
	}
	rebound.Host = "elsewhere.example"
	for want, request := range map[int]*http.Request{http.StatusForbidden: request, http.StatusMisdirectedRequest: rebound} {
		answer, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("answered %d, want %d", answer.StatusCode, want)
		}
	}
	if status, err := client.Status(t.Context()); err != nil || status.Entries != 0 {
		t.Errorf("%d entries, %v", status.Entries, err)
	}
}

// Questions that come one after another are answered one after another, while more may come.
func TestQueryStreams(t *testing.T) {
	_, client := served(t)
	in, questions := io.Pipe()
	answers, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := client.Query(t.Context(), in, out)
		done <- errors.Join(err, out.Close())
	}()
	line := make([]byte, 4096)
	for range 3 {
		if _, err := questions.Write([]byte(`{"q":"digest","on":"2020-01-01"}` + "\n")); err != nil {
			t.Fatal(err)
		}
		if n, err := answers.Read(line); err != nil || !bytes.Contains(line[:n], []byte(`"sha256"`)) {
			t.Fatalf("%s, %v", line[:n], err)
		}
	}
	if err := questions.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := answers.Read(line); err != io.EOF {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
