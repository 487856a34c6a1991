package web

import (
	"net/http"
	"strconv"
	"strings"
)

// format is a form that a page may have.
type format struct {
	suffix, media, name string
}

// formats in the order in which they are preferred where a request accepts several alike.
var formats = []format{
	{".html", "text/html", "page"},
	{".json", "application/json", "JSON"},
	{".csv", "text/csv", "CSV"},
	{".svg", "image/svg+xml", "SVG"},
	{".jsonld", "application/ld+json", "JSON-LD"},
}

var html, asJSON = formats[0], formats[1]

func formatOfSuffix(suffix string) (format, bool) {
	for _, f := range formats {
		if f.suffix == suffix {
			return f, true
		}
	}
	return html, false
}

// formatOf is the form that a request asks for: by its suffix, else by Accept. Where it accepts none of them the error is
// a notAcceptable.
func formatOf(r *http.Request) (format, error) {
	if suffix := suffixOf(r); suffix != "" {
		f, _ := formatOfSuffix(suffix)
		return f, nil
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return html, nil
	}
	best, weight := html, 0.0
	for _, f := range formats {
		if q := accepted(accept, f.media); q > weight {
			best, weight = f, q
		}
	}
	if weight == 0 {
		return html, notAcceptable{accept}
	}
	return best, nil
}

// accepted is the weight that an Accept header gives a media type: that of the most specific range that has it (RFC 9110
// §12.5.1).
func accepted(accept, media string) float64 {
	kind, _, _ := strings.Cut(media, "/")
	best, weight := -1, 0.0
	for part := range strings.SplitSeq(accept, ",") {
		name, parameters, _ := strings.Cut(part, ";")
		specific := -1
		switch strings.ToLower(strings.TrimSpace(name)) {
		case media:
			specific = 2
		case kind + "/*":
			specific = 1
		case "*/*":
			specific = 0
		}
		if specific > best {
			best, weight = specific, quality(parameters)
		}
	}
	return weight
}

// quality reads the weight among the parameters of a media range: 1 where there is none, 0 where it is no number.
func quality(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if strings.EqualFold(name, "q") {
			q, err := strconv.ParseFloat(value, 64)
			if err != nil || q < 0 || q > 1 {
				return 0
			}
			return q
		}
	}
	return 1
}
