package eventstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strconv"

	"github.com/minio/highwayhash"
)

// The server keeps a stream in files of records, one record a commit (nats-server 2.15,
// server/filestore.go, writeMsgRecordLocked), all numbers little-endian:
//
//	length(4) sequence(8) time(8) subject length(2) subject header length(4) header message checksum(8)
//
// The highest bit of length says that there is a header. The checksum is HighwayHash-64 over
// sequence, time, subject, header and message; its key is the SHA-256 of the stream's name, a hyphen and
// the number of the file. What it does not cover, the lengths, is checked against what they divide.
const (
	recordHead   = 4 + 8 + 8 + 2
	recordHeader = 4 // length of the header
	recordSum    = 8
	headerBit    = 1 << 31
	maxRecord    = maxMessage + 64<<10 // room for the subject and the headers
)

// stored is a record of a block as found: views of the block's bytes.
type stored struct {
	commit uint64 // position in the stream
	first  uint64 // sequence of its first entry
	count  uint64 // of entries
	header []byte
	data   []byte
	size   int // bytes in the file
}

// blockReader reads the records of one block. It belongs to one goroutine.
type blockReader struct {
	subject []byte
	sum     hash.Hash64
}

func newBlockReader(stream, subject string, block uint32) *blockReader {
	key := sha256.Sum256([]byte(stream + "-" + strconv.FormatUint(uint64(block), 10)))
	sum, err := highwayhash.NewDigest64(key[:])
	if err != nil {
		panic(fmt.Sprintf("eventstore: the hash refuses a key of its size: %v", err))
	}
	return &blockReader{[]byte(subject), sum}
}

// record reads the record at the beginning of buf. Every bit of it is vouched for by the checksum or
// has only one value that it may have.
func (b *blockReader) record(buf []byte) (r stored, err error) {
	prefix := recordHead + len(b.subject) + recordHeader
	if len(buf) < prefix+recordSum {
		return r, errors.New("it ends within a record")
	}
	length := binary.LittleEndian.Uint32(buf)
	r.size = int(length &^ headerBit)
	switch {
	case length&headerBit == 0 || r.size < prefix+recordSum || r.size > maxRecord:
		return r, errors.New("the length of a record is none that was written")
	case r.size > len(buf):
		return r, errors.New("it ends within a record")
	case int(binary.LittleEndian.Uint16(buf[20:])) != len(b.subject) || !bytes.Equal(buf[recordHead:recordHead+len(b.subject)], b.subject):
		return r, errors.New("a record is of another subject")
	}
	end := r.size - recordSum
	b.sum.Reset()
	b.sum.Write(buf[4:20])
	b.sum.Write(b.subject)
	b.sum.Write(buf[prefix:end])
	if b.sum.Sum64() != binary.LittleEndian.Uint64(buf[end:]) {
		return r, errors.New("a record does not have its checksum")
	}
	room := binary.LittleEndian.Uint32(buf[prefix-recordHeader:])
	if uint64(room) > uint64(end-prefix) {
		return r, errors.New("the headers of a record are longer than the record")
	}
	r.commit = sequence(buf)
	r.header, r.data = buf[prefix:prefix+int(room)], buf[prefix+int(room):end]
	return r, r.place()
}

// sequence is the position that a record gives itself, whole or not; 0 where that was not written.
func sequence(buf []byte) uint64 {
	if len(buf) < 12 {
		return 0
	}
	return binary.LittleEndian.Uint64(buf[4:])
}

// place reads what the headers say of the commit's place in the log.
func (r *stored) place() (err error) {
	if !bytes.HasPrefix(r.header, []byte("NATS/1.0\r\n")) || !bytes.HasSuffix(r.header, []byte("\r\n\r\n")) ||
		len(r.data) == 0 || r.data[0] != '[' {
		return errors.New("a record is not divided into headers and entries")
	}
	if _, err := readFormat(string(r.field(headerFormat)), newest); err != nil {
		return err
	}
	if r.first, err = strconv.ParseUint(string(r.field(headerFirst)), 10, 63); err != nil || r.first == 0 {
		return fmt.Errorf("%s is no sequence: %q", headerFirst, r.field(headerFirst))
	}
	r.count, err = strconv.ParseUint(string(r.field(headerCount)), 10, 32)
	if err != nil || r.count < 1 || r.count > MaxCommitEntries {
		return fmt.Errorf("%s is no number of entries: %q", headerCount, r.field(headerCount))
	}
	return nil
}

// field is the text of a header.
func (r *stored) field(name string) []byte {
	// A name begins a line: no value of ours has a line's end in it.
	at := bytes.Index(r.header, []byte("\r\n"+name+": "))
	if at < 0 {
		return nil
	}
	text := r.header[at+len("\r\n")+len(name)+len(": "):]
	return text[:bytes.IndexByte(text, '\r')] // there is one: see place
}

// follows looks for a whole record of a commit after a position, anywhere in buf.
func (b *blockReader) follows(buf []byte, after uint64) bool {
	for from := 0; ; {
		at := bytes.Index(buf[from:], b.subject)
		if at < 0 {
			return false
		}
		from += at + 1
		if begin := from - 1 - recordHead; begin >= 0 {
			if r, err := b.record(buf[begin:]); err == nil && r.commit > after {
				return true
			}
		}
	}
}
