package cache

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func sent(t *testing.T, a *answer, method string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "/graphql", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	a.send(w, r)
	return w
}

func TestAnswersAreConditionalAndCompressed(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a story and ", 200)
	a := newAnswer(http.StatusOK, http.Header{"Content-Type": {"application/json"}}, []byte(long))
	plain := sent(t, a, http.MethodGet)
	etag := plain.Header().Get("ETag")
	if plain.Body.String() != long || etag == "" || plain.Header().Get("Content-Encoding") != "" {
		t.Errorf("plain: %v", plain.Header())
	}
	if same := sent(t, a, http.MethodGet, "If-None-Match", `"x", W/`+etag); same.Code != http.StatusNotModified || same.Body.Len() > 0 {
		t.Errorf("with its ETag: %d", same.Code)
	}
	if post := sent(t, a, http.MethodPost, "If-None-Match", etag); post.Code != http.StatusOK {
		t.Errorf("POST: %d", post.Code)
	}
	if head := sent(t, a, http.MethodHead); head.Body.Len() > 0 || head.Header().Get("Content-Length") != plain.Header().Get("Content-Length") {
		t.Errorf("HEAD: %v", head.Header())
	}
	packed := sent(t, a, http.MethodGet, "Accept-Encoding", "br, gzip;q=0.8")
	unpacked, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(unpacked); string(text) != long || packed.Header().Get("ETag") == etag {
		t.Errorf("gzip: %v", packed.Header())
	}
}

func TestAcceptedCodings(t *testing.T) {
	t.Parallel()
	for accepted, want := range map[string]bool{
		"gzip": true, "br, gzip": true, "*": true, "gzip;q=0": false, "gzip; q=0.0": false, "br": false, "gzip;q=0.5, *;q=0": true, "identity": false,
	} {
		if got := acceptsGzip(accepted); got != want {
			t.Errorf("%q: %v", accepted, got)
		}
	}
}
