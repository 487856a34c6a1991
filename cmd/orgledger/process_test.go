package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what has to happen in the end.
const patience = 2 * time.Minute

// build makes a program from a package, as an operator would have it.
func build(t *testing.T, pkg string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), filepath.Base(pkg)+".bin")
	command := exec.CommandContext(t.Context(), "go", "build", "-o", file, pkg)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return file
}

func buildOrgledger(t *testing.T) string {
	t.Helper()
	return build(t, "github.com/orgledger/orgledger/cmd/orgledger")
}

// process is a program that runs beside the test.
type process struct {
	*exec.Cmd
	said  *transcript
	ended chan struct{} // closed once it has ended, with all of its output read
}

// transcript keeps the end of what a process says on standard error.
type transcript struct {
	mu   sync.Mutex
	text []byte // guarded by mu
}

const longestTranscript = 64 << 10

func (s *transcript) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, text...)
	s.text = s.text[max(0, len(s.text)-longestTranscript):]
	return len(text), nil
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(bytes.TrimSpace(s.text))
}

// start runs a program; line is called with each line of its standard output. It is killed when the
// test ends, unless it has ended.
func start(t *testing.T, line func(string), program string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(program, args...), said: new(transcript), ended: make(chan struct{})}
	p.Env = environment()
	p.Stderr = p.said
	out, err := p.StdoutPipe()
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			line(lines.Text())
		}
		_, _ = io.Copy(io.Discard, out) // a longer line than the scanner takes
		_ = p.Wait()                    // how it ended is in ProcessState
	}()
	t.Cleanup(p.kill)
	return p
}

// environment is that of the test without what would lead orgledger to another ledger.
func environment() []string {
	var kept []string
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "ORGLEDGER_") {
			kept = append(kept, setting)
		}
	}
	return kept
}

// kill ends the process as a crash does.
func (p *process) kill() {
	_ = p.Process.Kill() // it may have ended already
	<-p.ended
}

// stop asks the process to end, and reports how it did.
func (p *process) stop() error {
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.kill()
		return errors.New("it did not end when it was asked to")
	}
	if !p.ProcessState.Success() {
		return errors.New(p.ProcessState.String() + ": " + p.said.String())
	}
	return nil
}

// served is an orgledger serve process.
type served struct {
	*process
	address chan string // gives the HTTP address once
}

// serve starts a server on any free port.
func serve(t *testing.T, program string, args ...string) *served {
	t.Helper()
	s := &served{address: make(chan string, 1)}
	s.process = start(t, func(line string) {
		if address, ok := strings.CutPrefix(strings.TrimSpace(line), "HTTP  "); ok {
			s.address <- address
		}
	}, program, append([]string{"serve", "--http", "127.0.0.1:0"}, args...)...)
	return s
}

// ready waits until the server answers, and gives its address.
func (s *served) ready(t *testing.T) string {
	t.Helper()
	select {
	case address := <-s.address:
		return address
	case <-s.ended:
		t.Fatalf("the server has ended, %v: %s", s.ProcessState, s.said)
	case <-time.After(patience):
		t.Fatalf("the server is not ready: %s", s.said)
	}
	return ""
}
