package eventstore

import (
	"errors"
	"os"
	"syscall"
)

// dataSync makes what was written to a file durable, and of its attributes only what it takes to read that.
func dataSync(file *os.File) error {
	for {
		err := syscall.Fdatasync(int(file.Fd()))
		if !errors.Is(err, syscall.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
