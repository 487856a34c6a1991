package projections

import (
	"crypto/sha256"
	"fmt"
	"io"
	"reflect"

	"github.com/orgledger/orgledger/domain"
)

// revision counts what entries have been expanded to. It rises with every change after which the same entries make
// another index, be it by a mended mistake: TestImageIsFrozen tells.
const revision = 1

// Layout is a hash of what the index of this program consists of. An image is read by a program with the same layout
// alone: another one makes the index anew.
func Layout() [sha256.Size]byte {
	hash := sha256.New()
	fmt.Fprintln(hash, "index", revision, pageSize, roleNames, howNames, opClose)
	for _, t := range domain.Types() {
		fmt.Fprintln(hash, uint8(t), t)
	}
	for _, v := range []any{thing{}, rest{}, few{}, organisation{}, ownFact{}, bulk{}, scope{}, allocation{}, attribute{}, appointment{},
		planFact{}, fulfilment{}, title{}, person{}, entryMeta{}, moment{}, domain.KeyFact{}, domain.Identifier{}, stamp{}} {
		describe(hash, reflect.TypeOf(v))
	}
	return [sha256.Size]byte(hash.Sum(nil))
}

// describe writes the fields of a struct. A hash takes everything without an error.
func describe(to io.Writer, t reflect.Type) {
	fmt.Fprintln(to, t)
	for i := range t.NumField() {
		fmt.Fprintln(to, t.Field(i).Name, t.Field(i).Type)
	}
}
