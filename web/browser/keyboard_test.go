package browser_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// focused describes what has the focus, and whether that shows.
const focused = `() => {
	const e = document.activeElement;
	if (!e || e === document.body) return null;
	const style = getComputedStyle(e), box = e.getBoundingClientRect();
	const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none";
	e.dataset.reached = "";
	return JSON.stringify({name: (e.getAttribute("aria-label") || e.innerText || e.name || e.id).trim().slice(0, 60), tag: e.tagName,
		href: e.getAttribute("href") || "", shown: outlined && box.width > 0 && box.height > 0});
}`

// unreached lists what somebody who uses a mouse can use and the keyboard did not come to.
const unreached = `() => JSON.stringify([...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
	.filter(e => e.checkVisibility() && e.tabIndex >= 0 && !e.disabled && e.type !== "hidden" && !("reached" in e.dataset))
	.filter(e => !(e.type === "radio" && document.querySelector('input[type=radio][data-reached][name="' + CSS.escape(e.name) + '"]')))
	.map(e => e.outerHTML.slice(0, 160)))`

// limitTabs is after how many steps a page is taken for a trap.
const limitTabs = 1500

// Whoever has a keyboard alone comes to everything on every page, sees where they are, and can pass over what is the same on
// all of them.
func TestKeyboard(t *testing.T) {
	tb := open(t, serveOdd(t), desk)
	for _, p := range pages {
		tb.show(p)
		for at := tb.focus(); at != nil; at = tb.focus() { // a page that says what is wrong has the focus there
			tb.do(chromedp.KeyEvent(kb.Tab))
		}
		for n := 0; ; n++ {
			tb.do(chromedp.KeyEvent(kb.Tab))
			at := tb.focus()
			if at == nil {
				break
			}
			if n == 0 && at.Href != "#main" {
				t.Errorf("%s: the first step of the keyboard leads to %q, not past what all pages have", p.path, at.Name)
			}
			if !at.Shown {
				t.Errorf("%s: %s %q has the focus, and it does not show", p.path, at.Tag, at.Name)
			}
			if n > limitTabs {
				t.Fatalf("%s: the keyboard does not come out of the page", p.path)
			}
		}
		var missed []string
		if err := json.Unmarshal([]byte(run(tb, chromedp.Evaluate[string]("("+unreached+")()"))), &missed); err != nil {
			t.Fatal(err)
		}
		for _, element := range missed {
			t.Errorf("%s: the keyboard does not come to %s", p.path, element)
		}
	}
}

// place is what has the focus.
type place struct {
	Name, Tag, Href string
	Shown           bool
}

// focus is where the keyboard is; nil where it has left the page.
func (tb *tab) focus() *place {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	raw, err := chromedp.Run(ctx, chromedp.Evaluate[*string]("("+focused+")()"))
	if err != nil {
		tb.Fatal(err)
	}
	if raw == nil {
		return nil
	}
	at := new(place)
	if err := json.Unmarshal([]byte(*raw), at); err != nil {
		tb.Fatal(err)
	}
	return at
}
