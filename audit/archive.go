package audit

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// file is one of an archive.
type file struct {
	name string
	data []byte
}

// The parts of a zip archive, and what stands in them here. Nothing is compressed: what a compressor gives changes
// with its version. Times are the first that the format knows.
const (
	zipLocal    = 0x04034b50
	zipCentral  = 0x02014b50
	zipEnd      = 0x06054b50
	zipVersion  = 10 // of the format: 1.0, files that are only stored
	zipFirstDay = 1<<5 | 1
	zipHeader   = 30        // bytes of a local header before its name
	maxArchive  = 1<<31 - 1 // bytes; a zip archive of 4 GiB has other fields
	maxFiles    = 1<<16 - 1 // one with more has other fields
)

// pack makes the zip archive of files, of which there is one: the same files give the same bytes.
func pack(files []file) ([]byte, error) {
	var archive, directory bytes.Buffer
	for _, f := range files {
		at := archive.Len()
		if len(files) > maxFiles || at+len(f.data)+directory.Len() > maxArchive-1<<16 {
			return nil, fmt.Errorf("%s: more than %d bytes or %d files", f.name, maxArchive, maxFiles)
		}
		little(&archive, uint32(zipLocal), uint16(zipVersion))
		describe(&archive, f)
		archive.WriteString(f.name)
		archive.Write(f.data)
		little(&directory, uint32(zipCentral), uint16(zipVersion), uint16(zipVersion))
		describe(&directory, f)
		little(&directory, uint16(0), uint16(0), uint16(0), uint32(0), uint32(at)) // comment, disk, attributes, place
		directory.WriteString(f.name)
	}
	size, at := directory.Len(), archive.Len()
	archive.Write(directory.Bytes())
	little(&archive, uint32(zipEnd), uint16(0), uint16(0), uint16(len(files)), uint16(len(files)), uint32(size), uint32(at), uint16(0))
	return archive.Bytes(), nil
}

// describe writes what the two headers of a file have in common: flags, method, time, day, checksum, both
// lengths, those of the name and of the further fields.
func describe(b *bytes.Buffer, f file) {
	little(b, uint16(0), uint16(0), uint16(0), uint16(zipFirstDay), crc32.ChecksumIEEE(f.data),
		uint32(len(f.data)), uint32(len(f.data)), uint16(len(f.name)), uint16(0))
}

func little(b *bytes.Buffer, numbers ...any) {
	for _, n := range numbers {
		switch n := n.(type) {
		case uint16:
			b.Write(binary.LittleEndian.AppendUint16(nil, n))
		case uint32:
			b.Write(binary.LittleEndian.AppendUint32(nil, n))
		}
	}
}

// unpack takes exactly what pack gives. The files' data are parts of the archive.
func unpack(archive []byte) (files []file, err error) {
	for at := 0; len(archive)-at >= zipHeader && binary.LittleEndian.Uint32(archive[at:]) == zipLocal; {
		header := archive[at:]
		size, name := uint64(binary.LittleEndian.Uint32(header[22:])), uint64(binary.LittleEndian.Uint16(header[26:]))
		end := zipHeader + name + size
		if end > uint64(len(header)) {
			return nil, fmt.Errorf("the archive ends within file %d: %w", len(files)+1, ErrMalformed)
		}
		f := file{string(header[zipHeader : zipHeader+name]), header[zipHeader+name : end]}
		if binary.LittleEndian.Uint32(header[14:]) != crc32.ChecksumIEEE(f.data) {
			return nil, fmt.Errorf("%q does not have its checksum: %w", f.name, ErrMalformed)
		}
		files = append(files, f)
		at += int(end)
	}
	again, err := pack(files)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrMalformed)
	}
	if differs := firstDifference(archive, again); differs >= 0 {
		return nil, fmt.Errorf("byte %d of the archive is not as it must be: %w", differs, ErrMalformed)
	}
	return files, nil
}

// firstDifference is where two texts differ first, or -1.
func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}
