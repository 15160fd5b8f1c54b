package partner

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"broadsheet/internal/content"
)

// Problem is why somebody with a key is not answered, as RFC 9457 writes it.
type Problem struct {
	Type             string   `json:"type"`
	Title            string   `json:"title"`
	Status           int      `json:"status"`
	Detail           string   `json:"detail"`
	ViolatedPolicies []string `json:"violated-policies,omitempty"`

	Code      content.Code  `json:"-"` // for doors with codes of their own
	wait      time.Duration // until it makes sense to try again
	challenge string
}

func unauthenticated(detail string, basic bool) *Problem {
	challenge := `Bearer realm="broadsheet", error="invalid_token"`
	if basic {
		challenge = `Basic realm="broadsheet", charset="UTF-8"`
	}
	return &Problem{Type: "about:blank", Title: "Unauthorized", Status: http.StatusUnauthorized, Detail: detail,
		Code: content.Unauthenticated, challenge: challenge}
}

func tooManyFailures(wait time.Duration) *Problem {
	return &Problem{Type: "about:blank", Title: "Too Many Requests", Status: http.StatusTooManyRequests,
		Detail: "Too many wrong keys came from this address. Wait, and try again with the right one.", Code: content.RateLimited, wait: wait}
}

// quotaExceeded is registered by draft-ietf-httpapi-ratelimit-headers.
const quotaExceeded = "https://iana.org/assignments/http-problem-types#quota-exceeded"

func overQuota(short *shortage) *Problem {
	return &Problem{Type: quotaExceeded, Title: "Too Many Requests", Status: http.StatusTooManyRequests,
		Detail: fmt.Sprintf("The requests of this %s are used up. Try again in %d seconds; conditional requests that are answered by 304 cost a tenth.",
			short.policy, seconds(short.wait)),
		ViolatedPolicies: []string{short.policy}, Code: content.RateLimited, wait: short.wait}
}

func seconds(wait time.Duration) int64 { return ceil(int64(wait), int64(time.Second)) }

func (d Door) refuse(w http.ResponseWriter, r *http.Request, problem *Problem) {
	header := w.Header()
	if problem.challenge != "" {
		header.Set("WWW-Authenticate", problem.challenge)
	}
	if problem.wait > 0 {
		header.Set("Retry-After", strconv.FormatInt(seconds(problem.wait), 10))
	}
	header.Set("Cache-Control", "no-store")
	if d.Refuse != nil {
		d.Refuse(w, r, problem)
		return
	}
	header.Set("Content-Type", "application/problem+json")
	w.WriteHeader(problem.Status)
	_ = json.NewEncoder(w).Encode(problem)
}
