package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// Kinds that commands take.
var (
	allKinds  = []domain.Kind{domain.KindOrganisation, domain.KindResponsibility, domain.KindContract, domain.KindPlan, domain.KindSource, domain.KindOffice, domain.KindKey, domain.KindPerson}
	heldKinds = allKinds[:3]
	orgKind   = allKinds[:1]
	planKind  = []domain.Kind{domain.KindPlan}
)

// reference reads what a person typed: kind/id, the id of an organisation, scheme:value, or an id that
// only one thing has.
func (q *inquiry) reference(ctx context.Context, text string, kinds []domain.Kind) (domain.Ref, error) {
	name, isRef := text, false
	if kind, rest, cut := strings.Cut(text, "/"); cut {
		name, isRef = rest, true
		if kind != domain.KindOrganisation.String() || !strings.Contains(rest, ":") {
			return q.written(text, kinds)
		}
	}
	switch {
	case strings.Contains(name, ":") && slices.Contains(kinds, domain.KindOrganisation):
		return q.identified(ctx, name)
	case len(kinds) == 1 && !isRef && domain.ValidID(text):
		return domain.Ref{Kind: kinds[0], ID: text}, nil
	default:
		return q.bare(ctx, text, kinds)
	}
}

// written reads kind/id.
func (q *inquiry) written(text string, kinds []domain.Kind) (domain.Ref, error) {
	ref, err := domain.ParseRef(text)
	if err != nil {
		return ref, usageError{err}
	}
	if !slices.Contains(kinds, ref.Kind) {
		return ref, usageError{fmt.Errorf("%s is no %s; orgledger show %s tells what it is", ref, kindsOf(kinds, " or "), ref)}
	}
	return ref, nil
}

// identified finds the organisation that has, or ever had, an identifier.
func (q *inquiry) identified(ctx context.Context, code string) (domain.Ref, error) {
	found, err := telling.Ask[projections.Organisation](ctx, q, map[string]any{"q": "organisation", "organisation": code, "on": domain.FirstDate.String()})
	if err != nil {
		return domain.Ref{}, err
	}
	return domain.OrganisationID(found.Organisation).Ref(), nil
}

// bare finds the one thing that has an id.
func (q *inquiry) bare(ctx context.Context, text string, kinds []domain.Kind) (domain.Ref, error) {
	matches, err := q.find(ctx, text)
	if err != nil {
		return domain.Ref{}, err
	}
	var same []domain.Ref
	for _, m := range matches {
		if ref := telling.RefOf(m.Ref); ref.ID == text && slices.Contains(kinds, ref.Kind) {
			same = append(same, ref)
		}
	}
	switch len(same) {
	case 1:
		return same[0], nil
	case 0:
		return domain.Ref{}, q.notFound(ctx, fmt.Sprintf("nothing here is called %s", telling.Quoted(text)), text, kinds)
	}
	names := make([]string, len(same))
	for i, ref := range same {
		names[i] = ref.String()
	}
	return domain.Ref{}, &projections.QuestionError{Code: projections.CodeUnknownReference, Field: "ref",
		Message: fmt.Sprintf("%s may be %s: write which", text, strings.Join(names, " or "))}
}

func kindsOf(kinds []domain.Kind, or string) string {
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = kind.String()
	}
	return strings.Join(names, or)
}

// find looks for words in everything recorded, whatever the known point.
func (q *inquiry) find(ctx context.Context, words string) ([]projections.Match, error) {
	if strings.TrimSpace(words) == "" {
		return nil, nil
	}
	answer, err := telling.Ask[struct {
		Matches []projections.Match `json:"matches"`
	}](ctx, q, map[string]any{"q": "find", "words": words})
	if err != nil {
		return nil, err
	}
	return answer.Matches, nil
}

// unknown says more of a reference that the ledger does not have at the known point: when it came,
// or what is nearly called so.
func (q *inquiry) unknown(ctx context.Context, err error, ref domain.Ref, kinds []domain.Kind) error {
	if err == nil || codeOf(err) != projections.CodeUnknownReference || len(q.Assumed) > 0 {
		return err
	}
	first := uint64(0)
	entries, selected := q.Concerning(ctx, ref)
	if selected == nil && len(entries) > 0 {
		first = entries[0].Seq
	}
	if first > q.Known {
		return &projections.QuestionError{Code: projections.CodeUnknownReference, Field: "ref",
			Message: fmt.Sprintf("%s was not known yet at entry %d: entry %d introduces it", ref, q.Known, first)}
	}
	return q.notFound(ctx, fmt.Sprintf("no entry introduces %s", ref), ref.ID, kinds)
}

// notFound suggests what may have been meant.
func (q *inquiry) notFound(ctx context.Context, message, text string, kinds []domain.Kind) error {
	near, err := q.near(ctx, text, kinds)
	if err != nil {
		return errors.Join(errors.New(message), err)
	}
	if q.Known == 0 && !q.past {
		message += "; the ledger is empty, orgledger record puts entries into it"
	} else if len(near) > 0 {
		message += "; did you mean " + strings.Join(near, ", ") + "?"
	} else {
		message += "; orgledger find WORDS looks through all names"
	}
	return &projections.QuestionError{Code: projections.CodeUnknownReference, Field: "ref", Message: message}
}

// suggested is how many references are suggested at most.
const suggested = 4

// near lists references that are called nearly so, the nearest first.
func (q *inquiry) near(ctx context.Context, text string, kinds []domain.Kind) ([]string, error) {
	typed := strings.ToLower(text)
	for _, level := range needles(text) {
		far := make(map[domain.Ref]int)
		for _, needle := range level {
			matches, err := q.find(ctx, needle)
			if err != nil {
				return nil, err
			}
			for _, m := range matches {
				id, name := strings.ToLower(telling.RefOf(m.Ref).ID), strings.ToLower(m.Title)
				d := min(distance(typed, id), distance(typed, name))
				if strings.Contains(id, typed) || strings.Contains(name, typed) {
					d = 1
				}
				if ref := telling.RefOf(m.Ref); slices.Contains(kinds, ref.Kind) && d <= max(2, len(text)/2) {
					far[ref] = d
				}
			}
		}
		if len(far) > 0 {
			return nearest(far), nil
		}
	}
	return nil, nil
}

// nearest lists the references that are least far.
func nearest(far map[domain.Ref]int) []string {
	refs := slices.SortedFunc(maps.Keys(far), func(a, b domain.Ref) int { return cmp.Or(far[a]-far[b], cmp.Compare(a.String(), b.String())) })
	var names []string
	for _, ref := range refs[:min(suggested, len(refs))] {
		names = append(names, ref.String())
	}
	return names
}

// needles are what to look for, the likeliest first: the words, and where they are misspelt their
// beginnings and ends.
func needles(text string) [][]string {
	words := []string{text}
	var halves, letters []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" -_/", r) }) {
		if len(word) > 2 {
			words = append(words, word)
			halves = append(halves, word[:3], word[len(word)-3:])
			letters = append(letters, word[:2], word[len(word)-2:])
		}
	}
	return [][]string{words, halves, letters}
}

// distance counts the bytes to change, add or leave out to make one text of another.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// completes makes a command complete references of some kinds. It says nothing where it cannot.
func (a *app) completes(command *cobra.Command, kinds []domain.Kind) *cobra.Command {
	command.ValidArgsFunction = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var found []string
		quiet := *a
		quiet.err, quiet.terminal = io.Discard, false
		ctx, cancel := context.WithTimeout(cmd.Context(), time.Second)
		defer cancel()
		// Completion that fails completes nothing.
		_ = quiet.with(ctx, true, func(s session) error {
			found = completions(ctx, &inquiry{app: &quiet, session: s, Book: &telling.Book{Reader: s}}, typed, kinds)
			return nil
		})
		if typed == "" && len(kinds) > 1 {
			for _, kind := range kinds {
				found = append(found, kind.String()+"/")
			}
			return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
	return command
}

func completions(ctx context.Context, q *inquiry, typed string, kinds []domain.Kind) []string {
	_, id, whole := strings.Cut(typed, "/")
	if !whole {
		id = typed
	}
	matches, err := q.find(ctx, id)
	if err != nil {
		return nil
	}
	var found []string
	for _, m := range matches {
		ref := telling.RefOf(m.Ref)
		if !slices.Contains(kinds, ref.Kind) {
			continue
		}
		text := ref.ID
		if whole || ref.Kind != domain.KindOrganisation && len(kinds) > 1 {
			text = ref.String()
		}
		if strings.HasPrefix(text, typed) {
			found = append(found, text+"\t"+telling.Clean(m.Title))
		}
	}
	return found
}
