package webhooks

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/orgledger/orgledger/domain"
)

func policy(t *testing.T, allow ...string) Policy {
	t.Helper()
	p, err := ParsePolicy(allow)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Nothing but public addresses is called, by https, unless the operator allows it.
func TestPermits(t *testing.T) {
	allowed := policy(t, "10.1.0.0/16", "fd00:1::/32", "127.0.0.1")
	for _, c := range []struct {
		addr                          string
		https, allowedHTTPS, allowedP bool
	}{
		{"8.8.8.8", true, true, false},
		{"2606:4700::1111", true, true, false},
		{"::ffff:8.8.8.8", true, true, false},
		{"0.0.0.0", false, false, false},
		{"0.1.2.3", false, false, false},
		{"10.0.0.1", false, false, false},
		{"10.1.2.3", false, true, true},
		{"::ffff:10.1.2.3", false, true, true},
		{"100.64.0.1", false, false, false},
		{"100.127.255.255", false, false, false},
		{"100.128.0.0", true, true, false},
		{"127.0.0.1", false, true, true},
		{"127.0.0.2", false, false, false},
		{"127.255.255.254", false, false, false},
		{"169.254.169.254", false, false, false},
		{"172.16.0.1", false, false, false},
		{"172.31.255.255", false, false, false},
		{"172.32.0.1", true, true, false},
		{"192.0.0.170", false, false, false},
		{"192.0.2.1", false, false, false},
		{"192.168.1.1", false, false, false},
		{"198.18.0.1", false, false, false},
		{"198.51.100.7", false, false, false},
		{"203.0.113.7", false, false, false},
		{"224.0.0.1", false, false, false},
		{"239.255.255.255", false, false, false},
		{"240.0.0.1", false, false, false},
		{"255.255.255.255", false, false, false},
		{"::", false, false, false},
		{"::1", false, false, false},
		{"::127.0.0.1", false, false, false},
		{"::ffff:127.0.0.1", false, true, true},
		{"::ffff:169.254.169.254", false, false, false},
		{"64:ff9b::7f00:1", false, false, false},
		{"64:ff9b:1::1", false, false, false},
		{"100::1", false, false, false},
		{"2001::1", false, false, false},
		{"2001:db8::1", false, false, false},
		{"2002:7f00:1::", false, false, false},
		{"3fff::1", false, false, false},
		{"5f00::1", false, false, false},
		{"fc00::1", false, false, false},
		{"fd00:1::5", false, true, true},
		{"fd00:2::5", false, false, false},
		{"fe80::1", false, false, false},
		{"fe80::1%eth0", false, false, false},
		{"fec0::1", false, false, false},
		{"ff02::1", false, false, false},
	} {
		addr := netip.MustParseAddr(c.addr)
		if got := (Policy{}).permits(addr, false); got != c.https {
			t.Errorf("%s is permitted: %t", addr, got)
		}
		if (Policy{}).permits(addr, true) {
			t.Errorf("%s is permitted by plain http", addr)
		}
		if got := allowed.permits(addr, false); got != c.allowedHTTPS {
			t.Errorf("%s is permitted where some are allowed: %t", addr, got)
		}
		if got := allowed.permits(addr, true); got != c.allowedP {
			t.Errorf("%s is permitted by plain http where some are allowed: %t", addr, got)
		}
	}
}

// What is allowed is written as a CIDR or an address.
func TestParsePolicy(t *testing.T) {
	for _, text := range []string{"", "10.1", "10.0.0.0/33", "localhost", "::ffff:10.0.0.0/104", "10.0.0.0/8,10.1.0.0/16"} {
		if _, err := ParsePolicy([]string{text}); err == nil {
			t.Errorf("%q is allowed", text)
		}
	}
}

// A registration that is refused says which field, by which rule, with which value.
func TestRefusals(t *testing.T) {
	w, _ := registered(t, newShelves(), newTape(5, 1), new(receiver))
	for _, c := range []struct {
		r           Registration
		field, rule string
	}{
		{Registration{}, "url", "https://host/path"},
		{Registration{URL: "receiver.example/hook"}, "url", "https://host/path"},
		{Registration{URL: "ftp://receiver.example/"}, "url", "https://host/path"},
		{Registration{URL: "https:receiver.example"}, "url", "https://host/path"},
		{Registration{URL: "https:///hook"}, "url", "names a host"},
		{Registration{URL: "https://a b/"}, "url", "https://host/path"},
		{Registration{URL: "https://receiver.example/\n"}, "url", "https://host/path"},
		{Registration{URL: "http://receiver.example/hook"}, "url", "sent by https"},
		{Registration{URL: "https://user:secret@receiver.example/"}, "url", "no user"},
		{Registration{URL: "https://receiver.example/#part"}, "url", "fragment"},
		{Registration{URL: "https://receiver.example:0/"}, "url", "port"},
		{Registration{URL: "https://receiver.example:65536/"}, "url", "port"},
		{Registration{URL: "https://receiver.example:/"}, "url", "port"},
		{Registration{URL: "https://127.0.0.1/"}, "url", "public"},
		{Registration{URL: "https://[::1]/"}, "url", "public"},
		{Registration{URL: "https://[fe80::1%25eth0]/"}, "url", "public"},
		{Registration{URL: "https://[::ffff:10.0.0.1]:8443/"}, "url", "public"},
		{Registration{URL: "https://169.254.169.254/latest/meta-data"}, "url", "public"},
		{Registration{URL: "https://receiver.example/" + strings.Repeat("a", limitURL)}, "url", "at most 2048"},
		{Registration{URL: "https://receiver.example/", Refs: []string{"contract/a", "contract a"}}, "refs[1]", "kind/id"},
		{Registration{URL: "https://receiver.example/", Refs: make([]string, LimitRefs+1)}, "refs", "at most 1000"},
		{Registration{URL: "https://receiver.example/", Kinds: []string{"change", "changes"}}, "kinds[1]", "entry, change or arrival"},
		{Registration{URL: "https://receiver.example/", From: 7}, "from", "at most the next"},
	} {
		_, err := w.Add(t.Context(), c.r)
		refusal, ok := errors.AsType[*domain.Refusal](err)
		if !ok || refusal.Code != CodeBadWebhook || refusal.Field != c.field || !strings.Contains(refusal.Rule, c.rule) || refusal.Value == "" {
			t.Errorf("%+.100v: %v", c.r, err)
		}
	}
	for _, r := range []Registration{{URL: "https://receiver.example"}, {URL: "https://8.8.8.8:8443/a?b=c", From: 6},
		{URL: "https://receiver.example/é", Refs: []string{"contract/a"}, Kinds: []string{"change", "arrival"}}} {
		created, err := w.Add(t.Context(), r)
		if err != nil || !strings.HasPrefix(string(created.Secret), "whsec_") || created.From != 6 || created.State != Active {
			t.Errorf("%+v: %+v, %v", r, created, err)
		}
	}
	for range LimitHooks - 4 {
		if _, err := w.Add(t.Context(), Registration{URL: "https://receiver.example"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Add(t.Context(), Registration{URL: "https://receiver.example"}); err == nil {
		t.Error("there is no end of webhooks")
	}
	if all, err := w.List(t.Context()); err != nil || len(all) != LimitHooks {
		t.Errorf("%d webhooks, %v", len(all), err)
	}
}

// toServer is a webhook of a server on the loopback interface.
func toServer(t *testing.T, p Policy, handler http.HandlerFunc) (*sender, *Hook, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(handler)
	s := newSender(p, "test")
	t.Cleanup(func() {
		s.close()
		server.Close()
	})
	return s, &Hook{URL: server.URL + "/hook", Secrets: []secret{{Secret: someSecret(t)}}}, server
}

// The address is judged when it is connected to, whatever name stands for it, and nothing is sent to one that is not permitted.
func TestNoCallToPrivateAddresses(t *testing.T) {
	called := false
	s, h, server := toServer(t, Policy{}, func(http.ResponseWriter, *http.Request) { called = true })
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s.secure.Transport.(*http.Transport).DialContext = s.plain.Transport.(*http.Transport).DialContext // as strict
	for _, address := range []string{"http://localhost:" + port, "http://127.0.0.1:" + port, "https://localhost:" + port,
		"http://2130706433:" + port, "http://0x7f.1:" + port, "http://[::ffff:127.0.0.1]:" + port} {
		h.URL = address
		if o := s.send(t.Context(), h, "1", []byte("{}")); o.err == nil || o.status != 0 {
			t.Errorf("%s was called: %+v", address, o)
		}
	}
	h.URL = "https://localhost:" + port
	o := newSender(Policy{}, "test").send(t.Context(), h, "1", []byte("{}"))
	if refused, ok := errors.AsType[*AddressError](o.err); !ok || refused.Plain || !strings.Contains(o.err.Error(), "--webhook-allow") {
		t.Errorf("%v", o.err)
	}
	if called {
		t.Error("a delivery arrived")
	}
}

// No proxy of the environment sees a delivery.
func TestNoProxy(t *testing.T) {
	s := newSender(Policy{}, "test")
	for _, c := range []*http.Client{s.secure, s.plain} {
		if transport := c.Transport.(*http.Transport); transport.Proxy != nil {
			t.Error("a proxy is asked")
		}
	}
}

// A delivery is a CloudEvent in structured mode with the three headers; redirects are failures and not followed, and so is every
// other answer but 2xx.
func TestSend(t *testing.T) {
	var got *http.Request
	answer, calls := http.StatusOK, 0
	s, h, _ := toServer(t, policy(t, "127.0.0.0/8"), func(w http.ResponseWriter, r *http.Request) {
		calls++
		got = r
		if answer/100 == 3 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(answer)
	})
	for _, c := range []struct {
		status int
		ok     bool
	}{{200, true}, {202, true}, {204, true}, {301, false}, {302, false}, {307, false}, {308, false}, {400, false}, {404, false}, {410, false}, {500, false}} {
		answer, calls = c.status, 0
		o := s.send(t.Context(), h, "7/change/contract/a", []byte(`{"id":"7"}`))
		if (o.err == nil) != c.ok || o.status != c.status || calls != 1 || o.gone() != (c.status == 410) {
			t.Errorf("%d: %+v after %d calls", c.status, o, calls)
		}
	}
	if got.Method != http.MethodPost || got.URL.Path != "/hook" || got.Header.Get("Content-Type") != contentType || got.Header.Get(HeaderID) != "7/change/contract/a" ||
		got.Header.Get(HeaderTimestamp) == "" || !strings.HasPrefix(got.Header.Get(HeaderSignature), "v1,") || got.Header.Get("User-Agent") != "orgledger/test" {
		t.Errorf("%s %s %v", got.Method, got.URL, got.Header)
	}
}

// A receiver that does not answer, or answers without end, holds an attempt up for as long as one may take and no longer.
func TestSlowReceiver(t *testing.T) {
	release := make(chan struct{})
	s, h, _ := toServer(t, policy(t, "127.0.0.1"), func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(HeaderID) == "endless" {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	s.plain.Timeout = 50 * time.Millisecond
	if o := s.send(t.Context(), h, "silent", []byte("{}")); o.err == nil || !strings.Contains(o.err.Error(), "no answer within") {
		t.Errorf("%+v", o)
	}
	s.plain.Timeout = timeout
	if o := s.send(t.Context(), h, "endless", []byte("{}")); o.err != nil || o.took > timeout/2 {
		t.Errorf("%+v", o)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if o := s.send(ctx, h, "silent", []byte("{}")); !errors.Is(o.err, context.Canceled) {
		t.Errorf("%+v", o)
	}
}

// A test says what became of it, and that the address is not permitted.
func TestTest(t *testing.T) {
	w, id := registered(t, newShelves(), newTape(0, 1), new(receiver))
	if tried, err := w.Test(t.Context(), id); err != nil || !tried.Delivered || tried.Status != http.StatusNoContent {
		t.Errorf("%+v, %v", tried, err)
	}
	if _, err := w.Test(t.Context(), "wh_none"); err == nil {
		t.Error("what is not there is tested")
	}
	r := new(receiver)
	r.answers(func(attempt) response {
		return response{err: &url.Error{Op: "Post", URL: "x", Err: &AddressError{"10.0.0.1:443", false}}}
	})
	w.sender.secure.Transport = r
	if tried, err := w.Test(t.Context(), id); err != nil || tried.Delivered || !strings.Contains(tried.Failure, "10.0.0.1:443 is not called") {
		t.Errorf("%+v, %v", tried, err)
	}
}
