package eventstore

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Published is how long a published message was, in bytes.
type Published struct{ Header, Data int }

// OpenTapped opens a log that tells of each commit, before it is published. tell is called by who appends.
func OpenTapped(ctx context.Context, o Options, tell func(Published)) (*Store, error) {
	return open(ctx, o, internals{through: func(j journal) journal { return &tapped{j, tell} }})
}

type tapped struct {
	journal
	tell func(Published)
}

func (j *tapped) publish(ctx context.Context, m *nats.Msg) (uint64, error) {
	header := 0
	for name, values := range m.Header {
		header += len(name) + len(": ") + len(values[0]) + len("\r\n")
	}
	j.tell(Published{header, len(m.Data)})
	return j.journal.publish(ctx, m)
}

// Bare makes another stream on the same server, set up as that of a log, and gives what publishes opaque
// bytes to it, one message after the other, each at its place and on the disk before the next. It
// belongs to one goroutine.
func (s *Store) Bare(ctx context.Context) (publish func(Published) error, err error) {
	js, err := jetstream.New(s.conn, jetstream.WithDefaultTimeout(reply))
	if err != nil {
		return nil, err
	}
	config := streamConfig("bare", 1)
	if _, err := js.CreateStream(ctx, config); err != nil {
		return nil, err
	}
	last, data, filler := uint64(0), make([]byte, maxMessage), strings.Repeat("x", 4<<10)
	random := rand.NewChaCha8([32]byte{}) // a disk may be quicker with zeros
	if _, err := random.Read(data); err != nil {
		return nil, err
	}
	return func(p Published) error {
		m := nats.NewMsg(config.Subjects[0])
		m.Header[nats.ExpectedLastSeqHdr] = []string{strconv.FormatUint(last, 10)}
		spent := len(nats.ExpectedLastSeqHdr) + len(m.Header.Get(nats.ExpectedLastSeqHdr)) + 2*len(": \r\n")
		m.Header["Filler"] = []string{filler[:p.Header-spent-len("Filler")]}
		begin := int(last*7919) % (len(data) - p.Data)
		m.Data = data[begin:][:p.Data]
		ack, err := js.PublishMsg(ctx, m)
		if err == nil {
			last = ack.Sequence
		}
		return err
	}, nil
}
