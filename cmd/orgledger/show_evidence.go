package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/projections"
)

// showPlan shows a plan as it stands, and the entries that made it so.
func (q *inquiry) showPlan(ctx context.Context, ref domain.Ref) error {
	plans, err := answer[projections.Plans](ctx, q, q.onDay(q.question("plans")))
	if plans == nil {
		return err
	}
	if err := q.learnPlan(ctx, domain.PlanID(ref.ID)); err != nil {
		return err
	}
	if err := q.heading(ctx, q.called(ref), q.day()); err != nil {
		return err
	}
	q.blank()
	at := slices.IndexFunc(plans.Plans, func(p projections.Plan) bool { return p.Plan == ref.ID })
	if at < 0 {
		q.say(plain, 0, "It had not been announced by "+telling.DayWords(q.on)+", as far as was known.")
	} else {
		p := &plans.Plans[at]
		status, _ := planStatus(p.Status)
		q.fields([]field{{"Status", status}, {"Expected", telling.Capital(telling.DateWords(telling.DateOf(p.Expected)))}, {"Items", fulfilledText(*p)}})
		if err := q.planDetails(ctx, p); err != nil {
			return err
		}
	}
	entries, err := q.concerning(ctx, ref)
	if err != nil {
		return err
	}
	q.section("Entries about it")
	if err := q.entriesList(ctx, entries); err != nil {
		return err
	}
	q.blank()
	q.say(dim, 0, "What it would change: orgledger impact "+ref.ID)
	return nil
}

// entriesList tells entries up to the known point in one sentence each.
func (q *inquiry) entriesList(ctx context.Context, entries []*domain.Recorded) error {
	for part := range slices.Chunk(entries[:q.countKnown(entries)], tellAtOnce) {
		told := make([]*domain.Entry, len(part))
		for i, e := range part {
			told[i] = &e.Entry
		}
		if err := q.tell(ctx, told...); err != nil {
			return err
		}
		if err := q.learnSigned(ctx, part...); err != nil {
			return err
		}
		for _, e := range part {
			q.hang(plain, fmt.Sprintf("  %4d  ", e.Seq), q.sentence(&e.Entry)+"."+mark(q.editionOf(e, q.known))+q.signedSentence(e))
		}
	}
	return nil
}

// logJSON prints the entries about a reference as log does.
func (q *inquiry) logJSON(entries []*domain.Recorded) error {
	for _, e := range entries {
		if e.Seq <= q.known {
			q.line(string(ledger.AppendLogged(nil, e)))
		}
	}
	return nil
}

// showSource shows a source as it was registered, and what cites it.
func (q *inquiry) showSource(ctx context.Context, ref domain.Ref) error {
	entries, err := q.introduced(ctx, ref)
	if err != nil {
		return err
	}
	if q.json {
		return q.logJSON(entries)
	}
	s, err := q.source(ctx, domain.SourceID(ref.ID))
	if err != nil {
		return err
	}
	if err := q.heading(ctx, telling.Quoted(s.Title)+" ("+ref.String()+")", ""); err != nil {
		return err
	}
	q.blank()
	published, retrieved := "", ""
	if !s.Published.IsZero() {
		published = telling.DateWords(s.Published)
	}
	if !s.Retrieved.IsZero() {
		retrieved = telling.DateWords(s.Retrieved)
	}
	q.fields([]field{{"Publisher", telling.Clean(s.Publisher)}, {"Published", published}, {"Address", telling.Clean(s.URL)}, {"Retrieved", retrieved},
		{"SHA-256", s.SHA256}, {"Note", telling.Clean(entries[0].Note)}})
	citing := entries[1:]
	if len(citing) == 0 {
		q.section("No entry cites it.")
		return nil
	}
	q.section(fmt.Sprintf("Cited by %s", telling.Counted(q.countKnown(citing), "entry")))
	return q.entriesList(ctx, citing)
}

// introduced reads the entries about a reference, of which at least one has to be known.
func (q *inquiry) introduced(ctx context.Context, ref domain.Ref) ([]*domain.Recorded, error) {
	entries, err := q.concerning(ctx, ref)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 || entries[0].Seq > q.known {
		return nil, &projections.QuestionError{Code: projections.CodeUnknownReference, Field: "ref",
			Message: fmt.Sprintf("no entry up to %d introduces %s", q.known, ref)}
	}
	return entries, nil
}

// showOffice shows who has held an office.
func (q *inquiry) showOffice(ctx context.Context, ref domain.Ref) error {
	entries, err := q.introduced(ctx, ref)
	if err != nil {
		return err
	}
	if q.json {
		return q.logJSON(entries)
	}
	if err := q.names(ctx, ref.String()); err != nil {
		return err
	}
	if err := q.heading(ctx, q.called(ref), q.day()); err != nil {
		return err
	}
	q.blank()
	holder, err := q.officeHolder(ctx, ref, entries)
	if err != nil {
		return err
	}
	q.say(bold, 0, holder)
	q.section("Entries about it")
	return q.entriesList(ctx, entries)
}

// officeHolder says who holds an office: it is with one of the organisations that appointments name.
func (q *inquiry) officeHolder(ctx context.Context, ref domain.Ref, entries []*domain.Recorded) (string, error) {
	var orgs []string
	for _, e := range entries {
		if made, ok := q.editionOf(e, q.known).Now.Fact.(*domain.AppointmentMade); ok && e.Seq <= q.known && !slices.Contains(orgs, string(made.Organisation)) {
			orgs = append(orgs, string(made.Organisation))
		}
	}
	for _, org := range orgs {
		answer, err := ask[projections.Offices](ctx, q.session, q.question("offices", "organisation", org, "on", q.on.String()))
		if err != nil {
			return "", err
		}
		for _, o := range answer.Offices {
			if o.Office != ref.ID {
				continue
			}
			if err := q.orgs(ctx, org); err != nil {
				return "", err
			}
			acting := ""
			if o.Acting {
				acting = "acting, "
			}
			return fmt.Sprintf("%s holds it, %sat %s, since %s (entry %d).", telling.OfficerWords(&o), acting, q.org(org), telling.SinceWords(o.Since, &o.Effective), o.Seq), nil
		}
	}
	return "Nobody is known to hold it on " + telling.DayWords(q.on) + ".", nil
}
