package domain

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Person is who an appointment names. As handed in it is a name. A ledger seals the name with a key of the
// person's own, which it keeps outside the log and can destroy: then the log holds ID, Commitment and Box, and
// the name is nowhere but in the box. Logs of format 1 hold the name as it is.
type Person struct {
	Name       string   // as handed in, or as opened to be shown; empty where it cannot be read
	ID         PersonID // random, one for each name in a ledger; empty: not sealed
	Commitment [32]byte // see Commit; zero: none. It stands for the name in what is signed and in derived ids
	Box        string   // see NewPerson
	Forgotten  bool     // shown only: the key was destroyed on purpose
}

// PersonKey opens the box of one person. PersonSalt makes a commitment tell nothing to who guesses names.
type (
	PersonKey  [32]byte
	PersonSalt [32]byte
)

const (
	commitPrefix = "orgledger person v1\n"
	boxNonce     = 12
	boxPadding   = 64 // what is sealed is filled up to a multiple of this, so that the length of a name does not tell it
)

// Commit binds to a name without telling it: SHA-256 of a fixed line, the salt and the name.
func Commit(salt PersonSalt, name string) [32]byte {
	return sha256.Sum256(append(append([]byte(commitPrefix), salt[:]...), name...))
}

// NewPerson seals a name, which does not end in a zero byte. The box is the nonce, and the salt, name and zero
// bytes up to a multiple of 64 under AES-256-GCM, with the id as additional data. A key seals one box, once.
// All but the name is random.
func NewPerson(id PersonID, name string, key PersonKey, salt PersonSalt, nonce [boxNonce]byte) Person {
	content := append(salt[:], name...)
	content = append(content, make([]byte, (boxPadding-len(content)%boxPadding)%boxPadding)...)
	box := key.aead().Seal(nonce[:], nonce[:], content, []byte(id))
	return Person{ID: id, Commitment: Commit(salt, name), Box: string(box)}
}

func (key *PersonKey) aead() cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has blocks of 16 bytes
	}
	return aead
}

// Open reads the name and the salt out of the box, and holds them to the commitment.
func (p *Person) Open(key PersonKey) (name string, salt PersonSalt, err error) {
	if len(p.Box) < boxNonce {
		return "", salt, fmt.Errorf("the sealed name of person/%s is cut off", p.ID)
	}
	content, err := key.aead().Open(nil, []byte(p.Box[:boxNonce]), []byte(p.Box[boxNonce:]), []byte(p.ID))
	if err != nil || len(content) < len(salt) {
		return "", salt, fmt.Errorf("the sealed name of person/%s does not open with its key", p.ID)
	}
	name = strings.TrimRight(string(content[copy(salt[:], content):]), "\x00")
	if Commit(salt, name) != p.Commitment {
		return "", salt, fmt.Errorf("the sealed name of person/%s is not the one that its entry commits to", p.ID)
	}
	return name, salt, nil
}

// Same reports whether two are the same person: of one id, or, where the log holds names, of one name.
func (p *Person) Same(o *Person) bool {
	return p.ID == o.ID && (p.ID != "" || p.Name == o.Name)
}

// PersonForgotten says that the key of a person was destroyed, and why. The name can then be read nowhere. It
// cannot be corrected or retracted.
type PersonForgotten struct {
	Person PersonID
	Reason string
}

func (*PersonForgotten) Type() Type { return TypePersonForgotten }

func (f *PersonForgotten) fields(v visitor) {
	id(v, "person", &f.Person, required)
	v.text("reason", &f.Reason, LimitText, required)
}

// EachPerson calls fn with every person that a fact names, of a resolved correction those of what it puts in
// place.
func EachPerson(f Fact, fn func(*Person)) {
	switch f := f.(type) {
	case *AppointmentMade:
		fn(&f.Person)
	case *AppointmentEnded:
		fn(&f.Person)
	case *PlanAnnounced, *PlanAmended:
		for _, item := range PlanItems(f) {
			EachPerson(item.Fact, fn)
		}
	case *EntryCorrected:
		EachPerson(f.Replacement.Fact, fn)
	}
}

// NamesPerson reports whether a fact names a person.
func NamesPerson(f Fact) (names bool) {
	switch f.(type) {
	case *AppointmentMade, *AppointmentEnded:
		return true
	case *PlanAnnounced, *PlanAmended, *EntryCorrected:
		EachPerson(f, func(*Person) { names = true })
	}
	return names
}

// CopyPersons is a copy of a fact whose persons can be changed; the fact itself where it names none.
func CopyPersons(f Fact) Fact {
	if !NamesPerson(f) {
		return f
	}
	switch f := f.(type) {
	case *AppointmentMade:
		made := *f
		return &made
	case *AppointmentEnded:
		ended := *f
		return &ended
	case *PlanAnnounced:
		plan := *f
		plan.Items = copyItems(f.Items)
		return &plan
	case *PlanAmended:
		plan := *f
		plan.Items = copyItems(f.Items)
		return &plan
	case *EntryCorrected:
		correction := *f
		correction.Replacement.Fact = CopyPersons(f.Replacement.Fact)
		return &correction
	}
	panic("domain: no copy of " + f.Type().String())
}

func copyItems(items []PlanItem) []PlanItem {
	items = slices.Clone(items)
	for i := range items {
		items[i].Fact = CopyPersons(items[i].Fact)
	}
	return items
}

// sealedPerson is how a stored entry holds a person.
type sealedPerson struct {
	ID         PersonID
	Commitment string // hexadecimal
	Box        string // base64
}

func (s *sealedPerson) fields(v visitor) {
	id(v, "id", &s.ID, required)
	v.text("commitment", &s.Commitment, LimitTitle, required)
	v.text("box", &s.Box, LimitText, required)
}

func (p *Person) sealed() *sealedPerson {
	return &sealedPerson{p.ID, hex.EncodeToString(p.Commitment[:]), base64.StdEncoding.EncodeToString([]byte(p.Box))}
}

func (s *sealedPerson) open() (p Person, err error) {
	box, err := base64.StdEncoding.DecodeString(s.Box)
	p = Person{ID: s.ID, Box: string(box)}
	if err == nil {
		p.Commitment, err = parseCommitment(s.Commitment)
	}
	return p, err
}

func parseCommitment(text string) (c [32]byte, err error) {
	raw, err := hex.DecodeString(text)
	if err != nil || copy(c[:], raw) != len(c) || len(raw) != len(c) {
		return c, errors.New("a commitment is 64 hexadecimal digits")
	}
	return c, nil
}
