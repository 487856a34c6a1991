// Package jsonl writes the log as entries to be handed in again: one JSON object a line, as record takes it.
package jsonl

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// Log is where entries are read; *ledger.Ledger is one.
type Log interface {
	Select(ctx context.Context, s ledger.Selection, fn func(domain.Recorded) error) error
}

// Write writes the entries up to a known point in their order, corrections and retractions included, each with its id: a ledger
// that records them in one call, or in several in order, gives every answer that this one gives, at every sequence. What
// the ledger adds itself is not in it, nor what only it can judge: recorded times, actors and signatures. It streams.
// progress, which may be nil, is told how many entries are written.
//
// The error is ledger.ErrNotRepeatable where another ledger would refuse an entry: one that names a person whose name
// cannot be read, that forgets a person, or that changes the keys of an actor who has one.
func Write(ctx context.Context, log Log, known uint64, w io.Writer, progress func(done, total uint64)) error {
	out := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	r := repeater{actors: make(map[string]bool), keys: make(map[uuid.UUID]bool)}
	err := log.Select(ctx, ledger.Selection{To: known + 1}, func(e domain.Recorded) error {
		var err error
		if line, err = r.appendEntry(line[:0], &e.Entry); err != nil {
			return fmt.Errorf("entry %d: %w", e.Seq, err)
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("write entry %d: %w", e.Seq, err)
		}
		if progress != nil {
			progress(e.Seq, known)
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// repeater writes entries of one log as another ledger takes them.
type repeater struct {
	actors map[string]bool    // that have had a key
	keys   map[uuid.UUID]bool // entries that change keys
}

// appendEntry leaves out a derived id where the entry would be too long with it, having been handed in without: the same
// id will be derived again.
func (r *repeater) appendEntry(dst []byte, e *domain.Entry) ([]byte, error) {
	if err := r.repeatable(e); err != nil {
		return nil, err
	}
	again := *e
	again.Signature, again.Fact = nil, domain.CopyPersons(e.Fact)
	named := true
	domain.EachPerson(again.Fact, func(p *domain.Person) {
		named = named && p.Name != ""
		*p = domain.Person{Name: p.Name}
	})
	if !named {
		return nil, fmt.Errorf("the name of a person in it is forgotten or lost: %w", ledger.ErrNotRepeatable)
	}
	n := len(dst)
	if dst = again.AppendJSON(dst); len(dst)-n <= domain.LimitEntry {
		return dst, nil
	}
	if e.ID != again.DeriveID() {
		return nil, fmt.Errorf("with its id it is longer than %d bytes: %w", domain.LimitEntry, ledger.ErrNotRepeatable)
	}
	again.ID = uuid.Nil
	return again.AppendJSON(dst[:n]), nil
}

// repeatable judges whether the entry stands without the signature and the key of a person that it had.
func (r *repeater) repeatable(e *domain.Entry) error {
	switch f := e.Fact.(type) {
	case *domain.PersonForgotten:
		return fmt.Errorf("it forgets person/%s, who has another id elsewhere: %w", f.Person, ledger.ErrNotRepeatable)
	case *domain.KeyRegistered:
		if r.actors[f.Actor] {
			return signed()
		}
		r.actors[f.Actor], r.keys[e.ID] = true, true
	case *domain.KeyRevoked:
		return signed()
	case *domain.EntryCorrected:
		if r.keys[f.Corrects] {
			return signed()
		}
	case *domain.EntryRetracted:
		if r.keys[f.Retracts] {
			return signed()
		}
	}
	return nil
}

func signed() error {
	return fmt.Errorf("it changes the keys of an actor, which has to sign it for each ledger: %w", ledger.ErrNotRepeatable)
}
