package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/eventstore/natstest"
	"github.com/orgledger/orgledger/ledger"
)

// patience is how long a test waits for an answer that has to come.
const patience = 10 * time.Second

// node is a ledger that is served over NATS.
type node struct {
	*ledger.Ledger
	store *eventstore.Store
}

// nodeOn opens a ledger and serves it until the test ends.
func nodeOn(t testing.TB, o eventstore.Options, record bool) *node {
	t.Helper()
	store, err := eventstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), store, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- l.Run(ctx) }()
	conn, err := store.Connect("test")
	if err != nil {
		t.Fatal(err)
	}
	n, err := api.NewNATS(conn, eventstore.Services("main"), record,
		api.Options{Ledger: l, Name: "main", Version: "1.2.3-test", Log: slog.New(slog.DiscardHandler), Feed: store.Feed()})
	if err != nil {
		t.Fatal(err)
	}
	go func() { ended <- n.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, <-ended, store.Close()); err != nil {
			t.Error(err)
		}
	})
	return &node{l, store}
}

// embeddedNode is a ledger in a folder, with a listener.
func embeddedNode(t testing.TB) *node {
	return nodeOn(t, eventstore.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0"}, true)
}

// connect is a NATS client of a node.
func connect(t testing.TB, n *node) *nats.Conn {
	t.Helper()
	conn, err := nats.Connect(n.store.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// call makes a request; headers alternate between name and value.
func call(t testing.TB, conn *nats.Conn, endpoint, data string, headers ...string) *nats.Msg {
	t.Helper()
	m := nats.NewMsg("svc.orgledger.main." + endpoint)
	m.Data = []byte(data)
	for i := 0; i < len(headers); i += 2 {
		m.Header.Set(headers[i], headers[i+1])
	}
	answer, err := conn.RequestMsg(m, patience)
	if err != nil {
		t.Fatalf("%s %.200q: %v", endpoint, data, err)
	}
	return answer
}

// Over NATS everything is asked and recorded as over HTTP; what fails says so in the headers that NATS clients look for, and in
// the error object.
func TestNATS(t *testing.T) {
	conn := connect(t, embeddedNode(t))
	const headers = "Ledger-Actor"
	cases := []struct {
		name, endpoint, data string
		headers              []string
		status, want, seq    string
	}{
		{"record", "record", bodies, []string{headers, "tester"}, "", `"seq":2`, "2"},
		{"again", "record", bodies, []string{headers, "tester"}, "", `"seq":2`, "2"},
		{"dry run", "record", `{"type":"organisation.established","data":{"organisation":"c","name":"C"}}`, []string{"Ledger-Dry-Run", "true"}, "", `"id":`, "2"},
		{"refused", "record", bodies + `{"type":"organisation.renamed","effective":"2020","data":{"organisation":"z","name":"Z"}}`, nil, "422", `"line":3`, "2"},
		{"no entries", "record", "", nil, "422", `"code":"empty"`, "2"},
		{"too many entries", "record", strings.Repeat("{}\n", 10_001), nil, "400", `at most 10000 entries`, "2"},
		{"bad header", "record", bodies, []string{"Ledger-Strict", "perhaps"}, "400", `"field":"Ledger-Strict"`, "2"},
		{"question", "query", `{"q":"organisation","organisation":"b"}`, nil, "", `"name":"B"`, "2"},
		{"questions", "query", `{"q":"organisation","organisation":"b"}` + "\n" + `{"q":"why"}`, nil, "", `"code":"unknown-question"`, "2"},
		{"nobody", "query", `{"q":"organisation","organisation":"z"}`, nil, "404", `"code":"unknown-reference"`, "2"},
		{"no question", "query", ` `, nil, "400", `"code":"bad-request"`, "2"},
		{"no such question", "query", `{"q":"why"}`, nil, "400", `"code":"unknown-question"`, "2"},
		{"find", "find", `{"words":"b"}`, nil, "", `"organisation/b"`, "2"},
		{"find, named", "find", `{"q":"find","words":"b","known":1}`, nil, "", `"matches":[]`, "2"},
		{"find something else", "find", `{"q":"holders"}`, nil, "400", `"field":"q"`, "2"},
		{"find nothing", "find", `b`, nil, "400", `one JSON object`, "2"},
		{"reached", "status", "", []string{"Ledger-At-Least", "2"}, "", `"last_seq":2`, "2"},
		{"no sequence", "status", "", []string{"Ledger-At-Least", "soon"}, "400", `"field":"Ledger-At-Least"`, "2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := call(t, conn, c.endpoint, c.data, c.headers...)
			if got := m.Header.Get(micro.ErrorCodeHeader); got != c.status || (got == "") != (m.Header.Get(micro.ErrorHeader) == "") {
				t.Errorf("status %q (%q), not %q", got, m.Header.Get(micro.ErrorHeader), c.status)
			}
			if !strings.Contains(string(m.Data), c.want) || m.Header.Get("Ledger-Sequence") != c.seq {
				t.Errorf("from entry %s: %s", m.Header.Get("Ledger-Sequence"), m.Data)
			}
		})
	}
}

// An answer that fits no message is refused with a word on what to do, and the connection stays.
func TestNATSLongAnswer(t *testing.T) {
	conn := connect(t, embeddedNode(t))
	var entries, refs strings.Builder
	const bodies = 300
	for i := range bodies {
		fmt.Fprintf(&entries, `{"type":"organisation.established","effective":"2020","data":{"organisation":"o%d","name":"%s"}}`+"\n", i, strings.Repeat("x", 500))
		fmt.Fprintf(&refs, `,"organisation/o%d"`, i)
	}
	call(t, conn, "record", entries.String())
	question := `{"q":"titles","refs":[` + refs.String()[1:] + `],"on":"2026-01-01"}` + "\n"
	long := call(t, conn, "query", strings.Repeat(question, 8<<20/(bodies*500)+1))
	if long.Header.Get(micro.ErrorCodeHeader) != "413" || !strings.Contains(string(long.Data), "answer-too-long") {
		t.Errorf("answered %d bytes, %v", len(long.Data), long.Header)
	}
	if m := call(t, conn, "query", question); m.Header.Get(micro.ErrorCodeHeader) != "" {
		t.Errorf("then: %s", m.Data)
	}
}

// Any tool for NATS services finds the ledger, and reads from its statistics what was asked of it.
func TestNATSDiscovery(t *testing.T) {
	conn := connect(t, embeddedNode(t))
	call(t, conn, "record", bodies)
	call(t, conn, "query", `{"q":"why"}`)
	call(t, conn, "query", `{"q":"digest"}`)
	var ping micro.Ping
	var info micro.Info
	var stats micro.Stats
	for subject, into := range map[string]any{"$SRV.PING": &ping, "$SRV.INFO.orgledger": &info, "$SRV.STATS.orgledger": &stats} {
		m, err := conn.Request(subject, nil, patience)
		if err != nil {
			t.Fatalf("%s: %v", subject, err)
		}
		if err := json.Unmarshal(m.Data, into); err != nil {
			t.Fatalf("%s: %v", subject, err)
		}
	}
	if ping.Name != "orgledger" || ping.Version != "1.2.3-test" || ping.Metadata["ledger"] != "main" || ping.Type != micro.PingResponseType {
		t.Errorf("ping %+v", ping)
	}
	if _, err := conn.Request("$SRV.PING.orgledger."+ping.ID, nil, patience); err != nil {
		t.Errorf("ping by id: %v", err)
	}
	var names []string
	for _, e := range info.Endpoints {
		names = append(names, e.Subject)
		if e.QueueGroup != "q" || e.Metadata["description"] == "" {
			t.Errorf("endpoint %+v", e)
		}
	}
	if want := "query find snapshot status record"; strings.Join(names, " ") != "svc.orgledger.main."+strings.ReplaceAll(want, " ", " svc.orgledger.main.") {
		t.Errorf("endpoints %s", names)
	}
	counted := make(map[string]string)
	for _, e := range stats.Endpoints {
		counted[e.Name] = fmt.Sprint(e.NumRequests, e.NumErrors, e.ProcessingTime > 0, e.LastError != "")
	}
	if counted["query"] != "2 1 true true" || counted["record"] != "1 0 true false" || counted["find"] != "0 0 false false" {
		t.Errorf("statistics %v", counted)
	}
}

// Without leave to record there is no endpoint to record at.
func TestNATSReadsOnly(t *testing.T) {
	conn := connect(t, nodeOn(t, eventstore.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0"}, false))
	if m, err := conn.Request("svc.orgledger.main.record", []byte(bodies), patience); !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("recorded: %v, %v", m, err)
	}
	if m := call(t, conn, "status", ""); !strings.Contains(string(m.Data), `"entries":0`) {
		t.Errorf("status %s", m.Data)
	}
}

// A reader can neither listen to what others ask and hand in, nor answer in the ledger's place, nor send others anything.
func TestNATSReaderCannotPose(t *testing.T) {
	n := embeddedNode(t)
	refused := make(chan error, 16)
	reader, err := nats.Connect(n.store.Addr(), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	heard := make(chan string, 1024)
	posing := func(m *nats.Msg) {
		if !strings.HasPrefix(m.Subject, "_INBOX.") {
			heard <- m.Subject
			_ = m.Respond([]byte(`{"posing":true}`))
		}
	}
	for _, subject := range []string{"svc.orgledger.main.query", "svc.>", ">", "*.orgledger.main.record", "$SRV.PING", "$SRV.>"} {
		for _, group := range []string{"", "q"} {
			if _, err := reader.QueueSubscribe(subject, group, posing); err != nil {
				t.Fatal(err)
			}
		}
	}
	conn := connect(t, n)
	got, err := conn.SubscribeSync("_INBOX.mine")
	if err := errors.Join(err, conn.Flush(), reader.Publish("_INBOX.mine", nil), reader.Publish("orgledger.main.change.x", nil), reader.Flush()); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if m := call(t, conn, "query", `{"q":"digest"}`); strings.Contains(string(m.Data), "posing") {
			t.Fatal("a reader answers")
		}
		call(t, conn, "record", bodies)
		if m, err := conn.Request("$SRV.PING", nil, patience); err != nil || !strings.Contains(string(m.Data), "orgledger") {
			t.Fatalf("%v, %v", m, err)
		}
	}
	if err := reader.Flush(); err != nil {
		t.Fatal(err)
	}
	for range len(heard) {
		if subject := <-heard; subject != "orgledger.main.commit" {
			t.Errorf("a reader hears %s", subject)
		}
	}
	if n, _, err := got.Pending(); n != 0 || err != nil {
		t.Errorf("a reader sends another %d messages, %v", n, err)
	}
	for range 4 { // the subscriptions without a wildcard, and those to a denied subtree
		if err := <-refused; !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("refused with %v", err)
		}
	}
}

// Where everyone shares an account, no request makes the service write into the log or give orders to the server.
func TestNATSAnswersOnlyIntoInboxes(t *testing.T) {
	n := nodeOn(t, eventstore.Options{Server: natstest.Serve(t)}, true)
	conn := connect(t, n)
	call(t, conn, "record", bodies)
	for _, subject := range []string{"svc.orgledger.main.query", "svc.orgledger.main.status", "$SRV.PING", "$SRV.STATS.orgledger"} {
		for _, reply := range []string{"orgledger.main.commit", "svc.orgledger.main.record", "$JS.API.STREAM.DELETE.ORGLEDGER_main"} {
			if err := conn.PublishRequest(subject, reply, []byte(`{"q":"digest"}`)); err != nil {
				t.Fatal(err)
			}
		}
	}
	call(t, conn, "record", `{"type":"organisation.established","data":{"organisation":"c","name":"C"}}`)
	again, err := ledger.Open(t.Context(), n.store, nil)
	if err != nil || again.View().Seq() != 3 {
		t.Errorf("the log is read as %v, %v", again, err)
	}
}

// Two nodes on one server share the requests, and either, asked for at least what was recorded through the other, has it.
func TestNATSNodes(t *testing.T) {
	server := natstest.Serve(t)
	first := nodeOn(t, eventstore.Options{Server: server}, true)
	nodeOn(t, eventstore.Options{Server: server}, true)
	conn := connect(t, first)
	for i := range 40 {
		m := call(t, conn, "record", fmt.Sprintf(`{"type":"organisation.established","data":{"organisation":"o%d","name":"O"}}`, i))
		var receipt ledger.Receipt
		if err := json.Unmarshal(m.Data, &receipt); err != nil {
			t.Fatalf("%v in %s", err, m.Data)
		}
		m = call(t, conn, "query", fmt.Sprintf(`{"q":"organisation","organisation":"o%d"}`, i), "Ledger-At-Least", fmt.Sprint(receipt.Seq))
		if !strings.Contains(string(m.Data), `"active"`) {
			t.Fatalf("after entry %d: %s", receipt.Seq, m.Data)
		}
	}
	answers, err := conn.SubscribeSync(conn.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.PublishRequest("$SRV.STATS.orgledger", answers.Subject, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		m, err := answers.NextMsg(patience)
		if err != nil {
			t.Fatal(err)
		}
		var stats micro.Stats
		if err := json.Unmarshal(m.Data, &stats); err != nil || stats.Endpoints[0].NumRequests == 0 {
			t.Errorf("a node has no share: %s, %v", m.Data, err)
		}
	}
}

// Many callers that record at once share commits.
func TestNATSRecordersShareCommits(t *testing.T) {
	n := embeddedNode(t)
	var done sync.WaitGroup
	const callers = 64
	conn := connect(t, n)
	for i := range callers {
		done.Go(func() {
			if m := call(t, conn, "record", fmt.Sprintf(`{"type":"organisation.established","data":{"organisation":"o%d","name":"O"}}`, i)); m.Header.Get(micro.ErrorCodeHeader) != "" {
				t.Errorf("%s", m.Data)
			}
		})
	}
	done.Wait()
	if head := n.store.Head(); head.Seq != callers || head.StreamSeq > callers/2 {
		t.Errorf("%d entries in %d commits", head.Seq, head.StreamSeq)
	}
}

// BenchmarkNATSHolders asks point questions from 64 clients, each over its own connection.
func BenchmarkNATSHolders(b *testing.B) {
	const clients = 64
	n := embeddedNode(b)
	if _, err := n.RecordLines(b.Context(), strings.NewReader(bodies+
		`{"type":"responsibility.defined","data":{"responsibility":"r","title":"R","kind":"function"}}`+"\n"+
		`{"type":"responsibility.assigned","effective":"2012-04-01","data":{"responsibility":"r","organisation":"a"}}`), ledger.RecordOptions{}); err != nil {
		b.Fatal(err)
	}
	question := []byte(`{"q":"holders","ref":"responsibility/r","on":"` + domain.LastDate.String() + `"}`)
	var conns [clients]*nats.Conn
	for i := range conns {
		conns[i] = connect(b, n)
	}
	b.ResetTimer()
	var asking sync.WaitGroup
	for i, conn := range conns {
		asking.Go(func() {
			for range b.N/clients + min(1, max(0, b.N%clients-i)) {
				if m, err := conn.Request("svc.orgledger.main.query", question, patience); err != nil || m.Header.Get(micro.ErrorCodeHeader) != "" {
					b.Error(m, err)
					return
				}
			}
		})
	}
	asking.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "questions/s")
}
