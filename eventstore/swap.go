package eventstore

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// completeName is the file, within the folder restoring, that says that everything there is whole and durable and
// only has to be put into place.
const completeName = "complete"

// completion is what restoring/complete says. From the moment it is there, the restore can only be finished; before
// it is there, nothing outside of restoring has changed.
type completion struct {
	Format   int       `json:"format"`
	Ledger   string    `json:"ledger"`
	Items    []string  `json:"items"`          // what is put into place, below restoring and below the data folder alike
	Over     []string  `json:"over,omitempty"` // those of them that replace what is there, which is not damaged
	Aside    string    `json:"aside"`          // the folder, below the data folder, to which else what was there goes
	Commit   uint64    `json:"commit"`
	Entry    uint64    `json:"entry"`
	Recorded time.Time `json:"recorded,omitzero"`
	Root     string    `json:"root"`
	Brought  uint64    `json:"brought"` // commits that came from the source
	Repaired bool      `json:"repaired"`
}

// newCompletion is that of a log that ends with a head. aside is named for the time, and not there yet.
func newCompletion(dir, ledger string, h *Head, now time.Time) completion {
	c := completion{Format: format, Ledger: ledger, Commit: h.StreamSeq, Entry: h.Seq, Root: hex.EncodeToString(h.Root[:])}
	if at := timeOf(h); at != nil {
		c.Recorded = *at
	}
	name := "damaged-" + now.UTC().Format("20060102T150405Z")
	for c.Aside = name; present(filepath.Join(dir, c.Aside)); {
		name += "-"
		c.Aside = name
	}
	return c
}

func present(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// readCompletion reads the file that makes a restore complete; nil: it is not.
func readCompletion(dir string) (*completion, error) {
	path := filepath.Join(dir, restoringName, completeName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotFolder) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	c := new(completion)
	if err := unseal(text, c); err != nil {
		return nil, &DamageError{Stream: path, Err: fmt.Errorf("it is not what was written: %w", err)}
	}
	if err := checkFormat(strconv.Itoa(c.Format)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// swap puts a complete restore into place and what was there aside, item by item. A crash at any step leaves it to be
// finished: what is no longer below restoring is in place.
type swap struct {
	dir  string
	step func(string) error
	completion
}

func (s *swap) finish() (err error) {
	for _, item := range s.Items {
		if err := s.put(item); err != nil {
			return fmt.Errorf("put %s into place: %w", item, err)
		}
	}
	if err := clearStage(s.dir, s.step); err != nil {
		return fmt.Errorf("remove what is left of the restore: %w", err)
	}
	return nil
}

// put moves one item.
func (s *swap) put(item string) error {
	staged, place, aside := filepath.Join(s.dir, restoringName, item), filepath.Join(s.dir, item), filepath.Join(s.dir, s.Aside, item)
	if !present(staged) {
		return nil
	}
	if present(place) && !slices.Contains(s.Over, item) {
		if err := s.move(place, aside); err != nil {
			return err
		}
	}
	return s.move(staged, place)
}

// move renames, durably, into a folder that is created where it is missing.
func (s *swap) move(from, to string) error {
	if err := makeFolders(s.dir, filepath.Dir(to)); err != nil {
		return err
	}
	if err := s.step("move " + from); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if err := s.step("moved " + from); err != nil {
		return err
	}
	return errors.Join(syncDir(filepath.Dir(to)), syncDir(filepath.Dir(from)))
}

// makeFolders creates the folders from one that exists down to another, durably.
func makeFolders(from, to string) error {
	way, err := filepath.Rel(from, to)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for name := range strings.SplitSeq(way, string(filepath.Separator)) {
		if err := syncDir(from); err != nil {
			return err
		}
		from = filepath.Join(from, name)
	}
	return nil
}

// clearStage removes the folder restoring: first what is in it, then complete, then the folder, so that whatever a crash
// leaves is judged as what it is.
func clearStage(dir string, step func(string) error) error {
	stage := filepath.Join(dir, restoringName)
	files, err := os.ReadDir(stage)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, file := range files {
		if file.Name() == completeName {
			continue
		}
		if err := step("clear " + file.Name()); err != nil {
			return err
		}
		if err := os.RemoveAll(filepath.Join(stage, file.Name())); err != nil {
			return err
		}
	}
	if err := syncDir(stage); err != nil {
		return err
	}
	if err := step("clear complete"); err != nil {
		return err
	}
	if err := dropFile(filepath.Join(stage, completeName)); err != nil {
		return err
	}
	if err := step("cleared complete"); err != nil {
		return err
	}
	return errors.Join(os.Remove(stage), syncDir(dir))
}
