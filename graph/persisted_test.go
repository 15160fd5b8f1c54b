package graph_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"broadsheet/graph"
	"broadsheet/internal/content"
	"broadsheet/internal/database/dbtest"
)

const named = "query Named { __typename }"

func sumOf(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

func persisted(sum string) string {
	return `{"persistedQuery":{"version":1,"sha256Hash":"` + sum + `"}}`
}

// A client asks by digest, is told that the text is not known, sends it once, and never again.
func TestAutomaticPersistedQueries(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GET", "POST"} {
		door := openDoor(t, dbtest.New(t), graph.DefaultLimits(), io.Discard)
		ask := func(query, sum string) *reply {
			if method == "GET" {
				return send(t, door, method, "?"+url.Values{"query": {query}, "extensions": {persisted(sum)}}.Encode(), "")
			}
			return send(t, door, method, "", fmt.Sprintf(`{"query": %q, "extensions": %s}`, query, persisted(sum)), "Content-Type", legacyType)
		}
		for _, step := range []struct {
			query, sum, want string
		}{
			{"", sumOf(named), "PersistedQueryNotFound"},
			{named, sumOf("another"), "provided sha does not match query"},
			{"", sumOf("another"), "PersistedQueryNotFound"},
			{"{ sight }", sumOf("{ sight }"), "sight"},
			{"", sumOf("{ sight }"), "PersistedQueryNotFound"}, // what is refused is not remembered
			{named, strings.ToUpper(sumOf(named)), `"__typename":"Query"`},
			{"", sumOf(named), `"__typename":"Query"`},
		} {
			came := ask(step.query, step.sum)
			if !strings.Contains(came.text, step.want) {
				t.Errorf("%s %q %s: %s, want %s", method, step.query, step.sum, came.text, step.want)
			}
			if kept := came.header.Get("Cache-Control") != "no-store"; kept != (len(came.Errors) == 0) {
				t.Errorf("%s %q: Cache-Control %q", method, step.query, came.header.Get("Cache-Control"))
			}
		}
		for _, accept := range []string{legacyType, responseType} {
			came := send(t, door, "GET", "?"+url.Values{"extensions": {persisted(sumOf("another"))}}.Encode(), "", "Accept", accept)
			if !came.is(200, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound") {
				t.Errorf("%s: %d %s", accept, came.status, came.text)
			}
		}
	}
}

// trust serves the documents in a file or a directory.
func trust(t *testing.T, path string, mode graph.TrustedMode) (*httptest.Server, error) {
	t.Helper()
	trusted, err := graph.LoadTrusted(path, mode, graph.DefaultLimits())
	if err != nil {
		return nil, err
	}
	addresses, err := content.NewAddresses(site, "/{slug}/", "/author/{slug}/", "/tag/{slug}/")
	if err != nil {
		t.Fatal(err)
	}
	door := httptest.NewServer(graph.NewHandler(content.New(dbtest.New(t), content.Options{Addresses: addresses}), graph.DefaultLimits(), trusted,
		slog.New(slog.DiscardHandler)))
	t.Cleanup(door.Close)
	return door, nil
}

// files writes a directory.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var (
	apolloManifest = fmt.Sprintf(`{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"a1","name":"Named","type":"query","body":%q}]}`, named)
	relayManifest  = fmt.Sprintf(`{"a1": %q, "b2": "query Other { site { name } }"}`, named)
)

func TestTrustedDocuments(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"Apollo":             filepath.Join(files(t, map[string]string{"m.json": apolloManifest}), "m.json"),
		"Relay":              filepath.Join(files(t, map[string]string{"m.json": relayManifest}), "m.json"),
		"directory":          files(t, map[string]string{"m.json": relayManifest, "README.md": "not a document"}),
		"documents by names": files(t, map[string]string{"a1.graphql": named}),
	} {
		for mode, othersTaken := range map[graph.TrustedMode]bool{graph.TrustedOpen: true, graph.TrustedPrefer: true, graph.TrustedOnly: false} {
			door, err := trust(t, path, mode)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, request := range []struct {
				query, body string
				taken       bool
				code        string
			}{
				{"?documentId=a1", "", true, ""},
				{"?documentId=sha256:" + sumOf(named), "", true, ""},
				{"?" + url.Values{"extensions": {persisted(sumOf(named))}}.Encode(), "", true, ""},
				{"?" + url.Values{"extensions": {persisted("a1")}}.Encode(), "", true, ""}, // an id of any sort
				{"", `{"documentId": "a1", "variables": {}}`, true, ""},
				{"", fmt.Sprintf(`{"query": %q}`, named), true, ""}, // the very text is as good
				{"?documentId=c3", "", false, "PERSISTED_QUERY_NOT_FOUND"},
				{"?documentId=a1&query=" + url.QueryEscape(named), "", false, "BAD_USER_INPUT"},
				{"", `{"query": "{ __typename }"}`, othersTaken, "FORBIDDEN"},
				{"?" + url.Values{"extensions": {persisted(sumOf("{ __typename }"))}}.Encode(), "", othersTaken, "PERSISTED_QUERY_NOT_FOUND"},
			} {
				method := map[bool]string{true: "GET", false: "POST"}[request.body == ""]
				came := send(t, door, method, request.query, request.body, "Content-Type", legacyType)
				if request.taken && !strings.Contains(came.text, `"__typename":"Query"`) || !request.taken && came.code() != request.code {
					t.Errorf("%s, %s: %s %s%s: %s", name, mode, method, request.query, request.body, came.text)
				}
			}
		}
	}
}

// A frontend that does not fit the schema is found when the server starts, not by its readers.
func TestTrustedDocumentsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		files map[string]string
		says  []string
	}{
		{map[string]string{"m.json": `{"a1": "{ sight { name } }"}`}, []string{"m.json", "a1", "sight"}},
		{map[string]string{"a1.graphql": "query {"}, []string{"a1.graphql", "a1"}},
		{map[string]string{"a1.graphql": named, "m.json": `{"a1": "{ __typename }"}`}, []string{"a1", "two documents"}},
		{map[string]string{"m.json": `[]`}, []string{"m.json", "manifest"}},
		{map[string]string{"m.json": `{"format": "apollo-persisted-query-manifest", "version": 2}`}, []string{"version 2"}},
		{map[string]string{"README.md": ""}, []string{"there is none"}},
		{map[string]string{"m.json": `{"a1": "{ sight }", "b2": "{ cite }"}`}, []string{"sight", "cite"}},
		{map[string]string{"a1.graphql": "{ articles(first: 100) { nodes { authors { articles(first: 100) { nodes { title body { html } } } } } } }"}, []string{"a1", "complexity"}},
		{map[string]string{"a1.graphql": "{ " + strings.Repeat("a: __typename ", 600) + "}"}, []string{"a1", "allowed"}},
	} {
		_, err := trust(t, files(t, test.files), graph.TrustedOnly)
		for _, part := range test.says {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%v: %v, want %q", test.files, err, part)
			}
		}
	}
	if _, err := trust(t, "/no/such/file", graph.TrustedOpen); err == nil {
		t.Error("a manifest that is not there is taken")
	}
}

// FuzzManifest: whatever stands in a manifest, it is read or refused.
func FuzzManifest(f *testing.F) {
	for _, seed := range []string{apolloManifest, relayManifest, `{"a": null}`, `{"format": "x"}`, `{"a": 1}`, "", "[", `{"": ""}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		trusted, err := graph.LoadTrusted(files(t, map[string]string{"m.json": text}), graph.TrustedOnly, graph.DefaultLimits())
		if (trusted == nil) == (err == nil) {
			t.Errorf("%v and %v", trusted, err)
		}
	})
}
