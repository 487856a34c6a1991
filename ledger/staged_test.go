package ledger_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
)

// held is an empty log that takes no commit: the first waits until it is let go, and each fails.
type held struct {
	ledger.Keys // of nobody: no entry names a person
	release     chan struct{}
	failure     error
}

func (h *held) Draft(*domain.Entry, string) eventstore.Draft { return eventstore.Draft{} }

func (h *held) Ready([]eventstore.Draft) {}

func (h *held) Append(context.Context, uint64, []domain.Recorded, ...eventstore.Draft) (eventstore.Commit, error) {
	<-h.release
	return eventstore.Commit{}, h.failure
}

func (h *held) Replay(context.Context, uint64, func(done, total uint64), func(eventstore.Commit) error) error {
	return nil
}

func (h *held) Watch(ctx context.Context, _ func() error) error {
	<-ctx.Done()
	return ctx.Err()
}

func (h *held) Read(context.Context, uint64) (domain.Recorded, []byte, error) {
	return domain.Recorded{}, nil, eventstore.ErrBeyondLog
}

func (h *held) ReadRange(context.Context, uint64, uint64, func(domain.Recorded, []byte) error) error {
	return nil
}

func (h *held) Name() string { return "main" }

func (h *held) Now() int64 { return 0 }

func (h *held) Head() eventstore.Head { return eventstore.Head{} }

func (h *held) Commits(_ context.Context, _ uint64, begin func(uint64) error, _ func(eventstore.RawCommit) error) error {
	return begin(0)
}

// together hands in calls that share one commit, and gives what each is answered when that fails.
func together(t *testing.T, failure error, calls ...string) []error {
	answers := make([]error, len(calls))
	synctest.Test(t, func(t *testing.T) {
		log := &held{release: make(chan struct{}), failure: failure}
		l, err := ledger.Open(t.Context(), log, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = l.Run(ctx) }() // nothing is written that could go wrong
		o := &opened{Ledger: l}
		go func() {
			_, _ = o.record(t, `{"type":"source.registered","data":{"source":"s","title":"S"}}`, ledger.RecordOptions{})
		}()
		synctest.Wait() // the writer is held in its first commit
		for i, text := range calls {
			go func() { _, answers[i] = o.record(t, text, ledger.RecordOptions{}) }()
			synctest.Wait()
		}
		close(log.release)
		synctest.Wait()
		stop()
	})
	return answers
}

const (
	bodyA        = `{"type":"organisation.established","data":{"organisation":"a","name":"A"}}`
	otherA       = `{"type":"organisation.established","data":{"organisation":"a","name":"Another"}}`
	unregistered = `{"type":"organisation.renamed","effective":"2020","data":{"organisation":"nobody","name":"N"}}`
)

// A call that repeats what another call is having written, with unknown outcome, does not know either.
func TestRepeatOfUnknownOutcome(t *testing.T) {
	for i, err := range together(t, eventstore.ErrUnknownOutcome, bodyA, bodyA) {
		if !errors.Is(err, ledger.ErrUnknownOutcome) {
			t.Errorf("call %d: %v", i+1, err)
		}
	}
}

// A call is not refused because of another one that was to be written before it, and was not.
func TestNotRefusedForWhatIsNotWritten(t *testing.T) {
	answers := together(t, eventstore.ErrUnavailable, bodyA, otherA)
	for i, err := range answers {
		if !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("call %d: %v", i+1, err)
		}
	}
	if refused(t, together(t, eventstore.ErrUnavailable, unregistered)[0]).Code != domain.CodeUnknownReference {
		t.Error("what no log could hold is not refused")
	}
}
