package eventstore

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const plenty = few + 4 // commits, more than are asked for one by one

// spoil changes a bit in the last record of a log's block, as a disk does behind a running server's back.
func spoil(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	flipBit(t, path, 8*int(info.Size()-100))
}

// lost checks that the log is damaged from a commit on.
func lost(t *testing.T, s *Store, err error, commit uint64, entry uint64) {
	t.Helper()
	damage, ok := errors.AsType[*DamageError](err)
	if !ok || errors.Is(err, ErrUnavailable) || damage.StreamSeq != commit || damage.First != entry || damage.LastGood != entry-1 {
		t.Errorf("replay: %v; want damage at commit %d, entry %d", err, commit, entry)
	}
}

func nothing(Commit) error { return nil }

// A commit at the end of the log that went bad after the start, which the server then never sends and never mentions,
// is damage once it has been asked for; the embedded server's and an external one's.
func TestReplayOfWhatIsNeverSent(t *testing.T) {
	dir := t.TempDir()
	own := must(t, Options{Dir: dir})
	for i := range plenty {
		mustAppend(t, own, numbered(t, 10*i, 2))
	}
	closeStore(t, own)
	own, err := open(t.Context(), Options{Dir: dir}, internals{patience: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, own) })
	spoil(t, newStreamFolder(dir, "main").block(1).path)
	lost(t, own, own.Replay(t.Context(), 0, nil, nothing), plenty, 2*plenty-1)

	kept := t.TempDir()
	srv := serverOn(t, kept, server.RANDOM_PORT)
	s, err := open(t.Context(), Options{Server: srv.ClientURL()}, internals{patience: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	for i := range plenty {
		mustAppend(t, s, numbered(t, 10*i, 2))
	}
	port := srv.Addr().(*net.TCPAddr).Port
	halt(srv)
	serverOn(t, kept, port)
	if !waitFor(t, s.conn.IsConnected) {
		t.Fatal("the store does not come back")
	}
	spoil(t, filepath.Join(kept, "jetstream", "$G", "streams", "ORGLEDGER_main", "msgs", "1.blk"))
	lost(t, s, s.Replay(t.Context(), 0, nil, nothing), plenty, 2*plenty-1)
}

// pausing is a stream whose consumers are sent nothing.
type pausing struct {
	jetstream.Stream
	js jetstream.JetStream
}

func (p *pausing) OrderedConsumer(ctx context.Context, c jetstream.OrderedConsumerConfig) (jetstream.Consumer, error) {
	consumer, err := p.Stream.OrderedConsumer(ctx, c)
	if err == nil {
		_, err = p.js.PauseConsumer(ctx, "ORGLEDGER_main", consumer.CachedInfo().Name, time.Now().Add(time.Hour))
	}
	return consumer, err
}

// A server that has a commit and does not send it is out of order for the time being, and the log is not.
func TestReplayOfWhatIsNotSentYet(t *testing.T) {
	s, err := open(t.Context(), Options{Server: external(t).ClientURL()}, internals{patience: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	for i := range plenty {
		mustAppend(t, s, numbered(t, 10*i, 2))
	}
	js, err := jetstream.New(s.conn)
	if err != nil {
		t.Fatal(err)
	}
	stream := s.stream
	s.stream = &pausing{stream, js}
	err = s.Replay(t.Context(), 0, nil, nothing)
	if _, damaged := errors.AsType[*DamageError](err); damaged || !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "commit 1,") {
		t.Errorf("replay: %v", err)
	}
	s.stream = stream
	if err := s.Replay(t.Context(), 0, nil, nothing); err != nil {
		t.Error(err)
	}
}

// An external log that has lost its end is damaged from there on.
func TestExternalLogThatLostItsEnd(t *testing.T) {
	url := external(t).ClientURL()
	s := must(t, Options{Server: url})
	_, js := client(t, url)
	var kept []*nats.Msg
	for i := range 5 {
		mustAppend(t, s, numbered(t, 10*i, 2))
		m, err := s.stream.GetMsg(t.Context(), uint64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		m.Header.Del(nats.MsgIdHdr)
		kept = append(kept, &nats.Msg{Subject: m.Subject, Header: m.Header, Data: m.Data})
	}
	if err := js.DeleteStream(t.Context(), "ORGLEDGER_main"); err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), streamConfig("main", 1)); err != nil {
		t.Fatal(err)
	}
	for _, m := range kept[:3] {
		if _, err := js.PublishMsg(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for _, after := range []uint64{0, 4, 10} {
		lost(t, s, s.Replay(t.Context(), after, nil, nothing), 4, 7)
	}
	if _, err := s.Append(t.Context(), 10, numbered(t, 90, 1)); err == nil {
		t.Error("a commit is written behind what is missing")
	}
}

// The node that leads a cluster may be behind for some seconds; after that it has lost what it does not know of.
func TestLeaderThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Store{conn: new(nats.Conn), firsts: []uint64{1, 3, 5}}
		behind, whole := extent{last: 2, replicated: true, led: true}, extent{last: 3, replicated: true, led: true}
		follower := extent{last: 2, replicated: true}
		waits := func(what string) {
			t.Helper()
			if err := s.receded(3, behind); !errors.Is(err, ErrUnavailable) {
				t.Errorf("%s: %v", what, err)
			}
		}
		waits("at first")
		time.Sleep(catchingUp - 1)
		waits("a moment before it is too long")
		if err := s.receded(3, whole); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Nanosecond)
		waits("after it was whole again")
		time.Sleep(2 * catchingUp)
		waits("after nobody has looked for long")
		time.Sleep(catchingUp)
		if err := s.receded(3, follower); !errors.Is(err, ErrUnavailable) {
			t.Errorf("a node that follows nobody: %v", err)
		}
		waits("after that")
		time.Sleep(catchingUp)
		lost(t, s, s.receded(3, behind), 3, 5)
	})
}
