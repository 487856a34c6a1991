package govuk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/bodies"
	"github.com/orgledger/orgledger/formats/jsonrow"
)

// Format is the name of the format.
const Format = "govuk-organisations"

// Importer reads snapshots, each a file, in the order of their days.
type Importer struct{}

// RegistersFiles says that Import registers the files itself, each before what is recorded of it: where a newer one is
// cited, all of it is recorded.
func (Importer) RegistersFiles() bool { return true }

// importing is one run of the importer.
type importing struct {
	sink      *formats.Sink
	state     *state
	directory *bodies.Directory
	remarks   remarks
}

// Import compares each snapshot with what is known before it. A snapshot that is recorded, and older than the newest one
// that is, is only counted; one that is not recorded is refused where a newer one is. It keeps what is known of each
// organisation and the rows of one snapshot.
func (Importer) Import(ctx context.Context, files []formats.File, sink *formats.Sink) error {
	days, err := inOrder(files)
	if err != nil {
		return err
	}
	in := &importing{sink: sink, remarks: remarks{mended: make(map[string]bool), unknown: make(map[string]bool)}}
	if err := in.learn(ctx, files, days); err != nil {
		return err
	}
	for i, file := range files {
		if err := in.file(ctx, file, days[i]); err != nil {
			return err
		}
	}
	in.remarks.tell(sink)
	return nil
}

// learn reads what is known before the first of the files. A snapshot that is given again, and is the newest one recorded,
// may have been interrupted: then it is made as if nothing had been recorded of it, and what has been is known by its ids.
func (in *importing) learn(ctx context.Context, files []formats.File, days []domain.Date) error {
	s, newest, err := earlierSnapshots(ctx, in.sink.Earlier)
	if err != nil {
		return err
	}
	in.state = s
	again := make(map[uuid.UUID]bool)
	if i := slices.Index(days, s.newest); i >= 0 && in.sink.Earlier.Has(registered(files[i], days[i]).ID) {
		for _, e := range newest {
			again[e.ID] = true
		}
	} else {
		s.applyAll(newest)
	}
	in.directory, err = bodies.Known(ctx, in.sink.Earlier, func(e *domain.Entry) bool { return again[e.ID] })
	return err
}

// inOrder gives the days of the snapshots, which follow one another.
func inOrder(files []formats.File) ([]domain.Date, error) {
	days := make([]domain.Date, len(files))
	for i, file := range files {
		var err error
		if days[i], err = snapshotDay(file); err != nil {
			return nil, err
		}
		if i > 0 && days[i] <= days[i-1] {
			return nil, &formats.PlaceError{Place: formats.Place{File: file.Name},
				Rule: fmt.Sprintf("snapshots are given in the order of their days, each day once: this comes after the one of %s", days[i-1]), Value: days[i].String()}
		}
	}
	return days, nil
}

// file imports one snapshot.
func (in *importing) file(ctx context.Context, file formats.File, day domain.Date) error {
	source := registered(file, day)
	if day < in.state.newest && !in.sink.Earlier.Has(source.ID) {
		return &formats.PlaceError{Place: formats.Place{File: file.Name}, Value: day.String(),
			Rule: fmt.Sprintf("a snapshot is not older than those that are recorded, the last of which is of %s", in.state.newest)}
	}
	rows, err := in.read(ctx, file)
	if err != nil {
		return err
	}
	in.sink.Used(len(rows))
	if err := in.sink.Entry(source); err != nil || day < in.state.newest {
		return err
	}
	in.state.date(day)
	s := newSnapshot(in, day, file.Source.Source, rows)
	return s.record(ctx)
}

// registered is the entry that makes a snapshot a source, published on its day.
func registered(file formats.File, day domain.Date) *domain.Entry {
	file.Source.Published = domain.DayEDTF(day)
	return formats.Registration(file)
}

// read reads a snapshot whole, so that nothing is compared with half of one.
func (in *importing) read(ctx context.Context, file formats.File) ([]*row, error) {
	var rows []*row
	places := make(map[string]int)
	err := jsonrow.Reader{Lists: []string{"results"}}.Read(ctx, file, func(n int, value jsontext.Value) error {
		in.sink.Row()
		r, err := readRow(formats.Place{File: file.Name, Row: n}, value)
		if err != nil {
			return err
		}
		if first, ok := places[r.content]; ok {
			return refuse(r.place, "details.content_id", fmt.Sprintf("an organisation stands in a snapshot once, and this one in row %d", first), r.content)
		}
		places[r.content] = n
		rows = append(rows, r)
		return nil
	})
	return rows, err
}

// remarks is what the reader of the report has to know, gathered over all snapshots.
type remarks struct {
	mended   map[string]bool // content ids of those whose title was mended
	unknown  map[string]bool // slugs that no snapshot has
	several  int             // rows of the last snapshot with several parents
	orphaned int             // its rows that are open, and whose parents are all closed
	missing  []string        // organisations that the last snapshot does not have
	adopted  []string        // organisations that were in the ledger
	last     string          // file of the last snapshot
}

func (r *remarks) tell(sink *formats.Sink) {
	if n := len(r.mended); n > 0 {
		sink.Note(fmt.Sprintf("titles that were read with the wrong encoding before they came here, and are mended: %d", n))
	}
	if n := len(r.unknown); n > 0 {
		slugs := make([]string, 0, n)
		for slug := range r.unknown {
			slugs = append(slugs, slug)
		}
		slices.Sort(slugs)
		sink.Note("parents or successors that no snapshot has, left out: " + few(slugs))
	}
	if len(r.adopted) > 0 {
		sink.Note("organisations that the ledger had from elsewhere: " + few(r.adopted))
	}
	if r.several > 0 {
		sink.Note(fmt.Sprintf("%s: organisations with several parents, placed under one of them: %d; the notes of their entries name the others", r.last, r.several))
	}
	if r.orphaned > 0 {
		sink.Note(fmt.Sprintf("%s: organisations that are not closed and stand only under closed ones: %d", r.last, r.orphaned))
	}
	if len(r.missing) > 0 {
		slices.Sort(r.missing)
		sink.Note(fmt.Sprintf("%s: organisations of earlier snapshots that it leaves out, of which nothing was recorded: %s", r.last, few(r.missing)))
	}
}

// few names some of many.
func few(names []string) string {
	const most = 10
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
