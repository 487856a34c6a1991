package eventstore

import (
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// lane is a connection of its own, for what must not hold up recording: a message waits for those that were sent before it
// on the same connection. It is opened when it is first used, and lasts until the store is closed.
type lane struct {
	dial func() (*nats.Conn, error) // set by reach

	mu     sync.Mutex
	js     jetstream.JetStream // guarded by mu; nil until it is open
	closed bool                // guarded by mu
}

// get opens the lane where it is not yet.
func (l *lane) get() (jetstream.JetStream, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, fmt.Errorf("open a connection: %w", nats.ErrConnectionClosed)
	case l.js != nil:
		return l.js, nil
	}
	conn, err := l.dial()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(reply), jetstream.WithPublishAsyncMaxPending(2*feedWindow),
		jetstream.WithPublishAsyncTimeout(reply))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("use JetStream: %w", err)
	}
	l.js = js
	return js, nil
}

func (l *lane) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.js != nil {
		l.js.Conn().Close()
	}
}
