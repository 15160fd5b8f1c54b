// Package negotiation reads what a request says of the answers that its client can take, and of those that it has already.
package negotiation

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Coding returns which of the codings that we offer, the one that we prefer first, the client wants most by the values of
// Accept-Encoding (RFC 9110, section 12.5.3); empty if the answer is to be sent as it is. Names of codings are in small
// letters. A weight that is no number from 0 to 1 counts as 0: not wanted.
func Coding(accept []string, offered ...string) (best string) {
	if len(accept) == 0 {
		return "" // any will do
	}
	list, most := strings.Join(accept, ","), 0.0
	for _, coding := range offered {
		if weight, _ := weightOf(coding, list); weight > most {
			best, most = coding, weight
		}
	}
	if plain, named := weightOf("identity", list); named && plain > most {
		return ""
	}
	return best
}

// weightOf is how much a coding is wanted, from 0 to 1, and whether it is named rather than meant by *.
func weightOf(coding, list string) (weight float64, named bool) {
	for part := range strings.SplitSeq(list, ",") {
		name, parameter, _ := strings.Cut(part, ";")
		switch name = strings.TrimSpace(name); {
		case strings.EqualFold(name, coding):
			return quality(parameter), true
		case name == "*":
			weight = quality(parameter)
		}
	}
	return weight, false
}

// quality reads a weight such as q=0.5 (RFC 9110, section 12.4.2).
func quality(parameter string) float64 {
	name, value, given := strings.Cut(strings.TrimSpace(parameter), "=")
	if !given || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	if q, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && q >= 0 && q <= 1 {
		return q
	}
	return 0
}

// Known tells whether a client that asks by GET or HEAD has the answer with this tag, in its quotes and without a comma,
// which was last modified at a time, the zero time if nobody knows: it is answered by 304 then. Where the request has
// If-None-Match, If-Modified-Since says nothing (RFC 9110, section 13.2.2).
func Known(asked http.Header, etag string, modified time.Time) bool {
	if match := asked["If-None-Match"]; len(match) > 0 {
		return matches(strings.Join(match, ","), etag)
	}
	since := asked["If-Modified-Since"]
	if len(since) != 1 || modified.IsZero() {
		return false
	}
	known, err := http.ParseTime(since[0])
	return err == nil && !modified.After(known)
}

// Any tells whether a client has some answer already, and wants one only if there was none at all (RFC 9110, section 13.1.2):
// Known says so of every answer then.
func Any(asked http.Header) bool {
	match := asked["If-None-Match"]
	return len(match) == 1 && strings.TrimSpace(match[0]) == "*"
}

// matches compares weakly: the content is the same where the tag is (RFC 9110, section 13.1.2).
func matches(list, etag string) bool {
	for candidate := range strings.SplitSeq(list, ",") {
		if candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/"); candidate == etag || candidate == "*" {
			return true
		}
	}
	return false
}
