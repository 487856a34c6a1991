package webhooks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger/feed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shelves is a shelf in memory. It is what several processes share.
type shelves struct {
	mu       sync.Mutex
	slips    map[string]eventstore.Slip // guarded by mu
	versions uint64                     // guarded by mu
	watchers map[int]watcher            // guarded by mu
	writes   int                        // guarded by mu; so far
	fail     func(write int) failure    // guarded by mu; nil: none fails
	shared   bool                       // other processes can have it
}

type watcher struct {
	under   string
	changed func()
}

// failure is what becomes of a write.
type failure int

const (
	done        failure = iota
	notWritten          // it failed
	butWritten          // it was done, and failed to say so
	interrupted         // and nothing is written from then on
)

var errShelf = errors.New("the shelf fails")

func newShelves() *shelves {
	return &shelves{slips: make(map[string]eventstore.Slip), watchers: make(map[int]watcher)}
}

func (s *shelves) Alone() bool { return !s.shared }

// write does a change, or fails.
func (s *shelves) write(ctx context.Context, change func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	s.writes++
	outcome := done
	if s.fail != nil {
		outcome = s.fail(s.writes)
	}
	switch outcome {
	case notWritten, interrupted:
		return errShelf
	case butWritten:
		return errors.Join(change(), errShelf)
	default:
		return change()
	}
}

func (s *shelves) Put(ctx context.Context, key string, value []byte, was uint64) (version uint64, err error) {
	err = s.write(ctx, func() error {
		if s.slips[key].Version != was {
			return fmt.Errorf("%s: %w", key, eventstore.ErrOutdated)
		}
		s.versions++
		version = s.versions
		s.slips[key] = eventstore.Slip{Key: key, Value: slices.Clone(value), Version: version}
		for _, w := range s.watchers {
			if strings.HasPrefix(key, w.under+".") {
				go w.changed()
			}
		}
		return nil
	})
	return version, err
}

func (s *shelves) Find(_ context.Context, key string) (eventstore.Slip, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slip, found := s.slips[key]
	return slip, found, nil
}

func (s *shelves) Remove(ctx context.Context, slip eventstore.Slip) error {
	return s.write(ctx, func() error {
		if s.slips[slip.Key].Version == slip.Version {
			delete(s.slips, slip.Key)
		}
		return nil
	})
}

// left are the keys of everything that is on the shelf.
func (s *shelves) left() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.slips))
}

func (s *shelves) Keys(_ context.Context, under string) (keys []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(s.slips)) {
		if strings.HasPrefix(key, under+".") {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func (s *shelves) All(ctx context.Context, under string, fn func(eventstore.Slip) error) error {
	keys, err := s.Keys(ctx, under)
	for _, key := range keys {
		if slip, found, _ := s.Find(ctx, key); found && err == nil {
			err = fn(slip)
		}
	}
	return err
}

func (s *shelves) Clear(ctx context.Context, under string) error {
	return s.write(ctx, func() error {
		maps.DeleteFunc(s.slips, func(key string, _ eventstore.Slip) bool { return strings.HasPrefix(key, under+".") })
		return nil
	})
}

func (s *shelves) Watch(ctx context.Context, under string, changed func()) error {
	s.mu.Lock()
	id := len(s.watchers) + int(s.versions)<<8
	s.watchers[id] = watcher{under, changed}
	s.mu.Unlock()
	changed()
	<-ctx.Done()
	s.mu.Lock()
	delete(s.watchers, id)
	s.mu.Unlock()
	return ctx.Err()
}

// tape is a feed in memory.
type tape struct {
	mu       sync.Mutex
	messages []feed.Message // guarded by mu; the first is at position 1
	first    uint64         // guarded by mu; position of the first that is kept; 0: all are
	grown    chan struct{}  // guarded by mu; closed when there is more
}

func newTape(n, refs int) *tape {
	f := &tape{grown: make(chan struct{})}
	for range n {
		f.add(domain.ContractID(fmt.Sprint("c", len(f.messages)%refs)).Ref())
	}
	return f
}

// add appends a message that an entry of its own caused.
func (f *tape) add(ref domain.Ref) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := uint64(len(f.messages) + 1)
	f.messages = append(f.messages, feed.Message{Position: n, ID: fmt.Sprintf("%d/change/%s", n, ref), Kind: feed.Change, Seq: n, Ref: ref,
		Event: fmt.Appendf(nil, `{"specversion":"1.0","id":"%d"}`, n)})
	close(f.grown)
	f.grown = make(chan struct{})
}

func (f *tape) Ends(context.Context) (feed.Ends, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := uint64(len(f.messages))
	return feed.Ends{First: max(f.first, 1), Last: n, Seq: n}, nil
}

func (f *tape) After(_ context.Context, seq uint64) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if seq+1 < f.first {
		return 0, feed.ErrExpired
	}
	return min(seq, uint64(len(f.messages))) + 1, nil
}

func (f *tape) Follow(ctx context.Context, at uint64, s feed.Selection, fn func(feed.Message) error) error {
	return f.read(ctx, at, s, true, fn)
}

func (f *tape) Read(ctx context.Context, at uint64, s feed.Selection, fn func(feed.Message) error) error {
	return f.read(ctx, at, s, false, fn)
}

func (f *tape) read(ctx context.Context, at uint64, s feed.Selection, on bool, fn func(feed.Message) error) error {
	for ; ; at++ {
		f.mu.Lock()
		expired, grown := at < f.first, f.grown
		var m *feed.Message
		if at <= uint64(len(f.messages)) {
			m = &f.messages[at-1]
		}
		f.mu.Unlock()
		switch {
		case expired:
			return feed.ErrExpired
		case m == nil && !on:
			return nil
		case m == nil:
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-grown:
			}
			at--
		case chosen(s, m):
			if err := fn(*m); err != nil {
				return err
			}
		}
	}
}

func chosen(s feed.Selection, m *feed.Message) bool {
	return (len(s.Refs) == 0 || slices.Contains(s.Refs, m.Ref)) && (len(s.Kinds) == 0 || slices.Contains(s.Kinds, m.Kind))
}

// receiver answers deliveries in this process, without a network. It notes each attempt.
type receiver struct {
	mu     sync.Mutex
	tried  []attempt                // guarded by mu
	answer func(a attempt) response // guarded by mu; nil: 204
	takes  time.Duration            // each attempt
}

type attempt struct {
	id    string
	at    time.Time
	taken bool
	times int // how often this message was tried, from 1
}

type response struct {
	status int
	header http.Header
	err    error
}

func (r *receiver) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(request.Body)
	if err != nil || len(body) == 0 {
		return nil, errors.Join(err, errors.New("there is no body"))
	}
	time.Sleep(r.takes) // of the bubble
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	a := attempt{id: request.Header.Get(HeaderID), at: time.Now(), times: 1}
	for _, earlier := range r.tried {
		if earlier.id == a.id {
			a.times++
		}
	}
	answer := response{status: http.StatusNoContent}
	if r.answer != nil {
		answer = r.answer(a)
	}
	a.taken = answer.err == nil && answer.status/100 == 2
	r.tried = append(r.tried, a)
	if answer.err != nil {
		return nil, answer.err
	}
	if answer.header == nil {
		answer.header = make(http.Header)
	}
	return &http.Response{StatusCode: answer.status, Status: fmt.Sprint(answer.status), Header: answer.header, Body: http.NoBody, Request: request}, nil
}

// taken are the ids that were taken, in order.
func (r *receiver) taken() (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.tried {
		if a.taken {
			ids = append(ids, a.id)
		}
	}
	return ids
}

func (r *receiver) attempts() []attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.tried)
}

func (r *receiver) answers(how func(attempt) response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = how
}

// status answers every delivery alike.
func status(code int) func(attempt) response {
	return func(attempt) response { return response{status: code} }
}

// registered is a ledger of some entries with one webhook, whose deliveries go to a receiver.
func registered(t *testing.T, shelf *shelves, f *tape, r *receiver) (*Webhooks, string) {
	t.Helper()
	w := reaching(shelf, f, r)
	created, err := w.Add(t.Context(), Registration{URL: "https://receiver.example/hook", From: 1})
	if err != nil {
		t.Fatal(err)
	}
	return w, created.ID
}

// reaching are webhooks whose deliveries go to a receiver.
func reaching(shelf *shelves, f *tape, r *receiver) *Webhooks {
	last := func() uint64 {
		ends, _ := f.Ends(context.Background())
		return ends.Seq
	}
	w := New(Options{Shelf: shelf, Ledger: "main", Last: last, Version: "test", Logger: slog.New(slog.DiscardHandler)})
	w.sender.secure.Transport = r
	return w
}

// delivering runs a deliverer until stop is called.
func delivering(w *Webhooks, f feed.Feed) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- NewDeliverer(w, f).Run(ctx) }()
	return func() {
		cancel()
		<-ended
	}
}

// inOrder fails where a message of the feed was not taken, or a message of a reference was taken before one ahead of it was.
func inOrder(t *testing.T, f *tape, ids []string) {
	t.Helper()
	first := make(map[string]int)
	for i, id := range ids {
		if _, seen := first[id]; !seen {
			first[id] = i
		}
	}
	last := make(map[domain.Ref]int)
	for _, m := range f.messages {
		at, taken := first[m.ID]
		if !taken {
			t.Errorf("%s was never taken", m.ID)
			continue
		}
		if before, some := last[m.Ref]; some && before > at {
			t.Errorf("%s was taken before the message ahead of it about %s", m.ID, m.Ref)
		}
		last[m.Ref] = at
	}
}
