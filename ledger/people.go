package ledger

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"sync"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// Keys are the keys of persons, kept beside the log; *eventstore.Store has them. See there.
type Keys interface {
	SavePersonKeys(ctx context.Context, keys map[domain.PersonID]domain.PersonKey) error
	PersonKey(ctx context.Context, id domain.PersonID) (domain.PersonKey, bool, error)
	DestroyPersonKey(ctx context.Context, id domain.PersonID) error
}

// people seals the names of persons and opens them. What it remembers of names, it forgets with their keys.
// Names are opened when they are asked for, and all of them once when the first appointment is recorded: a name
// that the log has already is sealed as it was.
type people struct {
	keys Keys
	view func() *projections.View // of everything recorded

	mu     sync.Mutex
	opened map[domain.PersonID]name   // guarded by mu, as is what follows; at most maxOpened
	fresh  map[string]fresh           // made in this process, by name: not yet in the index
	room   int                        // how many of them there may be before those are dropped that are not staged
	sealed map[string]domain.PersonID // every name in the log; nil until it is needed
	plain  map[string]bool            // names that stand in entries of format 1; with sealed
	doomed map[domain.PersonID]error  // forgotten, and the key is not known to be destroyed, for that reason
}

// name is what a box holds.
type name struct {
	text string
	salt domain.PersonSalt
}

// fresh is a person who was made in this process.
type fresh struct {
	person domain.Person
	key    domain.PersonKey
	salt   domain.PersonSalt
}

const (
	maxOpened = 100_000
	maxFresh  = 100_000
)

func newPeople(keys Keys, view func() *projections.View) *people {
	return &people{keys: keys, view: view, opened: make(map[domain.PersonID]name), fresh: make(map[string]fresh), room: maxFresh,
		doomed: make(map[domain.PersonID]error)}
}

// open reads the name of a person: false where it is forgotten, or lost, because its key is not there.
func (p *people) open(ctx context.Context, id domain.PersonID) (name, bool, error) {
	sealed, ok := p.view().Person(id)
	if !ok || sealed.Forgotten {
		return name{}, false, nil
	}
	p.mu.Lock()
	n, ok := p.opened[id]
	p.mu.Unlock()
	if ok {
		return n, true, nil
	}
	n, ok, err := p.unseal(ctx, &sealed.Person)
	if !ok || err != nil {
		return n, ok, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now, _ := p.view().Person(id); now.Forgotten { // meanwhile
		return name{}, false, nil
	}
	if len(p.opened) >= maxOpened {
		clear(p.opened)
	}
	p.opened[id] = n
	return n, true, nil
}

func (p *people) unseal(ctx context.Context, sealed *domain.Person) (n name, found bool, err error) {
	key, found, err := p.keys.PersonKey(ctx, sealed.ID)
	if err != nil || !found {
		return n, false, err
	}
	n.text, n.salt, err = sealed.Open(key)
	return n, err == nil, nil // what does not open with its key is as lost as without one
}

// show opens the names in a fact, on a copy.
func (p *people) show(ctx context.Context, f domain.Fact) (domain.Fact, error) {
	if !domain.NamesPerson(f) {
		return f, nil
	}
	var failed error
	shown := domain.CopyPersons(f)
	domain.EachPerson(shown, func(person *domain.Person) {
		if person.ID == "" || failed != nil {
			return
		}
		n, _, err := p.open(ctx, person.ID)
		known, _ := p.view().Person(person.ID)
		person.Name, person.Forgotten, failed = n.text, known.Forgotten, err
	})
	return shown, failed
}

// offices opens the names of who holds them.
func (p *people) offices(ctx context.Context, answer *projections.Offices) error {
	for i := range answer.Offices {
		o := &answer.Offices[i]
		if o.PersonID == "" {
			continue
		}
		n, found, err := p.open(ctx, o.PersonID)
		if err != nil {
			return err
		}
		if found {
			o.Person = &n.text
		}
		person, _ := p.view().Person(o.PersonID)
		o.Forgotten = person.Forgotten
	}
	return nil
}

// learn reads the names of everyone in the log, once. mu is held.
func (p *people) learn(ctx context.Context) error {
	if p.sealed != nil {
		return nil
	}
	var failed error
	sealed, plain := make(map[string]domain.PersonID), make(map[string]bool)
	p.view().EachPerson(func(person projections.Person) {
		switch {
		case failed != nil || person.Forgotten:
		case person.ID == "":
			plain[person.Name] = true
		default:
			n, found, err := p.unseal(ctx, &person.Person)
			if failed = err; found {
				sealed[n.text] = person.ID
			}
		}
	})
	if failed == nil {
		p.sealed, p.plain = sealed, plain
	}
	return failed
}

// seal is the person of a name, with the key where the log does not have the person yet. A name that stands in
// the log stays as it is: to seal it would hide nothing, and make two persons of one. Whoever is forgotten by what
// is to be recorded before is taken for forgotten.
func (p *people) seal(ctx context.Context, text string, forgotten func(domain.PersonID) bool) (domain.Person, domain.PersonKey, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	made, err := p.sealAs(ctx, text, forgotten)
	return made.person, made.key, err
}

// sealAs is seal, with mu held.
func (p *people) sealAs(ctx context.Context, text string, forgotten func(domain.PersonID) bool) (fresh, error) {
	if err := p.learn(ctx); err != nil {
		return fresh{}, err
	}
	if p.plain[text] {
		return fresh{person: domain.Person{Name: text}}, nil
	}
	if id, ok := p.sealed[text]; ok && !forgotten(id) {
		if known, ok := p.view().Person(id); ok && !known.Forgotten {
			delete(p.fresh, text) // another node was first, or what was to come before has not come
			return fresh{person: known.Person}, nil
		}
	}
	made, ok := p.fresh[text]
	if !ok || forgotten(made.person.ID) {
		made = newPerson(text)
		p.fresh[text] = made
	}
	return made, nil
}

// trim forgets who was made and never recorded, once they are many, unless they are staged: as long as a name may come
// to be recorded, it is one person.
func (p *people) trim(staged func(domain.PersonID) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.fresh) <= p.room {
		return
	}
	maps.DeleteFunc(p.fresh, func(_ string, made fresh) bool { return !staged(made.person.ID) })
	p.room = max(maxFresh, 2*len(p.fresh))
}

func newPerson(text string) (made fresh) {
	var nonce [12]byte
	for _, random := range [][]byte{made.key[:], made.salt[:], nonce[:]} {
		rand.Read(random) // never fails: crypto/rand ends the program instead
	}
	made.person = domain.NewPerson(domain.PersonID(uuid.NewString()), text, made.key, made.salt, nonce)
	return made
}

// find is the person of a name; empty where nobody in the log has it.
func (p *people) find(ctx context.Context, text string) (domain.PersonID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.learn(ctx)
	return p.sealed[text], err
}

// nobody is forgotten.
func nobody(domain.PersonID) bool { return false }

// salts are what commits to names in this ledger; names that stand in the log have none.
func (p *people) salts(ctx context.Context, names []string) (map[string]domain.PersonSalt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	salts := make(map[string]domain.PersonSalt, len(names))
	for _, text := range names {
		made, err := p.sealAs(ctx, text, nobody)
		switch {
		case err != nil:
			return nil, err
		case made.person.ID == "":
			continue
		case made.key != domain.PersonKey{}:
			salts[text] = made.salt
			continue
		}
		n, found, err := p.unseal(ctx, &made.person)
		if err != nil {
			return nil, err
		}
		if found {
			salts[text] = n.salt
		}
	}
	return salts, nil
}

// applied takes what has been recorded, and is in the view: who is new, and who is forgotten. Then it destroys
// the keys of the latter.
func (p *people) applied(ctx context.Context, entries []domain.Recorded) {
	p.mu.Lock()
	for i := range entries {
		if f, ok := entries[i].Fact.(*domain.PersonForgotten); ok {
			p.forget(f.Person)
		} else if domain.NamesPerson(entries[i].Fact) && p.sealed != nil {
			domain.EachPerson(entries[i].Fact, func(person *domain.Person) { p.meet(ctx, person) })
		}
	}
	p.mu.Unlock()
	p.destroy(ctx)
}

// meet notes the name of a person in the log. mu is held.
func (p *people) meet(ctx context.Context, person *domain.Person) {
	if person.ID == "" {
		p.plain[person.Name] = true
		return
	}
	n, found, err := p.unseal(ctx, person)
	switch {
	case err != nil: // everyone is to be read again
		p.sealed = nil
	case found:
		p.sealed[n.text] = person.ID
		if p.fresh[n.text].person.ID == person.ID {
			delete(p.fresh, n.text)
		}
	}
}

// forget drops what is remembered of a person. mu is held.
func (p *people) forget(id domain.PersonID) {
	delete(p.opened, id)
	for text, sealed := range p.sealed {
		if sealed == id {
			delete(p.sealed, text)
		}
	}
	for text, made := range p.fresh {
		if made.person.ID == id {
			delete(p.fresh, text)
		}
	}
	p.doomed[id] = nil
}

// doom destroys the keys of all who are forgotten in the log: a crash may have come between.
func (p *people) doom(ctx context.Context) {
	p.mu.Lock()
	p.view().EachForgotten(func(id domain.PersonID) { p.doomed[id] = nil })
	p.mu.Unlock()
	p.destroy(ctx)
}

// destroy destroys the keys of who is forgotten. What fails is tried again at the next recording and at the next
// start; see remaining.
func (p *people) destroy(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id := range p.doomed {
		if err := p.keys.DestroyPersonKey(ctx, id); err != nil {
			p.doomed[id] = err
			continue
		}
		delete(p.doomed, id)
	}
}

// remaining counts the keys that are to be destroyed and could not be, and says why not.
func (p *people) remaining() (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, failed := range p.doomed {
		err = failed
	}
	if n = len(p.doomed); n > 0 {
		err = fmt.Errorf("%w: %w", ErrKeyRemains, err)
	}
	return n, err
}
