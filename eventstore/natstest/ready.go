package natstest

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// patience is how long servers may take to find one another, and to make good what they have missed.
const patience = 2 * time.Minute

// Ready waits until the server keeps streams.
func (n *Node) Ready() {
	n.t.Helper()
	n.await(n.URL, func(ctx context.Context, js jetstream.JetStream) error {
		_, err := js.AccountInfo(ctx)
		return err
	})
}

// Ready waits until the three servers are one cluster that keeps streams on all of them.
func (c *Cluster) Ready() {
	c.Nodes[0].t.Helper()
	c.Nodes[0].await(c.URL(), func(ctx context.Context, js jetstream.JetStream) error {
		_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: "READY", Subjects: []string{"ready"}, Replicas: len(c.Nodes)})
		if err != nil {
			return err
		}
		return js.DeleteStream(ctx, "READY")
	})
}

// Whole waits until every node keeps up with a stream.
func (c *Cluster) Whole(stream string) {
	c.Nodes[0].t.Helper()
	c.Nodes[0].await(c.URL(), func(ctx context.Context, js jetstream.JetStream) error {
		info, err := clusterOf(ctx, js, stream)
		if err != nil {
			return err
		}
		for _, peer := range info.Replicas {
			if !peer.Current || peer.Offline {
				return fmt.Errorf("%s does not keep up with %s: %+v", peer.Name, stream, *peer)
			}
		}
		return nil
	})
}

// Leader is the number of the node that leads a stream, among those that run.
func (c *Cluster) Leader(stream string) (leader int) {
	c.Nodes[0].t.Helper()
	c.Nodes[0].await(c.URL(), func(ctx context.Context, js jetstream.JetStream) error {
		info, err := clusterOf(ctx, js, stream)
		if err != nil {
			return err
		}
		for i, n := range c.Nodes {
			if n.Name == info.Leader {
				leader = i
				return nil
			}
		}
		return fmt.Errorf("%q leads %s", info.Leader, stream)
	})
	return leader
}

func clusterOf(ctx context.Context, js jetstream.JetStream, stream string) (*jetstream.ClusterInfo, error) {
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return nil, err
	}
	info := s.CachedInfo().Cluster
	if info == nil || info.Leader == "" || len(info.Replicas) != 2 {
		return nil, fmt.Errorf("the cluster of %s is not whole: %+v", stream, info)
	}
	return info, nil
}

// await asks again until there is no error.
func (n *Node) await(url string, ask func(context.Context, jetstream.JetStream) error) {
	n.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := once(n.t.Context(), url, ask)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			n.t.Fatalf("the servers at %s are not ready: %v\n%s says: %s", url, err, n.Name, n.Log())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func once(ctx context.Context, url string, ask func(context.Context, jetstream.JetStream) error) error {
	conn, err := nats.Connect(url, nats.NoReconnect(), nats.Timeout(time.Second))
	if err != nil {
		return err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return ask(ctx, js)
}
