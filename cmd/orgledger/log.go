package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
)

// sequences is a stretch of the log as flags give it, both ends included; 0 is open.
type sequences struct{ from, to uint64 }

func (s *sequences) flags(command *cobra.Command) {
	command.Flags().Uint64Var(&s.from, "from", 0, "begin with the entry `SEQ`")
	command.Flags().Uint64Var(&s.to, "to", 0, "end with the entry `SEQ`")
}

// selection chooses the entries of the stretch.
func (s *sequences) selection() (ledger.Selection, error) {
	chosen := ledger.Selection{From: s.from}
	if s.to > 0 {
		if s.from > s.to {
			return chosen, usageError{fmt.Errorf("--from %d comes after --to %d", s.from, s.to)}
		}
		chosen.To = s.to + 1
	}
	return chosen, nil
}

func (a *app) logCommand() *cobra.Command {
	var s sequences
	command := &cobra.Command{
		Use:     "log [REF]",
		GroupID: "log",
		Short:   "List what was recorded, newest last",
		Long: `List the entries of the log, newest last: all of them, or those that concern a reference, with their
corrections and retractions. Each is told as it was recorded; what was corrected or retracted later is
marked with the entry that did it.

With --json every entry is printed as a JSON object on a line: its sequence, the time at which it was
recorded and who recorded it, before the fields that were handed in.`,
		Example: examples(`orgledger log contract/cppe-postgraduate-education`, `orgledger log hee --from 249`, `orgledger log --from 355 --json`),
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen, err := s.selection()
			if err != nil {
				return err
			}
			return a.inquire(cmd, new(moment), func(ctx context.Context, q *inquiry) error { return q.log(ctx, args, chosen) })
		},
	}
	s.flags(command)
	return a.completes(command, allKinds)
}

func (q *inquiry) log(ctx context.Context, args []string, chosen ledger.Selection) error {
	if len(args) > 0 {
		ref, err := q.reference(ctx, args[0], allKinds)
		if err != nil {
			return err
		}
		if _, err := q.Concerning(ctx, ref); err != nil {
			return q.unknown(ctx, err, ref, allKinds)
		}
		chosen.Ref = ref
	}
	if q.json {
		return q.Select(ctx, chosen, func(e domain.Recorded) error {
			q.line(string(ledger.AppendLogged(nil, &e)))
			return nil
		})
	}
	return q.logPage(ctx, chosen)
}

func (q *inquiry) logPage(ctx context.Context, chosen ledger.Selection) error {
	title := "Entries"
	if chosen.Ref.ID != "" {
		if err := q.Learn(ctx, q.On, []domain.Ref{chosen.Ref}); err != nil {
			return err
		}
		title += " that concern " + q.Called(chosen.Ref)
	}
	if err := q.heading(ctx, title, ""); err != nil {
		return err
	}
	q.blank()
	index, err := q.readAmendments(ctx, chosen)
	if err != nil {
		return err
	}
	told := 0
	part := make([]*domain.Recorded, 0, tellAtOnce)
	tell := func() error {
		told += len(part)
		defer func() { part = part[:0] }()
		return q.logLines(ctx, part, index)
	}
	err = q.Select(ctx, chosen, func(e domain.Recorded) error {
		part = append(part, &e)
		if len(part) < tellAtOnce {
			return nil
		}
		return tell()
	})
	if err != nil {
		return err
	}
	if err := tell(); err != nil {
		return err
	}
	if told == 0 {
		q.say(plain, 0, "There are none.")
	}
	return nil
}

// tellAtOnce is for how many entries names are read at once.
const tellAtOnce = 500

// amendments knows of entries, by id, their sequences and those that amended them.
type amendments struct {
	seqs    map[uuid.UUID]uint64
	amended map[uuid.UUID][]amendment
}

type amendment struct {
	seq  uint64
	verb string // corrected or retracted
}

// readAmendments reads the log, or what concerns a reference in it, once from beginning to end: an entry
// is marked by what comes later, and a correction names its entry by id.
func (q *inquiry) readAmendments(ctx context.Context, chosen ledger.Selection) (*amendments, error) {
	index := &amendments{make(map[uuid.UUID]uint64), make(map[uuid.UUID][]amendment)}
	meter := q.progress("reading the log", "entries")
	defer meter.done()
	err := q.Select(ctx, ledger.Selection{Ref: chosen.Ref}, func(e domain.Recorded) error {
		meter.uint64s(e.Seq, q.Known)
		index.seqs[e.ID] = e.Seq
		if id := telling.AmendedBy(e.Fact); id != (uuid.UUID{}) {
			index.amended[id] = append(index.amended[id], amendment{e.Seq, telling.AmendmentVerb(e.Fact)})
		}
		return nil
	})
	return index, err
}

// fulfilling says which plan an entry fulfils.
func fulfilling(e *domain.Entry) string {
	if e.Fulfils == (domain.Fulfilment{}) {
		return ""
	}
	return " It fulfils " + telling.FulfilsWords(e.Fulfils) + "."
}

func (q *inquiry) logLines(ctx context.Context, part []*domain.Recorded, index *amendments) error {
	entries := make([]*domain.Entry, len(part))
	for i, e := range part {
		entries[i] = &e.Entry
	}
	if err := q.Tell(ctx, entries...); err != nil {
		return err
	}
	if err := q.LearnSigned(ctx, part...); err != nil {
		return err
	}
	for _, e := range part {
		n := q.Narrator(&e.Entry)
		n.Seq = func(id uuid.UUID) (uint64, bool) {
			seq, ok := index.seqs[id]
			return seq, ok
		}
		lead := fmt.Sprintf("%s  %s  ", q.paint(bold, fmt.Sprintf("%6d", e.Seq)), q.paint(dim, telling.RecordedAt(e).Format("2006-01-02 15:04")))
		q.hang(plain, lead, n.Sentence(&e.Entry)+"."+fulfilling(&e.Entry)+q.SignedSentence(e))
		for _, a := range index.amended[e.ID] {
			q.say(caution, 26, fmt.Sprintf("%s by entry %d", a.verb, a.seq))
		}
	}
	return q.flush()
}
