package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/klauspost/compress/gzhttp"
)

// compressible are the media types of answers that shrink. Tiles and copies of the log stay as they are stored.
var compressible = []string{"application/json", problemType, lines, "application/openapi+json", "application/openapi+yaml",
	"text/html", "text/css", "text/plain"}

// worthIt is from how many bytes on an answer is compressed.
const worthIt = 1400 // what one packet takes

// routes compress what they serve, as clients accept it: by zstd (RFC 8878) or gzip. What is flushed arrives.
type routes struct {
	*http.ServeMux
	compress func(http.Handler) http.HandlerFunc
}

func newRoutes() *routes {
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(worthIt), gzhttp.ContentTypes(compressible))
	if err != nil {
		panic(err) // the options are constant
	}
	return &routes{http.NewServeMux(), compress}
}

// HandleFunc serves a pattern, as http.ServeMux does.
func (m *routes) HandleFunc(pattern string, answer func(http.ResponseWriter, *http.Request)) {
	m.ServeMux.HandleFunc(pattern, m.compress(http.HandlerFunc(answer)))
}

// serve serves an operation. A stream of events is sent as it is: its headers are flushed before there is anything to compress.
func (m *routes) serve(pattern string, o *huma.Operation, answer http.HandlerFunc) {
	if response := o.Responses["200"]; response != nil && response.Content["text/event-stream"] != nil {
		m.ServeMux.HandleFunc(pattern, answer)
		return
	}
	m.HandleFunc(pattern, answer)
}
