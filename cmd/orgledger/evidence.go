package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
)

// tellAccount prints one fact in full.
func (q *inquiry) tellAccount(ctx context.Context, lead string, seq uint64) error {
	a, err := q.Account(ctx, seq)
	if err != nil {
		return err
	}
	indent := len(lead)
	q.hang(plain, lead, a.Told+".")
	q.say(dim, indent, fmt.Sprintf("Entry %d, recorded on %s.", a.Seq, q.RecordedWords(a.Recorded)))
	for _, r := range a.Revisions {
		q.revision(indent, r)
	}
	q.evidence(indent, a.Evidence)
	for _, noted := range append([]*domain.Recorded{a.Recorded}, a.Changes...) {
		if noted.Note != "" {
			q.say(dim, indent, fmt.Sprintf("Note of entry %d: %s", noted.Seq, telling.Clean(noted.Note)))
		}
	}
	return nil
}

func (q *inquiry) revision(indent int, r telling.Revision) {
	if r.Retracts {
		q.say(alarm, indent, fmt.Sprintf("Retracted by entry %d, recorded on %s. Reason: %s", r.Seq, q.RecordedWords(r.Recorded), telling.Stopped(r.Reason)))
		return
	}
	q.say(caution, indent, fmt.Sprintf("As corrected by entry %d, recorded on %s: %s. Reason: %s",
		r.Seq, q.RecordedWords(r.Recorded), r.Changed, telling.Stopped(r.Reason)))
}

func (q *inquiry) evidence(indent int, list []telling.Evidence) {
	if len(list) == 0 {
		q.say(caution, indent, "Evidence: none is cited.")
		return
	}
	lead := strings.Repeat(" ", indent) + "Evidence: "
	for _, e := range list {
		q.hang(plain, lead, e.Words()+".")
		lead = strings.Repeat(" ", len(lead))
	}
}
