package main_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore/natstest"
	"github.com/orgledger/orgledger/ledger"
)

// Set up as the documentation says.
const (
	singleConfig  = "../../docs/cluster/single.conf"
	clusterConfig = "../../docs/cluster/node.conf"
)

// fleet is several orgledger serve processes on one log, and those who record in it.
type fleet struct {
	program string
	args    []string
	account *account
	nodes   []*fleetNode
	seed    uint64

	stop    chan struct{}
	group   *errgroup.Group
	ctx     context.Context // ends when a recorder fails
	members int
}

// fleetNode is one of the serve processes.
type fleetNode struct {
	*served              // owned by the test's goroutine
	address atomic.Value // string; empty while it is down
}

func newFleet(t *testing.T, seed uint64, args ...string) *fleet {
	t.Helper()
	f := &fleet{program: buildOrgledger(t), args: args, account: newAccount(), seed: seed, stop: make(chan struct{})}
	f.group, f.ctx = errgroup.WithContext(t.Context())
	for range 3 {
		n := new(fleetNode)
		n.address.Store("")
		f.nodes = append(f.nodes, n)
	}
	for i := range f.nodes {
		f.nodes[i].served = serve(t, f.program, f.args...)
	}
	for i := range f.nodes {
		f.nodes[i].address.Store(f.nodes[i].ready(t))
	}
	return f
}

// crash kills a node and starts it again.
func (f *fleet) crash(t *testing.T, node int) {
	t.Helper()
	n := f.nodes[node]
	n.kill()
	n.address.Store("")
	n.served = serve(t, f.program, f.args...)
	n.address.Store(n.ready(t))
}

// recruit adds a recorder that hands in over HTTP, each attempt to any node.
func (f *fleet) recruit() {
	f.members++
	random := rand.New(rand.NewPCG(f.seed, uint64(1000+f.members)))
	f.employ(overHTTP(func() string { return f.nodes[random.IntN(len(f.nodes))].address.Load().(string) }))
}

func (f *fleet) employ(put func(context.Context, []byte) ([]ledger.Receipt, error)) {
	f.members++
	r := &recorder{name: fmt.Sprint("w", f.members), account: f.account, random: rand.New(rand.NewPCG(f.seed, uint64(f.members))), put: put}
	f.group.Go(func() error { return r.run(f.ctx, f.stop) })
}

// recruitCommand adds a recorder that runs orgledger record for each attempt.
func (f *fleet) recruitCommand() {
	args := append([]string{"record"}, f.args...)
	f.employ(func(ctx context.Context, lines []byte) ([]ledger.Receipt, error) {
		command := exec.CommandContext(ctx, f.program, args...)
		command.Env, command.Stdin = environment(), bytes.NewReader(lines)
		out, err := command.Output()
		if err != nil {
			return nil, err
		}
		var receipts []ledger.Receipt
		for line := range bytes.Lines(out) {
			var r ledger.Receipt
			if err := json.Unmarshal(line, &r); err != nil {
				return nil, err
			}
			receipts = append(receipts, r)
		}
		return receipts, nil
	})
}

// await waits until so many more calls are acknowledged.
func (f *fleet) await(t *testing.T, calls int64) {
	t.Helper()
	enough := f.account.acknowledged.Load() + calls
	for deadline := time.Now().Add(patience); f.account.acknowledged.Load() < enough; {
		if time.Now().After(deadline) || !pause(f.ctx, 5*time.Millisecond) {
			var said []string
			for _, n := range f.nodes {
				text := n.said.String()
				said = append(said, text[max(0, len(text)-1000):])
			}
			t.Fatalf("nothing more is recorded: %v\n%s", context.Cause(f.ctx), strings.Join(said, "\n"))
		}
	}
}

// rest has the recorders finish what they have handed in.
func (f *fleet) rest(t *testing.T) {
	t.Helper()
	close(f.stop)
	if err := f.group.Wait(); err != nil {
		t.Error(err)
	}
}

// agree checks that every node has the same log, and that it is what was acknowledged. It gives the
// number of entries acknowledged and what is wrong.
func (f *fleet) agree(t *testing.T) (acknowledged int, found faults) {
	t.Helper()
	acked := f.account.known()
	var last uint64
	for _, r := range acked {
		last = max(last, r.Seq)
	}
	var logs, digests []string
	for _, n := range f.nodes {
		address := n.address.Load().(string)
		log, err := readLog(t.Context(), address, last)
		if err != nil {
			t.Fatalf("%v: %s", err, n.said)
		}
		found = f.account.compare(log, acked)
		if found != (faults{}) {
			t.Errorf("of %d entries acknowledged: %+v", len(acked), found)
		}
		logs, digests = append(logs, written(log)), append(digests, digest(t, address, last))
	}
	if len(slices.Compact(logs)) != 1 || len(slices.Compact(digests)) != 1 {
		t.Errorf("the nodes differ: %q", digests)
	}
	return len(acked), found
}

func written(log []domain.Recorded) string {
	var text []byte
	for i := range log {
		text = append(ledger.AppendLogged(text, &log[i]), '\n')
	}
	return string(text)
}

// digest is a node's answer to what everything comes to.
func digest(t *testing.T, address string, known uint64) string {
	t.Helper()
	client := api.NewClient(address)
	client.AtLeast = known
	var answer strings.Builder
	err := client.Query(t.Context(), strings.NewReader(fmt.Sprintf(`{"q":"digest","on":"2030-01-01","known":%d}`, known)), &answer)
	if err != nil || !strings.Contains(answer.String(), "sha256") {
		t.Errorf("%s answers %s, %v", address, answer.String(), err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	return answer.String()
}

// Several serve nodes and record commands on one NATS server write one log: nothing is lost or there
// twice, and all nodes have the same entries in the same order, also when nodes and the server crash.
func TestSeveralRecorders(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	server := natstest.Single(t, natstest.Build(t), singleConfig)
	server.Start()
	server.Ready()
	f := newFleet(t, seed, "--server", server.URL)
	for range 6 {
		f.recruit()
	}
	f.recruitCommand()
	for i := range f.nodes {
		f.await(t, 60)
		f.crash(t, i)
	}
	f.await(t, 60)
	server.Kill()
	server.Start()
	f.await(t, 60)
	f.rest(t)
	acknowledged, found := f.agree(t)
	t.Logf("seed %d: %d entries acknowledged in %d calls, %d of them repeated; every node and the NATS server killed once: %d lost, %d torn, %d duplicates",
		seed, acknowledged, f.account.acknowledged.Load(), f.account.repeated.Load(), found.lost, found.torn, found.duplicates)
}
