package webhooks

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orgledger/orgledger/domain"
	"github.com/orgledger/orgledger/eventstore"
)

// Everything that was chosen arrives once, in the order of the feed for each reference, and what comes later too.
func TestDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r := newTape(2_000, 7), new(receiver)
		w, id := registered(t, newShelves(), f, r)
		defer delivering(w, f)()
		synctest.Wait()
		f.add(domain.ContractID("c1").Ref())
		time.Sleep(time.Second) // of the bubble
		ids := r.taken()
		inOrder(t, f, ids)
		if len(ids) != 2_001 {
			t.Errorf("%d deliveries of 2001 messages", len(ids))
		}
		if s, err := w.Show(t.Context(), id); err != nil || s.Seq != 2_001 || s.Waiting != 0 || s.Failing != nil {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// A message that is refused is tried at the times of the schedule, give or take a fifth, and then given up; what else is about
// its reference waits for it, what is about others does not. Sent again, it arrives under the same id.
func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r := newTape(20, 4), new(receiver)
		bad := f.messages[1].ID
		r.answers(func(a attempt) response {
			if a.id == bad {
				return response{status: http.StatusBadRequest}
			}
			return response{status: http.StatusOK}
		})
		w, id := registered(t, newShelves(), f, r)
		defer delivering(w, f)()
		time.Sleep(time.Minute)
		if n := len(r.taken()); n != 15 {
			t.Errorf("%d of 15 messages about other references arrived", n)
		}
		if s, err := w.Show(t.Context(), id); err != nil || s.Waiting != 5 || s.Dead != 0 || s.Failing == nil || !strings.Contains(s.Failure, "400") {
			t.Errorf("%+v, %v", s, err)
		}
		time.Sleep(4 * 24 * time.Hour)
		var times []time.Time
		for _, a := range r.attempts() {
			if a.id == bad {
				times = append(times, a.at)
			}
		}
		if len(times) != Attempts {
			t.Fatalf("%d attempts instead of %d", len(times), Attempts)
		}
		for i, at := range times[1:] {
			waited := at.Sub(times[i])
			if waited < delays[i]*8/10 || waited > delays[i]*12/10 {
				t.Errorf("attempt %d came %v after the one before, not %v", i+2, waited, delays[i])
			}
		}
		if n := len(r.taken()); n != 19 {
			t.Errorf("%d of 19 other messages arrived", n)
		}
		dead, more, err := w.Dead(t.Context(), id, 0, 10)
		if err != nil || more || len(dead) != 1 || dead[0].ID != bad || dead[0].Status != 400 || dead[0].Attempts != Attempts || !dead[0].First.Equal(times[0]) {
			t.Fatalf("%+v, %v, %v", dead, more, err)
		}
		r.answers(nil)
		if resent, left, err := w.Resend(t.Context(), id, 0); resent != 1 || left != 0 || err != nil {
			t.Errorf("%d, %d, %v", resent, left, err)
		}
		time.Sleep(time.Second)
		if ids := r.taken(); len(ids) != 20 || ids[19] != bad {
			t.Errorf("after it was sent again, %q has arrived last", ids[len(ids)-1])
		}
		if s, err := w.Show(t.Context(), id); err != nil || s.Waiting != 0 || s.Dead != 0 || s.Failing != nil {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// The schedule spans three days, and each wait is at least as long as the one before.
func TestSchedule(t *testing.T) {
	var sum time.Duration
	for _, d := range delays {
		sum += d
	}
	if sum < 72*time.Hour || sum > 80*time.Hour || !slices.IsSorted(delays[:]) {
		t.Errorf("%v: %v", sum, delays)
	}
	for asked, want := range map[time.Duration]time.Duration{time.Hour: time.Hour, 48 * time.Hour: longestWait} {
		if got := delay(1, asked); got != want {
			t.Errorf("asked for %v, it waits %v", asked, got)
		}
	}
}

// A receiver that is down for two weeks has lost nothing, but what was tried all that time: of the rest, no attempt was spent. When it is
// back, everything arrives.
func TestReceiverThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r := newTape(300, 300), new(receiver)
		r.answers(status(http.StatusServiceUnavailable))
		w, id := registered(t, newShelves(), f, r)
		defer delivering(w, f)()
		time.Sleep(14 * 24 * time.Hour)
		tried := len(r.attempts())
		if tried > 20*Attempts {
			t.Errorf("%d attempts in two weeks", tried)
		}
		s, err := w.Show(t.Context(), id)
		if err != nil || s.Failing == nil || time.Since(*s.Failing) < 13*24*time.Hour || s.Dead == 0 || s.Dead > 20 {
			t.Fatalf("%+v, %v", s, err)
		}
		r.answers(nil)
		time.Sleep(8 * time.Hour) // the longest between two attempts
		if n := len(r.taken()); n != 300-s.Dead {
			t.Errorf("%d messages arrived, and %d were given up, of 300", n, s.Dead)
		}
		if _, _, err := w.Resend(t.Context(), id, 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		inOrder(t, f, r.taken())
	})
}

// A test that is taken has what waits tried at once.
func TestTestTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r := newTape(300, 30), new(receiver)
		r.answers(status(http.StatusBadGateway))
		w, id := registered(t, newShelves(), f, r)
		defer delivering(w, f)()
		time.Sleep(24 * time.Hour)
		r.answers(nil)
		if tried, err := w.Test(t.Context(), id); err != nil || !tried.Delivered {
			t.Fatalf("%+v, %v", tried, err)
		}
		time.Sleep(time.Second)
		inOrder(t, f, r.taken())
	})
}

// A receiver that asks to be left alone is, for as long as it asks.
func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r := newTape(1, 1), new(receiver)
		r.answers(func(a attempt) response {
			switch a.times {
			case 1:
				return response{status: 429, header: http.Header{"Retry-After": {"3600"}}}
			case 2:
				return response{status: 503, header: http.Header{"Retry-After": {a.at.Add(5 * time.Hour).UTC().Format(http.TimeFormat)}}}
			}
			return response{status: 200}
		})
		w, _ := registered(t, newShelves(), f, r)
		defer delivering(w, f)()
		time.Sleep(24 * time.Hour)
		tried := r.attempts()
		if len(tried) != 3 || tried[1].at.Sub(tried[0].at) != time.Hour || tried[2].at.Sub(tried[1].at).Round(time.Minute) != 5*time.Hour {
			t.Errorf("%v", tried)
		}
	})
}

// 410 ends the deliveries, and loses nothing: resumed, they go on with what was refused.
func TestGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r := newTape(30, 30), new(receiver)
		r.answers(func(a attempt) response {
			if a.id == f.messages[9].ID {
				return response{status: http.StatusGone}
			}
			return response{status: http.StatusOK}
		})
		w, id := registered(t, newShelves(), f, r)
		defer delivering(w, f)()
		time.Sleep(48 * time.Hour)
		if s, err := w.Show(t.Context(), id); err != nil || s.State != Gone {
			t.Fatalf("%+v, %v", s, err)
		}
		before := len(r.attempts())
		time.Sleep(48 * time.Hour)
		if now := len(r.attempts()); now != before {
			t.Errorf("%d attempts after it was gone", now-before)
		}
		r.answers(nil)
		if s, err := w.Resume(t.Context(), id, 0); err != nil || s.State != Active {
			t.Fatalf("%+v, %v", s, err)
		}
		time.Sleep(48 * time.Hour)
		inOrder(t, f, r.taken())
	})
}

// A webhook that is further behind than the feed goes is told so, and skips nothing unless somebody says from where.
func TestExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r := newTape(30, 3), new(receiver)
		f.first = 11
		w, id := registered(t, newShelves(), f, r)
		defer delivering(w, f)()
		time.Sleep(time.Minute)
		if s, err := w.Show(t.Context(), id); err != nil || s.State != Expired || len(r.attempts()) > 0 {
			t.Fatalf("%+v, %v, %d attempts", s, err, len(r.attempts()))
		}
		if _, err := w.Resume(t.Context(), id, 0); err == nil {
			t.Error("it is resumed without a place to go on from")
		}
		if _, err := w.Resume(t.Context(), id, 21); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if ids := r.taken(); len(ids) != 10 {
			t.Errorf("%v", ids)
		}
		inOrder(t, &tape{messages: f.messages[20:]}, r.taken())
	})
}

// A webhook that is removed gets nothing more, and nothing is left of it.
func TestRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r, shelf := newTape(10, 2), new(receiver), newShelves()
		r.answers(status(500))
		w, id := registered(t, shelf, f, r)
		defer delivering(w, f)()
		time.Sleep(time.Minute)
		if err := w.Remove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		before := len(r.attempts())
		time.Sleep(7 * 24 * time.Hour)
		if now := len(r.attempts()); now != before || len(shelf.left()) > 0 {
			t.Errorf("%d attempts after it was removed, and %v is left", now-before, shelf.left())
		}
		if _, err := w.Show(t.Context(), id); err == nil {
			t.Error("it is still there")
		}
	})
}

// Whichever write to the shelf fails, done or not, and whenever the process dies there: after another start every message arrives,
// in the order of its reference, under the id that it always has.
func TestEveryWriteFails(t *testing.T) {
	for name, outcome := range map[string]failure{"not written": notWritten, "but written": butWritten, "killed": interrupted} {
		t.Run(name, func(t *testing.T) {
			for k := 2; ; k++ {
				if writes := failAt(t, k, outcome); writes < k {
					if k < 10 {
						t.Fatalf("only %d writes", writes)
					}
					return
				}
			}
		})
	}
}

// failAt delivers with a failure at the k-th write, starts again, and gives how many writes there were.
func failAt(t *testing.T, k int, outcome failure) (writes int) {
	synctest.Test(t, func(t *testing.T) {
		f, r, shelf := newTape(12, 3), &receiver{takes: 300 * time.Millisecond}, newShelves()
		r.answers(func(a attempt) response { // some fail, more than once
			if a.times == 1 && strings.HasPrefix(a.id, "2/") || a.times <= 2 && strings.HasPrefix(a.id, "7/") {
				return response{status: 500}
			}
			return response{status: 200}
		})
		w, id := registered(t, shelf, f, r)
		shelf.fail = func(n int) failure {
			if n == k || n > k && outcome == interrupted {
				return outcome
			}
			return done
		}
		stop := delivering(w, f)
		time.Sleep(10 * time.Minute)
		stop()
		shelf.fail = nil
		w = reaching(shelf, f, r)
		stop = delivering(w, f)
		time.Sleep(10 * time.Minute)
		stop()
		inOrder(t, f, r.taken())
		if s, err := w.Show(t.Context(), id); err != nil || s.Waiting > 0 || s.Dead > 0 || s.Seq != 12 {
			t.Errorf("write %d: %+v, %v", k, s, err)
		}
		writes = shelf.writes
	})
	return writes
}

// Of two nodes one delivers; when it stops the other goes on at once, and when it dies, after the lease has run out.
func TestOneDelivererAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, shelf := newTape(10, 10), newShelves()
		shelf.shared = true
		a, b := new(receiver), new(receiver)
		w, _ := registered(t, shelf, f, a)
		stopA := delivering(w, f)
		time.Sleep(time.Minute)
		stopB := delivering(reaching(shelf, f, b), f)
		time.Sleep(time.Minute)
		if len(a.taken()) != 10 || len(b.taken()) != 0 {
			t.Fatalf("%d and %d deliveries", len(a.taken()), len(b.taken()))
		}
		stopA()
		f.add(domain.ContractID("c1").Ref())
		time.Sleep(leaseRenews + time.Second)
		if len(b.taken()) != 1 {
			t.Errorf("%d deliveries after the other has stopped", len(b.taken()))
		}
		stopB()
		dead := eventstore.Slip{Key: keyLease}
		if _, err := shelf.Put(t.Context(), dead.Key, []byte(`{}`), 0); err != nil { // one that dies as it takes the lease
			t.Fatal(err)
		}
		defer delivering(reaching(shelf, f, b), f)()
		f.add(domain.ContractID("c2").Ref())
		time.Sleep(leaseLasts - time.Second)
		if len(b.taken()) != 1 {
			t.Error("a lease that may be renewed is broken")
		}
		time.Sleep(leaseRenews + 2*time.Second)
		if len(b.taken()) != 2 {
			t.Error("a lease that has run out is not taken")
		}
	})
}

// Who has lost the lease without noticing writes nothing any more, and stops.
func TestLateDeliverer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, shelf, r := newTape(10, 10), newShelves(), new(receiver)
		shelf.shared = true
		w, id := registered(t, shelf, f, r)
		defer delivering(w, f)()
		time.Sleep(time.Minute)
		held, _, _ := shelf.Find(t.Context(), keyLease)
		if _, err := shelf.Put(t.Context(), keyLease, []byte(`{}`), held.Version); err != nil {
			t.Fatal(err)
		}
		time.Sleep(leaseRenews + time.Second)
		f.add(domain.ContractID("c1").Ref())
		time.Sleep(5 * time.Second)
		if n := len(r.taken()); n != 10 {
			t.Errorf("%d deliveries by who has lost the lease", n)
		}
		if s, err := w.Show(t.Context(), id); err != nil || s.Seq != 10 {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// More than Waiting messages that wait hold the rest back in the feed, and not in memory.
func TestWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r, shelf := newTape(Waiting+2*ahead, 1), new(receiver), newShelves()
		r.answers(status(500))
		w, id := registered(t, shelf, f, r)
		defer delivering(w, f)()
		time.Sleep(time.Hour)
		s, err := w.Show(t.Context(), id)
		if err != nil || s.Waiting < Waiting || s.Waiting > Waiting+ahead {
			t.Errorf("%+v, %v", s, err)
		}
		r.answers(nil)
		time.Sleep(4 * time.Hour)
		inOrder(t, f, r.taken())
		if n := len(r.taken()); n != len(f.messages) {
			t.Errorf("%d deliveries of %d", n, len(f.messages))
		}
		if left := shelf.left(); len(left) != 2 { // the webhook and its cursor
			t.Errorf("%v is left", left)
		}
	})
}
