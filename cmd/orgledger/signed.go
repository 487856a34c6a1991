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

// showKey shows a key of an actor.
func (q *inquiry) showKey(ctx context.Context, ref domain.Ref) error {
	entries, err := q.Introduced(ctx, ref)
	if err != nil {
		return err
	}
	if q.json {
		return q.logJSON(entries)
	}
	answer, err := telling.Ask[projections.Keys](ctx, q, q.Question("keys", "on", q.On.String()))
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
