package ocds

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
)

// state is what releases so far said of contracts: what the ledger has, and what this import adds.
type state struct {
	byID   map[domain.ContractID]*contract
	byCode map[string]*contract // by code
	facts  map[uuid.UUID]*contract
	cited  map[string]bool      // locators of releases that made something
	last   map[string]time.Time // the date of the last of these, by process
}

// code names an award or a contract of a process.
func code(ocid, scheme, id string) string { return ocid + "\x00" + scheme + "\x00" + id }

// earlierReleases rebuilds the state from what is recorded.
func earlierReleases(ctx context.Context, earlier formats.Earlier) (*state, error) {
	s := &state{byID: make(map[domain.ContractID]*contract), byCode: make(map[string]*contract),
		facts: make(map[uuid.UUID]*contract), cited: make(map[string]bool), last: make(map[string]time.Time)}
	err := earlier.Each(ctx, Format+"-", func(e domain.Recorded) error {
		s.apply(&e.Entry)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for what earlier releases said: %w", err)
	}
	return s, nil
}

// apply takes an entry that was made of a release. What others made is passed over: they may cite a release too, but not
// as a locator does.
func (s *state) apply(e *domain.Entry) {
	at, cited := dateCited(e)
	if cited == "" {
		return
	}
	if c := s.said(e, cited); c != nil {
		s.cited[cited] = true
		if at.After(s.last[c.ocid]) {
			s.last[c.ocid] = at
		}
	}
}

// said takes what an entry, made of the release that it cites, says of a contract, and gives the contract; nil where it
// is about none.
func (s *state) said(e *domain.Entry, cited string) *contract {
	switch f := e.Fact.(type) {
	case *domain.EntryCorrected:
		c := s.facts[f.Corrects]
		if c == nil {
			return nil
		}
		c.restated = cited
		was := c.fact(f.Corrects)
		*was = formats.Stated{Entry: *f.Apply(&was.Entry), Last: e.ID}
		s.index(c)
		return c
	case *domain.EntryRetracted:
		c := s.facts[f.Retracts]
		if c != nil {
			if _, ended := c.fact(f.Retracts).Fact.(*domain.ContractEnded); !ended { // an amendment takes that out as well
				c.restated = cited
			}
			c.facts = slices.DeleteFunc(c.facts, func(was *formats.Stated) bool { return was.ID == f.Retracts })
		}
		return c
	}
	about := domain.About(e.Fact)
	if about.Kind != domain.KindContract {
		return nil
	}
	c := s.contractOf(domain.ContractID(about.ID))
	c.facts = append(c.facts, &formats.Stated{Entry: *e, Last: e.ID})
	s.facts[e.ID] = c
	s.index(c)
	return c
}

func (c *contract) fact(id uuid.UUID) *formats.Stated {
	i := slices.IndexFunc(c.facts, func(s *formats.Stated) bool { return s.ID == id })
	if i < 0 { // retracted; nobody reads what is said of it now
		return &formats.Stated{}
	}
	return c.facts[i]
}

func (s *state) contractOf(id domain.ContractID) *contract {
	c := s.byID[id]
	if c == nil {
		c = &contract{id: id}
		s.byID[id] = c
	}
	return c
}

// index makes a contract known by its process and codes.
func (s *state) index(c *contract) {
	award := c.award()
	if award == nil {
		return
	}
	codes := award.Fact.(*domain.ContractAwarded).Identifiers
	for _, i := range codes {
		if i.Scheme == schemeProcess {
			c.ocid = i.Value
		}
	}
	for _, i := range codes {
		s.byCode[code(c.ocid, i.Scheme, i.Value)] = c
	}
}

// dateCited is the date of the release that an entry was made of, and how the entry cites it; nothing where others made
// the entry.
func dateCited(e *domain.Entry) (at time.Time, cited string) {
	for _, c := range e.Sources {
		_, date, _ := strings.Cut(c.Locator, " ")
		at, err := time.Parse(time.RFC3339Nano, date)
		if err == nil && strings.HasPrefix(string(c.Source), Format+"-") {
			return at, c.Locator
		}
	}
	return time.Time{}, ""
}

// locator names a release: by its id, or its process where it has none, and its date.
func (r *release) locator() string {
	id := r.id
	if id == "" {
		id = r.ocid
	}
	return strings.ReplaceAll(id, " ", "-") + " " + r.at.Format(time.RFC3339Nano)
}

func (r *release) cite() []domain.Citation {
	return []domain.Citation{{Source: r.source, Locator: r.locator()}}
}

// find is the contract that a deal is about, nil where no release has told of it. A contract whose award is known, and is
// not another contract's, is what became of the award.
func (s *state) find(r *release, d *deal) *contract {
	if d.contract != "" {
		if c := s.byCode[code(r.ocid, schemeContract, d.contract)]; c != nil && c.award() != nil {
			return c
		}
	}
	c := s.byCode[code(r.ocid, schemeAward, d.award)]
	if d.award == "" || c == nil || c.award() == nil || d.contract != "" && c.code(schemeContract) != "" {
		return nil
	}
	return c
}

// code is the contract's identifier of a scheme, empty where it has none.
func (c *contract) code(scheme string) string {
	for _, i := range c.award().Fact.(*domain.ContractAwarded).Identifiers {
		if i.Scheme == scheme {
			return i.Value
		}
	}
	return ""
}
