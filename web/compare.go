package web

import (
	"bytes"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// comparison is two moments and what differs between them. The second is the moment of the page, so that whoever follows a
// link from it goes on from there.
type comparison struct {
	From, To moment
	Parts    []difference
	Asked    bool // two moments are given
	Citation string
	Keep     []field // what the form keeps
}

// moment is a day as known at an entry, in words and as a form has it.
type moment struct {
	Day, DayWords, Known, KnownWords string
}

// difference is what differs between two moments in one respect.
type difference struct {
	Title, Meaning string
	*movements
}

func (q *request) moment(at projections.Point, day, known string) moment {
	past := *q
	past.known = at.Known
	return moment{day, telling.DayWords(at.On), known, past.knownWords()}
}

// compare shows what differs between two days, two known points, or both.
func (s *site) compare(q *request) (*Page, error) {
	from, to, err := q.moments()
	if err != nil {
		return nil, err
	}
	fields := q.URL.Query()
	c := &comparison{Asked: fields.Has("from") || fields.Has("from_known"),
		From: q.moment(from, from.On.String(), fields.Get("from_known")), To: q.moment(to, to.On.String(), fields.Get(fieldKnown))}
	p := &Page{Name: "compare", Title: "Compare two moments", Still: true, Data: c}
	if !c.Asked {
		return p, nil
	}
	p.Title = telling.DayWords(from.On) + " compared with " + telling.DayWords(to.On)
	if from.On == to.On {
		p.Title = "What was known of " + telling.DayWords(to.On)
	}
	if c.Parts, err = q.differences(from, to); err != nil {
		return nil, err
	}
	p.JSON = func() ([]byte, error) { return q.diffJSON(from, to) }
	p.CSV = func() ([][]string, error) { return q.diffRows(from, to), nil }
	if c.Citation, err = q.citation(p); err != nil {
		return nil, err
	}
	c.Citation += fmt.Sprintf(", compared with %s, %s", c.From.DayWords, c.From.KnownWords)
	return p, nil
}

// moments reads the two moments. The first is known as the second is, where the address does not say otherwise.
func (q *request) moments() (from, to projections.Point, err error) {
	first := *q
	first.on, first.known = q.on, q.known
	fields := q.URL.Query()
	if text := fields.Get("from"); text != "" {
		if err := first.readOn(text); err != nil {
			return from, to, renamed(err, "from")
		}
	}
	if text := fields.Get("from_known"); text != "" {
		if err := first.readKnown(text); err != nil {
			return from, to, renamed(err, "from_known")
		}
	}
	return first.point(), q.point(), nil
}

// renamed is a question's error about a field under another name.
func renamed(err error, field string) error {
	if question, ok := err.(*projections.QuestionError); ok {
		again := *question
		again.Field = field
		return &again
	}
	return err
}

// differences tells apart what was learnt and how the world changed, where both clocks differ.
func (q *request) differences(from, to projections.Point) (parts []difference, err error) {
	between := projections.Point{On: from.On, Known: to.Known}
	learnt := difference{"What was learnt", fmt.Sprintf("Between entries %d and %d the ledger learnt of %s:", from.Known, to.Known, telling.DayWords(from.On)), nil}
	world := difference{"What changed in the world", fmt.Sprintf("Between %s and %s, as known at entry %d:", telling.DayWords(from.On), telling.DayWords(to.On), to.Known), nil}
	if from.Known != to.Known {
		if learnt.movements, err = q.movements("learnt", q.diff(from, between)); err != nil {
			return nil, err
		}
		parts = append(parts, learnt)
	}
	if from.On != to.On || from.Known == to.Known {
		if world.movements, err = q.movements("world", q.diff(between, to)); err != nil {
			return nil, err
		}
		parts = append(parts, world)
	}
	return parts, nil
}

// diff is what differs between two moments; it is kept for whoever turns its pages.
func (q *request) diff(from, to projections.Point) []projections.Change {
	changes, err := q.site.diffs.of(fmt.Sprint(from, to), func() ([]projections.Change, error) { return q.view.Diff(from, to).Changes, nil })
	if err != nil {
		panic(err) // a comparison has no error
	}
	return changes
}

// diffJSON is the answer of query, with what was learnt and how the world changed beside it, as diff gives it.
func (q *request) diffJSON(from, to projections.Point) ([]byte, error) {
	between := projections.Point{On: from.On, Known: to.Known}
	answer := struct {
		Changes []projections.Change `json:"changes"`
		Learned []projections.Change `json:"learned,omitempty"`
		World   []projections.Change `json:"world,omitempty"`
	}{Changes: q.diff(from, to)}
	if from.On != to.On && from.Known != to.Known {
		answer.Learned, answer.World = q.diff(from, between), q.diff(between, to)
	}
	var text bytes.Buffer
	err := json.MarshalWrite(&text, answer, json.Deterministic(true))
	return text.Bytes(), err
}

func (q *request) diffRows(from, to projections.Point) [][]string {
	return q.changeRows([][]string{{"ref", "name", "before", "after"}}, q.diff(from, to))
}

// utc is a recorded time as tables have it.
func utc(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05") }
