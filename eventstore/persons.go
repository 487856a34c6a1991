package eventstore

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/orgledger/orgledger/domain"
)

// personKeys are kept beside the log, and not in it, so that they can be destroyed. A key is written before the
// first entry that is sealed with it, and destroyed after the entry that says so: a crash in between leaves a
// key that opens nothing, or one that the next start destroys. The loss of a key is the loss of a name, and of
// nothing else: everything stays proved.
type personKeys interface {
	// save keeps keys durably. Those of persons that have one already are left as they are.
	save(ctx context.Context, keys map[domain.PersonID]domain.PersonKey) error
	// find is the key of a person, and false where there is none.
	find(ctx context.Context, id domain.PersonID) (domain.PersonKey, bool, error)
	// destroy makes a key unreadable, durably. It is no error that there is none.
	destroy(ctx context.Context, id domain.PersonID) error
}

// SavePersonKeys keeps the keys of persons beside the log, durably. Those of persons that have one already are
// left as they are.
func (s *Store) SavePersonKeys(ctx context.Context, keys map[domain.PersonID]domain.PersonKey) error {
	if len(keys) == 0 {
		return nil
	}
	if err := s.persons.save(ctx, keys); err != nil {
		return fmt.Errorf("keep the keys of %d persons: %w", len(keys), err)
	}
	return nil
}

// PersonKey is the key of a person; false where there is none. All are read at the first call.
func (s *Store) PersonKey(ctx context.Context, id domain.PersonID) (domain.PersonKey, bool, error) {
	key, found, err := s.persons.find(ctx, id)
	if err != nil {
		err = fmt.Errorf("read the key of person/%s: %w", id, err)
	}
	return key, found, err
}

// DestroyPersonKey overwrites and removes the key of a person, durably, also where the log is open for reading
// only. It is no error that there is none.
func (s *Store) DestroyPersonKey(ctx context.Context, id domain.PersonID) error {
	if err := s.persons.destroy(ctx, id); err != nil {
		return fmt.Errorf("destroy the key of person/%s: %w", id, err)
	}
	return nil
}

// keptKey is how a key is stored.
type keptKey struct {
	Format int             `json:"format"`
	Person domain.PersonID `json:"person"`
	Key    string          `json:"key"` // hexadecimal
}

func sealPersonKey(id domain.PersonID, key domain.PersonKey) ([]byte, error) {
	return seal(keptKey{format, id, hex.EncodeToString(key[:])})
}

func unsealPersonKey(text []byte) (id domain.PersonID, key domain.PersonKey, err error) {
	var kept keptKey
	if err := unseal(text, &kept); err != nil {
		return "", key, err
	}
	if err := checkFormat(strconv.Itoa(kept.Format)); err != nil {
		return "", key, err
	}
	raw, err := hex.DecodeString(kept.Key)
	if err != nil || len(raw) != len(key) {
		return "", key, errors.New("it holds no key")
	}
	return kept.Person, domain.PersonKey(raw), nil
}

// keySlot is the room of a key in a file, in bytes: no more than what a disk writes at once, and a divisor of
// it, so that a key is there or not, and is overwritten whole.
const keySlot = 256

// blank is an empty slot.
var blank = append(bytes.Repeat([]byte(" "), keySlot-1), '\n')

// keyFile keeps keys in the file STREAM.persons of the data folder, in slots that are overwritten in place.
type keyFile struct {
	path string
	log  *slog.Logger

	mu   sync.Mutex
	read bool                                 // guarded by mu, as is what follows
	keys map[domain.PersonID]domain.PersonKey //
	at   map[domain.PersonID]int64            // offsets
	free []int64                              // offsets of empty slots
	end  int64                                // of the last slot
}

func personsPath(dir, stream string) string { return filepath.Join(dir, stream+".persons") }

func newKeyFile(path string, log *slog.Logger) *keyFile {
	return &keyFile{path: path, log: log, keys: make(map[domain.PersonID]domain.PersonKey), at: make(map[domain.PersonID]int64)}
}

// load reads the file once. A slot that is not whole was being written when a crash came, and its key was not
// used yet; or it is damaged, and its name is lost. Either way it is left as it is.
func (f *keyFile) load() error {
	if f.read {
		return nil
	}
	text, err := os.ReadFile(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for offset := int64(0); offset < int64(len(text)); offset += keySlot {
		slot := text[offset:min(offset+keySlot, int64(len(text)))]
		if bytes.Equal(slot, blank) {
			f.free = append(f.free, offset)
			continue
		}
		id, key, err := unsealPersonKey(append(bytes.TrimRight(slot, " \n"), '\n'))
		switch {
		case errors.Is(err, ErrNewerFormat):
			return fmt.Errorf("%s: %w", f.path, err)
		case err != nil:
			f.log.Warn("a key of a person cannot be read: a crash has cut it off before it was used, or it is damaged, and the name is lost",
				"file", f.path, "offset", offset, "error", err)
		default:
			f.keys[id], f.at[id] = key, offset
		}
	}
	f.end = (int64(len(text)) + keySlot - 1) / keySlot * keySlot
	f.read = true
	return nil
}

func (f *keyFile) find(_ context.Context, id domain.PersonID) (domain.PersonKey, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.load()
	key, found := f.keys[id]
	return key, found, err
}

// save writes into empty slots first. What a crash leaves is said at load.
func (f *keyFile) save(_ context.Context, keys map[domain.PersonID]domain.PersonKey) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.load(); err != nil {
		return err
	}
	added := make(map[domain.PersonID]int64)
	err := f.write(func(file *os.File) error {
		for id, key := range keys {
			if _, there := f.keys[id]; there {
				continue
			}
			text, err := sealPersonKey(id, key)
			if err != nil || len(text) > keySlot {
				return fmt.Errorf("the key of %s does not fit its slot: %w", id, err)
			}
			text = append(text[:len(text)-1], blank[len(text)-1:]...)
			added[id] = f.room()
			if _, err := file.WriteAt(text, added[id]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil { // some may be there: their slots are not used again before the next start
		return err
	}
	for id, offset := range added {
		f.keys[id], f.at[id] = keys[id], offset
	}
	return nil
}

// room takes an empty slot, or one behind the last.
func (f *keyFile) room() (offset int64) {
	if n := len(f.free); n > 0 {
		offset, f.free = f.free[n-1], f.free[:n-1]
		return offset
	}
	f.end += keySlot
	return f.end - keySlot
}

// write changes the file and makes that durable.
func (f *keyFile) write(change func(*os.File) error) error {
	_, err := os.Stat(f.path)
	created := errors.Is(err, fs.ErrNotExist)
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	err = change(file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil || !created {
		return err
	}
	return syncDir(filepath.Dir(f.path))
}

// destroy overwrites the slot. A crash leaves the key or an empty slot, and the next start destroys it again.
func (f *keyFile) destroy(_ context.Context, id domain.PersonID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.load(); err != nil {
		return err
	}
	offset, there := f.at[id]
	if !there {
		return nil
	}
	if err := f.write(func(file *os.File) error {
		_, err := file.WriteAt(blank, offset)
		return err
	}); err != nil {
		return err
	}
	delete(f.keys, id)
	delete(f.at, id)
	f.free = append(f.free, offset)
	return nil
}
