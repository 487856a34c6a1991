package ons

import (
	"context"
	"fmt"
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// Name of the format.
const Name = "ons-code-history"

// Scheme of the identifiers that the codes are: of the Government Statistical Service.
const Scheme = "gss"

// Importer reads code histories, and the list of entity types, which is known by its being no JSON.
type Importer struct{}

// Import keeps the codes of all areas and parents, and what earlier imports recorded; of the versions only those of one area.
func (Importer) Import(ctx context.Context, files []formats.File, sink *formats.Sink) error {
	h := &histories{sink: sink, areas: make(map[string]bool), forms: make(map[string]string),
		stated: make(map[domain.Ref][]*formats.Stated)}
	stated, err := sink.Stated(ctx, Name+"-")
	if err != nil {
		return err
	}
	for _, was := range stated {
		about := subject(was.Fact)
		h.stated[about] = append(h.stated[about], was)
	}
	for _, pass := range []func(*formats.File) error{h.survey, h.establish, h.tell} {
		for i := range files {
			if err := pass(&files[i]); err != nil {
				return err
			}
		}
	}
	h.account()
	return nil
}

// subject is the organisation that a fact is about; also of an ending.
func subject(f domain.Fact) domain.Ref {
	if ended, ok := f.(*domain.OrganisationDissolved); ok {
		return ended.Organisation.Ref()
	}
	return domain.About(f)
}

// histories is what is known of all files.
type histories struct {
	sink    *formats.Sink
	areas   map[string]bool   // that a file holds
	forms   map[string]string // what areas are called, by the first three characters of their codes
	types   []entityType
	parents []parent // that areas name, in order
	stated  map[domain.Ref][]*formats.Stated
}

// parent is an area that another names.
type parent struct {
	code string
	at   cite
}

// entityType is a row of the list of entity types.
type entityType struct {
	codes []string
	at    formats.Place
}

// cite is a version in a file.
type cite struct {
	file *formats.File
	path string
}

func (c cite) citations() []domain.Citation {
	return []domain.Citation{{Source: c.file.Source.Source, Locator: c.path}}
}

// survey reads what there is: the areas, what they are called, and their parents.
func (h *histories) survey(f *formats.File) error {
	if isTable(f) {
		return h.readTypes(f)
	}
	seen := make(map[string]bool)
	return readHistory(f, func(a *area) error {
		if h.areas[a.code] {
			return f.Wrong(0, "areas."+a.code, "an area is in the files once", a.code+" again")
		}
		h.areas[a.code] = true
		for i := range a.versions {
			h.sink.Row()
			h.sink.Used(1)
			if code := a.versions[i].Parent; code != "" && !seen[code] {
				seen[code] = true
				h.parents = append(h.parents, parent{code, a.at(i)})
			}
		}
		return nil
	}, func(prefix, description string) { h.forms[prefix] = description })
}

// account tells of the list of entity types which of its rows were of use.
func (h *histories) account() {
	used := make(map[string]bool)
	for code := range h.areas {
		used[prefix(code)] = true
	}
	for _, t := range h.types {
		if slices.ContainsFunc(t.codes, func(code string) bool { return used[code] }) {
			h.sink.Used(1)
		} else {
			h.sink.Skip(t.at, "an entity type of which no area is in the files")
		}
	}
}

func (h *histories) form(code string) string { return h.forms[prefix(code)] }

func prefix(code string) string { return code[:min(3, len(code))] }

// checkCode refuses what is no code of the Government Statistical Service: a letter and eight digits.
func checkCode(f *formats.File, path, code string) error {
	good := len(code) == 9 && code[0] >= 'A' && code[0] <= 'Z'
	for i := 1; good && i < len(code); i++ {
		good = code[i] >= '0' && code[i] <= '9'
	}
	if !good {
		return f.Wrong(0, path, "the code of an area is a capital letter and eight digits", code)
	}
	return nil
}

func path(code string, version int) string { return fmt.Sprintf("areas.%s[%d]", code, version) }
