package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
)

// A form that changes something carries a token that only a page of this server could have put there: the browser's own
// random number, kept in a cookie, under a key of this process (OWASP, Cross-Site Request Forgery Prevention: signed double
// submit cookie). Requests of other sites are refused before, by their origin; this holds where a browser tells none.
// After a restart, forms that were open before are shown again and sent again.
const (
	tokenCookie = "orgledger-form"
	tokenField  = "token"
)

// tokens makes and judges them.
type tokens struct{ key [32]byte }

func newTokens() *tokens {
	t := new(tokens)
	rand.Read(t.key[:]) // never fails: crypto/rand ends the program instead
	return t
}

// issue gives the token for a form in an answer, and the browser the cookie that it belongs to.
func (t *tokens) issue(w http.ResponseWriter, r *http.Request) string {
	cookie, err := r.Cookie(tokenCookie)
	if err != nil || len(cookie.Value) < 22 {
		var number [32]byte
		rand.Read(number[:])
		cookie = &http.Cookie{Name: tokenCookie, Value: base64.RawURLEncoding.EncodeToString(number[:]), Path: "/",
			HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil}
		http.SetCookie(w, cookie)
	}
	return t.of(cookie.Value)
}

func (t *tokens) of(number string) string {
	mac := hmac.New(sha256.New, t.key[:])
	mac.Write([]byte(number))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// valid reports whether a form that was sent carries the token that its browser was given.
func (t *tokens) valid(r *http.Request) bool {
	cookie, err := r.Cookie(tokenCookie)
	return err == nil && hmac.Equal([]byte(r.PostFormValue(tokenField)), []byte(t.of(cookie.Value)))
}
