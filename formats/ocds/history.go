package ocds

import (
	"fmt"
	"slices"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// tell records what a release says of a contract. What it says otherwise than the releases before is a variation or a
// transfer where it is marked as an amendment, else a correction. why is why nothing can be made of it.
func (in *importing) tell(r *release, d *deal) (why string, err error) {
	c := in.state.find(r, d)
	switch {
	case d.trouble != "":
		return d.trouble, nil
	case c == nil && slices.Contains(over, d.state):
		return "it is " + d.state + ", and no earlier release has it", nil
	case c == nil && d.state == statePending && d.contract == "":
		return "it is pending", nil
	case c == nil && d.owner == nil:
		return "no buyer is named", nil
	case c != nil && slices.Contains(over, d.state):
		return in.end(r, d, c)
	case c != nil && d.contract == "" && c.code(schemeContract) != "":
		return "", nil // the contract says more than its award
	}
	owner, suppliers, why, err := in.parties(r, d)
	if why != "" || err != nil {
		return why, err
	}
	if c == nil {
		return in.award(r, d, owner, suppliers)
	}
	if s := c.ended(); s != nil {
		if err := in.retract(r, c, s); err != nil {
			return "", err
		}
	}
	return in.vary(r, d, c, c.terms().want(d, owner, suppliers))
}

// award records a contract of which nothing was known.
func (in *importing) award(r *release, d *deal, owner domain.OrganisationID, suppliers []domain.OrganisationID) (string, error) {
	from := d.from
	if from == 0 {
		from = r.day
	}
	if d.last != 0 && d.last < from {
		return "its last day is before it was awarded", nil
	}
	fact := &domain.ContractAwarded{Contract: in.name(r, d), Title: d.title, Owner: owner, Suppliers: suppliers, LastDay: d.last, Value: d.value, Identifiers: d.codes(r)}
	return "", in.say(r, string(fact.Contract), domain.DayEDTF(from), fact)
}

// codes are the identifiers of a contract.
func (d *deal) codes(r *release) []domain.Identifier {
	codes := []domain.Identifier{{Scheme: schemeProcess, Value: r.ocid}}
	if d.award != "" {
		codes = append(codes, domain.Identifier{Scheme: schemeAward, Value: d.award})
	}
	if d.contract != "" {
		codes = append(codes, domain.Identifier{Scheme: schemeContract, Value: d.contract})
	}
	return codes
}

// name is an identifier for a new contract: the contract's own, else the award's, with that of its process before it
// where it is not in it.
func (in *importing) name(r *release, d *deal) domain.ContractID {
	const most = 110
	own := identifierOf(d.contract, most)
	if own == "" {
		own = identifierOf(d.award, most)
	}
	process := identifierOf(r.ocid, most)
	if len(own) < len(process) || own[:len(process)] != process {
		own = process + "-" + own
	}
	id := domain.ContractID(own[:min(len(own), most)])
	if len(own) > most || in.state.byID[id] != nil || in.sink.Introduced(id.Ref()) {
		id += domain.ContractID("-" + formats.ID(Format, r.ocid, d.award, d.contract).String()[:8])
	}
	return id
}

// end records that a contract ended before its time, unless it had.
func (in *importing) end(r *release, d *deal, c *contract) (string, error) {
	now := c.terms()
	if c.ended() != nil || now.last != 0 && now.last < r.day {
		return "", nil
	}
	return "", in.say(r, string(c.id), domain.DayEDTF(max(r.day, now.from)), &domain.ContractEnded{Contract: c.id, Reason: d.state})
}

// vary records the difference between what is known of a contract and what a release wants it to be.
func (in *importing) vary(r *release, d *deal, c *contract, want terms) (string, error) {
	now := c.terms()
	if want.last != 0 && want.last < want.from {
		return "its last day is before it was awarded", nil
	}
	if d.amended != 0 && c.restated != r.locator() && c.amendable(r, d.amended, now) && want.from == now.from {
		done, err := in.amend(r, d, c, now, want)
		if done || err != nil {
			return "", err
		}
	}
	if err := in.trim(r, c, want); err != nil {
		return "", err
	}
	return "", in.restate(r, d, c, c.terms(), want)
}

// trim takes out changes that would not be within the contract's period as a release has it.
func (in *importing) trim(r *release, c *contract, want terms) error {
	for _, s := range slices.Clone(c.facts) {
		on, t := s.Effective.Nominal(), s.Fact.Type()
		if t != domain.TypeContractVaried && t != domain.TypeContractTransferred || on >= want.from && (want.last == 0 || on <= want.last) {
			continue
		}
		if err := in.retract(r, c, s); err != nil {
			return err
		}
	}
	return nil
}

// amendable reports whether a contract was in force on a day, after all that is known to have changed it: what took effect
// before or never was no amendment of it. What the release itself says of an amendment, before it was interrupted, counts
// not.
func (c *contract) amendable(r *release, on domain.Date, now terms) bool {
	later := func(s *formats.Stated) bool {
		own := slices.ContainsFunc(s.Sources, func(cited domain.Citation) bool { return cited.Locator == r.locator() })
		return s.Effective.Nominal() >= on && !own
	}
	return !slices.ContainsFunc(c.facts, later) && (now.last == 0 || on <= now.last)
}

// amend records a change of the contract itself. done is false where such a change cannot be told as one: several
// suppliers in place of others.
func (in *importing) amend(r *release, d *deal, c *contract, now, want terms) (done bool, err error) {
	left, joined := differing(now.suppliers, want.suppliers), differing(want.suppliers, now.suppliers)
	if len(left) != len(joined) || len(left) > 1 || want.last != 0 && want.last < d.amended {
		return false, nil
	}
	on := domain.DayEDTF(d.amended)
	if now.owner != want.owner {
		fact := &domain.ContractTransferred{Contract: c.id, From: now.owner, To: want.owner}
		if err := in.say(r, string(c.id), on, fact); err != nil {
			return false, err
		}
	}
	if len(left) == 1 {
		fact := &domain.ContractTransferred{Contract: c.id, From: left[0], To: joined[0], Side: domain.SideSupplier}
		if err := in.say(r, string(c.id), on, fact); err != nil {
			return false, err
		}
	}
	if varied := variation(c.id, now, want); varied != nil {
		return true, in.say(r, string(c.id), on, varied)
	}
	return true, nil
}

// variation is what differs of last day, value and title; nil where nothing does.
func variation(id domain.ContractID, now, want terms) *domain.ContractVaried {
	fact := &domain.ContractVaried{Contract: id}
	if now.last != want.last {
		fact.LastDay = want.last
	}
	if !sameValue(now.value, want.value) {
		fact.Value = want.value
	}
	if now.title != want.title {
		fact.Title = want.title
	}
	if *fact == (domain.ContractVaried{Contract: id}) {
		return nil
	}
	return fact
}

// restate corrects the facts that say otherwise than a release: the last variation of what differs, else the award.
func (in *importing) restate(r *release, d *deal, c *contract, now, want terms) error {
	award := c.award()
	fact := *award.Fact.(*domain.ContractAwarded)
	if err := in.untransfer(r, c, want); err != nil {
		return err
	}
	if !c.terms().sameParties(want) {
		fact.Owner, fact.Suppliers = want.owner, want.suppliers
	}
	if differs := variation(c.id, now, want); differs != nil {
		if err := in.restateVariations(r, c, differs); err != nil {
			return err
		}
		if differs.LastDay != 0 {
			fact.LastDay = differs.LastDay
		}
		if differs.Value != nil {
			fact.Value = differs.Value
		}
		if differs.Title != "" {
			fact.Title = differs.Title
		}
	}
	for _, code := range d.codes(r) {
		if !slices.Contains(fact.Identifiers, code) {
			fact.Identifiers = append(slices.Clone(fact.Identifiers), code)
		}
	}
	return in.correct(r, c, award, domain.DayEDTF(want.from), &fact)
}

// untransfer takes out transfers, the last one first, until the parties are those that a release has or no transfer is
// left. Each step follows from the facts alone, so an interrupted import goes on where it was.
func (in *importing) untransfer(r *release, c *contract, want terms) error {
	for _, s := range slices.Backward(slices.Clone(c.facts)) {
		if s.Fact.Type() != domain.TypeContractTransferred {
			continue
		}
		if c.terms().sameParties(want) {
			return nil
		}
		if err := in.retract(r, c, s); err != nil {
			return err
		}
	}
	return nil
}

// restateVariations corrects the last variation of each thing that differs, and takes that out of differs: what is left
// is the award's to say.
func (in *importing) restateVariations(r *release, c *contract, differs *domain.ContractVaried) error {
	for _, s := range slices.Backward(slices.Clone(c.facts)) {
		varied, ok := s.Fact.(*domain.ContractVaried)
		if !ok {
			continue
		}
		fact := *varied
		if fact.LastDay != 0 && differs.LastDay != 0 && differs.LastDay >= s.Effective.Nominal() {
			fact.LastDay, differs.LastDay = differs.LastDay, 0
		}
		if fact.Value != nil && differs.Value != nil {
			fact.Value, differs.Value = differs.Value, nil
		}
		if fact.Title != "" && differs.Title != "" {
			fact.Title, differs.Title = differs.Title, ""
		}
		if fact == *varied {
			continue
		}
		if err := in.correct(r, c, s, s.Effective, &fact); err != nil {
			return err
		}
	}
	return nil
}

// say records a fact about what is named.
func (in *importing) say(r *release, about string, effective domain.EDTF, fact domain.Fact) error {
	e := &domain.Entry{Effective: effective, Fact: fact, Sources: r.cite()}
	e.ID = formats.ID(Format, about, r.locator(), formats.Says(e))
	return in.take(e)
}

// correct replaces what an earlier release said, if anything is new.
func (in *importing) correct(r *release, c *contract, was *formats.Stated, effective domain.EDTF, fact domain.Fact) error {
	e := &domain.Entry{Effective: effective, Fact: fact}
	if formats.Says(e) == formats.Says(&was.Entry) {
		return nil
	}
	reason := fmt.Sprintf("the release of %s says otherwise than those before", r.at.Format("2006-01-02 15:04:05"))
	return in.take(&domain.Entry{
		ID:      formats.ID(Format, string(c.id), r.locator(), "corrects", was.ID.String(), formats.Says(e)),
		Fact:    &domain.EntryCorrected{Corrects: was.ID, Reason: reason, Replacement: domain.Replacement{Effective: effective, Fact: fact, Sources: r.cite()}},
		Sources: r.cite(),
	})
}

// retract takes out what an earlier release said.
func (in *importing) retract(r *release, c *contract, was *formats.Stated) error {
	reason := fmt.Sprintf("the release of %s no longer says so", r.at.Format("2006-01-02 15:04:05"))
	return in.take(&domain.Entry{
		ID:      formats.ID(Format, string(c.id), r.locator(), "retracts", was.ID.String()),
		Fact:    &domain.EntryRetracted{Retracts: was.ID, Reason: reason},
		Sources: r.cite(),
	})
}

// take hands on an entry, and knows it from then on.
func (in *importing) take(e *domain.Entry) error {
	if err := in.sink.Entry(e); err != nil {
		return err
	}
	in.state.apply(e)
	in.matching.directory.Add(e)
	return nil
}
