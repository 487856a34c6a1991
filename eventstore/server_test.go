package eventstore

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Whoever connects to the listener may read the log in every way.
func TestListenerIsForReading(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir(), Listen: ":0"})
	want := mustAppend(t, s, numbered(t, 0, 2))
	if !strings.Contains(s.Addr(), "127.0.0.1") {
		t.Errorf("without a host it listens at %s", s.Addr())
	}
	reader := must(t, Options{Server: s.Addr()})
	if got := replayed(t, reader, 0); len(got) != 1 || !sameCommit(got[0], want) {
		t.Errorf("a reader sees %+v", got)
	}
	if _, err := reader.Append(t.Context(), 2, numbered(t, 3, 1)); !errors.Is(err, ErrReadOnly) {
		t.Errorf("an append through the listener: %v", err)
	}
	nc, js := client(t, s.Addr())
	consumer, err := js.CreateConsumer(t.Context(), "ORGLEDGER_main", jetstream.ConsumerConfig{AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	if m, err := consumer.Next(); err != nil || m.Headers().Get(headerCommit) != want.ID.String() || m.DoubleAck(t.Context()) != nil {
		t.Errorf("a consumer is given %v, %v", m, err)
	}
	live, err := nc.SubscribeSync("orgledger.main.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	next := mustAppend(t, s, numbered(t, 2, 1))
	if m, err := live.NextMsg(5 * time.Second); err != nil || m.Header.Get(headerCommit) != next.ID.String() {
		t.Errorf("a subscriber is given %v, %v", m, err)
	}
}

// Whoever connects to the listener changes nothing in the log, by no way of asking.
func TestListenerChangesNothing(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	mustAppend(t, s, numbered(t, 0, 2))
	nc, js := client(t, s.Addr())
	send := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	send(nc.Publish("orgledger.main.commit", []byte("[]")))
	for _, subject := range []string{"$JS.API.STREAM.DELETE.ORGLEDGER_main", "$JS.API.STREAM.PURGE.ORGLEDGER_main",
		"$JS.API.STREAM.UPDATE.ORGLEDGER_main", "$JS.API.STREAM.MSG.DELETE.ORGLEDGER_main", "$JS.API.STREAM.CREATE.other",
		"$JS.API.CONSUMER.DELETE.ORGLEDGER_main.x", "$JS.API.CONSUMER.DURABLE.CREATE.ORGLEDGER_main.x", "$SYS.REQ.SERVER.PING"} {
		if _, err := nc.Request(subject, []byte(`{"seq":1}`), 5*time.Second); !errors.Is(err, nats.ErrNoResponders) {
			t.Errorf("%s is answered: %v", subject, err)
		}
	}
	for _, subject := range []string{"$JS.API.INFO", "$JS.API.STREAM.INFO.ORGLEDGER_main", "$JS.API.DIRECT.GET.ORGLEDGER_main", "$JS.API.STREAM.NAMES"} {
		for _, answer := range []string{"orgledger.main.commit", "$JS.API.STREAM.DELETE.ORGLEDGER_main"} {
			send(nc.PublishRequest(subject, answer, []byte(`{"seq":1}`)))
		}
	}
	for _, target := range []string{"orgledger.main.commit", "$JS.API.STREAM.DELETE.ORGLEDGER_main"} {
		// Such a consumer may be made, but has nobody to deliver to.
		if _, err := js.CreatePushConsumer(t.Context(), "ORGLEDGER_main", jetstream.ConsumerConfig{DeliverSubject: target}); err == nil {
			send(nc.Flush())
		}
	}
	if _, err := nats.Connect(s.Addr(), nats.UserInfo("reader", "guess")); err == nil {
		t.Error("a reader is let in with a password")
	}
	next := mustAppend(t, s, numbered(t, 2, 1))
	if got := replayed(t, s, 0); len(got) != 2 || !sameCommit(got[1], next) {
		t.Errorf("the log holds %+v", got)
	}
}

// An ordinary start, append and end give the operator nothing to read.
func TestQuiet(t *testing.T) {
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelInfo}))
	dir := t.TempDir()
	for range 2 {
		s, err := Open(t.Context(), Options{Dir: dir, Listen: ":0", Logger: log})
		if err != nil {
			t.Fatal(err)
		}
		replayed(t, s, 0)
		mustAppend(t, s, numbered(t, 0, 2))
		closeStore(t, s)
	}
	if said.Len() > 0 {
		t.Errorf("it says:\n%s", said.String())
	}
}

// Without a listen address there is no listener; an address in use is an error, and leaves nothing open.
func TestListen(t *testing.T) {
	if addr := must(t, Options{Dir: t.TempDir()}).Addr(); addr != "" {
		t.Errorf("a store without a listener is reached at %s", addr)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, listen := range []string{taken.Addr().String(), "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999"} {
		dir := t.TempDir()
		if _, err := Open(t.Context(), Options{Dir: dir, Listen: listen}); err == nil {
			t.Errorf("listening at %s succeeds", listen)
		}
		closeStore(t, must(t, Options{Dir: dir}))
	}
}

// An external server that does not suit, or a stream that is not set up as a log, is refused and left as it is.
func TestExternalConfiguration(t *testing.T) {
	if _, err := Open(t.Context(), Options{Server: "nats://127.0.0.1:1"}); err == nil {
		t.Error("a server that is not there is opened")
	}
	small, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	small.Start()
	defer small.WaitForShutdown()
	defer small.Shutdown()
	if !small.ReadyForConnections(10 * time.Second) {
		t.Fatal("the small server does not start")
	}
	if _, err := Open(t.Context(), Options{Server: small.ClientURL()}); !errors.Is(err, ErrConfiguration) || !strings.Contains(err.Error(), "max_payload") {
		t.Errorf("a server of small messages: %v", err)
	}

	url := external(t).ClientURL()
	_, js := client(t, url)
	if _, err := Open(t.Context(), Options{Server: url, ReadOnly: true}); !errors.Is(err, ErrNotLedger) {
		t.Errorf("reading a log that is not there: %v", err)
	}
	for name, change := range map[string]func(*jetstream.StreamConfig){
		"subjects":     func(c *jetstream.StreamConfig) { c.Subjects = append(c.Subjects, "more") },
		"storage":      func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage },
		"retention":    func(c *jetstream.StreamConfig) { c.Retention = jetstream.InterestPolicy },
		"limits":       func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour },
		"max_msg_size": func(c *jetstream.StreamConfig) { c.MaxMsgSize = 1 << 20 },
		"deny_delete":  func(c *jetstream.StreamConfig) { c.DenyDelete = false },
		"deny_purge":   func(c *jetstream.StreamConfig) { c.DenyPurge = false },
		"allow_direct": func(c *jetstream.StreamConfig) { c.AllowDirect = false },
		"allow_*":      func(c *jetstream.StreamConfig) { c.AllowMsgTTL = true },
		"newer":        func(c *jetstream.StreamConfig) { c.Metadata = map[string]string{metadataFormat: "2"} },
	} {
		config := streamConfig("wrong-"+strings.Trim(name, "*"), 1)
		change(&config)
		if _, err := js.CreateStream(t.Context(), config); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, err := Open(t.Context(), Options{Server: url, Ledger: strings.TrimPrefix(config.Name, "ORGLEDGER_")})
		if !errors.Is(err, ErrConfiguration) && !errors.Is(err, ErrNewerFormat) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	closeStore(t, must(t, Options{Server: url}))
	must(t, Options{Server: url, ReadOnly: true})
}

// A store outlives a restart of the external server: what was being read goes on, what was being written
// has a definite end or is reported as unknown.
func TestExternalRestart(t *testing.T) {
	dir := t.TempDir()
	srv := serverOn(t, dir, server.RANDOM_PORT)
	port := srv.Addr().(*net.TCPAddr).Port
	s, err := open(t.Context(), Options{Server: srv.ClientURL()}, internals{settling: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	first := mustAppend(t, s, numbered(t, 0, 2))
	halt(srv)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Append(ctx, 2, numbered(t, 2, 1)); err == nil {
		t.Error("a commit is acknowledged by a server that is gone")
	}
	serverOn(t, dir, port)
	if !waitFor(t, s.conn.IsConnected) {
		t.Fatal("the store does not come back")
	}
	got := replayed(t, s, 0)
	if !sameCommit(got[0], first) || len(got) > 2 {
		t.Errorf("after the restart the log holds %+v", got)
	}
	mustAppend(t, s, numbered(t, 5, 1))
}

// waitFor polls, since the client does not tell when it is connected again to who asks.
func waitFor(t *testing.T, done func() bool) bool {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !done() {
		if !pause(ctx, 10*time.Millisecond) {
			return false
		}
	}
	return true
}
