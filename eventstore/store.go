package eventstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
)

// Options say where the log is. Either Dir or Server has to be given.
type Options struct {
	// Dir is the data folder in which an embedded server keeps the log. It is created where it is missing.
	Dir string
	// Listen is the host:port at which the embedded server lets other programs read; empty: none does.
	// Without a host it is the loopback interface, port 0 is any free one.
	Listen string

	// Server is the address of an external server, nats://host:port, or of several nodes of a cluster,
	// separated by commas. Every node has to run with sync_interval: always, or what it acknowledges
	// may be lost.
	Server string
	// Creds is the file with the credentials for Server; empty: none are needed.
	Creds string
	// Replicas is on how many nodes of Server a log is kept that is created now; 0 means 1.
	Replicas int

	Ledger   string // name; empty: main. Matches domain.IDPattern and does not end as the other streams of a ledger do
	ReadOnly bool   // create nothing, and refuse to append

	Version string           // of the program, to tell who holds Dir
	Clock   func() time.Time // what recorded times are read from; nil: time.Now
	Logger  *slog.Logger     // nil: nothing is logged
}

// Store is an open log. All of its methods may be called concurrently; Append admits one at a time.
//
// The store knows the head of the log as far as it has seen it: every commit that Append writes, or
// Replay or Follow reads, moves it by one, whoever calls them and in whatever order. A new Store has
// seen nothing; call Replay first. Whoever keeps something derived from the log has to apply commits
// in their order, and does best to append and to replay in one goroutine.
type Store struct {
	options Options
	subject string
	clock   func() time.Time
	log     *slog.Logger

	folder *folder    // nil with an external server
	noted  checkpoint // what was in the data folder when it was opened
	server *embedded  // nil with an external server
	conn   *nats.Conn
	stream jetstream.Stream
	close  func() error

	appending sync.Mutex // held while a commit is written
	journal   journal
	keeper    *keeper       // guarded by appending; nil with an external server, or for reading
	settling  time.Duration // how long to look for a commit whose acknowledgement was lost
	patience  time.Duration // how long to wait for the next commit of a longer run; 0: stalled
	barred    error         // guarded by appending; why Append may not write; nil: it may

	making sync.Mutex
	under  *state  // what the log ends with if the commit under way is written; nil: none is; guarded by making
	ready  *making // what comes behind it, as far as it is known; guarded by making
	room   []byte  // memory of a message that has been written; guarded by making

	mu      sync.RWMutex
	head    state      // guarded by mu; its tree is never shared
	firsts  []uint64   // guarded by mu; first entry of each commit up to the head, in order
	kept    audit.View // guarded by mu; the leaves up to where Resume has moved the head
	shorter shorter    // guarded by mu; see receded

	cache *cache

	persons personKeys // see persons.go

	readers    lane // what the feed is read through
	publishers lane // what it is published through
}

// reply is how long the server may take to answer, fsync included.
const reply = 10 * time.Second

// Open opens the log, or creates it. It fails with a *HeldError where another process has the data
// folder open, with ErrNotLedger where there is something else, with ErrConfiguration where a log would
// not be safe, and with a *DamageError where a data folder does not hold everything that was acknowledged as it
// was written; then it has changed nothing there. For that it reads the whole log in a data folder once. That the
// commits are what was recorded is proved by Replay.
func Open(ctx context.Context, o Options) (*Store, error) {
	return open(ctx, o, internals{})
}

// internals are what a test replaces.
type internals struct {
	through  func(journal) journal         // how the stream is written to
	settling time.Duration                 // how long to look for a lost commit; 0: 5 s
	patience time.Duration                 // see Store
	config   func(*jetstream.StreamConfig) // how the stream is made; then it is not checked
	sync     func(*os.File) error          // how the checkpoint is made durable; nil: dataSync
}

func open(ctx context.Context, o Options, in internals) (_ *Store, err error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	s := &Store{options: o, subject: commitSubject(o.Ledger), clock: o.Clock, log: o.Logger,
		settling: cmp.Or(in.settling, 5*time.Second), patience: in.patience, cache: newCache(cacheBytes)}
	s.close = sync.OnceValue(s.shutdown)
	defer func() {
		if err != nil {
			err = fmt.Errorf("open the ledger %s: %w", o.Ledger, errors.Join(err, s.Close()))
		}
	}()
	if err := s.reach(ctx); err != nil {
		return nil, err
	}
	js, err := jetstream.New(s.conn, jetstream.WithDefaultTimeout(reply))
	if err != nil {
		return nil, fmt.Errorf("use JetStream: %w", err)
	}
	remembered := s.folder != nil && s.folder.knows(streamName(o.Ledger))
	if s.stream, err = openStream(ctx, js, &s.options, remembered, in.config); err != nil {
		return nil, err
	}
	if s.folder != nil {
		if err := s.keep(ctx, in.sync); err != nil {
			return nil, err
		}
	}
	if s.folder != nil {
		s.persons = newKeyFile(personsPath(s.folder.dir, streamName(o.Ledger)), s.log)
	} else {
		s.persons = newKeyStream(js, s)
	}
	s.journal = &streamJournal{js, s.stream, s.failing}
	if in.through != nil {
		s.journal = in.through(s.journal)
	}
	if s.barred = s.mayPublish(ctx, s.subject); o.ReadOnly {
		s.barred = ErrReadOnly
	}
	return s, nil
}

// keep compares what the server has recovered with what was found in its folder, and begins to keep the
// checkpoint. The stream is remembered last: a crash before leaves an empty one that is not yet the ledger's.
func (s *Store) keep(ctx context.Context, sync func(*os.File) error) error {
	if sync == nil {
		sync = dataSync
	}
	extent, err := extentOf(ctx, s.conn, s.stream)
	if err != nil {
		return err
	}
	if last := s.noted.Commit; extent.last != last || !extent.whole {
		return &DamageError{Stream: streamName(s.options.Ledger), StreamSeq: min(extent.last, last) + 1,
			Err: fmt.Errorf("the server finds commits up to %d (without gaps: %t), and its files hold %d", extent.last, extent.whole, last)}
	}
	if s.options.ReadOnly {
		return nil
	}
	at := newStreamFolder(s.folder.dir, s.options.Ledger)
	if !s.folder.knows(at.stream) {
		if err := createCheckpoint(checkpointPath(s.folder.dir, at.stream), at.stream, new(Head)); err != nil {
			return fmt.Errorf("create the checkpoint: %w", err)
		}
	}
	if s.keeper, err = openKeeper(s.folder.dir, at, s.noted, sync); err != nil {
		return fmt.Errorf("write the checkpoint: %w", err)
	}
	return s.folder.remember(at.stream)
}

// complete checks the options and fills in what was left out.
func (o *Options) complete() error {
	if o.Ledger == "" {
		o.Ledger = "main"
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case (o.Dir == "") == (o.Server == ""):
		return fmt.Errorf("%w: a ledger is opened in a data folder or on a server, one of them", ErrConfiguration)
	case o.Replicas > 1 && o.Server == "":
		return fmt.Errorf("%w: a data folder keeps a log once: only a cluster keeps it on %d nodes", ErrConfiguration, o.Replicas)
	case o.Listen != "" && o.Server != "":
		return fmt.Errorf("%w: only an embedded server has a listener", ErrConfiguration)
	case !domain.ValidID(o.Ledger):
		return fmt.Errorf("%w: %q is no name of a ledger: it has to match %s", ErrConfiguration, o.Ledger, domain.IDPattern)
	}
	for _, suffix := range []string{feedSuffix, timersSuffix, personsSuffix} {
		if strings.HasSuffix(o.Ledger, suffix) && o.Ledger != suffix {
			return fmt.Errorf("%w: the name of a ledger does not end in %s", ErrConfiguration, suffix)
		}
	}
	return nil
}

// reach connects to the server, and starts it where it is our own.
func (s *Store) reach(ctx context.Context) error {
	options := []nats.Option{nats.Name("orgledger " + s.options.Ledger), nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond), nats.ErrorHandler(s.asyncError)}
	url := s.options.Server
	if s.options.Dir != "" {
		own, err := s.startOwn(ctx)
		if err != nil {
			return err
		}
		url, options = "", append(options, own...)
	} else if s.options.Creds != "" {
		options = append(options, nats.UserCredentials(s.options.Creds))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	dial := func() (*nats.Conn, error) {
		conn, err := nats.Connect(url, options...)
		if err != nil {
			return nil, fmt.Errorf("connect to %s: %w", s.Addr(), err)
		}
		return conn, nil
	}
	s.readers.dial, s.publishers.dial = dial, dial
	var err error
	if s.conn, err = dial(); err != nil {
		return err
	}
	if room := s.conn.MaxPayload(); room < maxMessage {
		return fmt.Errorf("%w: the server at %s takes messages of %d bytes, and a commit may need %d: set max_payload: %d",
			ErrConfiguration, s.Addr(), room, maxMessage, maxMessage)
	}
	return nil
}

// startOwn takes hold of the data folder and starts the embedded server. The options connect to it.
func (s *Store) startOwn(ctx context.Context) ([]nats.Option, error) {
	var err error
	s.folder, err = openFolder(s.options.Dir, s.options.ReadOnly,
		holder{PID: os.Getpid(), Started: s.clock().UTC(), Ledger: s.options.Ledger, Version: s.options.Version})
	if err != nil {
		return nil, err
	}
	if s.noted, err = s.folder.check(ctx, s.options.Ledger, s.log); err != nil {
		return nil, err
	}
	s.server, err = startServer(ctx, s.options.Dir, s.options.Listen, s.options.Ledger, true, s.log)
	if err != nil {
		return nil, err
	}
	return []nats.Option{nats.InProcessServer(s.server.Server), nats.Nkey(s.server.public, s.server.key.Sign)}, nil
}

// mayPublish asks the server whether this connection is permitted to publish to a subject, since it answers a publication that is not
// with silence. A server that does not say is taken to permit it.
func (s *Store) mayPublish(ctx context.Context, subject string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	answer, err := s.conn.RequestWithContext(ctx, "$SYS.REQ.USER.INFO", nil)
	if err != nil {
		return nil
	}
	var info struct {
		Data server.UserInfo `json:"data"`
	}
	if json.Unmarshal(answer.Data, &info) != nil || info.Data.Permissions == nil || info.Data.Permissions.Publish == nil {
		return nil
	}
	covers := func(filter string) bool { return server.SubjectMatchesFilter(subject, filter) }
	permitted := info.Data.Permissions.Publish
	if slices.ContainsFunc(permitted.Deny, covers) || len(permitted.Allow) > 0 && !slices.ContainsFunc(permitted.Allow, covers) {
		return fmt.Errorf("%w: the server at %s does not permit this connection to record", ErrReadOnly, s.Addr())
	}
	return nil
}

func (s *Store) asyncError(_ *nats.Conn, _ *nats.Subscription, err error) {
	s.log.Warn("nats: " + err.Error())
}

// Close ends the connection, stops the embedded server and lets go of the data folder. Calls that are
// under way fail. Closing again does nothing.
func (s *Store) Close() error { return s.close() }

func (s *Store) shutdown() error {
	s.readers.close()
	s.publishers.close()
	if s.conn != nil {
		s.conn.Close()
	}
	if s.server != nil {
		s.server.stop()
	}
	s.appending.Lock() // a call under way ends first: its connection is gone
	err := s.keeper.close()
	s.appending.Unlock()
	if err != nil {
		err = fmt.Errorf("write the checkpoint: %w", err)
	}
	if s.folder != nil {
		if failed := s.folder.close(); failed != nil {
			err = errors.Join(err, fmt.Errorf("let go of the data folder: %w", failed))
		}
	}
	return err
}

// Announce tells other processes that find the data folder held at which HTTP address this one is
// reached. With an external server there is nobody to tell.
func (s *Store) Announce(addr string) error {
	if s.folder == nil {
		return nil
	}
	return s.folder.announce(addr)
}

// Addr is where NATS clients reach the log: nats://host:port of the embedded server's listener, empty
// where it has none, or the external server as it was given.
func (s *Store) Addr() string {
	switch {
	case s.server == nil:
		return s.options.Server
	case s.options.Listen == "":
		return ""
	default:
		return s.server.ClientURL()
	}
}

// Head is the end of the log as far as this store has seen it. It costs a lock.
func (s *Store) Head() Head {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.head.Head
}

// snapshot is the head with a tree of its own.
func (s *Store) snapshot() state {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.head.clone()
}

// advance moves the head to a commit that has been proved, if it is the next: another goroutine may
// have seen it first. The tree of at stays the caller's.
func (s *Store) advance(at *state, first uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at.StreamSeq == s.head.StreamSeq+1 {
		s.head = at.clone()
		s.firsts = append(s.firsts, first)
	}
}

// damaged says where the log could not be read on from a state.
func (s *Store) damaged(at *Head, err error) error {
	return &DamageError{Stream: streamName(s.options.Ledger), StreamSeq: at.StreamSeq + 1, First: at.Seq + 1, LastGood: at.Seq, Err: err}
}
