package projections

// Until is a view whose answers to questions about everything break off soon after done is closed, and are worthless then.
func (v *View) Until(done <-chan struct{}) *View {
	if done == nil {
		return v
	}
	watched := *v
	watched.givenUp = done
	return &watched
}

// lookUp is how many things are looked at between two looks at whether the answer is still wanted.
const lookUp = 1024

// things yields the number of everything there is.
func (v *View) things() func(func(uint32) bool) {
	return func(yield func(uint32) bool) {
		for num := uint32(1); num <= v.count; num++ {
			if num%lookUp == 0 && v.unwanted() || !yield(num) {
				return
			}
		}
	}
}

// holdings yields the number of everything that can be held.
func (v *View) holdings() func(func(uint32) bool) {
	return func(yield func(uint32) bool) {
		for num := range v.things() {
			if v.thing(num).ref().IsHolding() && !yield(num) {
				return
			}
		}
	}
}

func (v *View) unwanted() bool {
	select {
	case <-v.givenUp:
		return true
	default:
		return false
	}
}
