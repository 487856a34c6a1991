package ods

import (
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// recall takes into the picture what an earlier import recorded.
func (p *picture) recall(was *formats.Stated) {
	if was.Retracted {
		return
	}
	switch f := was.Fact.(type) {
	case *domain.OrganisationEstablished:
		b := p.body(string(f.Organisation), cite{})
		b.established = was
		if !was.Effective.IsZero() {
			b.seen(was.Effective.Nominal())
		}
	case *domain.OrganisationRenamed:
		b := p.body(string(f.Organisation), cite{})
		b.stated = append(b.stated, was)
	case *domain.OrganisationMoved:
		b := p.body(string(f.Organisation), cite{})
		b.stated = append(b.stated, was)
	case *domain.OrganisationMerged:
		for _, old := range f.Organisations {
			p.recallChange(was, old, []domain.OrganisationID{f.Into}, true)
		}
	case *domain.OrganisationSplit:
		p.recallChange(was, f.Organisation, f.Into, !f.Continues)
	case *domain.OrganisationDissolved:
		p.recallChange(was, f.Organisation, successors(f), true)
	}
}

func successors(f *domain.OrganisationDissolved) []domain.OrganisationID {
	if f.Successor == "" {
		return nil
	}
	return []domain.OrganisationID{f.Successor}
}

func (p *picture) recallChange(was *formats.Stated, old domain.OrganisationID, into []domain.OrganisationID, ends bool) {
	b, day := p.body(string(old), cite{}), was.Effective.Nominal()
	c := b.on(day)
	c.stated = append(c.stated, was)
	c.was.ends = c.was.ends || ends
	for _, id := range into {
		to := p.body(string(id), cite{})
		c.was.to, c.to = add(c.was.to, to), add(c.to, to)
		to.seen(day)
	}
	if len(into) > 0 {
		b.seen(day)
	}
}

// decide finds out for every body with which change it ends.
func (p *picture) decide() {
	for _, b := range p.order {
		b.recallClosing()
		end := b.ending()
		if end != 0 {
			b.on(end)
		}
		b.changes = slices.DeleteFunc(b.changes, func(c *change) bool {
			return c.day != end && len(c.to) == 0 && len(c.stated) == 0
		})
		for _, c := range b.changes {
			c.ends = c.day == end
		}
	}
}

// recallClosing takes from what is recorded what only a register, or a code that succeeds itself, could have said: that
// a body closed on a day, or that it was there after the last that it handed over. What no file says any more still stands.
func (b *body) recallClosing() {
	last := len(b.changes) - 1
	for last >= 0 && len(b.changes[last].stated) == 0 {
		last--
	}
	for i, c := range b.changes {
		switch {
		case len(c.stated) == 0:
		case !c.was.ends && i == last:
			b.lives = max(b.lives, c.day)
		case c.was.ends && b.closed == 0 && c.closing(b):
			b.closed = c.day
		}
	}
}

// closing reports whether a recorded ending hangs on what a register or the API said of a body.
func (c *change) closing(b *body) bool {
	return len(c.was.to) == 0 || slices.ContainsFunc(c.stated, func(was *formats.Stated) bool {
		return slices.ContainsFunc(was.Sources, func(cited domain.Citation) bool { return strings.HasSuffix(cited.Locator, b.closingOf()) })
	})
}

// closingOf is what the place ends with at which a register or the API says that a body closed.
func (b *body) closingOf() string { return ", closing of " + b.code }

// ending is the day on which a body ends, or 0.
//
// Where a register or the API gives its last day, it ends with what it hands over on the day after or on that very day (some
// successor files are dated so), else the day after without a successor. Where nothing does, it ends with the last that it
// hands over, unless it is known to have been there afterwards: a code that succeeds itself, a register that shows it as open.
func (b *body) ending() domain.Date {
	handing := func(day domain.Date) bool {
		return slices.ContainsFunc(b.changes, func(c *change) bool { return c.day == day && len(c.to) > 0 })
	}
	switch {
	case b.closed != 0 && handing(b.closed):
		return b.closed
	case b.closed != 0 && handing(b.closed-1):
		return b.closed - 1
	case b.closed != 0:
		return b.closed
	}
	last := domain.Date(0)
	for _, c := range b.changes {
		if len(c.to) > 0 {
			last = c.day
		}
	}
	if last <= b.lives || last < b.register {
		return 0
	}
	return last
}
