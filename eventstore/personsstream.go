package eventstore

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/orgledger/orgledger/domain"
)

// keyStream keeps keys on an external server, in the stream ORGLEDGER_<ledger>_PERSONS, a message each, where
// every node finds them. A key is destroyed by having the server overwrite its message.
type keyStream struct {
	js       jetstream.JetStream
	ledger   string
	replicas int
	may      func(ctx context.Context, subject string) error // nil: the connection is permitted to publish there

	mu     sync.Mutex
	stream jetstream.Stream                     // guarded by mu; nil until it is known to be there
	keys   map[domain.PersonID]domain.PersonKey // guarded by mu; those read so far
	read   bool                                 // guarded by mu; all that there were have been read
}

func newKeyStream(js jetstream.JetStream, s *Store) *keyStream {
	return &keyStream{js: js, ledger: s.options.Ledger, replicas: s.options.Replicas, may: s.mayPublish,
		keys: make(map[domain.PersonID]domain.PersonKey)}
}

func (k *keyStream) subject(id domain.PersonID) string {
	return "orgledger." + k.ledger + ".person." + string(id)
}

// config is a stream of which one message a person is kept. It is read from its leader alone: a replica that
// lags would give a key that is destroyed.
func (k *keyStream) config() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              streamName(k.ledger) + personsSuffix,
		Description:       "orgledger: the keys of the persons in " + k.ledger + ". Whoever reads this reads their names",
		Subjects:          []string{k.subject("*")},
		Retention:         jetstream.LimitsPolicy,
		Storage:           jetstream.FileStorage,
		Replicas:          max(k.replicas, 1),
		MaxMsgs:           -1,
		MaxBytes:          -1,
		MaxMsgsPerSubject: 1,
		Duplicates:        duplicateWindow,
		Metadata:          streamConfig(k.ledger, 1).Metadata,
	}
}

// open finds the stream, or creates it where that is wanted; false where there is none, or none that this
// connection is let near: it then reads no names.
func (k *keyStream) open(ctx context.Context, create bool) (bool, error) {
	if k.stream != nil {
		return true, nil
	}
	config := k.config()
	if !create && k.may(ctx, "$JS.API.STREAM.INFO."+config.Name) != nil {
		return false, nil
	}
	stream, err := k.js.Stream(ctx, config.Name)
	if !create && (errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrJetStreamNotEnabled)) {
		return false, nil // the listener of another ledger's embedded server
	}
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if !create {
			return false, nil
		}
		stream, err = k.js.CreateStream(ctx, config)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another node has created it meanwhile
			stream, err = k.js.Stream(ctx, config.Name)
		}
	}
	if err != nil {
		return false, fmt.Errorf("%w: open the stream %s: %w", ErrUnavailable, config.Name, err)
	}
	if err := checkFormat(stream.CachedInfo().Config.Metadata[metadataFormat]); err != nil {
		return false, fmt.Errorf("the stream %s: %w", config.Name, err)
	}
	k.stream = stream
	return true, nil
}

// readAll reads every key that there is, once.
func (k *keyStream) readAll(ctx context.Context) error {
	if k.read {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, forming)
	defer cancel()
	if there, err := k.open(ctx, false); err != nil || !there {
		return err
	}
	info, err := k.stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if info.State.Msgs > 0 {
		if err := k.consume(ctx, info.State.LastSeq); err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	k.read = true
	return nil
}

// consume reads the messages up to the last.
func (k *keyStream) consume(ctx context.Context, last uint64) error {
	consumer, err := k.stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		return err
	}
	messages, err := consumer.Messages()
	if err != nil {
		return err
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if err := k.keep(m.Data()); err != nil {
			return err
		}
		if meta.Sequence.Stream >= last || meta.NumPending == 0 {
			return nil
		}
	}
}

func (k *keyStream) keep(text []byte) error {
	id, key, err := unsealPersonKey(text)
	if err == nil {
		k.keys[id] = key
	}
	return err
}

// find asks the server for a key that another node may have saved since.
func (k *keyStream) find(ctx context.Context, id domain.PersonID) (key domain.PersonKey, found bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.readAll(ctx); err != nil {
		return key, false, err
	}
	if key, found = k.keys[id]; found {
		return key, true, nil
	}
	m, err := k.last(ctx, id)
	if err != nil || m == nil {
		return key, false, err
	}
	if err := k.keep(m.Data); err != nil {
		return key, false, err
	}
	key, found = k.keys[id]
	return key, found, nil
}

// last is the message of a person, nil where there is none.
func (k *keyStream) last(ctx context.Context, id domain.PersonID) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, reply)
	defer cancel()
	if there, err := k.open(ctx, false); err != nil || !there {
		return nil, err
	}
	m, err := k.stream.GetLastMsgForSubject(ctx, k.subject(id))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return m, nil
}

func (k *keyStream) save(ctx context.Context, keys map[domain.PersonID]domain.PersonKey) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, forming)
	defer cancel()
	if _, err := k.open(ctx, true); err != nil {
		return err
	}
	sent := make(map[domain.PersonID]jetstream.PubAckFuture)
	for id, key := range keys {
		if _, there := k.keys[id]; there {
			continue
		}
		text, err := sealPersonKey(id, key)
		if err != nil {
			return err
		}
		if sent[id], err = k.js.PublishMsgAsync(&nats.Msg{Subject: k.subject(id), Data: text}); err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	for id, future := range sent {
		select {
		case <-future.Ok():
			k.keys[id] = keys[id]
		case err := <-future.Err():
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
		}
	}
	return nil
}

// destroy has the server overwrite the message. Another node may have done so already.
func (k *keyStream) destroy(ctx context.Context, id domain.PersonID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.keys, id)
	m, err := k.last(ctx, id)
	if err != nil || m == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, reply)
	defer cancel()
	if err := k.stream.SecureDeleteMsg(ctx, m.Sequence); err != nil {
		if again, failed := k.last(ctx, id); failed == nil && again == nil {
			return nil
		}
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}
