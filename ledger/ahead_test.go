package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger"
)

// What is judged behind a commit that is on its way to the log.

const bodyB = `{"type":"organisation.established","data":{"organisation":"b","name":"B"}}`

func revoking(t *testing.T, seed byte, from string) string {
	t.Helper()
	return fmt.Sprintf(`{"type":"key.revoked","effective":%q,"data":{"key":%q}}`, from, signerOf(t, seed).Key)
}

// behindRegistration hands in, behind the registration of a key of ann's, a call that is refused and would register
// one of bob's, and entries of ann's without and with a signature.
func behindRegistration(t *testing.T, l *opened) (registration, unsigned, signed *handedIn) {
	t.Helper()
	registration = l.hand(t, "", registering(t, 1, "ann", "1999-01-01"))
	l.hand(t, "", registering(t, 2, "bob", "1999-01-01")+unregistered)
	unsigned = l.hand(t, "ann", bodyA)
	signed = l.hand(t, "ann", l.sign(t, 1, "ann", bodyB))
	return registration, unsigned, signed
}

// A key that is being registered, or revoked, counts for what is judged behind it; where that is not recorded, what
// there is without it.
func TestKeysUnderWay(t *testing.T) {
	t.Run("registered", func(t *testing.T) {
		bubble(t, func(t *testing.T, l *opened, m *memory) {
			registration, unsigned, signed := behindRegistration(t, l)
			m.let(nil, nil)
			accepted(t, registration, signed)
			refusedAs(t, unsigned, domain.CodeSignatureRequired)
		})
	})
	t.Run("not registered", func(t *testing.T) {
		bubble(t, func(t *testing.T, l *opened, m *memory) {
			registration, unsigned, signed := behindRegistration(t, l)
			m.let(eventstore.ErrUnavailable, nil)
			if !errors.Is(registration.err, ledger.ErrUnavailable) {
				t.Error(registration.err)
			}
			accepted(t, unsigned)
			refusedAs(t, signed, domain.CodeUnknownKey)
		})
	})
	t.Run("another was first", func(t *testing.T) {
		bubble(t, func(t *testing.T, l *opened, m *memory) {
			registration, unsigned, signed := behindRegistration(t, l)
			m.others(t, strings.TrimSpace(registering(t, 3, "ann", "1999-01-01")))
			m.let(nil)
			refusedAs(t, registration, domain.CodeSignatureRequired)
			refusedAs(t, unsigned, domain.CodeSignatureRequired)
			refusedAs(t, signed, domain.CodeUnknownKey)
		})
	})
	t.Run("revoked", func(t *testing.T) {
		bubble(t, func(t *testing.T, l *opened, m *memory) {
			registration := l.hand(t, "", registering(t, 1, "ann", "1999-01-01"))
			m.let(nil)
			revocation := l.hand(t, "ann", l.sign(t, 1, "ann", revoking(t, 1, "2000-01-01")))
			signed := l.hand(t, "ann", l.sign(t, 1, "ann", bodyB))
			unsigned := l.hand(t, "ann", bodyA)
			m.let(nil, nil)
			accepted(t, registration, revocation, unsigned)
			refusedAs(t, signed, domain.CodeKeyNotValid)
		})
	})
}

const (
	second2000 = "2000-01-02"
	almost     = 24*time.Hour - time.Second
)

// What was judged on one day and would be recorded on the next is judged again, what is behind it too, by that day;
// and a call is judged by the day on which it comes, however long ago the one before it came.
func TestMidnightUnderWay(t *testing.T) {
	t.Run("a key ends", func(t *testing.T) {
		bubble(t, func(t *testing.T, l *opened, m *memory) {
			setup := l.hand(t, "", registering(t, 1, "ann", "1999-01-01"))
			m.let(nil)
			revocation := l.hand(t, "ann", l.sign(t, 1, "ann", revoking(t, 1, second2000)))
			m.let(nil)
			time.Sleep(almost)
			one, two := l.hand(t, "ann", l.sign(t, 1, "ann", bodyA)), l.hand(t, "ann", l.sign(t, 1, "ann", bodyB))
			anyone := l.hand(t, "bob", otherA)
			time.Sleep(2 * time.Second)
			m.let(nil, nil)
			accepted(t, setup, revocation, anyone)
			refusedAs(t, one, domain.CodeKeyNotValid)
			refusedAs(t, two, domain.CodeKeyNotValid)
		})
	})
	t.Run("only what is behind comes too late", func(t *testing.T) {
		bubble(t, func(t *testing.T, l *opened, m *memory) {
			time.Sleep(almost)
			one, two := l.hand(t, "", bodyA), l.hand(t, "", bodyB)
			m.let(nil)
			time.Sleep(2 * time.Second)
			m.let(nil, nil) // on its way already, and again
			accepted(t, one, two)
		})
	})
	t.Run("a quiet night", func(t *testing.T) {
		bubble(t, func(t *testing.T, l *opened, m *memory) {
			setup := l.hand(t, "", registering(t, 1, "ann", second2000))
			m.let(nil)
			time.Sleep(almost + time.Hour)
			signed := l.hand(t, "ann", l.sign(t, 1, "ann", bodyA))
			m.let(nil)
			accepted(t, setup, signed)
			refusedAs(t, l.hand(t, "ann", bodyB), domain.CodeSignatureRequired)
		})
	})
}

func appointing(office, name string) string {
	return fmt.Sprintf(`{"type":"appointment.made","effective":"2020-01-01","data":{"office":%q,"title":"T","organisation":"a","person":%q}}`, office, name)
}

// persons are who the entries of the log name, in order.
func (m *memory) persons() (ids []domain.PersonID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.entries {
		domain.EachPerson(m.entries[i].Fact, func(p *domain.Person) { ids = append(ids, p.ID) })
	}
	return ids
}

// named is who the first entry under way names.
func (m *memory) named() (id domain.PersonID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	domain.EachPerson(m.underWay[0].Fact, func(p *domain.Person) { id = p.ID })
	return id
}

// Who is named for the first time in a commit under way is the same person behind it, and what repeats it is not
// recorded twice; also where that commit is not recorded.
func TestPersonUnderWay(t *testing.T) {
	for name, fate := range map[string]error{"recorded": nil, "failed": eventstore.ErrUnavailable} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, l *opened, m *memory) {
				body := l.hand(t, "", bodyA)
				m.let(nil)
				first := l.hand(t, "", appointing("chair", "Ann"))
				id := m.named()
				again := l.hand(t, "", appointing("chair", "Ann"))
				other := l.hand(t, "", appointing("clerk", "Ann"))
				m.let(fate, nil)
				accepted(t, body, again, other)
				if ids := m.persons(); len(ids) != 2 || ids[0] != id || ids[1] != id {
					t.Errorf("%v, and the first was %s", ids, id)
				}
				if fate == nil && again.receipts[0] != first.receipts[0] {
					t.Errorf("%+v, and then %+v", first.receipts, again.receipts)
				}
			})
		})
	}
}

// Where the keys of a commit cannot be kept, its calls fail, although it departed as the one before it landed, and
// what is behind it goes on.
func TestKeysNotKeptUnderWay(t *testing.T) {
	bubble(t, func(t *testing.T, l *opened, m *memory) {
		body := l.hand(t, "", bodyA)
		named := l.hand(t, "", bodyB+"\n"+appointing("chair", "Ann"))
		m.keep = make(chan error)
		m.let(nil)
		behind := l.hand(t, "", `{"type":"source.registered","data":{"source":"s","title":"S"}}`)
		m.keep <- errors.New("the disk is full")
		m.let(nil)
		accepted(t, body, behind)
		if !errors.Is(named.err, ledger.ErrUnavailable) || !strings.Contains(named.err.Error(), "the disk is full") {
			t.Error(named.err)
		}
		if got := l.View().Seq(); got != 2 {
			t.Errorf("%d entries are recorded", got)
		}
		retried := l.hand(t, "", bodyB+"\n"+appointing("chair", "Ann"))
		m.keep <- nil
		m.let(nil)
		accepted(t, retried)
	})
}

// A name that is given again behind the entry that forgets its person is that of somebody new, and can be read; where
// that entry is not recorded, it is who it was. A person who is on the way to the log can be forgotten.
func TestForgottenUnderWay(t *testing.T) {
	for name, fate := range map[string]error{"recorded": nil, "failed": eventstore.ErrUnavailable} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, l *opened, m *memory) {
				body := l.hand(t, "", bodyA)
				m.let(nil)
				first := l.hand(t, "", appointing("chair", "Ann"))
				id := m.named()
				var entries, leaves uint64
				m.gone = func() { entries, leaves = l.View().Seq(), l.Tree().Size() }
				forgetful := l.hand(t, "", forgetting(id))
				m.let(nil)
				again, twice := l.hand(t, "", appointing("clerk", "Ann")), l.hand(t, "", appointing("usher", "Ann"))
				m.let(fate, nil)
				accepted(t, body, first, again, twice)
				ids := m.persons()
				if len(ids) != 3 || ids[1] != ids[2] || (ids[1] == id) != (fate != nil) {
					t.Errorf("%v, and the first was %s", ids, id)
				}
				shown, err := l.Entry(t.Context(), again.receipts[0].Seq)
				if made, ok := shown.Fact.(*domain.AppointmentMade); err != nil || !ok || made.Person.Name != "Ann" {
					t.Errorf("%+v %v", shown.Fact, err)
				}
				if fate == nil && (forgetful.err != nil || entries != 3 || leaves != 3) {
					t.Errorf("%v; destroyed when %d entries and %d leaves were known", forgetful.err, entries, leaves)
				}
			})
		})
	}
}

// Who is new in place of somebody forgotten stays one person while both are on their way.
func TestNewPersonBehindForgotten(t *testing.T) {
	bubble(t, func(t *testing.T, l *opened, m *memory) {
		body := l.hand(t, "", bodyA)
		m.let(nil)
		first := l.hand(t, "", appointing("chair", "Ann"))
		forgetful := l.hand(t, "", forgetting(m.named()))
		again := l.hand(t, "", appointing("clerk", "Ann"))
		m.let(nil)
		twice := l.hand(t, "", appointing("usher", "Ann"))
		m.let(nil, nil)
		accepted(t, body, first, forgetful, again, twice)
		if ids := m.persons(); len(ids) != 3 || ids[0] == ids[1] || ids[1] != ids[2] {
			t.Error(ids)
		}
	})
}

// However many callers name the same persons at once, each name is one person, and every entry can be read.
func TestPeopleOfManyCallers(t *testing.T) {
	l := open(t, t.TempDir())
	l.mustRecord(t, bodyA)
	var group sync.WaitGroup
	for caller := range 16 {
		group.Go(func() {
			for i := range 12 {
				line := appointing(fmt.Sprintf("office-%d-%d", caller, i), fmt.Sprint("Person ", (caller+i)%5))
				if _, err := l.record(t, line, ledger.RecordOptions{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	names, ids := make(map[string]domain.PersonID), make(map[domain.PersonID]int)
	if err := l.Entries(t.Context(), 2, 1<<60, func(e domain.Recorded) error {
		p := e.Fact.(*domain.AppointmentMade).Person
		if known, ok := names[p.Name]; ok && known != p.ID || p.Name == "" {
			t.Errorf("entry %d names %q, who is %s and %s", e.Seq, p.Name, known, p.ID)
		}
		names[p.Name] = p.ID
		ids[p.ID]++
		return nil
	}); err != nil || len(names) != 5 || len(ids) != 5 {
		t.Errorf("%v: %v %v", err, names, ids)
	}
}

// Names that are asked about and never recorded are dropped once they are many, and nobody who is under way.
func TestPersonUnderWayIsKept(t *testing.T) {
	bubble(t, func(t *testing.T, l *opened, m *memory) {
		body := l.hand(t, "", bodyA)
		m.let(nil)
		first := l.hand(t, "", appointing("chair", "Ann"))
		names := make([]string, 100_000)
		for i := range names {
			names[i] = fmt.Sprint("nobody ", i)
		}
		before, err := l.Signing(t.Context(), ledger.SigningRequest{Names: names})
		if err != nil {
			t.Fatal(err)
		}
		second := l.hand(t, "", appointing("clerk", "Ann"))
		after, err := l.Signing(t.Context(), ledger.SigningRequest{Names: names[:1]})
		if err != nil || after.Salts[names[0]] == before.Salts[names[0]] {
			t.Errorf("nothing is dropped: %v", err)
		}
		m.let(nil, nil)
		accepted(t, body, first, second)
		if ids := m.persons(); len(ids) != 2 || ids[0] != ids[1] {
			t.Error(ids)
		}
	})
}
