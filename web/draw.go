package web

import (
	"fmt"
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/graph"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// The measures of the picture of a lineage, in units of about a pixel.
const (
	pictureWidth = 1000
	laneHeight   = 40
	axisHeight   = 34
	barHeight    = 9
	letterWidth  = 6.8 // of a letter of a name, on average
	slotsADay    = 8   // lines beside one another on one day
	slotWidth    = 9
)

// body is an organisation in a picture of a lineage.
type body struct {
	id, name, href string
	days           telling.Stretch // of its life: From FirstDate where its beginning is not known
	life           string          // the same in words
}

// lineagePicture is a lineage on an axis of time: a lane for each organisation, and a line down or up on the day on which one
// came of another.
type lineagePicture struct {
	svg
	axis   axis
	bodies []body // from top to bottom
	lanes  map[string]int
	focus  string
	today  domain.Date
}

// drawLineage draws an organisation and the successions around it, in the order of lanes that Graphviz finds.
func (q *request) drawLineage(focus string, edges []projections.Edge) ([]byte, error) {
	ids := []string{focus}
	for _, e := range edges {
		ids = append(ids, e.From, e.To)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	order, err := q.site.order(q, ids, edges)
	if err != nil {
		return nil, err
	}
	p := &lineagePicture{lanes: make(map[string]int), focus: focus, today: q.today}
	var days []domain.Date
	for lane, at := range order {
		b, err := q.body(ids[at])
		if err != nil {
			return nil, err
		}
		p.lanes[b.id] = lane
		p.bodies = append(p.bodies, b)
		days = append(days, b.days.From, b.days.To)
	}
	for _, e := range edges {
		days = append(days, telling.ParseEDTF(e.Effective).Nominal())
	}
	p.axis = axisOver(days, q.on, q.today)
	return p.draw(q, edges), nil
}

// order asks Graphviz for the order of lanes, one layout at a time.
func (s *site) order(q *request, ids []string, edges []projections.Edge) ([]int, error) {
	at := make(map[string]int, len(ids))
	for i, id := range ids {
		at[id] = i
	}
	list := make([]graph.Edge, len(edges))
	for i, e := range edges {
		list[i] = graph.Edge{From: at[e.From], To: at[e.To]}
	}
	s.layout.Lock()
	defer s.layout.Unlock()
	return graph.Order(q.ctx, len(ids), list)
}

// body reads the life of an organisation as it is known, over all its days.
func (q *request) body(id string) (body, error) {
	ref := domain.OrganisationID(id).Ref()
	o, err := q.view.Organisation(domain.OrganisationID(id), ledger.Point{On: domain.LastDate, Known: q.known})
	if err != nil {
		return body{}, err
	}
	b := body{id: id, href: q.path(ref.String()), days: telling.Stretch{From: domain.FirstDate}}
	last := q.on
	if o.Established != nil {
		b.days.From = max(telling.DateOf(o.Established).Nominal(), domain.FirstDate)
	}
	if o.Ended != nil {
		b.days.To = telling.ParseEDTF(o.Ended.Effective).Nominal()
		last = min(last, max(b.days.To-1, domain.FirstDate))
	}
	b.name = titled(q.view.Title(ref, ledger.Point{On: max(last, b.days.From), Known: q.known}), id)
	b.life = stretchWords(b.days)
	return b, nil
}

func (p *lineagePicture) x(day domain.Date) float64 { return 8 + p.axis.place(day)*(pictureWidth-16) }

// lane is the height of the middle of a bar.
func (p *lineagePicture) lane(id string) float64 {
	return axisHeight + float64(p.lanes[id])*laneHeight + laneHeight - barHeight
}

func (p *lineagePicture) draw(q *request, edges []projections.Edge) []byte {
	height := float64(axisHeight + len(p.bodies)*laneHeight + 12)
	p.begin("lineage", pictureWidth, height, "Lineage of "+p.focus)
	p.svg.draw(`<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0L8 4L0 8z" fill="#4f5861"/></marker></defs>`)
	for _, tick := range telling.Ticks(p.axis.first, p.axis.last, columnsWide) {
		if tick.At <= p.axis.first {
			continue
		}
		x := p.x(tick.At)
		p.svg.draw(`<path class="grid" d="M%.1f %d V%.0f" stroke="#d9d5cc" fill="none"/>`, x, axisHeight-12, height)
		p.text("tick", x, axisHeight-16, "middle", tick.Name)
	}
	x := p.x(q.on)
	p.svg.draw(`<path class="on" d="M%.1f %d V%.0f" stroke="#a87400" stroke-width="2" stroke-dasharray="5 4" fill="none"/>`, x, axisHeight-12, height)
	slots := make(map[string]map[string]int) // of the successors of a day
	for _, e := range edges {
		if slots[e.Effective] == nil {
			slots[e.Effective] = make(map[string]int)
		}
		slot, known := slots[e.Effective][e.To]
		if !known {
			slot = len(slots[e.Effective])
			slots[e.Effective][e.To] = slot
		}
		p.edge(e, float64(slot%slotsADay)*slotWidth)
	}
	for _, b := range p.bodies {
		p.body(b)
	}
	p.svg.draw("</svg>\n")
	return p.Bytes()
}

// edge is a line on the day of the succession, from the lane of the one to that of the other. aside keeps it apart from the lines
// of that day that lead to others.
func (p *lineagePicture) edge(e projections.Edge, aside float64) {
	date := telling.ParseEDTF(e.Effective)
	x, from, to := p.x(date.Nominal()), p.lane(e.From), p.lane(e.To)
	end := fmt.Sprintf("V%.1f", to-barHeight/2-1)
	if from > to {
		end = fmt.Sprintf("V%.1f", to+barHeight/2+1)
	}
	if ended := p.bodies[p.lanes[e.To]].days.To; aside > 0 && ended != 0 && ended <= date.Nominal() { // back to the end of its bar
		end = fmt.Sprintf("V%.1f H%.1f", to, x+2)
	}
	dash := map[string]string{"split": "7 3", "dissolved": "2 3"}[e.How]
	p.svg.draw(`<path class="edge %s" d="M%.1f %.1f h%.1f %s" stroke="#4f5861" stroke-width="1.6" fill="none" stroke-dasharray="%s" marker-end="url(#head)"><title>%s</title></path>`,
		e.How, x, from, aside, end, dash, escaped(fmt.Sprintf("%s %s %s, %s (entry %d)", e.From, hows[e.How], e.To, telling.DateWords(date), e.Seq)))
}

// body is a bar for the days of an organisation's life, with its name above it.
func (p *lineagePicture) body(b body) {
	from, to := p.x(b.days.From), float64(pictureWidth-8)
	if b.days.To != 0 {
		to = p.x(b.days.To)
	}
	class, fill, weight := "body", "#2c6796", "400"
	if b.id == p.focus {
		class, fill, weight = "body focus", "#a87400", "700"
	}
	y := p.lane(b.id)
	p.svg.draw(`<a href="%s" tabindex="-1"><g class="%s"><title>%s</title>`, escaped(b.href), class, escaped(b.name+", "+b.life))
	if b.days.From == domain.FirstDate {
		p.svg.draw(`<rect class="before" x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s" fill-opacity="0.45"/>`, 0.0, y-barHeight/2, from, barHeight, fill)
	}
	p.svg.draw(`<rect class="life" x="%.1f" y="%.1f" width="%.1f" height="%d" rx="2" fill="%s"/>`, from, y-barHeight/2, max(to-from, 3), barHeight, fill)
	if b.days.To == 0 {
		p.svg.draw(`<path class="life" d="M%.1f %.1f l8 %.1f l-8 %.1f z" fill="%s"/>`, to-2, y-barHeight, float64(barHeight), float64(barHeight), fill)
	}
	x, anchor := from+3, "start"
	if long := float64(len([]rune(b.name))) * letterWidth; x+long > pictureWidth-8 {
		x, anchor = min(max(to, long), pictureWidth-8), "end"
	}
	p.svg.draw(`<text class="name" x="%.1f" y="%.1f" text-anchor="%s" font-weight="%s" stroke="#fff" stroke-width="4" paint-order="stroke">%s</text></g></a>`,
		x, y-barHeight, anchor, weight, escaped(b.name))
}
