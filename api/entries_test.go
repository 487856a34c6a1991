package api_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/ledger"
)

// read asks for entries, and gives the status, the sequences in the order in which they come, and the text.
func read(t *testing.T, server *httptest.Server, query string) (status int, seqs []uint64, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/v1/entries"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		return answer.StatusCode, nil, string(body)
	}
	for line := range bytes.Lines(body) {
		var e struct {
			Seq uint64 `json:"seq"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		seqs = append(seqs, e.Seq)
	}
	if kind := answer.Header.Get("Content-Type"); len(seqs) > 0 && kind != "application/x-ndjson" {
		t.Errorf("%s: the answer is %s", query, kind)
	}
	return answer.StatusCode, seqs, string(body)
}

const renamings = bodies +
	`{"type":"organisation.renamed","effective":"2020","data":{"organisation":"a","name":"A2"}}
{"type":"organisation.renamed","effective":"2021","data":{"organisation":"b","name":"B2"}}
{"type":"organisation.renamed","effective":"2022","data":{"organisation":"a","name":"A3"}}
`

// The log is read from an entry on, up to another and without it, and what concerns a reference likewise.
func TestEntriesChosen(t *testing.T) {
	server, client := served(t)
	if _, seqs, text := read(t, server, ""); len(seqs) != 0 {
		t.Errorf("of an empty ledger: %s", text)
	}
	record(t, client, renamings)
	for query, want := range map[string][]uint64{
		"":                                {1, 2, 3, 4, 5},
		"?from=0&to=0":                    {1, 2, 3, 4, 5},
		"?from=4":                         {4, 5},
		"?to=3":                           {1, 2},
		"?from=2&to=4":                    {2, 3},
		"?from=5&to=100":                  {5},
		"?from=6":                         nil,
		"?from=3&to=3":                    nil,
		"?from=4&to=2":                    nil,
		"?ref=organisation/a":             {1, 3, 5},
		"?ref=organisation/a&from=2":      {3, 5},
		"?ref=organisation/a&to=5":        {1, 3},
		"?ref=organisation/a&from=2&to=5": {3},
		"?ref=organisation/b&from=5":      nil,
	} {
		if status, seqs, text := read(t, server, query); status != http.StatusOK || !slices.Equal(seqs, want) {
			t.Errorf("%s: %d, %v, want %v: %s", query, status, seqs, want, text)
		}
	}
}

// Read in pages, by from and to, the log is the same as read at once, while more is recorded.
func TestEntriesInPages(t *testing.T) {
	server, client := served(t)
	record(t, client, renamings)
	_, _, whole := read(t, server, "")
	var pages strings.Builder
	for _, page := range []string{"?from=1&to=3", "?from=3&to=5", "?from=5&to=6"} {
		_, _, text := read(t, server, page)
		pages.WriteString(text)
		record(t, client, `{"type":"source.registered","data":{"source":"s-`+page[6:7]+`","title":"S"}}`)
	}
	if pages.String() != whole {
		t.Errorf("in pages:\n%s\nat once:\n%s", &pages, whole)
	}
}

// A parameter that is none is named, and nothing is given for it.
func TestEntriesBadParameters(t *testing.T) {
	server, client := served(t)
	record(t, client, bodies)
	for query, names := range map[string]string{
		"?from=first": "from", "?from=-1": "from", "?from=": "from", "?from=1.5": "from", "?from=18446744073709551616": "from",
		"?to=last": "to", "?from=1&to=-2": "to", "?ref=": "", "?ref=a": "", "?ref=body/a": "", "?ref=organisation/": "",
	} {
		status, _, text := read(t, server, query)
		var problem ledger.Problem
		if err := json.Unmarshal([]byte(text), &problem); err != nil || status != http.StatusBadRequest || problem.Error.Code != "bad-request" ||
			!strings.Contains(problem.Error.Message, names) {
			t.Errorf("%s: %d %s", query, status, text)
		}
	}
	if status, _, text := read(t, server, "?ref=organisation/nobody&from=1"); status != http.StatusNotFound || !strings.Contains(text, "unknown-reference") {
		t.Errorf("a reference that nothing introduces: %d %s", status, text)
	}
}
