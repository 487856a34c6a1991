package web

import (
	"html/template"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
)

// Link is what a page leads to. Without an address it is words.
type Link struct {
	Href, Text string
}

// linked are the kinds of thing that have a page of their own.
var linked = map[string]bool{"organisation": true, "responsibility": true, "contract": true, "plan": true, "source": true, "entry": true}

// path is the address of a thing or an entry, keeping both clocks; empty where it has no page.
func (q *request) path(name string) string {
	kind, _, _ := strings.Cut(name, "/")
	if _, foreseen := q.foreseen[name]; !linked[kind] || foreseen && q.view.Introduction(telling.RefOf(name)) == 0 {
		return ""
	}
	return q.url("/" + name)
}

// link is a thing by its name on the day that is looked at.
func (q *request) link(ref domain.Ref) Link { return q.linkOn(ref, q.on) }

// linkOn is a thing by its name on another day.
func (q *request) linkOn(ref domain.Ref, on domain.Date) Link {
	name := telling.Clean(q.view.Title(ref, ledger.Point{On: on, Known: q.known}))
	if name == "" {
		name = telling.Clean(q.foreseen[ref.String()])
	}
	if name == "" {
		name = ref.String()
	}
	return Link{q.path(ref.String()), name}
}

// org is an organisation by its name on the day that is looked at.
func (q *request) org(id string) Link { return q.link(domain.OrganisationID(id).Ref()) }

// prose makes links of the names in a text that the book has told. Everything else is escaped.
func (q *request) prose(text string) template.HTML {
	var b strings.Builder
	for p := range telling.Pieces(text) {
		href := ""
		if p.Path != "" {
			href = q.path(p.Path)
		}
		if href == "" {
			b.WriteString(template.HTMLEscapeString(p.Text))
			continue
		}
		b.WriteString(`<a href="` + template.HTMLEscapeString(href) + `">` + template.HTMLEscapeString(p.Text) + `</a>`)
	}
	return template.HTML(b.String())
}

// proses is prose of several texts.
func (q *request) proses(texts []string) []template.HTML {
	list := make([]template.HTML, len(texts))
	for i, text := range texts {
		list[i] = q.prose(text)
	}
	return list
}
