package web

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// movements are changes of holders, those that went the same way together.
type movements struct {
	Tally  string
	Groups []movement
	Left   int    // groups that are not shown
	All    Link   // back from one group to all of them
	ID     string // of the list on its page
}

// movement is holdings that went from and to the same holders.
type movement struct {
	Words template.HTML
	Names []Link // of the organisations, where there are too many for the words
	Count string
	Refs  []named
	Left  int  // holdings that are not shown
	Whole Link // where they are
	Pager *pager
}

// named is a thing with its reference beside its name.
type named struct {
	Link
	Ref  string
	Kind string
}

// How many groups are shown of one comparison, and how many holdings of one group at first and on a page of its own.
const (
	shownGroups = 40
	shownOfMany = 20
	shownAlone  = 200
)

// named is a thing by its name and reference.
func (q *request) named(ref domain.Ref) named {
	return named{q.link(ref), telling.RefID(ref), ref.Kind.String()}
}

// movements groups changes. The address may name one group of the list, which is shown whole then; of a list without an id
// no more is had than its beginning.
func (q *request) movements(id string, changes []projections.Change) (*movements, error) {
	m := &movements{ID: id}
	if len(changes) > 0 {
		m.Tally = telling.Tally(changes)
	}
	which := 0
	if text, ok := strings.CutPrefix(q.URL.Query().Get("group"), id+"-"); ok && id != "" {
		which, _ = strconv.Atoi(text) // what is no number is no group
		m.All = Link{q.here("group", "", "page", ""), "All of what changed"}
	}
	for i, t := range telling.Transitions(changes) {
		name := ""
		if id != "" {
			name = fmt.Sprint(id, "-", i+1)
		}
		if which != 0 && which != i+1 {
			continue
		}
		if len(m.Groups) == shownGroups {
			m.Left++
			continue
		}
		shown, err := q.group(t, name, which != 0)
		if err != nil {
			return nil, err
		}
		m.Groups = append(m.Groups, shown)
	}
	return m, nil
}

// group is one of the movements, whole and paged, or its beginning.
func (q *request) group(t *telling.Transition, name string, whole bool) (movement, error) {
	if whole {
		from, to, p, err := q.pages(len(t.Refs), shownAlone)
		if err != nil {
			return movement{}, err
		}
		m, err := q.movement(t, t.Refs[from:to])
		m.Pager = p
		return m, err
	}
	m, err := q.movement(t, t.Refs[:min(shownOfMany, len(t.Refs))])
	if n := len(t.Refs); n > shownOfMany && name != "" {
		m.Whole = Link{q.here("group", name, "page", ""), "All " + thousands(n) + " of them"}
	}
	return m, err
}

// movement is one group, of which some holdings are shown.
func (q *request) movement(t *telling.Transition, refs []domain.Ref) (movement, error) {
	m := movement{Count: thousands(len(t.Refs)), Left: len(t.Refs) - len(refs)}
	var orgs []domain.Ref
	for _, shares := range [][]projections.Share{t.Lost, t.Gained} {
		holders := telling.HoldersOf(shares)
		for _, org := range holders {
			orgs = append(orgs, domain.OrganisationID(org).Ref())
			if len(holders) > telling.SeveralNames {
				m.Names = append(m.Names, q.org(org))
			}
		}
	}
	if err := q.book.Learn(q.ctx, q.on, orgs); err != nil {
		return m, err
	}
	m.Words = q.prose(q.book.TransitionWords(t))
	for _, ref := range refs {
		m.Refs = append(m.Refs, q.named(ref))
	}
	return m, nil
}

// changeRows are changes as rows of a table: the holding, its name, and who held it before and after.
func (q *request) changeRows(rows [][]string, changes []projections.Change, more ...string) [][]string {
	for _, c := range changes {
		row := append(slices.Clone(more), c.Ref, q.link(telling.RefOf(c.Ref)).Text, sharesText(c.Before), sharesText(c.After))
		rows = append(rows, row)
	}
	return rows
}

// sharesText lists holders for a table: hee lead; nhs-england joint.
func sharesText(shares []projections.Share) string {
	texts := make([]string, len(shares))
	for i, s := range shares {
		texts[i] = s.Organisation + " " + s.Role
	}
	return strings.Join(texts, "; ")
}
