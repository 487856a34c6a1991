package domain

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/valyala/fastjson"
	"pgregory.net/rapid"
)

func sealing(t *rapid.T, name string) (Person, PersonKey, PersonSalt) {
	bytes32 := rapid.SliceOfN(rapid.Byte(), 32, 32)
	key, salt := PersonKey(bytes32.Draw(t, "key")), PersonSalt(bytes32.Draw(t, "salt"))
	id := PersonID(uuid.UUID(bytes32.Draw(t, "id")[:16]).String())
	return NewPerson(id, name, key, salt, [boxNonce]byte(bytes32.Draw(t, "nonce")[:boxNonce])), key, salt
}

// sealAll seals every person of an entry, on a copy.
func sealAll(t *rapid.T, e *Entry) *Entry {
	sealed := *e
	sealed.Fact = CopyPersons(e.Fact)
	EachPerson(sealed.Fact, func(p *Person) { *p, _, _ = sealing(t, p.Name) })
	return &sealed
}

// Law: a box opens with its key to what was put in, and with nothing else; what was changed in it, or stands
// beside another commitment or id, does not open.
func TestSealedNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := strings.TrimRight(rapid.String().Draw(t, "name"), "\x00")
		p, key, salt := sealing(t, name)
		if (len(p.Box)-boxNonce-16)%boxPadding != 0 {
			t.Fatalf("the box has %d bytes", len(p.Box))
		}
		if p.Name != "" || strings.Contains(p.Box, name) && len(name) > 2 {
			t.Fatalf("%q is in %+v", name, p)
		}
		if got, gotSalt, err := p.Open(key); got != name || gotSalt != salt || err != nil {
			t.Fatalf("opened %q, %v", got, err)
		}
		flip := rapid.IntRange(0, len(p.Box)-1).Draw(t, "flip")
		box := []byte(p.Box)
		box[flip] ^= 1
		other := key
		other[flip%32] ^= 1
		for change, bad := range map[string]struct {
			Person
			key PersonKey
		}{
			"key":        {p, other},
			"box":        {Person{ID: p.ID, Commitment: p.Commitment, Box: string(box)}, key},
			"short box":  {Person{ID: p.ID, Commitment: p.Commitment, Box: p.Box[:flip]}, key},
			"commitment": {Person{ID: p.ID, Commitment: Commit(salt, name+"x"), Box: p.Box}, key},
			"id":         {Person{ID: p.ID + "x", Commitment: p.Commitment, Box: p.Box}, key},
		} {
			if got, _, err := bad.Open(bad.key); err == nil {
				t.Fatalf("with another %s it opens to %q", change, got)
			}
		}
	})
}

// Law: sealing an entry leaves no name in what is stored of it, changes none of what it was made of, and is read
// back from the log and from what is shown. Its content holds the commitment alone, whether it was sealed or
// is known to a signer by its name.
func TestSealedEntries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := entries(TypeAppointmentMade, TypeAppointmentEnded, TypePlanAnnounced, TypePlanAmended, TypeEntryCorrected).Draw(t, "entry")
		e.Signature = nil
		names := 0
		EachPerson(e.Fact, func(p *Person) {
			names++
			p.Name = "Nomina Secreta " + p.Name
		})
		before := e.AppendJSON(nil)
		sealed := sealAll(t, e)
		if !bytes.Equal(e.AppendJSON(nil), before) || NamesPerson(e.Fact) != (names > 0) {
			t.Fatalf("%s was changed by sealing a copy of it", before)
		}
		raw := sealed.AppendBody(nil)
		if bytes.Contains(raw, []byte("Nomina")) || bytes.Contains(sealed.Canonical(), []byte("Nomina")) {
			t.Fatalf("a name is in %s or %s", raw, sealed.Canonical())
		}
		value, err := fastjson.ParseBytes(raw)
		if err != nil {
			t.Fatal(err)
		}
		stored := Entry{ID: e.ID, Effective: e.Effective, Fulfils: e.Fulfils}
		if err := ReadBody(e.Fact.Type(), value, &stored); err != nil {
			t.Fatalf("%s\n%v", raw, err)
		}
		if !reflect.DeepEqual(resolved(t, &stored, e), sealed) {
			t.Fatalf("read %+v, wrote %+v", &stored, sealed)
		}
		checkShown(t, e, sealed)
	})
}

func checkShown(t *rapid.T, e, sealed *Entry) {
	shown := *sealed
	shown.Fact = CopyPersons(sealed.Fact)
	var signer []Person
	EachPerson(e.Fact, func(p *Person) { signer = append(signer, *p) })
	at := 0
	EachPerson(shown.Fact, func(p *Person) {
		if p.Name = signer[at].Name; rapid.Bool().Draw(t, "forgotten") {
			p.Name, p.Forgotten = "", true
		}
		p.Box = ""
		signer[at].Commitment = p.Commitment
		at++
	})
	line := shown.AppendJSON(nil)
	read, err := ParseShown(line)
	if err != nil || !reflect.DeepEqual(resolved(t, read, e), &shown) {
		t.Fatalf("%s\nread %+v, %v", line, read, err)
	}
	if _, err := ParseEntry(line); err == nil && at > 0 && e.Fact.Type() != TypeEntryCorrected {
		t.Fatalf("%s is taken as handed in", line)
	}
	signed := *e
	signed.Fact = CopyPersons(e.Fact)
	at = 0
	EachPerson(signed.Fact, func(p *Person) { p.Commitment = signer[at].Commitment; at++ })
	if !bytes.Equal(signed.Canonical(), sealed.Canonical()) || !bytes.Equal(read.Canonical(), sealed.Canonical()) {
		t.Fatalf("signed %s\nstored %s\nshown  %s", signed.Canonical(), sealed.Canonical(), read.Canonical())
	}
	if got, want := signed.AppendJSON(nil), e.AppendJSON(nil); !bytes.Equal(got, want) {
		t.Fatalf("handed in %s, want %s", got, want)
	}
}

// persons counts what is visited as a person.
type persons struct {
	mentions
	n int
}

func (p *persons) person(string, *Person) { p.n++ }

// Law: EachPerson finds every field that is declared as a person, in facts of every type.
func TestEachPersonFindsAll(t *testing.T) {
	for _, typ := range Types() {
		f, found := typ.New(), 0
		visited := &persons{mentions: mentions{each: func(Ref) {}}}
		f.fields(visited)
		EachPerson(f, func(*Person) { found++ })
		if found != visited.n || NamesPerson(f) != (found > 0) {
			t.Errorf("%s declares %d persons, and %d are found", typ, visited.n, found)
		}
	}
}

// The forms in which a person is stored, signed and shown are frozen.
func TestSealedForms(t *testing.T) {
	e := mustParse(t, `{"type":"appointment.ended","effective":"2020-01-01","data":{"office":"chair","person":"Ann Other"}}`)
	id := PersonID("0f8fad5b-d9cb-469f-a165-70867728950e")
	p := &e.Fact.(*AppointmentEnded).Person
	*p = NewPerson(id, p.Name, PersonKey{1}, PersonSalt{2}, [boxNonce]byte{3})
	var out bytes.Buffer
	out.Write(append(e.AppendBody(nil), '\n'))
	out.Write(append(e.Canonical(), '\n'))
	p.Name = "Ann Other"
	out.Write(append(e.AppendJSON(nil), '\n'))
	p.Name, p.Forgotten = "", true
	out.Write(append(e.AppendJSON(nil), '\n'))
	golden(t, "sealed.golden", out.Bytes())
}
