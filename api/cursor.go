package api

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"slices"
	"strconv"

	"github.com/orgledger/orgledger/domain"
)

// maxPage is the longest page of a list that may be asked for.
const maxPage = 10_000

// mark is what a cursor says: where in a list a page begins, and at which point and on which day the list was begun. What is
// recorded meanwhile is not in it, so that pages neither lose nor repeat anything.
type mark struct {
	Known uint64
	Day   domain.Date
	After uint64
	For   uint64 // the question, so that a cursor is not used with another
}

var errBadCursor = errors.New("cursor: this is none that was given with the next page of this list; begin again without it")

// page reads limit and cursor. The mark is empty on the first page.
func (p *reading) page(query url.Values) (m mark, err error) {
	if query.Has("limit") {
		if p.limit, err = strconv.Atoi(query.Get("limit")); err != nil || p.limit < 1 || p.limit > maxPage {
			return m, fmt.Errorf("limit: a page has 1 to %d items, not %q", maxPage, query.Get("limit"))
		}
	}
	if !query.Has("cursor") {
		return m, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(query.Get("cursor"))
	var read [4]uint64
	for i := range read {
		n := 0
		if read[i], n = binary.Uvarint(text); n <= 0 {
			return m, errBadCursor
		}
		text = text[n:]
	}
	m = mark{read[0], domain.Date(min(read[1], uint64(domain.LastDate))), read[2], read[3]}
	if err != nil || len(text) > 0 || m.Day == 0 || m.For != asked(p.r.URL.Path, query) {
		return mark{}, errBadCursor
	}
	return m, nil
}

// asked tells one question from another: its path, and its parameters but for those that turn pages.
func asked(path string, query url.Values) uint64 {
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%q", path)
	names := make([]string, 0, len(query))
	for name := range query {
		if name != "cursor" && name != "limit" && name != "at-least" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(sum, "%q%q", name, query[name])
	}
	return sum.Sum64()
}

// more says in a header where the next page is.
func (p *reading) more(after uint64) {
	query := p.r.URL.Query()
	var text []byte
	for _, n := range []uint64{p.known, uint64(p.today), after, asked(p.r.URL.Path, query)} {
		text = binary.AppendUvarint(text, n)
	}
	query.Set("cursor", base64.RawURLEncoding.EncodeToString(text))
	query.Del("at-least")
	p.w.Header().Set("Link", "<"+p.r.URL.EscapedPath()+"?"+query.Encode()+`>; rel="next"`)
}

// cut takes one page of a list. It is the same list on every page: what it is made of is pinned.
func cut[T any](p *reading, list []T) []T {
	from := int(min(p.after, uint64(len(list))))
	if p.limit == 0 || len(list)-from <= p.limit {
		return list[from:]
	}
	p.more(uint64(from + p.limit))
	return list[from : from+p.limit]
}
