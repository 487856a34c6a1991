package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// sent is an entry that a recorder has handed in.
type sent struct {
	text     string // without its id
	call     int    // which call it belongs to
	position int    // in the call
	size     int    // entries of the call
}

// account is what the recorders know of the ledger: what they have sent and what was acknowledged.
type account struct {
	mu    sync.Mutex
	sent  map[uuid.UUID]sent           // guarded by mu
	acked map[uuid.UUID]ledger.Receipt // guarded by mu
	calls int                          // handed in; guarded by mu

	limit        atomic.Int64 // of calls acknowledged; recorders wait there. 0: none
	acknowledged atomic.Int64 // calls
	repeated     atomic.Int64 // calls whose outcome was not known, handed in again
}

func newAccount() *account {
	return &account{sent: make(map[uuid.UUID]sent), acked: make(map[uuid.UUID]ledger.Receipt)}
}

// call notes entries as sent together.
func (a *account) call(entries []*domain.Entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, e := range entries {
		id := e.ID
		if id == uuid.Nil {
			id = e.DeriveID()
		}
		a.sent[id] = sent{content(e), a.calls, i, len(entries)}
	}
	a.calls++
}

// content is an entry as JSON without its id, which may have been derived.
func content(e *domain.Entry) string {
	bare := *e
	bare.ID = uuid.Nil
	return string(bare.AppendJSON(nil))
}

func (a *account) acknowledge(receipts []ledger.Receipt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range receipts {
		a.acked[r.ID] = r
	}
	a.acknowledged.Add(1)
}

// known is what has been acknowledged so far.
func (a *account) known() map[uuid.UUID]ledger.Receipt {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.acked)
}

// faults is what is wrong with a log.
type faults struct {
	lost       int // acknowledged, and not there with the sequence and time acknowledged
	torn       int // of a call of which not all is there in one piece, or not as it was sent
	duplicates int // there already
	misplaced  int // not the next sequence, or nobody has sent it
}

// compare holds a log against what was acknowledged before it was read.
func (a *account) compare(log []domain.Recorded, acked map[uuid.UUID]ledger.Receipt) (f faults) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := make(map[uuid.UUID]int, len(log))
	for i := range log {
		e := &log[i]
		if _, twice := at[e.ID]; twice {
			f.duplicates++
		}
		at[e.ID] = i
		want, ok := a.sent[e.ID]
		switch first := i - want.position; {
		case !ok || e.Seq != uint64(i+1):
			f.misplaced++
		case content(&e.Entry) != want.text, first < 0, first+want.size > len(log), a.sent[log[first].ID].call != want.call,
			a.sent[log[first+want.size-1].ID].call != want.call:
			f.torn++
		}
	}
	for id, r := range acked {
		i, ok := at[id]
		if !ok || log[i].Seq != r.Seq || !time.Unix(0, log[i].Time).Equal(r.Recorded) {
			f.lost++
		}
	}
	return f
}

// recorder hands in call after call, each until it is acknowledged. It belongs to one goroutine.
type recorder struct {
	name    string
	account *account
	random  *rand.Rand
	put     func(ctx context.Context, lines []byte) ([]ledger.Receipt, error) // one attempt
	bodies  []string                                                          // that it has established
}

// run records until stop is closed, and then finishes the call that is under way.
func (r *recorder) run(ctx context.Context, stop <-chan struct{}) error {
	for {
		select {
		case <-stop:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		default:
		}
		if limit := r.account.limit.Load(); limit > 0 && r.account.acknowledged.Load() >= limit {
			pause(ctx, time.Millisecond)
			continue
		}
		entries, bodies := r.compose()
		r.account.call(entries)
		receipts, err := r.settle(ctx, entries)
		if err != nil {
			return fmt.Errorf("recorder %s: %w", r.name, err)
		}
		r.account.acknowledge(receipts)
		r.bodies = append(r.bodies, bodies...)
	}
}

// compose makes one to four entries: new bodies, and the renaming of an earlier one. Some have an id,
// the others leave it to be derived.
func (r *recorder) compose() (entries []*domain.Entry, bodies []string) {
	for range 1 + r.random.IntN(3) {
		body := fmt.Sprintf("%s-%d", r.name, len(r.bodies)+len(bodies))
		bodies = append(bodies, body)
		entries = append(entries, r.entry(fmt.Sprintf(`{"type":"organisation.established","data":{"organisation":%q,"name":"Body %s"}}`, body, body)))
	}
	if len(r.bodies) > 0 && r.random.IntN(2) == 0 {
		body := r.bodies[r.random.IntN(len(r.bodies))]
		entries = append(entries, r.entry(fmt.Sprintf(`{"type":"organisation.renamed","effective":"2020-01-01","data":{"organisation":%q,"name":"Renamed %d"}}`,
			body, r.random.Uint64())))
	}
	return entries, bodies
}

func (r *recorder) entry(line string) *domain.Entry {
	e, err := domain.ParseEntry([]byte(line))
	if err != nil {
		panic(err) // our own line
	}
	if r.random.IntN(2) == 0 {
		e.ID = uuid.New()
	}
	return e
}

// settle hands a call in until it is acknowledged. What is refused is an error: every call is in order.
func (r *recorder) settle(ctx context.Context, entries []*domain.Entry) ([]ledger.Receipt, error) {
	var text []byte
	for _, e := range entries {
		text = append(e.AppendJSON(text), '\n')
	}
	for try := 0; ; try++ {
		receipts, err := r.put(ctx, text)
		switch remote, told := errors.AsType[*api.RemoteError](err); {
		case err == nil && len(receipts) != len(entries):
			return nil, fmt.Errorf("%d entries have %d receipts", len(entries), len(receipts))
		case err == nil:
			return receipts, nil
		case ctx.Err() != nil:
			return nil, err
		case told && remote.Status != http.StatusServiceUnavailable && remote.Status != http.StatusGatewayTimeout:
			return nil, err
		case try == 0:
			r.account.repeated.Add(1)
		}
		if !pause(ctx, 10*time.Millisecond) {
			return nil, err
		}
	}
}

// overHTTP hands in to the server at an address, as a client of its own. The address is asked for each
// time; empty: there is none at the moment.
func overHTTP(where func() string) func(context.Context, []byte) ([]ledger.Receipt, error) {
	return func(ctx context.Context, lines []byte) ([]ledger.Receipt, error) {
		address := where()
		if address == "" {
			return nil, errors.New("nobody serves the ledger at the moment")
		}
		client := api.NewClient(address)
		receipts, err := client.Record(ctx, bytes.NewReader(lines), ledger.RecordOptions{})
		return receipts, errors.Join(err, client.Close())
	}
}

// pause reports whether ctx has lasted that long.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// readLog reads the whole log from a server, once it has got to an entry.
func readLog(ctx context.Context, address string, atLeast uint64) (log []domain.Recorded, err error) {
	client := api.NewClient(address)
	client.AtLeast = atLeast
	err = client.Select(ctx, ledger.Selection{}, func(e domain.Recorded) error {
		log = append(log, e)
		return nil
	})
	return log, errors.Join(err, client.Close())
}
