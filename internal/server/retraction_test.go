package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/database/dbtest"
)

// Whatever becomes of the links and the addresses of a story that was taken back, what is kept of its tombstone is fresh,
// and a partner that could read the story goes on being told.
func TestTombstonesAreFresh(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	db.MustExec(`insert into tags (id, slug, name) overriding system value values (1, 'news', 'News'), (2, 'harbour', 'Harbour'), (3, 'culture', 'Culture');
		insert into articles (id, slug, title, status, published_at) overriding system value
			select n, 'story-' || n, 'Title', 'PUBLISHED', now() - interval '1 day' from generate_series(1, 3) as n;
		insert into article_tags (article_id, tag_id) values (1, 1), (2, 1), (2, 3)`)
	key := addPartner(t, db)
	n := newNode(t, db, dbtest.URL(name))
	gone := func(slug string) string {
		return request(t, `query ($path: String!) { resolve(path: $path) { __typename } }`, map[string]any{"path": "/" + slug + "/"})
	}
	asked := []string{"/feeds/latest.rss", "/feeds/tags/news.atom", "/retractions", gone("story-1"), gone("old-1")}
	for _, write := range []string{
		`update articles set slug = 'old-1' where id = 1`,
		`update articles set slug = 'story-1' where id = 1`,
		`update articles set status = 'RETRACTED' where id in (1, 2)`,
		`delete from article_tags where article_id = 1`,
		`insert into article_tags (article_id, tag_id) values (1, 3)`,
		`delete from article_tags where article_id = 2 and tag_id = 3`,
		`update articles set kind = 'VIDEO', locale = 'sv' where id = 1`,
		`update articles set slug = 'new-1' where id = 1`,
		`update old_slugs set article_id = 3 where slug = 'old-1'`,
		`delete from articles where id = 1`,
		`update articles set status = 'PUBLISHED' where id = 2`,
	} {
		db.MustExec(write)
		var position int64
		if err := db.Get(&position, `select max(position) from changes`); err != nil {
			t.Fatal(err)
		}
		if err := n.log.Wait(t.Context(), position); err != nil {
			t.Fatal(err)
		}
		for _, body := range asked {
			for _, key := range []string{"", key} {
				q := question{body, key}
				if kept, fresh := q.put(n.cached).Body.String(), q.put(n.uncached).Body.String(); kept != fresh {
					t.Errorf("after %s: %+v\nkept:  %s\nfresh: %s", write, q, kept, fresh)
				}
			}
		}
	}
	told := question{"/retractions", key}.put(n.uncached).Body.String()
	if !strings.Contains(told, `"slug":"new-1"`) || strings.Contains(told, "story-2") {
		t.Errorf("the partner is told: %s", told)
	}
}

// A tombstone ends 30 days after its story was taken back, though nobody writes: in what is kept, and for who asks whether
// a feed is as it was.
func TestTombstonesEndByThemselves(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	n := newNode(t, db, dbtest.URL(name))
	db.MustExec(`insert into articles (slug, title, status, published_at, retracted_at) values
		('old', 'Old', 'RETRACTED', now() - interval '40 days', now() - interval '30 days' + interval '2 seconds'),
		('younger', 'Younger', 'RETRACTED', now() - interval '40 days', now() - interval '10 days')`)
	var written struct {
		Position int64
		Ends     time.Time
	}
	if err := db.Get(&written, `select max(position) as position, min(retracted_at) + interval '720 hours' as ends from retractions`); err != nil {
		t.Fatal(err)
	}
	if err := n.log.Wait(t.Context(), written.Position); err != nil {
		t.Fatal(err)
	}
	asked := question{"/feeds/latest.ninjs", ""}
	etag := asked.put(n.uncached).Header().Get("Etag")
	known := func() bool {
		return ask(n.uncached.Public, "GET", asked.body, "", "If-None-Match", etag).Code == http.StatusNotModified
	}
	if !known() {
		t.Error("the feed is no longer the same at once")
	}
	hits := 0
	waitFor(t, "the tombstone to end", func() bool {
		answer := asked.put(n.cached)
		if answer.Header().Get("Broadsheet-Cache") == "hit" {
			hits++
		}
		switch left := strings.Count(answer.Body.String(), "canceled"); {
		case left == 2:
			return false
		case left != 1 || time.Now().Before(written.Ends):
			t.Fatalf("%d are left, %v before the end: %s", left, time.Until(written.Ends), answer.Body)
		}
		return true
	})
	if hits == 0 {
		t.Error("nothing was kept meanwhile: the test shows nothing")
	}
	if known() {
		t.Error("who has the feed with the tombstone is told that it has the right one")
	}
}
