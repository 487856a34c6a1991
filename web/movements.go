package web

import (
	"context"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// movements are changes of holders, those that went the same way together.
type movements struct {
	Tally  string
	Total  int
	Groups []movement
	Left   int // groups that are not shown
}

// movement is holdings that went from and to the same holders.
type movement struct {
	Number int // from 1
	Words  string
	Names  []string // of the organisations, where there are too many for the words
	Count  int
	Refs   []domain.Ref // those of one page
	Pages  pages
}

// How many groups are shown of one comparison, and how many holdings of one group at first and on a page of its own.
const (
	shownGroups = 40
	shownOfMany = 20
	shownAlone  = 200
)

// pages divides a list.
type pages struct{ Page, Last int }

// pageOf is a page of a list, from 1, and which one it is.
func pageOf[T any](list []T, page, size int) ([]T, pages) {
	last := max(1, (len(list)+size-1)/size)
	page = min(max(page, 1), last)
	return list[(page-1)*size : min(page*size, len(list))], pages{page, last}
}

// chosen is which group of changes is to be shown whole; the zero value: none, some of each.
type chosen struct{ group, page int }

// movements groups changes, and reads the names that are shown.
func readMovements(ctx context.Context, b *telling.Book, changes []projections.Change, which chosen) (*movements, error) {
	m := &movements{Total: len(changes), Tally: telling.Tally(changes)}
	var names []domain.Ref
	for i, t := range telling.Transitions(changes) {
		shown := movement{Number: i + 1, Count: len(t.Refs)}
		switch {
		case which.group == i+1:
			shown.Refs, shown.Pages = pageOf(t.Refs, which.page, shownAlone)
		case which.group != 0:
			continue
		case len(m.Groups) == shownGroups:
			m.Left++
			continue
		default:
			shown.Refs = t.Refs[:min(shownOfMany, len(t.Refs))]
		}
		names = append(names, shown.Refs...)
		orgs := append(telling.HoldersOf(t.Lost), telling.HoldersOf(t.Gained)...)
		if err := b.Orgs(ctx, orgs...); err != nil {
			return nil, err
		}
		shown.Words = b.TransitionWords(t)
		if len(telling.HoldersOf(t.Lost)) > telling.SeveralNames || len(telling.HoldersOf(t.Gained)) > telling.SeveralNames {
			shown.Names = b.OrgNames(orgs)
		}
		m.Groups = append(m.Groups, shown)
	}
	return m, b.Learn(ctx, b.On, names)
}
