package eventstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// restoringName is the folder, within a data folder, in which a log is put together before it takes its place.
const restoringName = "restoring"

// restoring reports whether a restore into a data folder was begun and is not finished. An empty folder is
// what the first or the last step of one leaves.
func restoring(dir string) (bool, error) {
	files, err := os.ReadDir(filepath.Join(dir, restoringName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errNotFolder) {
		return false, fmt.Errorf("look for an unfinished restore: %w", err)
	}
	return len(files) > 0, nil
}

// stage is a server that writes a log which nobody uses yet. It does not sync: the whole of it is made durable
// at its end.
type stage struct {
	at     streamFolder
	dir    string
	server *embedded
	conn   *nats.Conn
	js     jetstream.JetStream
}

// newStage starts a server on a folder, and makes the stream of a ledger there.
func newStage(ctx context.Context, dir string, o *RestoreOptions) (_ *stage, err error) {
	g := &stage{at: newStreamFolder(dir, o.Ledger), dir: dir}
	if g.server, err = startServer(ctx, dir, "", o.Ledger, false, o.Logger); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			g.stop()
		}
	}()
	g.conn, err = nats.Connect("", nats.InProcessServer(g.server.Server), nats.Nkey(g.server.public, g.server.key.Sign))
	if err != nil {
		return nil, fmt.Errorf("connect to the embedded server: %w", err)
	}
	if g.js, err = newPublishing(g.conn); err != nil {
		return nil, err
	}
	if _, err := g.js.CreateStream(ctx, streamConfig(o.Ledger, 1)); err != nil {
		return nil, fmt.Errorf("create the log %s: %w", g.at.stream, err)
	}
	return g, nil
}

func newPublishing(conn *nats.Conn) (jetstream.JetStream, error) {
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(reply), jetstream.WithPublishAsyncTimeout(3*reply))
	if err != nil {
		return nil, fmt.Errorf("use JetStream: %w", err)
	}
	return js, nil
}

func (g *stage) stop() {
	if g.conn != nil {
		g.conn.Close()
	}
	g.server.stop()
}

// publisher writes commits into a stream, each only where it belongs. Where nobody else can write, several may be
// on their way at once; where somebody can, no more than one: a commit only names how many come before it, and if
// another took the place of the first, the second would be let in behind it. It belongs to one goroutine.
type publisher struct {
	js      jetstream.JetStream
	subject string
	failing func() error // why the server can no longer write; nil: it can, or cannot be asked
	atOnce  int          // how many commits may be on their way
	sum     hash.Hash    // of everything that was given
	room    []byte
	waiting []awaited // in order
	bytes   int       // on their way
}

// awaited is a commit that is not acknowledged yet.
type awaited struct {
	jetstream.PubAckFuture
	place uint64
	bytes int
}

const (
	onTheWay = 2 * maxMessage // bytes that a server is sent ahead
	many     = 1024           // commits that our own is
)

func newPublisher(js jetstream.JetStream, ledger string, failing func() error, atOnce int) *publisher {
	return &publisher{js: js, subject: commitSubject(ledger), failing: failing, atOnce: atOnce, sum: sha256.New()}
}

// put sends a commit that has been proved. Its own header fences it.
func (p *publisher) put(ctx context.Context, c RawCommit) error {
	headers, err := c.headers()
	if err != nil {
		return err
	}
	if got, want := headers.Get(nats.ExpectedLastSeqHdr), fmt.Sprint(c.Place-1); got != want {
		return fmt.Errorf("commit %d was written as the one after commit %q", c.Place, got)
	}
	for len(p.waiting) >= p.atOnce || len(p.waiting) > 0 && p.bytes+c.size() > onTheWay {
		if err := p.await(ctx); err != nil {
			return err
		}
	}
	p.note(&c)
	future, err := p.js.PublishMsgAsync(&nats.Msg{Subject: p.subject, Header: headers, Data: c.Data})
	if err != nil {
		return fmt.Errorf("write commit %d: %w", c.Place, err)
	}
	p.waiting = append(p.waiting, awaited{future, c.Place, c.size()})
	p.bytes += c.size()
	return nil
}

// note puts a commit into the sum.
func (p *publisher) note(c *RawCommit) {
	p.room = appendFrame(p.room[:0], c)
	p.sum.Write(p.room)
}

// await waits for the oldest acknowledgement.
func (p *publisher) await(ctx context.Context) error {
	first := p.waiting[0]
	p.waiting, p.bytes = p.waiting[1:], p.bytes-first.bytes
	err := p.outcome(ctx, first)
	answer, answered := errors.AsType[*jetstream.APIError](err)
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case answered && isFence(answer):
		err = fmt.Errorf("%w: %w", ErrFenced, err)
	case temporary(err) || errors.Is(err, jetstream.ErrAsyncPublishTimeout):
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return fmt.Errorf("write commit %d: %w", first.place, err)
}

// outcome is what has become of a commit. A server that cannot write does not answer: so it is asked.
func (p *publisher) outcome(ctx context.Context, of awaited) error {
	look := time.NewTicker(lookAfter)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-of.Err():
			return err
		case ack := <-of.Ok():
			if ack.Sequence != of.place {
				return fmt.Errorf("it was acknowledged as commit %d", ack.Sequence)
			}
			return nil
		case <-look.C:
			if err := p.failing(); err != nil {
				return fmt.Errorf("%w: %w", ErrLogUnavailable, err)
			}
		}
	}
}

// flush waits for everything that is on its way.
func (p *publisher) flush(ctx context.Context) error {
	for len(p.waiting) > 0 {
		if err := p.await(ctx); err != nil {
			return err
		}
	}
	return nil
}

// syncTree makes everything below a folder durable, and its own name.
func syncTree(ctx context.Context, dir string) error {
	var folders []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			folders = append(folders, path)
			return ctx.Err()
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(file.Sync(), file.Close())
	})
	for i := len(folders) - 1; i >= 0 && err == nil; i-- {
		err = syncDir(folders[i])
	}
	if err != nil {
		return fmt.Errorf("make the files durable: %w", err)
	}
	return syncDir(filepath.Dir(dir))
}

// timeOf is a recorded time, as reports give it; nil: nothing was recorded.
func timeOf(h *Head) *time.Time {
	if h.Seq == 0 {
		return nil
	}
	at := time.Unix(0, h.Time).UTC()
	return &at
}
