package webhooks

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/orgledger/orgledger/domain"
)

// CodeBadWebhook is the code of a registration that is refused.
const CodeBadWebhook domain.Code = "bad-webhook"

// limitURL is the longest address of a webhook, in bytes.
const limitURL = 2048

// Policy says which addresses may be called. The zero Policy lets https reach what is public, and nothing else.
type Policy struct {
	// Allow are addresses that may be called although they are not public, and by plain http too.
	Allow []netip.Prefix
}

// ParsePolicy reads what an operator allows: CIDRs, or single addresses.
func ParsePolicy(allow []string) (p Policy, err error) {
	for _, text := range allow {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, failed := netip.ParseAddr(text)
			if failed != nil {
				return Policy{}, fmt.Errorf("%q is neither a CIDR, as 10.1.0.0/16, nor an address: %w", text, err)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		if prefix.Addr().Is4In6() {
			return Policy{}, fmt.Errorf("%q is an IPv4 address in IPv6 form: write it as IPv4", text)
		}
		p.Allow = append(p.Allow, prefix.Masked())
	}
	return p, nil
}

// notPublic are the special addresses (IANA special-purpose registries, RFC 6890): this host and network, private and shared
// ones, link-local, test networks, multicast, reserved, and those of IPv6 that lead to an IPv4 address.
var notPublic = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")

// globalUnicast is all of IPv6 that is given out for public use; the rest is not public.
var globalUnicast = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// permits reports whether an address may be called, by http where plain is set, else by https.
func (p Policy) permits(addr netip.Addr, plain bool) bool {
	contains := func(prefix netip.Prefix) bool { return prefix.Contains(addr) }
	addr = addr.Unmap()
	switch {
	case addr.Zone() != "":
		return false
	case slices.ContainsFunc(p.Allow, contains):
		return true
	}
	return !plain && (addr.Is4() || globalUnicast.Contains(addr)) && !slices.ContainsFunc(notPublic, contains)
}

// AddressError is a connection that was not made, because the policy does not permit the address that a name stands for.
type AddressError struct {
	Address string
	Plain   bool // by http, not https
}

// Error names the address.
func (e *AddressError) Error() string {
	if e.Plain {
		return fmt.Sprintf("%s is not called by plain http: the operator has to allow it (serve --webhook-allow)", e.Address)
	}
	return fmt.Sprintf("%s is not called, since it is not public: the operator has to allow it (serve --webhook-allow)", e.Address)
}

// control is for net.Dialer: it judges the address that is about to be connected to, after every name has been resolved, so
// that no answer of a name server leads elsewhere than to what was judged.
func (p Policy) control(plain bool) func(network, address string, _ syscall.RawConn) error {
	return func(network, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || network != "tcp4" && network != "tcp6" || !p.permits(to.Addr(), plain) {
			return &AddressError{address, plain}
		}
		return nil
	}
}

// check refuses the address of a webhook that can be told not to be permitted without resolving its name.
func (p Policy) check(text string) error {
	refuse := func(rule string) error {
		return &domain.Refusal{Code: CodeBadWebhook, Field: "url", Rule: rule, Value: shown(text)}
	}
	u, err := url.Parse(text)
	switch {
	case len(text) > limitURL:
		return refuse(fmt.Sprintf("an address has at most %d bytes", limitURL))
	case err != nil || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http":
		return refuse("an address is written https://host/path")
	case u.Scheme == "http" && len(p.Allow) == 0:
		return refuse("webhooks are sent by https; plain http is for addresses that the operator allows (serve --webhook-allow)")
	case u.Hostname() == "":
		return refuse("an address names a host")
	case u.User != nil:
		return refuse("an address holds no user and no password: deliveries are known by their signature")
	case u.Fragment != "" || strings.Contains(text, "#"):
		return refuse("an address has no fragment")
	case !validPort(u):
		return refuse("a port is a number from 1 to 65535")
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil && !p.permits(addr, u.Scheme == "http") {
		return refuse("an address is public, or one that the operator allows (serve --webhook-allow)")
	}
	return nil
}

func validPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0
}

// shown makes a value fit for a message: quoted, with what is unprintable escaped, and cut.
func shown(value string) string {
	const limit = 80
	if len(value) <= limit {
		return strconv.Quote(value)
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(value[cut]) {
		cut--
	}
	return fmt.Sprintf("%q… (%d bytes)", value[:cut], len(value))
}
