package histories

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// Large yields n valid entries of a ledger such as a country's public sector would have: one body in
// a hundred entries, most of the rest contracts and responsibilities that are awarded, assigned,
// transferred and varied, some dates imprecise, some facts corrected, and bodies that merge, split
// and are placed under one another over thirty-five years. Equal n and seed give equal entries.
func Large(n int, seed uint64) iter.Seq[*domain.Entry] {
	return func(yield func(*domain.Entry) bool) {
		g := &large{rng: rand.New(rand.NewPCG(seed, 0)), bodies: max(n/100, 10),
			ended: make(map[domain.OrganisationID]bool)}
		for i := range n {
			e := g.next(i)
			binary.BigEndian.PutUint64(e.ID[8:], uint64(i+1))
			binary.BigEndian.PutUint64(e.ID[:8], seed+1)
			e.ID[6], e.ID[8] = e.ID[6]&0x0f|0x80, e.ID[8]&0x3f|0x80 // version 8, RFC 9562
			if !yield(e) {
				return
			}
			g.note(i, e)
		}
	}
}

type large struct {
	rng           *rand.Rand
	bodies        int
	made          int // bodies
	duties, deals int
	correctable   []correctable
	ended         map[domain.OrganisationID]bool
}

type correctable struct {
	id    uuid.UUID
	entry *domain.Entry
}

const (
	firstYear = 1990
	years     = 35
)

func (g *large) day() domain.EDTF {
	text := fmt.Sprintf("%04d-%02d-%02d", firstYear+g.rng.IntN(years), 1+g.rng.IntN(12), 1+g.rng.IntN(28))
	switch g.rng.IntN(20) {
	case 0:
		text = text[:7]
	case 1:
		text = "[.." + text + "]"
	}
	e, err := domain.ParseEDTF(text)
	if err != nil {
		panic(err)
	}
	return e
}

func (g *large) body() domain.OrganisationID { return bodyID(g.rng.IntN(g.made)) }
func bodyID(i int) domain.OrganisationID     { return domain.OrganisationID(fmt.Sprintf("body-%d", i)) }

// pair is two different bodies.
func (g *large) pair() (a, b domain.OrganisationID) {
	i := g.rng.IntN(g.made)
	j := (i + 1 + g.rng.IntN(g.made-1)) % g.made
	return bodyID(i), bodyID(j)
}

func (g *large) next(i int) *domain.Entry {
	if i < g.bodies {
		return g.establish()
	}
	e := &domain.Entry{Effective: g.day()}
	switch p := g.rng.IntN(1000); {
	case p < 400 || g.deals == 0:
		owner, supplier := g.pair()
		e.Fact = &domain.ContractAwarded{Contract: dealID(g.deals), Title: fmt.Sprintf("Supply agreement %d", g.deals),
			Owner: owner, Suppliers: []domain.OrganisationID{supplier}}
	case p < 500 || g.duties == 0:
		e.Fact = &domain.ResponsibilityDefined{Responsibility: dutyID(g.duties), Title: fmt.Sprintf("Duty %d", g.duties), Kind: "function"}
		e.Effective = domain.EDTF{}
	case p < 650:
		e.Fact = &domain.ResponsibilityAssigned{Responsibility: dutyID(g.rng.IntN(g.duties)), Organisation: g.body()}
	case p < 750:
		from, to := g.pair()
		e.Fact = &domain.ResponsibilityTransferred{Responsibility: dutyID(g.rng.IntN(g.duties)), From: from, To: to}
	case p < 850:
		from, to := g.pair()
		e.Fact = &domain.ContractTransferred{Contract: dealID(g.rng.IntN(g.deals)), From: from, To: to}
	case p < 900:
		e.Fact = &domain.ContractVaried{Contract: dealID(g.rng.IntN(g.deals)), Title: fmt.Sprintf("Supply agreement, varied %d", i)}
	case p < 940:
		e.Fact = &domain.OrganisationRenamed{Organisation: g.body(), Name: fmt.Sprintf("Body renamed %d", i)}
	case p < 970 && len(g.correctable) > 0:
		c := g.correctable[g.rng.IntN(len(g.correctable))]
		e.Fact = &domain.EntryCorrected{Corrects: c.id, Reason: "better evidence",
			Replacement: domain.Replacement{Effective: g.day(), Fact: c.entry.Fact}}
		e.Effective = domain.EDTF{}
	case p < 976:
		from, to := g.pair()
		for try := 0; g.ended[from] && try < 10; try++ {
			from, to = g.pair()
		}
		e.Fact = &domain.OrganisationMerged{Organisations: []domain.OrganisationID{from}, Into: to}
	case p < 978:
		from, to := g.pair()
		e.Fact = &domain.HoldingsTransferred{From: from, To: to, Kinds: []domain.HoldingKind{domain.HoldingContract}}
	default:
		unit, parent := g.pair()
		e.Fact = &domain.OrganisationMoved{Organisation: unit, Parent: &domain.Parent{Organisation: parent, Relation: "part_of"}}
	}
	return e
}

func (g *large) establish() *domain.Entry {
	e := &domain.Entry{Fact: &domain.OrganisationEstablished{Organisation: bodyID(g.made), Name: fmt.Sprintf("Body %d", g.made)}}
	if g.rng.IntN(4) > 0 {
		e.Effective = g.day()
	}
	return e
}

// note remembers what an entry makes it possible to name.
func (g *large) note(i int, e *domain.Entry) {
	switch f := e.Fact.(type) {
	case *domain.OrganisationEstablished:
		g.made++
	case *domain.OrganisationMerged:
		g.ended[f.Organisations[0]] = true
	case *domain.ContractAwarded:
		g.deals++
	case *domain.ResponsibilityDefined:
		g.duties++
	case *domain.ResponsibilityAssigned, *domain.ResponsibilityTransferred, *domain.ContractTransferred:
		if i%8 == 0 {
			g.correctable = append(g.correctable, correctable{e.ID, e})
		}
	}
}

func dealID(i int) domain.ContractID       { return domain.ContractID(fmt.Sprintf("deal-%d", i)) }
func dutyID(i int) domain.ResponsibilityID { return domain.ResponsibilityID(fmt.Sprintf("duty-%d", i)) }
