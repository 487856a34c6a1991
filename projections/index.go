package projections

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
)

// thing is what the index knows of one reference. A published thing is never changed. It fills one
// line of memory, behind which lie the few own facts that most holdings have: resolving a holding
// touches little else.
type thing struct {
	id           string
	kind         domain.Kind
	introduced   uint32 // sequence of the entry that introduced it, forever where none has
	own          []ownFact
	organisation *organisation
	rest         *rest
}

func (t *thing) ref() domain.Ref { return domain.Ref{Kind: t.kind, ID: t.id} }

// rest is the part of a thing that resolving does not need.
type rest struct {
	mentions     []uint32 // sequences of the entries that concern it, rising
	titles       []title  // every title given, newest last; of an organisation see attributes
	appointments []appointment
	plan         []planFact
	fulfilments  []fulfilment
	person       *person // of a person
}

// title is what an entry calls a thing, from a known point on.
type title struct {
	text string
	from uint32
}

// organisation is the part of a thing that only organisations have.
type organisation struct {
	bulk       []bulk
	imprecise  int // bulk records whose date is not one day
	attributes []attribute
	received   []uint32 // holdings that an own fact of theirs ever gave to it
	feeders    []uint32 // organisations with a bulk record that names it as receiving
	offices    []uint32
}

const pageSize = 4096

type page [pageSize]atomic.Pointer[thing]

// moment is the first sequence recorded at a time.
type moment struct {
	seq  uint32
	time int64
}

// View is the index up to a sequence. It is immutable: any number of goroutines may read it, and it
// keeps its answers while the index grows.
type View struct {
	seq     uint32
	count   uint32 // things are numbered from 1 to count
	pages   []*page
	texts   []string
	moments []moment
	entries []entryMeta // by sequence; the first is of no entry
	names   *names
	keys    *domain.Keyring
	gone    []uint32 // persons who are forgotten
	preview bool     // things are to be read from the pages, not from names
}

// Index is the writer's side. Apply is called by one goroutine at a time; View by any.
type Index struct {
	view atomic.Pointer[View]

	// Owned by the goroutine that calls Apply.
	next    View
	draft   map[uint32]*thing // changed by the batch being applied
	loading bool              // nothing is published yet: things are changed in place
	recent  []numbered        // references of the entry being applied, to look each up once
	held    *strings.Builder  // the names given last
	ids     map[uuid.UUID]uint32
	texts   map[string]uint32
	touched []uint32            // numbers of the things that entries concern
	revised map[uint32][]uint32 // the same for entries whose corrections concern more
}

// entryMeta is what is kept of an entry, so that a correction finds what it supersedes.
type entryMeta struct {
	typ   domain.Type
	about uint32 // the thing that domain.About names, 0 for none; of a correction or retraction the entry that it names
	first uint32 // into touched; the next entry's first ends it
}

// NewIndex is an index of an empty log.
func NewIndex() *Index {
	x := &Index{
		draft:   make(map[uint32]*thing),
		held:    new(strings.Builder),
		ids:     make(map[uuid.UUID]uint32),
		texts:   make(map[string]uint32),
		revised: make(map[uint32][]uint32),
	}
	x.next = View{texts: []string{""}, entries: make([]entryMeta, 1), names: newNames(), keys: new(domain.Keyring)}
	x.publish()
	return x
}

// View is the state after the last batch applied.
func (x *Index) View() *View { return x.view.Load() }

// Seq is the sequence of the last entry applied.
func (x *Index) Seq() uint64 { return uint64(x.next.seq) }

// Seq is the sequence up to which the view answers.
func (v *View) Seq() uint64 { return uint64(v.seq) }

// At is the last sequence recorded at or before a time: 0 before the first.
func (v *View) At(t time.Time) uint64 {
	i := sort.Search(len(v.moments), func(i int) bool { return time.Unix(0, v.moments[i].time).After(t) })
	if i == len(v.moments) {
		return uint64(v.seq)
	}
	return uint64(v.moments[i].seq) - 1
}

// RecordedAt is when the entry at a sequence was recorded; zero for 0. The sequence is one of the view's.
func (v *View) RecordedAt(seq uint64) time.Time {
	i := sort.Search(len(v.moments), func(i int) bool { return uint64(v.moments[i].seq) > seq })
	if i == 0 {
		return time.Time{}
	}
	return time.Unix(0, v.moments[i-1].time).UTC()
}

// LastRecorded is the recorded time of the last entry, zero for an empty log.
func (v *View) LastRecorded() time.Time {
	if len(v.moments) == 0 {
		return time.Time{}
	}
	return time.Unix(0, v.moments[len(v.moments)-1].time).UTC()
}

// thing finds what the index has under a number.
func (v *View) thing(num uint32) *thing {
	return v.pages[num/pageSize][num%pageSize].Load()
}

// lookup finds a reference, nil where no entry of any sequence has made it.
func (v *View) lookup(ref domain.Ref) (uint32, *thing) {
	s, t := v.names.find(ref)
	switch {
	case s == nil || s.num > v.count:
		return 0, nil
	case v.preview:
		return s.num, v.thing(s.num)
	default:
		return s.num, t
	}
}

// Introduced reports whether an entry up to known introduces the reference.
func (v *View) Introduced(ref domain.Ref, known uint64) bool {
	_, t := v.lookup(ref)
	return t != nil && uint64(t.introduced) <= known
}

// EntryType is the type of the entry at a sequence, which is one of the view's.
func (v *View) EntryType(seq uint64) domain.Type { return v.entries[seq].typ }

// EntryAbout is the reference that an entry introduces or is about, which a correction may not
// change; see domain.About.
func (v *View) EntryAbout(seq uint64) domain.Ref {
	about := v.entries[seq].about
	if about == 0 || !v.entries[seq].typ.Dated() {
		return domain.Ref{}
	}
	return v.thing(about).ref()
}

// Corrected is the sequence of the entry that the correction or retraction at a sequence is of.
func (v *View) Corrected(seq uint64) uint64 { return uint64(v.entries[seq].about) }

// Entry finds the sequence of the entry with an id. For the goroutine that applies.
func (x *Index) Entry(id uuid.UUID) (uint64, bool) {
	seq, ok := x.ids[id]
	return uint64(seq), ok
}

// PlanHad reports whether any entry, in any version, gives the plan an item of that name.
func (v *View) PlanHad(plan domain.PlanID, item string) bool {
	_, t := v.lookup(plan.Ref())
	return t != nil && slices.ContainsFunc(t.rest.plan, func(p planFact) bool {
		return slices.ContainsFunc(domain.PlanItems(p.fact), func(i domain.PlanItem) bool { return i.Item == item })
	})
}

// Apply adds recorded entries, in sequence order without a gap, and publishes a view that has all
// of them. Corrections are resolved on the way. After an error the index is not to be used: the log
// does not fit it.
func (x *Index) Apply(batch []domain.Recorded) error {
	if err := x.applyAll(batch); err != nil {
		return err
	}
	x.publish()
	return nil
}

// Load is Apply without publishing, for an index that nobody reads yet: it changes things in place,
// which is faster. The next Apply, or Publish, makes a view.
func (x *Index) Load(batch []domain.Recorded) error {
	x.loading = true
	err := x.applyAll(batch)
	x.loading = false
	return err
}

// Publish makes a view of what was loaded.
func (x *Index) Publish() { x.publish() }

func (x *Index) applyAll(batch []domain.Recorded) error {
	for i := range batch {
		if err := x.apply(&batch[i]); err != nil {
			return fmt.Errorf("index entry %d: %w", batch[i].Seq, err)
		}
	}
	return nil
}

func (x *Index) publish() {
	for num, t := range x.draft {
		x.next.pages[num/pageSize][num%pageSize].Store(t)
		x.next.names.replace(t)
	}
	clear(x.draft)
	view := x.next
	x.view.Store(&view)
}

func (x *Index) apply(r *domain.Recorded) error {
	seq := uint32(r.Seq)
	x.recent = x.recent[:0]
	if r.Seq != uint64(x.next.seq)+1 || r.Seq >= uint64(forever) {
		return fmt.Errorf("it follows %d: sequences are dense", x.next.seq)
	}
	if n := len(x.next.moments); n == 0 || x.next.moments[n-1].time != r.Time {
		x.next.moments = append(x.next.moments, moment{seq, r.Time})
	}
	x.next.seq = seq
	x.ids[r.ID] = seq
	meta := entryMeta{typ: r.Fact.Type(), first: uint32(len(x.touched))}
	if about := domain.About(r.Fact); about.ID != "" {
		meta.about = x.num(about)
	}
	x.next.entries = append(x.next.entries, meta)
	if err := x.enter(seq, r); err != nil {
		return err
	}
	x.applyKeys(r)
	return nil
}

// enter adds what an entry says to the things that it concerns.
func (x *Index) enter(seq uint32, r *domain.Recorded) error {
	switch f := r.Fact.(type) {
	case *domain.EntryCorrected:
		return x.correct(seq, f, &r.Entry)
	case *domain.EntryRetracted:
		target, ok := x.ids[f.Retracts]
		if !ok {
			return fmt.Errorf("it retracts %s, which is not in the log", f.Retracts)
		}
		x.next.entries[seq].about = target
		x.supersede(target, seq)
		x.touch(seq, &r.Entry, x.concerns(target))
		return nil
	default:
		x.touch(seq, &r.Entry, nil)
		x.expand(version{seq: seq, from: seq}, &r.Entry)
		return nil
	}
}

func (x *Index) correct(seq uint32, f *domain.EntryCorrected, e *domain.Entry) error {
	target, ok := x.ids[f.Corrects]
	if !ok {
		return fmt.Errorf("it corrects %s, which is not in the log", f.Corrects)
	}
	if err := f.Resolve(x.next.entries[target].typ); err != nil {
		return err
	}
	x.next.entries[seq].about = target
	x.supersede(target, seq)
	before := x.concerns(target)
	x.touch(seq, e, before)
	for _, num := range x.concerns(seq) {
		if !slices.Contains(before, num) {
			before = append(slices.Clone(before), num)
		}
	}
	x.revised[target] = before
	x.expand(version{seq: target, from: seq}, f.Apply(&domain.Entry{ID: f.Corrects}))
	return nil
}

// concerns lists the things that an entry, as recorded and as corrected, concerns.
func (x *Index) concerns(seq uint32) []uint32 {
	if revised, ok := x.revised[seq]; ok {
		return revised
	}
	end := uint32(len(x.touched))
	if int(seq)+1 < len(x.next.entries) {
		end = x.next.entries[seq+1].first
	}
	return x.touched[x.next.entries[seq].first:end]
}

// touch notes the entry with every thing that it concerns: those it names, and further ones.
func (x *Index) touch(seq uint32, e *domain.Entry, further []uint32) {
	first := len(x.touched)
	e.References(func(ref domain.Ref) { x.touched = append(x.touched, x.num(ref)) })
	x.touched = append(x.touched, further...)
	slices.Sort(x.touched[first:])
	x.touched = x.touched[:first+len(slices.Compact(x.touched[first:]))]
	for _, num := range x.touched[first:] {
		t := x.edit(num)
		t.rest.mentions = append(t.rest.mentions, seq)
	}
}

// numbered is a reference and its number.
type numbered struct {
	ref domain.Ref
	num uint32
}

// maxRecent is how many references of an entry are remembered; few entries have more.
const maxRecent = 8

// num finds or gives the number of a reference.
func (x *Index) num(ref domain.Ref) uint32 {
	for i := range x.recent {
		if x.recent[i].ref == ref {
			return x.recent[i].num
		}
	}
	var num uint32
	if s, _ := x.next.names.find(ref); s != nil {
		num = s.num
	} else {
		num = x.introduce(ref)
	}
	if len(x.recent) < maxRecent {
		x.recent = append(x.recent, numbered{ref, num})
	}
	return num
}

// introduce gives a number to a reference that has none.
func (x *Index) introduce(ref domain.Ref) uint32 {
	ref.ID = x.hold(ref.ID)
	x.next.count++
	num := x.next.count
	if int(num/pageSize) >= len(x.next.pages) {
		x.next.pages = append(x.next.pages, new(page))
	}
	t := newThing(ref)
	x.keep(num, t)
	x.next.names.add(num, t)
	return num
}

// hold copies a name to where the names before it are, so that comparing names touches little memory.
func (x *Index) hold(name string) string {
	if x.held.Cap()-x.held.Len() < len(name) {
		x.held = new(strings.Builder)
		x.held.Grow(64 << 10)
	}
	begin := x.held.Len()
	x.held.WriteString(name)
	return x.held.String()[begin:]
}

// newThing makes room for the few own facts that most holdings have, and for the rest, beside the
// thing itself, in one piece that begins and ends with a line of memory.
func newThing(ref domain.Ref) *thing {
	t := thing{id: ref.ID, kind: ref.Kind, introduced: forever}
	switch ref.Kind {
	case domain.KindOrganisation:
		roomy := new(struct {
			thing
			org   organisation
			facts [2]ownFact
			room  rest
			_     [448 - 64 - 128 - 2*56 - 128]byte
		})
		t.own, t.organisation, t.rest = roomy.facts[:0], &roomy.org, &roomy.room
		roomy.thing = t
		return &roomy.thing
	case domain.KindResponsibility, domain.KindContract:
		roomy := new(struct {
			thing
			facts [3]ownFact
			room  rest
			_     [384 - 64 - 3*56 - 128]byte
		})
		t.own, t.rest = roomy.facts[:0], &roomy.room
		roomy.thing = t
		return &roomy.thing
	}
	t.rest = new(rest)
	return &t
}

// keep holds a thing until it is published.
func (x *Index) keep(num uint32, t *thing) {
	if x.loading {
		x.next.pages[num/pageSize][num%pageSize].Store(t)
		return
	}
	x.draft[num] = t
}

// edit is the thing as the batch being applied changes it.
func (x *Index) edit(num uint32) *thing {
	if x.loading {
		return x.next.thing(num)
	}
	if t, ok := x.draft[num]; ok {
		return t
	}
	t := *x.next.thing(num)
	r := *t.rest
	t.rest = &r
	if t.organisation != nil {
		o := *t.organisation
		t.organisation = &o
	}
	x.draft[num] = &t
	return &t
}

// supersede ends, from a sequence on, the version of an entry that stands.
func (x *Index) supersede(target, seq uint32) {
	for _, num := range x.concerns(target) {
		t := x.edit(num)
		t.own = supersede(t.own, target, seq, (*ownFact).at)
		r := t.rest
		r.appointments = supersede(r.appointments, target, seq, (*appointment).at)
		r.plan = supersede(r.plan, target, seq, (*planFact).at)
		r.fulfilments = supersede(r.fulfilments, target, seq, (*fulfilment).at)
		if o := t.organisation; o != nil {
			o.bulk = supersede(o.bulk, target, seq, (*bulk).at)
			o.attributes = supersede(o.attributes, target, seq, (*attribute).at)
		}
	}
}
