package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// SigningRequest asks what a signer has to know of a ledger before it can sign entries.
type SigningRequest struct {
	Entries []uuid.UUID `json:"entries,omitempty"` // that corrections name
}

// Signing is what a signer has to know.
type Signing struct {
	Ledger string               `json:"ledger"`
	Types  map[uuid.UUID]string `json:"types,omitempty"` // of the entries asked for, those that are recorded
}

// limitSigning is how many entries, and how many names, one request may ask for.
const limitSigning = 100_000

// Signing answers a request. It waits for the writer.
func (l *Ledger) Signing(ctx context.Context, r SigningRequest) (Signing, error) {
	if len(r.Entries) > limitSigning {
		return Signing{}, &domain.Refusal{Code: domain.CodeTooMany, Field: "entries", Rule: fmt.Sprintf("at most %d are asked for at once", limitSigning)}
	}
	answer := Signing{Ledger: l.log.Name(), Types: make(map[uuid.UUID]string)}
	err := l.ask(ctx, func() error {
		for _, id := range r.Entries {
			if seq, ok := l.index.Entry(id); ok {
				answer.Types[id] = l.View().EntryType(seq).String()
			}
		}
		return nil
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

// SignLines reads entries, one JSON object a line, and gives the same lines signed, for whom Signer acts, and
// with the ids that were signed. Every line keeps its number. ask puts a request to the ledger that is to
// record them. A refusal names the line. All of the lines are in memory.
func SignLines(ctx context.Context, r io.Reader, s *domain.Signer, actor string,
	ask func(context.Context, SigningRequest) (Signing, error)) ([]byte, error) {
	entries, lines, err := readEntries(r)
	if err != nil {
		return nil, err
	}
	var request SigningRequest
	for _, e := range entries {
		if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
			request.Entries = append(request.Entries, correction.Corrects)
		}
	}
	known, err := ask(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("ask the ledger what is to be signed: %w", err)
	}
	if known.Types == nil {
		known.Types = make(map[uuid.UUID]string)
	}
	var out bytes.Buffer
	written := 0
	for i, e := range entries {
		if err := known.sign(e, s, actor); err != nil {
			if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
				refusal.Line = lines[i]
			}
			return nil, err
		}
		for ; written < lines[i]-1; written++ {
			out.WriteByte('\n')
		}
		out.Write(append(e.AppendJSON(nil), '\n'))
		written++
	}
	return out.Bytes(), nil
}

// sign signs an entry as the ledger will store it. A correction of an entry that is not known is signed as it
// is, for the ledger to refuse.
func (k *Signing) sign(e *domain.Entry, s *domain.Signer, actor string) error {
	if correction, ok := e.Fact.(*domain.EntryCorrected); ok {
		if typ, known := domain.ParseType(k.Types[correction.Corrects]); known {
			if err := correction.Resolve(typ); err != nil {
				return err
			}
		}
	}
	if e.ID == uuid.Nil {
		e.ID = e.DeriveID()
	}
	if k.Types[e.ID] == "" {
		k.Types[e.ID] = e.Fact.Type().String()
	}
	s.Sign(e, k.Ledger, actor)
	return nil
}
