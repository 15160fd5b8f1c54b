package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func harbourCourier(newsroom func(context.Context) (string, string, error)) http.Handler {
	return Landing(LandingPage{
		Newsroom: newsroom,
		Endpoint: "/graphql",
		Doors: []Door{
			{"/graphql", "GraphQL", "Every story, author, tag and campaign, nested as deep as a page needs them."},
			{"/playground", "Playground", "Queries to try, with completion and documentation."},
			{"/metrics", "Metrics", "Counts & durations <for> Prometheus."},
		},
		Feeds: []Feed{{"/feeds/latest.rss", "application/rss+xml"}},
	})
}

func named(name string) func(context.Context) (string, string, error) {
	return func(context.Context) (string, string, error) { return name, "News from the coast.", nil }
}

func TestLandingPage(t *testing.T) {
	t.Parallel()
	page := get(t, harbourCourier(named("Harbour & <Courier>")), "GET", "/", "Host", "news.example:8080")
	if page.status != http.StatusOK || page.header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("status %d, Content-Type %s", page.status, page.header.Get("Content-Type"))
	}
	for _, want := range []string{
		"<h1>Harbour &amp; &lt;Courier&gt;</h1>",
		"News from the coast.",
		`<a href="/graphql">GraphQL</a>`,
		`<link rel="alternate" type="application/rss&#43;xml" href="/feeds/latest.rss" title="Harbour &amp; &lt;Courier&gt;">`,
		`<a href="/playground">Playground</a>`,
		"Counts &amp; durations &lt;for&gt; Prometheus.",
		"curl -s http://news.example:8080/graphql -H",
	} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page.body, "does not answer") {
		t.Error("the page says that the database does not answer")
	}
}

func TestLandingPageWithoutDatabase(t *testing.T) {
	t.Parallel()
	page := get(t, harbourCourier(func(context.Context) (string, string, error) {
		return "", "", errors.New("dial tcp 10.0.0.7:5432: connection refused")
	}), "GET", "/")
	if page.status != http.StatusOK || !strings.Contains(page.body, "database does not answer") || !strings.Contains(page.body, "<h1>Broadsheet</h1>") {
		t.Errorf("status %d, body %s", page.status, page.body)
	}
	if strings.Contains(page.body, "10.0.0.7") {
		t.Error("the page tells where the database is")
	}
}

func TestLandingPolicyAllowsItsStyleAlone(t *testing.T) {
	t.Parallel()
	page := get(t, harbourCourier(named("Courier")), "GET", "/")
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(page.body)[1]
	sum := sha256.Sum256([]byte(style))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	if got := page.header.Get("Content-Security-Policy"); got != want {
		t.Errorf("Content-Security-Policy: %s\nwant: %s", got, want)
	}
	if strings.Contains(page.body, "<script") || strings.Contains(page.body, "style=") {
		t.Error("the page has a script or a style attribute")
	}
}

func TestLandingIsCachedUntilItChanges(t *testing.T) {
	t.Parallel()
	page := get(t, harbourCourier(named("Courier")), "GET", "/", "Host", "news.example")
	tag := page.header.Get("ETag")
	for _, c := range []struct {
		name, host string
		status     int
	}{
		{"Courier", "news.example", http.StatusNotModified},
		{"Courier", "other.example", http.StatusOK},
		{"Courier and Gazette", "news.example", http.StatusOK},
	} {
		if got := get(t, harbourCourier(named(c.name)), "GET", "/", "Host", c.host, "If-None-Match", tag); got.status != c.status {
			t.Errorf("%s at %s: status %d, want %d", c.name, c.host, got.status, c.status)
		}
	}
	if page.header.Get("Cache-Control") != "no-cache" || page.header.Get("Vary") != "X-Forwarded-Proto" {
		t.Errorf("Cache-Control %q, Vary %q", page.header.Get("Cache-Control"), page.header.Get("Vary"))
	}
}

func TestLandingCommandUsesTheRequestsOwnAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ host, proto, want string }{
		{"127.0.0.1:8080", "", "http://127.0.0.1:8080/graphql"},
		{"[::1]:8080", "", "http://[::1]:8080/graphql"},
		{"news.example", "https", "https://news.example/graphql"},
		{"news.example", "javascript", "http://news.example/graphql"},
		{"a.example;rm$(x)", "", "http://localhost/graphql"},
		{"a.example'", "", "http://localhost/graphql"},
	} {
		page := get(t, harbourCourier(named("Courier")), "GET", "/", "Host", c.host, "X-Forwarded-Proto", c.proto)
		command := html.UnescapeString(regexp.MustCompile(`curl -s (\S+)`).FindStringSubmatch(page.body)[1])
		if command != c.want {
			t.Errorf("Host %s, X-Forwarded-Proto %s: %s, want %s", c.host, c.proto, command, c.want)
		}
	}
}

func TestLandingMethodsAndPaths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"HEAD", "/", http.StatusOK},
		{"POST", "/", http.StatusMethodNotAllowed},
		{"GET", "/landing.css", http.StatusNotFound},
		{"GET", "/index.html", http.StatusNotFound},
	} {
		got := get(t, harbourCourier(named("Courier")), c.method, c.path)
		if got.status != c.status || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: status %d, headers %v", c.method, c.path, got.status, got.header)
		}
	}
}
