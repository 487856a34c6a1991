//go:build !linux

package eventstore

import "os"

// dataSync makes what was written to a file durable.
func dataSync(file *os.File) error { return file.Sync() }
