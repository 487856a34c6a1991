package tables

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/orgledger/orgledger/domain"
)

// claim is a row of a table without its periods: what one answer says.
type claim struct {
	table  *Table
	values []any
}

// key tells claims from one another.
func (c claim) key() string {
	key := append(make([]byte, 0, 96), c.table.Name...)
	for _, value := range c.values {
		key = append(key, 0)
		switch value := value.(type) {
		case nil:
		case string:
			key = append(append(key, '"'), value...)
		case int64:
			key = strconv.AppendInt(key, value, 10)
		default:
			key = fmt.Append(key, value)
		}
	}
	return string(key)
}

// spell is a claim with the days for which it is made, and the known points.
type spell struct {
	claim
	key string
	Periods
}

// spells puts the claims of some days, rising, each of which stands until the next, together: one spell for each
// stretch of days on which the same is claimed.
func spells(days []domain.Date, claims func(day domain.Date) ([]claim, error)) ([]spell, error) {
	var done []spell
	running := make(map[string]*spell)
	for _, day := range days {
		all, err := claims(day)
		if err != nil {
			return nil, err
		}
		claimed := make(map[string]bool, len(all))
		for _, c := range all {
			key := c.key()
			claimed[key] = true
			if running[key] == nil {
				running[key] = &spell{c, key, Periods{From: day}}
			}
		}
		for key, s := range running {
			if !claimed[key] {
				s.To = day
				done = append(done, *s)
				delete(running, key)
			}
		}
	}
	for _, s := range running {
		done = append(done, *s)
	}
	return done, nil
}

// chart puts the spells of one thing at rising known points together.
type chart struct {
	open map[stretch]*spell // by what is claimed and for which days
	done []spell
}

// stretch tells spells from one another, but for their known points.
type stretch struct {
	key      string
	from, to domain.Date
}

func (s *spell) stretch() stretch { return stretch{s.key, s.From, s.To} }

// at takes what is claimed from a known point on.
func (c *chart) at(known uint64, list []spell) {
	if c.open == nil {
		c.open = make(map[stretch]*spell)
	}
	claimed := make(map[stretch]bool, len(list))
	for _, s := range list {
		key := s.stretch()
		claimed[key] = true
		if c.open[key] == nil {
			s.KnownFrom = known
			c.open[key] = &s
		}
	}
	for key, s := range c.open {
		if !claimed[key] {
			s.KnownTo = known
			c.done = append(c.done, *s)
			delete(c.open, key)
		}
	}
}

// rows gives every spell, those that still stand with a known period that ends at a sequence, 0: open.
func (c *chart) rows(until uint64) []spell {
	for _, s := range c.open {
		s.KnownTo = until
		c.done = append(c.done, *s)
	}
	slices.SortFunc(c.done, func(a, b spell) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.KnownFrom, b.KnownFrom), cmp.Compare(a.key, b.key), cmp.Compare(a.To, b.To))
	})
	return c.done
}
