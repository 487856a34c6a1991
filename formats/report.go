package formats

import "errors"

// Skipped is a reason for which rows made no entry, and how many.
type Skipped struct {
	Why   string  `json:"why"`
	Rows  int     `json:"rows"`
	First []Place `json:"first"` // up to ten of them
}

// Report accounts for every row.
type Report struct {
	Files    int       `json:"files"`
	Rows     int       `json:"rows"`     // read
	Used     int       `json:"used"`     // rows that at least one entry was made of, or that confirm what another row says
	Made     int       `json:"made"`     // entries
	Known    int       `json:"known"`    // of these, recorded before
	Recorded int       `json:"recorded"` // of these, recorded now
	Skipped  []Skipped `json:"skipped"`
	Notes    []string  `json:"notes,omitempty"` // what the reader of the report has to know
}

// Accounted reports whether every row was used or skipped.
func (r *Report) Accounted() bool {
	skipped := 0
	for _, s := range r.Skipped {
		skipped += s.Rows
	}
	return r.Rows == r.Used+skipped
}

// ErrUnaccounted says that an importer has lost sight of rows, which is its fault.
var ErrUnaccounted = errors.New("rows are neither used nor skipped")
