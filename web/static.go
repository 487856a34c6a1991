package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var staticFiles embed.FS

//go:embed templates
var templateFiles embed.FS

// assets are the stylesheets, scripts and pictures that pages use. Their addresses carry a digest, and so may be kept for good.
type assets struct {
	files   map[string][]byte
	version string // of all of them, and of the templates
}

func readAssets() *assets {
	a := &assets{files: make(map[string][]byte)}
	sum := sha256.New()
	for _, folder := range []fs.FS{staticFiles, templateFiles} {
		err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := fs.ReadFile(folder, name)
			if strings.HasPrefix(name, "static/") {
				a.files[path.Base(name)] = text
			}
			sum.Write(text)
			return err
		})
		if err != nil {
			panic(err) // they are in the program
		}
	}
	a.version = hex.EncodeToString(sum.Sum(nil))[:12]
	return a
}

// address of a file for a page.
func (a *assets) address(name string) string { return "/static/" + name + "?v=" + a.version }

// ServeHTTP gives a file; with the digest in the address, for a year.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	text, ok := a.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.version {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("ETag", `"`+a.version+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(text))
}

// readTemplates gives every page its template: what all share, and the file of its own, which defines "main".
func readTemplates(a *assets) map[string]*template.Template {
	shared := template.Must(template.New("").Funcs(template.FuncMap{"asset": a.address}).ParseFS(templateFiles, "templates/*.html"))
	files, err := fs.Glob(templateFiles, "templates/pages/*.html")
	if err != nil {
		panic(err) // the pattern is constant
	}
	pages := make(map[string]*template.Template)
	for _, file := range files {
		page := template.Must(template.Must(shared.Clone()).ParseFS(templateFiles, file))
		pages[strings.TrimSuffix(path.Base(file), ".html")] = page
	}
	return pages
}
