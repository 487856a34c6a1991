package ocds

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/bodies"
)

// registerForm is an identifier with the code of its register before it, as http://org-id.guide has them.
var registerForm = regexp.MustCompile(`^([A-Z]{2}-[A-Z0-9]{2,})-(.+)$`)

// accounts are schemes of which one body may have several identifiers: they number accounts of users on a portal. Of any
// other scheme, two different identifiers are of two different bodies.
var accounts = []string{"GB-CFS", "GB-SRS"}

// matching finds the organisations of parties.
type matching struct {
	directory *bodies.Directory
	byHand    map[string]domain.OrganisationID // by key of an identifier or name
	unmatched [][]string                       // rows of the table of parties to decide on
	told      map[string]bool                  // parties that are there
}

// outcome is what has become of a search for a party.
type outcome struct {
	id         domain.OrganisationID // empty: there is none, or it is undecided
	candidates []domain.OrganisationID
}

// nameKey and identifierKey are how parties are looked up among those that were matched by hand.
func nameKey(name string) string {
	n := bodies.Normal(name)
	return n.Base + "\x00" + n.Form
}

func identifierKey(i domain.Identifier) string { return i.Scheme + ":" + i.Value }

// find looks for a party by hand's decision, then by its identifiers, then by its name. Where several organisations
// come into question it names them and decides nothing.
func (m *matching) find(p *party) outcome {
	keys := []string{nameKey(p.name)}
	for _, i := range slices.Backward(p.identifiers) {
		keys = append(keys, identifierKey(i))
	}
	for _, key := range slices.Backward(keys) {
		if id, ok := m.byHand[key]; ok {
			return outcome{id: id}
		}
	}
	var found []domain.OrganisationID
	for _, i := range p.identifiers {
		found = append(found, m.directory.Identified(i)...)
	}
	if len(found) == 0 && p.name != "" {
		found = slices.DeleteFunc(m.directory.Named(p.name), func(id domain.OrganisationID) bool { return m.contradicts(id, p) })
	}
	slices.Sort(found)
	switch found = slices.Compact(found); len(found) {
	case 0:
		return outcome{}
	case 1:
		return outcome{id: found[0]}
	}
	return outcome{candidates: found}
}

// contradicts reports whether a register has an organisation and a party under different identifiers.
func (m *matching) contradicts(id domain.OrganisationID, p *party) bool {
	has := m.directory.Identifiers(id)
	for _, i := range p.identifiers {
		of := func(h domain.Identifier) bool { return h.Scheme == i.Scheme }
		if !slices.Contains(accounts, i.Scheme) && slices.ContainsFunc(has, of) && !slices.Contains(has, i) {
			return true
		}
	}
	return false
}

// tell lists a party that was not found among those to decide on, once: its identifier, or else its name; the
// organisation made of it, empty where it waits for a decision; and what the decision may be based on.
func (m *matching) tell(p *party, id domain.OrganisationID, candidates []domain.OrganisationID) {
	key := p.key()
	if m.told[key] {
		return
	}
	m.told[key] = true
	names := make([]string, len(candidates))
	for i, c := range candidates {
		names[i] = string(c)
	}
	m.unmatched = append(m.unmatched, []string{key, string(id), p.name, strings.Join(names, " ")})
}

// write writes the list of parties to decide on.
func (m *matching) write(open func() (io.WriteCloser, error)) error {
	file, err := open()
	if err != nil {
		return err
	}
	table := csv.NewWriter(file)
	return errors.Join(table.Write(header), table.WriteAll(m.unmatched), file.Close())
}

// header of the list of parties to decide on, which is also that of decisions.
var header = []string{"party", "organisation", "name", "candidates"}

func (p *party) key() string {
	if len(p.identifiers) > 0 {
		return identifierKey(p.identifiers[0])
	}
	return p.name
}

// decisions reads which organisation parties are: a table whose first column is a name or scheme:value, and whose second
// is an organisation of the ledger. A row without an organisation decides nothing. Further columns are left alone.
func (m *matching) decisions(file *formats.File) error {
	return file.Through(func(in io.Reader) error {
		table := csv.NewReader(in)
		table.FieldsPerRecord = -1
		for row := 1; ; row++ {
			fields, err := table.Read()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return file.Wrong(row, "", "this is a table of comma-separated values", err.Error())
			}
			if err := m.decide(file, row, fields); err != nil {
				return err
			}
		}
	})
}

func (m *matching) decide(file *formats.File, row int, fields []string) error {
	if len(fields) < 2 {
		return file.Wrong(row, "", "a row has two columns: party, organisation", fmt.Sprintf("%d", len(fields)))
	}
	name, organisation := strings.TrimSpace(fields[0]), strings.TrimSpace(fields[1])
	if row == 1 && name == header[0] || organisation == "" {
		return nil
	}
	id, err := m.organisation(organisation)
	if err != nil {
		return file.Wrong(row, header[1], err.Error(), organisation)
	}
	key := nameKey(name)
	if scheme, value, ok := strings.Cut(name, ":"); ok && !strings.Contains(scheme, " ") && value != "" {
		key = identifierKey(domain.Identifier{Scheme: scheme, Value: strings.TrimSpace(value)})
	}
	if before, ok := m.byHand[key]; ok && before != id {
		return file.Wrong(row, header[0], "a party is one organisation, and an earlier row says "+string(before), name)
	}
	m.byHand[key] = id
	return nil
}

// organisation reads an organisation of the ledger: its identifier there, or scheme:value.
func (m *matching) organisation(text string) (domain.OrganisationID, error) {
	if m.directory.Has(domain.OrganisationID(text)) {
		return domain.OrganisationID(text), nil
	}
	scheme, value, _ := strings.Cut(text, ":")
	found := m.directory.Identified(domain.Identifier{Scheme: scheme, Value: value})
	if len(found) != 1 {
		return "", fmt.Errorf("this names an organisation of the ledger, which has %d of that identifier", len(found))
	}
	return found[0], nil
}

// identifierOf makes an identifier of the ledger from words: lower case, divided by hyphens.
func identifierOf(words string, most int) string {
	var b strings.Builder
	for _, r := range strings.ToLower(words) {
		switch {
		case r < 0x80 && domain.ValidID("a"+string(r)):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-") && r != '\'' && r != '’':
			b.WriteByte('-')
		}
	}
	text := b.String()
	if len(text) > most {
		text = text[:most]
	}
	return strings.Trim(text, "-_")
}
