package main_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/feed"
)

// A server that is killed again and again while it publishes the changes of a merger leaves a feed that is complete,
// without duplicates, and the same that is made of the log.
func TestFeedCrash(t *testing.T) {
	contracts, kills := 30_000, 12
	if testing.Short() {
		contracts, kills = 4000, 4
	}
	program, dir, seed := buildOrgledger(t), t.TempDir(), uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	data := filepath.Join(dir, "data")
	open := func() (*served, *api.Client) {
		server := serve(t, program, "--data", data, "--nats", "")
		return server, api.NewClient(server.ready(t))
	}
	server, client := open()
	if _, err := client.Record(t.Context(), strings.NewReader(mergerOf(contracts)), ledger.RecordOptions{}); err != nil {
		t.Fatal(err)
	}
	cut := 0 // kills while there was something left to publish
	for range kills {
		pause(t.Context(), time.Duration(rng.IntN(120))*time.Millisecond)
		status, err := client.Status(t.Context())
		if err != nil || status.Feed == nil {
			t.Fatalf("%+v, %v", status, err)
		}
		server.kill()
		if status.Feed.Lag > 0 {
			cut++
		}
		server, client = open()
	}
	for deadline := time.Now().Add(patience); ; pause(t.Context(), 20*time.Millisecond) {
		status, err := client.Status(t.Context())
		if err == nil && status.Feed.Lag == 0 && status.Feed.State == feed.StatePublishing {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v, %v: %s", status.Feed, err, server.said)
		}
	}
	if err := server.stop(); err != nil {
		t.Error(err)
	}
	got := readFeed(t, data)
	dense(t, got)
	if out, err := exec.CommandContext(t.Context(), program, "feed", "rebuild", "--data", data).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if want := readFeed(t, data); !reflect.DeepEqual(got, want) {
		t.Errorf("there are %d messages, and made again %d", len(got), len(want))
	}
	t.Logf("%d messages; %d kills, %d of them in the midst", len(got), kills, cut)
	if cut == 0 {
		t.Error("the server was never killed while it published")
	}
}

// wholeFeed waits until the feed on servers tells of everything, while others publish it, and fails where a message is there
// twice or missing, or where it is another feed than what is made of the log.
func wholeFeed(t *testing.T, servers string) {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Options{Server: servers})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	l, err := ledger.Open(t.Context(), store, nil)
	if err != nil {
		t.Fatal(err)
	}
	read := func() []feed.Message {
		for deadline := time.Now().Add(patience); ; pause(t.Context(), 100*time.Millisecond) {
			ends, err := store.Feed().Ends(t.Context())
			if err == nil && ends.Seq == l.View().Seq() {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the feed goes %+v, %v, and there are %d entries", ends, err, l.View().Seq())
			}
		}
		return allOf(t, store)
	}
	got := read()
	dense(t, got)
	publisher := feed.NewPublisher(feed.Options{Log: store, Ledger: l})
	if err := publisher.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := read(); !reflect.DeepEqual(got, again) {
		t.Errorf("the feed has %d messages, and made again %d", len(got), len(again))
	}
}

// dense fails where a message is there twice, or a position is not.
func dense(t *testing.T, messages []feed.Message) {
	t.Helper()
	ids := make(map[string]bool)
	for i, m := range messages {
		if ids[m.ID] || m.Position != uint64(i)+1 {
			t.Fatalf("message %d is %s, at %d", i+1, m.ID, m.Position)
		}
		ids[m.ID] = true
	}
}

// mergerOf is a body with so many contracts, and its merger into another.
func mergerOf(contracts int) string {
	var text bytes.Buffer
	text.WriteString(`{"type":"organisation.established","data":{"organisation":"old","name":"Old"}}` + "\n" +
		`{"type":"organisation.established","data":{"organisation":"new","name":"New"}}` + "\n")
	for i := range contracts {
		fmt.Fprintf(&text, `{"type":"contract.awarded","effective":"2015-04-01","data":{"contract":"deal-%d","title":"Deal","owner":"old"}}`+"\n", i)
	}
	text.WriteString(`{"type":"organisation.merged","effective":"2020-04-01","data":{"organisations":["old"],"into":"new"}}` + "\n")
	return text.String()
}

// readFeed reads the feed of a ledger that nobody has open.
func readFeed(t *testing.T, dir string) (all []feed.Message) {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: dir, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	all = allOf(t, store)
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	return all
}

func allOf(t *testing.T, store *eventstore.Store) (all []feed.Message) {
	t.Helper()
	err := store.Feed().Read(t.Context(), 1, feed.Selection{}, func(m feed.Message) error { all = append(all, m); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A backup of a ledger that has a feed holds the log alone, and what is restored of it, in place of a damaged log or anew, has
// the same feed again.
func TestFeedAfterRestore(t *testing.T) {
	program, dir := buildOrgledger(t), t.TempDir()
	data, copied, other := filepath.Join(dir, "data"), filepath.Join(dir, "backup"), filepath.Join(dir, "other")
	orgledger := func(args ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), program, args...)
		command.Env = environment()
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("orgledger %v: %v\n%s", args, err, out)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "entries.jsonl"), []byte(mergerOf(200)), 0o644); err != nil {
		t.Fatal(err)
	}
	orgledger("record", filepath.Join(dir, "entries.jsonl"), "--data", data)
	orgledger("feed", "rebuild", "--data", data)
	want := readFeed(t, data)
	if len(want) == 0 {
		t.Fatal("there is no feed")
	}
	orgledger("backup", copied, "--data", data)
	orgledger("restore", copied, "--data", other)
	orgledger("feed", "rebuild", "--data", other)
	if got := readFeed(t, other); !reflect.DeepEqual(got, want) {
		t.Errorf("restored, there are %d messages instead of %d", len(got), len(want))
	}
	blocks, err := filepath.Glob(filepath.Join(data, "jetstream", "*", "streams", "ORGLEDGER_main", "msgs", "*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("there is no block: %v", err)
	}
	if err := os.Truncate(blocks[0], 100); err != nil {
		t.Fatal(err)
	}
	orgledger("restore", copied, "--repair", "--data", data)
	server := serve(t, program, "--data", data, "--nats", "")
	client := api.NewClient(server.ready(t))
	for deadline := time.Now().Add(patience); ; pause(t.Context(), 20*time.Millisecond) {
		status, err := client.Status(t.Context())
		if err == nil && status.Feed.Lag == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v, %v: %s", status.Feed, err, server.said)
		}
	}
	if err := server.stop(); err != nil {
		t.Error(err)
	}
	if got := readFeed(t, data); !reflect.DeepEqual(got, want) {
		t.Errorf("repaired, there are %d messages instead of %d", len(got), len(want))
	}
}
