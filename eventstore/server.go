package eventstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

// embedded is the server that runs in this process for one ledger of one data folder.
type embedded struct {
	*server.Server
	key    nkeys.KeyPair // of the ledger's own user, made anew at every start
	public string        // its public half
}

// startTime is how long the server may take to open its listener, after the log has been recovered.
const startTime = 10 * time.Second

// startServer runs a server on dir. Without a listen address it is reached from this process only. Where it
// does not sync, whoever stops it has to make durable what it has written.
func startServer(ctx context.Context, dir, listen, ledger string, sync bool, logger *slog.Logger) (*embedded, error) {
	key, public, err := newKey()
	if err != nil {
		return nil, err
	}
	_, readers, err := newKey()
	if err != nil {
		return nil, err
	}
	options := &server.Options{
		ServerName:             "orgledger",
		NoSigs:                 true,
		JetStream:              true,
		DisableJetStreamBanner: true,
		StoreDir:               dir,
		SyncAlways:             sync, // an acknowledgement is given after the fsync, never before
		JetStreamMaxStore:      1 << 62,
		MaxPayload:             maxMessage,
	}
	if err := options.ProcessConfigString(accounts(ledger, public, readers)); err != nil {
		return nil, fmt.Errorf("configure the embedded server: %w", err)
	}
	if err := listenOn(options, listen); err != nil {
		return nil, err
	}
	srv, err := server.NewServer(options)
	if err != nil {
		return nil, fmt.Errorf("configure the embedded server: %w", err)
	}
	log := &serverLog{to: logger}
	srv.SetLoggerV2(log, false, false, false)
	srv.Start()
	s := &embedded{srv, key, public}
	if err := s.ready(ctx, log); err != nil {
		s.stop()
		return nil, fmt.Errorf("start the embedded server: %w", err)
	}
	return s, nil
}

// accountName is the account that holds the log of a ledger, and part of the folder that it is in.
func accountName(ledger string) string { return "LEDGER_" + ledger }

func newKey() (pair nkeys.KeyPair, public string, err error) {
	if pair, err = nkeys.CreateUser(); err == nil {
		public, err = pair.PublicKey()
	}
	if err != nil {
		return nil, "", fmt.Errorf("make a key for the embedded server: %w", err)
	}
	return pair, public, nil
}

func (s *embedded) ready(ctx context.Context, log *serverLog) error {
	for deadline := time.Now().Add(startTime); !s.ReadyForConnections(50 * time.Millisecond); {
		if err := errors.Join(ctx.Err(), log.failure()); err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("it does not accept connections after %v", startTime)
		}
	}
	return log.failure()
}

// failing is why the log of a ledger can no longer be written; nil: it can. The server does not answer what
// it could not store; it only says so of its health. It costs a look at every folder of a stream.
func (s *embedded) failing(ledger string) error {
	health := s.Healthz(&server.HealthzOptions{Account: accountName(ledger), Stream: streamName(ledger), Details: true})
	for _, e := range health.Errors {
		if e.Stream == streamName(ledger) {
			return errors.New(e.Error)
		}
	}
	return nil
}

func (s *embedded) stop() {
	s.Shutdown()
	s.WaitForShutdown()
}

// listenOn sets where the server listens: on the loopback interface, unless a host is given.
func listenOn(options *server.Options, listen string) error {
	if listen == "" {
		options.DontListen = true
		return nil
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("%w: the NATS listener is written host:port: %w", ErrConfiguration, err)
	}
	options.Host = host
	if host == "" {
		options.Host = "127.0.0.1"
	}
	if options.Port, err = strconv.Atoi(port); err != nil || options.Port < 0 || options.Port > 65535 {
		return fmt.Errorf("%w: %q is no port for the NATS listener", ErrConfiguration, port)
	}
	if options.Port == 0 {
		options.Port = server.RANDOM_PORT
	}
	return nil
}

// accounts is who may do what, as server configuration. The ledger has an account for itself, with one
// user that only this process can be. Everyone else shares another account and reaches what the
// ledger's exports, from where neither the subject of a reply nor of a delivery can lead into the log:
// within one account a reader could have the answer to a question sent to the commit subject. Readers
// can still send one another anything, so what a plain subscription brings is only a hint.
func accounts(ledger, key, readers string) string {
	var exports, imports strings.Builder
	export := func(kind, subject, more string) {
		fmt.Fprintf(&exports, "{%s: %q%s}\n", kind, subject, more)
		fmt.Fprintf(&imports, "{%s: {account: %s, subject: %q}}\n", kind, accountName(ledger), subject)
	}
	for _, subject := range []string{"INFO", "STREAM.NAMES", "STREAM.LIST"} {
		export("service", "$JS.API."+subject, "")
	}
	for _, stream := range []string{streamName(ledger), streamName(ledger) + feedSuffix, streamName(ledger) + timersSuffix} {
		for _, subject := range []string{"STREAM.INFO.%s", "STREAM.MSG.GET.%s", "CONSUMER.CREATE.%s",
			"CONSUMER.CREATE.%s.>", "CONSUMER.INFO.%s.*", "CONSUMER.LIST.%s", "CONSUMER.NAMES.%s"} {
			export("service", "$JS.API."+fmt.Sprintf(subject, stream), "")
		}
		for _, subject := range []string{"CONSUMER.MSG.NEXT.%s.*", "DIRECT.GET.%s", "DIRECT.GET.%s.>"} {
			export("service", "$JS.API."+fmt.Sprintf(subject, stream), ", response_type: stream")
		}
		export("service", "$JS.ACK."+stream+".>", "")
	}
	export("stream", "orgledger."+ledger+".>", "")
	return fmt.Sprintf(`
accounts {
  %s {
    jetstream: enabled
    users: [{nkey: %s, allowed_connection_types: [IN_PROCESS]}]
    exports: [
%s]
  }
  READERS {
    users: [{nkey: %s, permissions: {publish: {deny: "orgledger.>"}}}]
    imports: [
%s]
  }
}
no_auth_user: %s
`, accountName(ledger), key, exports.String(), readers, imports.String(), readers)
}

// serverLog passes what the server says on to slog. It only logs what it recovers, and what it cannot.
type serverLog struct {
	to *slog.Logger

	mu    sync.Mutex
	fatal error // guarded by mu; the first
}

func (l *serverLog) Noticef(text string, args ...any) {
	l.to.Debug("nats: " + fmt.Sprintf(text, args...))
}
func (l *serverLog) Warnf(text string, args ...any) { l.to.Warn("nats: " + fmt.Sprintf(text, args...)) }
func (l *serverLog) Errorf(text string, args ...any) {
	l.to.Error("nats: " + fmt.Sprintf(text, args...))
}
func (l *serverLog) Debugf(string, ...any) {}
func (l *serverLog) Tracef(string, ...any) {}

// Fatalf keeps the reason: the server goes on running after it, without what has failed.
func (l *serverLog) Fatalf(text string, args ...any) {
	err := fmt.Errorf(text, args...)
	l.to.Error("nats: " + err.Error())
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == nil {
		l.fatal = err
	}
}

func (l *serverLog) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}
