package api

import "net/http"

// Guard keeps the pages of other sites, open in a browser on this machine, from using what next serves, as it does what this
// package serves.
func Guard(next http.Handler) http.Handler { return guard(next) }

// StatusOf is the HTTP status of an error: the one table of them.
func StatusOf(err error) int { return statusOf(err) }
