package changes

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"broadsheet/internal/content"
)

func FuzzRequest(f *testing.F) {
	for _, seed := range []string{"since=42&first=100&wait=30", "since=-1", "first=0", "since=9223372036854775808", "wait=31", "%zz", "since=007"} {
		f.Add(seed, "")
	}
	f.Add("since=1", "7")
	f.Fuzz(func(t *testing.T, query, last string) {
		r := &http.Request{URL: &url.URL{Path: "/changes", RawQuery: query}, Header: http.Header{
			"Accept": {"text/event-stream"}, "Last-Event-Id": {last}}}
		asked, err := readRequest(r)
		if err != nil {
			if content.AsError(err).Code != content.BadUserInput {
				t.Errorf("%q: %v", query, err)
			}
			return
		}
		if asked.since != nil && *asked.since < 0 || asked.first < 1 || asked.first > content.MostChanges || asked.wait < 0 || asked.wait > longestWait*time.Second {
			t.Errorf("%q is let through: %+v", query, asked)
		}
	})
}
