package web

import (
	"html/template"
	"slices"
	"sort"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
)

// clocks is the bar of a page: the day that is looked at, and the point up to which the ledger is known.
type clocks struct {
	Path     string  // where its form leads
	Fields   []field // what else is in the address
	On       string
	OnWords  string
	OnGiven  bool
	Known    string // empty: everything recorded
	KnownSeq uint64
	At       string // when that was recorded
	Last     uint64 // the last entry there is

	Days, Points slider
	Today, Now   string // addresses: of today, of everything recorded
	Return       string // of both
	Banner       *banner
}

// slider moves a clock over the values at which something changed; without JavaScript its ends are links.
type slider struct {
	Values         string // parted by spaces
	At, Max        int    // the place of the value that is looked at, and of the last
	Earlier, Later Link
}

// banner says plainly that a page is not about today as known now.
type banner struct {
	Kind  string // past, future or known
	Texts []template.HTML
}

// maxPoints is how many known points a slider offers at most, and how many are looked for.
const maxPoints = 400

func (q *request) clocksOf(p *Page) (*clocks, error) {
	c := &clocks{Path: q.URL.Path, On: q.on.String(), OnWords: telling.DayWords(q.on), OnGiven: q.onGiven, KnownSeq: q.known, Last: q.view.Seq()}
	for name, values := range q.URL.Query() {
		if name != fieldOn && name != fieldKnown {
			for _, value := range values {
				c.Fields = append(c.Fields, field{name, value})
			}
		}
	}
	slices.SortFunc(c.Fields, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	if q.knownGiven {
		c.Known = telling.Decimal(q.known)
	}
	if q.known > 0 {
		c.At = telling.TimeWords(q.view.RecordedAt(q.known))
	}
	c.Today, c.Now, c.Return = q.here(fieldOn, ""), q.here(fieldKnown, ""), q.here(fieldOn, "", fieldKnown, "", fieldAssume, "")
	c.Banner = q.banner()
	days, points := p.Days, []uint64(nil)
	if p.Ref.ID != "" {
		turns, err := q.view.Turns(p.Ref, q.known)
		if err != nil {
			return nil, err
		}
		days, points = turns.Days, q.view.KnownTurns(p.Ref, maxPoints)
	}
	c.Days, c.Points = q.daySlider(days), q.pointSlider(points)
	return c, nil
}

// daySlider offers the days on which something changed. The first day of the calendar is none.
func (q *request) daySlider(days []domain.Date) slider {
	days = slices.DeleteFunc(slices.Clone(days), func(d domain.Date) bool { return d == domain.FirstDate })
	values := make([]string, len(days))
	for i, d := range days {
		values[i] = d.String()
	}
	s := slider{Values: strings.Join(values, " "), Max: len(values) - 1}
	after := sort.Search(len(days), func(i int) bool { return days[i] > q.on })
	s.At = max(after-1, 0)
	before := sort.Search(len(days), func(i int) bool { return days[i] >= q.on })
	if before > 0 {
		s.Earlier = Link{q.here(fieldOn, values[before-1]), telling.DayWords(days[before-1])}
	}
	if after < len(days) {
		s.Later = Link{q.here(fieldOn, values[after]), telling.DayWords(days[after])}
	}
	return s
}

// pointSlider offers the entries that changed an answer.
func (q *request) pointSlider(points []uint64) slider {
	values := make([]string, len(points))
	for i, seq := range points {
		values[i] = telling.Decimal(seq)
	}
	s := slider{Values: strings.Join(values, " "), Max: len(values) - 1}
	after := sort.Search(len(points), func(i int) bool { return points[i] > q.known })
	s.At = max(after-1, 0)
	before := sort.Search(len(points), func(i int) bool { return points[i] >= q.known })
	if before > 0 {
		s.Earlier = Link{q.here(fieldKnown, values[before-1]), "entry " + values[before-1]}
	}
	if after < len(points) {
		s.Later = Link{q.here(fieldKnown, values[after]), "entry " + values[after]}
	}
	return s
}

// banner tells which moment a page is about, nil where that is today as known now.
func (q *request) banner() *banner {
	b := new(banner)
	say := func(kind, text string) {
		if b.Kind == "" {
			b.Kind = kind
		}
		b.Texts = append(b.Texts, q.prose(text))
	}
	day := telling.DayWords(q.on)
	switch {
	case q.onGiven && q.on < q.today:
		say("past", "You are looking at the past: at "+day+".")
	case q.on > q.today:
		say("future", day+" is still to come. This is the prospective view: what has been recorded so far for that day. What plans intend is not counted.")
	}
	if q.known < q.view.Seq() {
		since := q.view.Seq() - q.known
		say("known", "You are looking at what was known earlier: at sequence "+telling.Decimal(q.known)+q.recordedWords()+". "+
			telling.Capital(telling.Counted(int(since), "entry"))+" recorded since "+were(since)+" left out.")
	}
	for _, a := range q.book.Assumed {
		text := "It is assumed that the plan " + q.book.Label(a.Plan.Ref(), q.on) + " is carried out"
		if a.Day != "" {
			text += ", what has no day of its own on " + telling.DayWords(telling.ParseDay(a.Day))
		}
		say("future", text+".")
	}
	if len(b.Texts) == 0 {
		return nil
	}
	return b
}

func (q *request) recordedWords() string {
	if q.known == 0 {
		return ", before anything was recorded"
	}
	return ", recorded on " + telling.TimeWords(q.view.RecordedAt(q.known))
}

func were(n uint64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
