package eventstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Files of a data folder, beside the server's own.
const (
	markerName = "orgledger.json"
	lockName   = "lock"
)

// marker is DIR/orgledger.json: it says that the folder is a ledger's, and which streams were created
// in it. Its loss costs nothing that is recorded, but the folder is then refused until it is back; it
// is trusted to tell a new ledger from one whose log has gone missing.
type marker struct {
	Format  int       `json:"format"`
	Created time.Time `json:"created"`
	Streams []string  `json:"streams,omitempty"`
}

// holder is what DIR/lock says while a process holds it. What it says is worth nothing once the lock
// is free.
type holder struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	HTTP    string    `json:"http,omitempty"`
	Ledger  string    `json:"ledger,omitempty"`
	Version string    `json:"version,omitempty"`
}

// folder is a data folder that this process holds.
type folder struct {
	dir    string
	lock   *flock.Flock
	marker marker // owned by openFolder and remember, which Open calls in turn

	mu     sync.Mutex
	holder holder // guarded by mu
}

// Exists reports whether dir is the data folder of a ledger.
func Exists(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, markerName))
	return err == nil && info.Mode().IsRegular()
}

// openFolder takes hold of the data folder, and creates it where there is none, unless readOnly. A
// crash on the way leaves at most a folder with a free lock file and an unfinished marker, which the
// next call takes for the empty folder that it is.
func openFolder(dir string, readOnly bool, h holder) (_ *folder, err error) {
	if err := inspect(dir, readOnly); err != nil {
		return nil, err
	}
	f, err := holdFolder(dir, h)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.lock.Unlock())
		}
	}()
	if unfinished, err := restoring(dir); err != nil || unfinished {
		return nil, errors.Join(err, fmt.Errorf("%s: %w", dir, ErrUnfinishedRestore))
	}
	// Another process may have made the folder a ledger's between the look and the lock.
	f.marker, err = readMarker(dir)
	if errors.Is(err, fs.ErrNotExist) {
		f.marker = marker{Format: format, Created: h.Started}
		err = f.writeMarker()
	}
	if err != nil {
		return nil, err
	}
	return f, f.writeHolder()
}

// holdFolder creates a folder where it is missing, and locks it. What is in it is not looked at.
func holdFolder(dir string, h holder) (*folder, error) {
	if err := createDir(dir); err != nil {
		return nil, fmt.Errorf("create the data folder: %w", err)
	}
	f := &folder{dir: dir, lock: flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o644)), holder: h}
	held, err := f.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the data folder %s: %w", dir, err)
	}
	if !held {
		return nil, readHolder(dir)
	}
	return f, nil
}

// inspect refuses what is not, and must not become, the data folder of a ledger. It changes nothing. A restore
// that is not finished is told of once nobody else has the folder: it may be going on.
func inspect(dir string, readOnly bool) error {
	if unfinished, err := restoring(dir); err != nil || unfinished {
		return err
	}
	_, err := readMarker(dir)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if readOnly {
		return fmt.Errorf("%s: %w: no %s there", dir, ErrNotLedger, markerName)
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look into the data folder: %w", err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != lockName && name != restoringName && !strings.HasPrefix(name, markerName) {
			return fmt.Errorf("%s: %w: the folder is not empty (%s), and has no %s", dir, ErrNotLedger, name, markerName)
		}
	}
	return nil
}

func readMarker(dir string) (m marker, err error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return m, fmt.Errorf("%s: %w: it is a file, not a folder", dir, ErrNotLedger)
	}
	path := filepath.Join(dir, markerName)
	text, err := os.ReadFile(path)
	if err != nil {
		return m, fmt.Errorf("read the marker of the data folder: %w", err)
	}
	if err := unseal(text, &m); err != nil {
		return m, &DamageError{Stream: path, Err: fmt.Errorf("the marker is not what was written: %w", err)}
	}
	if err := checkFormat(strconv.Itoa(m.Format)); err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func (f *folder) knows(stream string) bool { return slices.Contains(f.marker.Streams, stream) }

// remember adds a stream to the marker. From then on the stream's absence is damage.
func (f *folder) remember(stream string) error {
	if f.knows(stream) {
		return nil
	}
	f.marker.Streams = append(f.marker.Streams, stream)
	return f.writeMarker()
}

// writeMarker replaces the marker: after a crash there is the old one or the new one.
func (f *folder) writeMarker() error {
	text, err := seal(f.marker)
	if err == nil {
		err = replaceFile(filepath.Join(f.dir, markerName), text)
	}
	if err != nil {
		return fmt.Errorf("write the marker: %w", err)
	}
	return nil
}

// announce tells other processes where to reach this one.
func (f *folder) announce(http string) error {
	f.mu.Lock()
	f.holder.HTTP = http
	f.mu.Unlock()
	return f.writeHolder()
}

// writeHolder writes in place, since the lock belongs to the file, not to its name. One write and then
// the cut: who reads in between finds a whole object first.
func (f *folder) writeHolder() (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, err := json.Marshal(f.holder)
	if err != nil {
		return fmt.Errorf("encode the holder: %w", err)
	}
	file, err := os.OpenFile(f.lock.Path(), os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("write the lock file: %w", err)
	}
	_, err = file.WriteAt(append(text, '\n'), 0)
	if err = errors.Join(err, file.Truncate(int64(len(text)+1)), file.Close()); err != nil {
		return fmt.Errorf("write the lock file: %w", err)
	}
	return nil
}

// readHolder is the error that names who holds dir.
func readHolder(dir string) error {
	held := &HeldError{Dir: dir}
	file, err := os.Open(filepath.Join(dir, lockName))
	if err != nil {
		return fmt.Errorf("%w (who it is cannot be read: %w)", held, err)
	}
	defer file.Close()
	var h holder
	// A holder that has only just locked has written nothing yet: it stays unnamed.
	if json.NewDecoder(file).Decode(&h) == nil {
		held.PID, held.Started, held.HTTP, held.Ledger, held.Version = h.PID, h.Started, h.HTTP, h.Ledger, h.Version
	}
	return held
}

// close empties the lock file and lets go of it.
func (f *folder) close() error {
	return errors.Join(os.Truncate(f.lock.Path(), 0), f.lock.Unlock())
}

// createDir creates dir where it is missing, durably.
func createDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
