package telling

import (
	"context"
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// LearnSigned looks at the signatures of entries. Each is judged by the keys that were known before its entry,
// on the day on which it was recorded, and checked here, whatever the server says of it.
func (b *Book) LearnSigned(ctx context.Context, entries ...*domain.Recorded) error {
	var signed []*domain.Recorded
	var questions []map[string]any
	for _, e := range entries {
		if e.Signature == nil {
			continue
		}
		question := map[string]any{"q": "keys", "actor": e.Actor, "on": domain.DateOf(e.Time).String()}
		then, now := question, map[string]any{"known": b.Known}
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
	replies, err := b.AskAll(ctx, questions)
	if err != nil {
		return err
	}
	for i, e := range signed {
		then, err := Read[projections.Keys](replies[2*i])
		if err != nil {
			return err
		}
		now, err := Read[projections.Keys](replies[2*i+1])
		if err != nil {
			return err
		}
		b.signed[e.Seq] = "signed by " + string(e.Signature.Key) + ", " + validity(e, status.Ledger, then, now)
	}
	return nil
}

// notValid begins what is said of a signature that proves nothing.
const notValid = "NOT valid"

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
		return notValid + ": the key was not registered for its actor"
	case !key.Valid:
		return notValid + ": the key was not valid on that day"
	case !e.Verify(ledger, e.Actor):
		return notValid + ": this is not what was signed"
	}
	if key := find(now); key == nil || !key.Valid {
		return "valid as was known then (by what is known now, the key was not)"
	}
	return "valid"
}

// signedWords says whether an entry that learnSigned has looked at is signed.
func (b *Book) signedWords(e *domain.Recorded) string {
	if e.Signature == nil {
		return "unsigned"
	}
	return b.signed[e.Seq]
}

// Signature says whether an entry that LearnSigned has looked at is signed and by which key, and whether it is to be
// trusted: an unsigned one is as good as before, one that is not what was signed is not.
func (b *Book) Signature(e *domain.Recorded) (words string, sound bool) {
	words = b.signedWords(e)
	return Capital(words), !strings.Contains(words, notValid)
}

// SignedSentence is SignedWords as a sentence.
func (b *Book) SignedSentence(e *domain.Recorded) string {
	return " " + Capital(b.signedWords(e)) + "."
}
