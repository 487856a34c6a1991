package ledger

import (
	"fmt"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// Person answers who a person is.
type Person struct {
	Person    domain.PersonID `json:"person"`
	Name      *string         `json:"name"` // null where it is forgotten, or its key is lost
	Forgotten *Forgotten      `json:"forgotten"`
	Entries   []uint64        `json:"entries"` // sequences of those that concern the person
}

// Forgotten says why and when a person was forgotten.
type Forgotten struct {
	Seq      uint64    `json:"seq"`
	Recorded time.Time `json:"recorded"`
	Reason   string    `json:"reason"`
}

// person answers about whoever has an id, or a name, now: forgetting is for every known point.
func (a asker) person(q *personQuestion) (any, error) {
	switch {
	case q.Person != nil && q.Name != nil:
		return nil, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: "name", Message: "give the person or the name, not both"}
	case q.Person == nil && q.Name == nil:
		return nil, missing("person or name")
	case q.Person != nil:
		return a.personOf(domain.PersonID(*q.Person), "person")
	}
	var id domain.PersonID
	if a.people != nil {
		var err error
		if id, err = a.people.find(a.ctx, *q.Name); err != nil {
			return nil, err
		}
	}
	return a.personOf(id, "name")
}

func (a asker) personOf(id domain.PersonID, field string) (any, error) {
	sealed, found := a.view.Person(id)
	if !found {
		return nil, &projections.QuestionError{Code: projections.CodeUnknownReference, Field: field,
			Message: "no entry names such a person, or the name is forgotten, or stands in the log as it is and cannot be forgotten"}
	}
	answer := &Person{Person: id, Entries: a.view.Mentions(id.Ref(), a.view.Seq())}
	if sealed.Forgotten {
		answer.Forgotten = &Forgotten{sealed.ForgottenBy, a.view.Recorded(sealed.ForgottenBy), sealed.Reason}
	}
	if a.people == nil {
		return answer, nil
	}
	n, found, err := a.people.open(a.ctx, id)
	if err != nil {
		return nil, fmt.Errorf("open the name of person/%s: %w", id, err)
	}
	if found {
		answer.Name = &n.text
	}
	return answer, nil
}
