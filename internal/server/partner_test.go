package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/database/dbtest"
)

// To a partner with a delay a story appears by itself, whatever is kept and though nobody writes.
func TestADelayEndsByItself(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	db.MustExec(`insert into tags (slug, name) values ('news', 'News'), ('harbour', 'Harbour'), ('culture', 'Culture')`)
	partner := question{request(t, `{ articles { nodes { title body { text complete withheld } withheld { field reason } } } }`, nil), addPartner(t, db)}
	public := question{partner.body, ""}
	n := newNode(t, db, dbtest.URL(name))
	db.MustExec(`with a as (insert into articles (slug, title, status, body_html) values ('s', 'Story', 'PUBLISHED', '<p>One two three four five six.</p>') returning id)
		insert into article_tags (article_id, tag_id) select a.id, t.id from a, tags t where t.slug = 'news'`)
	var published struct {
		Position int64
		At       time.Time
	}
	if err := db.Get(&published, `select max(position) as position, max(published_at) as at from changes, articles`); err != nil {
		t.Fatal(err)
	}
	if err := n.log.Wait(t.Context(), published.Position); err != nil {
		t.Fatal(err)
	}
	if got := public.put(n.cached).Body.String(); !strings.Contains(got, `"text":"One two three four five six.","complete":true`) {
		t.Fatalf("the public: %s", got)
	}
	hits := 0
	waitFor(t, "the story to reach the partner", func() bool {
		answer := partner.put(n.cached)
		if answer.Header().Get("Broadsheet-Cache") == "hit" {
			hits++
		}
		shown := answer.Body.String()
		if strings.Contains(shown, "Story") && time.Now().Before(published.At.Add(time.Second)) {
			t.Fatalf("too early: %s", shown)
		}
		return strings.Contains(shown, `"text":"One two three four five …","complete":false,"withheld":"LICENCE"},"withheld":[{"field":"body","reason":"LICENCE"}]`)
	})
	if hits == 0 {
		t.Error("nothing was kept meanwhile: the test shows nothing")
	}
	if got := public.put(n.cached).Body.String(); !strings.Contains(got, "six") {
		t.Errorf("the public, later: %s", got)
	}
}

// At /graphql refusals have the shape that clients of GraphQL expect.
func TestKeysAtGraphQL(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	db.MustExec(`insert into tags (slug, name) values ('news', 'News'), ('harbour', 'Harbour'), ('culture', 'Culture')`)
	key := addPartner(t, db)
	db.MustExec(`update partners set requests_per_minute = 2`)
	n := newNode(t, db, dbtest.URL(name))
	asked := request(t, `{ site { name } }`, nil)
	for i, c := range []struct {
		key    string
		status int
		says   string
	}{
		{key, http.StatusOK, `{"data":{"site":{"name":"Newsroom"}}}`},
		{"nonsense", http.StatusUnauthorized, `"code":"UNAUTHENTICATED"`},
		{key, http.StatusOK, `{"data":{"site":{"name":"Newsroom"}}}`},
		{key, http.StatusTooManyRequests, `"code":"RATE_LIMITED"`},
		{"", http.StatusOK, `{"data":{"site":{"name":"Newsroom"}}}`},
	} {
		answer := question{asked, c.key}.put(n.cached)
		header := answer.Header()
		if answer.Code != c.status || !strings.Contains(answer.Body.String(), c.says) || !strings.Contains(header.Get("Content-Type"), "json") {
			t.Errorf("%d: %d %s", i, answer.Code, answer.Body)
		}
		keyed := c.key == key
		if keyed != (header.Get("RateLimit") != "") || keyed == strings.Contains(header.Get("Cache-Control"), "public") && c.status == http.StatusOK {
			t.Errorf("%d: %v", i, header)
		}
		if vary := strings.Join(header.Values("Vary"), ", "); c.status == http.StatusOK && !strings.Contains(vary, "X-Api-Key") {
			t.Errorf("%d: Vary: %s", i, vary)
		}
	}
}
