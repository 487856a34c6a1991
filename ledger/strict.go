package ledger

import (
	"fmt"
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// strict refuses staged entries, from a position on, because of which there are findings that there
// were not without them, judged with everything recorded in effect. Whether a plan is overdue depends
// on the day and not on an entry: it does not count.
func (l *Ledger) strict(s *staged, from int) error {
	known := make(map[string]bool)
	if err := l.findings(s, from, func(f projections.Finding) { known[findingKey(f)] = true }); err != nil {
		return err
	}
	var fresh *projections.Finding
	if err := l.findings(s, len(s.entries), func(f projections.Finding) {
		if fresh == nil && f.Code != projections.CodeOverduePlan && !known[findingKey(f)] {
			fresh = &f
		}
	}); err != nil || fresh == nil {
		return err
	}
	refusal := &domain.Refusal{Code: domain.CodeNewFinding, Rule: "a strict recording raises no finding: this would be " + fresh.Code}
	if fresh.Ref != nil {
		refusal.Rule += " of " + *fresh.Ref
	}
	if place := int(fresh.Seq) - int(l.index.Seq()) - len(s.awaited()) - from; place > 0 {
		refusal.Line = place
	} else {
		refusal.Rule += fmt.Sprintf(" (raised by entry %d)", fresh.Seq)
	}
	return refusal
}

func findingKey(f projections.Finding) string {
	ref := ""
	if f.Ref != nil {
		ref = *f.Ref
	}
	return fmt.Sprint(f.Code, " ", f.Seq, " ", ref)
}

// awaited is what is staged ahead and not in the index yet.
func (s *staged) awaited() []domain.Recorded {
	if s.ahead == nil {
		return nil
	}
	return s.ahead.entries[s.ahead.recorded:]
}

// findings yields those of the ledger with what is staged ahead and the first n staged entries applied.
func (l *Ledger) findings(s *staged, n int, yield func(projections.Finding)) error {
	batch := slices.Concat(s.awaited(), s.entries[:n])
	for i := range batch {
		batch[i].Seq = l.index.Seq() + 1 + uint64(i)
	}
	return l.index.Preview(batch, func(view *projections.View) {
		for _, f := range view.Findings(projections.Point{On: domain.LastDate, Known: view.Seq()}).Findings {
			yield(f)
		}
	})
}
