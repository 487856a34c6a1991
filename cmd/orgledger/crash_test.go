package main_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

const writers = 8

// crashes is how often the server is killed: 15 times, or as often as ORGLEDGER_CRASHES says.
func crashes(t *testing.T) int {
	t.Helper()
	text := os.Getenv("ORGLEDGER_CRASHES")
	if text == "" {
		return 15
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("ORGLEDGER_CRASHES is a number of kills, not %q", text)
	}
	return n
}

// soak is a ledger on this machine whose server is killed again and again.
type soak struct {
	program, dir string
	random       *rand.Rand
	account      *account
	address      atomic.Value // string: of the server, empty while there is none
	kills        int
	total        faults
}

// Whatever a server has acknowledged to eight recorders is in the log exactly once, with the sequence
// and time acknowledged, whenever the server is killed and reopened, a call is there whole or not at
// all, and a call whose outcome was not known is written once when it is repeated.
func TestCrash(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rounds := crashes(t)
	t.Logf("seed %d, %d kills, %d recorders", seed, rounds, writers)
	s := &soak{program: buildOrgledger(t), dir: t.TempDir(), random: rand.New(rand.NewPCG(seed, 0)), account: newAccount()}
	s.address.Store("")
	where := func() string { return s.address.Load().(string) }
	stop := make(chan struct{})
	group, ctx := errgroup.WithContext(t.Context())
	for w := range writers {
		r := &recorder{name: fmt.Sprint("w", w), account: s.account, random: rand.New(rand.NewPCG(seed, uint64(w+1))), put: overHTTP(where)}
		group.Go(func() error { return r.run(ctx, stop) })
	}
	for range rounds {
		if ctx.Err() != nil {
			break // a recorder was refused
		}
		s.round(t)
	}
	s.account.limit.Store(0)
	last := s.open(t)
	close(stop)
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	s.check(t)
	if err := last.stop(); err != nil {
		t.Errorf("the last server: %v", err)
	}
	// The index was written down all the time, too, and is what follows from the log.
	report, err := exec.CommandContext(t.Context(), s.program, "verify", "--data", s.dir, "--json").Output()
	if err != nil || !bytes.Contains(report, []byte("the file beside the log too")) {
		t.Errorf("the log does not verify, with the snapshot of its index: %v, %s", err, report)
	}
	t.Logf("%d entries acknowledged in %d calls, %d of them repeated; %d kills: %d lost, %d torn, %d duplicates, %d misplaced",
		len(s.account.known()), s.account.acknowledged.Load(), s.account.repeated.Load(), s.kills,
		s.total.lost, s.total.torn, s.total.duplicates, s.total.misplaced)
	if s.total != (faults{}) {
		t.Error("what was acknowledged is not what is there")
	}
	if s.account.acknowledged.Load() < int64(rounds) {
		t.Error("hardly anything was recorded")
	}
}

func (s *soak) serve(t *testing.T) *served {
	return serve(t, s.program, "--data", s.dir, "--nats", "", "--snapshot-every", "50")
}

// open starts the server and lets the recorders at it.
func (s *soak) open(t *testing.T) *served {
	t.Helper()
	server := s.serve(t)
	s.address.Store(server.ready(t))
	return server
}

// round opens the ledger, checks it while recording goes on, and kills the server at some moment: once
// some more calls are acknowledged and others are under way, or sometimes while it starts.
func (s *soak) round(t *testing.T) {
	t.Helper()
	enough := s.account.acknowledged.Load() + int64(s.random.IntN(40))
	s.account.limit.Store(enough + 40) // the log stays short enough to be read each time
	if s.random.IntN(5) == 0 {
		server := s.serve(t)
		pause(t.Context(), time.Duration(s.random.IntN(60))*time.Millisecond)
		server.kill()
	} else {
		server := s.open(t)
		s.check(t)
		for deadline := time.Now().Add(patience); s.account.acknowledged.Load() < enough; {
			if time.Now().After(deadline) || !pause(t.Context(), time.Millisecond) {
				t.Fatalf("nothing is recorded: %s", server.said)
			}
		}
		pause(t.Context(), time.Duration(s.random.IntN(3000))*time.Microsecond)
		server.kill()
		s.address.Store("")
	}
	s.kills++
}

// check reads the log from the server and holds it against what was acknowledged until then.
func (s *soak) check(t *testing.T) {
	t.Helper()
	acked := s.account.known()
	log, err := readLog(t.Context(), s.address.Load().(string), 0)
	if err != nil {
		t.Fatalf("after %d kills: %v", s.kills, err)
	}
	found := s.account.compare(log, acked)
	if found != (faults{}) {
		t.Errorf("after %d kills, of %d entries acknowledged: %+v", s.kills, len(acked), found)
	}
	s.total.lost += found.lost
	s.total.torn += found.torn
	s.total.duplicates += found.duplicates
	s.total.misplaced += found.misplaced
}

// The comparison that the soak rests on sees each kind of fault.
func TestCompare(t *testing.T) {
	a := newAccount()
	r := &recorder{name: "w", account: a, random: rand.New(rand.NewPCG(1, 2))}
	var log []domain.Recorded
	for len(log) < 20 {
		entries, bodies := r.compose()
		r.bodies = append(r.bodies, bodies...)
		a.call(entries)
		var receipts []ledger.Receipt
		for _, e := range entries {
			if e.ID == uuid.Nil {
				e.ID = e.DeriveID()
			}
			log = append(log, domain.Recorded{Entry: *e, Seq: uint64(len(log) + 1), Time: 1})
			receipts = append(receipts, ledger.Receipt{ID: e.ID, Seq: uint64(len(log)), Recorded: time.Unix(0, 1)})
		}
		a.acknowledge(receipts)
	}
	changed := slices.Clone(log)
	changed[3].Fact = log[4].Fact
	later := slices.Clone(log)
	later[3].Time++
	cases := []struct {
		name string
		log  []domain.Recorded
		seen func(faults) bool
	}{
		{"as acknowledged", log, func(f faults) bool { return f == faults{} }},
		{"the last one missing", log[:len(log)-1], func(f faults) bool { return f.lost == 1 }},
		{"one missing in the middle", slices.Concat(log[:7], log[8:]), func(f faults) bool { return f.lost > 0 && f.misplaced > 0 }},
		{"one there twice", append(slices.Clone(log), log[5]), func(f faults) bool { return f.duplicates == 1 }},
		{"one with the content of another", changed, func(f faults) bool { return f.torn > 0 }},
		{"one with another time", later, func(f faults) bool { return f.lost == 1 }},
	}
	for _, c := range cases {
		if f := a.compare(c.log, a.known()); !c.seen(f) {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
}
