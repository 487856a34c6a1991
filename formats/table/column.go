package table

import (
	"errors"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/orgledger/orgledger/domain"
)

// fromColumn is a value that a column gives.
type fromColumn struct {
	column    string
	kind      kind
	layouts   []layout          // in which a date is written; none: as the ledger writes them
	inclusive bool              // the column has a last day: the fact is of the day after
	words     map[string]string // what its words are in the ledger; others are wrong
	otherwise string            // where it is empty
	remove    string            // characters to leave out
	prefix    string
	id        bool   // make an identifier of it
	separator string // between the items of a list
}

// layout is a way to write dates.
type layout struct {
	written string // as the mapping says
	parse   string // as package time says
	print   string // as the ledger writes what is known: a day, a month or a year
	rest    bool   // something may follow
}

func (r *reader) fromColumn(n *yaml.Node, s *shape, of string) (value, error) {
	c := &fromColumn{kind: s.kind}
	var written []string
	err := r.object(n, of,
		part{"column", r.text(&c.column)},
		part{"date", r.texts(&written)},
		part{"inclusive", r.flag(&c.inclusive)},
		part{"words", func(n *yaml.Node, of string) error { return r.words(c, n, of) }},
		part{"default", r.text(&c.otherwise)},
		part{"remove", r.text(&c.remove)},
		part{"prefix", r.text(&c.prefix)},
		part{"id", r.flag(&c.id)},
		part{"separator", r.text(&c.separator)})
	if err != nil {
		return nil, err
	}
	r.names(n, c.column)
	if c.layouts, err = layoutsOf(written); err != nil {
		return nil, r.wrong(n, of+".date", err.Error(), strings.Join(written, ", "))
	}
	return r.checkColumn(n, s, of, c)
}

// checkColumn refuses what a column cannot be taken for.
func (r *reader) checkColumn(n *yaml.Node, s *shape, of string, c *fromColumn) (value, error) {
	dated := s.kind == kindDate || s.kind == kindAny
	switch {
	case s.kind == kindObject:
		return nil, r.wrong(n, of, "this is an object, whose fields may name columns", "a column")
	case s.kind == kindList && c.separator == "":
		return nil, r.wrong(n, of, "this is a list: give its items, or the separator of those in the column", "a column")
	case s.kind == kindList && s.item.kind != kindText:
		return nil, r.wrong(n, of, "this is a list of objects, whose fields may name columns", "a column")
	case s.kind != kindList && c.separator != "":
		return nil, r.wrong(n, of+".separator", "this is no list", c.separator)
	case !dated && (c.inclusive || len(c.layouts) > 0):
		return nil, r.wrong(n, of, "only a date is written in a form, or the last day of something", string(s.kind))
	case c.inclusive && slices.ContainsFunc(c.layouts, func(l layout) bool { return l.print != time.DateOnly }):
		return nil, r.wrong(n, of+".inclusive", "the day after is known of a day, not of a month or year", "true")
	}
	return c, nil
}

func (r *reader) words(c *fromColumn, n *yaml.Node, of string) error {
	if n.Kind != yaml.MappingNode {
		return r.wrong(n, of, "this is a mapping of the column's words to the ledger's", kindOf(n))
	}
	c.words = make(map[string]string)
	for i := 0; i < len(n.Content); i += 2 {
		var to string
		if err := r.text(&to)(n.Content[i+1], of); err != nil {
			return err
		}
		c.words[n.Content[i].Value] = to
	}
	return nil
}

// parts of dates, and how package time writes them; longer ones first.
var dateParts = strings.NewReplacer("YYYY", "2006", "MMMM", "January", "MMM", "Jan", "MM", "01", "M", "1", "DD", "02", "D", "2")

func layoutsOf(written []string) ([]layout, error) {
	var all []layout
	for _, w := range written {
		l := layout{written: w, print: time.DateOnly}
		form, rest := strings.CutSuffix(w, "*")
		l.rest, l.parse = rest, dateParts.Replace(form)
		switch year, month, day := strings.Contains(form, "YYYY"), strings.Contains(form, "M"), strings.Contains(form, "D"); {
		case !year || day && !month:
			return nil, errors.New("a date is written with YYYY, M, MM, MMM or MMMM, and D or DD, as DD/MM/YYYY; or without a day; or without a month and a day")
		case rest && len(l.parse) != len(form) || rest && strings.ContainsAny(l.parse, "Jan"):
			return nil, errors.New("something may follow, *, where every part has its full length: YYYY, MM and DD")
		case !month:
			l.print = "2006"
		case !day:
			l.print = "2006-01"
		}
		all = append(all, l)
	}
	return all, nil
}

// json is the column's value, or that of the default.
func (c *fromColumn) json(dst []byte, v values) ([]byte, bool, error) {
	text := v.of(c.column)
	if text == "" {
		text = c.otherwise
	}
	if text == "" {
		return nil, false, nil
	}
	if c.separator == "" {
		dst, err := c.encode(dst, text)
		return dst, true, err
	}
	dst = append(dst, '[')
	for i, item := range strings.Split(text, c.separator) {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = c.encode(dst, strings.TrimSpace(item)); err != nil {
			return nil, false, err
		}
	}
	return append(dst, ']'), true, nil
}

func (c *fromColumn) encode(dst []byte, text string) ([]byte, error) {
	read := text
	if c.words != nil {
		word, ok := c.words[text]
		if !ok {
			return nil, &valueError{c.column, "this is one of the words that the mapping gives", text}
		}
		text = word
	}
	for _, removed := range c.remove {
		text = strings.ReplaceAll(text, string(removed), "")
	}
	text, ok := c.date(text)
	if !ok {
		return nil, &valueError{c.column, c.dateRule(), read}
	}
	text = c.prefix + text
	if c.id {
		text = identifier(text)
	}
	kind := c.kind
	if kind == kindList || kind == kindAny {
		kind = kindText
	}
	dst, err := encode(dst, text, kind)
	if err != nil {
		return nil, &valueError{c.column, err.Error(), read}
	}
	return dst, nil
}

// date reads a text in the first form that fits, and moves a last day on by one.
func (c *fromColumn) date(text string) (string, bool) {
	fits := len(c.layouts) == 0
	for _, l := range c.layouts {
		short := text
		if l.rest {
			short = text[:min(len(text), len(l.parse))]
		}
		if t, err := time.Parse(l.parse, short); err == nil {
			text, fits = t.Format(l.print), true
			break
		}
	}
	if !fits || !c.inclusive {
		return text, fits
	}
	day, err := domain.ParseDate(text)
	if err != nil || day == domain.LastDate {
		return text, false
	}
	return (day + 1).String(), true
}

func (c *fromColumn) dateRule() string {
	if len(c.layouts) == 0 {
		return "a last day is written YYYY-MM-DD"
	}
	forms := make([]string, len(c.layouts))
	for i, l := range c.layouts {
		forms[i] = l.written
	}
	return "this is a date written " + strings.Join(forms, " or ")
}

// identifier makes one of a text: its letters in lower case and its digits, with a hyphen for whatever is between them.
func identifier(text string) string {
	var b strings.Builder
	between := false
	for _, c := range strings.ToLower(text) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' && b.Len() > 0 {
			if between && b.Len() > 0 {
				b.WriteByte('-')
			}
			between = false
			b.WriteRune(c)
			continue
		}
		between = true
	}
	return b.String()
}
