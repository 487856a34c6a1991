package eventstore

import (
	"encoding/base64"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// The stored form of a commit is a JSON array of CloudEvents 1.0 (the batch mode of its JSON format,
// §4), without white space, every event with its attributes in the order that appendEvent writes
// them. The form is frozen by testdata/commit.golden: the leaves of the Merkle tree are these bytes.

// Fixed parts of an event. separator cannot occur inside one: within a text its quotation marks would
// be escaped, and data has no such field.
const (
	eventBegin = `{"specversion":"1.0","id":"`
	separator  = `},{"specversion":`
	typePrefix = "orgledger."
	typeSuffix = ".v1"
)

// timeLayout is RFC 3339 in UTC with all nanoseconds.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

// source is the CloudEvents source of a ledger's events.
func source(ledger string) string { return "/orgledger/" + ledger }

// Draft is an entry in its stored form, but for the two attributes that are only known when its commit is written. To
// make it takes most of the time of encoding an entry, and can be done before.
type Draft struct {
	text     []byte // the event without what is inserted
	time     int    // where the recorded time comes
	sequence int    // where the sequence comes, after the time
	size     int
}

// Size is what the entry counts towards MaxCommitBytes; see Size.
func (d *Draft) Size() int { return d.size }

// Draft encodes an entry, which has its id, and who records it.
func (s *Store) Draft(e *domain.Entry, actor string) Draft {
	return newDraft(source(s.options.Ledger), e, actor)
}

// append appends the event.
func (d *Draft) append(dst, when []byte, sequence uint64) []byte {
	dst = append(dst, d.text[:d.time]...)
	dst = append(dst, when...)
	dst = append(dst, d.text[d.time:d.sequence]...)
	dst = strconv.AppendUint(dst, sequence, 10)
	return append(dst, d.text[d.sequence:]...)
}

// newDraft encodes an entry of a source.
func newDraft(source string, e *domain.Entry, actor string) (d Draft) {
	dst := make([]byte, 0, 512)
	dst = append(dst, eventBegin...)
	dst = appendUUID(dst, e.ID)
	dst = append(dst, `","source":"`...)
	dst = append(dst, source...)
	dst = append(dst, `","type":"`+typePrefix...)
	dst = append(dst, e.Fact.Type().String()...)
	dst = append(dst, typeSuffix+`","subject":"`...)
	dst = appendSubject(dst, e)
	dst = append(dst, `","time":"`...)
	d.time = len(dst)
	dst = append(dst, `","datacontenttype":"application/json","sequence":"`...)
	d.sequence = len(dst)
	dst = append(dst, '"')
	if !e.Effective.IsZero() {
		dst = append(dst, `,"effective":"`...)
		dst = append(dst, e.Effective.String()...)
		dst = append(dst, '"')
	}
	if actor != "" {
		dst = append(dst, `,"actor":`...)
		dst, _ = jsontext.AppendQuote(dst, actor) // checked to be UTF-8
	}
	if s := e.Signature; s != nil {
		dst = append(dst, `,"key":"`...)
		dst = append(dst, s.Key...)
		dst = append(dst, `","signature":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, s.Bytes[:])
		dst = append(dst, '"')
	}
	if e.Fulfils.Plan != "" {
		dst = append(dst, `,"fulfils":"`...)
		dst = append(dst, e.Fulfils.Plan...)
		if e.Fulfils.Item != "" {
			dst = append(dst, '/')
			dst = append(dst, e.Fulfils.Item...)
		}
		dst = append(dst, '"')
	}
	dst = append(dst, `,"data":`...)
	begin := len(dst)
	dst = e.AppendBody(dst)
	d.size = len(dst) - begin
	d.text = append(dst, '}')
	return d
}

// appendSubject appends the first reference that the entry makes, for a correction or retraction the
// entry that it names. Mentions would list them all; most facts are about what they mention first.
func appendSubject(dst []byte, e *domain.Entry) []byte {
	switch f := e.Fact.(type) {
	case *domain.EntryCorrected:
		return appendUUID(append(dst, "entry/"...), f.Corrects)
	case *domain.EntryRetracted:
		return appendUUID(append(dst, "entry/"...), f.Retracts)
	}
	ref := domain.About(e.Fact)
	if ref.Kind == domain.KindNone {
		ref = e.Mentions()[0].Ref
	}
	dst = append(dst, ref.Kind.String()...)
	dst = append(dst, '/')
	return append(dst, ref.ID...)
}

func appendUUID(dst []byte, id uuid.UUID) []byte { return append(dst, id.String()...) }
