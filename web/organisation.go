package web

import (
	"html/template"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// organisationShown is what the page of an organisation shows.
type organisationShown struct {
	Summary  template.HTML
	Facts    []fact
	Doubts   []template.HTML
	Bands    *bands
	Past     []factLine
	Coming   []factLine
	Earlier  []earlierLine
	Since    *earlierLine
	Holdings []holdingsShown
	Ceded    cededShown
	Offices  []officeLine
	Lineage  *lineageShown
	Entries  []entryLine
	Pager    *pager
	N        int // of the entries
	Plans    []planEffect
	Log      string
}

// fact is one thing said of another.
type fact struct {
	Name  string
	Value template.HTML
}

// holdingsShown is the first of what is held of one kind.
type holdingsShown struct {
	ID, Title string
	N         int
	Rows      []holdingLine
	More      Link
}

type holdingLine struct {
	Thing     Link
	Ref       string
	Role      string
	Since     string
	Seq       Link
	Uncertain bool
}

// cededShown is what was held before.
type cededShown struct {
	N    string
	Rows []cededLine
	More Link
}

type cededLine struct {
	Thing          Link
	Ref            string
	Role, From, To string
}

type officeLine struct {
	Title, Office, Person string
	Acting                bool
	Since                 string
	Seq                   Link
}

// planEffect is what an outstanding plan would do.
type planEffect struct {
	Text       template.HTML
	Conditions []string
}

// How much of a list the page of an organisation shows.
const (
	holdingsShort  = 15
	cededShort     = 10
	cededLooked    = 5000 // holdings looked at for what was held before
	entriesShort   = 25
	holdingsAPage  = 100
	cededLookedAll = 200_000
)

// organisation shows what an organisation is on the day, how it came about, and what it has.
func (s *site) organisation(q *request) (*Page, error) {
	ref, err := q.ref(domain.KindOrganisation)
	if err != nil {
		return nil, err
	}
	org := domain.OrganisationID(ref.ID)
	o, err := q.view.Organisation(org, q.point())
	if err != nil {
		return nil, err
	}
	view, err := q.organisationShown(ref, o)
	if err != nil {
		return nil, err
	}
	name := titled(q.view.Title(ref, q.point()), ref.ID)
	question := q.book.Question("organisation", "organisation", ref.ID, "on", q.on.String())
	return &Page{Name: "organisation", Kicker: "Organisation", Title: name, Thing: name + " (" + ref.String() + ")", Ref: ref, Data: view,
		JSON: q.ask(question), SVG: func() ([]byte, error) { return q.lineageSVG(org, 0) }, JSONLD: func() ([]byte, error) { return q.linkedData(ref) },
		CSV: func() ([][]string, error) { return q.lifeRows(append(view.Past, view.Coming...)) }}, nil
}

func (q *request) organisationShown(ref domain.Ref, o *projections.Organisation) (*organisationShown, error) {
	if err := q.book.LearnOrganisation(q.ctx, o); err != nil {
		return nil, err
	}
	view := &organisationShown{Summary: q.prose(q.book.LifeWords(o)), Facts: q.organisationFacts(o), Log: q.url("/log", "ref", ref.String())}
	q.book.Subject = ref
	for _, read := range []func(*organisationShown, domain.Ref, *projections.Organisation) error{
		q.readDoubts, q.readLife, q.readEarlier, q.readHoldings, q.readOffices, q.readLineage, q.readEntries} {
		if err := read(view, ref, o); err != nil {
			return nil, err
		}
	}
	return view, nil
}

func (q *request) organisationFacts(o *projections.Organisation) []fact {
	var facts []fact
	add := func(name, text string) {
		if text != "" {
			facts = append(facts, fact{name, q.prose(text)})
		}
	}
	add("Legal name", telling.Deref(o.Name))
	add("Operates as", telling.Deref(o.OperatingName))
	add("Form", telling.Deref(o.Form))
	if o.Parent != nil {
		add("Placement", telling.Capital(telling.RelationWords(o.Parent.Relation))+" "+q.book.Org(o.Parent.Organisation))
	}
	codes := make([]string, len(o.Identifiers))
	for i, code := range o.Identifiers {
		codes[i] = telling.Clean(code.Scheme + ":" + code.Value)
	}
	add("Identified as", strings.Join(codes, ", "))
	add("Reference", "organisation/"+o.Organisation)
	return facts
}

func (q *request) readDoubts(view *organisationShown, _ domain.Ref, o *projections.Organisation) error {
	if len(o.UncertainBy) == 0 {
		return nil
	}
	texts, err := q.book.DoubtWords(q.ctx, o.UncertainBy)
	view.Doubts = q.proses(texts)
	return err
}

func (q *request) readLife(view *organisationShown, ref domain.Ref, _ *projections.Organisation) error {
	past, coming, err := q.book.LifeOf(q.ctx, ref)
	if err != nil {
		return err
	}
	if view.Past, err = q.factLines(past); err != nil {
		return err
	}
	if view.Coming, err = q.factLines(coming); err != nil {
		return err
	}
	view.Bands, err = q.lifeBands(ref)
	return err
}

// readEarlier tells what was known of the organisation at other points, and which plans would change it.
func (q *request) readEarlier(view *organisationShown, ref domain.Ref, o *projections.Organisation) error {
	question := q.book.Question("organisation", "organisation", ref.ID, "on", q.on.String())
	seqs := append([]uint64{}, o.UncertainBy...)
	for _, line := range append(view.Past, view.Coming...) {
		seqs = append(seqs, line.seq)
	}
	var err error
	view.Earlier, view.Since, err = q.earlierLines(ref, question, seqs)
	if err != nil {
		return err
	}
	view.Plans, err = q.planEffects(ref)
	return err
}

func (q *request) readHoldings(view *organisationShown, ref domain.Ref, _ *projections.Organisation) error {
	org := domain.OrganisationID(ref.ID)
	assumed := q.assumptions()
	held, err := q.view.Held(org, q.point(), assumed)
	if err != nil {
		return err
	}
	for _, kind := range projections.HoldingKinds {
		n := held.Len(kind)
		if n == 0 {
			continue
		}
		part := holdingsShown{ID: string(kind), Title: holdingTitles[kind], N: n, Rows: q.holdingLines(held.Page(kind, 0, min(n, holdingsShort)))}
		if n > holdingsShort {
			part.More = Link{q.url("/organisation/"+ref.ID+"/holdings", "kind", string(kind)), "All " + thousands(n)}
		}
		view.Holdings = append(view.Holdings, part)
	}
	ceded, err := q.view.Ceded(org, q.point(), cededLooked)
	if err != nil {
		return err
	}
	view.Ceded = cededShown{N: thousands(ceded.Len()), Rows: q.cededLines(ceded.Page(0, min(ceded.Len(), cededShort)))}
	if ceded.More {
		view.Ceded.N = "many"
	}
	if ceded.More || ceded.Len() > cededShort {
		view.Ceded.More = Link{q.url("/organisation/" + ref.ID + "/held"), "All that it held before"}
	}
	return nil
}

// holdingTitles head the parts of what is held.
var holdingTitles = map[domain.HoldingKind]string{domain.HoldingResponsibility: "Responsibilities", domain.HoldingContract: "Contracts that it owns",
	domain.HoldingSupply: "Contracts that it supplies", domain.HoldingUnit: "Units under it"}

func (q *request) holdingLines(list []projections.Holding) []holdingLine {
	lines := make([]holdingLine, len(list))
	for i, h := range list {
		ref := telling.RefOf(h.Ref)
		lines[i] = holdingLine{Thing: q.link(ref), Ref: h.Ref, Role: telling.RoleWords(h.Role), Since: telling.SinceWords(h.Since, h.Effective),
			Seq: q.entryLink(h.Path[len(h.Path)-1]), Uncertain: h.Certainty == projections.Uncertain}
	}
	return lines
}

func (q *request) cededLines(list []projections.Tenure) []cededLine {
	lines := make([]cededLine, len(list))
	for i, t := range list {
		lines[i] = cededLine{Thing: q.link(telling.RefOf(t.Ref)), Ref: t.Ref, Role: telling.RoleWords(t.Role), From: telling.DayWords(telling.ParseDay(t.From)),
			To: telling.DayWords(telling.ParseDay(t.To) - 1)}
	}
	return lines
}

func (q *request) readOffices(view *organisationShown, ref domain.Ref, _ *projections.Organisation) error {
	answer, err := telling.Ask[projections.Offices](q.ctx, q.book, q.book.Question("offices", "organisation", ref.ID, "on", q.on.String()))
	if err != nil {
		return err
	}
	for _, o := range answer.Offices {
		view.Offices = append(view.Offices, officeLine{Title: telling.Clean(o.Title), Office: "office/" + o.Office, Person: telling.OfficerWords(&o), Acting: o.Acting,
			Since: telling.SinceWords(o.Since, &o.Effective), Seq: q.entryLink(o.Seq)})
	}
	return nil
}

func (q *request) readEntries(view *organisationShown, ref domain.Ref, _ *projections.Organisation) (err error) {
	view.Entries, view.N, view.Pager, err = q.entriesAbout(ref)
	return err
}

// entriesAbout tells a page of the entries that concern a thing, newest first.
func (q *request) entriesAbout(ref domain.Ref) ([]entryLine, int, *pager, error) {
	seqs := q.view.Mentions(ref, q.known)
	from, to, pages, err := q.pages(len(seqs), entriesShort)
	if err != nil {
		return nil, 0, nil, err
	}
	chosen := make([]uint64, 0, to-from)
	for i := from; i < to; i++ {
		chosen = append(chosen, seqs[len(seqs)-1-i])
	}
	lines, err := q.entryLines(chosen)
	return lines, len(seqs), pages, err
}
