package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
)

func (a *app) bundleCommand() *cobra.Command {
	var m moment
	var out string
	command := &cobra.Command{
		Use:     "bundle REF",
		GroupID: "audit",
		Short:   "Write one file that proves an answer: the answer, its facts and evidence, receipts, and words",
		Long: `Write an archive for somebody who does not have the ledger: who holds something on a day, or what an
organisation is; every fact that the answer rests on, to the byte, with corrections and sources and a
receipt for each; the explanation in words; all signed by the log. orgledger-verify bundle checks it.
The README.txt in it says what it proves, and what only the whole log proves.`,
		Example: examples(`orgledger bundle contract/cppe-postgraduate-education --on 2023-03-15`,
			`orgledger bundle contract/cppe-postgraduate-education --on 2023-03-15 --known 248 --out cppe.zip`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inquire(cmd, &m, func(ctx context.Context, q *inquiry) error {
				ref, err := q.reference(ctx, args[0], heldKinds)
				if err != nil {
					return err
				}
				archive, err := q.session.Bundle(ctx, ref, q.On, q.Known)
				if err != nil {
					return err
				}
				if out == "" {
					out = fmt.Sprintf("%s-%s-on-%s-known-%d.zip", ref.Kind, ref.ID, q.On, q.Known)
				}
				if err := os.WriteFile(out, archive, 0o644); err != nil {
					return err
				}
				q.line(out)
				return nil
			})
		},
	}
	m.onFlag(command)
	m.knownFlag(command)
	command.Flags().StringVar(&out, "out", "", "write to `FILE`; named after the question, unless told otherwise")
	a.witnessFlags(command)
	return a.completes(command, heldKinds)
}

// Bundle answers a question and proves the answer: who holds something, or what an organisation is, on a day as known
// at an entry.
func (s *local) Bundle(ctx context.Context, ref domain.Ref, on domain.Date, known uint64) ([]byte, error) {
	n, err := s.notary.get()
	if err != nil {
		return nil, err
	}
	question := map[string]any{"q": "holders", "ref": ref.String(), "on": on.String(), "known": known}
	if ref.Kind == domain.KindOrganisation {
		question = map[string]any{"q": "organisation", "organisation": ref.ID, "on": on.String(), "known": known}
	}
	b := new(audit.Bundle)
	if b.Question, err = json.Marshal(question, json.Deterministic(true)); err != nil {
		return nil, err
	}
	if b.Answer, err = telling.AskRaw(ctx, s, question); err != nil {
		return nil, err
	}
	var told []uint64
	if b.Explanation, told, err = s.explained(ctx, ref, on, known); err != nil {
		return nil, err
	}
	seqs, err := s.evidence(ctx, b.Answer, told, known)
	if err != nil {
		return nil, err
	}
	checkpoint, err := n.Covering(ctx, known)
	if err != nil {
		return nil, err
	}
	for _, seq := range seqs {
		event, err := s.Event(ctx, seq)
		if err != nil {
			return nil, err
		}
		receipt, err := n.ReceiptBy(checkpoint, seq, event)
		if err != nil {
			return nil, err
		}
		b.Receipts = append(b.Receipts, receipt)
	}
	b.Checkpoint, b.Policy = checkpoint.Note, n.Policy()
	var archive bytes.Buffer
	err = n.SignBundle(&archive, b)
	return archive.Bytes(), err
}

// evidence lists the entries that an answer rests on, rising: the facts that it names, what the explanation tells of,
// corrections and retractions among it, and the sources that they cite.
func (s *local) evidence(ctx context.Context, answer []byte, told []uint64, known uint64) ([]uint64, error) {
	seqs, err := audit.Cited(answer)
	if err != nil {
		return nil, err
	}
	seqs = append(seqs, told...)
	slices.Sort(seqs)
	seqs = slices.Compact(seqs)
	sources := make(map[domain.SourceID]bool)
	for _, seq := range seqs {
		e, err := s.Entry(ctx, seq)
		if err != nil {
			return nil, err
		}
		e.References(func(ref domain.Ref) {
			if ref.Kind == domain.KindSource {
				sources[domain.SourceID(ref.ID)] = true
			}
		})
	}
	for source := range sources {
		if mentions := s.View().Mentions(source.Ref(), known); len(mentions) > 0 {
			seqs = append(seqs, mentions[0]) // the entry that registers it is the first to name it
		}
	}
	slices.Sort(seqs)
	return slices.Compact(seqs), nil
}

// explained is what explain prints, and the entries that it tells of.
func (s *local) explained(ctx context.Context, ref domain.Ref, on domain.Date, known uint64) (string, []uint64, error) {
	var text bytes.Buffer
	writer := &app{in: strings.NewReader(""), out: &text, err: &text, ledger: s.name}
	b, err := telling.Open(ctx, s, on, known)
	if err != nil {
		return "", nil, err
	}
	q := &inquiry{app: writer, Book: b, page: writer.page(), session: s, past: known < s.View().Seq()}
	if err := errors.Join(q.explain(ctx, ref.String()), q.flush()); err != nil {
		return "", nil, err
	}
	told := slices.Collect(maps.Keys(b.Shown))
	return text.String(), slices.DeleteFunc(told, func(seq uint64) bool { return seq > known }), nil
}
