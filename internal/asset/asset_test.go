package asset

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestNewRefusesUnknownTypes(t *testing.T) {
	if _, err := New("notes.exe.gz", nil); err == nil || !strings.Contains(err.Error(), "notes.exe") {
		t.Errorf("error for notes.exe: %v", err)
	}
}

// A file keeps its name for as long as its content is the same, and may then be kept for ever.
func TestHashedNamesChangeWithTheContent(t *testing.T) {
	name, file, err := NewHashed("frame.css", []byte("a { color: red }"))
	if err != nil {
		t.Fatal(err)
	}
	again, _, _ := NewHashed("frame.css", []byte("a { color: red }"))
	other, _, _ := NewHashed("frame.css", []byte("a { color: blue }"))
	if name != again || name == other || !strings.HasPrefix(name, "frame-") || !strings.HasSuffix(name, ".css") {
		t.Errorf("names: %s, %s, %s", name, again, other)
	}
	answer := httptest.NewRecorder()
	file.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
	if answer.Body.String() != "a { color: red }" || answer.Header().Get("Cache-Control") != forever {
		t.Errorf("%v %s", answer.Header(), answer.Body)
	}
	answer = httptest.NewRecorder()
	file.Lasting("public, max-age=300").ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
	if got := answer.Header().Get("Cache-Control"); got != "public, max-age=300" {
		t.Errorf("Cache-Control: %s", got)
	}
}
