package api

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// pages are documentation made of the API's document. They need no script and nothing from elsewhere.
//
//go:embed pages
var pages embed.FS

// pagePolicy lets a page load its style sheet, and nothing else from anywhere.
const pagePolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// docsRoutes serves documentation of what is registered.
func (s *server) docsRoutes() error {
	templates, err := template.New("pages").Funcs(template.FuncMap{"title": titleOf, "shape": shape, "named": named, "anchor": anchor}).ParseFS(pages, "pages/*.html")
	if err != nil {
		return err
	}
	style, err := pages.ReadFile("pages/style.css")
	if err != nil {
		return err
	}
	s.static("/docs/style.css", "text/css; charset=utf-8", style)
	for path, page := range map[string]struct {
		name string
		data any
	}{"/docs": {"docs.html", s.contents()}, "/docs/problems": {"problems.html", explanations}} {
		var text bytes.Buffer
		if err := templates.ExecuteTemplate(&text, page.name, page.data); err != nil {
			return err
		}
		s.page(path, text.Bytes())
	}
	return nil
}

// page serves a page that does not change while the program runs.
func (s *server) page(path string, content []byte) {
	s.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", pagePolicy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-cache")
		s.bytes(w, "text/html; charset=utf-8", content)
	})
}

// contents is what the page of operations shows.
type contents struct {
	Info    *huma.Info
	Groups  []group
	Schemas []namedSchema
}

type group struct {
	*huma.Tag
	Operations []*huma.Operation
}

type namedSchema struct {
	Name   string
	Schema *huma.Schema
}

// contents sorts operations by tag, path and method.
func (s *server) contents() contents {
	document := s.api.OpenAPI()
	c := contents{Info: document.Info}
	for _, tag := range document.Tags {
		g := group{Tag: tag}
		for _, item := range document.Paths {
			for _, o := range operations(item) {
				if slices.Contains(o.Tags, tag.Name) {
					g.Operations = append(g.Operations, o)
				}
			}
		}
		slices.SortFunc(g.Operations, func(a, b *huma.Operation) int { return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method) })
		c.Groups = append(c.Groups, g)
	}
	for name, schema := range document.Components.Schemas.Map() {
		c.Schemas = append(c.Schemas, namedSchema{name, schema})
	}
	slices.SortFunc(c.Schemas, func(a, b namedSchema) int { return strings.Compare(a.Name, b.Name) })
	return c
}

// anchor is where on the page something is.
func anchor(text string) string { return strings.ToLower(strings.ReplaceAll(text, " ", "-")) }

// named is the schema that a schema is, is a list of, or may be; empty where it has no name.
func named(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return strings.TrimPrefix(s.Ref, "#/components/schemas/")
	case s.Type == huma.TypeArray:
		return named(s.Items)
	case len(s.AnyOf) > 0:
		return named(s.AnyOf[0])
	}
	return ""
}

// shape says in words what a schema without a name is.
func shape(s *huma.Schema) string {
	words := s.Type
	switch {
	case s.Ref != "":
		return ""
	case s.Type == huma.TypeArray:
		return strings.TrimSpace("list of " + shape(s.Items))
	case len(s.AnyOf) > 0:
		return "or null:"
	case s.Type == "":
		words = "any"
	}
	if s.Format != "" && s.Format != "int64" {
		words += " (" + s.Format + ")"
	}
	if s.Nullable {
		words += " or null"
	}
	return words
}
