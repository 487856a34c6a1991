package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// signing makes ready to sign what an actor records with the key in a file. Without a file nothing is signed.
func (a *app) signing(file, actor string) (func(context.Context, session, io.Reader) (io.Reader, error), error) {
	if file == "" {
		return func(_ context.Context, _ session, in io.Reader) (io.Reader, error) { return in, nil }, nil
	}
	if actor == "" {
		return nil, usageError{errors.New("--key signs in the name of an actor: name it with --actor")}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	signer, err := domain.ParseSeed(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("read the key in %s: %w", file, err)
	}
	return func(ctx context.Context, s session, in io.Reader) (io.Reader, error) {
		lines, err := ledger.SignLines(ctx, in, signer, actor, s.Signing)
		return bytes.NewReader(lines), err
	}, nil
}

// learnSigned looks at the signatures of entries. Each is judged by the keys that were known before its entry,
// on the day on which it was recorded, and checked here, whatever the server says of it.
func (b *book) learnSigned(ctx context.Context, entries ...*domain.Recorded) error {
	var signed []*domain.Recorded
	var questions []map[string]any
	for _, e := range entries {
		if e.Signature == nil {
			continue
		}
		question := map[string]any{"q": "keys", "actor": e.Actor, "on": domain.DateOf(e.Time).String()}
		then, now := question, map[string]any{"known": b.known}
		for name, value := range question {
			now[name] = value
		}
		then["known"] = e.Seq - 1
		questions, signed = append(questions, then, now), append(signed, e)
	}
	if len(signed) == 0 {
		return nil
	}
	status, err := b.Status(ctx)
	if err != nil {
		return err
	}
	replies, err := b.askAll(ctx, questions)
	if err != nil {
		return err
	}
	for i, e := range signed {
		then, err := read[projections.Keys](replies[2*i])
		if err != nil {
			return err
		}
		now, err := read[projections.Keys](replies[2*i+1])
		if err != nil {
			return err
		}
		b.signed[e.Seq] = "signed by " + string(e.Signature.Key) + ", " + validity(e, status.Ledger, then, now)
	}
	return nil
}

// validity says whether a signature is valid by the keys as they were known then, and what is known now.
func validity(e *domain.Recorded, ledger string, then, now *projections.Keys) string {
	find := func(keys *projections.Keys) *projections.Key {
		at := slices.IndexFunc(keys.Keys, func(k projections.Key) bool { return k.Key == string(e.Signature.Key) })
		if at < 0 {
			return nil
		}
		return &keys.Keys[at]
	}
	switch key := find(then); {
	case key == nil:
		return "NOT valid: the key was not registered for its actor"
	case !key.Valid:
		return "NOT valid: the key was not valid on that day"
	case !e.Verify(ledger, e.Actor):
		return "NOT valid: this is not what was signed"
	}
	if key := find(now); key == nil || !key.Valid {
		return "valid as was known then (by what is known now, the key was not)"
	}
	return "valid"
}

// signedWords says whether an entry that learnSigned has looked at is signed.
func (b *book) signedWords(e *domain.Recorded) string {
	if e.Signature == nil {
		return "unsigned"
	}
	return b.signed[e.Seq]
}

func (b *book) signedSentence(e *domain.Recorded) string {
	return " " + telling.Capital(b.signedWords(e)) + "."
}

// showKey shows a key of an actor.
func (q *inquiry) showKey(ctx context.Context, ref domain.Ref) error {
	entries, err := q.introduced(ctx, ref)
	if err != nil {
		return err
	}
	if q.json {
		return q.logJSON(entries)
	}
	answer, err := ask[projections.Keys](ctx, q.session, q.question("keys", "on", q.on.String()))
	if err != nil {
		return err
	}
	if err := q.heading(ctx, ref.String(), q.day()); err != nil {
		return err
	}
	q.blank()
	at := slices.IndexFunc(answer.Keys, func(k projections.Key) bool { return k.Key == ref.ID })
	if at < 0 {
		q.say(alarm, 0, "Its registration is retracted.")
	} else {
		key := &answer.Keys[at]
		to := ""
		if key.To != nil {
			to = telling.DayWords(telling.ParseDay(*key.To))
		}
		q.fields([]field{{"Actor", telling.Clean(key.Actor)}, {"On that day", validWords(key.Valid)}, {"Valid from", telling.DayWords(telling.ParseDay(key.From))},
			{"No longer valid from", to}, {"Revoked because", telling.Clean(key.Reason)}})
	}
	q.section("Entries about it")
	return q.entriesList(ctx, entries)
}

func validWords(valid bool) string {
	if valid {
		return "valid"
	}
	return "not valid"
}
