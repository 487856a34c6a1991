package webhooks

import (
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/ledger/feed"
)

// State says whether a webhook is delivered to.
type State string

// The states.
const (
	Active  State = "active"  //
	Gone    State = "gone"    // the receiver answered 410: it wants no more
	Expired State = "expired" // the feed no longer keeps what comes next: the receiver has to take a snapshot
)

// Hook is one webhook, as it is kept.
type Hook struct {
	ID      string      `json:"id"`
	URL     string      `json:"url"`
	Refs    []string    `json:"refs,omitempty"`  // none: about anything
	Kinds   []feed.Kind `json:"kinds,omitempty"` // none: of every kind
	From    uint64      `json:"from"`            // the first entry of which it is told
	Created time.Time   `json:"created"`
	State   State       `json:"state"`
	Secrets []secret    `json:"secrets"` // the newest first

	Round uint64 `json:"round"`         // grows with every change, so that the delivery looks at the shelf again and tries what waits
	Anew  uint64 `json:"anew,omitzero"` // the round since which it is to begin with From, whatever was delivered before
}

// secret is one that is kept.
type secret struct {
	Secret Secret    `json:"secret"`
	Until  time.Time `json:"until,omitzero"` // zero: until there is another
}

// valid are the secrets that a delivery is signed with.
func (h *Hook) valid(now time.Time) (secrets []Secret) {
	for _, s := range h.Secrets {
		if s.Until.IsZero() || now.Before(s.Until) {
			secrets = append(secrets, s.Secret)
		}
	}
	return secrets
}

// selection is what the webhook has chosen of the feed. What was registered was checked.
func (h *Hook) selection() (feed.Selection, error) {
	s := feed.Selection{Kinds: h.Kinds}
	for _, text := range h.Refs {
		ref, err := domain.ParseRef(text)
		if err != nil {
			return s, err
		}
		s.Refs = append(s.Refs, ref)
	}
	return s, nil
}

// Webhook is one as it is shown: without its secrets, and with how far it has got.
type Webhook struct {
	ID      string      `json:"id"`
	URL     string      `json:"url"`
	Refs    []string    `json:"refs,omitempty"`
	Kinds   []feed.Kind `json:"kinds,omitempty"`
	From    uint64      `json:"from"`
	Created time.Time   `json:"created"`
	State   State       `json:"state"`

	Seq     uint64     `json:"seq"`               // the entry of the last message of the feed that it is done with; 0: none
	Waiting int        `json:"waiting"`           // messages to be sent again
	Dead    int        `json:"dead"`              // messages that were given up
	Failing *time.Time `json:"failing,omitempty"` // since when every attempt has failed
	Failure string     `json:"failure,omitempty"` // why the last one did
}

// WithSecret is a webhook that was registered, or has got another secret: the one time that it is shown.
type WithSecret struct {
	Webhook
	Secret Secret `json:"secret"`
}

func (h *Hook) shown() Webhook {
	return Webhook{ID: h.ID, URL: h.URL, Refs: h.Refs, Kinds: h.Kinds, From: h.From, Created: h.Created, State: h.State}
}

// cursor is how far the delivery of one webhook has got.
type cursor struct {
	Position uint64    `json:"position"`      // in the feed; every chosen message up to it is done with, or on the shelf
	Seq      uint64    `json:"seq"`           // of the message there, or the entry before
	Anew     uint64    `json:"anew,omitzero"` // see Hook
	Failing  time.Time `json:"failing,omitzero"`
	Failure  string    `json:"failure,omitempty"`
}

// parcel is one message that could not be delivered yet, or was given up, as the shelf keeps it.
type parcel struct {
	Position uint64    `json:"position"`
	ID       string    `json:"id"`
	Kind     feed.Kind `json:"kind"`
	Seq      uint64    `json:"seq"`
	Ref      string    `json:"ref"`
	Event    []byte    `json:"event"`
	Attempts int       `json:"attempts"`
	First    time.Time `json:"first,omitzero"` // attempt
	Last     time.Time `json:"last,omitzero"`
	Next     time.Time `json:"next,omitzero"`
	Status   int       `json:"status,omitempty"` // of the last answer; 0: there was none
	Failure  string    `json:"failure,omitempty"`
}

// Dead is a message that was given up.
type Dead struct {
	Position uint64    `json:"position"` // in the feed
	ID       string    `json:"id"`       // webhook-id
	Kind     feed.Kind `json:"kind"`
	Seq      uint64    `json:"seq"`
	Ref      string    `json:"ref"`
	Attempts int       `json:"attempts"`
	First    time.Time `json:"first"` // attempt
	Last     time.Time `json:"last"`
	Status   int       `json:"status,omitempty"` // of the last answer; 0: there was none
	Failure  string    `json:"failure"`
}

// Keys on the shelf. A position is written with leading zeros, so that the order of keys is that of positions.
const (
	underHook   = "hook"
	underCursor = "cursor"
	underWait   = "wait"
	underDead   = "dead"
	keyLease    = "lease"
)
