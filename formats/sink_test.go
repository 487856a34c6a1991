package formats_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/formats"
	"github.com/orgledger/orgledger/formats/formatstest"
)

// importer is an importer that does what a test says.
type importer func(context.Context, []formats.File, *formats.Sink) error

func (im importer) Import(ctx context.Context, files []formats.File, sink *formats.Sink) error {
	return im(ctx, files, sink)
}

func entry(t formatstest.TB, line string) *domain.Entry {
	t.Helper()
	e, err := domain.ParseEntry([]byte(line))
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return e
}

func established(t formatstest.TB, id, name string) *domain.Entry {
	return entry(t, fmt.Sprintf(`{"type":"organisation.established","data":{"organisation":%q,"name":%q}}`, id, name))
}

func given(t *testing.T) formats.Given {
	return formats.Given{Name: formatstest.Write(t, t.TempDir(), "file", "text\n")}
}

// What the ledger would refuse is refused while it is made, at the place that it cites, and nothing is recorded.
func TestSinkJudges(t *testing.T) {
	for want, lines := range map[string][]string{
		"an identifier is introduced once": {`{"type":"organisation.established","data":{"organisation":"a","name":"A"}}`,
			`{"type":"organisation.established","data":{"organisation":"a","name":"B"}}`},
		"names something that an earlier entry introduces": {`{"type":"organisation.restored","effective":"2020","data":{"organisation":"a"}}`},
		"names an entry that is recorded":                  {`{"type":"entry.retracted","data":{"retracts":"11111111-1111-4111-8111-111111111111","reason":"so"}}`},
	} {
		var l formatstest.Ledger
		_, err := l.Import(importer(func(_ context.Context, files []formats.File, s *formats.Sink) error {
			for i, line := range lines {
				e := entry(t, line)
				e.Sources = []domain.Citation{files[0].Row(i + 1)}
				if err := s.New("test", e); err != nil {
					return err
				}
			}
			return nil
		}), "test", given(t))
		place, ok := errors.AsType[*formats.PlaceError](err)
		if !ok || !strings.Contains(place.Rule, want) || place.Of != fmt.Sprintf("row %d", len(lines)) || len(l.Recorded) != 0 {
			t.Errorf("%q: %v, %d recorded", want, err, len(l.Recorded))
		}
	}
}

// A plan's items may name what its other items would introduce.
func TestSinkTakesPlans(t *testing.T) {
	var l formatstest.Ledger
	l.MustImport(t, importer(func(_ context.Context, _ []formats.File, s *formats.Sink) error {
		return s.New("test", entry(t, `{"type":"plan.announced","effective":"2020","data":{"plan":"p","title":"P","items":[
			{"item":"i","type":"organisation.established","data":{"organisation":"x","name":"X"}},
			{"item":"j","type":"organisation.renamed","effective":"2021","data":{"organisation":"x","name":"Y"}}]}}`))
	}), "test", given(t))
	if len(l.Recorded) != 2 {
		t.Errorf("%d are recorded, not the source and the plan", len(l.Recorded))
	}
}

// Rows that are neither used nor skipped are a fault of the importer, and nothing is recorded.
func TestSinkAccounts(t *testing.T) {
	var l formatstest.Ledger
	_, err := l.Import(importer(func(_ context.Context, _ []formats.File, s *formats.Sink) error {
		s.Row()
		s.Row()
		s.Used(1)
		return nil
	}), "test", given(t))
	if !errors.Is(err, formats.ErrUnaccounted) || len(l.Recorded) != 0 {
		t.Errorf("%v, %d recorded", err, len(l.Recorded))
	}
}

// Whatever a thing was said to be in files before, the ledger says in the end what the last file says, and nothing is
// written when a file says again what the ledger has.
func TestSettleFollowsTheLastFile(t *testing.T) {
	name := given(t)
	rapid.Check(t, func(t *rapid.T) {
		var l formatstest.Ledger
		for range rapid.IntRange(1, 6).Draw(t, "files") {
			wanted := []*domain.Entry{established(t, "a", rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "name"))}
			if day := rapid.SampledFrom([]string{"", "2020", "2021"}).Draw(t, "ended"); day != "" {
				wanted = append(wanted, entry(t, fmt.Sprintf(`{"type":"organisation.dissolved","effective":%q,"data":{"organisation":"a"}}`, day)))
			}
			settle := importer(func(ctx context.Context, files []formats.File, s *formats.Sink) error {
				stated, err := s.Stated(ctx, "test-")
				if err != nil {
					return err
				}
				for _, e := range wanted {
					e.ID, e.Sources = uuid.Nil, []domain.Citation{files[0].Row(1)}
				}
				return s.Settle("test", stated, wanted, "a newer file says otherwise")
			})
			l.MustImport(t, settle, "test", name)
			said := make(map[string]bool)
			for _, e := range l.Now() {
				said[formats.Says(e)] = true
			}
			for _, e := range wanted {
				if !said[formats.Says(e)] {
					t.Fatalf("%s is wanted, and the ledger says %v", formats.Says(e), said)
				}
			}
			if again := l.MustImport(t, settle, "test", name); again.Recorded != 0 || again.Known != len(wanted)+1 {
				t.Fatalf("the second time %d are recorded and %d known", again.Recorded, again.Known)
			}
		}
	})
}

// A fact that was retracted and is said again is recorded again, under another id.
func TestNewAfterRetraction(t *testing.T) {
	var l formatstest.Ledger
	file := given(t)
	do := func(fn func(ctx context.Context, s *formats.Sink, stated []*formats.Stated, cited []domain.Citation) error) {
		l.MustImport(t, importer(func(ctx context.Context, files []formats.File, s *formats.Sink) error {
			stated, err := s.Stated(ctx, "test-")
			if err != nil {
				return err
			}
			return fn(ctx, s, stated, []domain.Citation{files[0].Row(1)})
		}), "test", file)
	}
	say := func(_ context.Context, s *formats.Sink, _ []*formats.Stated, cited []domain.Citation) error {
		e := entry(t, `{"type":"organisation.restored","effective":"2020","data":{"organisation":"a"}}`)
		e.Sources = cited
		return s.New("test", e)
	}
	retract := func(_ context.Context, s *formats.Sink, stated []*formats.Stated, cited []domain.Citation) error {
		for _, was := range stated {
			if !was.Retracted {
				if err := s.Retract("test", was, "it was not so", cited); err != nil {
					return err
				}
			}
		}
		return nil
	}
	do(func(_ context.Context, s *formats.Sink, _ []*formats.Stated, _ []domain.Citation) error {
		return s.New("test", established(t, "a", "A"))
	})
	for round := range 3 {
		do(say)
		if n := len(l.Now()); n != 3 {
			t.Fatalf("round %d: %d facts stand, not 3", round, n)
		}
		do(retract)
		if n := len(l.Now()); n != 2 {
			t.Fatalf("round %d: after the retraction %d facts stand, not 2", round, n)
		}
	}
}
