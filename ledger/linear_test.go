package ledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/eventstore/natstest"
	"github.com/orgledger/orgledger/ledger"
)

// node opens a ledger of its own on a server, through a double of its log.
func node(t *testing.T, url string, through func(*eventstore.Store) ledger.Log) *opened {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Options{Server: url})
	if err != nil {
		t.Fatal(err)
	}
	return run(t, store, through(store))
}

// plainly is no double.
func plainly(s *eventstore.Store) ledger.Log { return s }

// uncertain is a log that now and then does not say whether it has written a commit, of two kinds:
// written, and not written.
type uncertain struct {
	*eventstore.Store
	random *rand.Rand // owned by the writer
}

func (u *uncertain) Append(ctx context.Context, checked uint64, entries []domain.Recorded, drafts ...eventstore.Draft) (eventstore.Commit, error) {
	lost := u.random.IntN(20)
	if lost == 0 {
		return eventstore.Commit{}, fmt.Errorf("%w: not written", eventstore.ErrUnknownOutcome)
	}
	c, err := u.Store.Append(ctx, checked, entries, drafts...)
	if lost == 1 && err == nil {
		return eventstore.Commit{}, fmt.Errorf("%w: written", eventstore.ErrUnknownOutcome)
	}
	return c, err
}

// client puts operations to a node, one after the other. It belongs to one goroutine.
type client struct {
	number  int
	node    *opened
	random  *rand.Rand
	stage   *atomic.Int64 // how far all clients are, from which the bodies in play follow
	began   time.Time
	seen    uint64
	history []porcupine.Operation
	unknown int // outcomes that were not known at first
}

// Bodies come into play as the run goes on, a few at a time, so that clients meet at them: each has
// two possible introductions under one id, a third under another, and renamings.
const (
	inPlay       = 6
	opsPerBody   = 6
	introduction = 3
)

func (c *client) attempt() attempt {
	k := int(c.stage.Load())/opsPerBody + c.random.IntN(inPlay)
	variant := c.random.IntN(8)
	a := attempt{body: fmt.Sprint("b", k), renames: variant >= introduction}
	id := variant
	if variant < introduction {
		id = variant / 2 // the first two are one id with two contents
	}
	a.id = uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%d %d", k, id)).String()
	a.name = fmt.Sprintf("name %d", variant)
	if a.renames && c.random.IntN(4) == 0 {
		a.name += " otherwise"
	}
	return a
}

func (c *client) run(ctx context.Context, operations int) error {
	for range operations {
		op := operation{seen: c.seen}
		if c.random.IntN(5) > 0 {
			for range 1 + c.random.IntN(2) {
				op.record = append(op.record, c.attempt())
			}
		}
		c.stage.Add(1)
		if err := c.perform(ctx, op); err != nil {
			return fmt.Errorf("client %d: %w", c.number, err)
		}
	}
	return nil
}

// perform puts one operation and notes what came of it.
func (c *client) perform(ctx context.Context, op operation) error {
	called := time.Since(c.began)
	got, err := c.put(ctx, op)
	if err != nil {
		return err
	}
	c.history = append(c.history, porcupine.Operation{ClientId: c.number, Input: op, Output: got,
		Call: int64(called), Return: int64(time.Since(c.began))})
	for _, seq := range append(got.seqs, got.known) {
		c.seen = max(c.seen, seq)
	}
	return nil
}

// put has an operation answered. One whose outcome is unknown is repeated until it is known, and
// counts as one operation that took as long as all of them.
func (c *client) put(ctx context.Context, op operation) (outcome, error) {
	if len(op.record) == 0 {
		return c.ask()
	}
	var text strings.Builder
	for _, a := range op.record {
		text.WriteString(a.line())
	}
	for {
		receipts, err := c.node.RecordLines(ctx, strings.NewReader(text.String()), ledger.RecordOptions{})
		refusal, refused := errors.AsType[*domain.Refusal](err)
		switch {
		case (errors.Is(err, ledger.ErrUnknownOutcome) || errors.Is(err, ledger.ErrUnavailable)) && ctx.Err() == nil:
			c.unknown++
			continue
		case refused:
			return outcome{refused: refusal.Code, line: refusal.Line}, nil
		case err != nil:
			return outcome{}, err
		}
		var got outcome
		for _, r := range receipts {
			got.seqs = append(got.seqs, r.Seq)
		}
		return got, nil
	}
}

// ask reads what every body is called.
func (c *client) ask() (outcome, error) {
	last := int(c.stage.Load())/opsPerBody + inPlay
	refs := make([]string, last+1)
	for k := range refs {
		refs[k] = fmt.Sprint("organisation/b", k)
	}
	question, err := json.Marshal(map[string]any{"q": "titles", "refs": refs, "on": "2030-01-01"})
	if err != nil {
		return outcome{}, err
	}
	var answer struct {
		Known  uint64
		Titles map[string]string
		Error  json.RawMessage
	}
	text := c.node.Answer(context.Background(), question)
	if err := json.Unmarshal(text, &answer); err != nil || answer.Error != nil {
		return outcome{}, fmt.Errorf("%s is no answer: %w", text, err)
	}
	names := make(map[string]string)
	for ref, name := range answer.Titles {
		names[strings.TrimPrefix(ref, "organisation/")] = name
	}
	return outcome{known: answer.Known, names: names}, nil
}

// contest has several clients of each node put operations at the same time, and gives what they saw.
func contest(t *testing.T, seed uint64, nodes []*opened, clientsPerNode, operations int) (history []porcupine.Operation, unknown int) {
	t.Helper()
	var stage atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	clients := make([]*client, len(nodes)*clientsPerNode)
	for i := range clients {
		c := &client{number: i, node: nodes[i%len(nodes)], random: rand.New(rand.NewPCG(seed, uint64(i))), stage: &stage, began: began}
		clients[i] = c
		group.Go(func() {
			if err := c.run(t.Context(), operations); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, c := range clients {
		history = append(history, c.history...)
		unknown += c.unknown
	}
	return history, unknown
}

// tally counts outcomes by kind.
func tally(history []porcupine.Operation) map[string]int {
	counts, seen := make(map[string]int), make(map[uint64]bool)
	for _, op := range history {
		got := op.Output.(outcome)
		switch {
		case len(op.Input.(operation).record) == 0:
			counts["questions"]++
		case got.refused != "":
			counts[string(got.refused)]++
		default:
			repeated := true
			for _, seq := range got.seqs {
				repeated = repeated && seen[seq]
				seen[seq] = true
			}
			if repeated {
				counts["repeated"]++
			} else {
				counts["recorded"]++
			}
		}
	}
	return counts
}

// judge is porcupine's verdict.
func judge(history []porcupine.Operation) porcupine.CheckResult {
	return porcupine.CheckOperationsTimeout(model(), history, time.Minute)
}

// Any number of nodes record in one log as if one had recorded after the other: every answer, that
// of a refusal too, is that of a ledger to which one call at a time is put, each between its call and
// its answer. Acknowledgements that are lost change nothing of it.
func TestLinearizable(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	url := natstest.Serve(t)
	nodes := make([]*opened, 3)
	for i := range nodes {
		nodes[i] = node(t, url, func(s *eventstore.Store) ledger.Log {
			return &uncertain{s, rand.New(rand.NewPCG(seed, uint64(1000+i)))}
		})
	}
	history, unknown := contest(t, seed, nodes, 4, 110)
	verdict := judge(history)
	t.Logf("seed %d: %d operations of 12 clients on 3 nodes, %v, %d outcomes unknown at first: %s", seed, len(history), tally(history), unknown, verdict)
	if verdict != porcupine.Ok || len(history) < 1000 {
		t.Error("not linearizable")
	}
	counts := tally(history)
	for _, kind := range []string{"questions", "recorded", "repeated", string(domain.CodeIDConflict),
		string(domain.CodeUnknownReference), string(domain.CodeAlreadyIntroduced)} {
		if counts[kind] == 0 {
			t.Errorf("the run had no %s", kind)
		}
	}
}

// unfenced is a log that writes what was checked against less than is there.
type unfenced struct{ *eventstore.Store }

func (u *unfenced) Append(ctx context.Context, checked uint64, entries []domain.Recorded, drafts ...eventstore.Draft) (eventstore.Commit, error) {
	c, err := u.Store.Append(ctx, checked, entries, drafts...)
	for errors.Is(err, eventstore.ErrFenced) {
		if err := u.Store.Replay(ctx, u.Head().Seq, nil, func(eventstore.Commit) error { return nil }); err != nil {
			return c, err
		}
		if _, err = u.Store.Append(ctx, u.Head().Seq, entries, drafts...); err == nil {
			err = eventstore.ErrUnknownOutcome // the ledger has to read what came before it
		}
	}
	return c, err
}

// deaf is a log that does not tell of what others write, and says it when it is asked.
type deaf struct{ *eventstore.Store }

func (d deaf) Watch(ctx context.Context, _ func() error) error {
	<-ctx.Done()
	return ctx.Err()
}

// forgetful is a log that does not say it either.
type forgetful struct{ deaf }

func (f forgetful) Replay(context.Context, uint64, func(done, total uint64), func(eventstore.Commit) error) error {
	return nil
}

// behind has one node introduce a body, and then another node, which has not been told, rename it.
func behind(t *testing.T, through func(*eventstore.Store) ledger.Log) []porcupine.Operation {
	t.Helper()
	url := natstest.Serve(t)
	first, second := node(t, url, plainly), node(t, url, through)
	c := &client{began: time.Now()}
	body := attempt{id: uuid.NewString(), body: "b0", name: "name"}
	renamed := attempt{id: uuid.NewString(), body: "b0", name: "other name", renames: true}
	for _, turn := range []struct {
		node *opened
		attempt
	}{{first, body}, {second, renamed}} {
		c.node = turn.node
		if err := c.perform(t.Context(), operation{record: []attempt{turn.attempt}}); err != nil {
			t.Fatal(err)
		}
	}
	return c.history
}

// An entry is refused for what the log holds at that moment, not for what the node had heard of.
func TestRefusedByTheEndOfTheLog(t *testing.T) {
	history := behind(t, func(s *eventstore.Store) ledger.Log { return deaf{s} })
	if got := history[1].Output.(outcome); !slices.Equal(got.seqs, []uint64{2}) {
		t.Errorf("answered %+v", got)
	}
}

// slow is a deaf log whose second commit is answered only when an entry is read for the second time.
type slow struct {
	deaf
	commits, reads int // each owned by one goroutine
	written        chan struct{}
	answered       chan struct{}
	first          func() // called by the first read
}

func (s *slow) Append(ctx context.Context, checked uint64, entries []domain.Recorded, drafts ...eventstore.Draft) (eventstore.Commit, error) {
	c, err := s.Store.Append(ctx, checked, entries, drafts...)
	if s.commits++; s.commits == 2 {
		close(s.written)
		<-s.answered
	}
	return c, err
}

func (s *slow) Read(ctx context.Context, seq uint64) (domain.Recorded, []byte, error) {
	switch s.reads++; s.reads {
	case 1:
		s.first()
	case 2:
		close(s.answered)
	}
	return s.Store.Read(ctx, seq)
}

// An entry that is judged behind a commit under way is not refused for what that one was judged by, when others have
// recorded what it needs in between, and whatever is to be recorded with it.
func TestRefusedBehindCommitUnderWay(t *testing.T) {
	url := natstest.Serve(t)
	log := &slow{written: make(chan struct{}), answered: make(chan struct{})}
	first, second := node(t, url, plainly), node(t, url, func(s *eventstore.Store) ledger.Log { log.Store = s; return log })
	answers := make(chan error, 2)
	record := func(text string) {
		_, err := second.record(t, text, ledger.RecordOptions{})
		answers <- err
	}
	// That this is there already is read from the log.
	const source = `{"type":"source.registered","data":{"source":"s","title":"S"}}` + "\n"
	second.mustRecord(t, source)
	go record(`{"type":"source.registered","data":{"source":"under-way","title":"S"}}`)
	<-log.written
	first.mustRecord(t, bodyA)
	log.first = func() { go record(source + `{"type":"source.registered","data":{"source":"behind","title":"S"}}`) }
	second.mustRecord(t, source+`{"type":"organisation.renamed","effective":"2020","data":{"organisation":"a","name":"A2"}}`)
	if err := errors.Join(<-answers, <-answers); err != nil {
		t.Error(err)
	}
}

// What a node has been told of counts for the call after it.
func TestJudgedByWhatWasTold(t *testing.T) {
	url := natstest.Serve(t)
	first, second := node(t, url, plainly), node(t, url, plainly)
	second.mustRecord(t, `{"type":"source.registered","data":{"source":"s","title":"S"}}`)
	last := first.mustRecord(t, bodyA)[0].Seq
	if err := second.Reach(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	if _, err := second.record(t, otherA, ledger.RecordOptions{}); refused(t, err).Code != domain.CodeAlreadyIntroduced {
		t.Error(err)
	}
	second.mustRecord(t, `{"type":"organisation.renamed","effective":"2020","data":{"organisation":"a","name":"A2"}}`)
}

// The verdict sees a node that writes without the fence, a node that refuses by what it knew some time
// ago, and single answers that are wrong.
func TestLinearizableSeesFaults(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	t.Run("no fence", func(t *testing.T) {
		// Whether the nodes meet at a body depends on the machine: a few contests are enough.
		for run := range uint64(30) {
			url := natstest.Serve(t)
			nodes := []*opened{node(t, url, plainly), node(t, url, func(s *eventstore.Store) ledger.Log { return &unfenced{s} })}
			history, _ := contest(t, seed+run, nodes, 4, 50)
			if judge(history) == porcupine.Illegal {
				return
			}
		}
		t.Error("30 contests with a node without the fence, each linearizable")
	})
	t.Run("stale judgement", func(t *testing.T) {
		if verdict := judge(behind(t, func(s *eventstore.Store) ledger.Log { return forgetful{deaf{s}} })); verdict != porcupine.Illegal {
			t.Error(verdict)
		}
	})
	t.Run("single answers", func(t *testing.T) {
		nodes := []*opened{node(t, natstest.Serve(t), plainly)}
		history, _ := contest(t, seed, nodes, 4, 25)
		if verdict := judge(history); verdict != porcupine.Ok {
			t.Fatalf("before any is changed: %s", verdict)
		}
		random := rand.New(rand.NewPCG(seed, 2))
		for range 20 {
			i := random.IntN(len(history))
			was := history[i].Output.(outcome)
			history[i].Output = falsify(was)
			if verdict := judge(history); verdict != porcupine.Illegal {
				t.Errorf("%+v instead of %+v: %s", history[i].Output, was, verdict)
			}
			history[i].Output = was
		}
	})
}

// falsify is an outcome that cannot be.
func falsify(o outcome) outcome {
	switch {
	case o.refused != "":
		return outcome{seqs: []uint64{1 << 20}}
	case len(o.seqs) > 0:
		return outcome{refused: domain.CodeUnknownReference, line: 7}
	}
	names := maps.Clone(o.names)
	names["b0"] += " falsified"
	return outcome{known: o.known, names: names}
}
