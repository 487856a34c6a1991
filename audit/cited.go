package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// citing are the members of answers that hold sequences of entries (semantics.md §4): a number or a list of them.
var citing = []string{"path", "uncertain_because", "seq", "fulfilled_by"}

// Cited are the sequences of the entries that an answer names, ascending, each once: the numbers under the
// members path, uncertain_because, seq and fulfilled_by, wherever in the answer they stand.
func Cited(answer []byte) (sequences []uint64, err error) {
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("no JSON: %w: %w", err, ErrMalformed)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("more than one JSON value: %w", ErrMalformed)
	}
	walk(value, false, func(number json.Number) {
		sequence, wrong := parseNumber(number.String())
		if wrong != nil || sequence == 0 {
			err = fmt.Errorf("%s is no sequence of an entry: %w", number, ErrMalformed)
		}
		sequences = append(sequences, sequence)
	})
	slices.Sort(sequences)
	return slices.Compact(sequences), err
}

// walk shows the numbers of a value that stand under a citing member.
func walk(value any, cites bool, see func(json.Number)) {
	switch value := value.(type) {
	case json.Number:
		if cites {
			see(value)
		}
	case []any:
		for _, item := range value {
			walk(item, cites, see)
		}
	case map[string]any:
		for name, item := range value {
			walk(item, slices.Contains(citing, name), see)
		}
	}
}
