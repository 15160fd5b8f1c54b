package web

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestPlaygroundPage(t *testing.T) {
	t.Parallel()
	page := get(t, Playground("/graphql"), "GET", "/playground")
	if page.status != http.StatusOK || !strings.Contains(page.body, `data-endpoint="/graphql"`) {
		t.Fatalf("status %d, body %s", page.status, page.body)
	}
	for name, want := range map[string]string{
		"Content-Type":           "text/html; charset=utf-8",
		"Cache-Control":          "no-cache",
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy":        "no-referrer",
	} {
		if got := page.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if again := get(t, Playground("/graphql"), "GET", "/playground", "If-None-Match", page.header.Get("ETag")); again.status != http.StatusNotModified || again.body != "" {
		t.Errorf("with its own ETag: status %d, %d bytes", again.status, len(again.body))
	}
	if other := get(t, Playground("/api"), "GET", "/playground", "If-None-Match", page.header.Get("ETag")); other.status != http.StatusOK {
		t.Errorf("another endpoint's page passes for this one: status %d", other.status)
	}
}

func TestPlaygroundPolicy(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/playground", "/playground/notices.txt", "/playground/nothing"} {
		policy := map[string]string{}
		header := get(t, Playground("/graphql"), "GET", path).header
		for directive := range strings.SplitSeq(header.Get("Content-Security-Policy"), ";") {
			name, sources, _ := strings.Cut(strings.TrimSpace(directive), " ")
			policy[name] = sources
		}
		for name, want := range map[string]string{
			"default-src":     "'none'",
			"script-src":      "'self'",
			"worker-src":      "'self'",
			"connect-src":     "'self'",
			"frame-ancestors": "'none'",
			"base-uri":        "'none'",
			"form-action":     "'none'",
		} {
			if policy[name] != want {
				t.Errorf("%s: %s %s, want %s", path, name, policy[name], want)
			}
		}
	}
}

// TestPlaygroundFiles follows every name of a built file, from the page through all that it leads to.
func TestPlaygroundFiles(t *testing.T) {
	t.Parallel()
	playground := Playground("/graphql")
	name := regexp.MustCompile(`[a-z]+-[0-9A-Z]{8}\.(js|css|ttf)`)
	types := map[string]string{"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "ttf": "font/ttf"}
	reached := map[string]bool{"notices.txt": true}
	next := name.FindAllString(get(t, playground, "GET", "/playground").body, -1)
	for len(next) > 0 {
		file := next[0]
		next = next[1:]
		if reached[file] {
			continue
		}
		reached[file] = true
		got := get(t, playground, "GET", "/playground/"+file, "Accept-Encoding", "gzip")
		extension := file[strings.LastIndex(file, ".")+1:]
		if got.status != http.StatusOK || got.header.Get("Content-Type") != types[extension] {
			t.Errorf("%s: status %d, Content-Type %s", file, got.status, got.header.Get("Content-Type"))
		}
		if got.header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %s", file, got.header.Get("Cache-Control"))
		}
		next = append(next, name.FindAllString(got.body, -1)...)
	}
	if built := slices.Sorted(maps.Keys(playgroundFiles())); !slices.Equal(built, slices.Sorted(maps.Keys(reached))) {
		t.Errorf("built: %v\nreached from the page: %v", built, slices.Sorted(maps.Keys(reached)))
	}
}

func TestPlaygroundFileInBothCodings(t *testing.T) {
	t.Parallel()
	playground := Playground("/graphql")
	packed := get(t, playground, "GET", "/playground/notices.txt", "Accept-Encoding", "gzip, br")
	plain := get(t, playground, "GET", "/playground/notices.txt", "Accept-Encoding", "gzip;q=0")
	if packed.header.Get("Content-Encoding") != "gzip" || plain.header.Get("Content-Encoding") != "" {
		t.Errorf("Content-Encoding: %q for one who takes gzip, %q for one who does not",
			packed.header.Get("Content-Encoding"), plain.header.Get("Content-Encoding"))
	}
	if packed.body != plain.body || !strings.Contains(plain.body, "graphiql") {
		t.Error("the two codings carry different texts, or the wrong one")
	}
	if packed.header.Get("ETag") == plain.header.Get("ETag") {
		t.Errorf("both representations have the ETag %s", plain.header.Get("ETag"))
	}
	for _, got := range []answer{packed, plain} {
		if got.header.Get("Vary") != "Accept-Encoding" || got.header.Get("Cache-Control") != "no-cache" {
			t.Errorf("Vary %q, Cache-Control %q", got.header.Get("Vary"), got.header.Get("Cache-Control"))
		}
	}
}

func TestPlaygroundMethodsAndPaths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"HEAD", "/playground", http.StatusOK},
		{"HEAD", "/playground/notices.txt", http.StatusOK},
		{"POST", "/playground", http.StatusMethodNotAllowed},
		{"DELETE", "/playground/notices.txt", http.StatusMethodNotAllowed},
		{"GET", "/playground/", http.StatusPermanentRedirect},
		{"GET", "/playground/dist/", http.StatusNotFound},
		{"GET", "/playground/index.html", http.StatusNotFound},
		{"GET", "/playground/notices.txt.gz", http.StatusNotFound},
		{"GET", "/playground/%2e%2e/examples/01-article-page.graphql", http.StatusNotFound},
		{"GET", "/playground/package.json", http.StatusNotFound},
	} {
		got := get(t, Playground("/graphql"), c.method, c.path)
		if got.status != c.status {
			t.Errorf("%s %s: status %d, want %d", c.method, c.path, got.status, c.status)
		}
		if c.method == "HEAD" && (got.body != "" || got.header.Get("ETag") == "") {
			t.Errorf("HEAD %s: %d bytes of body, ETag %q", c.path, len(got.body), got.header.Get("ETag"))
		}
		if c.status == http.StatusMethodNotAllowed && got.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: Allow %q", c.method, c.path, got.header.Get("Allow"))
		}
		if location := got.header.Get("Location"); c.status == http.StatusPermanentRedirect && location != "/playground" {
			t.Errorf("GET %s leads to %q", c.path, location)
		}
	}
}
