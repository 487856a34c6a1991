package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
	"github.com/orgledger/orgledger/ledger/notary"
	"github.com/orgledger/orgledger/ledger/sample"
	"github.com/orgledger/orgledger/ledger/webhooks"
)

// recording is an empty ledger that records until the test ends.
func recording(t testing.TB) *ledger.Ledger {
	t.Helper()
	_, l := recordingIn(t, t.TempDir())
	return l
}

// recordingIn is recording, in a folder, with its store.
func recordingIn(t testing.TB, dir string) (*eventstore.Store, *ledger.Ledger) {
	t.Helper()
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
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ran, store.Close()); err != nil {
			t.Error(err)
		}
	})
	return store, l
}

// published has the feed of a ledger written until the test ends, and waits until it is complete.
func published(t testing.TB, store *eventstore.Store, l *ledger.Ledger) {
	t.Helper()
	publisher := feed.NewPublisher(feed.Options{Log: store, Ledger: l})
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- publisher.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ran; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	for {
		ends, err := store.Feed().Ends(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if ends.Seq >= l.View().Seq() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// sampled is the built-in history behind a server that has everything to serve.
func sampled(t testing.TB) *httptest.Server {
	t.Helper()
	dir := t.TempDir()
	store, l := recordingIn(t, dir)
	if _, err := l.RecordLines(t.Context(), sample.Entries(), ledger.RecordOptions{Actor: "orgledger sample"}); err != nil {
		t.Fatal(err)
	}
	keeper, err := notary.Open(notary.Options{Dir: dir, Ledger: "main", Tree: l.Tree})
	if err != nil {
		t.Fatal(err)
	}
	bundle := func(context.Context, domain.Ref, domain.Date, uint64) ([]byte, error) { return []byte("archive"), nil }
	published(t, store, l)
	hooks := webhooks.New(webhooks.Options{Shelf: store.Shelf(), Ledger: "main", Last: func() uint64 { return l.View().Seq() }, Version: "test"})
	server := httptest.NewServer(api.NewHandler(api.Options{Ledger: l, Name: "main", Version: "test", Log: slog.New(slog.DiscardHandler),
		Notary: keeper, Bundle: bundle, Feed: store.Feed(), Webhooks: hooks}))
	t.Cleanup(func() {
		server.Close()
		hooks.Close()
		if err := keeper.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// called is one operation of the description.
type called struct {
	method, path string
	*openapi3.Operation
}

// everyOperation lists the operations in a fixed order.
func everyOperation(document *openapi3.T) (all []called) {
	for _, path := range slices.Sorted(maps.Keys(document.Paths.Map())) {
		operations := document.Paths.Value(path).Operations()
		for _, method := range slices.Sorted(maps.Keys(operations)) {
			all = append(all, called{method, path, operations[method]})
		}
	}
	return all
}

// attempt is one request of an operation.
type attempt struct {
	path        map[string]string
	query       url.Values
	header      http.Header
	body        string
	contentType string
}

// usual is what the description gives as an example.
func (c called) usual() attempt {
	a := attempt{path: map[string]string{}, query: url.Values{}, header: http.Header{}}
	for _, p := range c.Parameters {
		text := written(p.Value.Example)
		switch {
		case p.Value.In == "path":
			a.path[p.Value.Name] = text
		case text != "" && p.Value.In == "query":
			a.query.Set(p.Value.Name, text)
		case text != "" && p.Value.In == "header":
			a.header.Set(p.Value.Name, text)
		}
	}
	if c.RequestBody != nil {
		for _, kind := range slices.Sorted(maps.Keys(c.RequestBody.Value.Content)) {
			a.contentType = kind
			a.body = bodyFor(c.RequestBody.Value.Content[kind].Schema)
		}
	}
	return a
}

// written is an example as a parameter is written.
func written(example any) string {
	switch example := example.(type) {
	case nil:
		return ""
	case []any:
		parts := make([]string, len(example))
		for i, one := range example {
			parts[i] = written(one)
		}
		return strings.Join(parts, ",")
	default:
		return fmt.Sprint(example)
	}
}

// bodyFor is a value of a schema with everything that is needed.
func bodyFor(schema *openapi3.SchemaRef) string {
	if schema == nil || schema.Value == nil || schema.Value.Type.Is("string") {
		return `{"q":"digest"}` + "\n"
	}
	value := map[string]any{}
	for _, name := range schema.Value.Required {
		value[name] = "x"
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // of texts
	}
	return string(text)
}

// odd are values that somebody hands in one day.
var odd = []string{"", "0", "-1", "1", "1.5", "1e3", "007", "+1", "99999999999", "9223372036854775808", "18446744073709551616", "null", "true", "today", "[]", "{}",
	"2020-02-30", "0000-00-00", "9999-12-31", "10000-01-01", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00+02:00", "2999-01-01T00:00:00Z",
	"organisation/dhsc", "plan/x", "ods:X25", ":", "a:b:c", "/", "..", ".", "%", "%00", "\x00", "\xff\xfe", "é", "💥", "'; DROP TABLE", "<script>", "a b", "a,b,,c", "x=y", "=",
	"nhs-england-abolition=2027-04-01", "nhs-england-abolition,nhs-england-abolition", "nhs-england-abolition=2027-04-01,nhs-england-abolition=2028-04-01",
	"00000000-0000-4000-8000-000000000001", "tile/0/000", "tile/entries/000", "tile/0/x000/001", "entry/0", strings.Repeat("x", 129), strings.Repeat("9", 5000)}

// Every operation, called as the description shows, with values at the edges, and with random ones, answers as it is described: with
// a status, a media type and a body that the description has, and never with 500.
func TestEveryOperationIsAsDescribed(t *testing.T) {
	server := sampled(t)
	document, _ := description(t, server.URL)
	random := rand.New(rand.NewPCG(1, 2))
	requests, usual := 0, 0
	for _, c := range everyOperation(document) {
		try := func(what string, a attempt) int {
			t.Helper()
			requests++
			return c.try(t, server, what, a)
		}
		if status := try("as shown", c.usual()); status == http.StatusOK {
			usual++
		} else if c.path != "/v1/persons/{person}" && c.path != "/v1/entries" && !strings.Contains(c.path, "hook") {
			t.Errorf("%s %s: as the description shows it, it answers %d", c.method, c.path, status)
		}
		for _, p := range c.Parameters {
			for _, value := range append(slices.Clone(odd), gibberish(random), gibberish(random)) {
				if p.Value.Name == "at-least" && len(strings.Trim(value, "0123456789")) == 0 && len(value) > 2 {
					continue // it would be waited for
				}
				a := c.usual()
				a.set(p.Value, value)
				try(fmt.Sprintf("%s=%.40q", p.Value.Name, value), a)
			}
		}
		for range 3 {
			a := c.usual()
			a.query.Set(gibberish(random), gibberish(random))
			try("an unknown parameter", a)
		}
		if c.RequestBody != nil {
			for _, body := range []string{"", "{", "[]", "null", "{}", `{"q":null}`, "\x00", "\n\n\n", gibberish(random), strings.Repeat(`{"a":`, 2000), strings.Repeat("x", 300<<10), `{"type":"organisation.established"}`} {
				a := c.usual()
				a.body = body
				try(fmt.Sprintf("a body %.20q", body), a)
			}
		}
	}
	t.Logf("%d requests; %d operations answered their example", requests, usual)
	if usual < 20 {
		t.Errorf("only %d operations answered their example", usual)
	}
}

func gibberish(random *rand.Rand) string {
	text := make([]byte, random.IntN(40)+1)
	for i := range text {
		text[i] = byte(random.IntN(256))
	}
	return string(text)
}

func (a *attempt) set(p *openapi3.Parameter, value string) {
	switch p.In {
	case "path":
		a.path[p.Name] = value
	case "query":
		a.query.Set(p.Name, value)
	case "header":
		if strings.Trim(value, "\x00\n\r") == value {
			a.header.Set(p.Name, value)
		}
	}
}

// try calls an operation and compares the answer with the description.
func (c called) try(t *testing.T, server *httptest.Server, what string, a attempt) int {
	t.Helper()
	path := c.path
	for name, value := range a.path {
		path = strings.Replace(path, "{"+name+"}", strings.ReplaceAll(url.PathEscape(value), "%2F", "/"), 1)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, c.method, server.URL+path+"?"+a.query.Encode(), strings.NewReader(a.body))
	if err != nil {
		t.Fatalf("%s %s, %s: %v", c.method, path, what, err)
	}
	maps.Copy(request.Header, a.header)
	if a.contentType != "" {
		request.Header.Set("Content-Type", a.contentType)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		if strings.Contains(err.Error(), "invalid header") {
			return 0
		}
		t.Fatalf("%s %s, %s: %v", c.method, path, what, err)
	}
	defer answer.Body.Close()
	if answer.Header.Get("Ledger-Sequence") == "" {
		t.Errorf("%s %s, %s: %d without Ledger-Sequence", c.method, path, what, answer.StatusCode)
	}
	switch {
	case answer.StatusCode >= 300 && answer.StatusCode < 400 && answer.Header.Get("Location") != "":
		return answer.StatusCode // the path was another one: of two slashes, or of dots
	case answer.StatusCode == http.StatusInternalServerError:
		t.Errorf("%s %s, %s: 500", c.method, path, what)
	}
	c.judge(t, what+" at "+path, answer)
	return answer.StatusCode
}

// judge compares an answer with what the description has of its status.
func (c called) judge(t *testing.T, what string, answer *http.Response) {
	t.Helper()
	response := c.Responses.Status(answer.StatusCode)
	if response == nil {
		response = c.Responses.Value(fmt.Sprintf("%dXX", answer.StatusCode/100))
	}
	if response == nil {
		t.Errorf("%s %s, %s: status %d is not described", c.method, c.path, what, answer.StatusCode)
		return
	}
	kind, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";")
	var described *openapi3.MediaType
	for name, content := range response.Value.Content {
		if base, _, _ := strings.Cut(name, ";"); base == kind {
			described = content
		}
	}
	if described == nil {
		t.Errorf("%s %s, %s: %d as %s is not described", c.method, c.path, what, answer.StatusCode, kind)
		return
	}
	if !strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "ndjson") {
		return
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Errorf("%s %s, %s: %v: %.200s", c.method, c.path, what, err, text)
		return
	}
	if err := described.Schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020()); err != nil {
		t.Errorf("%s %s, %s: %d is not as described: %v: %.300s", c.method, c.path, what, answer.StatusCode, err, text)
	}
}
