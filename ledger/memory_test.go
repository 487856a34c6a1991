package ledger_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
)

// memory is a log in memory. Each commit waits to be told what becomes of it, so that what is handed in meanwhile is
// judged behind it. Its clock is that of the bubble.
type memory struct {
	t    testing.TB
	fate chan error // of the next commit; nil: it is recorded
	keep chan error // where it is not nil, of the next keys to be kept

	mu       sync.Mutex
	commits  []eventstore.Commit
	entries  []domain.Recorded // of the commits
	underWay []domain.Recorded // in the commit that waits, or waited last
	keys     map[domain.PersonID]domain.PersonKey
	gone     func() // called when a key is destroyed
}

func (m *memory) Ready([]eventstore.Draft) {}

func (m *memory) Draft(*domain.Entry, string) eventstore.Draft { return eventstore.Draft{} }

func (m *memory) Append(_ context.Context, checked uint64, entries []domain.Recorded, _ ...eventstore.Draft) (eventstore.Commit, error) {
	m.mu.Lock()
	m.underWay = entries
	m.mu.Unlock()
	if err := <-m.fate; err != nil {
		return eventstore.Commit{}, err
	}
	for i := range entries {
		if domain.DateOf(entries[i].Time) != domain.DateOf(m.Now()) {
			return eventstore.Commit{}, eventstore.ErrAnotherDay
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if checked != uint64(len(m.entries)) {
		return eventstore.Commit{}, eventstore.ErrFenced
	}
	return m.write(entries), nil
}

// write records entries. mu is held.
func (m *memory) write(entries []domain.Recorded) eventstore.Commit {
	c := eventstore.Commit{ID: uuid.New(), StreamSeq: uint64(len(m.commits)) + 1, First: uint64(len(m.entries)) + 1,
		Entries: append([]domain.Recorded(nil), entries...), Hashes: make([][audit.HashSize]byte, len(entries))}
	for i := range c.Entries {
		c.Entries[i].Seq, c.Entries[i].Time = c.First+uint64(i), time.Now().UnixNano()
		domain.EachPerson(c.Entries[i].Fact, func(p *domain.Person) {
			if _, kept := m.keys[p.ID]; !kept || p.Name != "" {
				m.t.Errorf("entry %d names %+v, and its key is not kept", c.Entries[i].Seq, p)
			}
		})
	}
	m.commits, m.entries = append(m.commits, c), append(m.entries, c.Entries...)
	return c
}

// others has another node record, which this one is not told of.
func (m *memory) others(t *testing.T, line string) {
	t.Helper()
	e, err := domain.ParseEntry([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	e.ID = e.DeriveID()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.write([]domain.Recorded{{Entry: *e}})
}

func (m *memory) Replay(_ context.Context, after uint64, _ func(done, total uint64), fn func(eventstore.Commit) error) error {
	m.mu.Lock()
	commits := m.commits
	m.mu.Unlock()
	for _, c := range commits {
		if c.First > after {
			if err := fn(c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) Watch(ctx context.Context, _ func() error) error {
	<-ctx.Done()
	return ctx.Err()
}

func (m *memory) Read(_ context.Context, seq uint64) (domain.Recorded, []byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries[seq-1], nil, nil
}

func (m *memory) ReadRange(_ context.Context, from, to uint64, fn func(domain.Recorded, []byte) error) error {
	m.mu.Lock()
	entries := m.entries[from-1 : to-1]
	m.mu.Unlock()
	for _, e := range entries {
		if err := fn(e, nil); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Head() eventstore.Head { return eventstore.Head{} }

func (m *memory) Name() string { return "main" }

func (m *memory) Now() int64 { return time.Now().UnixNano() }

func (m *memory) Commits(_ context.Context, _ uint64, begin func(uint64) error, _ func(eventstore.RawCommit) error) error {
	return begin(0)
}

func (m *memory) SavePersonKeys(_ context.Context, keys map[domain.PersonID]domain.PersonKey) error {
	if m.keep != nil {
		if err := <-m.keep; err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, key := range keys {
		if _, kept := m.keys[id]; !kept {
			m.keys[id] = key
		}
	}
	return nil
}

func (m *memory) PersonKey(_ context.Context, id domain.PersonID) (domain.PersonKey, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key, found := m.keys[id]
	return key, found, nil
}

func (m *memory) DestroyPersonKey(_ context.Context, id domain.PersonID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.keys, id)
	if m.gone != nil {
		m.gone()
	}
	return nil
}

// bubble runs a test on a ledger that records in memory, with a clock that begins on 2000-01-01.
func bubble(t *testing.T, test func(t *testing.T, l *opened, m *memory)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{t: t, fate: make(chan error), keys: make(map[domain.PersonID]domain.PersonKey)}
		l, err := ledger.Open(t.Context(), m, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- l.Run(ctx) }()
		test(t, &opened{Ledger: l}, m)
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
}

// handedIn is a call and what it has been answered.
type handedIn struct {
	done     bool
	receipts []ledger.Receipt
	err      error
}

// hand hands lines in, in the name of an actor, and waits until they are judged.
func (o *opened) hand(t *testing.T, actor, lines string) *handedIn {
	t.Helper()
	h := new(handedIn)
	go func() {
		h.receipts, h.err = o.RecordLines(t.Context(), strings.NewReader(lines), ledger.RecordOptions{Actor: actor})
		h.done = true
	}()
	synctest.Wait()
	return h
}

// let tells what becomes of the next commits, and waits until what follows is judged.
func (m *memory) let(fates ...error) {
	for _, fate := range fates {
		m.fate <- fate
		synctest.Wait()
	}
}

// accepted checks that calls have been recorded.
func accepted(t *testing.T, calls ...*handedIn) {
	t.Helper()
	for i, h := range calls {
		if !h.done || h.err != nil {
			t.Errorf("call %d of %d: answered: %v, %v", i+1, len(calls), h.done, h.err)
		}
	}
}

// refusedAs checks that a call has been refused with a code.
func refusedAs(t *testing.T, h *handedIn, code domain.Code) {
	t.Helper()
	if !h.done {
		t.Fatal("not answered")
	}
	if r := refused(t, h.err); r.Code != code {
		t.Error(r)
	}
}
