package audit

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// none is the quorum that needs no witness.
const none = "none"

// Policy is whom to believe (C2SP tlog-policy): which logs, and which witnesses have to have cosigned. It is
// immutable, and may be used by any number of goroutines.
type Policy struct {
	logs      []Party
	witnesses []Party
	groups    []group
	quorum    string // a witness, a group, or none
}

// Party is a log or a witness of a policy.
type Party struct {
	Name string // within the policy; of a log, its origin
	Key  string // as [VerifierKey] gives it
	URL  string // where it is reached, empty where the policy does not say
	key  verifier
}

// group is as good as a cosignature where at least need of its members are.
type group struct {
	name    string
	need    int
	members []string
}

// NewPolicy is the policy of one log, given by its key, and of which at least need of the witnesses, given by
// theirs, must have cosigned a checkpoint.
func NewPolicy(log string, need int, witnesses ...string) (*Policy, error) {
	if _, err := parseVerifier(log, logKind); err != nil {
		return nil, err
	}
	text := []string{"log " + log}
	names := make([]string, len(witnesses))
	for i, key := range witnesses {
		names[i] = "w" + strconv.Itoa(i+1)
		text = append(text, "witness "+names[i]+" "+key)
	}
	if need == 0 {
		text = append(text, "quorum "+none)
	} else {
		text = append(text, fmt.Sprintf("group witnesses %d %s", need, strings.Join(names, " ")), "quorum witnesses")
	}
	return ParsePolicy([]byte(strings.Join(text, "\n") + "\n"))
}

// Logs are the logs that are believed, in the policy's order.
func (p *Policy) Logs() []Party { return slices.Clone(p.logs) }

// Witnesses are the witnesses that count, in the policy's order.
func (p *Policy) Witnesses() []Party { return slices.Clone(p.witnesses) }

// Text is the policy in its text form, without comments and with one space between words. Parsing it gives an
// equal policy.
func (p *Policy) Text() []byte {
	var b strings.Builder
	for _, l := range p.logs {
		b.WriteString(strings.TrimRight("log "+l.Key+" "+l.URL, " ") + "\n")
	}
	for _, w := range p.witnesses {
		b.WriteString(strings.TrimRight("witness "+w.Name+" "+w.Key+" "+w.URL, " ") + "\n")
	}
	for _, g := range p.groups {
		fmt.Fprintf(&b, "group %s %d %s\n", g.name, g.need, strings.Join(g.members, " "))
	}
	return []byte(b.String() + "quorum " + p.quorum + "\n")
}

// of gives the keys of the logs with an origin.
func (p *Policy) of(origin string) (keys []verifier) {
	for _, l := range p.logs {
		if l.key.name == origin {
			keys = append(keys, l.key)
		}
	}
	return keys
}

// anyWitness is a policy of the same logs that needs no witness.
func (p *Policy) anyWitness() *Policy { return &Policy{logs: p.logs, quorum: none} }

func (p *Policy) cosigners() (keys []verifier) {
	for _, w := range p.witnesses {
		keys = append(keys, w.key)
	}
	return keys
}

// enough checks the quorum.
func (p *Policy) enough(found []verified) error {
	fulfilled := map[string]bool{none: true}
	cosigned := 0
	for _, w := range p.witnesses {
		if slices.ContainsFunc(found, func(f verified) bool { return f.key.text == w.key.text }) {
			fulfilled[w.Name] = true
			cosigned++
		}
	}
	for _, g := range p.groups { // each names only what stands before it
		have := 0
		for _, m := range g.members {
			if fulfilled[m] {
				have++
			}
		}
		fulfilled[g.name] = have >= g.need
	}
	if !fulfilled[p.quorum] {
		return fmt.Errorf("%d of the policy's %d witnesses, without the quorum %q: %w", cosigned, len(p.witnesses), p.quorum, ErrQuorum)
	}
	return nil
}

// ParsePolicy reads the text form of a policy. The error is ErrMalformed and names the line.
func ParsePolicy(text []byte) (*Policy, error) {
	p := &Policy{}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		err := p.parseLine(line)
		if err != nil && !errors.Is(err, ErrMalformed) {
			err = fmt.Errorf("%w: %w", err, ErrMalformed)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of the policy: %w", number, err)
		}
	}
	if p.quorum == "" {
		return nil, fmt.Errorf("the policy has no line quorum: %w", ErrMalformed)
	}
	return p, nil
}

func (p *Policy) parseLine(line string) error {
	if !strings.HasSuffix(line, "\n") {
		return fmt.Errorf("it does not end with a line feed")
	}
	line = strings.TrimSuffix(line, "\n")
	for _, c := range []byte(line) {
		if c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("it has the control character %#02x", c)
		}
	}
	words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil
	}
	kinds := map[string]func([]string) error{"log": p.addLog, "witness": p.addWitness, "group": p.addGroup, "quorum": p.setQuorum}
	add, ok := kinds[words[0]]
	if !ok {
		return fmt.Errorf("%q is not log, witness, group or quorum", words[0])
	}
	return add(words[1:])
}

// addLog reads: log <key> [<url>].
func (p *Policy) addLog(words []string) error {
	if len(words) < 1 || len(words) > 2 {
		return fmt.Errorf("a log has a key and perhaps a URL")
	}
	key, err := parseVerifier(words[0], logKind)
	if err != nil {
		return err
	}
	if twice(p.logs, key) {
		return fmt.Errorf("the log's key %q is there already", words[0])
	}
	p.logs = append(p.logs, Party{Name: key.name, Key: words[0], URL: second(words), key: key})
	return nil
}

// addWitness reads: witness <name> <key> [<url>].
func (p *Policy) addWitness(words []string) error {
	if len(words) < 2 || len(words) > 3 {
		return fmt.Errorf("a witness has a name, a key and perhaps a URL")
	}
	if p.defined(words[0]) {
		return fmt.Errorf("the name %q is taken", words[0])
	}
	key, err := parseVerifier(words[1], witnessKind)
	if err != nil {
		return err
	}
	if twice(p.witnesses, key) {
		return fmt.Errorf("the witness's key %q is there already", words[1])
	}
	p.witnesses = append(p.witnesses, Party{Name: words[0], Key: words[1], URL: second(words[1:]), key: key})
	return nil
}

// addGroup reads: group <name> all|any|<k> <name>…
func (p *Policy) addGroup(words []string) error {
	if len(words) < 3 {
		return fmt.Errorf("a group has a name, how many it needs, and members")
	}
	g := group{name: words[0], members: words[2:]}
	if p.defined(g.name) {
		return fmt.Errorf("the name %q is taken", g.name)
	}
	switch words[1] {
	case "all":
		g.need = len(g.members)
	case "any":
		g.need = 1
	default:
		need, err := parseNumber(words[1])
		if err != nil || need < 1 || need > uint64(len(g.members)) {
			return fmt.Errorf("%q is not how many of %d members", words[1], len(g.members))
		}
		g.need = int(need)
	}
	for _, m := range g.members {
		if m == none || !p.defined(m) {
			return fmt.Errorf("the member %q is not defined above", m)
		}
		if p.member(m) || count(g.members, m) > 1 {
			return fmt.Errorf("%q is a member twice", m)
		}
	}
	p.groups = append(p.groups, g)
	return nil
}

// setQuorum reads: quorum <name>.
func (p *Policy) setQuorum(words []string) error {
	switch {
	case len(words) != 1:
		return fmt.Errorf("the quorum is one name")
	case p.quorum != "":
		return fmt.Errorf("the quorum is there already")
	case !p.defined(words[0]):
		return fmt.Errorf("the quorum %q is not defined above", words[0])
	}
	p.quorum = words[0]
	return nil
}

func (p *Policy) defined(name string) bool {
	return name == none ||
		slices.ContainsFunc(p.witnesses, func(w Party) bool { return w.Name == name }) ||
		slices.ContainsFunc(p.groups, func(g group) bool { return g.name == name })
}

func (p *Policy) member(name string) bool {
	return slices.ContainsFunc(p.groups, func(g group) bool { return slices.Contains(g.members, name) })
}

// twice reports whether one of the parties has the same key, under whatever name.
func twice(parties []Party, key verifier) bool {
	return slices.ContainsFunc(parties, func(p Party) bool { return p.key.public.Equal(key.public) })
}

func count(list []string, item string) (n int) {
	for _, other := range list {
		if other == item {
			n++
		}
	}
	return n
}

func second(words []string) string {
	if len(words) < 2 {
		return ""
	}
	return words[1]
}
