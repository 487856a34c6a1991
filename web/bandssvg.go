package web

import (
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// The measures of the bands as a file.
const (
	bandLabels = 330
	bandHeight = 26
)

// bandsSVG draws who held something over the years, as a file.
func (q *request) bandsSVG(ref domain.Ref, history *projections.History) ([]byte, error) {
	doubtful, err := q.book.Doubtful(q.ctx, ref, history.Periods)
	if len(history.Periods) == 0 {
		doubtful, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows := q.holderRows(history)
	var days []domain.Date
	for _, r := range rows {
		for _, s := range r.held {
			days = append(days, s.From, s.To)
		}
	}
	a := axisOver(days, q.on, q.today)
	x := func(day domain.Date) float64 { return bandLabels + a.place(day)*(pictureWidth-bandLabels-8) }
	height := float64(axisHeight + len(rows)*bandHeight + 34)
	s := new(svg)
	s.begin("bands", pictureWidth, height, "Who held "+titled(q.view.Title(ref, q.point()), ref.String()))
	s.draw(hatching)
	for _, tick := range telling.Ticks(a.first, a.last, 60) {
		if tick.At > a.first {
			s.draw(`<path class="grid" d="M%.1f %d V%.0f" stroke="#d9d5cc" fill="none"/>`, x(tick.At), axisHeight-12, height-24)
			s.text("tick", x(tick.At), axisHeight-16, "middle", tick.Name)
		}
	}
	for i, r := range rows {
		y := float64(axisHeight + i*bandHeight)
		s.text("who", bandLabels-10, y+15, "end", shortened(plainText(r)+", "+r.role, 46))
		for _, held := range r.held {
			s.stretch(x, held, y, "#2c6796")
			for _, d := range doubtful {
				if common, ok := overlap(held, d); ok {
					s.stretch(x, common, y, "url(#hatch)")
				}
			}
		}
	}
	s.draw(`<path class="on" d="M%.1f %d V%.0f" stroke="#a87400" stroke-width="2" stroke-dasharray="5 4" fill="none"/>`, x(q.on), axisHeight-12, height-24)
	s.text("meta", pictureWidth-8, height-8, "end", telling.DayWords(q.on)+" is marked; hatched: uncertain, a fact gives no exact day")
	s.draw("</svg>\n")
	return s.Bytes(), nil
}

func (s *svg) stretch(x func(domain.Date) float64, held telling.Stretch, y float64, fill string) {
	from, to := x(held.From), float64(pictureWidth-8)
	if held.To != 0 {
		to = x(held.To)
	}
	s.draw(`<rect x="%.1f" y="%.1f" width="%.1f" height="15" fill="%s"/>`, from, y+3, max(to-from, 2), fill)
}

// plainText is the label of a row without its link.
func plainText(r row) string {
	_, text, found := strings.Cut(string(r.who), ">")
	if !found {
		return string(r.who)
	}
	return strings.TrimSuffix(text, "</a>")
}

func shortened(text string, letters int) string {
	if runes := []rune(text); len(runes) > letters {
		return string(runes[:letters-1]) + "…"
	}
	return text
}
