package web

import (
	"html/template"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// trait is something that an organisation has over a time: a name, a form, a place under another.
type trait struct{ group, text string }

// lifeBands draw what an organisation was over all its days.
func (q *request) lifeBands(ref domain.Ref) (*bands, error) {
	turns, err := q.view.Turns(ref, q.known)
	if err != nil {
		return nil, err
	}
	c := chronicle{at: make(map[trait]int)}
	for i, day := range turns.Days {
		o, err := q.view.Organisation(domain.OrganisationID(ref.ID), ledger.Point{On: day, Known: q.known})
		if err != nil {
			return nil, err
		}
		s := telling.Stretch{From: day}
		if i+1 < len(turns.Days) {
			s.To = turns.Days[i+1]
		}
		if o.Certainty == projections.Uncertain {
			c.doubtful = lengthen(c.doubtful, s)
		}
		if o.Status != projections.StatusActive {
			continue
		}
		if err := q.book.LearnOrganisation(q.ctx, o); err != nil {
			return nil, err
		}
		for _, t := range traits(q.book, o) {
			c.add(t, s)
		}
	}
	rows := c.rows(q)
	if len(rows) == 0 {
		return nil, nil
	}
	return q.newBands(rows, c.doubtful), nil
}

// traits of an active organisation, in the order in which they are drawn.
func traits(book *telling.Book, o *projections.Organisation) []trait {
	list := []trait{}
	if o.Name != nil {
		list = append(list, trait{"Name", telling.Clean(*o.Name)})
	}
	if o.OperatingName != nil {
		list = append(list, trait{"Operates as", telling.Clean(*o.OperatingName)})
	}
	if o.Form != nil {
		list = append(list, trait{"Form", telling.Clean(*o.Form)})
	}
	if o.Parent != nil {
		list = append(list, trait{"Placement", telling.Capital(telling.RelationWords(o.Parent.Relation)) + " " + book.Org(o.Parent.Organisation)})
	}
	return list
}

// chronicle gathers traits over time.
type chronicle struct {
	at       map[trait]int
	list     []trait
	held     [][]telling.Stretch
	doubtful []telling.Stretch
}

func (c *chronicle) add(t trait, s telling.Stretch) {
	i, known := c.at[t]
	if !known {
		i = len(c.list)
		c.at[t] = i
		c.list, c.held = append(c.list, t), append(c.held, nil)
	}
	c.held[i] = lengthen(c.held[i], s)
}

// rows groups the traits: names first, then what else.
func (c *chronicle) rows(q *request) []row {
	var rows []row
	for _, group := range []string{"Name", "Operates as", "Form", "Placement"} {
		first := template.HTML(group)
		for i, t := range c.list {
			if t.group == group {
				rows = append(rows, row{group: first, who: q.prose(t.text), held: c.held[i]})
				first = ""
			}
		}
	}
	return rows
}
