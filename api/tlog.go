package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orgledger/orgledger/audit"
	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger"
)

// tlogRoutes serves the log as C2SP tlog-tiles below /tlog/, for any client of such logs, and receipts.
func (s *server) tlogRoutes() {
	const note = "text/plain; charset=utf-8"
	on := needed(parameter("on", "The day", dayText()))
	known := parameter("known", "The last entry that is taken into account; left out: everything recorded", sequenceSchema())
	s.read(huma.Operation{OperationID: "tlog-checkpoint", Method: http.MethodGet, Path: "/tlog/checkpoint", Tags: []string{tagProof},
		Summary:   "The checkpoint given out last (C2SP tlog-checkpoint)",
		Responses: gives("A signed checkpoint", note, nil)}, s.checkpoint)
	s.raw(huma.Operation{OperationID: "tlog-policy", Method: http.MethodGet, Path: "/tlog/policy", Tags: []string{tagProof},
		Summary:   "The log's key and its witnesses (C2SP tlog-policy)",
		Responses: gives("A policy", note, nil)}, s.policy)
	s.read(huma.Operation{OperationID: "tlog-digest", Method: http.MethodGet, Path: "/tlog/digest", Tags: []string{tagProof},
		Summary:    "A signed digest of what is held",
		Parameters: []*huma.Param{on, known},
		Responses:  gives("A signed digest", note, nil)}, s.digest)
	s.raw(huma.Operation{OperationID: "tlog-tile", Method: http.MethodGet, Path: "/tlog/{tile...}", Tags: []string{tagProof},
		Summary:    "A tile of the log (C2SP tlog-tiles)",
		Parameters: []*huma.Param{within("tile", "tile/LEVEL/INDEX, tile/entries/INDEX or tile/entry/INDEX; it holds slashes", text())},
		Responses:  gives("Hashes or entries", "application/octet-stream", nil)}, s.tile)
	s.read(huma.Operation{OperationID: "receipt", Method: http.MethodGet, Path: "/v1/receipts/{seq}", Tags: []string{tagProof},
		Summary:    "The proof that an entry is in the log (C2SP tlog-proof)",
		Parameters: []*huma.Param{within("seq", "The entry's sequence", sequenceSchema())},
		Responses:  gives("A receipt", note, nil)}, s.receipt)
	s.read(huma.Operation{OperationID: "bundle", Method: http.MethodGet, Path: "/v1/bundles", Tags: []string{tagProof},
		Summary:    "The evidence for an answer",
		Parameters: []*huma.Param{needed(parameter("ref", "What the answer is about", text())), on, known},
		Responses:  gives("An archive that orgledger-verify checks", "application/zip", nil)}, s.bundled)
}

// Tiles never change: neither full ones nor those of a width.
const forever = "public, max-age=31536000, immutable"

// notarised refuses what needs the log's key where this server has none.
func (s *server) notarised(w http.ResponseWriter, r *http.Request) bool {
	if s.notary == nil {
		s.problem(w, r, http.StatusNotFound, ledger.Description{Code: ledger.CodeNotFound,
			Message: "this server has no key for the log, and gives out no checkpoints"})
	}
	return s.notary != nil
}

// checkpoint gives the checkpoint given out last, or one that covers at least the entry that at-least names.
func (s *server) checkpoint(w http.ResponseWriter, r *http.Request) {
	if !s.notarised(w, r) {
		return
	}
	size, err := atLeast(r.URL.Query())
	if err != nil {
		s.problem(w, r, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: err.Error()})
		return
	}
	signed, err := s.notary.Covering(r.Context(), size)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	s.bytes(w, "text/plain; charset=utf-8", signed.Note)
}

// policy names the log's key and its witnesses (C2SP tlog-policy). Who distrusts the server has it from elsewhere.
func (s *server) policy(w http.ResponseWriter, r *http.Request) {
	if s.notarised(w, r) {
		w.Header().Set("Cache-Control", "no-cache")
		s.bytes(w, "text/plain; charset=utf-8", s.notary.Policy().Text())
	}
}

func (s *server) tile(w http.ResponseWriter, r *http.Request) {
	tile, err := audit.ParseTile(r.PathValue("tile"))
	if err != nil {
		s.nothing(w, r)
		return
	}
	content, err := s.ledger.Tile(r.Context(), tile)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", forever)
	s.bytes(w, "application/octet-stream", content)
}

func (s *server) receipt(w http.ResponseWriter, r *http.Request) {
	if !s.notarised(w, r) {
		return
	}
	seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 64)
	if err != nil {
		s.problem(w, r, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: strconv.Quote(r.PathValue("seq")) + " is no sequence"})
		return
	}
	event, err := s.ledger.Event(r.Context(), seq)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	receipt, err := s.notary.Receipt(r.Context(), seq, event)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	s.bytes(w, "text/plain; charset=utf-8", receipt.Format())
}

func (s *server) bundled(w http.ResponseWriter, r *http.Request) {
	if !s.notarised(w, r) {
		return
	}
	ref, err := domain.ParseRef(r.URL.Query().Get("ref"))
	at, err2 := s.point(r.URL.Query())
	if err := errors.Join(err, err2); err != nil {
		s.problem(w, r, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: err.Error()})
		return
	}
	archive, err := s.bundle(r.Context(), ref, at.on, at.known)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", fmt.Sprintf("%s-%s-on-%s-known-%d.zip", ref.Kind, ref.ID, at.on, at.known)))
	s.bytes(w, "application/zip", archive)
}

// digest signs what is held on a day as known at an entry.
func (s *server) digest(w http.ResponseWriter, r *http.Request) {
	if !s.notarised(w, r) {
		return
	}
	at, err := s.point(r.URL.Query())
	if err != nil {
		s.problem(w, r, http.StatusBadRequest, ledger.Description{Code: codeBadRequest, Message: err.Error()})
		return
	}
	sum := s.ledger.Digest(at.on, at.known)
	signed, err := s.notary.SignDigest(at.known, at.on.String(), sum)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	s.bytes(w, "text/plain; charset=utf-8", signed)
}

// point is a day as known at an entry.
type point struct {
	on    domain.Date
	known uint64
}

// point reads on, which is given, and known, which is everything recorded where it is not.
func (s *server) point(query url.Values) (at point, err error) {
	if at.on, err = domain.ParseDate(query.Get("on")); err != nil {
		return at, fmt.Errorf("on: %w", err)
	}
	recorded := s.ledger.View().Seq()
	if at.known = recorded; query.Has("known") {
		if at.known, err = sequence(query, "known"); err != nil {
			return at, err
		}
	}
	if at.known > recorded {
		return at, fmt.Errorf("known is %d, and %d entries are recorded", at.known, recorded)
	}
	return at, nil
}

func (s *server) bytes(w http.ResponseWriter, kind string, content []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	if _, err := w.Write(content); err != nil {
		s.log.Debug("an answer was not sent", "error", err)
	}
}
