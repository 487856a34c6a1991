package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/orgledger/orgledger/ledger/telling"
	"github.com/orgledger/orgledger/ledger/webhooks"
)

// showSecret prints a webhook and its secret.
func (a *app) showSecret(w *webhooks.WithSecret) error {
	if a.json {
		return a.jsonLine(w)
	}
	_, err := fmt.Fprintf(a.out, "id      %s\nurl     %s\nfrom    entry %d\nsecret  %s\n\nThe secret is not shown again: give it to the receiver, which verifies deliveries with it.\n",
		w.ID, w.URL, w.From, w.Secret)
	return err
}

// showHook prints a webhook.
func (a *app) showHook(w *webhooks.Webhook) error {
	if a.json {
		return a.jsonLine(w)
	}
	_, err := fmt.Fprintf(a.out, "id         %s\nurl        %s\nsends      %s\nstate      %s\ndone with  entry %d\nwaiting    %d\ndead       %d\n",
		w.ID, w.URL, chosenWords(w), stateWords(w), w.Seq, w.Waiting, w.Dead)
	if err == nil && w.Failing != nil {
		_, err = fmt.Fprintf(a.out, "failing    since %s: %s\n", telling.TimeWords(*w.Failing), telling.Clean(w.Failure))
	}
	return err
}

// chosenWords says what a webhook has chosen.
func chosenWords(w *webhooks.Webhook) string {
	what, about := "everything", ""
	if len(w.Kinds) > 0 {
		kinds := make([]string, len(w.Kinds))
		for i, kind := range w.Kinds {
			kinds[i] = string(kind)
		}
		what = strings.Join(kinds, ", ")
	}
	if len(w.Refs) > 0 {
		about = " about " + strings.Join(w.Refs, ", ")
	}
	return fmt.Sprintf("%s%s, from entry %d", what, about, w.From)
}

func stateWords(w *webhooks.Webhook) string {
	switch w.State {
	case webhooks.Gone:
		return "gone: the receiver wants no more; orgledger webhook resume"
	case webhooks.Expired:
		return "expired: the feed no longer keeps what comes next; orgledger webhook resume --from SEQ, after a snapshot"
	default:
		return string(w.State)
	}
}

// listHooks prints webhooks, one a line of JSON.
func (a *app) listHooks(all []webhooks.Webhook) (err error) {
	if a.json {
		for i := range all {
			err = errors.Join(err, a.jsonLine(&all[i]))
		}
		return err
	}
	p := a.page()
	if len(all) == 0 {
		p.say(plain, 0, "There are none; orgledger webhook add URL registers one.")
		return p.flush()
	}
	rows := make([][]cell, len(all))
	for i := range all {
		w := &all[i]
		s, state := good, string(w.State)
		if w.State != webhooks.Active || w.Failing != nil {
			s = alarm
		}
		if w.State == webhooks.Active && w.Failing != nil {
			state = "failing"
		}
		rows[i] = []cell{{plain, w.ID}, {plain, telling.Clean(w.URL)}, {s, state}, {plain, telling.Decimal(w.Seq)}, {plain, fmt.Sprint(w.Waiting)}, {plain, fmt.Sprint(w.Dead)}}
	}
	p.table(0, []column{{"Webhook", 0}, {"Address", 20}, {"State", 0}, {"Done with", 0}, {"Waiting", 0}, {"Dead", 0}}, rows)
	return p.flush()
}

// listDead prints messages that were given up, one a line of JSON.
func (a *app) listDead(dead []webhooks.Dead, more bool) (err error) {
	if a.json {
		for i := range dead {
			err = errors.Join(err, a.jsonLine(&dead[i]))
		}
		return err
	}
	p := a.page()
	if len(dead) == 0 {
		p.say(plain, 0, "There are none.")
		return p.flush()
	}
	rows := make([][]cell, len(dead))
	for i, d := range dead {
		rows[i] = []cell{{plain, telling.Decimal(d.Position)}, {plain, d.ID}, {dim, telling.TimeWords(d.Last)}, {alarm, telling.Clean(d.Failure)}}
	}
	p.table(0, []column{{"Position", 0}, {"Message", 16}, {"Last attempt", 12}, {"Failure", 16}}, rows)
	if more {
		p.say(dim, 0, fmt.Sprintf("There are more: --after %d", dead[len(dead)-1].Position))
	}
	return p.flush()
}
