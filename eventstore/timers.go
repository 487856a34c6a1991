package eventstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/orgledger/orgledger/domain"
)

// timersKept is how long a day that has come can be read in the stream.
const timersKept = 7 * 24 * time.Hour

func timersName(ledger string) string   { return streamName(ledger) + timersSuffix }
func timerSubject(ledger string) string { return "orgledger." + ledger + ".timer." }
func daySubject(ledger string) string   { return "orgledger." + ledger + ".day." }

// timersConfig is the stream of scheduled messages (NATS ADR-51): one a day on which something announced takes effect,
// orgledger.<ledger>.timer.<day>, which becomes orgledger.<ledger>.day.<day> when the day has come. Nothing relies on
// it: what is due is found out from the feed. It is no part of the feed's stream since schedules let a stream be purged.
func timersConfig(ledger string, replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              timersName(ledger),
		Description:       "orgledger: the days on which something announced in " + ledger + " takes effect",
		Subjects:          []string{timerSubject(ledger) + "*", daySubject(ledger) + "*"},
		Retention:         jetstream.LimitsPolicy,
		Storage:           jetstream.FileStorage,
		Replicas:          max(replicas, 1),
		MaxMsgsPerSubject: 1,
		MaxMsgSize:        1 << 10,
		Duplicates:        feedDuplicates,
		AllowMsgSchedules: true,
		AllowMsgTTL:       true,
		AllowRollup:       true,
		AllowDirect:       true,
	}
}

// Timers are the days on which the server says that they have come. A nil Timers does nothing. It belongs to one goroutine.
type Timers struct {
	store *Store
	js    jetstream.JetStream
	after time.Duration
	set   map[domain.Date]bool
	stop  context.CancelFunc
	ended chan struct{}
}

// Timers has came called, in a goroutine of its own, when a day has come that was Set. It is a hint: the call may come
// twice, too late or not at all. after is how long after a day has begun, in UTC, the server calls.
func (s *Store) Timers(ctx context.Context, after time.Duration, came func(day domain.Date)) (*Timers, error) {
	if s.options.ReadOnly {
		return nil, ErrReadOnly
	}
	js, err := s.publishers.get()
	if err != nil {
		return nil, err
	}
	var stream jetstream.Stream
	err = patiently(ctx, js.Conn(), reply, func(ctx context.Context) (err error) {
		stream, err = js.CreateOrUpdateStream(ctx, timersConfig(s.options.Ledger, s.replicas()))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("create the stream %s: %w", timersName(s.options.Ledger), err)
	}
	ctx, stop := context.WithCancel(ctx)
	sub, err := subscribeTo(ctx, js.Conn(), stream, jetstream.OrderedConsumerConfig{FilterSubjects: []string{daySubject(s.options.Ledger) + "*"},
		DeliverPolicy: jetstream.DeliverNewPolicy, InactiveThreshold: feedIdle}, feedAhead, feedBytes)
	if err != nil {
		stop()
		return nil, fmt.Errorf("follow the days that come: %w", err)
	}
	t := &Timers{store: s, js: js, after: after, set: make(map[domain.Date]bool), stop: stop, ended: make(chan struct{})}
	go t.listen(ctx, sub, came)
	return t, nil
}

// listen calls until the subscription ends. What it would have called for later is not missed: the publisher watches the
// days too.
func (t *Timers) listen(ctx context.Context, sub *subscription, came func(day domain.Date)) {
	defer close(t.ended)
	defer sub.stop()
	prefix := daySubject(t.store.options.Ledger)
	for {
		m, err := sub.next(ctx)
		if err != nil {
			return
		}
		if day, err := domain.ParseDate(strings.TrimPrefix(m.Subject(), prefix)); err == nil {
			came(day)
		}
	}
}

// Set schedules the days that are not yet. It costs a message for each that is new.
func (t *Timers) Set(ctx context.Context, days []domain.Date) error {
	if t == nil {
		return nil
	}
	ledger := t.store.options.Ledger
	for _, day := range days {
		if t.set[day] {
			continue
		}
		_, err := t.js.PublishMsg(ctx, &nats.Msg{Subject: timerSubject(ledger) + day.String()},
			jetstream.WithScheduleAt(day.Time().Add(t.after)), jetstream.WithScheduleTarget(daySubject(ledger)+day.String()),
			jetstream.WithScheduleTTL(timersKept))
		if err != nil {
			return fmt.Errorf("schedule %s: %w", day, err)
		}
		t.set[day] = true
	}
	return nil
}

// Stop ends the calls. What is scheduled stays.
func (t *Timers) Stop() {
	if t != nil {
		t.stop()
		<-t.ended
	}
}
