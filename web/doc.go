// Package web shows a ledger as pages for people: what it covers, what an organisation was on a day, who held something and
// why, what was known when. Every page is about one moment of both clocks, which stand in its address, and has the same address
// in other forms: JSON as query answers, CSV, SVG, JSON-LD.
//
// # A page
//
// A page is a line in the table of routes (handler.go), a function that makes it, and a template:
//
//	{"/findings", "Findings", (*site).findings},
//
//	func (s *site) findings(q *request) (*Page, error) {
//		answer := q.view.Findings(q.point())
//		return &Page{Name: "findings", Title: "Findings", Data: …,
//			JSON: q.ask(q.book.OnDay(q.book.Question("findings"))),
//			CSV:  func() ([][]string, error) { … }}, nil
//	}
//
// The request has the moment (q.on, q.known, q.point()), the view to ask directly, and a book (ledger/telling) to tell what
// was found in words. It never looks at the newest state again: everything is asked at q.known. An error is one that
// ledger.Describe knows, or one with a method Describe; the layout makes a page or JSON of it.
//
// The function makes everything that the template shows: templates loop and place, and decide nothing. Links come from q.link
// (a thing by its name), q.url and q.here (addresses that keep both clocks; never write one by hand), and q.prose (a text of the
// book, whose marked names become links). Text of the ledger that does not come from the book goes through telling.Clean.
//
// The template is templates/pages/NAME.html and defines "main"; its dot is the Page with .Data, and .Site, .Clocks beside it.
// The layout puts kicker and heading above it, the clocks' bar and the banner of another moment, and below it the citation and
// the other forms. Shared pieces are in templates/parts.html: "link", "pager", "certainty" and others. A table has a caption and
// stands in <div class="scroll" tabindex="0" role="region" aria-labelledby="ID of the caption">. A long list is paged with q.pages.
//
// A form that changes something is a route of its own method, set up in NewHandler; it stands behind the guard of the API.
//
// # Style and scripts
//
// static/style.css is all there is; no style attribute and no inline script passes the content security policy. SVG carries
// presentation attributes and classes. Scripts are modules that improve what works without them, each for the elements that
// have its data attribute: clocks.js, search.js, zoom.js.
package web
