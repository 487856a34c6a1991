package ledger

import (
	"fmt"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// PlanOn answers what one plan is on a day.
type PlanOn struct {
	On    string `json:"on"`
	Known uint64 `json:"known"`
	projections.Plan
}

func (a asker) plan(q *planQuestion) (any, error) {
	if q.Plan == nil {
		return nil, missing("plan")
	}
	if !domain.ValidID(*q.Plan) {
		return nil, badID("plan", *q.Plan)
	}
	at, err := a.point(q.when)
	if err != nil {
		return nil, err
	}
	plan, _, err := a.view.Plan(domain.PlanID(*q.Plan), at)
	switch {
	case err != nil:
		return nil, err
	case plan == nil:
		return nil, &projections.QuestionError{Code: projections.CodeUnknownReference, Field: "plan",
			Message: fmt.Sprintf("plan %s is not announced on %s, as known at %d", *q.Plan, at.On, at.Known)}
	}
	return &PlanOn{at.On.String(), at.Known, *plan}, nil
}

// Sources answers which sources are registered.
type Sources struct {
	Known   uint64                     `json:"known"`
	Sources []projections.ListedSource `json:"sources"` // by id
}

func (a asker) sources(q *sourcesQuestion) (any, error) {
	known, err := a.known(q.Known, "known")
	if err != nil {
		return nil, err
	}
	return &Sources{known, a.whole().Sources(known)}, nil
}

// Source answers what a source is, and which entries concern it.
type Source struct {
	Source    string    `json:"source"`
	Known     uint64    `json:"known"`
	Title     string    `json:"title"`
	Publisher string    `json:"publisher,omitempty"`
	Published string    `json:"published,omitempty"` // EDTF text
	URL       string    `json:"url,omitempty"`
	SHA256    string    `json:"sha256,omitempty"`
	Retrieved string    `json:"retrieved,omitempty"` // EDTF text
	Seq       uint64    `json:"seq"`                 // of its registration
	Recorded  time.Time `json:"recorded"`
	Entries   []uint64  `json:"entries"` // sequences of those that concern it, its registration left out
}

func (a asker) source(q *sourceQuestion) (any, error) {
	if q.Source == nil {
		return nil, missing("source")
	}
	if !domain.ValidID(*q.Source) {
		return nil, badID("source", *q.Source)
	}
	known, err := a.known(q.Known, "known")
	if err != nil {
		return nil, err
	}
	id := domain.SourceID(*q.Source)
	registered, err := a.view.Source(id, known)
	if err != nil {
		return nil, err
	}
	answer := &Source{Source: *q.Source, Known: known, Title: registered.Title, Seq: registered.Seq,
		Recorded: a.view.Recorded(registered.Seq), Entries: []uint64{}}
	for _, seq := range a.view.Mentions(id.Ref(), known) {
		if seq != registered.Seq {
			answer.Entries = append(answer.Entries, seq)
		}
	}
	if a.stored == nil {
		return answer, nil
	}
	e, err := a.stored(a.ctx, registered.Seq)
	if err != nil {
		return nil, fmt.Errorf("read the registration of source/%s: %w", id, err)
	}
	if f, ok := e.Fact.(*domain.SourceRegistered); ok {
		answer.Publisher, answer.URL, answer.SHA256 = f.Publisher, f.URL, f.SHA256
		answer.Published, answer.Retrieved = f.Published.String(), f.Retrieved.String()
	}
	return answer, nil
}
