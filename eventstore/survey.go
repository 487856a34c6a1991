package eventstore

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/minio/highwayhash"
	"golang.org/x/sync/errgroup"

	"github.com/orgledger/orgledger/audit"
)

// streamFolder is where the embedded server keeps the stream of a ledger.
type streamFolder struct {
	dir     string // of the stream
	stream  string
	subject string
}

func newStreamFolder(dir, ledger string) streamFolder {
	return streamFolder{filepath.Join(dir, "jetstream", accountName(ledger), "streams", streamName(ledger)),
		streamName(ledger), commitSubject(ledger)}
}

func (f streamFolder) messages() string { return filepath.Join(f.dir, "msgs") }
func (f streamFolder) index() string    { return filepath.Join(f.messages(), "index.db") }

// block is a file of records.
type block struct {
	number uint32
	path   string
}

func (f streamFolder) block(number uint32) block {
	return block{number, filepath.Join(f.messages(), strconv.FormatUint(uint64(number), 10)+".blk")}
}

// errForeign: the server would act upon a file that no log of ours has.
var errForeign = errors.New("which is none of the log's")

var blockName = regexp.MustCompile(`^([1-9][0-9]{0,8})\.blk$`)

// blocks lists the blocks in the order of their numbers, in which there may be gaps: a server that finds a block
// empty after a crash drops it, and may go on with a later number. That no block is missing shows in the
// commits; see join. Where there is something that the server would not take for the log as we wrote it, the
// error says so.
func (f streamFolder) blocks() ([]block, error) {
	files, err := os.ReadDir(f.messages())
	if err != nil {
		return nil, err
	}
	var all []block
	for _, file := range files {
		if m := blockName.FindStringSubmatch(file.Name()); m != nil {
			n, err := strconv.ParseUint(m[1], 10, 32)
			if err != nil {
				return nil, err
			}
			all = append(all, f.block(uint32(n)))
			continue
		}
		switch filepath.Ext(file.Name()) {
		case ".blk", ".idx", ".fss", ".key", ".new":
			return nil, fmt.Errorf("there is a file %s, %w", file.Name(), errForeign)
		}
	}
	slices.SortFunc(all, func(a, b block) int { return cmp.Compare(a.number, b.number) })
	for _, other := range []string{"__msgs__", "__new_msgs__", "meta.key"} {
		if _, err := os.Lstat(filepath.Join(f.dir, other)); !errors.Is(err, fs.ErrNotExist) {
			return all, fmt.Errorf("there is a %s, %w", other, errForeign)
		}
	}
	return all, nil
}

// checkMeta reads the stream's configuration, without which the server does not see the stream at all.
func (f streamFolder) checkMeta() error {
	text, err := os.ReadFile(filepath.Join(f.dir, "meta.inf"))
	if err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(f.dir, "meta.sum"))
	if err != nil {
		return err
	}
	key := sha256.Sum256([]byte(f.stream))
	hash, err := highwayhash.New64(key[:])
	if err != nil {
		return err
	}
	hash.Write(text)
	if string(sum) != hex.EncodeToString(hash.Sum(nil)) {
		return errors.New("meta.inf, the configuration of the stream, does not have the checksum in meta.sum")
	}
	var config struct {
		Name     string            `json:"name"`
		Metadata map[string]string `json:"metadata"`
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return fmt.Errorf("meta.inf cannot be read: %w", err)
	}
	if config.Name != f.stream {
		return fmt.Errorf("meta.inf is that of the stream %s", config.Name)
	}
	return checkFormat(config.Metadata[metadataFormat])
}

// span is what one block holds.
type span struct {
	block
	first, last uint64 // commits; 0: none
	begin       uint64 // first entry
	end         uint64 // last entry
	root        [audit.HashSize]byte
	covered     *landmark // the commit that the checkpoint names, if it is here
	whole, size int64     // bytes of whole records, and of the file
	bad         error     // what comes after the whole records; nil: nothing
	torn        bool      // it may be one record that was being written
	unfinished  uint64    // the commit that it then says it is; 0: it has not come so far
}

// landmark is one commit of the log.
type landmark struct {
	commit, first, last uint64
	root                [audit.HashSize]byte
}

// read reads a block into a buffer that it gives back for the next.
func (s *span) read(f streamFolder, mark uint64, buf []byte) ([]byte, error) {
	file, err := os.Open(s.path)
	if err != nil {
		return buf, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return buf, err
	}
	s.size = info.Size()
	if int64(cap(buf)) < s.size {
		buf = make([]byte, s.size)
	}
	buf = buf[:s.size]
	if _, err := io.ReadFull(file, buf); err != nil {
		return buf, fmt.Errorf("read %s: %w", s.path, err)
	}
	s.records(newBlockReader(f.stream, f.subject, s.number), mark, buf)
	return buf, nil
}

// records reads the records up to the first that is not whole.
func (s *span) records(reader *blockReader, mark uint64, buf []byte) {
	for rest := buf; len(rest) > 0; rest = buf[s.whole:] {
		r, err := reader.record(rest)
		if err == nil && s.last != 0 {
			switch {
			case r.commit != s.last+1:
				err = fmt.Errorf("commit %d comes after commit %d", r.commit, s.last)
			case r.first != s.end+1:
				err = fmt.Errorf("commit %d begins with entry %d instead of %d", r.commit, r.first, s.end+1)
			}
		}
		var root [audit.HashSize]byte
		if err == nil {
			root, err = parseRoot(r.field(headerRoot))
		}
		if err != nil {
			s.bad = fmt.Errorf("%s at byte %d: %w", filepath.Base(s.path), s.whole, err)
			s.torn = len(rest) <= maxRecord && !reader.follows(rest[1:], 0)
			s.unfinished = sequence(rest)
			return
		}
		if s.first == 0 {
			s.first, s.begin = r.commit, r.first
		}
		s.last, s.end, s.root = r.commit, r.first+r.count-1, root
		s.whole += int64(r.size)
		if r.commit == mark {
			s.covered = &landmark{r.commit, r.first, s.end, s.root}
		}
	}
}

// survey is what the blocks of a stream hold.
type survey struct {
	landmark           // the last whole commit; zero: none
	covered  *landmark // the commit that the checkpoint names
	spans    []span
	bad      error // why the log does not go on after it; nil: it ends there
	torn     *span // where a record that was being written may have been cut off
}

// survey reads all blocks, several at once, and changes nothing. mark is the commit that the checkpoint
// names. Where the log is damaged it says up to where it is whole. It costs one reading of the log
// and a hash of a few gigabytes a second.
func (f streamFolder) survey(ctx context.Context, mark uint64) (*survey, error) {
	blocks, alien := f.blocks()
	s := &survey{spans: make([]span, len(blocks))}
	group, ctx := errgroup.WithContext(ctx)
	workers := min(runtime.GOMAXPROCS(0), len(blocks))
	for w := range workers {
		group.Go(func() (err error) {
			var buf []byte
			for i := w; i < len(blocks); i += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				s.spans[i].block = blocks[i]
				if buf, err = s.spans[i].read(f, mark, buf); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if s.join(); alien != nil {
		s.torn = nil
		if s.bad == nil {
			s.bad = alien
		}
	}
	return s, nil
}

// join goes along the spans as far as they follow each other.
func (s *survey) join() {
	for i := range s.spans {
		b := &s.spans[i]
		if b.first != 0 {
			switch {
			case b.first != s.commit+1:
				s.bad = fmt.Errorf("%s begins with commit %d", filepath.Base(b.path), b.first)
			case b.begin != s.last+1:
				s.bad = fmt.Errorf("%s begins with entry %d", filepath.Base(b.path), b.begin)
			}
			if s.bad != nil {
				return
			}
			s.landmark = landmark{b.last, 0, b.end, b.root}
		}
		if b.covered != nil {
			s.covered = b.covered
		}
		if s.bad = b.bad; s.bad != nil {
			// A block that was put there from somewhere else looks torn: its records have the checksums of another.
			if b.torn && (b.unfinished == 0 || b.unfinished == s.commit+1) && !slices.ContainsFunc(s.spans[i+1:], func(later span) bool { return later.size > 0 }) {
				s.torn = b
			}
			return
		}
	}
}

// cut takes off what was being written when the process or the machine stopped. A crash on the way leaves
// it to be found again. What the server has noted of the stream goes with it, since it may know
// of more than there is.
func (f streamFolder) cut(at *span) error {
	file, err := os.OpenFile(at.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Truncate(at.whole), file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := dropFile(f.index()); err != nil {
		return err
	}
	return syncDir(f.messages())
}

// settle makes what was found durable: a commit may be whole only in memory, when the process that
// wrote it was killed before it could make it so.
func (f streamFolder) settle(s *survey) error {
	if len(s.spans) == 0 {
		return nil
	}
	file, err := os.OpenFile(s.spans[len(s.spans)-1].path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close(), syncDir(f.messages()))
}

// indexed is the last commit that the server's index knows of; 0 where it cannot be read, for then the
// server does not use it either.
func (f streamFolder) indexed() uint64 {
	text, err := os.ReadFile(f.index())
	if err != nil || len(text) < 2 {
		return 0
	}
	rest := bytes.NewReader(text[2:])
	var last uint64
	for range 5 { // messages, bytes, first sequence, first time, last sequence
		if last, err = binary.ReadUvarint(rest); err != nil {
			return 0
		}
	}
	return last
}

// written reports whether any block holds anything.
func (f streamFolder) written() (bool, error) {
	files, err := os.ReadDir(f.messages())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	for _, file := range files {
		if info, err := file.Info(); err == nil && strings.HasSuffix(file.Name(), ".blk") && info.Size() > 0 {
			return true, nil
		}
	}
	return false, err
}
