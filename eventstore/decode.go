package eventstore

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/valyala/fastjson"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
)

// decoded is a commit as read, and the bytes of its events, which share the message's memory.
type decoded struct {
	Commit
	leaves [][]byte
}

// size is roughly what the commit keeps in memory.
func (d *decoded) size() int {
	n := 0
	for _, leaf := range d.leaves {
		n += 2 * len(leaf)
	}
	return n
}

// decoder reads commits of one ledger. It keeps what is worth reusing from one commit to the next,
// and belongs to one goroutine.
type decoder struct {
	source string
	parser fastjson.Parser

	when   string // the last time read, for most entries have that of the one before
	time   int64
	quoted string // the last actor read, with its quotation marks
	actor  string
	room   []byte                 // to hash in
	spans  map[string]domain.EDTF // dates read lately that are more than a day
}

// maxSpans is how many dates a decoder remembers.
const maxSpans = 4096

func newDecoder(ledger string) *decoder {
	return &decoder{source: source(ledger), spans: make(map[string]domain.EDTF)}
}

func (d *decoder) message(m received) (*decoded, error) {
	if m.missing {
		return nil, errMissing
	}
	return d.commit(m.streamSeq, m.header, m.data)
}

// commit reads one message. What it checks is that the message is of the frozen form and agrees with
// its own headers; whether it is what was once written only the root can tell.
func (d *decoder) commit(streamSeq uint64, from nats.Header, data []byte) (*decoded, error) {
	h, err := parseHeader(from)
	if err != nil {
		return nil, err
	}
	leaves, err := split(data, h.count)
	if err != nil {
		return nil, err
	}
	c := &decoded{leaves: leaves, Commit: Commit{ID: h.id, StreamSeq: streamSeq, First: h.first, Root: h.root,
		Entries: make([]domain.Recorded, len(leaves))}}
	last := int64(0)
	c.Hashes = make([][audit.HashSize]byte, len(leaves))
	for i, leaf := range leaves {
		c.Hashes[i], d.room = audit.LeafHash(d.room, leaf)
		e := &c.Entries[i]
		if err := d.entry(leaf, h.first+uint64(i), e); err != nil {
			return nil, fmt.Errorf("entry %d: %w", h.first+uint64(i), err)
		}
		if i > 0 && e.Time < last {
			return nil, fmt.Errorf("entry %d: it was recorded before the entry in front of it", e.Seq)
		}
		last = e.Time
	}
	return c, nil
}

// split finds the events in a batch, without reading them: see separator.
func split(data []byte, count int) ([][]byte, error) {
	if len(data) < 2 || data[0] != '[' || data[len(data)-1] != ']' {
		return nil, errors.New("it is no batch of events")
	}
	rest := data[1 : len(data)-1]
	leaves := make([][]byte, 0, count)
	for len(leaves) < count {
		at := bytes.Index(rest, []byte(separator))
		if at < 0 {
			break
		}
		leaves = append(leaves, rest[:at+1:at+1])
		rest = rest[at+2:]
	}
	leaves = append(leaves, rest)
	if len(leaves) != count {
		return nil, fmt.Errorf("it does not hold the %d events that its header counts", count)
	}
	return leaves, nil
}

// entry reads one event into e, which has to have the sequence seq. Only data is read as JSON: the
// attributes in front of it stand in their frozen order, and but for actor hold nothing to be escaped.
func (d *decoder) entry(leaf []byte, seq uint64, e *domain.Recorded) error {
	c := cursor{rest: leaf}
	id := c.text(eventBegin)
	from := c.text(`,"source":"`)
	typ := c.text(`,"type":"`)
	c.text(`,"subject":"`)
	when := c.text(`,"time":"`)
	number := c.text(`,"datacontenttype":"application/json","sequence":"`)
	effective := c.optional(`,"effective":"`)
	actor := c.quoted(`,"actor":`)
	key := c.optional(`,"key":"`)
	var signature []byte
	if key != nil {
		signature = c.text(`,"signature":"`)
	}
	fulfils := c.optional(`,"fulfils":"`)
	data := c.data()
	if c.failed != "" {
		return fmt.Errorf("not an event of this ledger: no %s", strings.Trim(c.failed, `,":`))
	}
	if string(from) != d.source {
		return fmt.Errorf("it comes from %q, not from %s", from, d.source)
	}
	got, err := strconv.ParseUint(string(number), 10, 64)
	if err != nil || got != seq {
		return fmt.Errorf("it says to be entry %q", number)
	}
	e.Seq = seq
	if key != nil {
		if e.Signature, err = domain.ParseSignature(domain.KeyID(key), string(signature)); err != nil {
			return fmt.Errorf("its signature: %w", err)
		}
	}
	if err := d.attributes(id, when, actor, e); err != nil {
		return err
	}
	if err := d.dates(effective, fulfils, e); err != nil {
		return err
	}
	return d.fact(typ, data, e)
}

// cursor reads an event from its beginning. After the first failure it finds nothing any more.
type cursor struct {
	rest   []byte
	failed string // what was expected
}

// text is the text between what is expected next and the next quotation mark.
func (c *cursor) text(expected string) []byte {
	found := c.optional(expected)
	if found == nil && c.failed == "" {
		c.failed = expected
	}
	return found
}

// optional is text where it may be left out: nil.
func (c *cursor) optional(expected string) []byte {
	if !bytes.HasPrefix(c.rest, []byte(expected)) {
		return nil
	}
	end := bytes.IndexByte(c.rest[len(expected):], '"')
	if end < 0 {
		c.failed = expected
		return nil
	}
	found := c.rest[len(expected) : len(expected)+end]
	c.rest = c.rest[len(expected)+end+1:]
	return found
}

// quoted is an optional text with its quotation marks, in which there may be escaped ones.
func (c *cursor) quoted(expected string) []byte {
	if !bytes.HasPrefix(c.rest, []byte(expected)) {
		return nil
	}
	text := c.rest[len(expected):]
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			c.rest = text[i+1:]
			return text[:i+1]
		}
	}
	c.failed = expected
	return nil
}

// data is what stands between the attributes and the end of the event.
func (c *cursor) data() []byte {
	const expected = `,"data":`
	if c.failed == "" && (!bytes.HasPrefix(c.rest, []byte(expected)) || c.rest[len(c.rest)-1] != '}') {
		c.failed = expected
	}
	if c.failed != "" {
		return nil
	}
	return c.rest[len(expected) : len(c.rest)-1]
}

// attributes reads those that most entries share with the one before.
func (d *decoder) attributes(id, when, actor []byte, e *domain.Recorded) (err error) {
	if e.ID, err = uuid.ParseBytes(id); err != nil || len(id) != 36 {
		return fmt.Errorf("its id %q is no UUID", id)
	}
	if d.when == "" || string(when) != d.when {
		t, err := time.Parse(timeLayout, string(when))
		if err != nil || t.Year() < 1678 || t.Year() > 2261 { // nanoseconds in an int64
			return fmt.Errorf("its time %q is no time of this ledger", when)
		}
		d.when, d.time = string(when), t.UnixNano()
	}
	e.Time = d.time
	if actor == nil {
		return nil
	}
	if string(actor) != d.quoted {
		text, err := jsontext.AppendUnquote(nil, actor)
		if err != nil {
			return fmt.Errorf("its actor %q is no text: %w", actor, err)
		}
		d.quoted, d.actor = string(actor), string(text)
	}
	e.Actor = d.actor
	return nil
}

// date reads an effective date. A year, month, season or range is dear to read, and there are few.
func (d *decoder) date(text []byte) (domain.EDTF, error) {
	if e, known := d.spans[string(text)]; known {
		return e, nil
	}
	e, err := domain.ParseEDTF(string(text))
	if err == nil && e.Earliest() != e.Latest() {
		if len(d.spans) == maxSpans {
			clear(d.spans)
		}
		d.spans[e.String()] = e
	}
	return e, err
}

func (d *decoder) dates(effective, fulfils []byte, e *domain.Recorded) (err error) {
	if effective != nil {
		if e.Effective, err = d.date(effective); err != nil {
			return fmt.Errorf("its effective date: %w", err)
		}
	}
	if fulfils != nil {
		plan, item, given := strings.Cut(string(fulfils), "/")
		if !domain.ValidID(plan) || given && !domain.ValidID(item) {
			return fmt.Errorf("it fulfils %q, which is neither plan nor plan/item", fulfils)
		}
		e.Fulfils = domain.Fulfilment{Plan: domain.PlanID(plan), Item: item}
	}
	return nil
}

func (d *decoder) fact(typ, data []byte, e *domain.Recorded) error {
	name, ours := bytes.CutPrefix(typ, []byte(typePrefix))
	name, current := bytes.CutSuffix(name, []byte(typeSuffix))
	t, known := domain.ParseType(string(name))
	if !ours || !current || !known {
		return fmt.Errorf("its type %q is not one of this ledger", typ)
	}
	value, err := d.parser.ParseBytes(data)
	if err != nil {
		return fmt.Errorf("its data is not JSON: %w", err)
	}
	if err := domain.ReadBody(t, value, &e.Entry); err != nil {
		return fmt.Errorf("its data: %w", err)
	}
	return nil
}
