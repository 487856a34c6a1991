package main

import (
	"context"
	"fmt"
	"strings"
)

// steps tells a chain of facts, a paragraph each, with the sources' titles and what changed the fact.
func (q *inquiry) steps(ctx context.Context, indent int, seqs []uint64) error {
	list, err := q.Editions(ctx, seqs)
	if err != nil {
		return err
	}
	if err := q.LearnSources(ctx, list...); err != nil {
		return err
	}
	for _, e := range list {
		lead := fmt.Sprintf("%s%4d  ", strings.Repeat(" ", indent), e.Seq)
		q.hang(plain, lead, q.Told(e)+".")
		q.say(dim, len(lead), q.Footnote(e))
	}
	return nil
}

// doubts prints why an answer is uncertain.
func (q *inquiry) doubts(ctx context.Context, seqs []uint64) error {
	texts, err := q.DoubtWords(ctx, seqs)
	for _, text := range texts {
		q.hang(caution, "  ", text)
	}
	return err
}
