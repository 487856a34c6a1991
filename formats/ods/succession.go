package ods

import (
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

var successionColumns = []string{"old_code", "new_code", "date"}

// readSuccession reads a successor file: a header that names three columns, in any order, and a row a pair of codes.
func (p *picture) readSuccession(f *formats.File) error {
	columns := make([]int, len(successionColumns))
	rows := 0
	err := f.EachRow(',', len(columns), func(row int, fields []string) error {
		if rows++; rows > 1 {
			return p.succession(f, row, fields[columns[0]], fields[columns[1]], fields[columns[2]])
		}
		for i, name := range successionColumns {
			if columns[i] = slices.Index(fields, name); columns[i] < 0 {
				return f.Wrong(row, "", "a successor file begins with its columns, "+strings.Join(successionColumns, ", "), strings.Join(fields, ", "))
			}
		}
		return nil
	})
	if err == nil && rows < 2 {
		return f.Wrong(0, "", "a successor file has at least one row after its header", "none")
	}
	return err
}

func (p *picture) succession(f *formats.File, row int, old, successor, date string) error {
	if err := checkCode(f, row, successionColumns[0], old); err != nil {
		return err
	}
	if err := checkCode(f, row, successionColumns[1], successor); err != nil {
		return err
	}
	day, err := domain.ParseDate(date)
	if err != nil {
		return f.Wrong(row, successionColumns[2], "a succession has a day, written YYYY-MM-DD", date)
	}
	p.sink.Row()
	at := cite{file: f, row: row}
	if old == successor {
		p.sink.Skip(f.At(row, ""), "the code succeeds itself: the body lives on, and no body comes after itself")
		if b := p.bodies[old]; b != nil {
			b.lives = max(b.lives, day)
		} else {
			p.body(old, cite{}).lives = day
		}
		return nil
	}
	p.sink.Used(1)
	p.named(old, at).hands(p.named(successor, at), day, at)
	return nil
}

// named is a body that a row names in earnest: a code that so far only succeeds itself has its first place here.
func (p *picture) named(code string, at cite) *body {
	b := p.body(code, at)
	if b.first.file == nil {
		b.first = at
	}
	return b
}
