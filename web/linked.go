package web

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats/rdf"
	"github.com/orgledger/orgledger/formats/tables"
)

// linkedData describes a thing at the moment that is looked at, as JSON-LD, in the terms of the export. Its IRIs are the addresses
// of the pages.
func (q *request) linkedData(ref domain.Ref) ([]byte, error) {
	base := "http://" + q.Host + "/"
	if q.TLS != nil {
		base = "https://" + q.Host + "/"
	}
	if err := rdf.CheckBase(base); err != nil {
		return nil, fmt.Errorf("name things by the address of this server: %w", err)
	}
	var text bytes.Buffer
	out := rdf.NewJSONLD(&text)
	o := tables.Options{Ledger: q.site.Name, Version: q.site.Version, On: q.on, OneDay: true, Known: q.known, OneKnown: true}
	err := tables.WriteThing(q.ctx, q.view, ref, o, rdf.New(rdf.Options{Base: base, On: q.on, Known: q.known}, out))
	err = errors.Join(err, out.Close())
	return text.Bytes(), err
}
