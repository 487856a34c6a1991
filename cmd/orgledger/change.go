package main

import (
	"fmt"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// changesList prints changes by who lost and gained.
func (q *inquiry) changesList(changes []projections.Change) {
	for _, t := range telling.Transitions(changes) {
		q.blank()
		q.transition(t)
	}
}

func (q *inquiry) transition(t *telling.Transition) {
	title := q.TransitionWords(t)
	if len(t.Refs) > 1 {
		title += ": " + fmt.Sprint(len(t.Refs))
	}
	q.say(bold, 0, title)
	for _, shares := range [][]projections.Share{t.Lost, t.Gained} {
		if n := len(telling.HoldersOf(shares)); n > telling.SeveralNames {
			q.say(dim, 2, fmt.Sprintf("The %d organisations: %s.", n, telling.Joined(q.OrgNames(telling.HoldersOf(shares)))))
		}
	}
	q.refTable(2, t.Refs)
}

// refTable lists things by name and reference.
func (q *inquiry) refTable(indent int, refs []domain.Ref) {
	rows := make([][]cell, len(refs))
	for i, ref := range refs {
		rows[i] = []cell{{plain, q.Title(ref, q.On)}, {dim, telling.RefID(ref)}}
	}
	q.table(indent, []column{{"", 12}, {"", 12}}, rows)
}
