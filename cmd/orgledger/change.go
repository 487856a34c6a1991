package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// transition is a set of holdings that go the same way: who lost them, and who gained them.
type transition struct {
	lost, gained []projections.Share
	stayed       bool // nothing was lost, or nothing gained, and others hold them before and after
	refs         []domain.Ref
}

// transitions groups changes by what was lost and gained, in the order of the first of each group.
func transitions(changes []projections.Change) []*transition {
	var groups []*transition
	at := make(map[string]*transition)
	for _, c := range changes {
		t := &transition{lost: without(c.Before, c.After), gained: without(c.After, c.Before)}
		t.stayed = len(t.lost) < len(c.Before) && (len(t.lost) == 0 || len(t.gained) == 0)
		key := fmt.Sprint(t.lost, t.gained, t.stayed)
		if at[key] == nil {
			at[key] = t
			groups = append(groups, t)
		}
		at[key].refs = append(at[key].refs, telling.RefOf(c.Ref))
	}
	return groups
}

// without is what one list has and the other has not.
func without(list, other []projections.Share) []projections.Share {
	return slices.DeleteFunc(slices.Clone(list), func(s projections.Share) bool { return slices.Contains(other, s) })
}

// learnChanges reads the names that changes need.
func (q *inquiry) learnChanges(ctx context.Context, changes []projections.Change) error {
	var refs []domain.Ref
	for _, c := range changes {
		refs = append(refs, telling.RefOf(c.Ref))
		for _, s := range slices.Concat(c.Before, c.After) {
			refs = append(refs, domain.OrganisationID(s.Organisation).Ref())
		}
	}
	return q.learn(ctx, q.on, refs)
}

// changesList prints changes by who lost and gained.
func (q *inquiry) changesList(changes []projections.Change) {
	for _, t := range transitions(changes) {
		q.blank()
		q.transition(t)
	}
}

func (q *inquiry) transition(t *transition) {
	title := q.transitionWords(t)
	if len(t.refs) > 1 {
		title += ": " + fmt.Sprint(len(t.refs))
	}
	q.say(bold, 0, title)
	for _, shares := range [][]projections.Share{t.lost, t.gained} {
		if n := len(holdersOf(shares)); n > severalNames {
			q.say(dim, 2, fmt.Sprintf("The %d organisations: %s.", n, telling.Joined(q.orgNames(holdersOf(shares)))))
		}
	}
	q.refTable(2, t.refs)
}

// refTable lists things by name and reference.
func (q *inquiry) refTable(indent int, refs []domain.Ref) {
	rows := make([][]cell, len(refs))
	for i, ref := range refs {
		rows[i] = []cell{{plain, q.title(ref, q.on)}, {dim, refID(ref)}}
	}
	q.table(indent, []column{{"", 12}, {"", 12}}, rows)
}

// transitionWords is before → after, of those who differ.
func (q *inquiry) transitionWords(t *transition) string {
	before, after := q.differing(t.lost), q.differing(t.gained)
	switch {
	case len(t.lost) == 0 && t.stayed:
		return "also " + after
	case len(t.lost) == 0:
		return "nobody → " + after
	case len(t.gained) == 0 && t.stayed:
		return "no longer " + before
	case len(t.gained) == 0:
		return before + " → nobody"
	default:
		return before + " → " + after
	}
}

// severalNames is how many organisations are named in one line; of more the number is given.
const severalNames = 3

// differing lists holders with their roles: Health Education England (hee) [lead].
func (q *inquiry) differing(shares []projections.Share) string {
	roles := make(map[string][]string)
	for _, s := range shares {
		roles[s.Organisation] = append(roles[s.Organisation], telling.RoleWords(s.Role))
	}
	ids := holdersOf(shares)
	tags := make([]string, len(ids))
	for i, id := range ids {
		tags[i] = " [" + strings.Join(roles[id], ", ") + "]"
	}
	alike := len(slices.Compact(slices.Clone(tags))) == 1
	names := q.orgNames(ids)
	switch {
	case alike && len(ids) > severalNames:
		return fmt.Sprintf("%d organisations%s", len(ids), tags[0])
	case alike:
		return telling.Joined(names) + tags[0]
	}
	for i := range names {
		names[i] += tags[i]
	}
	return telling.Joined(names)
}

// holdersOf lists the organisations of shares, each once.
func holdersOf(shares []projections.Share) []string {
	ids := make([]string, len(shares))
	for i, s := range shares {
		ids[i] = s.Organisation
	}
	return slices.Compact(ids) // shares are sorted by organisation
}

func (q *inquiry) orgNames(ids []string) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = q.org(id)
	}
	return names
}

// tally counts changes: newly held, no longer held, changed hands.
func tally(changes []projections.Change) string {
	var begun, ended, moved int
	for _, c := range changes {
		switch {
		case len(c.Before) == 0:
			begun++
		case len(c.After) == 0:
			ended++
		default:
			moved++
		}
	}
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{moved, "changed hands"}, {begun, "newly held"}, {ended, "no longer held"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	verb := " differ: "
	if len(changes) == 1 {
		verb = " differs: "
	}
	return telling.Counted(len(changes), "holding") + verb + strings.Join(parts, ", ") + "."
}
