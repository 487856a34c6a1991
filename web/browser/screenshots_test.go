package browser_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "take a picture of every page, at the desk and on a phone, light and dark, into this `folder`")

// Pictures of every page for somebody to look at, and the two that the README shows:
//
//	go test ./web/browser -run TestScreenshots -args -screenshots screenshots
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("-screenshots names no folder")
	}
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	readmePictures(t, serve(t))
	base := serveOdd(t)
	for name, as := range map[string]look{"desk": desk, "phone": phone, "desk-dark": {width: 1280, height: 900, dark: true}, "phone-dark": {width: 390, height: 844, dark: true}} {
		tb := open(t, base, as)
		for _, p := range pages {
			tb.show(p)
			tb.lacksSideways(p.path)
			picture := run(tb, chromedp.FullScreenshot(100))
			if err := os.WriteFile(filepath.Join(*screenshots, p.name+"-"+name+".png"), picture, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// readme are the pages that the README shows, as docs/pictures has them.
var readme = []shown{
	{"contract", "/contract/cppe-postgraduate-education", nil},
	{"lineage", "/lineage/nhs-england", nil},
}

// readmePictures are of what is seen without scrolling.
func readmePictures(t *testing.T, base string) {
	tb := open(t, base, look{width: 1280, height: 960})
	for _, p := range readme {
		tb.show(p)
		picture := run(tb, chromedp.CaptureScreenshot())
		if err := os.WriteFile(filepath.Join(*screenshots, "readme-"+p.name+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// No page is wider than its window: what is wide scrolls in a frame of its own.
func TestFitsWindow(t *testing.T) {
	base := serveOdd(t)
	for _, as := range []look{{width: 320, height: 640}, {width: 360, height: 740}, {width: 768, height: 1024}, {width: 1920, height: 1080}} {
		tb := open(t, base, as)
		for _, p := range pages {
			tb.show(p)
			tb.lacksSideways(p.path)
		}
	}
}

// lacksSideways fails where the page has to be moved sideways to be read.
func (tb *tab) lacksSideways(path string) {
	tb.Helper()
	if over := run(tb, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`)); over > 0 {
		tb.Errorf("%s is %d pixels wider than its window", path, over)
	}
}
