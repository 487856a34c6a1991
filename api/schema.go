package api

import (
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// schemaName is what a type is called in the document: its name, and where a package below the ledger has its own Status,
// say, that of the package before it.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	within, below := path.Split(t.PkgPath())
	if !strings.HasSuffix(within, "/ledger/") {
		return name
	}
	return strings.ToUpper(below[:1]) + below[1:] + name
}
