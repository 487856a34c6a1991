package api

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// documentRoutes serves the description of everything that was registered before, and pages made of it. It is made once.
func (s *server) documentRoutes() error {
	document := s.api.OpenAPI()
	for _, theirs := range []string{"ErrorModel", "ErrorDetail"} { // problemOfHuma never lets one out
		delete(document.Components.Schemas.Map(), theirs)
	}
	truthful(document.Components.Schemas)
	for _, item := range document.Paths {
		for _, o := range operations(item) {
			for _, p := range o.Parameters {
				if p.Example == nil {
					p.Example = exampleOf(p)
				}
			}
		}
	}
	asJSON, err := document.MarshalJSON()
	if err != nil {
		return err
	}
	asYAML, err := document.YAML()
	if err != nil {
		return err
	}
	s.static("/openapi.json", "application/openapi+json", asJSON)
	s.static("/openapi.yaml", "application/openapi+yaml", asYAML)
	return s.docsRoutes()
}

// operations are those of one path.
func operations(item *huma.PathItem) (all []*huma.Operation) {
	for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
		if o != nil {
			all = append(all, o)
		}
	}
	return all
}

// static serves what does not change while the program runs.
func (s *server) static(path, kind string, content []byte) {
	s.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		s.bytes(w, kind, content)
	})
}

// truthful says what fields mean, and mends what huma says of Go types: no list is null, and a pointer to a struct may be.
func truthful(registry huma.Registry) {
	for name, schema := range registry.Map() {
		for name, property := range schema.Properties {
			if property.Description == "" && property.Ref == "" {
				property.Description = meanings[name]
			}
		}
		t := registry.TypeFromRef("#/components/schemas/" + name)
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t != nil && t.Kind() == reflect.Struct {
			for _, field := range reflect.VisibleFields(t) {
				mend(schema, field)
			}
		}
	}
}

// mend corrects the schema of a struct in one of its fields.
func mend(schema *huma.Schema, field reflect.StructField) {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	property := schema.Properties[name]
	switch {
	case field.Anonymous && field.Type.Kind() == reflect.Pointer:
		for _, inner := range reflect.VisibleFields(field.Type.Elem()) {
			name, _, _ := strings.Cut(inner.Tag.Get("json"), ",")
			schema.Required = without(schema.Required, name)
		}
	case property == nil:
	case property.Type == huma.TypeArray:
		property.Nullable = false
	case field.Type.Kind() == reflect.Pointer && property.Ref != "" && !strings.Contains(options, "omit"):
		schema.Properties[name] = &huma.Schema{AnyOf: []*huma.Schema{{Ref: property.Ref}, {Type: "null"}}, Description: meanings[name]}
	}
}

func without(names []string, name string) []string {
	var rest []string
	for _, n := range names {
		if n != name {
			rest = append(rest, n)
		}
	}
	return rest
}
