package server_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/changes"
	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/partner"
	"broadsheet/internal/server"
)

// To a partner with a delay a story appears by itself, whatever is kept and though nobody writes.
func TestADelayEndsByItself(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	db.MustExec(`insert into tags (slug, name) values ('news', 'News'), ('harbour', 'Harbour'), ('culture', 'Culture')`)
	planet := question{request(t, `{ articles { nodes { title body { text complete withheld } withheld { field reason } } } }`, nil), addPartner(t, db)}
	public := question{planet.body, ""}
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
		answer := planet.put(n.cached)
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

// Under a licence for everybody feeds say less than the site does, and caches further out may still keep them; what a
// partner gets is for that partner alone.
func TestFeedsUnderThePublicLicence(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	db.MustExec(`insert into tags (slug, name) values ('news', 'News'), ('harbour', 'Harbour'), ('culture', 'Culture');
		insert into articles (slug, title, status, body_html) values ('s', 'Story', 'PUBLISHED', '<p>One two three four five six.</p>')`)
	addPartner(t, db)
	whole, _ := partnerKey(t, db, partner.Fresh("bugle"))
	everybody := partner.Fresh(partner.PublicSlug)
	everybody.FullText, everybody.ExcerptWords = false, 3
	partnerKey(t, db, everybody)
	n := newNode(t, db, dbtest.URL(name))
	for _, c := range []struct {
		path, key, says, hides, cacheControl string
	}{
		{"/feeds/latest.rss", "", "One two three …", "four", "public"},
		{"/feeds/latest.rss", whole, "five six.", "…", "private"},
		{"/feeds/latest.rss", "", "One two three …", "four", "public"},
		{"/graphql?query={articles{nodes{body{text}}}}", "", "five six.", "…", "public"},
		{"/embed/articles/s", "", "Story", "four", "public"},
		{"/sitemap.xml", "", "sitemap", "", "public"},
	} {
		for range 2 { // kept and not
			answer := question{c.path, c.key}.put(n.cached)
			got := answer.Body.String()
			if answer.Code != http.StatusOK || !strings.Contains(got, c.says) || c.hides != "" && strings.Contains(got, c.hides) {
				t.Errorf("%s as %q: %d %s", c.path, c.key, answer.Code, got)
			}
			if got := answer.Header().Get("Cache-Control"); !strings.HasPrefix(got, c.cacheControl) {
				t.Errorf("%s as %q: Cache-Control: %s", c.path, c.key, got)
			}
		}
	}
}

// A feed with a token leads on to pages with it, and the token ends with its key.
func TestFeedsWithTokens(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	db.MustExec(`insert into articles (slug, title, status, published_at) select 's' || n, 'Story ' || n, 'PUBLISHED', now() - n * interval '1 hour' from generate_series(1, 3) as n`)
	_, key := partnerKey(t, db, partner.Fresh("bugle"))
	n := newNode(t, db, dbtest.URL(name))
	first := question{"/feeds/latest.json?limit=2&token=" + key.Token(), ""}.put(n.cached)
	var page struct {
		Next string `json:"next_url"`
	}
	if err := json.Unmarshal(first.Body.Bytes(), &page); err != nil || !strings.Contains(page.Next, key.Token()) {
		t.Fatalf("%v: %s", err, first.Body)
	}
	_, path, _ := strings.Cut(page.Next, "/feeds/")
	next := question{"/feeds/" + path, ""}.put(n.cached)
	if !strings.Contains(next.Body.String(), "Story 3") || next.Header().Get("Cache-Control") != "private, max-age=0, must-revalidate" || next.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%v %s", next.Header(), next.Body)
	}
	if err := (partner.Book{DB: db}).Revoke(t.Context(), &key); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the token to end", func() bool {
		return question{"/feeds/latest.json?limit=2&token=" + key.Token(), ""}.put(n.cached).Code == http.StatusUnauthorized
	})
}

// Behind a proxy that is trusted, one client's wrong keys are not another's, and the log names the client.
func TestWrongKeysBehindAProxy(t *testing.T) {
	t.Parallel()
	db, _ := dbtest.NewNamed(t)
	partners, err := partner.New(t.Context(), db, changes.NewLog(slog.New(slog.DiscardHandler)), partner.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, log := newServer(t, db, func(o *server.Options) {
		o.Partners, o.Proxies = partners, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} // where requests of tests come from
	})
	try := func(client string) int {
		return ask(s.Public, "GET", "/feeds/latest.rss", "", "X-API-Key", "wrong", "X-Forwarded-For", "203.0.113.1, "+client).Code
	}
	for range 10 {
		try("198.51.100.1")
	}
	if one, other := try("198.51.100.1"), try("198.51.100.2"); one != http.StatusTooManyRequests || other != http.StatusUnauthorized {
		t.Errorf("the one who tried keys: %d; another behind the same proxy: %d", one, other)
	}
	if line := log.find(t, "request"); line["client"] != "198.51.100.2" {
		t.Errorf("the log: %v", line)
	}
}
