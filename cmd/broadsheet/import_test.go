package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/ingest"
)

const export = `{"db": [{"meta": {"version": "6.0.0"}, "data": {"posts": [
	{"id": "1", "slug": "first", "title": "First", "html": "<p>Text.<script>x</script></p>", "type": "post", "status": "published",
	 "visibility": "public", "published_at": "2026-01-02 10:00:00"}]}}]}`

func TestImportGhost(t *testing.T) {
	t.Parallel()
	_, name := dbtest.NewNamed(t)
	environ := []string{"DATABASE_URL=" + dbtest.URL(name), "BROADSHEET_SITE_URL=https://news.example.org"}
	dir := t.TempDir()
	whole, cut := filepath.Join(dir, "export.json"), filepath.Join(dir, "cut.json")
	for path, text := range map[string]string{whole: export, cut: export[:100]} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"import", "ghost", whole, "--dry-run"}, exitDone, "nothing was written"},
		{[]string{"import", "ghost", cut}, exitFailed, "cut off"},
		{[]string{"import", "ghost", filepath.Join(dir, "none.json")}, exitUsage, "none.json"},
		{[]string{"import", "ghost", whole, "--site-url", "news"}, exitFailed, "https://"},
		{[]string{"import", "ghost", whole}, exitDone, "a script"},
	} {
		if code, output := command(t, environ, step.args...).result(); code != step.code || !strings.Contains(output, step.says) {
			t.Errorf("%v: exit code %d, %s", step.args, code, output)
		}
	}
	code, output := command(t, environ, "import", "ghost", whole, "--json").result()
	var report ingest.Report
	if err := json.Unmarshal([]byte(output), &report); err != nil || code != exitDone {
		t.Fatalf("exit code %d, %v: %s", code, err, output)
	}
	if want := (ingest.Counts{Unchanged: 1}); report.Posts != want {
		t.Errorf("again: %+v", report.Posts)
	}
	server := command(t, environ, "serve", "--addr", "127.0.0.1:0").serving()
	if answer := server.query(`{ article(slug: \"first\") { url body { text } } }`); !strings.Contains(answer, `"url":"https://news.example.org/first/","body":{"text":"Text."}`) {
		t.Error(answer)
	}
}
