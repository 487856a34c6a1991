package web

import (
	"bytes"
	"encoding/xml"
	"fmt"
)

// svg is a picture that is being drawn. It carries presentation attributes, so that it shows by itself as a file, and classes, by
// which the stylesheet of a page gives it the page's colours. Nothing in it is a style attribute or a script.
type svg struct{ bytes.Buffer }

// draw adds markup; %s stands for what is escaped already or needs no escaping.
func (s *svg) draw(format string, values ...any) { fmt.Fprintf(&s.Buffer, format, values...) }

// escaped is text of the ledger as XML has it.
func escaped(text string) string {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.String()
}

// text writes words at a place. anchor is start, middle or end.
func (s *svg) text(class string, x, y float64, anchor, words string) {
	s.draw(`<text class="%s" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, class, x, y, anchor, escaped(words))
}

// begin opens a picture of a size in units. As a file it is shown in ink on paper.
func (s *svg) begin(class string, width, height float64, title string) {
	s.draw(`<svg xmlns="http://www.w3.org/2000/svg" class="%s" viewBox="0 0 %.0f %.0f" font-family="system-ui, sans-serif" font-size="13" fill="#1b1e22">`,
		class, width, height)
	s.draw(`<title>%s</title>`, escaped(title))
}

// hatching defines the pattern of what is uncertain.
const hatching = `<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
	`<rect class="hatch-ground" width="6" height="6" fill="#fff" fill-opacity="0.72"/><rect class="hatch-line" width="2.4" height="6" fill="#1b1e22" fill-opacity="0.55"/></pattern></defs>`
