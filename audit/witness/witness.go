// Package witness lets somebody else than a log's operator watch that the log only ever grows, and say so with a
// signature (C2SP tlog-witness): the service, and the log's side of it.
package witness

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"golang.org/x/mod/sumdb/note"

	"github.com/orgledger/orgledger/audit"
)

// maxRequest is how long a request may be, in bytes: 63 hashes, and a checkpoint with some hundred signatures.
const maxRequest = 1 << 16

// Witness cosigns checkpoints, each of which continues the one before that it cosigned of the same log. It is an
// [http.Handler] for POST /add-checkpoint, and may be used by any number of goroutines.
type Witness struct {
	signer note.Signer
	store  Store
	logs   *audit.Policy
	report func(Fork)
	mux    *http.ServeMux
}

// New makes a witness that cosigns with a signer, see [audit.WitnessSigner], for the logs of some public keys. What it
// has cosigned it keeps in a store, and is bound by it. Of each fork it learns of, report is told, one
// at a time for each log; report may be nil.
func New(signer note.Signer, store Store, report func(Fork), logs ...string) (*Witness, error) {
	var text []byte
	for _, key := range logs {
		text = append(text, "log "+key+"\n"...)
	}
	policy, err := audit.ParsePolicy(append(text, "quorum none\n"...))
	if err != nil {
		return nil, err
	}
	if report == nil {
		report = func(Fork) {}
	}
	w := &Witness{signer: signer, store: store, logs: policy, report: report, mux: http.NewServeMux()}
	w.mux.HandleFunc("POST /add-checkpoint", w.addCheckpoint)
	return w, nil
}

func (w *Witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.mux.ServeHTTP(rw, r) }

func (w *Witness) addCheckpoint(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxRequest))
	if err != nil {
		http.Error(rw, "the request is too long, or ended early", http.StatusBadRequest)
		return
	}
	lines, err := w.Add(body)
	if err != nil {
		refuse(rw, err)
		return
	}
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if _, err := rw.Write(lines); err != nil {
		return // the caller is gone; asking again gives another cosignature
	}
}

// conflictError says that a request does not begin where the witness is.
type conflictError struct {
	size uint64 // of the last checkpoint that it cosigned
}

func (e *conflictError) Error() string {
	return fmt.Sprintf("the last checkpoint cosigned has %d entries", e.size)
}

// refuse answers as the specification says.
func refuse(rw http.ResponseWriter, err error) {
	if conflict, ok := errors.AsType[*conflictError](err); ok {
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(http.StatusConflict)
		fmt.Fprintf(rw, "%d\n", conflict.size)
		return
	}
	status := http.StatusInternalServerError
	for _, s := range []struct {
		is     error
		status int
	}{
		{audit.ErrMalformed, http.StatusBadRequest},
		{audit.ErrUnknownLog, http.StatusNotFound},
		{audit.ErrSignature, http.StatusForbidden},
		{audit.ErrUnproven, http.StatusUnprocessableEntity},
	} {
		if errors.Is(err, s.is) {
			status = s.status
			break
		}
	}
	http.Error(rw, err.Error(), status)
}

// Add judges the body of a request, and gives the cosignature line. It is durable that the checkpoint was cosigned
// before the line exists.
func (w *Witness) Add(body []byte) (line []byte, err error) {
	r, err := parseRequest(body)
	if err != nil {
		return nil, err
	}
	signed, err := audit.Open(r.checkpoint, w.logs)
	if err != nil {
		return nil, err
	}
	if r.old > signed.Size {
		return nil, fmt.Errorf("old %d is more than the checkpoint's %d: %w", r.old, signed.Size, audit.ErrMalformed)
	}
	err = w.store.Update(signed.Origin, func(last State) (State, error) { return w.judge(last, signed, r) })
	if err != nil {
		return nil, err
	}
	return audit.Cosign(r.checkpoint, w.signer)
}

// judge decides whether a checkpoint continues the last one cosigned.
func (w *Witness) judge(last State, signed *audit.Signed, r request) (State, error) {
	if last.Note != nil && signed.Size == last.Size && signed.Root != last.Root {
		return last, errors.Join(&conflictError{last.Size}, w.keep(last, signed, r, true))
	}
	if r.old != last.Size {
		return last, &conflictError{last.Size}
	}
	root := last.Root
	if last.Note == nil {
		root = (&audit.Tree{}).Root()
	}
	err := audit.VerifyConsistency(last.Size, signed.Size, root, signed.Root, r.proof)
	if err != nil && last.Note != nil {
		err = errors.Join(err, w.keep(last, signed, r, proves(last, signed, r)))
	}
	if err != nil {
		return last, err
	}
	return State{signed.Checkpoint, signed.Note}, nil
}

// proves reports whether a proof that does not lead from the last checkpoint leads from another tree of its
// size: the log has then signed a beginning that it had not when the last one was cosigned.
func proves(last State, signed *audit.Signed, r request) bool {
	root, err := audit.ConsistentRoot(last.Size, signed.Size, signed.Root, r.proof)
	return err == nil && root != last.Root
}

// keep keeps what shows a fork, and reports it.
func (w *Witness) keep(last State, signed *audit.Signed, r request, proven bool) error {
	fork := Fork{Origin: signed.Origin, Earlier: string(last.Note), Later: string(signed.Note), Proven: proven}
	for _, hash := range r.proof {
		fork.Proof = append(fork.Proof, hash[:])
	}
	where, err := w.store.Keep(fork)
	if err != nil {
		return err
	}
	fork.Kept = where
	w.report(fork)
	return nil
}

// sizeLine is how a size is written in an answer.
func sizeLine(text []byte) (uint64, error) {
	if len(text) == 0 || text[len(text)-1] != '\n' {
		return 0, fmt.Errorf("a size ends with a line feed: %w", audit.ErrMalformed)
	}
	n, err := strconv.ParseUint(string(text[:len(text)-1]), 10, 64)
	if err != nil || strconv.FormatUint(n, 10)+"\n" != string(text) {
		return 0, fmt.Errorf("%q is no size: %w", text, audit.ErrMalformed)
	}
	return n, nil
}
