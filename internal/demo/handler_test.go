package demo_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"broadsheet/internal/demo"
)

const (
	onePicture = "/demo/images/harbour-dawn-test.svg"
	oneFilm    = "/demo/videos/harbour-at-dawn.mp4"
)

func ask(t *testing.T, method, path string, header ...string) *http.Response {
	t.Helper()
	request := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	demo.Handler().ServeHTTP(answer, request)
	return answer.Result()
}

func text(t *testing.T, answer *http.Response) string {
	t.Helper()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestHandlerAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, method, path string
		status             int
		contentType        string
	}{
		{"a picture", "GET", onePicture, 200, "image/svg+xml"},
		{"a portrait", "GET", "/demo/images/portrait-mara-lindqvist.svg", 200, "image/svg+xml"},
		{"the logo", "GET", "/demo/images/logo.svg", 200, "image/svg+xml"},
		{"a film", "GET", oneFilm, 200, "video/mp4"},
		{"the head of a picture", "HEAD", onePicture, 200, "image/svg+xml"},
		{"the head of a film", "HEAD", oneFilm, 200, "video/mp4"},
		{"an unknown scene", "GET", "/demo/images/moon-dawn-test.svg", 404, ""},
		{"an unknown mood", "GET", "/demo/images/harbour-noon-test.svg", 404, ""},
		{"a picture of another format", "GET", "/demo/images/harbour-dawn-test.png", 404, ""},
		{"a picture without its ending", "GET", "/demo/images/logo", 404, ""},
		{"a name that is too long", "GET", "/demo/images/harbour-dawn-" + strings.Repeat("a", 200) + ".svg", 404, ""},
		{"an unknown film", "GET", "/demo/videos/none.mp4", 404, ""},
		{"a file beside the films", "GET", "/demo/videos/README.md", 404, ""},
		{"a file above the films", "GET", "/demo/videos/..%2fstories%2flogo.md", 404, ""},
		{"a folder", "GET", "/demo/videos/", 404, ""},
		{"a change", "POST", onePicture, 405, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := ask(t, test.method, test.path)
			content := text(t, answer)
			if answer.StatusCode != test.status {
				t.Fatalf("status %d, want %d", answer.StatusCode, test.status)
			}
			if test.status != http.StatusOK {
				return
			}
			if got := answer.Header.Get("Content-Type"); got != test.contentType {
				t.Errorf("Content-Type %q, want %q", got, test.contentType)
			}
			if isHead := test.method == http.MethodHead; isHead != (content == "") || answer.ContentLength <= 0 {
				t.Errorf("%d bytes of content, Content-Length %d", len(content), answer.ContentLength)
			}
		})
	}
}

func TestHandlerDrawsTheSamePictureEachTime(t *testing.T) {
	t.Parallel()
	first, again := ask(t, "GET", onePicture), ask(t, "GET", onePicture)
	if text(t, first) != text(t, again) || first.Header.Get("ETag") != again.Header.Get("ETag") {
		t.Error("one name gives two pictures")
	}
	if other := ask(t, "GET", "/demo/images/harbour-dawn-other.svg"); other.Header.Get("ETag") == first.Header.Get("ETag") {
		t.Error("two names give one picture")
	}
}

func TestHandlerAnswersAConditionalRequest(t *testing.T) {
	t.Parallel()
	for _, path := range []string{onePicture, oneFilm} {
		tag := ask(t, "GET", path).Header.Get("ETag")
		for _, test := range []struct {
			ifNoneMatch string
			status      int
		}{
			{tag, http.StatusNotModified},
			{`"other", ` + tag, http.StatusNotModified},
			{"*", http.StatusNotModified},
			{`"other"`, http.StatusOK},
		} {
			answer := ask(t, "GET", path, "If-None-Match", test.ifNoneMatch)
			content := text(t, answer)
			if answer.StatusCode != test.status || (content == "") != (test.status == http.StatusNotModified) {
				t.Errorf("%s, If-None-Match: %s: status %d with %d bytes, want %d", path, test.ifNoneMatch,
					answer.StatusCode, len(content), test.status)
			}
		}
	}
}

func TestHandlerAnswersARangeOfAFilm(t *testing.T) {
	t.Parallel()
	whole := ask(t, "GET", oneFilm)
	film, tag := text(t, whole), whole.Header.Get("ETag")
	for _, test := range []struct {
		name   string
		header []string
		status int
		want   string
	}{
		{"the beginning", []string{"Range", "bytes=0-99"}, 206, film[:100]},
		{"the end", []string{"Range", "bytes=-50"}, 206, film[len(film)-50:]},
		{"the rest of this film", []string{"Range", "bytes=1000-", "If-Range", tag}, 206, film[1000:]},
		{"the rest of another film", []string{"Range", "bytes=1000-", "If-Range", `"other"`}, 200, film},
	} {
		answer := ask(t, "GET", oneFilm, test.header...)
		if got := text(t, answer); answer.StatusCode != test.status || got != test.want {
			t.Errorf("%s: status %d with %d bytes, want %d with %d", test.name,
				answer.StatusCode, len(got), test.status, len(test.want))
		}
	}
	if answer := ask(t, "GET", oneFilm, "Range", "bytes=99999999-"); answer.StatusCode != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("a range behind the end: status %d, want 416", answer.StatusCode)
	}
}

// FuzzPictureName: whatever is asked for, the answer is a whole picture that can do nothing, or 404.
func FuzzPictureName(f *testing.F) {
	for _, name := range []string{"logo", "portrait-a", "harbour-dawn-a", "room-night-", "chart-fog-1", "a-b-c", "../x"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		request := httptest.NewRequest(http.MethodGet, "/demo/images/x.svg", nil)
		request.URL.Path = "/demo/images/" + name + ".svg"
		recorder := httptest.NewRecorder()
		demo.Handler().ServeHTTP(recorder, request)
		answer := recorder.Result()
		if answer.StatusCode != http.StatusOK {
			return
		}
		if policy := answer.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("the policy is %q", policy)
		}
		decoder := xml.NewDecoder(answer.Body)
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatalf("%q is not drawn as XML: %v", name, err)
			}
			if element, is := token.(xml.StartElement); is && element.Name.Local == "script" {
				t.Fatalf("%q runs a script", name)
			}
		}
	})
}
