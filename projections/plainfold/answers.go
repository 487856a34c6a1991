package plainfold

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/orgledger/orgledger/domain"
)

// Answer answers one question, a JSON object, by one JSON object without a line feed. What cannot be
// answered is answered by an error.
func (l *Ledger) Answer(line []byte) []byte {
	q, p := l.read(line)
	var answer any
	if p == nil {
		answer, p = l.answer(q)
	}
	if p != nil {
		answer = map[string]*problem{"error": p}
	}
	out, err := json.Marshal(answer)
	if err != nil {
		panic(fmt.Sprintf("plainfold: an answer is not JSON: %v", err))
	}
	return out
}

func (l *Ledger) answer(q *question) (any, *problem) {
	facts := l.visible(q.known)
	switch q.kind {
	case "holders", "holdings":
		items, ok := assumption(facts, q)
		if !ok {
			return nil, &problem{"no-date", "an item of an assumed plan has no date: give one", "assume"}
		}
		facts = append(facts, items...)
		if q.kind == "holders" {
			return holders(facts, q), nil
		}
		return holdings(facts, q), nil
	case "organisation":
		return organisationOn(facts, q), nil
	case "history":
		return history(facts, q), nil
	case "lineage":
		return lineage(facts, q), nil
	case "diff":
		before, after := fold(l.visible(q.from.known), q.from.on), fold(l.visible(q.to.known), q.to.on)
		return map[string]any{"changes": changes(before, after)}, nil
	case "offices":
		return offices(facts, q), nil
	case "plans":
		return map[string]any{"plans": plansAnswer(facts, q.on)}, nil
	case "impact":
		return impact(facts, q)
	case "findings":
		return map[string]any{"findings": findingsOn(facts, q.on)}, nil
	default:
		return digest(facts, q), nil
	}
}

// assumption lists what the plans that a question assumes add, each as it stands on the day.
func assumption(facts []*fact, q *question) ([]*fact, bool) {
	var all []*fact
	for id, date := range q.assume {
		items, ok := planOn(id, facts, q.on).assumed(date)
		if !ok {
			return nil, false
		}
		all = append(all, items...)
	}
	slices.SortFunc(all, recorded)
	return all, true
}

type holderAnswer struct {
	Organisation domain.OrganisationID `json:"organisation"`
	entryAnswer
}

type entryAnswer struct {
	Role      string   `json:"role"`
	Since     string   `json:"since"`
	Effective *string  `json:"effective"`
	Path      []uint64 `json:"path"`
}

func (e entry) answer() entryAnswer {
	var path []uint64
	for _, f := range e.path {
		path = append(path, f.seq)
	}
	return entryAnswer{e.role, e.last().day().String(), textOrNull(e.last().date.String()), path}
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// sortedEntries lists entries by (organisation, role).
func (h *holding) sortedEntries() []entry {
	return slices.SortedFunc(slices.Values(h.entries), func(a, b entry) int {
		return strings.Compare(string(a.organisation)+"\x00"+a.role, string(b.organisation)+"\x00"+b.role)
	})
}

func holders(facts []*fact, q *question) any {
	s := fold(facts, q.on)
	h := s.holding(q.ref)
	list := []holderAnswer{}
	for _, e := range h.sortedEntries() {
		list = append(list, holderAnswer{e.organisation, e.answer()})
	}
	because := s.uncertainBecause(h, facts, q.on)
	return map[string]any{
		"ref": q.ref.String(), "on": q.on.String(), "known": q.known, "status": s.status(h), "holders": list,
		"certainty": certainty(because), "uncertain_because": because,
	}
}

func holdings(facts []*fact, q *question) any {
	type holdingAnswer struct {
		Ref string `json:"ref"`
		entryAnswer
		Certainty string `json:"certainty"`
	}
	s := fold(facts, q.on)
	list := []holdingAnswer{}
	for _, h := range s.sorted() {
		for _, e := range h.sortedEntries() {
			if e.organisation == q.organisation {
				list = append(list, holdingAnswer{h.ref.String(), e.answer(), certainty(s.uncertainBecause(h, facts, q.on))})
			}
		}
	}
	return map[string]any{"organisation": q.organisation, "on": q.on.String(), "known": q.known, "holdings": list}
}

type identifierAnswer struct {
	Scheme string `json:"scheme"`
	Value  string `json:"value"`
}

// organisationOn answers with no name, form or identifier of a pending or unknown organisation.
func organisationOn(facts []*fact, q *question) any {
	s := fold(facts, q.on)
	o := s.organisation(q.organisation)
	because := organisationUncertain(q.organisation, facts, q.on)
	answer := map[string]any{
		"organisation": q.organisation, "on": q.on.String(), "known": q.known, "status": o.status(),
		"name": nil, "operating_name": nil, "form": nil, "identifiers": []identifierAnswer{},
		"parent": nil, "established": nil, "ended": nil,
		"certainty": certainty(because), "uncertain_because": because,
	}
	if o.begun {
		answer["name"], answer["operating_name"] = textOrNull(o.legal), textOrNull(o.operating)
		answer["form"], answer["identifiers"] = textOrNull(o.form), o.sortedIdentifiers()
	}
	for _, e := range s.holding(q.organisation.Ref()).entries {
		answer["parent"] = map[string]any{"organisation": e.organisation, "relation": e.role}
	}
	if o.established != nil {
		answer["established"] = textOrNull(o.established.date.String())
	}
	if f := o.ended; f != nil {
		answer["ended"] = map[string]any{
			"effective": f.date.String(), "how": how(f.content), "seq": f.seq,
			"successors": append([]domain.OrganisationID{}, successors(f.content)...),
		}
	}
	return answer
}

func (o *organisation) sortedIdentifiers() []identifierAnswer {
	list := []identifierAnswer{}
	for _, i := range o.identifiers {
		list = append(list, identifierAnswer(i))
	}
	slices.SortFunc(list, func(a, b identifierAnswer) int {
		return strings.Compare(a.Scheme+"\x00"+a.Value, b.Scheme+"\x00"+b.Value)
	})
	return list
}

func offices(facts []*fact, q *question) any {
	type officeAnswer struct {
		Office domain.OfficeID `json:"office"`
		Title  string          `json:"title"`
		Person *string         `json:"person"`
		Acting bool            `json:"acting"`
		Since  string          `json:"since"`
		ID     domain.PersonID `json:"person_id,omitempty"`
	}
	s := fold(facts, q.on)
	list := []officeAnswer{}
	for _, id := range slices.Sorted(maps.Keys(s.offices)) {
		if o := s.offices[id]; o.appointment.Organisation == q.organisation {
			person := &o.appointment.Person
			answer := officeAnswer{id, o.appointment.Title, &person.Name, o.appointment.Acting, o.since.String(), person.ID}
			if person.ID != "" { // what is sealed is not the fold's to open
				answer.Person = nil
			}
			list = append(list, answer)
		}
	}
	return map[string]any{"organisation": q.organisation, "on": q.on.String(), "known": q.known, "offices": list}
}

func digest(facts []*fact, q *question) any {
	var lines []string
	held := 0
	for _, h := range fold(facts, q.on).sorted() {
		if len(h.entries) > 0 {
			held++
		}
		for _, e := range h.entries {
			a := e.answer()
			var path []string
			for _, seq := range a.Path {
				path = append(path, strconv.FormatUint(seq, 10))
			}
			fields := []string{h.ref.String(), string(e.organisation), a.Role, a.Since, strings.Join(path, ",")}
			lines = append(lines, strings.Join(fields, "\t")+"\n")
		}
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return map[string]any{"on": q.on.String(), "known": q.known, "holdings": held, "sha256": hex.EncodeToString(sum[:])}
}
