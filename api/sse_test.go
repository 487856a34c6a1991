package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
)

// following is a ledger whose feed is written by the test: as many entries as are recorded, each of which touches two contracts and
// changes one of them.
type broadcast struct {
	t        testing.TB
	url      string
	store    *eventstore.Store
	writer   *eventstore.FeedWriter
	messages []feed.Message
	stop     chan struct{} // closed: the server stops
}

// broadcasting serves a ledger of some entries, with the feed of as many.
func broadcasting(t testing.TB, entries, connections int) *broadcast {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: t.TempDir()})
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
	f := &broadcast{t: t, store: store, stop: make(chan struct{})}
	server := httptest.NewServer(api.NewHandler(api.Options{Ledger: l, Name: "main", Version: "test", Log: slog.New(slog.DiscardHandler),
		Feed: store.Feed(), FeedConnections: connections, Stopping: f.stop}))
	t.Cleanup(func() {
		server.Close()
		stop()
		if err := errors.Join(<-ran, store.Close()); err != nil {
			t.Error(err)
		}
	})
	f.url = server.URL
	if f.writer, err = store.WriteFeed(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for i := range entries {
		fmt.Fprintf(&text, `{"type":"organisation.established","data":{"organisation":"o%d","name":"A"}}`+"\n", i)
	}
	if _, err := l.RecordLines(t.Context(), strings.NewReader(text.String()), ledger.RecordOptions{}); entries > 0 && err != nil {
		t.Fatal(err)
	}
	f.publish(entries)
	return f
}

// publish adds the messages of some entries to the feed, the first of which is the next that has none. Every fourth
// entry is followed by an arrival.
func (f *broadcast) publish(entries int) {
	f.t.Helper()
	first := uint64(1)
	if n := len(f.messages); n > 0 {
		first = f.messages[n-1].Seq + 1
	}
	for seq := first; seq < first+uint64(entries); seq++ {
		one, other := contract(seq%3), contract(seq%3+1)
		f.add(feed.Entry, seq, one)
		f.add(feed.Entry, seq, other)
		f.add(feed.Change, seq, one)
		if seq%4 == 0 {
			f.add(feed.Arrival, seq, other)
		}
	}
	if err := f.writer.Flush(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

func contract(n uint64) domain.Ref { return domain.ContractID(fmt.Sprint("c", n)).Ref() }

func (f *broadcast) add(kind feed.Kind, seq uint64, ref domain.Ref) {
	f.t.Helper()
	m := feed.Message{Position: uint64(len(f.messages)) + 1, ID: fmt.Sprintf("%d/%s/%s", seq, kind, ref), Subject: f.store.FeedSubject(kind, ref, "done"),
		Kind: kind, Seq: seq, Ref: ref, Complete: seq, Day: 738000}
	m.Event = fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"data":"a: b"}`, m.ID)
	if kind == feed.Entry {
		m.Event = fmt.Appendf(nil, `{"specversion":"1.0","id":"entry-%d"}`, seq)
	}
	f.messages = append(f.messages, m)
	if err := f.writer.Write(f.t.Context(), &m); err != nil {
		f.t.Fatal(err)
	}
}

// expected is what a reader gets of some messages: each entry once.
func expected(messages []feed.Message, chosen func(*feed.Message) bool) (events []string) {
	last := uint64(0)
	for i := range messages {
		m := &messages[i]
		if chosen != nil && !chosen(m) || m.Kind == feed.Entry && m.Seq <= last {
			continue
		}
		if m.Kind == feed.Entry {
			last = m.Seq
		}
		events = append(events, string(m.Kind)+" "+string(m.Event))
	}
	return events
}

// reader is a client of server-sent events.
type reader struct {
	t      testing.TB
	answer *http.Response
	lines  *bufio.Scanner
	id     string // of the last event
	beats  int    // comments
}

// follow opens the feed. It is closed when the test ends, if not before.
func (f *broadcast) follow(query, lastID string) *reader {
	f.t.Helper()
	answer := f.ask(query, http.Header{"Accept": {"text/event-stream"}, "Last-Event-Id": {lastID}})
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" || answer.Header.Get("Content-Encoding") != "" {
		f.t.Fatalf("%s %v", answer.Status, answer.Header)
	}
	r := &reader{t: f.t, answer: answer, lines: bufio.NewScanner(answer.Body)}
	r.lines.Buffer(nil, 1<<20)
	return r
}

func (f *broadcast) ask(query string, header http.Header) *http.Response {
	f.t.Helper()
	request, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, f.url+"/v1/feed"+query, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	for name, values := range header {
		if values[0] != "" {
			request.Header[name] = values
		}
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// room waits until the server takes another reader.
func (f *broadcast) room() {
	f.t.Helper()
	for status := 0; status != http.StatusOK; time.Sleep(10 * time.Millisecond) {
		answer := f.ask("", nil)
		status = answer.StatusCode
		answer.Body.Close()
	}
}

// next reads some events, by the rules of the HTML standard, as kind and data.
func (r *reader) next(n int) (events []string) {
	r.t.Helper()
	kind, id := "message", ""
	var data []string
	for len(events) < n && r.lines.Scan() {
		field, value, _ := strings.Cut(r.lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			kind = value
		case "id":
			id = value
		case "data":
			data = append(data, value)
		case "retry":
			if value != "3000" {
				r.t.Errorf("it asks to connect again after %q", value)
			}
		case "":
			if r.lines.Text() != "" {
				r.beats++
				continue
			}
			if data != nil {
				events = append(events, kind+" "+strings.Join(data, "\n"))
				r.id = id
			}
			kind, data = "message", nil
		default:
			r.t.Errorf("a line %q", r.lines.Text())
		}
	}
	if len(events) < n {
		r.t.Fatalf("it ends after %d of %d events: %v", len(events), n, r.lines.Err())
	}
	return events
}

// A reader gets what it has chosen, from the entry on that it names, and then what comes.
func TestFollow(t *testing.T) {
	f, waiting := broadcasting(t, 20, 0), make(map[*reader]func(*feed.Message) bool)
	for query, chosen := range map[string]func(*feed.Message) bool{
		"?from=1":              func(*feed.Message) bool { return true },
		"?from=0":              func(*feed.Message) bool { return true },
		"?from=9":              func(m *feed.Message) bool { return m.Seq > 8 || m.Seq == 8 && m.Kind == feed.Arrival },
		"?from=1&kind=entries": func(m *feed.Message) bool { return m.Kind == feed.Entry },
		"?from=1&kind=changes": func(m *feed.Message) bool { return m.Kind != feed.Entry },
		"?from=1&ref=contract/c1&ref=contract/c3": func(m *feed.Message) bool {
			return m.Ref == contract(1) || m.Ref == contract(3)
		},
		"?from=5&ref=contract/c2&kind=changes": func(m *feed.Message) bool {
			return m.Ref == contract(2) && m.Kind != feed.Entry && (m.Seq > 4 || m.Seq == 4 && m.Kind == feed.Arrival)
		},
		"":                   func(m *feed.Message) bool { return m.Seq > 20 },
		"?ref=contract%2fc1": func(m *feed.Message) bool { return m.Seq > 20 && m.Ref == contract(1) },
		"?from=21":           func(m *feed.Message) bool { return m.Seq > 20 || m.Seq == 20 && m.Kind == feed.Arrival },
	} {
		r := f.follow(query, "")
		want := expected(f.messages, chosen)
		if got := r.next(len(want)); !slices.Equal(got, want) {
			t.Errorf("%q gives\n%q instead of\n%q", query, got, want)
		}
		waiting[r] = chosen
	}
	before := len(f.messages)
	f.publish(6)
	for r, chosen := range waiting {
		want := expected(f.messages[before:], chosen)
		if got := r.next(len(want)); !slices.Equal(got, want) {
			t.Errorf("%s goes on with\n%q instead of\n%q", r.answer.Request.URL, got, want)
		}
	}
}

// From wherever a reader is cut off, it goes on behind the last event that it has, without loss and without a duplicate.
func TestFollowGoesOnEverywhere(t *testing.T) {
	f := broadcasting(t, 16, 0)
	for _, query := range []string{"?from=1", "?from=1&kind=entries", "?from=1&kind=changes", "?from=1&ref=contract/c1&ref=contract/c2", "?from=3&kind=entries&ref=contract/c1"} {
		whole := f.follow(query, "")
		var all, ids []string
		n := len(expected(f.messages, selectionOf(query)))
		for range n {
			all = append(all, whole.next(1)...)
			ids = append(ids, whole.id)
		}
		whole.answer.Body.Close()
		if !slices.Equal(all, expected(f.messages, selectionOf(query))) {
			t.Fatalf("%s gives %q", query, all)
		}
		for i, id := range ids {
			rest := f.follow(query, id)
			if got := rest.next(n - i - 1); !slices.Equal(got, all[i+1:]) {
				t.Errorf("%s behind %s goes on with %q instead of %q", query, id, got, all[i+1:])
			}
			rest.answer.Body.Close()
		}
	}
}

// selectionOf says what a query chooses.
func selectionOf(query string) func(*feed.Message) bool {
	return func(m *feed.Message) bool {
		switch {
		case strings.Contains(query, "kind=entries") && m.Kind != feed.Entry, strings.Contains(query, "kind=changes") && m.Kind == feed.Entry,
			strings.Contains(query, "from=3") && m.Seq < 3:
			return false
		}
		return !strings.Contains(query, "ref=") || strings.Contains(query, m.Ref.String())
	}
}

// As JSON lines the feed is the same, with the id to go on from in each line.
func TestFollowAsLines(t *testing.T) {
	f := broadcasting(t, 12, 0)
	want := expected(f.messages, nil)
	answer := f.ask("?from=1", http.Header{"Accept": {"application/x-ndjson"}})
	if answer.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatal(answer.Header)
	}
	decoder, last := json.NewDecoder(answer.Body), ""
	for i := range want {
		if i == len(want)/2 {
			answer.Body.Close()
			decoder = json.NewDecoder(f.ask("?from=1", http.Header{"Accept": {"application/x-ndjson"}, "Last-Event-Id": {last}}).Body)
		}
		var line api.FeedLine
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if got := string(line.Kind) + " " + string(line.Event); got != want[i] {
			t.Errorf("line %d is %s instead of %s", i, got, want[i])
		}
		last = line.ID
	}
}

// What cannot be followed is a problem that says why; of a feed that has expired, where the snapshot is.
func TestFollowRefusals(t *testing.T) {
	f := broadcasting(t, 4, 0)
	for _, c := range []struct {
		query, id, field string
		status           int
	}{
		{"?from=x", "", "from", 400}, {"?from=6", "", "from", 400}, {"?from=1&from=2", "", "from", 400}, {"?from=", "", "from", 400},
		{"?kind=change", "", "kind", 400}, {"?kind=", "", "kind", 400}, {"?ref=c1", "", "ref", 400}, {"?since=1", "", "since", 400},
		{"", "5", "Last-Event-ID", 400}, {"", "5-x", "Last-Event-ID", 400}, {"", "-1-1", "Last-Event-ID", 400}, {"", "18446744073709551615-1", "Last-Event-ID", 400},
		{"", "9-99", "Last-Event-ID", 400}, {strings.Repeat("&ref=contract/a", 201), "", "ref", 400},
	} {
		answer := f.ask(strings.Replace(c.query, "&", "?", 1), http.Header{"Last-Event-Id": {c.id}})
		if strings.HasPrefix(c.query, "?") {
			answer = f.ask(c.query, http.Header{"Last-Event-Id": {c.id}})
		}
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != c.status || answer.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(string(text), `"field":"`+c.field+`"`) {
			t.Errorf("%.40q, %q: %s, %s, %v", c.query, c.id, answer.Status, text, err)
		}
	}
}

// Who asks for what the feed no longer keeps is sent to the snapshot.
func TestFollowExpired(t *testing.T) {
	f := broadcasting(t, 4, 0)
	var err error
	if f.writer, err = f.store.WriteFeed(t.Context(), 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	for ends := (feed.Ends{}); ends.First <= ends.Last || ends.Last == 0; {
		if ends, err = f.store.Feed().Ends(t.Context()); err != nil && !errors.Is(err, feed.ErrExpired) { // it expires while it is looked at
			t.Fatal(err)
		}
	}
	for query, id := range map[string]string{"?from=1": "", "?kind=changes": "3-1"} {
		answer := f.ask(query, http.Header{"Last-Event-Id": {id}})
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusGone || !strings.Contains(answer.Header.Get("Link"), "</v1/snapshot>") ||
			!strings.Contains(string(text), `"code":"feed-expired"`) {
			t.Errorf("%s: %s, %v, %s, %v", query, answer.Status, answer.Header, text, err)
		}
	}
}

// There is an end to connections, and one that ends makes room for another; when the server stops, all end whole.
func TestFollowLimit(t *testing.T) {
	f := broadcasting(t, 4, 2)
	first, second := f.follow("?from=1", ""), f.follow("", "")
	answer := f.ask("", nil)
	if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Fatalf("%s, %v", answer.Status, answer.Header)
	}
	first.answer.Body.Close()
	f.room()
	close(f.stop)
	if _, err := io.Copy(io.Discard, second.answer.Body); err != nil {
		t.Errorf("a connection is cut off: %v", err)
	}
}

// A reader that takes nothing is cut off, has the id to go on from, and holds up no other.
func TestSlowReaderIsCutOff(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits until a reader has been slow for long enough")
	}
	f := broadcasting(t, 2_000, 2)
	slow, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if err := slow.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(slow, "GET /v1/feed?from=1 HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	quick := f.follow("?from=1", "")
	for range 20 {
		f.publish(2_000)
	}
	want := expected(f.messages, nil)
	if got := quick.next(len(want)); !slices.Equal(got, want) {
		t.Error("the quick reader did not get everything")
	}
	f.room()
	text, err := io.ReadAll(io.LimitReader(slow, 16<<10))
	if err != nil {
		t.Fatal(err)
	}
	ids := regexp.MustCompile(`\nid: (\d+)-`).FindAllStringSubmatch(string(text), -1)
	last := ids[len(ids)-1][1]
	position, err := strconv.Atoi(last)
	if err != nil {
		t.Fatal(err)
	}
	rest := expected(f.messages[position:], nil)
	if f.messages[position].Seq == f.messages[position-1].Seq && f.messages[position].Kind == feed.Entry {
		rest = rest[1:] // the entry was sent for another reference
	}
	again := f.follow("", fmt.Sprintf("%s-%d", last, f.messages[position-1].Seq))
	if got := again.next(len(rest)); !slices.Equal(got, rest) {
		t.Error("it did not go on with the rest")
	}
}

// Readers at the end of the feed are served from memory, those behind from the feed, and all of them get everything.
func TestManyFollow(t *testing.T) {
	f := broadcasting(t, 50, 0)
	readers, more := 100, 400
	if testing.Short() {
		readers, more = 30, 200
	}
	all := make([]*reader, readers)
	for i := range all {
		all[i] = f.follow([]string{"?from=1", "?from=30&kind=changes", "?ref=contract/c1", "?kind=entries"}[i%4], "")
	}
	before := len(f.messages)
	f.publish(more)
	var group sync.WaitGroup
	for i, r := range all {
		var want []string
		switch i % 4 {
		case 0:
			want = expected(f.messages, nil)
		case 1:
			want = expected(f.messages, func(m *feed.Message) bool { return m.Kind != feed.Entry && m.Seq > 29 })
		case 2:
			want = expected(f.messages[before:], func(m *feed.Message) bool { return m.Ref == contract(1) })
		case 3:
			want = expected(f.messages[before:], func(m *feed.Message) bool { return m.Kind == feed.Entry })
		}
		group.Go(func() {
			if got := r.next(len(want)); !slices.Equal(got, want) {
				t.Errorf("reader %d got something else", i)
			}
		})
	}
	group.Wait()
}
