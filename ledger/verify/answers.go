package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sort"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/projections"
	"github.com/orgledger/orgledger/projections/plainfold"
)

// compareAnswers asks index and plain fold about random things, on random days, at random known points.
func (v *reading) compareAnswers(ctx context.Context) (string, error) {
	j := v.judge
	rng := rand.New(rand.NewPCG(v.options.Seed, 1))
	days := append(j.days(), domain.LastDate)
	asked, tooMuch := 0, 0
	for asked < v.options.Sample && len(j.bodies) > 0 && tooMuch <= 10*v.options.Sample {
		thing := j.thing(rng)
		fold, err := j.fold(thing)
		if err != nil {
			return "", err
		}
		if fold == nil {
			tooMuch++
			continue
		}
		for range perThing {
			if err := ctx.Err(); err != nil {
				return "", err
			}
			known := v.entries
			if rng.IntN(2) == 0 {
				known = 1 + rng.Uint64N(v.entries)
			}
			if err := v.compareAnswer(fold, j.question(rng, thing), days[rng.IntN(len(days))], known); err != nil {
				return "", err
			}
			asked++
		}
	}
	return fmt.Sprintf("%d answers about random things, days and known points are those of the plain fold", asked), nil
}

// thing draws what is asked about.
func (j *judge) thing(rng *rand.Rand) domain.Ref {
	if len(j.held) == 0 || rng.IntN(3) == 0 {
		return j.bodies[rng.IntN(len(j.bodies))]
	}
	return j.held[rng.IntN(len(j.held))]
}

// perThing is how many questions are asked about a thing that entries were folded for.
const perThing = 4

// question draws what is asked about a thing. Of a slice only what depends on nothing else may be asked.
func (j *judge) question(rng *rand.Rand, thing domain.Ref) map[string]any {
	kinds := []string{"holders"}
	if thing.Kind == domain.KindOrganisation {
		kinds = append(kinds, "organisation")
	}
	if j.full {
		kinds = append(kinds, "history", "digest", "findings", "plans")
		if thing.Kind == domain.KindOrganisation {
			kinds = append(kinds, "holdings", "lineage", "offices")
		}
	}
	switch kind := kinds[rng.IntN(len(kinds))]; kind {
	case "holders":
		return map[string]any{"q": kind, "ref": thing.String()}
	case "history":
		return map[string]any{"q": kind, "ref": thing.String(), "on": nil}
	case "organisation", "holdings", "lineage", "offices":
		return map[string]any{"q": kind, "organisation": thing.ID}
	default:
		return map[string]any{"q": kind}
	}
}

// sliced is the plain fold of some entries of the log, which have sequences of their own there.
type sliced struct {
	*plainfold.Ledger
	seqs []uint64 // in the log, by sequence in the slice from 1
}

// limitSlice is the most entries that are folded for a question: more take the plain fold seconds.
const limitSlice = whole

// fold makes the plain fold of what bears on a thing, nil where that is too much.
func (j *judge) fold(thing domain.Ref) (*sliced, error) {
	places := j.slice(thing)
	if places == nil {
		return nil, nil
	}
	s := &sliced{seqs: make([]uint64, 0, len(places))}
	entries := make([]domain.Recorded, len(places))
	for i, place := range places {
		entries[i] = j.kept[place]
		s.seqs = append(s.seqs, entries[i].Seq)
		entries[i].Seq = uint64(i) + 1
	}
	fold, err := plainfold.New(own(entries))
	if err != nil {
		return nil, fmt.Errorf("fold what bears on %s: %w", thing, err)
	}
	s.Ledger = fold
	return s, nil
}

// compareAnswer asks one question of both.
func (v *reading) compareAnswer(fold *sliced, question map[string]any, day domain.Date, known uint64) error {
	if _, timeless := question["on"]; timeless {
		delete(question, "on")
	} else {
		question["on"] = day.String()
	}
	question["known"] = known
	asked, err := json.Marshal(question)
	if err != nil {
		return err
	}
	got, err := v.answer(asked)
	if err != nil {
		return err
	}
	question["known"] = sort.Search(len(fold.seqs), func(i int) bool { return fold.seqs[i] > known })
	folded, err := json.Marshal(question)
	if err != nil {
		return err
	}
	var answer, judged any
	if err := errors.Join(json.Unmarshal(got, &answer), json.Unmarshal(fold.Answer(folded), &judged)); err != nil {
		return err
	}
	if want := fold.inLog(judged, ""); !agrees(answer, want) {
		text, err := json.Marshal(want)
		return errors.Join(fmt.Errorf("to %s the index answers %s, and the plain fold %s", asked, got, text), err)
	}
	return nil
}

// answer is that of the index.
func (v *reading) answer(question []byte) ([]byte, error) {
	value, err := ledger.Ask(v.bulk.index.View(), domain.LastDate, question)
	if err != nil {
		if _, ok := errors.AsType[*projections.QuestionError](err); !ok {
			return nil, err
		}
		value = ledger.Problem{Error: ledger.Describe(err)}
	}
	return json.Marshal(value)
}

// inLog gives an answer from the slice the sequences that entries have in the log.
func (s *sliced) inLog(answer any, field string) any {
	switch answer := answer.(type) {
	case map[string]any:
		if _, failed := answer["error"]; failed {
			return answer
		}
		delete(answer, "known") // that of the slice
		for name, value := range answer {
			answer[name] = s.inLog(value, name)
		}
	case []any:
		for i := range answer {
			answer[i] = s.inLog(answer[i], field)
		}
	case float64:
		if sequences[field] {
			return float64(s.seqs[int(answer)-1])
		}
	}
	return answer
}

// sequences are the fields of answers that hold sequences.
var sequences = map[string]bool{"path": true, "uncertain_because": true, "seq": true, "fulfilled_by": true}

// agrees reports whether an answer has every field that the judge gives; of an error, its code.
func agrees(answer, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		have, ok := answer.(map[string]any)
		if problem, failed := want["error"].(map[string]any); failed {
			mine, failed := have["error"].(map[string]any)
			return failed && mine["code"] == problem["code"]
		}
		for name, value := range want {
			if ok = ok && agrees(have[name], value); !ok {
				return false
			}
		}
		return ok
	case []any:
		have, ok := answer.([]any)
		if !ok || len(have) != len(want) {
			return false
		}
		for i := range want {
			if !agrees(have[i], want[i]) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(answer, want)
	}
}
