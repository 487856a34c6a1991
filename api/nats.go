package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
)

const (
	serviceName  = "orgledger"
	serviceAbout = "An event-sourced ledger of organisational history: questions, recording, snapshots"

	natsAtOnce   = 64              // requests to one endpoint that are answered at the same time
	natsDraining = 5 * time.Second // for requests under way when NATS stops
)

// NATS answers the requests of NATS clients from one ledger, as a service that any tool for NATS micro services
// finds (NATS ADR-32). Several nodes that serve one ledger share the requests. Unlike the service of nats.go it answers
// many requests to one endpoint at a time, so that recorders share a commit, counts each when it is answered,
// and never answers into a subject of the ledger's own.
type NATS struct {
	conn      *nats.Conn
	ledger    *ledger.Ledger
	feed      feed.Feed // nil: there is none
	name      string    // of the ledger
	subject   string    // what stands before the name of an endpoint
	record    bool
	log       *slog.Logger
	identity  micro.ServiceIdentity
	started   time.Time
	endpoints []*endpoint

	subscriptions []*nats.Subscription
	listening     sync.WaitGroup // subscriptions
	running       sync.WaitGroup // those who answer

	ctx  context.Context // of requests; ends when those under way have had their time
	stop context.CancelFunc
}

// NewNATS begins to answer below subject, over a connection that is its own from now on. record says whether entries
// are taken; the other endpoints only read. Run ends it.
func NewNATS(conn *nats.Conn, subject string, record bool, o Options) (*NATS, error) {
	n := &NATS{conn: conn, ledger: o.Ledger, feed: o.Feed, name: o.Name, subject: subject, record: record, log: o.Log, started: time.Now().UTC(),
		identity: micro.ServiceIdentity{Name: serviceName, ID: uuid.NewString(), Version: o.Version, Metadata: map[string]string{"ledger": o.Name}}}
	n.ctx, n.stop = context.WithCancel(context.Background())
	n.endpoints = n.served()
	if err := n.listen(); err != nil {
		conn.Close()
		n.finish()
		return nil, fmt.Errorf("answer over NATS: %w", err)
	}
	return n, nil
}

func (n *NATS) listen() error {
	for _, e := range n.endpoints {
		for range natsAtOnce {
			n.running.Go(func() { n.work(e) })
		}
		if err := n.subscribe(e.stats.Subject, micro.DefaultQueueGroup, func(m *nats.Msg) { e.requests <- m }); err != nil {
			return err
		}
	}
	for verb, tell := range map[micro.Verb]func() any{micro.PingVerb: n.ping, micro.InfoVerb: n.info, micro.StatsVerb: n.stats} {
		for _, who := range [][2]string{{}, {n.identity.Name}, {n.identity.Name, n.identity.ID}} {
			subject, err := micro.ControlSubject(verb, who[0], who[1])
			if err != nil {
				return err
			}
			if err := n.subscribe(subject, "", func(m *nats.Msg) { n.send(m, tell()) }); err != nil {
				return err
			}
		}
	}
	return n.conn.FlushTimeout(natsDraining)
}

func (n *NATS) subscribe(subject, group string, fn nats.MsgHandler) error {
	guarded := func(m *nats.Msg) {
		if !answerable(m.Reply) {
			n.log.Warn("a NATS request was passed over: its answer would have gone to a subject that is no inbox", "subject", m.Subject, "reply", m.Reply)
			return
		}
		fn(m)
	}
	subscribed, err := n.conn.QueueSubscribe(subject, group, guarded)
	if err != nil {
		return err
	}
	n.listening.Add(1)
	subscribed.SetClosedHandler(func(string) { n.listening.Done() })
	n.subscriptions = append(n.subscriptions, subscribed)
	return nil
}

// answerable reports whether an answer may go to a subject: where everyone shares one account of an external server, a
// client could otherwise have the ledger write to its own log, or give orders to the server.
func answerable(reply string) bool {
	first, _, _ := strings.Cut(reply, ".")
	return reply != "" && first != "orgledger" && first != "svc" && !strings.HasPrefix(first, "$")
}

// Run answers until ctx ends, then finishes the requests that have come, for at most some seconds, and closes the connection.
func (n *NATS) Run(ctx context.Context) error {
	<-ctx.Done()
	defer n.conn.Close()
	defer n.stop()
	for _, s := range n.subscriptions {
		if err := s.Drain(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
			return fmt.Errorf("stop answering over NATS: %w", err)
		}
	}
	done := make(chan struct{})
	go func() { n.finish(); close(done) }()
	select {
	case <-done:
	case <-time.After(natsDraining):
		n.log.Warn("requests over NATS were not answered before the end", "after", natsDraining)
		return nil
	}
	if err := n.conn.FlushTimeout(natsDraining); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		return fmt.Errorf("send the last answers over NATS: %w", err)
	}
	return nil
}

// finish waits until all requests that have come are answered, once nothing listens any more.
func (n *NATS) finish() {
	n.listening.Wait()
	for _, e := range n.endpoints {
		close(e.requests)
	}
	n.running.Wait()
	n.stop()
}

func (n *NATS) ping() any {
	return micro.Ping{ServiceIdentity: n.identity, Type: micro.PingResponseType}
}

func (n *NATS) info() any {
	answer := micro.Info{ServiceIdentity: n.identity, Type: micro.InfoResponseType, Description: serviceAbout}
	for _, e := range n.endpoints {
		answer.Endpoints = append(answer.Endpoints, micro.EndpointInfo{Name: e.stats.Name, Subject: e.stats.Subject,
			QueueGroup: e.stats.QueueGroup, Metadata: map[string]string{"description": e.about}})
	}
	return answer
}

func (n *NATS) stats() any {
	answer := micro.Stats{ServiceIdentity: n.identity, Type: micro.StatsResponseType, Started: n.started}
	for _, e := range n.endpoints {
		answer.Endpoints = append(answer.Endpoints, e.told())
	}
	return answer
}
