package api

import (
	"net"
	"net/http"
	"strconv"
	"strings"
)

// Guard keeps the pages of other sites, open in a browser on this machine, from using a ledger that
// listens on the loopback interface: neither as a cross-origin request nor by a name of their own that
// leads here. refuse answers such a request, with a status and the reason.
func Guard(next http.Handler, refuse func(w http.ResponseWriter, r *http.Request, status int, why string)) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse(w, r, http.StatusForbidden, "a page of another site has no say here")
	}))
	checked := protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !addressed(r) {
			refuse(w, r, http.StatusMisdirectedRequest, "this server is reached as localhost or by its address, not as "+strconv.Quote(r.Host))
			return
		}
		checked.ServeHTTP(w, r)
	})
}

// addressed reports whether a request that arrived on the loopback interface names this machine as its
// host.
func addressed(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !local.IP.IsLoopback() {
		return true
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
