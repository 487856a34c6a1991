package projections

import (
	"context"

	"github.com/orgledger/orgledger/domain"
)

// Standings calls fn with the answer, at a point, about every holding and organisation that an entry up to it introduces, those
// behind a reference (the zero Ref: all). They come in the order in which the log first names them, which is the same
// for everyone who has the log, and stays it as the log grows. Its cost is that of resolving each once; its memory
// one answer. It ends with the error of ctx or of fn.
func (v *View) Standings(ctx context.Context, at Point, behind domain.Ref, fn func(domain.Ref, *Standing) error) error {
	begin, _ := v.lookup(behind)
	for num := begin + 1; num <= v.count; num++ {
		if num%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		ref := v.thing(num).ref()
		if !ref.IsHolding() {
			continue
		}
		if s := v.standing(num, at); s != nil {
			if err := fn(ref, s); err != nil {
				return err
			}
		}
	}
	return nil
}
