package partner

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// metered is an answer to somebody with a key: for them alone, with what is left of their quota.
type metered struct {
	http.ResponseWriter
	meter      *meter
	at         place
	now        time.Time
	light      bool // costs little
	inAddress  bool // the address has the token, and must not get around
	compatible bool // older clients are told, too
	status     int
	bytes      int64
}

func (m *metered) WriteHeader(status int) {
	if m.status == 0 && status >= http.StatusOK {
		m.begin(status)
	}
	m.ResponseWriter.WriteHeader(status)
}

func (m *metered) begin(status int) {
	m.status = status
	if m.light = m.light || status == http.StatusNotModified; m.light {
		m.meter.lighten(m.at)
	}
	header := m.Header()
	if !strings.Contains(header.Get("Cache-Control"), "no-store") {
		header["Cache-Control"] = []string{"private, max-age=0, must-revalidate"}
	}
	header.Del("Surrogate-Key")
	header.Del("Cache-Tag")
	if m.inAddress {
		header.Set("Referrer-Policy", "no-referrer")
	}
	m.meter.writeQuota(header, m.now, m.compatible)
}

func (m *metered) Write(p []byte) (int, error) {
	if m.status == 0 {
		m.WriteHeader(http.StatusOK)
	}
	n, err := m.ResponseWriter.Write(p)
	m.bytes += int64(n)
	return n, err
}

func (m *metered) Unwrap() http.ResponseWriter { return m.ResponseWriter }

func (m *metered) count() {
	answered := tally{requests: 1, bytes: m.bytes}
	if m.status == http.StatusNotModified {
		answered.notModified = 1
	}
	m.meter.count(m.at, answered)
}

// writeQuota writes the fields of draft-ietf-httpapi-ratelimit-headers (in the form since version 8), which are lists of
// structured fields (RFC 9651). What is left is told as of the answer; others may ask at the same time.
func (m *meter) writeQuota(header http.Header, now time.Time, compatible bool) {
	policies := m.policies(now)
	if len(policies) == 0 {
		return
	}
	quotas, remaining := make([]byte, 0, 64), make([]byte, 0, 64)
	for i, p := range policies {
		if i > 0 {
			quotas, remaining = append(quotas, ", "...), append(remaining, ", "...)
		}
		quotas = appendItem(quotas, p.name, ";q=", p.quota, ";w=", p.window)
		remaining = appendItem(remaining, p.name, ";r=", p.left, ";t=", p.fullIn)
	}
	header["Ratelimit-Policy"] = []string{string(quotas)}
	header["Ratelimit"] = []string{string(remaining)}
	if compatible {
		writeTightest(header, policies, now)
	}
}

// writeTightest writes the fields that many clients know, of which there is no specification, for the quota of which the
// least is left. When all of it is there again is told in seconds of Unix time.
func writeTightest(header http.Header, policies []policy, now time.Time) {
	tightest := slices.MinFunc(policies, func(a, b policy) int { return cmp.Compare(a.left, b.left) })
	for name, value := range map[string]int64{
		"X-Ratelimit-Limit": tightest.quota, "X-Ratelimit-Remaining": tightest.left, "X-Ratelimit-Reset": now.Unix() + tightest.fullIn,
	} {
		header[name] = []string{strconv.FormatInt(value, 10)}
	}
}

func appendItem(list []byte, name, first string, one int64, second string, other int64) []byte {
	list = append(append(append(append(list, '"'), name...), '"'), first...)
	list = append(strconv.AppendInt(list, one, 10), second...)
	return strconv.AppendInt(list, other, 10)
}
