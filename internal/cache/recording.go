package cache

import (
	"bytes"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// recording is what a door answered, held back.
type recording struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// record asks the door for its whole answer, whatever part of it this client needs.
func record(door http.Handler, r *http.Request) *recording {
	recorded := &recording{header: make(http.Header)}
	if r.Method == http.MethodHead || has(r.Header, "If-None-Match") || has(r.Header, "If-Modified-Since") {
		r = r.Clone(r.Context())
		if r.Method == http.MethodHead { // one answer serves both
			r.Method = http.MethodGet
		}
		r.Header.Del("If-None-Match")
		r.Header.Del("If-Modified-Since")
	}
	door.ServeHTTP(recorded, r)
	if recorded.status == 0 {
		recorded.status = http.StatusOK
	}
	return recorded
}

// mayBeKept tells whether the answer would be the same for the next who asks. Doors say so where it would not.
func (r *recording) mayBeKept() bool {
	switch r.status {
	case http.StatusOK, http.StatusMovedPermanently, http.StatusPermanentRedirect, http.StatusNotFound, http.StatusGone:
		said := r.header.Get("Cache-Control")
		return !strings.Contains(said, "no-store") && !strings.Contains(said, "no-cache") && !strings.Contains(said, "private")
	}
	return false
}

func (r *recording) Header() http.Header { return r.header }

func (r *recording) WriteHeader(status int) {
	if r.status != 0 {
		return
	}
	r.status = status
	if length, err := strconv.Atoi(first(r.header, "Content-Length")); err == nil {
		r.body.Grow(length) // exactly what will be kept
	}
}

func (r *recording) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

// copyTo sends the answer as the door gave it.
func (r *recording) copyTo(w unkept) {
	maps.Copy(w.Header(), r.header)
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body.Bytes())
}

// unkept sends an answer that nobody may keep: no change of it would be told to caches further out, and it may be overtaken
// already.
type unkept struct{ http.ResponseWriter }

func (w unkept) WriteHeader(status int) {
	w.Header().Set("Cache-Control", "no-store")
	w.ResponseWriter.WriteHeader(status)
}

func (w unkept) Write(p []byte) (int, error) {
	w.Header().Set("Cache-Control", "no-store") // in case that it is the first that the door does
	return w.ResponseWriter.Write(p)
}

func (w unkept) Unwrap() http.ResponseWriter { return w.ResponseWriter }
