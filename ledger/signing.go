package ledger

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// SigningRequest asks what a signer has to know of a ledger before it can sign entries.
type SigningRequest struct {
	Entries []uuid.UUID `json:"entries,omitempty"` // that corrections name
	Names   []string    `json:"names,omitempty"`   // of persons, to be sealed
}

// Signing is what a signer has to know.
type Signing struct {
	Ledger string               `json:"ledger"`
	Types  map[uuid.UUID]string `json:"types,omitempty"` // of the entries asked for, those that are recorded
	Salts  map[string]string    `json:"salts,omitempty"` // of the names asked for, in hexadecimal; those that stand in the log have none
}

// limitSigning is how many entries, and how many names, one request may ask for.
const limitSigning = 100_000

// Signing answers a request. It waits for the writer.
func (l *Ledger) Signing(ctx context.Context, r SigningRequest) (Signing, error) {
	if n := len(r.Entries) + len(r.Names); n > limitSigning {
		return Signing{}, &domain.Refusal{Code: domain.CodeTooMany, Rule: fmt.Sprintf("at most %d names and entries are asked for at once", limitSigning), Value: fmt.Sprint(n)}
	}
	answer := Signing{Ledger: l.log.Name(), Types: make(map[uuid.UUID]string), Salts: make(map[string]string)}
	err := l.ask(ctx, func() error {
		for _, id := range r.Entries {
			if seq, ok := l.index.Entry(id); ok {
				answer.Types[id] = l.View().EntryType(seq).String()
			}
		}
		salts, err := l.people.salts(ctx, r.Names)
		for name, salt := range salts {
			answer.Salts[name] = hex.EncodeToString(salt[:])
		}
		return err
	})
	return answer, err
}

// ask runs something in the writer goroutine, between two rounds of recording.
func (l *Ledger) ask(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	select {
	case l.asks <- func() { done <- do() }:
	case <-l.done:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-done // what the writer has begun it ends
}

// Asker puts a request to the ledger that is to record what is signed.
type Asker func(context.Context, SigningRequest) (Signing, error)

// SignLines reads entries, one JSON object a line, and gives the same lines signed in the name of an actor, with
// the ids that were signed. Every line keeps its number. Names stay names: what is signed in their place is a
// commitment, made here, with the salt that the ledger has for the name. A refusal names the line. All of the
// lines are in memory.
func SignLines(ctx context.Context, r io.Reader, s *domain.Signer, actor string, ask Asker) ([]byte, error) {
	entries, lines, err := readEntries(r)
	if err != nil {
		return nil, err
	}
	ledger, err := resolveAll(ctx, entries, lines, ask)
	if err != nil {
		return nil, err
	}
	if err := commitAll(ctx, entries, ask); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	written := 0
	for i, e := range entries {
		if e.ID == uuid.Nil {
			e.ID = e.DeriveID()
		}
		s.Sign(e, ledger, actor)
		for ; written < lines[i]-1; written++ {
			out.WriteByte('\n')
		}
		out.Write(append(e.AppendJSON(nil), '\n'))
		written++
	}
	return out.Bytes(), nil
}

// resolveAll reads corrections for the types of what they correct, which stands before them or in the ledger,
// and gives the ledger's name. A correction of what is nowhere stays as it is, for the ledger to refuse.
func resolveAll(ctx context.Context, entries []*domain.Entry, lines []int, ask Asker) (ledger string, err error) {
	types := make(map[uuid.UUID]string)
	var request SigningRequest
	for _, e := range entries {
		id := e.ID
		if id == uuid.Nil {
			id = e.DeriveID() // of what names a person it is another, which nobody can know yet
		}
		types[id] = e.Fact.Type().String()
		if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
			request.Entries = append(request.Entries, correction.Corrects)
		}
	}
	known, err := ask(ctx, request)
	if err != nil {
		return "", fmt.Errorf("ask the ledger what is to be signed: %w", err)
	}
	maps.Copy(types, known.Types)
	for i, e := range entries {
		correction, ok := e.Fact.(*domain.EntryCorrected)
		if !ok {
			continue
		}
		typ, found := domain.ParseType(types[correction.Corrects])
		if !found {
			continue
		}
		if err := correction.Resolve(typ); err != nil {
			return "", located(err, lines[i])
		}
	}
	return known.Ledger, nil
}

// located names the line of a refusal.
func located(err error, line int) error {
	refusal, ok := errors.AsType[*domain.Refusal](err)
	if !ok {
		return err
	}
	at := *refusal
	at.Line = line
	return &at
}

// commitAll puts commitments beside names.
func commitAll(ctx context.Context, entries []*domain.Entry, ask Asker) error {
	names := make(map[string]bool)
	for _, e := range entries {
		eachPerson(e, func(p *domain.Person) { names[p.Name] = true })
	}
	if len(names) == 0 {
		return nil
	}
	known, err := ask(ctx, SigningRequest{Names: slices.Sorted(maps.Keys(names))})
	if err != nil {
		return fmt.Errorf("ask the ledger for the salts of names: %w", err)
	}
	for _, e := range entries {
		eachPerson(e, func(p *domain.Person) {
			var salt domain.PersonSalt
			if raw, failed := hex.DecodeString(known.Salts[p.Name]); failed == nil && len(raw) == len(salt) {
				p.Commitment = domain.Commit(domain.PersonSalt(raw), p.Name)
			}
		})
	}
	return nil
}

// eachPerson calls fn with the persons of an entry; a correction that is not resolved has none.
func eachPerson(e *domain.Entry, fn func(*domain.Person)) {
	if correction, ok := e.Fact.(*domain.EntryCorrected); ok && correction.Replacement.Fact == nil {
		return
	}
	domain.EachPerson(e.Fact, fn)
}
