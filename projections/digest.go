package projections

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
)

// Digest is one hash over everything that is held at a point: two ledgers that answer equally have
// equal digests.
type Digest struct {
	On       string `json:"on"`
	Known    uint64 `json:"known"`
	Holdings int    `json:"holdings"` // those that anybody has
	SHA256   string `json:"sha256"`
}

// Digest resolves every holding and hashes the sorted lines of their entries.
func (v *View) Digest(at Point) *Digest {
	answer := &Digest{On: at.On.String(), Known: at.Known}
	var lines []string
	for num := range v.holdings() {
		f := v.newFold(num, uint32(at.Known), nil)
		f.run(at.On)
		if len(f.entries) > 0 {
			answer.Holdings++
		}
		for _, e := range f.entries {
			lines = append(lines, f.line(e))
		}
		f.release()
	}
	slices.Sort(lines)
	hash := sha256.New()
	for _, line := range lines {
		hash.Write([]byte(line))
	}
	answer.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return answer
}

func (f *fold) line(e entry) string {
	line := make([]byte, 0, 96)
	line = append(line, f.view.thing(f.holding).ref().String()...)
	line = append(line, '\t')
	line = append(line, f.view.thing(e.org).id...)
	line = append(line, '\t')
	line = append(line, e.role.String()...)
	line = append(line, '\t')
	line = append(line, f.nodes[e.path].at.day.String()...)
	line = append(line, '\t')
	for i, seq := range f.path(e) {
		if i > 0 {
			line = append(line, ',')
		}
		line = strconv.AppendUint(line, seq, 10)
	}
	return string(append(line, '\n'))
}
