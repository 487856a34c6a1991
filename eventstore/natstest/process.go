package natstest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Build makes the NATS server's own program, and gives its path.
func Build(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nats-server")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", file, "github.com/nats-io/nats-server/v2").CombinedOutput()
	if err != nil {
		t.Fatalf("build the NATS server: %v\n%s", err, out)
	}
	return file
}

// Node is a NATS server in a process of its own, with its store. It belongs to the test's goroutine.
type Node struct {
	Name string
	URL  string // for clients

	t       testing.TB
	program string
	config  string
	env     []string
	log     string
	process *exec.Cmd // nil while it is down
}

// Single is one server, as docs/cluster/single.conf sets it up, not started yet.
func Single(t testing.TB, program, config string) *Node {
	t.Helper()
	return newNode(t, program, config, "single", free(t))
}

func newNode(t testing.TB, program, config, name, listen string, env ...string) *Node {
	t.Helper()
	dir := t.TempDir()
	n := &Node{Name: name, URL: "nats://" + listen, t: t, program: program, config: config, log: filepath.Join(dir, "log"),
		env: append(env, "NODE="+name, "LISTEN="+listen, "STORE="+filepath.Join(dir, "store"))}
	t.Cleanup(n.Kill)
	return n
}

// free is a loopback address that nobody listens at for now.
func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Start runs the server. It may take some time to answer.
func (n *Node) Start() {
	n.t.Helper()
	if n.process != nil {
		n.t.Fatalf("%s runs already", n.Name)
	}
	n.process = exec.Command(n.program, "-c", n.config, "-l", n.log)
	n.process.Env = append(os.Environ(), n.env...)
	if err := n.process.Start(); err != nil {
		n.t.Fatal(err)
	}
}

// Kill ends the server as a crash does. Its store stays. It does nothing where the server is down.
func (n *Node) Kill() {
	if n.process == nil {
		return
	}
	_ = n.process.Process.Kill() // it may have ended by itself
	_ = n.process.Wait()         // with the signal
	n.process = nil
}

// Log is what the server has logged last.
func (n *Node) Log() string {
	text, err := os.ReadFile(n.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4096):])
}

// Cluster is three servers whose routes to one another can be cut.
type Cluster struct {
	Nodes [3]*Node

	links [3][3]*Link // from one node to another; nil from a node to itself
}

// NewCluster sets up three servers as docs/cluster/node.conf says. None is started yet.
func NewCluster(t testing.TB, program, config string) *Cluster {
	t.Helper()
	c := new(Cluster)
	var inner [3]string
	for i := range inner {
		inner[i] = free(t)
	}
	for i := range c.Nodes {
		env := []string{"CLUSTER=" + inner[i], "ADVERTISE=127.0.0.1:1"} // nobody finds a way around the links
		for j, peer := range inner {
			if j != i {
				c.links[i][j] = newLink(t, peer)
				env = append(env, fmt.Sprintf("PEER_%c=nats://%s", 'A'+len(env)-2, c.links[i][j].Addr()))
			}
		}
		c.Nodes[i] = newNode(t, program, config, fmt.Sprint("n", i+1), free(t), env...)
	}
	return c
}

// URL is the address of all nodes, separated by commas.
func (c *Cluster) URL() string {
	urls := make([]string, len(c.Nodes))
	for i, n := range c.Nodes {
		urls[i] = n.URL
	}
	return strings.Join(urls, ",")
}

// Cut separates a node from the other two: what is sent is lost, and nobody is told.
func (c *Cluster) Cut(node int) { c.each(node, (*Link).Cut) }

// Heal connects a node to the other two again.
func (c *Cluster) Heal(node int) { c.each(node, (*Link).Heal) }

func (c *Cluster) each(node int, do func(*Link)) {
	for other := range c.Nodes {
		if other != node {
			do(c.links[node][other])
			do(c.links[other][node])
		}
	}
}
