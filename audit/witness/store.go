package witness

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/audit/durable"
)

// State is the last checkpoint of a log that a witness cosigned. The zero State is that of a log of which it has
// cosigned none.
type State struct {
	audit.Checkpoint
	Note []byte // as the log signed it; nil: none
}

// Fork is what shows that a log may have signed two histories.
type Fork struct {
	Origin  string   `json:"origin"`
	Earlier string   `json:"earlier"` // the last checkpoint cosigned, a signed note
	Later   string   `json:"later"`   // the one refused, a signed note
	Proof   [][]byte `json:"proof"`   // of consistency, as it was given; base64
	// Proven says that what is here convinces anybody: two roots of one size, or a proof that leads from another root to
	// Later. Otherwise it is only that the caller, who may be anyone, brought a proof that proves nothing.
	Proven bool   `json:"proven"`
	Kept   string `json:"-"` // where
}

// Store is where a witness keeps by what it is bound.
type Store interface {
	// Update gives the last state of a log to change, and keeps the one that change returns; an error keeps the last.
	// It is durable when Update returns. Of one log, one Update runs at a time, whatever process it is in.
	Update(origin string, change func(last State) (State, error)) error
	// Keep keeps evidence, within an Update of the log, and says where it is. All that is proven is kept, of what is
	// not the last of each log.
	Keep(fork Fork) (where string, err error)
}

// ErrHeld says that another process has the folder.
var ErrHeld = errors.New("held by another process")

// Folder is a Store in a folder: for each log a file <origin>.checkpoint with the note, of forks a file
// <origin>.fork-… each, and <origin>.unproven. Its loss makes the witness one that has seen nothing, which
// could cosign another history: a witness without its folder needs a new key.
type Folder struct {
	dir   string
	lock  *flock.Flock
	mu    sync.Mutex
	locks map[string]*sync.Mutex // of each log; the map is guarded by mu
}

// OpenFolder takes a folder, which is made where it is not there, until Close. The error is ErrHeld where another
// process has it.
func OpenFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	held, err := lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !held {
		return nil, fmt.Errorf("%s: %w", dir, ErrHeld)
	}
	return &Folder{dir: dir, lock: lock, locks: map[string]*sync.Mutex{}}, nil
}

// Close lets the folder go.
func (f *Folder) Close() error { return f.lock.Close() }

// path is where something of a log is kept.
func (f *Folder) path(origin, what string) string {
	return filepath.Join(f.dir, url.PathEscape(origin)+"."+what)
}

func (f *Folder) Update(origin string, change func(State) (State, error)) error {
	one := f.of(origin)
	one.Lock()
	defer one.Unlock()
	path := f.path(origin, "checkpoint")
	last, err := readState(path, origin)
	if err != nil {
		return err
	}
	next, err := change(last)
	if err != nil || bytes.Equal(next.Note, last.Note) {
		return err
	}
	return f.write(path, next.Note)
}

func (f *Folder) of(origin string) *sync.Mutex {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locks[origin] == nil {
		f.locks[origin] = new(sync.Mutex)
	}
	return f.locks[origin]
}

func readState(path, origin string) (State, error) {
	signed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	if err != nil {
		return State{}, err
	}
	checkpoint, err := audit.ReadCheckpoint(signed)
	if err != nil {
		return State{}, fmt.Errorf("%s is damaged: %v", path, err)
	}
	if checkpoint.Origin != origin {
		return State{}, fmt.Errorf("%s is of another log, %q", path, checkpoint.Origin)
	}
	return State{checkpoint, signed}, nil
}

func (f *Folder) Keep(fork Fork) (string, error) {
	text, err := json.MarshalIndent(fork, "", "  ")
	if err != nil {
		return "", err
	}
	path := f.path(fork.Origin, "unproven")
	if fork.Proven {
		path = f.path(fork.Origin, fmt.Sprintf("fork-%x", sha256.Sum256(text))[:len("fork-")+16])
	}
	return path, f.write(path, append(text, '\n'))
}

func (f *Folder) write(path string, text []byte) error {
	if err := durable.Replace(path, text); err != nil {
		return err
	}
	return durable.SyncFolder(f.dir)
}
