package tables

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// claims is everything that the ledger answers about one thing at a point.
func claims(v *ledger.View, ref domain.Ref, at ledger.Point) ([]claim, error) {
	var all []claim
	var err error
	if ref.IsHolding() {
		if all, err = holdingClaims(all, v, ref, at); err != nil {
			return nil, err
		}
	}
	switch ref.Kind {
	case domain.KindOrganisation:
		return organisationClaims(all, v, domain.OrganisationID(ref.ID), at)
	case domain.KindOffice:
		return officeClaims(all, v, domain.OfficeID(ref.ID), at)
	case domain.KindPlan:
		return planClaims(all, v, domain.PlanID(ref.ID), at)
	}
	return all, nil
}

func holdingClaims(all []claim, v *ledger.View, ref domain.Ref, at ledger.Point) ([]claim, error) {
	answer, err := v.Holders(ref, at, nil)
	if err != nil {
		return nil, err
	}
	all = append(all, claim{States, []any{answer.Ref, answer.Status, answer.Certainty, sequences(answer.UncertainBy)}})
	for _, h := range answer.Holders {
		all = append(all, claim{Holdings, []any{answer.Ref, ref.Kind.String(), h.Organisation, h.Role, given(h.Effective), sequences(h.Path)}})
	}
	return all, nil
}

func organisationClaims(all []claim, v *ledger.View, org domain.OrganisationID, at ledger.Point) ([]claim, error) {
	o, err := v.Organisation(org, at)
	if err != nil {
		return nil, err
	}
	row := []any{o.Organisation, o.Status, given(o.Form), given(o.Established), nil, nil, nil, nil, o.Certainty, sequences(o.UncertainBy)}
	if e := o.Ended; e != nil {
		row[4], row[5], row[6], row[7] = e.Effective, e.How, int64(e.Seq), optional(strings.Join(e.Successors, ","))
	}
	all = append(all, claim{Organisations, row})
	if o.Name != nil {
		all = append(all, claim{OrganisationNames, []any{o.Organisation, string(domain.NameLegal), *o.Name}})
	}
	if o.OperatingName != nil {
		all = append(all, claim{OrganisationNames, []any{o.Organisation, string(domain.NameOperating), *o.OperatingName}})
	}
	for _, code := range o.Identifiers {
		all = append(all, claim{Identifiers, []any{o.Organisation, code.Scheme, code.Value}})
	}
	edges, err := v.Successions(org, at)
	if err != nil {
		return nil, err
	}
	for _, e := range edges {
		all = append(all, claim{Successions, []any{e.From, e.To, e.How, e.Effective, int64(e.Seq)}})
	}
	return all, nil
}

func officeClaims(all []claim, v *ledger.View, id domain.OfficeID, at ledger.Point) ([]claim, error) {
	office, org, err := v.Office(id, at)
	if err != nil || office == nil {
		return all, err
	}
	return append(all, claim{Appointments, []any{office.Office, string(org), office.Title, given(office.Person), optional(string(office.PersonID)), office.Acting,
		office.Effective, int64(office.Seq)}}), nil
}

func planClaims(all []claim, v *ledger.View, id domain.PlanID, at ledger.Point) ([]claim, error) {
	plan, items, err := v.Plan(id, at)
	if err != nil || plan == nil {
		return all, err
	}
	conditions, err := json.Marshal(plan.Conditions)
	if err != nil {
		return nil, fmt.Errorf("write the conditions of plan %s: %w", id, err)
	}
	all = append(all, claim{Plans, []any{plan.Plan, plan.Title, plan.Status, given(plan.Expected), plan.Announced,
		optional(plan.By), string(conditions), int64(plan.Seq)}})
	for i, item := range items {
		row := []any{plan.Plan, item.Item, item.Fact.Type().String(), optional(item.Effective.String()), string(domain.AppendFact(nil, item.Fact)), nil}
		if by := plan.Items[i].FulfilledBy; by != nil {
			row[5] = int64(*by)
		}
		all = append(all, claim{PlanItems, row})
	}
	return all, nil
}

// sequences writes numbers separated by commas, nil for none.
func sequences(seqs []uint64) any {
	if len(seqs) == 0 {
		return nil
	}
	text := make([]byte, 0, 8*len(seqs))
	for i, seq := range seqs {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendUint(text, seq, 10)
	}
	return string(text)
}
