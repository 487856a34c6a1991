package tables

// The tables, in the order in which they are listed.
var (
	// Export says what the other tables are of: one row.
	Export = &Table{Name: "export", Text: "what the other tables are of: one row", Columns: []Column{
		{Name: "ledger", Type: Text, Text: "name of the ledger"},
		{Name: "known", Type: Integer, Text: "the last entry that the export knows"},
		{Name: "recorded", Type: Time, Optional: true, Text: "when that was recorded"},
		{Name: "on_day", Type: Day, Text: "the day of the findings; the day that views begin with"},
		{Name: "one_day", Type: Boolean, Text: "rows are only of what was so on that day"},
		{Name: "one_known", Type: Boolean, Text: "rows are only of what was known at that entry; known periods are one entry long"},
		{Name: "version", Type: Text, Text: "of the program that exported"},
	}}

	// Things lists everything that the ledger names.
	Things = &Table{Name: "things", Text: "everything that has been introduced", Key: []string{"ref"}, Columns: []Column{
		{Name: "ref", Type: Text, Names: NamesRef, Text: "kind and identifier, kind/id"},
		{Name: "kind", Type: Text, Text: "organisation, responsibility, contract, plan, source, office, person or key"},
		{Name: "id", Type: Text, Text: "identifier"},
		{Name: "title", Type: Text, Optional: true, Text: "what it is called on the day of the export, or was called last"},
		{Name: "introduced", Type: Integer, Names: NamesEntry, Text: "entry that introduced it"},
	}}

	// Organisations says what organisations were.
	Organisations = periodic(&Table{Name: "organisations", Text: "what an organisation was, for a period", Index: [][]string{{"organisation"}}, Columns: []Column{
		{Name: "organisation", Type: Text, Names: NamesOrganisation, Text: "identifier of the organisation"},
		{Name: "status", Type: Text, Text: "unknown, pending, active or ended"},
		{Name: "form", Type: Text, Optional: true, Text: "legal form"},
		{Name: "established", Type: Text, Optional: true, Text: "when it was established, EDTF"},
		{Name: "ended", Type: Text, Optional: true, Text: "when it ended, EDTF"},
		{Name: "ended_how", Type: Text, Optional: true, Text: "merged, split or dissolved"},
		{Name: "ended_by", Type: Integer, Optional: true, Names: NamesEntry, Text: "entry of the ending"},
		{Name: "successors", Type: Text, Optional: true, Names: NamesOrganisation, Text: "organisations into which it ended, separated by commas"},
		{Name: "certainty", Type: Text, Text: "certain or uncertain"},
		{Name: "uncertain_because", Type: Text, Optional: true, Names: NamesEntry, Text: "entries of the inexact dates on which the answer hangs, separated by commas"},
	}})

	// OrganisationNames says what organisations were called.
	OrganisationNames = periodic(&Table{Name: "names", Text: "a name of an organisation, for a period", Index: [][]string{{"organisation"}, {"name"}}, Columns: []Column{
		{Name: "organisation", Type: Text, Names: NamesOrganisation, Text: "identifier of the organisation"},
		{Name: "kind", Type: Text, Text: "legal, or operating: the name it goes by"},
		{Name: "name", Type: Text, Text: "the name"},
	}})

	// Identifiers says which codes registers gave to organisations.
	Identifiers = periodic(&Table{Name: "identifiers", Text: "an identifier of an organisation in a register, for a period", Index: [][]string{{"organisation"}, {"scheme", "value"}}, Columns: []Column{
		{Name: "organisation", Type: Text, Names: NamesOrganisation, Text: "identifier of the organisation in the ledger"},
		{Name: "scheme", Type: Text, Text: "the register"},
		{Name: "value", Type: Text, Text: "the register's code"},
	}})

	// Holdings says who held what.
	Holdings = periodic(&Table{Name: "holdings", Text: "who held a responsibility or a contract, or under whom an organisation was placed, for a period", Index: [][]string{{"ref"}, {"organisation"}}, Columns: []Column{
		{Name: "ref", Type: Text, Names: NamesRef, Text: "what is held; an organisation: its placement"},
		{Name: "kind", Type: Text, Text: "responsibility, contract or organisation"},
		{Name: "organisation", Type: Text, Names: NamesOrganisation, Text: "who holds it, or the parent"},
		{Name: "role", Type: Text, Text: "role of the holder, side of the contract, or relation to the parent"},
		{Name: "effective", Type: Text, Optional: true, Text: "the date of the last fact of the path, EDTF"},
		{Name: "path", Type: Text, Names: NamesEntry, Text: "entries that brought it there, separated by commas: the grant, then every fact that moved it"},
	}})

	// States says how holdings stood.
	States = periodic(&Table{Name: "states", Text: "how something that can be held stood, for a period", Index: [][]string{{"ref"}}, Columns: []Column{
		{Name: "ref", Type: Text, Names: NamesRef, Text: "what can be held"},
		{Name: "status", Type: Text, Text: "unknown, ended, pending, held or unheld"},
		{Name: "certainty", Type: Text, Text: "certain or uncertain"},
		{Name: "uncertain_because", Type: Text, Optional: true, Names: NamesEntry, Text: "entries of the inexact dates on which the answer hangs, separated by commas"},
	}})

	// Successions says which organisation followed which.
	Successions = periodic(&Table{Name: "successions", Text: "one organisation that came of another", Index: [][]string{{"predecessor"}, {"successor"}}, Columns: []Column{
		{Name: "predecessor", Type: Text, Names: NamesOrganisation, Text: "the organisation before"},
		{Name: "successor", Type: Text, Names: NamesOrganisation, Text: "the organisation after"},
		{Name: "how", Type: Text, Text: "merged, split or dissolved"},
		{Name: "effective", Type: Text, Text: "when, EDTF"},
		{Name: "seq", Type: Integer, Names: NamesEntry, Text: "entry that says so"},
	}})

	// Appointments says who filled offices.
	Appointments = periodic(&Table{Name: "appointments", Text: "who filled an office, for a period", Index: [][]string{{"office"}, {"organisation"}}, Columns: []Column{
		{Name: "office", Type: Text, Names: NamesOffice, Text: "identifier of the office"},
		{Name: "organisation", Type: Text, Names: NamesOrganisation, Text: "organisation of the office"},
		{Name: "title", Type: Text, Text: "title of the office"},
		{Name: "person", Type: Text, Optional: true, Text: "name of the person, as the ledger shows it; empty where it is forgotten or lost"},
		{Name: "person_id", Type: Text, Optional: true, Names: NamesPerson, Text: "identifier of the person; empty where the name stands in the log"},
		{Name: "acting", Type: Boolean, Text: "holds it for the time being"},
		{Name: "effective", Type: Text, Text: "date of the appointment, EDTF"},
		{Name: "seq", Type: Integer, Names: NamesEntry, Text: "entry of the appointment"},
	}})

	// Plans says what was announced.
	Plans = periodic(&Table{Name: "plans", Text: "how an announced plan stood, for a period", Index: [][]string{{"plan"}}, Columns: []Column{
		{Name: "plan", Type: Text, Names: NamesPlan, Text: "identifier of the plan"},
		{Name: "title", Type: Text, Text: "its title"},
		{Name: "status", Type: Text, Text: "announced, in_progress, completed or withdrawn"},
		{Name: "expected", Type: Text, Optional: true, Text: "when it is to be carried out, EDTF"},
		{Name: "announced", Type: Text, Text: "when it was announced, EDTF"},
		{Name: "announced_by", Type: Text, Optional: true, Text: "who announced it"},
		{Name: "conditions", Type: JSON, Text: "array of what it depends on"},
		{Name: "seq", Type: Integer, Names: NamesEntry, Text: "entry of the announcement"},
	}})

	// PlanItems says what plans would change.
	PlanItems = periodic(&Table{Name: "plan_items", Text: "one change that a plan intends, for a period", Index: [][]string{{"plan"}}, Columns: []Column{
		{Name: "plan", Type: Text, Names: NamesPlan, Text: "identifier of the plan"},
		{Name: "item", Type: Text, Text: "identifier of the item within the plan"},
		{Name: "type", Type: Text, Text: "type of the fact intended"},
		{Name: "effective", Type: Text, Optional: true, Text: "when, EDTF, where the item says"},
		{Name: "data", Type: JSON, Text: "what the fact would say"},
		{Name: "fulfilled_by", Type: Integer, Optional: true, Names: NamesEntry, Text: "first entry in effect that carries it out"},
	}})

	// Findings lists what is odd.
	Findings = &Table{Name: "findings", Text: "what is odd up to the day of the export, as known to it", Index: [][]string{{"ref"}, {"code"}}, Columns: []Column{
		{Name: "code", Type: Text, Text: "what is odd; the codes are in semantics.md"},
		{Name: "seq", Type: Integer, Names: NamesEntry, Text: "entry that raised it"},
		{Name: "ref", Type: Text, Optional: true, Names: NamesRef, Text: "what it is about"},
		{Name: "valid_from", Type: Day, Optional: true, Text: "of a finding about a period: its first day"},
		{Name: "valid_to", Type: Day, Optional: true, Text: "the first day after it; empty: open"},
	}}

	// Entries lists the log.
	Entries = &Table{Name: "entries", Text: "an entry of the log, as it was recorded", Key: []string{"seq"}, Columns: []Column{
		{Name: "seq", Type: Integer, Names: NamesEntry, Text: "place in the log"},
		{Name: "id", Type: Text, Text: "UUID"},
		{Name: "type", Type: Text, Text: "type of the fact"},
		{Name: "about", Type: Text, Optional: true, Names: NamesRef, Text: "the one thing that it is about, where there is one"},
		{Name: "effective", Type: Text, Optional: true, Text: "when it takes effect, EDTF; of a correction the new date"},
		{Name: "recorded", Type: Time, Text: "when it was recorded, UTC"},
		{Name: "actor", Type: Text, Optional: true, Text: "who recorded it"},
		{Name: "key", Type: Text, Optional: true, Names: NamesKey, Text: "key with which that is signed"},
		{Name: "amends", Type: Integer, Optional: true, Names: NamesEntry, Text: "the entry that it corrects or retracts"},
		{Name: "fulfils", Type: Text, Optional: true, Text: "plan, or plan/item, that it carries out"},
		{Name: "note", Type: Text, Optional: true, Text: "a remark"},
		{Name: "data", Type: JSON, Text: "what it says"},
	}}

	// Facts lists the versions of what entries say.
	Facts = &Table{Name: "facts", Text: "a fact or plan entry in one of its versions, for the sequences at which that stood; retracted ones have none", Key: []string{"seq", "version"}, Index: [][]string{{"type"}, {"about"}}, Columns: []Column{
		{Name: "seq", Type: Integer, Names: NamesEntry, Text: "entry that first said it"},
		{Name: "version", Type: Integer, Names: NamesEntry, Text: "entry that says it so: the same, or a correction of it"},
		{Name: "type", Type: Text, Text: "type of the fact"},
		{Name: "about", Type: Text, Optional: true, Names: NamesRef, Text: "the one thing that it is about, where there is one"},
		{Name: "effective", Type: Text, Optional: true, Text: "when it takes effect, EDTF"},
		{Name: "day", Type: Day, Text: "the day the ledger counts with"},
		{Name: "earliest", Type: Day, Optional: true, Text: "first day that the date may stand for; empty: open"},
		{Name: "latest", Type: Day, Optional: true, Text: "last day that the date may stand for"},
		{Name: "fulfils", Type: Text, Optional: true, Text: "plan, or plan/item, that it carries out"},
		{Name: "data", Type: JSON, Text: "what it says"},
		periodColumns[2], periodColumns[3],
	}}

	// Citations lists the evidence of entries.
	Citations = &Table{Name: "citations", Text: "a source that an entry cites", Index: [][]string{{"seq"}, {"source"}}, Columns: []Column{
		{Name: "seq", Type: Integer, Names: NamesEntry, Text: "the entry; of a fact's version the entry that says it so"},
		{Name: "source", Type: Text, Names: NamesSource, Text: "identifier of the source"},
		{Name: "locator", Type: Text, Optional: true, Text: "where in the source"},
	}}

	// Mentions lists what entries name.
	Mentions = &Table{Name: "mentions", Text: "something that an entry names", Key: []string{"seq", "ref"}, Index: [][]string{{"ref"}}, Columns: []Column{
		{Name: "seq", Type: Integer, Names: NamesEntry, Text: "the entry"},
		{Name: "ref", Type: Text, Names: NamesRef, Text: "what it names"},
	}}

	// Sources lists the evidence.
	Sources = &Table{Name: "sources", Text: "a source of evidence", Key: []string{"source"}, Columns: []Column{
		{Name: "source", Type: Text, Names: NamesSource, Text: "identifier of the source"},
		{Name: "title", Type: Text, Text: "its title"},
		{Name: "publisher", Type: Text, Optional: true, Text: "who published it"},
		{Name: "published", Type: Text, Optional: true, Text: "when, EDTF"},
		{Name: "url", Type: Text, Optional: true, Text: "where it is, or was"},
		{Name: "sha256", Type: Text, Optional: true, Text: "digest of its bytes"},
		{Name: "retrieved", Type: Text, Optional: true, Text: "when it was fetched, EDTF"},
		{Name: "seq", Type: Integer, Names: NamesEntry, Text: "entry that registered it"},
	}}
)

// All lists the tables.
func All() []*Table {
	return []*Table{Export, Things, Organisations, OrganisationNames, Identifiers, Holdings, States, Successions, Appointments,
		Plans, PlanItems, Findings, Entries, Facts, Citations, Mentions, Sources}
}

// periodic gives a table the columns of the two periods.
func periodic(t *Table) *Table {
	t.Columns, t.Periods = append(t.Columns, periodColumns...), true
	return t
}
