package changes

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"broadsheet/internal/content"
)

// request is what somebody wants to know.
type request struct {
	since  *content.Position // nil: how far the log is
	first  int
	wait   time.Duration
	stream bool
}

const longestWait = 30 // seconds

// readRequest reads the address and what a stream says when it connects again.
func readRequest(r *http.Request) (request, error) {
	asked := request{stream: strings.Contains(r.Header.Get("Accept"), "text/event-stream")}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return asked, refusal("The query of the address cannot be read: write it like ?since=42&first=100.")
	}
	since := query.Get("since")
	if last := r.Header.Get("Last-Event-Id"); asked.stream && last != "" {
		since = last
	}
	if since != "" {
		position, err := content.ParsePosition(since)
		if err != nil {
			return asked, err
		}
		asked.since = &position
	}
	if asked.first, err = number(query.Get("first"), content.UsualChanges, 1, content.MostChanges); err != nil {
		return asked, refusal("first has to be a number from 1 to " + strconv.Itoa(content.MostChanges) + ".")
	}
	seconds, err := number(query.Get("wait"), 0, 0, longestWait)
	if err != nil {
		return asked, refusal("wait has to be a number of seconds from 0 to " + strconv.Itoa(longestWait) + ".")
	}
	asked.wait = time.Duration(seconds) * time.Second
	return asked, nil
}

// after is the address that asks for what comes after a position, in the same way.
func (asked request) after(position content.Position) string {
	address := "/changes?since=" + strconv.FormatInt(int64(position), 10)
	if asked.first != content.UsualChanges {
		address += "&first=" + strconv.Itoa(asked.first)
	}
	if asked.wait > 0 {
		address += "&wait=" + strconv.Itoa(int(asked.wait.Seconds()))
	}
	return address
}

func number(text string, usual, least, most int) (int, error) {
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err == nil && (n < least || n > most) {
		err = strconv.ErrRange
	}
	return n, err
}

func refusal(message string) error {
	return &content.Error{Code: content.BadUserInput, Message: message}
}
