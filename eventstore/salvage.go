package eventstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/nats-io/nats.go"
)

// errNotFolder: a path leads through a file.
const errNotFolder = syscall.ENOTDIR

// salvage is every whole record that the blocks of a stream hold, also behind a damaged one, in whatever
// order. It keeps 24 bytes a record, and belongs to one goroutine.
type salvage struct {
	at   streamFolder
	all  []recordPlace // by commit, and the same commit by block
	open uint32        // the block that is in buf; 0: none
	buf  []byte
}

// recordPlace is where a record is stored.
type recordPlace struct {
	commit uint64
	block  uint32
	at     uint32
	size   uint32
}

// newSalvage reads all blocks, whatever their numbers. It costs one reading of the log.
func newSalvage(ctx context.Context, at streamFolder) (*salvage, error) {
	v := &salvage{at: at}
	files, err := os.ReadDir(at.messages())
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errNotFolder) {
		return nil, fmt.Errorf("look for commits: %w", err)
	}
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m := blockName.FindStringSubmatch(file.Name())
		if m == nil || !file.Type().IsRegular() {
			continue
		}
		number, err := strconv.ParseUint(m[1], 10, 32)
		if err != nil {
			return nil, err
		}
		if err := v.load(uint32(number)); err != nil {
			return nil, fmt.Errorf("look for commits: %w", err)
		}
		v.scan()
	}
	slices.SortFunc(v.all, func(a, b recordPlace) int {
		return cmp.Or(cmp.Compare(a.commit, b.commit), cmp.Compare(a.block, b.block))
	})
	return v, nil
}

func (v *salvage) load(number uint32) (err error) {
	if v.open == number {
		return nil
	}
	v.open = number
	v.buf, err = os.ReadFile(v.at.block(number).path)
	return err
}

// scan finds the whole records of the block in buf. Where one is not whole, the next begins that far in
// front of the subject that every record has.
func (v *salvage) scan() {
	reader := newBlockReader(v.at.stream, v.at.subject, v.open)
	for at := 0; at < len(v.buf); {
		if r, err := reader.record(v.buf[at:]); err == nil {
			v.all = append(v.all, recordPlace{r.commit, v.open, uint32(at), uint32(r.size)})
			at += r.size
			continue
		}
		from := at + 1 + recordHead
		found := bytes.Index(v.buf[min(from, len(v.buf)):], reader.subject)
		if found < 0 {
			return
		}
		at = from + found - recordHead
	}
}

// read gives a record as a commit.
func (v *salvage) read(r recordPlace) (c RawCommit, err error) {
	if err := v.load(r.block); err != nil {
		return c, err
	}
	end := min(int(r.at+r.size), len(v.buf))
	found, err := newBlockReader(v.at.stream, v.at.subject, r.block).record(v.buf[min(int(r.at), end):end])
	if err == nil {
		c, err = found.raw()
	}
	if err != nil {
		return c, fmt.Errorf("%d.blk at byte %d: %w", r.block, r.at, err)
	}
	return c, nil
}

// raw is the record's commit, with memory of its own.
func (r *stored) raw() (RawCommit, error) {
	headers, err := nats.DecodeHeadersMsg(r.header)
	if err != nil {
		return RawCommit{}, fmt.Errorf("its headers cannot be read: %w", err)
	}
	return RawCommit{r.commit, rawHeader(headers), bytes.Clone(r.data)}, nil
}

// at lists where the commit of a position may be.
func (v *salvage) places(commit uint64) []recordPlace {
	from, _ := slices.BinarySearchFunc(v.all, commit, func(r recordPlace, commit uint64) int { return cmp.Compare(r.commit, commit) })
	to := from
	for to < len(v.all) && v.all[to].commit == commit {
		to++
	}
	return v.all[from:to]
}

// run calls fn with the commits that follow what is proved, as far as they are here and prove. wrong is why
// the next one that is here does not; nil: there is none. err is of fn, or that a file cannot be read.
func (v *salvage) run(ctx context.Context, p *prover, fn func(RawCommit) error) (wrong, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, wrong := v.next(p)
		if c == nil {
			return wrong, nil
		}
		if err := fn(*c); err != nil {
			return nil, err
		}
	}
}

// next takes the commit that follows what is proved, if it is here.
func (v *salvage) next(p *prover) (_ *RawCommit, wrong error) {
	for _, place := range v.places(p.StreamSeq + 1) {
		c, err := v.read(place)
		if err == nil {
			err = p.take(c)
		}
		if err == nil {
			return &c, nil
		}
		wrong = err
	}
	return nil, wrong
}

// commits calls fn with the commits of a stream whose blocks are whole, in order, and fails at the first
// record that is not. It keeps one block in memory.
func (f streamFolder) commits(ctx context.Context, fn func(RawCommit) error) error {
	blocks, err := f.blocks()
	if err != nil {
		return err
	}
	for _, b := range blocks {
		text, err := os.ReadFile(b.path)
		if err != nil {
			return err
		}
		reader := newBlockReader(f.stream, f.subject, b.number)
		for at := 0; at < len(text); {
			var c RawCommit
			r, err := reader.record(text[at:])
			if err == nil {
				c, err = r.raw()
			}
			if err != nil {
				return fmt.Errorf("%s at byte %d: %w", filepath.Base(b.path), at, err)
			}
			if err := errors.Join(ctx.Err(), fn(c)); err != nil {
				return err
			}
			at += r.size
		}
	}
	return nil
}
