package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/projections"
)

// SnapshotHead is the first line of a snapshot: the state of which ledger it is, on which day, as known at which entry.
type SnapshotHead struct {
	Ledger   string `json:"ledger"`
	On       string `json:"on"`
	Known    uint64 `json:"known"`
	Position uint64 `json:"position,omitzero"` // of the feed: from there on is what the snapshot does not have; 0: not kept any more, or there is no feed
}

// SnapshotState is a line of a snapshot: what is answered about one reference.
type SnapshotState struct {
	Ref   string                `json:"ref"`
	State *projections.Standing `json:"state"`
}

// SnapshotEnd is the last line of a snapshot. One that is cut off has none.
type SnapshotEnd struct {
	References uint64 `json:"references"` // how many there are
	SHA256     string `json:"sha256"`     // of all lines before this one, line feeds included, in hexadecimal
}

// Snapshot writes the state of everything on a day, as known at an entry, as JSON lines: its head, every reference that was
// introduced, its end. It can be written in parts, by several nodes in turn. It belongs to one goroutine; recording
// goes on, and changes nothing in it.
type Snapshot struct {
	view *projections.View
	at   projections.Point
	head SnapshotHead

	// What was written.
	begun bool
	last  domain.Ref // zero: no reference was
	count uint64
	sum   hash.Hash
}

// Snapshot makes ready the snapshot that is asked for in JSON: {"on":…,"known":…}, today in UTC and everything recorded where
// they are left out. follow, which may be nil, finds the position of the feed behind an entry; 0 where there is none. The
// error is a *projections.QuestionError, or that of follow.
func (l *Ledger) Snapshot(ctx context.Context, fields []byte, follow func(ctx context.Context, known uint64) (uint64, error)) (*Snapshot, error) {
	s := &Snapshot{view: l.View(), sum: sha256.New()}
	if len(bytes.TrimSpace(fields)) == 0 {
		fields = []byte("{}")
	}
	var err error
	if _, err = readSnapshot(asker{ctx: ctx, view: s.view}, fields, &s.at); err != nil {
		return nil, err
	}
	s.head = SnapshotHead{Ledger: l.log.Name(), Known: s.at.Known}
	if follow != nil {
		if s.head.Position, err = follow(ctx, s.at.Known); err != nil {
			return nil, err
		}
	}
	if s.at.On == 0 { // looked up after the position: a day that arrives from now on is behind that
		s.at.On = Today(time.Now().UTC())
	}
	s.head.On = s.at.On.String()
	return s, nil
}

// readSnapshot reads which state is asked for; a day that is left out is the zero Date.
func readSnapshot(a asker, fields jsontext.Value, at *projections.Point) (any, error) {
	return question(func(a asker, q *when) (any, error) {
		on, err := optionalDay(q.On, "on")
		known, err2 := a.known(q.Known, "known")
		*at = projections.Point{On: on, Known: known}
		return nil, firstOf(err, err2)
	})(a, fields)
}

// ErrCursor says that a cursor is none of a snapshot.
var ErrCursor = errors.New("no snapshot was given out with this cursor")

// cursor is what there has to be known of a part that was written.
type cursor struct {
	On    domain.Date `json:"on"`
	Known uint64      `json:"known"`
	Last  string      `json:"last"`
	Count uint64      `json:"count"`
	Sum   []byte      `json:"sum"`
}

// ContinueSnapshot goes on with a snapshot where a cursor says, once the ledger has got as far as what it began with. The
// error is ErrCursor, or that of Reach.
func (l *Ledger) ContinueSnapshot(ctx context.Context, text string) (*Snapshot, error) {
	c, s := new(cursor), &Snapshot{sum: sha256.New(), begun: true}
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(plain, c, json.RejectUnknownMembers(true))
	}
	if err == nil && c.Last != "" {
		s.last, err = domain.ParseRef(c.Last)
	}
	if err == nil {
		err = s.sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(c.Sum)
	}
	if err != nil || c.On < domain.FirstDate || c.On > domain.LastDate {
		return nil, fmt.Errorf("%w: %.100q", ErrCursor, text)
	}
	if err := l.Reach(ctx, c.Known); err != nil {
		return nil, err
	}
	s.view, s.at, s.count = l.View(), projections.Point{On: c.On, Known: c.Known}, c.Count
	if s.last.ID != "" && !s.view.Introduced(s.last, c.Known) {
		return nil, fmt.Errorf("%w: %.100q", ErrCursor, text)
	}
	return s, nil
}

// Cursor is how to go on behind what was written.
func (s *Snapshot) Cursor() string {
	c := cursor{On: s.at.On, Known: s.at.Known, Count: s.count}
	if s.last.ID != "" {
		c.Last = s.last.String()
	}
	var err error
	if c.Sum, err = s.sum.(encoding.BinaryMarshaler).MarshalBinary(); err != nil {
		panic(err) // crypto/sha256 can
	}
	return base64.RawURLEncoding.EncodeToString(mustMarshal(c))
}

// errEnough ends a part.
var errEnough = errors.New("the part is long enough")

// Write writes lines until they have, together, so many bytes, or to the end, and reports whether that was the end. No line
// is divided: a part may be longer by what its last line has.
func (s *Snapshot) Write(ctx context.Context, w io.Writer, enough int) (end bool, err error) {
	out := &part{w: w, sum: s.sum, enough: enough}
	err = s.lines(ctx, out)
	if errors.Is(err, errEnough) {
		return false, nil
	}
	if err == nil {
		out.enough = math.MaxInt
		err = out.line(struct {
			End SnapshotEnd `json:"end"`
		}{SnapshotEnd{s.count, hex.EncodeToString(s.sum.Sum(nil))}})
	}
	return err == nil, err
}

// lines writes what comes before the end.
func (s *Snapshot) lines(ctx context.Context, out *part) error {
	if !s.begun {
		s.begun = true
		err := out.line(struct {
			Snapshot SnapshotHead `json:"snapshot"`
		}{s.head})
		if err != nil {
			return err
		}
	}
	return s.view.Standings(ctx, s.at, s.last, func(ref domain.Ref, state *projections.Standing) error {
		s.last = ref
		s.count++
		return out.line(SnapshotState{ref.String(), state})
	})
}

// part is what is written in one go.
type part struct {
	w       io.Writer
	sum     hash.Hash
	written int
	enough  int
}

func (p *part) line(value any) error {
	text := append(mustMarshal(value), '\n')
	if _, err := p.w.Write(text); err != nil {
		return fmt.Errorf("write the snapshot: %w", err)
	}
	p.sum.Write(text)
	if p.written += len(text); p.written >= p.enough {
		return errEnough
	}
	return nil
}
