package eventstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrOutdated: a slip was to be replaced that is another by now, or gone. Nothing was written.
var ErrOutdated = errors.New("it has been changed meanwhile")

// Shelf keeps slips: small values by key, beside a log and never in it, each replaced as a whole. They are a message each of the
// stream ORGLEDGER_<ledger>_HOOKS, whose subjects are outside of orgledger.>, so that no reader of the log
// is let near them. A change is durable when it is reported as done. The loss of the stream is the loss of the slips
// and of nothing recorded. Its methods may be called concurrently, by any number of nodes.
type Shelf struct {
	store *Store

	mu     sync.Mutex
	stream jetstream.Stream // guarded by mu; nil until it is known to be there
}

// Slip is one value of a shelf.
type Slip struct {
	Key     string // tokens of letters, digits, _ and -, with dots between them
	Value   []byte
	Version uint64 // of this key; later versions are greater
}

// kept is how a value is stored.
type kept struct {
	Format int             `json:"format"`
	Key    string          `json:"key"`
	Value  json.RawMessage `json:"value"`
}

// Shelf is what is kept beside this log. The stream is made with the first slip.
func (s *Store) Shelf() *Shelf { return s.shelf }

// Alone reports that no other process can change the shelf while this one has it.
func (h *Shelf) Alone() bool { return h.store.server != nil }

// shelfSubject is the subject of a key.
func shelfSubject(ledger, key string) string { return "orgledger_hooks." + ledger + "." + key }

// config is a stream of which one message a key is kept. It is read from its leader alone: a replica that lags
// would give a slip that is replaced.
func (h *Shelf) config() jetstream.StreamConfig {
	o := &h.store.options
	return jetstream.StreamConfig{
		Name:              streamName(o.Ledger) + shelfSuffix,
		Description:       "orgledger: webhooks of " + o.Ledger + ", what they still have to deliver, and their secrets",
		Subjects:          []string{shelfSubject(o.Ledger, ">")},
		Retention:         jetstream.LimitsPolicy,
		Storage:           jetstream.FileStorage,
		Replicas:          max(o.Replicas, 1),
		MaxMsgs:           -1,
		MaxBytes:          -1,
		MaxMsgsPerSubject: 1,
		MaxMsgSize:        maxMessage,
		Duplicates:        duplicateWindow,
		Metadata:          streamConfig(o.Ledger, 1).Metadata,
	}
}

// open finds the stream, or creates it where that is wanted; nil where there is none.
func (h *Shelf) open(ctx context.Context, create bool) (jetstream.Stream, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stream != nil {
		return h.stream, nil
	}
	if create && h.store.options.ReadOnly {
		return nil, ErrReadOnly
	}
	config := h.config()
	var stream jetstream.Stream
	err := patiently(ctx, h.store.conn, forming, func(ctx context.Context) (err error) {
		stream, err = h.store.js.Stream(ctx, config.Name)
		if create && errors.Is(err, jetstream.ErrStreamNotFound) {
			stream, err = h.store.js.CreateStream(ctx, config)
		}
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another node has created it meanwhile
			stream, err = h.store.js.Stream(ctx, config.Name)
		}
		return err
	})
	switch {
	case !create && errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("open the stream %s: %w", config.Name, err)
	}
	if err := checkFormat(stream.CachedInfo().Config.Metadata[metadataFormat]); err != nil {
		return nil, fmt.Errorf("the stream %s: %w", config.Name, err)
	}
	h.stream = stream
	return stream, nil
}

// Put writes a slip in the place of the version was, 0 where there is to be none, and gives its own version. value is one of
// JSON. It fails with ErrOutdated where there is another version. Where the error is another one, the slip may be written or
// not: look at it.
func (h *Shelf) Put(ctx context.Context, key string, value []byte, was uint64) (uint64, error) {
	if _, err := h.open(ctx, true); err != nil {
		return 0, fmt.Errorf("keep %s: %w", key, err)
	}
	text, err := seal(kept{format, key, value})
	if err != nil {
		return 0, fmt.Errorf("keep %s: %w", key, err)
	}
	ctx, cancel := context.WithTimeout(ctx, reply)
	defer cancel()
	m := &nats.Msg{Subject: shelfSubject(h.store.options.Ledger, key), Data: text}
	ack, err := h.store.js.PublishMsg(ctx, m, jetstream.WithExpectLastSequencePerSubject(was))
	answer, answered := errors.AsType[*jetstream.APIError](err)
	switch {
	case err == nil:
		return ack.Sequence, nil
	case answered && isFence(answer):
		return 0, fmt.Errorf("keep %s: %w", key, ErrOutdated)
	}
	return 0, fmt.Errorf("keep %s: %w: %w", key, ErrUnavailable, err)
}

// Find gives the slip of a key; false where there is none.
func (h *Shelf) Find(ctx context.Context, key string) (s Slip, found bool, err error) {
	stream, err := h.open(ctx, false)
	if err != nil || stream == nil {
		return s, false, err
	}
	var m *jetstream.RawStreamMsg
	err = patiently(ctx, h.store.conn, reply, func(ctx context.Context) (err error) {
		m, err = stream.GetLastMsgForSubject(ctx, shelfSubject(h.store.options.Ledger, key))
		return err
	})
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return s, false, nil
	case err != nil:
		return s, false, fmt.Errorf("look for %s: %w", key, err)
	}
	s, err = slip(m.Data, m.Sequence)
	return s, err == nil, err
}

// slip reads a stored value.
func slip(text []byte, version uint64) (Slip, error) {
	var k kept
	if err := unseal(text, &k); err != nil {
		return Slip{}, fmt.Errorf("slip %d of the shelf is not what was written: %w", version, err)
	}
	if err := checkFormat(strconv.Itoa(k.Format)); err != nil {
		return Slip{}, fmt.Errorf("slip %d of the shelf: %w", version, err)
	}
	return Slip{k.Key, k.Value, version}, nil
}

// Remove overwrites a version of a slip, durably. It is no error that it is gone, or replaced.
func (h *Shelf) Remove(ctx context.Context, s Slip) error {
	stream, err := h.open(ctx, false)
	if err != nil || stream == nil {
		return err
	}
	err = patiently(ctx, h.store.conn, reply, func(ctx context.Context) error { return stream.SecureDeleteMsg(ctx, s.Version) })
	if errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		if left, found, failed := h.Find(ctx, s.Key); failed == nil && (!found || left.Version != s.Version) {
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", s.Key, err)
	}
	return nil
}

// All calls fn with the slips whose keys have under and a dot in front, those changed last coming last. What is changed
// meanwhile may come as it was or as it is.
func (h *Shelf) All(ctx context.Context, under string, fn func(Slip) error) error {
	stream, err := h.open(ctx, false)
	if err != nil || stream == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, forming)
	defer cancel()
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy,
		FilterSubjects: []string{shelfSubject(h.store.options.Ledger, under+".>")}})
	if err != nil {
		return fmt.Errorf("look through %s: %w: %w", under, ErrUnavailable, err)
	}
	info, err := consumer.Info(ctx)
	if err != nil || info.NumPending == 0 {
		return err
	}
	messages, err := consumer.Messages()
	if err != nil {
		return fmt.Errorf("look through %s: %w: %w", under, ErrUnavailable, err)
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return fmt.Errorf("look through %s: %w: %w", under, ErrUnavailable, err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		s, err := slip(m.Data(), meta.Sequence.Stream)
		if err != nil {
			return err
		}
		if err := fn(s); err != nil || meta.NumPending == 0 {
			return err
		}
	}
}

// Keys are those that have under and a dot in front, in their order. It reads no values.
func (h *Shelf) Keys(ctx context.Context, under string) ([]string, error) {
	stream, err := h.open(ctx, false)
	if err != nil || stream == nil {
		return nil, err
	}
	var info *jetstream.StreamInfo
	err = patiently(ctx, h.store.conn, reply, func(ctx context.Context) (err error) {
		info, err = stream.Info(ctx, jetstream.WithSubjectFilter(shelfSubject(h.store.options.Ledger, under+".>")))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for what is below %s: %w", under, err)
	}
	keys := make([]string, 0, len(info.State.Subjects))
	for subject := range info.State.Subjects {
		keys = append(keys, strings.TrimPrefix(subject, shelfSubject(h.store.options.Ledger, "")))
	}
	slices.Sort(keys)
	return keys, nil
}

// Clear removes everything whose keys have under and a dot in front.
func (h *Shelf) Clear(ctx context.Context, under string) error {
	stream, err := h.open(ctx, false)
	if err != nil || stream == nil {
		return err
	}
	err = patiently(ctx, h.store.conn, reply, func(ctx context.Context) error {
		return stream.Purge(ctx, jetstream.WithPurgeSubject(shelfSubject(h.store.options.Ledger, under+".>")))
	})
	if err != nil {
		return fmt.Errorf("clear what is below %s: %w", under, err)
	}
	return nil
}

// Watch calls changed once it watches, and then for the slips below a key that anybody puts there, until ctx ends. It is a
// hint: some may be reported twice, or never, when the connection breaks.
func (h *Shelf) Watch(ctx context.Context, under string, changed func()) error {
	sub, err := h.store.conn.Subscribe(shelfSubject(h.store.options.Ledger, under+".>"), func(*nats.Msg) { changed() })
	if err != nil {
		return fmt.Errorf("watch %s: %w", under, err)
	}
	if err := h.store.conn.FlushTimeout(reply); err == nil { // else the server is told of it when it is back
		changed()
	}
	<-ctx.Done()
	if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		return err
	}
	return ctx.Err()
}
