package ocds

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/bodies"
	"github.com/orgledger/orgledger/formats/jsonrow"
)

// release is what a release says of contracts.
type release struct {
	place   formats.Place
	source  domain.SourceID
	ocid    string
	id      string // may be empty: not every publisher gives one
	at      time.Time
	day     domain.Date // of its date, where it was written
	tags    string
	deals   []*deal
	foreign int // links to releases elsewhere
}

// deal is what a release says of one contract, or of an award where it has no contract.
type deal struct {
	place     formats.Place
	award     string // id of the award; may be empty
	contract  string // id of the contract; empty: it is only awarded
	title     string
	state     string // as the standard names it; empty: not told
	owner     *party // nil: not told
	suppliers []*party
	from      domain.Date // zero: not told
	last      domain.Date // the last day in force; zero: not told
	value     *domain.Value
	amended   domain.Date // when it was last amended; zero: this is no amendment
	odd       string      // a value that is left out
	trouble   string      // why nothing can be made of it; empty: it can
}

// States of awards and contracts.
const (
	statePending = "pending" // not decided, or not signed
	stateActive  = "active"
)

var over = []string{"cancelled", "unsuccessful", "terminated"}

// party is an organisation as a release names it.
type party struct {
	name        string
	identifiers []domain.Identifier
}

// read gives the releases of a row: one, or those of a record. The error is a *formats.PlaceError.
func read(at formats.Place, source domain.SourceID, value jsontext.Value) ([]*release, error) {
	var raw rawRelease
	if err := jsonrow.Decode(at, value, &raw); err != nil {
		return nil, err
	}
	if raw.OCID == "" && raw.URL != "" {
		return []*release{{place: at, source: source, foreign: 1}}, nil
	}
	if raw.OCID == "" {
		return nil, wrong(at, "ocid", "a release, or a record of releases, has an ocid", "nothing")
	}
	if raw.Releases == nil && raw.Compiled == nil {
		r, err := raw.read(at, source)
		return []*release{r}, err
	}
	var all []*release
	for _, part := range raw.Releases {
		more, err := read(at, source, part)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	if raw.Compiled != nil && !slices.ContainsFunc(all, func(r *release) bool { return r.foreign == 0 }) {
		return read(at, source, raw.Compiled)
	}
	slices.SortStableFunc(all, byDate)
	return all, nil
}

func byDate(a, b *release) int { return a.at.Compare(b.at) }

func wrong(at formats.Place, member, rule, value string) error {
	at.Of = member
	return &formats.PlaceError{Place: at, Rule: rule, Value: value}
}

func (raw *rawRelease) read(at formats.Place, source domain.SourceID) (*release, error) {
	r := &release{place: at, source: source, ocid: string(raw.OCID), id: string(raw.ID), tags: strings.Join(raw.Tag, ", ")}
	var err error
	if r.day, err = day(raw.Date); err != nil || r.day == 0 {
		return nil, wrong(at, "date", "a release has a date, written as RFC 3339 does", cmp.Or(raw.Date, "nothing"))
	}
	instant := raw.Date
	if len(instant) == len(time.DateOnly) {
		instant += "T00:00:00Z"
	}
	if r.at, err = time.Parse(time.RFC3339, instant); err != nil {
		return nil, wrong(at, "date", "a release has a date, written as RFC 3339 does", raw.Date)
	}
	return r, raw.readDeals(r)
}

// readDeals reads the contracts, and the awards that have no contract.
func (raw *rawRelease) readDeals(r *release) error {
	awarded := make(map[text]*rawAward)
	for i := range raw.Awards {
		awarded[raw.Awards[i].ID] = &raw.Awards[i]
	}
	contracted := make(map[text]bool)
	for i := range raw.Contracts {
		contracted[raw.Contracts[i].Award] = true
		d, err := raw.contract(r.place, &raw.Contracts[i], awarded[raw.Contracts[i].Award])
		if err != nil {
			return err
		}
		r.deals = append(r.deals, d)
	}
	for i := range raw.Awards {
		if contracted[raw.Awards[i].ID] {
			continue
		}
		d, err := raw.award(r.place, &raw.Awards[i])
		if err != nil {
			return err
		}
		r.deals = append(r.deals, d)
	}
	for _, d := range r.deals {
		if d.amended == 0 && slices.ContainsFunc(raw.Tag, func(tag string) bool { return tag == "awardAmendment" || tag == "contractAmendment" }) {
			d.amended = r.day
		}
	}
	return nil
}

// award is what a release says of an award.
func (raw *rawRelease) award(at formats.Place, a *rawAward) (*deal, error) {
	d := &deal{place: at, award: string(a.ID), state: a.Status, title: raw.titled(a.Title), owner: raw.owner()}
	d.suppliers = raw.suppliers(a.Suppliers)
	if slices.Contains(raw.Tag, "awardCancellation") {
		d.state = over[0]
	}
	err := d.dates(a.Period, a.Date, append(a.Amendments, a.Amendment))
	return d.worth(a.Value), err
}

// contract is what a release says of a contract, and of its award, which may be nil.
func (raw *rawRelease) contract(at formats.Place, c *rawContract, a *rawAward) (*deal, error) {
	if a == nil {
		a = &rawAward{}
	}
	d := &deal{place: at, award: string(c.Award), contract: string(c.ID), state: c.Status, title: raw.titled(c.Title, a.Title), owner: raw.owner()}
	d.suppliers = raw.suppliers(a.Suppliers)
	if slices.Contains(raw.Tag, "contractTermination") {
		d.state = over[2]
	}
	period := c.Period
	if period == (rawPeriod{}) {
		period = a.Period
	}
	value := c.Value
	if value == (rawValue{}) {
		value = a.Value
	}
	err := d.dates(period, cmp.Or(c.Signed, a.Date), append(c.Amendments, c.Amendment))
	return d.worth(value), err
}

// dates reads on which days a contract is in force: from the first of its period on, else from when it was signed or
// awarded; and when it was last amended.
func (d *deal) dates(period rawPeriod, signed string, amendments []rawAmendment) (err error) {
	if d.from, err = day(cmp.Or(period.Start, signed)); err != nil {
		return wrong(d.place, "startDate", "a date begins with a day YYYY-MM-DD", cmp.Or(period.Start, signed))
	}
	if d.last, err = day(period.End); err != nil {
		return wrong(d.place, "endDate", "a date begins with a day YYYY-MM-DD", period.End)
	}
	for _, a := range amendments {
		on, err := day(a.Date)
		if err != nil {
			return wrong(d.place, "amendments.date", "a date begins with a day YYYY-MM-DD", a.Date)
		}
		d.amended = max(d.amended, on)
	}
	if d.last != 0 && d.last < d.from {
		d.trouble = "its period ends before it begins"
	}
	return nil
}

// worth reads a value. One without a currency, or with an amount that the ledger cannot hold, is left out.
func (d *deal) worth(v rawValue) *deal {
	if v.Amount == "" {
		return d
	}
	d.value = &domain.Value{Amount: domain.Decimal(v.Amount), Currency: v.Currency}
	probe := &domain.Entry{Effective: domain.DayEDTF(domain.FirstDate), Fact: &domain.ContractVaried{Contract: "c", Value: d.value}}
	if err := probe.Check(); err != nil {
		d.value, d.odd = nil, strings.TrimSpace(string(v.Amount)+" "+v.Currency)
	}
	return d
}

// day is the day of a time where it was written, whatever its offset; of an empty text none.
func day(text string) (domain.Date, error) {
	if text == "" {
		return 0, nil
	}
	day, _, _ := strings.Cut(text, "T")
	return domain.ParseDate(day)
}

// titled is the first title that is given, else that of the tender or of the release.
func (raw *rawRelease) titled(own ...string) string {
	for _, title := range append(own, raw.Tender.Title, raw.Title) {
		if clean := bodies.Clean(title); clean != "" {
			return shortened(clean)
		}
	}
	return "Contract of " + string(raw.OCID)
}

// shortened cuts a title to what the ledger takes.
func shortened(title string) string {
	if len(title) <= domain.LimitTitle {
		return title
	}
	const mark = "…"
	return strings.ToValidUTF8(title[:domain.LimitTitle-len(mark)], "") + mark
}

// owner is the buyer, else the procuring entity, else the one party that buys; nil where none is named.
func (raw *rawRelease) owner() *party {
	for _, ref := range []*rawReference{raw.Buyer, raw.Tender.ProcuringEntity} {
		if ref != nil && (ref.ID != "" || ref.Name != "") {
			return raw.party(*ref)
		}
	}
	for _, p := range raw.Parties {
		if slices.Contains(p.Roles, "buyer") {
			return raw.party(rawReference{ID: p.ID, Name: p.Name})
		}
	}
	return nil
}

func (raw *rawRelease) suppliers(refs []rawReference) []*party {
	all := make([]*party, len(refs))
	for i, ref := range refs {
		all[i] = raw.party(ref)
	}
	return all
}

// party gathers what a release says of an organisation: the reference and the party that it names.
func (raw *rawRelease) party(ref rawReference) *party {
	p := &party{name: bodies.Clean(ref.Name)}
	for _, said := range raw.Parties {
		if said.ID != ref.ID || ref.ID == "" {
			continue
		}
		p.name = cmp.Or(p.name, bodies.Clean(said.Name), bodies.Clean(said.Identifier.LegalName))
		for _, i := range append([]rawIdentifier{said.Identifier}, said.More...) {
			p.add(i.Scheme, string(i.ID))
		}
	}
	if registered := registerForm.FindStringSubmatch(string(ref.ID)); registered != nil {
		p.add(registered[1], registered[2])
	}
	if p.name == "" && len(p.identifiers) > 0 {
		p.name = p.identifiers[0].Scheme + " " + p.identifiers[0].Value
	}
	p.name = shortened(p.name)
	return p
}

// add takes an identifier, once, if it is whole.
func (p *party) add(scheme, value string) {
	i := domain.Identifier{Scheme: bodies.Clean(scheme), Value: bodies.Clean(value)}
	if i.Scheme != "" && i.Value != "" && !slices.Contains(p.identifiers, i) {
		p.identifiers = append(p.identifiers, i)
	}
}
