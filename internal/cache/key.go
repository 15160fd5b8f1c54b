package cache

import (
	"bytes"
	"io"
	"net/http"
	"slices"

	"broadsheet/internal/content"
)

// question is a request as the cache sees it.
type question struct {
	key  []byte // what names the answer: two requests with the same key get the same one
	body replayed
}

// read is the one place that knows which parts of a request an answer may depend on. It returns false if no answer to the
// request can be kept. The request's body can be read again while the question is in use.
func (q *question) read(r *http.Request, mostBytes int64) (cacheable bool) {
	method := r.Method
	switch method {
	case http.MethodGet, http.MethodPost:
	case http.MethodHead: // one answer serves both
		method = http.MethodGet
	default:
		return false
	}
	audience := content.AudienceOf(r.Context())
	if has(r.Header, "Broadsheet-Cost") || audience == nil && has(r.Header, "Authorization") {
		return false
	}
	q.key = q.key[:0]
	for _, part := range [...]string{method, r.URL.Path, r.URL.RawQuery, audience.CacheKey(), audience.SharedWith(first(r.Header, "Origin")), first(r.Header, "Content-Type"), first(r.Header, "Content-Encoding")} {
		q.key = append(append(q.key, part...), 0)
	}
	for _, accepted := range r.Header["Accept"] {
		q.key = append(append(q.key, accepted...), ',')
	}
	q.key = append(q.key, 0)
	return method == http.MethodGet || q.readBody(r, mostBytes)
}

// readBody returns false if the body has more bytes than are looked at, or cannot be read: the door will say so.
func (q *question) readBody(r *http.Request, mostBytes int64) bool {
	if r.ContentLength > mostBytes {
		return false
	}
	head := len(q.key)
	q.key = slices.Grow(q.key, int(max(r.ContentLength, 512))+1)
	for {
		if len(q.key) == cap(q.key) {
			q.key = slices.Grow(q.key, cap(q.key))
		}
		n, err := r.Body.Read(q.key[len(q.key):cap(q.key)])
		q.key = q.key[:len(q.key)+n]
		complete, tooLong := err == io.EOF, int64(len(q.key)-head) > mostBytes
		if complete || tooLong || err != nil {
			q.body.rest = r.Body
			q.body.read.Reset(q.key[head:])
			r.Body = &q.body
			return complete && !tooLong
		}
	}
}

// replayed is a body of which some was read before, with the rest of it.
type replayed struct {
	read bytes.Reader
	rest io.ReadCloser
}

func (b *replayed) Read(p []byte) (int, error) {
	if b.read.Len() > 0 {
		return b.read.Read(p)
	}
	return b.rest.Read(p)
}

func (b *replayed) Close() error { return b.rest.Close() }

// first and has take the names as net/http writes them, and so do not look for another spelling each time.
func first(header http.Header, name string) string {
	if values := header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func has(header http.Header, name string) bool { return len(header[name]) > 0 }
