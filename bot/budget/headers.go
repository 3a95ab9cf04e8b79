package budget

import (
	"net/http"
	"strconv"
	"time"

	"flowkeeper/bot/gitlab"
)

const (
	// maxBlock bounds how long an answer may keep the bot away.
	maxBlock = 10 * time.Minute
	// defaultHold is for a refusal that does not say how long: GitLab counts by the minute.
	defaultHold = time.Minute
)

// headers are what an answer says about limits.
type headers struct {
	counted bool // it says how many calls are left, of whatever kind
	spent   bool // and that there are none

	present bool // the next three are said, and about calls with a token, as the bot makes them
	limit   int  // calls a minute, above 0
	left    int  // calls until reset, 0 or above
	reset   time.Time

	retry time.Duration // how long to stay away after a refusal
}

// readHeaders reads an answer's headers. What makes no sense counts as not said.
func readHeaders(h http.Header, now time.Time) headers {
	limit, noLimit := strconv.Atoi(h.Get("RateLimit-Limit"))
	left, noLeft := strconv.Atoi(h.Get("RateLimit-Remaining"))
	reset, noReset := strconv.ParseInt(h.Get("RateLimit-Reset"), 10, 64)
	retry, ok := gitlab.RetryAfter(h, now)
	if !ok {
		retry = defaultHold
	}
	return headers{
		counted: noLeft == nil,
		spent:   noLeft == nil && left <= 0,
		// GitLab has other limits for other requests, and an answer speaks of the one that it was counted for.
		present: h.Get("RateLimit-Name") == "throttle_authenticated_api" && noLimit == nil && limit > 0 && noLeft == nil && noReset == nil,
		limit:   limit,
		left:    max(left, 0),
		reset:   time.Unix(reset, 0),
		retry:   retry,
	}
}
