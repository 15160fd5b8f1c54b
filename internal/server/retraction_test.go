package server_test

import (
	"strings"
	"testing"

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
