package eventstore

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/orgledger/orgledger/domain"
)

// The server calls on the days that are set, once they have begun so long ago, and lets any client see which are to come
// and which have come.
func TestTimers(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir(), Listen: ":0"})
	came := make(chan domain.Date, 4)
	today := domain.DateOf(time.Now().UnixNano())
	soon := time.Since(today.Time()) + 1500*time.Millisecond
	timers, err := s.Timers(t.Context(), soon, func(day domain.Date) { came <- day })
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := timers.Set(t.Context(), []domain.Date{today, today + 100}); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case day := <-came:
		if day != today {
			t.Errorf("%s has come", day)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the day does not come")
	}
	_, js := client(t, s.Addr())
	stream, err := js.Stream(t.Context(), "ORGLEDGER_main_TIMERS")
	if err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"orgledger.main.day." + today.String(), "orgledger.main.timer." + (today + 100).String()} {
		if _, err := stream.GetLastMsgForSubject(t.Context(), subject); err != nil {
			t.Errorf("%s: %v", subject, err)
		}
	}
	timers.Stop()
	var none *Timers
	if err := none.Set(t.Context(), []domain.Date{today}); err != nil {
		t.Error(err)
	}
	none.Stop()
}

// Whoever connects to the listener may follow the feed by a durable consumer, publish nothing in it, and not do away with it.
func TestListenerReadsFeed(t *testing.T) {
	s := must(t, Options{Dir: t.TempDir(), Listen: ":0"})
	want := feedOf(s, 30)
	writeFeed(t, mustWriteFeed(t, s, 0), want)
	nc, js := client(t, s.Addr())
	consumer, err := js.CreateConsumer(t.Context(), "ORGLEDGER_main_FEED", jetstream.ConsumerConfig{Durable: "registry",
		FilterSubject: "orgledger.main.change.contract.*", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		m, err := consumer.Next()
		if err != nil {
			t.Fatal(err)
		}
		if id := m.Headers().Get("Nats-Msg-Id"); id != want[3*i+1].ID || m.Headers().Get("Content-Type") != "application/cloudevents+json" {
			t.Errorf("message %d is %s", i, id)
		}
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, subject := range []string{"orgledger.main.entry.contract.c1.awarded", "orgledger.main.change.contract.c1", "orgledger.main.arrival.contract.c1",
		"$JS.API.STREAM.DELETE.ORGLEDGER_main_FEED", "$JS.API.STREAM.PURGE.ORGLEDGER_main_FEED", "$JS.API.STREAM.UPDATE.ORGLEDGER_main_FEED",
		"$JS.API.STREAM.DELETE.ORGLEDGER_main_TIMERS", "$JS.API.STREAM.PURGE.ORGLEDGER_main_TIMERS"} {
		if err := nc.Publish(subject, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	reader := must(t, Options{Server: s.Addr()})
	if got := readFeed(t, reader.Feed(), 1, FeedSelection{}); len(got) != len(want) {
		t.Errorf("the feed has %d messages", len(got))
	}
	if _, err := reader.WriteFeed(t.Context(), 0); err == nil {
		t.Error("a reader may write the feed")
	}
}
