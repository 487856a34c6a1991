package eventstore

import (
	"context"
	"errors"
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

// Timers are the days on which the server says that they have come. A nil Timers does nothing.
type Timers struct {
	store *Store
	js    jetstream.JetStream
	after time.Duration
	sub   *nats.Subscription
	set   map[domain.Date]bool
}

// Timers has came called, in a goroutine of the client, when a day has come that was Set. It is a hint: the call may come
// twice, too late or not at all. after is how long after a day has begun, in UTC, the server calls.
func (s *Store) Timers(ctx context.Context, after time.Duration, came func(day domain.Date)) (*Timers, error) {
	if s.options.ReadOnly {
		return nil, ErrReadOnly
	}
	js, err := s.publishers.get()
	if err != nil {
		return nil, err
	}
	err = patiently(ctx, js.Conn(), reply, func(ctx context.Context) error {
		_, err := js.CreateOrUpdateStream(ctx, timersConfig(s.options.Ledger, s.options.Replicas))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("create the stream %s: %w", timersName(s.options.Ledger), err)
	}
	prefix := daySubject(s.options.Ledger)
	sub, err := js.Conn().Subscribe(prefix+"*", func(m *nats.Msg) {
		if day, err := domain.ParseDate(strings.TrimPrefix(m.Subject, prefix)); err == nil {
			came(day)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("subscribe to the days that come: %w", err)
	}
	return &Timers{store: s, js: js, after: after, sub: sub, set: make(map[domain.Date]bool)}, nil
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
func (t *Timers) Stop() error {
	if t == nil {
		return nil
	}
	if err := t.sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		return fmt.Errorf("end the subscription: %w", err)
	}
	return nil
}
