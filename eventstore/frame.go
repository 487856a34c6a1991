package eventstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
)

// RawCommit is a commit as the log holds it, to be kept or put elsewhere. Nothing of it is proved.
type RawCommit struct {
	Place  uint64 // position among the commits, from 1
	Header []byte // NATS/1.0 and the lines of the commit's own headers, sorted, with the empty line that ends them
	Data   []byte // the batch of events
}

// Source is where commits can be had from: a log that is open, one that is served elsewhere, a backup.
type Source interface {
	// Commits calls begin once, with the position of the last commit that there is at the moment, and then
	// fn for each from the position from to that one, in order and without gaps; beyond it there are none.
	// fn may keep what it is given. An error of begin or fn ends it and is returned as it is.
	Commits(ctx context.Context, from uint64, begin func(last uint64) error, fn func(RawCommit) error) error
}

// Commits are written one after the other in this form, in the files of a backup and over HTTP:
//
//	orgledger commits 1 main        format and ledger
//	commit 1 332 512                position, bytes of the headers, bytes of the entries
//	<headers><entries>
//	commit 2 …
//	end 2                           the last one; without this line the end is missing
//
// Header keys come to a message in any order: the client writes them as it likes. They are sorted here, so that
// one commit has one form. The form is frozen by testdata/commits.golden.
const (
	framesBegin = "orgledger commits "
	frameBegin  = "commit "
	framesEnd   = "end "

	maxFrameLine   = 256
	maxFrameHeader = 64 << 10
)

// natsLine begins a block of headers.
const natsLine = "NATS/1.0\r\n"

// rawHeader writes the headers that belong to a commit. What a server adds when it is asked for one message
// is left out.
func rawHeader(from nats.Header) []byte {
	text := []byte(natsLine)
	for _, key := range slices.Sorted(maps.Keys(from)) {
		if !strings.HasPrefix(key, "Orgledger-") && key != headerContentType && key != nats.MsgIdHdr && key != nats.ExpectedLastSeqHdr {
			continue
		}
		for _, value := range from[key] {
			text = append(append(append(append(text, key...), ": "...), value...), "\r\n"...)
		}
	}
	return append(text, "\r\n"...)
}

// headers reads what rawHeader wrote.
func (c *RawCommit) headers() (nats.Header, error) {
	h, err := nats.DecodeHeadersMsg(c.Header)
	if err != nil {
		return nil, fmt.Errorf("its headers cannot be read: %w", err)
	}
	return h, nil
}

// size is how many bytes the commit takes.
func (c *RawCommit) size() int { return len(c.Header) + len(c.Data) }

// appendFrame writes one commit.
func appendFrame(dst []byte, c *RawCommit) []byte {
	dst = fmt.Appendf(dst, frameBegin+"%d %d %d\n", c.Place, len(c.Header), len(c.Data))
	dst = append(dst, c.Header...)
	return append(append(dst, c.Data...), '\n')
}

// WriteCommits writes the commits of a log from a position to its end. begin, which may be nil, is told
// the position of the last before anything is written.
func WriteCommits(ctx context.Context, w io.Writer, ledger string, log Source, from uint64, begin func(last uint64)) error {
	var room []byte
	end := uint64(0)
	err := log.Commits(ctx, from, func(last uint64) error {
		if end = last; begin != nil {
			begin(last)
		}
		_, err := fmt.Fprintf(w, framesBegin+"%d %s\n", format, ledger)
		return err
	}, func(c RawCommit) error {
		room = appendFrame(room[:0], &c)
		_, err := w.Write(room)
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, framesEnd+"%d\n", end)
	return err
}

// errCutOff: commits end without the line that says so.
var errCutOff = errors.New("it is cut off")

// ReadCommits calls fn with what WriteCommits wrote of a ledger, and gives back the position of the last
// commit there was. What is cut off is an error, after the commits that are whole.
func ReadCommits(r io.Reader, ledger string, fn func(RawCommit) error) (last uint64, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	line, err := frameLine(in)
	if err != nil {
		return 0, err
	}
	rest, ours := strings.CutPrefix(line, framesBegin)
	kind, name, given := strings.Cut(rest, " ")
	if !ours || !given {
		return 0, fmt.Errorf("these are no commits: they begin with %.40q", line)
	}
	if err := checkFormat(kind); err != nil {
		return 0, err
	}
	if name != ledger {
		return 0, fmt.Errorf("%w: these are commits of the ledger %s, not of %s", ErrOtherHistory, name, ledger)
	}
	for next := uint64(0); ; next++ {
		c, done, err := readFrame(in)
		switch {
		case err != nil && next > 0:
			return next - 1, fmt.Errorf("after commit %d: %w", next-1, err)
		case err != nil:
			return 0, err
		case done && (next == 0 || c.Place == next-1):
			return c.Place, atEnd(in)
		case done:
			return next - 1, fmt.Errorf("it ends after commit %d, and says that it ends after commit %d", next-1, c.Place)
		case next > 0 && c.Place != next:
			return next - 1, fmt.Errorf("commit %d comes after commit %d", c.Place, next-1)
		}
		if err := fn(c); err != nil {
			return c.Place - 1, err
		}
		next = c.Place
	}
}

// readFrame reads one commit, or the end, of which only Place is given.
func readFrame(in *bufio.Reader) (c RawCommit, done bool, err error) {
	line, err := frameLine(in)
	if err != nil {
		return c, false, err
	}
	if end, ok := frameNumbers(line, framesEnd, 1); ok {
		return RawCommit{Place: end[0]}, true, nil
	}
	sizes, ok := frameNumbers(line, frameBegin, 3)
	if !ok || sizes[0] == 0 || sizes[1] > maxFrameHeader || sizes[2] > maxMessage {
		return c, false, fmt.Errorf("%.40q begins no commit", line)
	}
	c.Place = sizes[0]
	header, data := int(sizes[1]), int(sizes[2])
	text := make([]byte, header+data+1)
	if _, err := io.ReadFull(in, text); err != nil {
		return c, false, cutOff(err)
	}
	if text[header+data] != '\n' {
		return c, false, fmt.Errorf("commit %d does not end where it says", c.Place)
	}
	c.Header, c.Data = text[:header:header], text[header:header+data:header+data]
	return c, false, nil
}

// frameNumbers reads a line that is a word and so many numbers.
func frameNumbers(line, word string, count int) ([]uint64, bool) {
	rest, ok := strings.CutPrefix(line, word)
	texts := strings.Split(rest, " ")
	if !ok || len(texts) != count {
		return nil, false
	}
	numbers := make([]uint64, count)
	for i, text := range texts {
		var err error
		if numbers[i], err = strconv.ParseUint(text, 10, 63); err != nil || text[0] == '0' && text != "0" {
			return nil, false
		}
	}
	return numbers, true
}

// frameLine reads a line, which has no more bytes than any that was written.
func frameLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadSlice('\n')
	switch {
	case len(line) > maxFrameLine || errors.Is(err, bufio.ErrBufferFull):
		return "", fmt.Errorf("%.40q begins no commit", line)
	case err != nil:
		return "", cutOff(err)
	}
	return string(line[:len(line)-1]), nil
}

func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w (%w)", errCutOff, io.ErrUnexpectedEOF)
	}
	return err
}

func atEnd(in *bufio.Reader) error {
	switch _, err := in.ReadByte(); {
	case err == nil:
		return errors.New("it goes on after its end")
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}
