package eventstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	feedSuffix     = "_FEED"            // of the stream derived from the log
	timersSuffix   = "_TIMERS"          // of the stream that tells when a day has come
	personsSuffix  = "_PERSONS"         // of the stream that holds the keys of persons
	metadataFormat = "orgledger.format" // key in the stream's metadata

	// duplicateWindow is as short as is useful: nothing relies on it, since the expected sequence lets a
	// commit in once, and a restart reads every message younger than it.
	duplicateWindow = 10 * time.Second

	// forming is how long a cluster may take to agree on who leads it.
	forming = 30 * time.Second
)

func streamName(ledger string) string    { return "ORGLEDGER_" + ledger }
func commitSubject(ledger string) string { return "orgledger." + ledger + ".commit" }

// streamConfig is the stream that a log needs: nothing ever leaves it.
func streamConfig(ledger string, replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        streamName(ledger),
		Description: "orgledger: the recorded history of " + ledger,
		Subjects:    []string{commitSubject(ledger)},
		Retention:   jetstream.LimitsPolicy,
		Storage:     jetstream.FileStorage,
		Replicas:    max(replicas, 1),
		MaxMsgs:     -1,
		MaxBytes:    -1,
		MaxMsgSize:  maxMessage,
		Duplicates:  duplicateWindow,
		DenyDelete:  true,
		DenyPurge:   true,
		AllowDirect: true,
		Metadata:    map[string]string{metadataFormat: strconv.Itoa(format)},
	}
}

// openStream finds the log's stream, or creates it unless it has to be there. A crash before the stream is
// remembered leaves an empty one, which is found the next time.
// otherwise is nil, or how a test wants it made; then it is not checked.
func openStream(ctx context.Context, js jetstream.JetStream, o *Options, remembered bool,
	otherwise func(*jetstream.StreamConfig)) (jetstream.Stream, error) {
	name := streamName(o.Ledger)
	var stream jetstream.Stream
	find := func(ctx context.Context) (err error) {
		stream, err = js.Stream(ctx, name)
		return err
	}
	err := patiently(ctx, js.Conn(), forming, find)
	switch {
	case err == nil && otherwise != nil:
		return stream, nil
	case err == nil:
		return stream, o.checkStream(stream.CachedInfo())
	case !errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, fmt.Errorf("find the log %s: %w", name, err)
	case remembered:
		return nil, &DamageError{Stream: name, First: 1, Err: errors.New("it was created here, and is gone")}
	case o.ReadOnly:
		return nil, fmt.Errorf("%w: there is no log of %q", ErrNotLedger, o.Ledger)
	}
	config := streamConfig(o.Ledger, o.Replicas)
	if otherwise != nil {
		otherwise(&config)
	}
	err = patiently(ctx, js.Conn(), forming, func(ctx context.Context) (err error) {
		stream, err = js.CreateStream(ctx, config)
		return err
	})
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another node has created it meanwhile
		err = patiently(ctx, js.Conn(), forming, find)
	}
	if err != nil {
		return nil, fmt.Errorf("create the log %s: %w", name, err)
	}
	if otherwise != nil {
		return stream, nil
	}
	return stream, o.checkStream(stream.CachedInfo())
}

// checkStream refuses a stream that is not safe for a log, or kept on fewer nodes than was asked for.
func (o *Options) checkStream(info *jetstream.StreamInfo) error {
	if kept := max(info.Config.Replicas, 1); kept < o.Replicas {
		return fmt.Errorf("%w: the stream %s is kept on %d nodes, and %d were asked for: an administrator of the cluster can change that",
			ErrConfiguration, info.Config.Name, kept, o.Replicas)
	}
	return checkStream(info, o.Ledger)
}

// checkStream refuses a stream from which entries could vanish, or that is not ours. It is never
// changed: who changed it has to say why.
func checkStream(info *jetstream.StreamInfo, ledger string) error {
	c, want := info.Config, streamConfig(ledger, 1)
	if text, ok := c.Metadata[metadataFormat]; ok {
		if err := checkFormat(text); err != nil {
			return fmt.Errorf("the log %s: %w", c.Name, err)
		}
	}
	var wrong []string
	require := func(ok bool, setting string) {
		if !ok {
			wrong = append(wrong, setting)
		}
	}
	require(len(c.Subjects) == 1 && c.Subjects[0] == want.Subjects[0], "subjects")
	require(c.Storage == want.Storage, "storage")
	require(c.Retention == want.Retention, "retention")
	require(c.MaxMsgs <= 0 && c.MaxBytes <= 0 && c.MaxAge == 0 && c.MaxMsgsPerSubject <= 0, "limits")
	require(c.MaxMsgSize <= 0 || c.MaxMsgSize >= want.MaxMsgSize, "max_msg_size")
	require(c.DenyDelete, "deny_delete")
	require(c.DenyPurge, "deny_purge")
	require(c.AllowDirect, "allow_direct")
	require(!c.NoAck, "no_ack")
	require(!c.AllowRollup && !c.AllowMsgTTL && !c.AllowMsgCounter && !c.AllowMsgSchedules, "allow_*")
	require(c.PersistMode == jetstream.DefaultPersistMode, "persist_mode")
	require(c.Mirror == nil && len(c.Sources) == 0 && c.SubjectTransform == nil, "mirror, sources or transform")
	if len(wrong) > 0 {
		return fmt.Errorf("%w: the stream %s differs from what a log needs in %s", ErrConfiguration, c.Name, strings.Join(wrong, ", "))
	}
	return nil
}

// extent is what the stream's leader says there is; where several nodes keep the stream and have no leader, what any
// of them says.
type extent struct {
	last       uint64 // position of the last commit
	whole      bool   // no commit up to last is missing
	replicated bool   // several nodes keep it, and lead in turn
	led        bool   // one of those leads, as far as the node that answers knows
}

func extentOf(ctx context.Context, conn *nats.Conn, stream jetstream.Stream) (extent, error) {
	var info *jetstream.StreamInfo
	err := patiently(ctx, conn, reply, func(ctx context.Context) (err error) {
		info, err = stream.Info(ctx)
		if errors.Is(err, jetstream.ErrStreamNotFound) && len(conn.Servers()) > 1 {
			return fmt.Errorf("%w: %w", errLate, err)
		}
		return err
	})
	if err != nil {
		return extent{}, fmt.Errorf("ask for the end of the log: %w", err)
	}
	return extent{info.State.LastSeq, info.State.Msgs == info.State.LastSeq, info.Config.Replicas > 1,
		info.Cluster != nil && info.Cluster.Leader != ""}, nil
}
