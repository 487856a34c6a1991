package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/orgledger/orgledger/api"
	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
	"github.com/orgledger/orgledger/ledger/notary"
	"github.com/orgledger/orgledger/ledger/verify"
)

// verifying is how verify is set up.
type verifying struct {
	checkpoints []string
	digests     []string
	policy      string
	sample      int
	seed        uint64
}

// errUnverified is that a ledger is not what it has to be; the report has said how.
var errUnverified = errors.New("the ledger is not what was recorded, or does not answer by it; see the report")

func (a *app) verifyCommand() *cobra.Command {
	var o verifying
	command := &cobra.Command{
		Use:     "verify",
		GroupID: "audit",
		Short:   "Verify the whole ledger: every entry, every checkpoint, the index and a sample of answers",
		Long: `Verify the ledger in the data folder, or the one that a server has: every byte of the log is hashed again,
the roots recorded with it and every checkpoint that was ever given out are derived again, every entry is
judged by the keys known before it, the index is built twice in two ways, one of them by way of snapshots,
earlier states are reproduced,
and answers about random things are compared with those of the plain fold, which is slow and says what the
rules say.

--checkpoint gives checkpoints that were kept elsewhere: a log that was rebuilt whole, with the key, is told
only by them.`,
		Example: examples(`orgledger verify`, `orgledger verify --checkpoint checkpoint-2026-11-22 --policy policy`, `orgledger verify --sample 1000 --seed 7 --json`),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.verify(cmd.Context(), o) },
	}
	command.Flags().StringArrayVar(&o.checkpoints, "checkpoint", nil, "a signed checkpoint that was kept, a `FILE`; may be repeated")
	command.Flags().StringArrayVar(&o.digests, "digest", nil, "a signed digest that was kept, a `FILE`; may be repeated")
	command.Flags().StringVar(&o.policy, "policy", "", "whom to believe, a `FILE` of C2SP tlog-policy; the log's own key, unless told otherwise")
	command.Flags().IntVar(&o.sample, "sample", 100, "compare `N` answers with the plain fold; 0: none")
	command.Flags().Uint64Var(&o.seed, "seed", 0, "`NUMBER` that the sample is drawn with; by the clock, unless told otherwise")
	command.Flags().StringVar(&a.witnesses.dir, "notary", "", "`DIR` of the log's key and of the checkpoints given out; the data folder, unless told otherwise")
	return command
}

func (a *app) verify(ctx context.Context, o verifying) error {
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixNano())
	}
	subject, err := a.subjectOf(ctx)
	if damage, ok := errors.AsType[*eventstore.DamageError](err); ok {
		return a.reportVerified(&verify.Report{Seed: o.seed, Checks: []verify.Check{{Check: verify.CheckLog, Detail: damage.Error()}}})
	}
	if err != nil {
		return err
	}
	report, err := a.verifySubject(ctx, subject, o)
	if err := errors.Join(err, subject.close()); err != nil {
		return err
	}
	return a.reportVerified(report)
}

func (a *app) verifySubject(ctx context.Context, s *subject, o verifying) (*verify.Report, error) {
	policy, err := s.policy(ctx, o.policy)
	if err != nil {
		return nil, err
	}
	kept, err := s.given(ctx, o)
	if err != nil {
		return nil, err
	}
	published, digests, err := readKept(kept, policy)
	if err != nil {
		return nil, err
	}
	meter := a.progress("reading the log", "commits")
	defer meter.done()
	return verify.Run(ctx, s.log, verify.Options{Published: published, Digests: digests, Served: s.served, Snapshot: s.snapshot, Sample: o.sample, Seed: o.seed,
		Progress: meter.uint64s})
}

// subject is what is verified.
type subject struct {
	log    verify.Log
	served func(ctx context.Context, question []byte) ([]byte, error) // nil: nobody serves it
	close  func() error

	snapshot  string                                    // the file of the index beside the log; empty: there is none
	ownPolicy func(ctx context.Context) ([]byte, error) // that the ledger names itself
	own       func(ctx context.Context) ([]kept, error) // what it gave out
}

// kept is a signed note that somebody has kept.
type kept struct {
	name string // where
	kind notary.Kind
	note []byte
	own  bool // the ledger has kept it itself
}

// subjectOf finds what the flags name: the ledger that is served, or else the data folder or the log on a NATS server.
func (a *app) subjectOf(ctx context.Context) (*subject, error) {
	var store *eventstore.Store
	client, err := a.find(ctx, func() (err error) {
		o := a.storeOptions()
		o.ReadOnly = true
		store, err = eventstore.Open(ctx, o)
		return err
	})
	switch {
	case client != nil:
		return a.servedSubject(client), nil
	case err != nil:
		return nil, err
	}
	return a.ownSubject(store), nil
}

// servedSubject is a ledger that another process serves, which is believed in nothing.
func (a *app) servedSubject(c *api.Client) *subject {
	s := &subject{log: eventstore.Proven{Source: c.Log(a.ledger), Ledger: a.ledger}, close: c.Close}
	s.ownPolicy = func(ctx context.Context) ([]byte, error) { return unlessMissing(c.Policy(ctx)) }
	s.served = func(ctx context.Context, question []byte) ([]byte, error) {
		var answer bytes.Buffer
		err := c.Query(ctx, bytes.NewReader(question), &answer)
		return answer.Bytes(), err
	}
	s.own = func(ctx context.Context) ([]kept, error) {
		checkpoint, err := unlessMissing(c.Checkpoint(ctx))
		if err != nil || checkpoint == nil {
			return nil, err
		}
		return []kept{{"served", notary.KindCheckpoint, checkpoint, true}}, nil
	}
	return s
}

// unlessMissing is nothing where the server has no key to sign with.
func unlessMissing(text []byte, err error) ([]byte, error) {
	if remote, ok := errors.AsType[*api.RemoteError](err); ok && remote.Status == http.StatusNotFound {
		return nil, nil
	}
	return text, err
}

// ownSubject is the ledger in a data folder, or on a NATS server, which this process reads by itself.
func (a *app) ownSubject(store *eventstore.Store) *subject {
	dir := a.witnesses.dir
	if dir == "" && a.server == "" {
		dir = a.data
	}
	snapshot := ""
	if kept := a.snapshots(keeping{}, true); kept != nil {
		snapshot = kept.Path
	}
	return &subject{log: store, close: store.Close, snapshot: snapshot,
		ownPolicy: func(context.Context) ([]byte, error) {
			key, err := notary.PublicKey(notary.KeyPath(dir, a.ledger))
			if err != nil || key == "" {
				return nil, err
			}
			policy, err := audit.NewPolicy(key, 0)
			if err != nil {
				return nil, err
			}
			return policy.Text(), nil
		},
		own: func(context.Context) (all []kept, err error) {
			err = notary.EachGiven(notary.GivenPath(dir, a.ledger), func(g notary.Given) error {
				all = append(all, kept{"given out on " + g.At.Format(time.RFC3339), g.Kind, g.Note, true})
				return nil
			})
			return all, err
		}}
}

// policy is what the auditor believes, else the ledger's own; nil where there is no key.
func (s *subject) policy(ctx context.Context, file string) (*audit.Policy, error) {
	var text []byte
	var err error
	if file != "" {
		text, err = os.ReadFile(file)
	} else {
		text, err = s.ownPolicy(ctx)
	}
	if err != nil || text == nil {
		return nil, err
	}
	policy, err := audit.ParsePolicy(text)
	if err != nil {
		return nil, fmt.Errorf("the policy: %w", err)
	}
	return policy, nil
}

// given is what the auditor kept, and what the ledger gave out.
func (s *subject) given(ctx context.Context, o verifying) (all []kept, err error) {
	for kind, files := range map[notary.Kind][]string{notary.KindCheckpoint: o.checkpoints, notary.KindDigest: o.digests} {
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			all = append(all, kept{file, kind, text, false})
		}
	}
	own, err := s.own(ctx)
	return append(all, own...), err
}

// readKept verifies the signatures of what was kept. What the ledger gave out itself needs no witness.
func readKept(all []kept, policy *audit.Policy) (checkpoints []verify.Published, digests []verify.Digest, err error) {
	if policy == nil && len(all) > 0 {
		return nil, nil, errors.New("the log has no key here to verify checkpoints with: --policy names it")
	}
	alone, err := unwitnessed(policy)
	if err != nil {
		return nil, nil, err
	}
	for _, k := range all {
		policy := policy
		if k.own {
			policy = alone
		}
		switch k.kind {
		case notary.KindCheckpoint:
			signed, err := audit.Open(k.note, policy)
			if err != nil {
				return nil, nil, fmt.Errorf("the checkpoint %s: %w", k.name, err)
			}
			checkpoints = append(checkpoints, verify.Published{Name: k.name, Size: signed.Size, Root: signed.Root})
		case notary.KindDigest:
			d, err := audit.OpenDigest(k.note, policy)
			if err != nil {
				return nil, nil, fmt.Errorf("the digest %s: %w", k.name, err)
			}
			on, err := domain.ParseDate(d.On)
			if err != nil {
				return nil, nil, fmt.Errorf("the digest %s: %w", k.name, err)
			}
			digests = append(digests, verify.Digest{Name: k.name, Known: d.Known, On: on, SHA256: d.SHA256})
		}
	}
	return checkpoints, digests, nil
}

// unwitnessed is a policy that believes the same logs and needs no witness.
func unwitnessed(policy *audit.Policy) (*audit.Policy, error) {
	if policy == nil {
		return nil, nil
	}
	var text strings.Builder
	for _, log := range policy.Logs() {
		text.WriteString("log " + log.Key + "\n")
	}
	return audit.ParsePolicy([]byte(text.String() + "quorum none\n"))
}

// reportVerified prints what was verified, and fails where it does not hold.
func (a *app) reportVerified(r *verify.Report) error {
	if a.json {
		text, err := json.Marshal(struct {
			OK bool `json:"ok"`
			*verify.Report
		}{r.OK(), r})
		if err != nil {
			return err
		}
		fmt.Fprintln(a.out, string(text))
	} else {
		a.printVerified(r)
	}
	if !r.OK() {
		return errUnverified
	}
	return nil
}

func (a *app) printVerified(r *verify.Report) {
	p := a.page()
	for _, c := range r.Checks {
		mark, s := "holds ", good
		if !c.OK {
			mark, s = "BROKEN", caution
		}
		p.hang(s, fmt.Sprintf("%s  %-10s ", mark, c.Check), fmt.Sprintf("%s (%.1f s)", c.Detail, c.Seconds))
	}
	p.blank()
	if r.OK() {
		p.say(bold, 0, fmt.Sprintf("Verified: %d entries with the root %s.", r.Entries, r.Root))
	} else {
		p.say(bold, 0, "NOT verified.")
	}
	if err := p.flush(); err != nil {
		fmt.Fprintln(a.err, err)
	}
}
