package eventstore

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// The items of a restore, each staged below restoring at the same path as in the data folder.

// item is a path below the data folder.
func (r *restoration) item(path string) string {
	item, err := filepath.Rel(r.Dir, path)
	if err != nil {
		panic(err) // the one is made from the other
	}
	return item
}

// stageCheckpoint stages the checkpoint of a log that ends with a head.
func (r *restoration) stageCheckpoint(at *Head) (item string, err error) {
	item = r.item(checkpointPath(r.Dir, r.at.stream))
	if err := createCheckpoint(r.staged(item), r.at.stream, at); err != nil {
		return item, fmt.Errorf("write the checkpoint: %w", err)
	}
	return item, nil
}

// stageMarker stages a marker that names the stream, unless the one that is there does. One that cannot be read is
// made again, with the ledgers that have a checkpoint beside it.
func (r *restoration) stageMarker(c *completion) error {
	m, err := readMarker(r.Dir)
	if err == nil && slices.Contains(m.Streams, r.at.stream) {
		return nil
	}
	c.Items = append(c.Items, markerName)
	if err == nil {
		c.Over = append(c.Over, markerName)
	} else {
		m = marker{Format: format, Created: r.Clock().UTC()}
		points, err := filepath.Glob(filepath.Join(r.Dir, streamName("*")+".checkpoint"))
		if err != nil {
			return fmt.Errorf("look for the ledgers of the folder: %w", err)
		}
		for _, path := range points {
			m.Streams = append(m.Streams, strings.TrimSuffix(filepath.Base(path), ".checkpoint"))
		}
	}
	if !slices.Contains(m.Streams, r.at.stream) {
		m.Streams = append(m.Streams, r.at.stream)
	}
	text, err := seal(m)
	if err == nil {
		err = replaceFile(r.staged(markerName), text)
	}
	if err != nil {
		return fmt.Errorf("write the marker: %w", err)
	}
	return nil
}

// replace puts the whole log that is staged into place.
func (r *restoration) replace(c completion, at *Head) (RestoreReport, error) {
	point, err := r.stageCheckpoint(at)
	if err != nil {
		return RestoreReport{}, err
	}
	return r.place(c, r.item(r.at.dir), point)
}

// place completes what is staged, with a marker where it needs another, and puts it into place.
func (r *restoration) place(c completion, items ...string) (report RestoreReport, err error) {
	c.Items = items
	if err := r.stageMarker(&c); err != nil {
		return report, err
	}
	text, err := seal(c)
	if err == nil {
		err = syncDir(r.staged(""))
	}
	if err == nil {
		err = r.step("complete")
	}
	if err == nil {
		err = replaceFile(r.staged(completeName), text)
	}
	if err != nil {
		return report, fmt.Errorf("complete the restore: %w", err)
	}
	if err := r.step("completed"); err != nil {
		return report, err
	}
	if err := (&swap{r.Dir, r.step, c}).finish(); err != nil {
		return report, err
	}
	return c.report(r.Dir), nil
}
