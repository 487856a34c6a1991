package natstest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/minio/highwayhash"
)

// Record is one commit as the server stores it: the headers as they are sent, and the message.
type Record struct {
	Time         int64
	Header, Data []byte
}

// Forge rewrites the blocks of a ledger in a data folder that nobody has open, with every checksum of the
// storage made good: what somebody can do who may write to the disk and knows the server. change gets the commits
// in their order and gives those that are to be there instead.
func Forge(t testing.TB, dir, ledger string, change func([]Record) []Record) {
	t.Helper()
	stream, subject := "ORGLEDGER_"+ledger, "orgledger."+ledger+".commit"
	messages := filepath.Join(dir, "jetstream", "LEDGER_"+ledger, "streams", stream, "msgs")
	var records []Record
	last := 0
	for number := 1; ; number++ {
		text, err := os.ReadFile(filepath.Join(messages, strconv.Itoa(number)+".blk"))
		if os.IsNotExist(err) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		last = number
		for len(text) > 0 {
			size := int(binary.LittleEndian.Uint32(text) &^ (1 << 31))
			head := 22 + len(subject)
			room := int(binary.LittleEndian.Uint32(text[head:]))
			records = append(records, Record{int64(binary.LittleEndian.Uint64(text[12:])),
				bytes.Clone(text[head+4 : head+4+room]), bytes.Clone(text[head+4+room : size-8])})
			text = text[size:]
		}
		if err := os.Remove(filepath.Join(messages, strconv.Itoa(number)+".blk")); err != nil {
			t.Fatal(err)
		}
	}
	if last == 0 {
		t.Fatal("there is no block to forge in " + messages)
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", stream, 1))
	sum, err := highwayhash.NewDigest64(key[:])
	if err != nil {
		t.Fatal(err)
	}
	var block []byte
	for i, r := range change(records) {
		begin := len(block)
		size := 22 + len(subject) + 4 + len(r.Header) + len(r.Data) + 8
		block = binary.LittleEndian.AppendUint32(block, uint32(size)|1<<31)
		block = binary.LittleEndian.AppendUint64(block, uint64(i+1))
		block = binary.LittleEndian.AppendUint64(block, uint64(r.Time))
		block = binary.LittleEndian.AppendUint16(block, uint16(len(subject)))
		block = append(block, subject...)
		block = binary.LittleEndian.AppendUint32(block, uint32(len(r.Header)))
		block = append(append(block, r.Header...), r.Data...)
		sum.Reset()
		sum.Write(block[begin+4 : begin+20])
		sum.Write([]byte(subject))
		sum.Write(r.Header)
		sum.Write(r.Data)
		block = binary.LittleEndian.AppendUint64(block, sum.Sum64())
	}
	if err := os.WriteFile(filepath.Join(messages, "1.blk"), block, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(messages, "index.db")); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
}
