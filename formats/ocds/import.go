package ocds

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/bodies"
	"github.com/orgledger/orgledger/formats/jsonrow"
)

// Format is the name of the format.
const Format = "ocds"

// RoleMatches is the role of a file that says which organisations parties are: a table of comma-separated values, in its
// first column a name or scheme:value, in its second an organisation of the ledger or scheme:value. The first row may be
// a header.
const RoleMatches = "matches"

// Importer reads releases, and packages and records of them, and files of RoleMatches.
type Importer struct {
	// Unmatched opens a table for the parties that are no organisation of the ledger or may be several of them, in the
	// form of a file of RoleMatches. Its second column names the organisation that was made; where it is empty, a contract
	// waits for the decision. It is called once, when all files have been read. nil: nobody asks for it.
	Unmatched func() (io.WriteCloser, error)
}

// importing is one run of the importer.
type importing struct {
	sink     *formats.Sink
	state    *state
	matching matching
	seed     maphash.Seed
	last     map[uint64]int64 // the time of the last release of each process so far, in nanoseconds
	mixed    map[uint64]bool  // processes whose releases are not in the order of their dates
	held     []*waiting       // releases of these
	partly   tally            // rows of which something was not used
	worth    tally            // values that cannot be recorded
}

// tally counts what is told once.
type tally struct {
	count int
	first string
}

func (t *tally) add(at formats.Place, what string) {
	if t.count++; t.count == 1 {
		t.first = at.String() + ": " + what
	}
}

func (t *tally) tell(sink *formats.Sink, what string) {
	if t.count > 0 {
		sink.Note(fmt.Sprintf("%s: %d, the first in %s", what, t.count, t.first))
	}
}

// waiting is a release that is taken when all files have been read.
type waiting struct {
	release *release
	row     *account
}

// account is what becomes of a row.
type account struct {
	at   formats.Place
	open int // releases that have not been taken
	used bool
	why  string // nothing was made of a release
}

// Import reads the files twice: first for the order of releases, then for what they say. It keeps some bytes of every
// process, what is known of every contract, and releases that are not in the order of their dates.
func (i Importer) Import(ctx context.Context, files []formats.File, sink *formats.Sink) error {
	in := &importing{sink: sink, seed: maphash.MakeSeed(), last: make(map[uint64]int64), mixed: make(map[uint64]bool)}
	data, err := in.prepare(ctx, files)
	if err != nil {
		return err
	}
	for _, pass := range []func(formats.Place, []*release) error{in.order, in.row} {
		if err := in.each(ctx, data, pass); err != nil {
			return err
		}
	}
	slices.SortStableFunc(in.held, func(a, b *waiting) int { return byDate(a.release, b.release) })
	for _, w := range in.held {
		if err := in.settle(w.release, w.row); err != nil {
			return err
		}
	}
	in.partly.tell(sink, "rows that were used, though not all their contracts were")
	in.worth.tell(sink, "values that the ledger cannot hold, left out")
	if i.Unmatched == nil {
		return nil
	}
	return in.matching.write(i.Unmatched)
}

// prepare learns what is known, and what was decided by hand. It gives the files that have releases.
func (in *importing) prepare(ctx context.Context, files []formats.File) (data []formats.File, err error) {
	if in.state, err = earlierReleases(ctx, in.sink.Earlier); err != nil {
		return nil, err
	}
	in.matching = matching{byHand: make(map[string]domain.OrganisationID), told: make(map[string]bool)}
	if in.matching.directory, err = bodies.Known(ctx, in.sink.Earlier, func(*domain.Entry) bool { return false }); err != nil {
		return nil, err
	}
	for i := range files {
		if files[i].Role != RoleMatches {
			data = append(data, files[i])
		} else if err := in.matching.decisions(&files[i]); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// each calls fn with the releases of every row.
func (in *importing) each(ctx context.Context, files []formats.File, fn func(formats.Place, []*release) error) error {
	rows := jsonrow.Reader{Lists: []string{"releases", "records"}, Row: "ocid"}
	for _, file := range files {
		err := rows.Read(ctx, file, func(row int, value jsontext.Value) error {
			at := formats.Place{File: file.Name, Row: row}
			releases, err := read(at, file.Source.Source, value)
			if err != nil {
				return err
			}
			return fn(at, releases)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// order notes whose releases are not in the order of their dates.
func (in *importing) order(_ formats.Place, releases []*release) error {
	for _, r := range releases {
		key, at := maphash.String(in.seed, r.ocid), r.at.UnixNano()
		if last, ok := in.last[key]; ok && at < last {
			in.mixed[key] = true
		}
		in.last[key] = at
	}
	return nil
}

// row takes the releases of a row, or holds them back.
func (in *importing) row(at formats.Place, releases []*release) error {
	in.sink.Row()
	if len(releases) == 0 {
		in.sink.Skip(at, "a record without releases")
		return nil
	}
	row := &account{at: at, open: len(releases)}
	for _, r := range releases {
		if in.mixed[maphash.String(in.seed, r.ocid)] {
			in.held = append(in.held, &waiting{r, row})
			continue
		}
		if err := in.settle(r, row); err != nil {
			return err
		}
	}
	return nil
}

// settle takes a release, and accounts for the row when it was its last.
func (in *importing) settle(r *release, row *account) error {
	used, why, err := in.release(r)
	if err != nil {
		return err
	}
	row.used, row.why = row.used || used, cmp.Or(row.why, why)
	switch row.open--; {
	case row.open > 0:
	case row.used:
		in.sink.Used(1)
		if row.why != "" {
			in.partly.add(row.at, row.why)
		}
	default:
		in.sink.Skip(row.at, row.why)
	}
	return nil
}

// release records what one release says. why is why nothing is made of it, or of a part of it.
func (in *importing) release(r *release) (used bool, why string, err error) {
	switch {
	case r.foreign > 0:
		return false, "a link to a release, which is not followed", nil
	case len(r.deals) == 0:
		return false, "no award and no contract: " + cmp.Or(r.tags, "no tag"), nil
	case r.at.Before(in.state.last[r.ocid]):
		if in.state.cited[r.locator()] {
			return true, "", nil
		}
		return false, "a later release of the process is recorded", nil
	}
	for _, d := range r.deals {
		trouble, err := in.tell(r, d)
		if err != nil {
			return used, why, err
		}
		if d.odd != "" {
			in.worth.add(d.place, d.odd)
		}
		used, why = used || trouble == "", cmp.Or(why, trouble)
	}
	return used, why, nil
}

// parties finds or makes the organisations of a deal. Where it is undecided which one a party is, why says so.
func (in *importing) parties(r *release, d *deal) (owner domain.OrganisationID, suppliers []domain.OrganisationID, why string, err error) {
	all := slices.Clone(d.suppliers)
	if d.owner != nil {
		all = append([]*party{d.owner}, all...)
	}
	for _, p := range all { // before anything is made
		if p.name == "" {
			return "", nil, "a party has neither name nor identifier", nil
		}
		if found := in.matching.find(p); len(found.candidates) > 0 {
			in.matching.tell(p, "", found.candidates)
			return "", nil, undecided, nil
		}
	}
	for i, p := range all {
		id, err := in.party(r, p)
		switch {
		case err != nil:
			return "", nil, "", err
		case id == "":
			return "", nil, undecided, nil
		case i == 0 && d.owner != nil:
			owner = id
		case !slices.Contains(suppliers, id):
			suppliers = append(suppliers, id)
		}
	}
	return owner, suppliers, "", nil
}

const undecided = "several organisations have the name or the identifiers of a party: decide which one it is"

// party finds or makes an organisation, and records the identifiers that it was not known by. It is empty where that is
// undecided.
func (in *importing) party(r *release, p *party) (domain.OrganisationID, error) {
	found := in.matching.find(p)
	if len(found.candidates) > 0 {
		in.matching.tell(p, "", found.candidates)
		return "", nil
	}
	if found.id == "" {
		return in.establish(r, p)
	}
	fact := &domain.OrganisationIdentified{Organisation: found.id}
	for _, i := range p.identifiers {
		if len(in.matching.directory.Identified(i)) == 0 {
			fact.Identifiers = append(fact.Identifiers, i)
		}
	}
	if len(fact.Identifiers) == 0 {
		return found.id, nil
	}
	on, err := domain.ParseEDTF("[.." + r.day.String() + "]")
	if err != nil {
		return "", err
	}
	return found.id, in.say(r, string(found.id), on, fact)
}

// establish makes an organisation of a party. When it began is not known.
func (in *importing) establish(r *release, p *party) (domain.OrganisationID, error) {
	const most = 100
	words := cmp.Or(identifierOf(p.name, most), "party")
	id := domain.OrganisationID(words)
	if words == "party" || in.matching.directory.Has(id) || in.sink.Introduced(id.Ref()) {
		id = domain.OrganisationID(words + "-" + formats.ID(Format, p.key()).String()[:8])
	}
	fact := &domain.OrganisationEstablished{Organisation: id, Name: p.name, Identifiers: p.identifiers}
	if err := in.say(r, string(id), domain.EDTF{}, fact); err != nil {
		return "", err
	}
	in.matching.tell(p, id, nil)
	return id, nil
}
