package telling

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// Earlier is what an answer was at another known point.
type Earlier struct {
	Known uint64 // the last at which it was so
	Text  string
	path  []uint64
	orgs  []string

	Change *domain.Recorded // of an earlier answer: the entry that changed it; tell has made it ready
}

// Earlier lists what an answer was before corrections and retractions changed it, the earliest first; answered is
// false where there is no answer at the known point.
func (b *Book) Earlier(ctx context.Context, ref domain.Ref, question map[string]any, amendments []uint64) (list []Earlier, answered bool, err error) {
	now, err := b.answersAt(ctx, ref, question, []uint64{b.Known})
	if err != nil || len(now) == 0 {
		return nil, false, err
	}
	all, err := b.answersBefore(ctx, ref, question, amendments, now[0])
	if err != nil {
		return nil, false, err
	}
	for i, w := range all {
		next := now[0]
		if i+1 < len(all) {
			next = all[i+1]
		}
		if w.Text == next.Text {
			continue
		}
		if w.Change, err = b.Entry(ctx, w.Known+1); err != nil {
			return nil, false, err
		}
		if err := b.Tell(ctx, &w.Change.Entry); err != nil {
			return nil, false, err
		}
		b.tells(w.Change)
		list = append(list, w)
	}
	return list, true, nil
}

// answersBefore asks just before each amendment, and before those of what the answers rested on then.
func (b *Book) answersBefore(ctx context.Context, ref domain.Ref, question map[string]any, amendments []uint64, now Earlier) ([]Earlier, error) {
	for {
		points := make([]uint64, len(amendments))
		for i, seq := range amendments {
			points[i] = seq - 1
		}
		earlier, err := b.answersAt(ctx, ref, question, points)
		if err != nil {
			return nil, err
		}
		all := slices.Clone(amendments)
		for _, w := range append(slices.Clone(earlier), now) {
			more, err := b.Amendments(ctx, ref, w.path, w.orgs)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		all = slices.Compact(slices.Sorted(slices.Values(all)))
		if len(all) == len(amendments) {
			return earlier, nil
		}
		amendments = all
	}
}

// Since is the answer as it is by everything recorded, nil where that is what it is at the known point.
func (b *Book) Since(ctx context.Context, ref domain.Ref, question map[string]any) (*Earlier, error) {
	last, err := b.Resolve(ctx, nil)
	if err != nil || last == b.Known {
		return nil, err
	}
	answers, err := b.answersAt(ctx, ref, question, []uint64{b.Known, last})
	if err != nil || len(answers) < 2 || answers[0].Text == answers[1].Text {
		return nil, err
	}
	return &answers[1], nil
}

// answersAt asks the question again at several known points. Points at which it had no answer yet are
// left out.
func (b *Book) answersAt(ctx context.Context, ref domain.Ref, question map[string]any, points []uint64) ([]Earlier, error) {
	questions := make([]map[string]any, len(points))
	for i, known := range points {
		questions[i] = maps.Clone(question)
		questions[i]["known"] = known
	}
	replies, err := b.AskAll(ctx, questions)
	if err != nil {
		return nil, err
	}
	var answers []Earlier
	for i, r := range replies {
		if r.err != nil {
			continue // not introduced yet
		}
		w := Earlier{Known: points[i]}
		if question["q"] == "organisation" {
			w.Text, err = b.organisationAnswer(ctx, r)
		} else {
			err = b.holdersAnswer(ctx, ref, r, &w)
		}
		if err != nil {
			return nil, err
		}
		answers = append(answers, w)
	}
	return answers, nil
}

func (b *Book) organisationAnswer(ctx context.Context, r Reply) (string, error) {
	answer, err := Read[projections.Organisation](r)
	if err != nil {
		return "", err
	}
	if err := b.LearnOrganisation(ctx, answer); err != nil {
		return "", err
	}
	return b.OrganisationWords(answer) + SureWords(answer.Certainty), nil
}

func (b *Book) holdersAnswer(ctx context.Context, ref domain.Ref, r Reply, w *Earlier) error {
	answer, err := Read[projections.Holders](r)
	if err != nil {
		return err
	}
	if err := b.LearnHolders(ctx, ref, answer); err != nil {
		return err
	}
	var sentences []string
	if status := b.StatusWords(ref, answer.Status, len(answer.Holders)); status != "" {
		sentences = append(sentences, status)
	}
	for _, h := range answer.Holders {
		sentences = append(sentences, Capital(b.HolderSentence(ref, h))+".")
		w.orgs = append(w.orgs, h.Organisation)
	}
	w.Text = strings.Join(sentences, " ") + SureWords(answer.Certainty)
	w.path = append(PathsOf(answer), answer.UncertainBy...)
	return nil
}
