package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"broadsheet/internal/database/dbtest"
)

// A query that is saved is a feed of the running server, and no more once it is removed.
func TestFeedsFromTheCommandLine(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	db.MustExec(`insert into articles (slug, title, status, featured) values ('a', 'Plain', 'PUBLISHED', false), ('b', 'Lifted', 'PUBLISHED', true)`)
	environ := []string{"DATABASE_URL=" + dbtest.URL(name)}
	query := filepath.Join(t.TempDir(), "q.graphql")
	if err := os.WriteFile(query, []byte(`query($f: Boolean) { articles(filter: {featured: $f}) { nodes { slug } } }`), 0o600); err != nil {
		t.Fatal(err)
	}
	server := command(t, environ, "serve", "--addr", "127.0.0.1:0").serving()
	added := output(t, environ, "feed", "add", "lifted", "--query", query, "--variables", `{"f": true}`, "--title", "What stands out")
	if !strings.Contains(added, "/feeds/saved/lifted.rss\n") {
		t.Errorf("add: %s", added)
	}
	waitUntil(t, func() bool { status, _ := server.get("/feeds/saved/lifted.rss"); return status == http.StatusOK })
	if _, body := server.get("/feeds/saved/lifted.rss"); !strings.Contains(body, "Lifted") || strings.Contains(body, "Plain") || !strings.Contains(body, "What stands out") {
		t.Errorf("%s", body)
	}
	if listed := output(t, environ, "feed", "list"); !strings.Contains(listed, "lifted") || !strings.Contains(listed, `"featured":true`) {
		t.Errorf("list: %s", listed)
	}
	output(t, environ, "feed", "remove", "lifted")
	waitUntil(t, func() bool { status, _ := server.get("/feeds/saved/lifted.rss"); return status == http.StatusNotFound })
	for _, wrong := range [][]string{{"feed", "remove", "lifted"}, {"feed", "add", "Not A Name", "--query", query}} {
		if code, text := command(t, environ, wrong...).result(); code != exitFailed {
			t.Errorf("%v: exit code %d, %s", wrong, code, text)
		}
	}
}
