package eventstore

import (
	"context"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/orgledger/orgledger/domain"
)

// slow is a journal whose commits are under way until the test lets them go, or fails them.
type slow struct {
	journal
	under chan struct{}
	let   chan error
}

func (j *slow) publish(ctx context.Context, m *nats.Msg) (uint64, error) {
	j.under <- struct{}{}
	if err := <-j.let; err != nil {
		return 0, err
	}
	return j.journal.publish(ctx, m)
}

// appended is what Append gives.
type appended struct {
	commit Commit
	err    error
}

// What was made ready while a commit was under way is recorded as if it had not been, whatever of it is appended in the
// end, and whatever becomes of the commit ahead.
func TestReady(t *testing.T) {
	all := numbered(t, 0, 9)
	ahead, first, second, other := all[:3], all[3:5], all[5:7], all[7:]
	both := func(a, b []domain.Recorded) []domain.Recorded {
		return append(append([]domain.Recorded(nil), a...), b...)
	}
	for name, c := range map[string]struct {
		ready  [][]domain.Recorded // told one after the other
		then   []domain.Recorded   // appended behind what is ahead
		failed bool                // what is ahead is not recorded
	}{
		"as it was told":         {[][]domain.Recorded{first}, first, false},
		"more than was told":     {[][]domain.Recorded{first}, both(first, second), false},
		"told in two steps":      {[][]domain.Recorded{first, both(first, second)}, both(first, second), false},
		"less than was told":     {[][]domain.Recorded{both(first, second)}, first, false},
		"others than were told":  {[][]domain.Recorded{first}, other, false},
		"others behind the same": {[][]domain.Recorded{both(first, second), both(first, other)}, both(first, other), false},
		"nothing was told":       {nil, first, false},
		"nothing ahead of it":    {[][]domain.Recorded{first}, first, true},
	} {
		t.Run(name, func(t *testing.T) {
			j := &slow{under: make(chan struct{}), let: make(chan error)}
			dir := t.TempDir()
			s, err := open(t.Context(), Options{Dir: dir}, internals{through: func(real journal) journal { j.journal = real; return j }})
			if err != nil {
				t.Fatal(err)
			}
			drafted := make(map[*domain.Recorded]Draft)
			draftsOf := func(entries []domain.Recorded) []Draft {
				made := make([]Draft, len(entries))
				for i := range entries {
					for k := range all {
						if all[k].ID == entries[i].ID {
							if _, ok := drafted[&all[k]]; !ok {
								drafted[&all[k]] = s.Draft(&all[k].Entry, all[k].Actor)
							}
							made[i] = drafted[&all[k]]
						}
					}
				}
				return made
			}
			record := func(checked uint64, entries []domain.Recorded, meanwhile func(), fate error) appended {
				done := make(chan appended, 1)
				go func() {
					commit, err := s.Append(t.Context(), checked, entries, draftsOf(entries)...)
					done <- appended{commit, err}
				}()
				<-j.under
				meanwhile()
				j.let <- fate
				return <-done
			}
			fate, checked := error(nil), uint64(3)
			if c.failed {
				fate, checked = nats.ErrMaxPayload, 0
			}
			if got := record(0, ahead, func() {
				for _, entries := range c.ready {
					s.Ready(draftsOf(entries))
				}
			}, fate); (got.err != nil) != c.failed {
				t.Fatal(got.err)
			}
			got := record(checked, c.then, func() {}, nil)
			if got.err != nil || got.commit.First != checked+1 || len(got.commit.Entries) != len(c.then) || len(got.commit.Hashes) != len(c.then) {
				t.Fatalf("%+v", got)
			}
			closeStore(t, s)
			s = must(t, Options{Dir: dir})
			replayed(t, s, 0) // proves every root
			for i := range c.then {
				if back, _, err := s.Read(t.Context(), checked+1+uint64(i)); err != nil || back.ID != c.then[i].ID {
					t.Errorf("entry %d is %s, and %s was handed in: %v", checked+1+uint64(i), back.ID, c.then[i].ID, err)
				}
			}
		})
	}
}
