package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore/natstest"
	"github.com/orgledger/orgledger/ledger"
)

const (
	logStream   = "ORGLEDGER_main"
	without     = 20 // calls acknowledged with a node down or cut off, before the next thing happens
	boundedTime = 40 * time.Second
)

// disturbance is a cluster on which things happen while a fleet records.
type disturbance struct {
	began    time.Time
	cluster  *natstest.Cluster
	fleet    *fleet
	killed   int // NATS servers and serve processes
	cuts     int
	rejected time.Duration // how long a recording took to be refused without a majority
}

// What three NATS servers have acknowledged is on all of them once, in one order, whichever of them is
// killed or cut off, and whichever serve process is killed. Without a majority recording is refused
// before long, and questions are answered, also by a serve process that is started then. The feed, whoever published it when,
// is as if nothing had happened.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes more than a minute")
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	d := &disturbance{began: time.Now(), cluster: natstest.NewCluster(t, natstest.Build(t), clusterConfig)}
	for _, n := range d.cluster.Nodes {
		n.Start()
	}
	d.cluster.Ready()
	d.fleet = newFleet(t, seed, "--replicas", "3", "--server", d.cluster.URL())
	for range 6 {
		d.fleet.recruit()
	}
	d.fleet.await(t, without)
	d.tell(t, "recording")
	for i := range d.cluster.Nodes {
		d.killServer(t, i)
		d.fleet.crash(t, i)
		d.killed++
	}
	leader := d.cluster.Leader(logStream)
	d.cutOff(t, leader)
	d.cutOff(t, (leader+1)%3)
	d.loseMajority(t, leader)
	d.fleet.await(t, without)
	d.fleet.rest(t)
	d.cluster.Whole(logStream)
	acknowledged, found := d.fleet.agree(t)
	wholeFeed(t, d.cluster.URL())
	d.tell(t, "the feed is whole, and made again it is the same")
	t.Logf("%v: %d killed, %d cut off, refused without a majority within %v, %d entries acknowledged in %d calls, %d of them repeated: %d lost, %d torn, %d duplicates",
		time.Since(d.began).Round(time.Second), d.killed, d.cuts, d.rejected.Round(time.Second), acknowledged,
		d.fleet.account.acknowledged.Load(), d.fleet.account.repeated.Load(), found.lost, found.torn, found.duplicates)
}

// killServer kills a NATS server, has entries recorded without it, and starts it again.
func (d *disturbance) killServer(t *testing.T, node int) {
	t.Helper()
	d.cluster.Nodes[node].Kill()
	d.killed++
	d.fleet.await(t, without)
	d.cluster.Nodes[node].Start()
	d.cluster.Whole(logStream)
	d.tell(t, "%s was killed and is back", d.cluster.Nodes[node].Name)
}

func (d *disturbance) tell(t *testing.T, format string, args ...any) {
	t.Helper()
	t.Logf("%4.1fs: %s", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
}

// cutOff separates a NATS server from the others, has entries recorded by those, and connects it again.
func (d *disturbance) cutOff(t *testing.T, node int) {
	t.Helper()
	d.cluster.Cut(node)
	d.cuts++
	d.fleet.await(t, without)
	d.cluster.Heal(node)
	d.cluster.Whole(logStream)
	d.tell(t, "%s was cut off and is back", d.cluster.Nodes[node].Name)
}

// loseMajority kills all NATS servers but one, tries to record and to ask, and starts them again.
func (d *disturbance) loseMajority(t *testing.T, left int) {
	t.Helper()
	for i, n := range d.cluster.Nodes {
		if i != left {
			n.Kill()
			d.killed++
		}
	}
	began := time.Now()
	unknown := serve(t, d.fleet.program, append([]string{"--ledger", "another"}, d.fleet.args...)...)
	for _, n := range d.fleet.nodes {
		address := n.address.Load().(string)
		d.refused(t, address)
		digest(t, address, 1)
		if t.Failed() {
			t.Fatalf("%v: %s", n.ProcessState, n.said)
		}
	}
	d.rejected = time.Since(began)
	late := serve(t, d.fleet.program, d.fleet.args...) // what one node knows can be asked
	digest(t, late.ready(t), 1)
	late.kill()
	d.givesUp(t, unknown)
	for i, n := range d.cluster.Nodes {
		if i != left {
			n.Start()
		}
	}
	d.cluster.Whole(logStream)
}

// givesUp fails unless a serve process on a ledger that is not there yet, which only a majority can create, ends by
// itself in time, and says why.
func (d *disturbance) givesUp(t *testing.T, unknown *served) {
	t.Helper()
	select {
	case <-unknown.ended:
	case address := <-unknown.address:
		t.Fatalf("without a majority, serve creates a ledger, at %s", address)
	case <-time.After(2 * boundedTime):
		t.Fatalf("without a majority, serve neither starts nor ends: %s", unknown.said)
	}
	if said := unknown.said.String(); unknown.ProcessState.ExitCode() != 1 || !strings.Contains(said, "orgledger: ") || !strings.Contains(said, "the log is not available") {
		t.Errorf("without a majority, serve ends with %v: %s", unknown.ProcessState, said)
	}
	d.tell(t, "without a majority, serve gives up: %s", unknown.said)
}

// refused fails unless recording at a node is answered in time, as what cannot be done now.
func (d *disturbance) refused(t *testing.T, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), boundedTime)
	defer cancel()
	client := api.NewClient(address)
	e, err := domain.ParseEntry([]byte(fmt.Sprintf(`{"type":"organisation.established","data":{"organisation":"probe-%s","name":"N"}}`, uuid.NewString())))
	if err != nil {
		t.Fatal(err)
	}
	d.fleet.account.call([]*domain.Entry{e}) // where the outcome is unknown, it may be there later
	_, err = client.Record(ctx, bytes.NewReader(e.AppendJSON(nil)), ledger.RecordOptions{})
	remote, told := errors.AsType[*api.RemoteError](err)
	if !told || remote.Status != http.StatusServiceUnavailable && remote.Status != http.StatusGatewayTimeout {
		t.Errorf("without a majority, %s answers %v", address, err)
	} else {
		d.tell(t, "without a majority: %d %s: %s", remote.Status, remote.Code, remote.Message)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}
