package projections

import (
	"context"
	"reflect"
	"slices"

	"github.com/orgledger/orgledger/domain"
)

// Agenda is on which days to come something takes effect, or becomes certain. It belongs to one goroutine. It keeps a
// number for each of what is announced in advance.
type Agenda struct {
	days map[domain.Date][]uint32
}

// Agenda lists what was announced, up to a known point, of the days after one. It looks at everything once.
func (v *View) Agenda(known uint64, after domain.Date) *Agenda {
	a := &Agenda{make(map[domain.Date][]uint32)}
	for num := uint32(1); num <= v.count; num++ {
		a.note(v, num, after, func(s *stamp) bool { return uint64(s.from) <= known })
	}
	return a
}

// Add adds what an entry says of the days after one.
func (a *Agenda) Add(v *View, seq uint64, after domain.Date) {
	for _, num := range v.concerned(seq) {
		a.note(v, num, after, func(s *stamp) bool { return uint64(s.from) == seq })
	}
}

// note adds the days after one on which records of a thing, of those chosen, turn anything.
func (a *Agenda) note(v *View, num uint32, after domain.Date, choose func(*stamp) bool) {
	v.eachTurn(num, choose, func(day domain.Date) {
		if list := a.days[day]; day > after && (len(list) == 0 || list[len(list)-1] != num) {
			a.days[day] = append(list, num)
		}
	})
}

// eachTurn calls fn with the days on which the chosen records of a thing take effect, or begin or cease to be doubtful.
func (v *View) eachTurn(num uint32, choose func(*stamp) bool, fn func(domain.Date)) {
	stamped := func(s *stamp) {
		if fn(s.day); s.earliest != s.latest {
			fn(s.earliest)
			fn(s.latest)
		}
	}
	t := v.thing(num)
	for i := range t.own {
		if o := &t.own[i]; choose(&o.stamp) {
			if stamped(&o.stamp); o.lastDay != 0 {
				fn(o.lastDay + 1)
			}
		}
	}
	if t.organisation == nil {
		return
	}
	for i := range t.organisation.attributes {
		if s := &t.organisation.attributes[i].stamp; choose(s) {
			stamped(s)
		}
	}
	for i := range t.organisation.bulk {
		if s := &t.organisation.bulk[i].stamp; choose(s) {
			stamped(s)
		}
	}
}

// Next is the first day of the agenda, false where there is none.
func (a *Agenda) Next() (day domain.Date, ok bool) {
	for d := range a.days {
		if !ok || d < day {
			day, ok = d, true
		}
	}
	return day, ok
}

// Done takes a day off.
func (a *Agenda) Done(day domain.Date) { delete(a.days, day) }

// Days lists the days, rising.
func (a *Agenda) Days() []domain.Date {
	days := make([]domain.Date, 0, len(a.days))
	for day := range a.days {
		days = append(days, day)
	}
	slices.Sort(days)
	return days
}

// Arrivals calls fn with every holding and organisation, from a reference on (the zero Ref: all) and by their bytes, about which the
// answer on a day of the agenda, as known at a point, is another than on the day before.
func (v *View) Arrivals(ctx context.Context, a *Agenda, at Point, from domain.Ref, fn func(ref domain.Ref, before, after *Standing) error) error {
	turns := func(s *stamp) bool {
		return s.visible(uint32(at.Known)) && (s.day == at.On || s.earliest != s.latest && (s.earliest == at.On || s.latest == at.On))
	}
	var nums []uint32
	for _, num := range a.days[at.On] {
		nums = append(nums, num)
		if v.thing(num).organisation != nil {
			nums = v.taken(nums, num, []uint32{uint32(at.Known)}, turns)
		}
	}
	nums = slices.DeleteFunc(nums, func(num uint32) bool { return !v.thing(num).ref().IsHolding() })
	return v.inOrder(ctx, nums, from, func(num uint32) error {
		before, after := v.standing(num, Point{at.On - 1, at.Known}), v.standing(num, at)
		if reflect.DeepEqual(before, after) {
			return nil
		}
		return fn(v.thing(num).ref(), before, after)
	})
}
