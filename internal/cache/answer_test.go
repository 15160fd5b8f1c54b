package cache

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

func sent(t *testing.T, a *answer, method string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "/graphql", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	a.send(w, r, time.Now(), newCodings())
	return w
}

var long = strings.Repeat("a story and ", 200)

// newLongAnswer was read a minute ago.
func newLongAnswer() *answer {
	return newAnswer(http.StatusOK, http.Header{"Content-Type": {"application/json"}}, []byte(long), time.Now().Add(-time.Minute))
}

func TestAnswersAreConditional(t *testing.T) {
	t.Parallel()
	a := newLongAnswer()
	plain := sent(t, a, http.MethodGet)
	etag, modified := plain.Header().Get("ETag"), plain.Header().Get("Last-Modified")
	if plain.Body.String() != long || etag == "" || modified == "" || plain.Header().Get("Content-Encoding") != "" {
		t.Errorf("plain: %v", plain.Header())
	}
	earlier := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
	for _, test := range []struct {
		name, method string
		header       []string
		want         int
	}{
		{"its ETag, weakly, among others", http.MethodGet, []string{"If-None-Match", `"x", W/` + etag}, http.StatusNotModified},
		{"any", http.MethodHead, []string{"If-None-Match", "*"}, http.StatusNotModified},
		{"another ETag, though not changed since", http.MethodGet, []string{"If-None-Match", `"x"`, "If-Modified-Since", modified}, http.StatusOK},
		{"the ETag of another coding", http.MethodGet, []string{"If-None-Match", etag, "Accept-Encoding", "gzip"}, http.StatusOK},
		{"its ETag, by POST", http.MethodPost, []string{"If-None-Match", etag}, http.StatusOK},
		{"its time", http.MethodGet, []string{"If-Modified-Since", modified}, http.StatusNotModified},
		{"an earlier time", http.MethodGet, []string{"If-Modified-Since", earlier}, http.StatusOK},
		{"no time", http.MethodGet, []string{"If-Modified-Since", "yesterday"}, http.StatusOK},
	} {
		got := sent(t, a, test.method, test.header...)
		if got.Code != test.want || got.Code == http.StatusNotModified && (got.Body.Len() > 0 || got.Header().Get("ETag") == "" || got.Header().Get("Vary") == "") {
			t.Errorf("%s: %d %v", test.name, got.Code, got.Header())
		}
	}
	if head := sent(t, a, http.MethodHead); head.Body.Len() > 0 || head.Header().Get("Content-Length") != plain.Header().Get("Content-Length") {
		t.Errorf("HEAD: %v", head.Header())
	}
}

// Another node may not have heard yet of what makes it different.
func TestLastModifiedIsNotToldTooEarly(t *testing.T) {
	t.Parallel()
	a := newAnswer(http.StatusOK, http.Header{}, []byte(long), time.Now())
	if modified := sent(t, a, http.MethodGet).Header().Get("Last-Modified"); modified != "" {
		t.Error(modified)
	}
}

func TestAnswersAreCompressed(t *testing.T) {
	t.Parallel()
	a := newLongAnswer()
	plain := sent(t, a, http.MethodGet).Header().Get("ETag")
	for coding, unpack := range map[string]func(io.Reader) (io.Reader, error){
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	} {
		packed := sent(t, a, http.MethodGet, "Accept-Encoding", "br, "+coding+";q=0.8")
		if packed.Header().Get("Content-Encoding") != coding || packed.Header().Get("ETag") == plain || packed.Body.Len() > len(long)/10 {
			t.Errorf("%s: %v", coding, packed.Header())
		}
		if again := sent(t, a, http.MethodGet, "Accept-Encoding", coding); &again.Body.Bytes()[0] == &packed.Body.Bytes()[0] || !bytes.Equal(again.Body.Bytes(), packed.Body.Bytes()) {
			t.Errorf("%s: another body the second time", coding)
		}
		reader, err := unpack(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := io.ReadAll(reader); string(text) != long {
			t.Errorf("%s: %q", coding, text)
		}
	}
	short := newAnswer(http.StatusOK, http.Header{}, []byte("short"), time.Now())
	if coding := sent(t, short, http.MethodGet, "Accept-Encoding", "gzip").Header().Get("Content-Encoding"); coding != "" {
		t.Error("a short answer is compressed")
	}
}
