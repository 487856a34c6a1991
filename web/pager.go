package web

import (
	"fmt"
	"strconv"

	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// pager leads through a list that is longer than a page.
type pager struct {
	Words          string // 51 to 100 of 1,234
	Previous, Next Link
}

// pages finds which of n lines the page of the address has, from ≤ i < to. The pager is nil where there is one page only.
func (q *request) pages(n, size int) (from, to int, p *pager, err error) {
	return q.pagesOf("page", n, size)
}

// pagesOf is pages by a field of the address of its own.
func (q *request) pagesOf(name string, n, size int) (from, to int, p *pager, err error) {
	page := 1
	if text := q.URL.Query().Get(name); text != "" {
		if page, err = strconv.Atoi(text); err != nil || page < 1 || page > 1 && page > (n+size-1)/size {
			return 0, 0, nil, &projections.QuestionError{Code: projections.CodeBadQuestion, Field: name,
				Message: fmt.Sprintf("%q is not one of its %s", text, telling.Counted(max((n+size-1)/size, 1), "page"))}
		}
	}
	from, to = (page-1)*size, min(page*size, n)
	if n <= size {
		return from, to, nil, nil
	}
	p = &pager{Words: fmt.Sprintf("%s to %s of %s", thousands(from+1), thousands(to), thousands(n))}
	if page > 1 {
		p.Previous = Link{q.here(name, strconv.Itoa(page-1)), "Previous page"}
	}
	if to < n {
		p.Next = Link{q.here(name, strconv.Itoa(page+1)), "Next page"}
	}
	return from, to, p, nil
}

// thousands writes a number with commas.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
