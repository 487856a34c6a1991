package webhooks

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// delays are how long a message waits after each attempt that failed; after one more it is given up. Together they are 3 days
// and 2 hours, before the jitter.
var delays = [...]time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour,
	6 * time.Hour, 6 * time.Hour, 6 * time.Hour, 6 * time.Hour, 6 * time.Hour, 6 * time.Hour, 6 * time.Hour, 6 * time.Hour,
	6 * time.Hour, 6 * time.Hour, 6 * time.Hour,
}

// Attempts is how often a message is sent before it is given up.
const Attempts = len(delays) + 1

// longestWait is the most that a receiver may ask for with Retry-After.
const longestWait = 24 * time.Hour

// delay is how long to wait after a number of attempts, from 1, of which the last was answered with asked. Jitter of a
// fifth keeps what failed together from coming back together.
func delay(attempts int, asked time.Duration) time.Duration {
	scheduled := delays[attempts-1]
	jittered := time.Duration(float64(scheduled) * (0.8 + 0.4*rand.Float64()))
	return max(jittered, min(asked, longestWait))
}

// retryAfter reads the header of an answer: seconds, or a date (RFC 9110 §10.2.3); 0 where it asks for nothing.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
