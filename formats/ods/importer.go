package ods

import (
	"context"
	"fmt"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// Name of the format.
const Name = "nhs-ods"

// Scheme of the identifiers that ODS codes are.
const Scheme = "ods"

// The kinds of file.
const (
	Succession = "succession"
	Register   = "register"
	API        = "api"
)

// Importer reads files of the kinds that their roles say.
type Importer struct {
	// Relations says which relationships of the API place a body under another, and how, by their ids, as RE5.
	// Relationships that are not in it are skipped.
	Relations map[string]domain.Relation
}

// Relations that are taken unless it is said otherwise: a sub-division and a site are part of a body; a body
// is accountable to the one that directs it, and to the one in whose geography it lies, from which the NHS derives its
// hierarchy.
func Relations() map[string]domain.Relation {
	return map[string]domain.Relation{"RE2": "part_of", "RE6": "part_of", "RE3": "accountable_to", "RE5": "accountable_to"}
}

// Import reads all files before it makes anything of them: it keeps some hundred bytes a body and a succession.
func (im *Importer) Import(ctx context.Context, files []formats.File, sink *formats.Sink) error {
	p := &picture{bodies: make(map[string]*body), sink: sink}
	for i := range files {
		if err := im.read(p, &files[i]); err != nil {
			return err
		}
	}
	stated, err := sink.Stated(ctx, Name+"-")
	if err != nil {
		return err
	}
	for _, was := range stated {
		p.recall(was)
	}
	p.decide()
	return p.write()
}

func (im *Importer) read(p *picture, f *formats.File) error {
	switch f.Role {
	case Succession:
		return p.readSuccession(f)
	case Register:
		return p.readRegister(f)
	case API:
		return p.readAnswer(f, im.Relations)
	}
	return fmt.Errorf("%s: a file of this format is a %s, a %s or an %s, not %q", f.Name, Succession, Register, API, f.Role)
}

// checkCode refuses what is no code of a body.
func checkCode(f *formats.File, row int, of, code string) error {
	if !domain.ValidID(code) || strings.ToUpper(code) != code || strings.ContainsAny(code, "-_") {
		return f.Wrong(row, of, "an ODS code has capital letters and digits", code)
	}
	return nil
}
