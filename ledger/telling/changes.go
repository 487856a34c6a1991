package telling

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// Transition is a set of holdings that go the same way: who lost them, and who gained them.
type Transition struct {
	Lost, Gained []projections.Share
	stayed       bool // nothing was lost, or nothing gained, and others hold them before and after
	Refs         []domain.Ref
}

// Transitions groups changes by what was lost and gained, in the order of the first of each group.
func Transitions(changes []projections.Change) []*Transition {
	var groups []*Transition
	at := make(map[string]*Transition)
	var key []byte
	for _, c := range changes {
		t := &Transition{Lost: Without(c.Before, c.After), Gained: Without(c.After, c.Before)}
		t.stayed = len(t.Lost) < len(c.Before) && (len(t.Lost) == 0 || len(t.Gained) == 0)
		key = appendShares(appendShares(key[:0], t.Lost), t.Gained)
		key = strconv.AppendBool(key, t.stayed)
		group := at[string(key)]
		if group == nil {
			group = t
			at[string(key)] = t
			groups = append(groups, t)
		}
		group.Refs = append(group.Refs, RefOf(c.Ref))
	}
	return groups
}

// appendShares appends what tells lists of shares apart: no identifier and no role has a space or a line feed.
func appendShares(key []byte, shares []projections.Share) []byte {
	for _, s := range shares {
		key = append(append(append(append(key, s.Organisation...), ' '), s.Role...), '\n')
	}
	return append(key, '\n')
}

// Without is what one list has and the other has not.
func Without(list, other []projections.Share) []projections.Share {
	return slices.DeleteFunc(slices.Clone(list), func(s projections.Share) bool { return slices.Contains(other, s) })
}

// LearnChanges reads the names that changes need.
func (b *Book) LearnChanges(ctx context.Context, changes []projections.Change) error {
	var refs []domain.Ref
	for _, c := range changes {
		refs = append(refs, RefOf(c.Ref))
		for _, s := range slices.Concat(c.Before, c.After) {
			refs = append(refs, domain.OrganisationID(s.Organisation).Ref())
		}
	}
	return b.Learn(ctx, b.On, refs)
}

// TransitionWords is before → after, of those who differ.
func (b *Book) TransitionWords(t *Transition) string {
	before, after := b.Differing(t.Lost), b.Differing(t.Gained)
	switch {
	case len(t.Lost) == 0 && t.stayed:
		return "also " + after
	case len(t.Lost) == 0:
		return "nobody → " + after
	case len(t.Gained) == 0 && t.stayed:
		return "no longer " + before
	case len(t.Gained) == 0:
		return before + " → nobody"
	default:
		return before + " → " + after
	}
}

// SeveralNames is how many organisations are named in one line; of more the number is given.
const SeveralNames = 3

// Differing lists holders with their roles: Health Education England (hee) [lead].
func (b *Book) Differing(shares []projections.Share) string {
	roles := make(map[string][]string)
	for _, s := range shares {
		roles[s.Organisation] = append(roles[s.Organisation], RoleWords(s.Role))
	}
	ids := HoldersOf(shares)
	tags := make([]string, len(ids))
	for i, id := range ids {
		tags[i] = " [" + strings.Join(roles[id], ", ") + "]"
	}
	alike := len(slices.Compact(slices.Clone(tags))) == 1
	names := b.OrgNames(ids)
	switch {
	case alike && len(ids) > SeveralNames:
		return fmt.Sprintf("%d organisations%s", len(ids), tags[0])
	case alike:
		return Joined(names) + tags[0]
	}
	for i := range names {
		names[i] += tags[i]
	}
	return Joined(names)
}

// HoldersOf lists the organisations of shares, each once.
func HoldersOf(shares []projections.Share) []string {
	ids := make([]string, len(shares))
	for i, s := range shares {
		ids[i] = s.Organisation
	}
	return slices.Compact(ids) // shares are sorted by organisation
}

// OrgNames are organisations with their names on the day of the book.
func (b *Book) OrgNames(ids []string) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = b.Org(id)
	}
	return names
}

// Tally counts changes: newly held, no longer held, changed hands.
func Tally(changes []projections.Change) string {
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
	return Counted(len(changes), "holding") + verb + strings.Join(parts, ", ") + "."
}

// DiffQuestion asks what differs between two points.
func DiffQuestion(from, to projections.Point) map[string]any {
	question := map[string]any{"q": "diff"}
	for name, p := range map[string]projections.Point{"from": from, "to": to} {
		question[name] = map[string]any{"on": p.On.String(), "known": p.Known}
	}
	return question
}
