package natstest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Link forwards TCP connections to a server, until it is cut.
type Link struct {
	listener net.Listener
	to       string
	ended    sync.WaitGroup

	mu    sync.Mutex
	cut   bool                  // guarded by mu
	shut  bool                  // guarded by mu
	conns map[net.Conn]struct{} // both sides; guarded by mu
}

func newLink(t testing.TB, to string) *Link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &Link{listener: listener, to: to, conns: make(map[net.Conn]struct{})}
	l.ended.Go(l.accept)
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		l.mu.Lock()
		l.shut = true
		l.drop()
		l.mu.Unlock()
		l.ended.Wait()
	})
	return l
}

// Addr is where the link is reached.
func (l *Link) Addr() string { return l.listener.Addr().String() }

// Cut loses what is sent from now on. Connections stay open, and new ones are taken: as far as either
// side can tell, the other is silent.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
}

// Heal ends the connections that have lost something, and forwards new ones.
func (l *Link) Heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = false
	l.drop()
}

// drop closes every connection. The caller holds mu.
func (l *Link) drop() {
	for c := range l.conns {
		_ = c.Close() // nobody is told
	}
	clear(l.conns)
}

// keep remembers a connection, unless the link has ended.
func (l *Link) keep(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shut {
		_ = c.Close()
		return false
	}
	l.conns[c] = struct{}{}
	return true
}

func (l *Link) accept() {
	for {
		from, err := l.listener.Accept()
		if err != nil {
			return // the listener is closed
		}
		if l.keep(from) {
			l.ended.Go(func() { l.forward(from) })
		}
	}
}

func (l *Link) forward(from net.Conn) {
	to, err := net.Dial("tcp", l.to)
	if err != nil {
		_ = from.Close() // the server is down
		return
	}
	if !l.keep(to) {
		return
	}
	l.ended.Go(func() { l.pump(to, from) })
	l.pump(from, to)
}

// pump copies until either side closes, then closes both.
func (l *Link) pump(from, to net.Conn) {
	_, _ = io.Copy(losing{to, l}, from) // the end of a connection is no failure
	_ = from.Close()
	_ = to.Close()
}

// losing writes to a connection unless the link is cut.
type losing struct {
	net.Conn
	link *Link
}

func (w losing) Write(text []byte) (int, error) {
	w.link.mu.Lock()
	cut := w.link.cut
	w.link.mu.Unlock()
	if cut {
		return len(text), nil
	}
	return w.Conn.Write(text)
}
