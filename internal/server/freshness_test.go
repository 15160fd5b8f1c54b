package server_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/cache"
	"broadsheet/internal/changes"
	"broadsheet/internal/content"
	"broadsheet/internal/database"
	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/demo"
	"broadsheet/internal/partner"
	"broadsheet/internal/server"
)

var freshnessWrites = flag.Int("freshness-writes", 60, "random writes of the freshness test")

// node is one of several servers on a database: with a cache before a memory, with the memory alone, and with neither.
type node struct {
	db                            *sqlx.DB
	log                           *changes.Log
	memory                        *content.Memory
	cached, remembering, uncached *server.Server
}

func newNode(tb testing.TB, db *sqlx.DB, url string) *node {
	tb.Helper()
	quiet := slog.New(slog.DiscardHandler)
	n := &node{db: db, log: changes.NewLog(quiet)}
	n.memory = changes.NewMemory(n.log, 32<<20)
	responses := cache.NewResponses(n.log, cache.Options{Bytes: 32 << 20, Stale: time.Minute})
	partners, err := partner.New(tb.Context(), db, n.log, partner.Options{Log: quiet})
	if err != nil {
		tb.Fatal(err)
	}
	n.cached, _ = newServer(tb, db, func(o *server.Options) {
		o.Cache, o.Partners, o.Log, o.Content = responses, partners, quiet, withMemory(tb, db, n.memory)
	})
	n.remembering, _ = newServer(tb, db, func(o *server.Options) { o.Partners, o.Log, o.Content = partners, quiet, withMemory(tb, db, n.memory) })
	n.uncached, _ = newServer(tb, db, func(o *server.Options) { o.Partners, o.Log = partners, quiet })
	announcer := changes.NewAnnouncer(n.log, db)
	own, err := database.Open(tb.Context(), url, database.Pool{MaxOpen: 1})
	if err != nil {
		tb.Fatal(err)
	}
	untilTheEnd(tb, func(ctx context.Context) {
		changes.NewFollower(n.log, own).Run(ctx, url)
		_ = own.Close()
	})
	untilTheEnd(tb, announcer.Run)
	waitFor(tb, "changes to be heard", func() bool {
		_, current := n.log.Current()
		return current
	})
	return n
}

func withMemory(tb testing.TB, db *sqlx.DB, memory *content.Memory) *content.Service {
	tb.Helper()
	addresses, err := content.NewAddresses("https://news.example.org", "/{slug}/", "/author/{slug}/", "/tag/{slug}/")
	if err != nil {
		tb.Fatal(err)
	}
	return content.New(db, content.Options{Addresses: addresses, Memory: memory})
}

// question is what somebody asks: the public, if there is no key.
type question struct{ body, key string } // the body of a GraphQL request, or the address of a GET

func (q question) put(s *server.Server) *httptest.ResponseRecorder {
	header := []string{"Content-Type", "application/json"}
	if q.key != "" {
		header = append(header, "X-API-Key", q.key)
	}
	if strings.HasPrefix(q.body, "/") {
		return ask(s.Public, "GET", q.body, "", header...)
	}
	return ask(s.Public, "POST", "/graphql", q.body, header...)
}

// untilTheEnd runs something beside the test.
func untilTheEnd(tb testing.TB, run func(context.Context)) {
	tb.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run(ctx)
	}()
	tb.Cleanup(func() {
		stop()
		<-ended
	})
}

// addPartner gives a key for a licence with all that time and tags can decide.
func addPartner(t *testing.T, db *sqlx.DB) string {
	t.Helper()
	book, p := partner.Book{DB: db}, partner.Fresh("planet")
	in, err := book.Tags(t.Context(), []string{"news", "harbour"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := book.Tags(t.Context(), []string{"culture"})
	if err != nil {
		t.Fatal(err)
	}
	p.TagsIn, p.TagsOut, p.DelaySeconds, p.FullText, p.ExcerptWords, p.Images = in, out, 1, false, 5, false
	key, _ := partnerKey(t, db, p)
	return key
}

// partnerKey writes the partner down, and returns a key as they have it and as we do.
func partnerKey(t *testing.T, db *sqlx.DB, p *partner.Partner) (string, partner.Key) {
	t.Helper()
	book := partner.Book{DB: db}
	if err := book.Keep(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	key, text, err := book.AddKey(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return text, key
}

// questions are what readers ask again and again while the newsroom writes.
func questions(t *testing.T, keys ...string) []question {
	t.Helper()
	const card = `slug title excerpt url publishedAt primaryTag { slug name } authors { name avatar { url } }`
	bodies := []string{
		"/feeds/latest.rss?limit=4", "/feeds/latest.atom", "/feeds/tags/harbour.json?limit=3", "/feeds/tags/news.rss", "/feeds/authors/mara-lindqvist.atom",
		"/feeds/authors/elof-brandtx.ninjs", "/sitemaps/articles-1.xml", "/sitemaps/tags-1.xml", "/retractions",
		"/embed/feeds/latest?count=4", "/embed/feeds/tags/harbour?layout=rail", "/embed/feeds/authors/mara-lindqvist?count=3", "/embed/campaigns/membership",
		"/oembed?url=https%3A%2F%2Fnews.example.org%2Ftag%2Fsport%2F",
	}
	for _, query := range []string{
		`{ articles(first: 5) { nodes { ` + card + ` relatedStories(first: 2) { kind article { title authors { name } } } } pageInfo { hasNextPage endCursor } } }`,
		`{ articles(last: 5) { nodes { slug title } } }`,
		`{ articles(first: 5, orderBy: UPDATED_DESC) { nodes { slug updatedAt } } }`,
		`{ articles(first: 5, orderBy: PUBLISHED_ASC) { nodes { slug } pageInfo { hasNextPage } } }`,
		`{ articles(first: 4, filter: { featured: true }) { nodes { slug title } } }`,
		`{ articles(first: 4, filter: { kind: [VIDEO] }) { totalCount nodes { slug video { url poster { url alt } } } } }`,
		`{ articles(first: 4, filter: { tags: ["news", "harbour"] }) { totalCount nodes { slug tags { slug } } } }`,
		`{ articles(first: 4, filter: { anyTag: ["sport", "culture"], authors: ["elof-brandt"] }) { nodes { slug } } }`,
		`{ articles(first: 4, filter: { anyTag: ["sport", "culture"] }) { nodes { slug } } }`,
		`{ articles(first: 4, filter: { locale: "sv" }) { nodes { slug locale } } }`,
		`{ articles(first: 3, filter: { kind: [PAGE] }) { nodes { slug body { text } } } }`,
		`{ tag(slug: "harbour") { name articleCount articles(first: 4) { nodes { title } pageInfo { hasNextPage } } } }`,
		`{ tag(slug: "sport") { articles(first: 3, orderBy: UPDATED_DESC) { nodes { title } } } }`,
		`{ articles(first: 3, filter: { kind: [PAGE, VIDEO] }, orderBy: UPDATED_DESC) { nodes { slug } } }`,
		`{ tags(first: 100) { nodes { slug name articleCount } } }`,
		`{ author(slug: "mara-lindqvist") { name bio avatar { url } articles(first: 3) { totalCount nodes { title } } } }`,
		`{ authors(first: 100) { totalCount nodes { name } } }`,
		`{ campaign(slug: "membership") { joined } site { name description } }`,
		`{ articles(first: 6) { nodes { slug featured readingTimeMinutes seo { title } tags { name description image { url } } } } }`,
		`{ articles(first: 3, filter: { featured: false, locale: "en" }) { nodes { slug } } }`,
		`{ articles(first: 3, filter: { featured: true }, orderBy: UPDATED_DESC) { totalCount nodes { slug wordCount } } }`,
		`{ articles(first: 4, filter: { tags: ["harbour"], kind: [STORY, PAGE] }, orderBy: UPDATED_DESC) { nodes { slug updatedAt primaryTag { name description } } } }`,
		`{ author(slug: "elof-brandt") { articles(first: 3, orderBy: UPDATED_DESC) { nodes { title } } } }`,
	} {
		bodies = append(bodies, request(t, query, nil))
	}
	for i := range 12 {
		slug := fmt.Sprintf("story-%d", i)
		bodies = append(bodies,
			request(t, `query ($slug: String!) { article(slug: $slug) { `+card+` body { html complete } wordCount corrections { text } revisions { title } seo { title image { url } } jsonLd
				relatedStories { position article { slug title } } } }`, map[string]any{"slug": slug}),
			request(t, `query ($path: String!) { resolve(path: $path) { __typename ... on Moved { to } ... on Gone { reason } ... on Article { title } } }`, map[string]any{"path": "/" + slug + "/"}))
		if i < 4 {
			bodies = append(bodies, "/embed/articles/"+slug, "/oembed?format=xml&url=https%3A%2F%2Fnews.example.org%2F"+slug+"%2F")
		}
	}
	var all []question
	for _, body := range bodies {
		for _, key := range keys {
			all = append(all, question{body, key})
		}
	}
	return all
}

// newswriter writes at random, as a desk, an importer or somebody with psql would.
type newswriter struct {
	*rand.Rand
	db *sqlx.DB
	t  *testing.T
}

func (w *newswriter) story() string { return fmt.Sprintf("story-%d", w.IntN(12)) }

func (w *newswriter) write() {
	w.t.Helper()
	for range 1 + w.IntN(2) {
		w.step()
	}
}

func (w *newswriter) step() {
	w.t.Helper()
	tx := w.db.MustBegin()
	defer func() { _ = tx.Rollback() }()
	for range 1 + w.IntN(3) {
		statement, args := w.statement()
		if _, err := tx.Exec(statement, args...); err != nil {
			return // such as a slug that is taken: a write that fails changes nothing
		}
	}
	if w.IntN(10) > 0 {
		_ = tx.Commit()
	}
}

func (w *newswriter) statement() (string, []any) {
	slug, tag := w.story(), []string{"news", "harbour", "sport", "culture"}[w.IntN(4)]
	author := []string{"mara-lindqvist", "elof-brandt", "greta-holm"}[w.IntN(3)]
	number := w.IntN(1_000_000)
	write := func(s string, args ...any) (string, []any) { return s, args }
	switch w.IntN(31) {
	case 0, 1, 2:
		return write(`insert into articles (slug, title, status, published_at, body_html, kind, locale, featured) values ($1, 'Title ' || $2::int, 'PUBLISHED', now() - random() * interval '60 days',
			'<p>Text <related-story position="1"></related-story></p>', (array['STORY','VIDEO','PAGE'])[1 + $2::int % 3], (array['en','sv'])[1 + $2::int % 2], $2::int % 2 = 0) on conflict do nothing`, slug, number)
	case 3:
		return write(`insert into articles (slug, title, status, published_at) values ($1, 'Due', 'SCHEDULED', now() + interval '200 milliseconds') on conflict do nothing`, slug)
	case 4:
		return write(`update articles set title = 'Title ' || $2::int where slug = $1`, slug, number)
	case 5:
		return write(`update articles set body_html = '<p>New text ' || $2::int || '</p><!--members-only--><p>x</p>' where slug = $1`, slug, number)
	case 6:
		return write(`update articles set status = (array['DRAFT','PUBLISHED','RETRACTED'])[1 + $2::int % 3], retraction_reason = $2::int::text where slug = $1`, slug, number)
	case 7:
		return write(`update articles set published_at = now() - random() * interval '60 days' where slug = $1 and published_at is not null`, slug)
	case 8:
		return write(`update articles set embargoed_until = case when $2::int % 2 = 0 then now() + interval '150 milliseconds' end where slug = $1`, slug, number)
	case 9:
		return write(`update articles set featured = not featured, access = (array['PUBLIC','PAID'])[1 + $2::int % 2] where slug = $1`, slug, number)
	case 10:
		return write(`update articles set slug = 'story-' || $2::int % 12 where slug = $1`, slug, number)
	case 11:
		return write(`update articles set kind = (array['STORY','VIDEO','PAGE'])[1 + $2::int % 3], locale = (array['en','sv'])[1 + $2::int % 2] where slug = $1`, slug, number)
	case 12:
		return write(`delete from articles where slug = $1`, slug)
	case 13, 14:
		return write(`insert into article_tags (article_id, tag_id, position) select a.id, t.id, $3::int % 5 from articles a, tags t where a.slug = $1 and t.slug = $2
			on conflict (article_id, tag_id) do update set position = excluded.position`, slug, tag, number)
	case 15:
		return write(`delete from article_tags l using articles a where a.id = l.article_id and a.slug = $1 and $2::int % 2 = 0`, slug, number)
	case 16:
		return write(`insert into article_authors (article_id, author_id) select a.id, t.id from articles a, authors t where a.slug = $1 and t.slug = $2 on conflict do nothing`, slug, author)
	case 17:
		return write(`delete from article_authors l using articles a where a.id = l.article_id and a.slug = $1`, slug)
	case 18, 19:
		return write(`insert into related_stories (article_id, related_id, kind, position) select a.id, b.id, (array['EDITOR','INLINE'])[1 + $3::int % 2], 1 from articles a, articles b
			where a.slug = $1 and b.slug = $2 and a.id <> b.id on conflict (article_id, kind, position) do update set related_id = excluded.related_id`, slug, w.story(), number)
	case 20:
		return write(`insert into corrections (article_id, text, at) select id, 'Corrected ' || $2::int, now() + $2::int % 2 * interval '150 milliseconds' from articles where slug = $1`, slug, number)
	case 21:
		return write(`update tags set name = 'Name ' || $2::int, internal = ($2::int % 3 = 0) where slug = $1`, tag, number)
	case 22:
		return write(`update authors set name = 'Name ' || $2::int, slug = case when $2::int % 4 = 0 then slug || 'x' else slug end where slug like $1 || '%'`, author, number)
	case 23:
		return write(`update images set alt = 'Alt ' || $1::int where id = (select lead_image_id from articles where kind = 'VIDEO' limit 1)`, number)
	case 24:
		return write(`update campaigns set joined = joined + 1`)
	case 25:
		return write(`update authors set bio = 'Bio ' || $2::int, avatar_id = (select avatar_id from authors order by random() limit 1) where slug like $1 || '%'`, author, number)
	case 26:
		return write(`update tags set description = 'About ' || $2::int, image_id = (select image_id from tags order by random() limit 1) where slug = $1`, tag, number)
	case 27:
		return write(`update articles set seo_title = 'Found ' || $2::int, access = (array['PUBLIC','MEMBERS'])[1 + $2::int % 2] where slug = $1`, slug, number)
	case 28:
		return write(`delete from article_tags l using articles a where a.id = l.article_id and a.slug = $1`, slug)
	case 29:
		return write(`update articles set body_html = body_html || repeat('<p>Many more words. </p>', $2::int % 100) where slug = $1`, slug, number)
	default:
		return write(`update site set description = 'Says ' || $1::int`, number)
	}
}

// After each commit, as soon as a node says that it has applied it, every kept answer equals a fresh one.
func TestKeptAnswersAreNeverStale(t *testing.T) {
	t.Parallel()
	db, name := dbtest.NewNamed(t)
	if _, err := demo.Load(t.Context(), db, time.Now(), "http://127.0.0.1:8080"); err != nil {
		t.Fatal(err)
	}
	key := addPartner(t, db)
	nodes := []*node{newNode(t, db, dbtest.URL(name)), newNode(t, db, dbtest.URL(name))}
	asked := questions(t, "", key)

	// Readers keep the caches full, and fills on their way while somebody writes.
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for i := range 3 {
		readers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 9))
			for {
				select {
				case <-stop:
					return
				case <-time.After(100 * time.Microsecond):
					asked[random.IntN(len(asked))].put(nodes[random.IntN(2)].cached)
				}
			}
		})
	}
	defer func() {
		close(stop)
		readers.Wait()
	}()

	writer := &newswriter{Rand: rand.New(rand.NewPCG(4, 2)), db: db, t: t}
	counts := map[string]int{}
	before := make(map[question]string)
	for range *freshnessWrites {
		writer.write()
		var position int64
		if err := db.Get(&position, `select coalesce(max(position), 0) from changes`); err != nil {
			t.Fatal(err)
		}
		for i, n := range nodes {
			if err := n.log.Wait(t.Context(), position); err != nil {
				t.Fatal(err)
			}
			for _, q := range asked {
				checkFresh(t, n, q, counts, before, i == 0)
			}
		}
	}
	t.Logf("%d answers from the cache, %d not (to the partner %d and %d); of %d dropped answers %d were the same again (%.1f %%)",
		counts["hit"], counts["miss"], counts["partner hit"], counts["partner miss"], counts["dropped"], counts["same again"], 100*float64(counts["same again"])/float64(max(1, counts["dropped"])))
	stats := nodes[0].memory.Stats()
	t.Logf("memory: %d found, %d not, %d entries of %d bytes", stats.Hits, stats.Misses, stats.Entries, stats.Bytes)
	if stats.Hits < stats.Misses {
		t.Error("the memory hardly answers: the test shows little")
	}
	if counts["hit"] < counts["miss"] {
		t.Error("the cache hardly answers: the test shows little")
	}
}

// checkFresh compares a kept answer with fresh ones, from before and after it: time passes, too.
func checkFresh(t *testing.T, n *node, q question, counts map[string]int, before map[question]string, count bool) {
	t.Helper()
	first := q.put(n.uncached).Body.String()
	kept, remembered := q.put(n.cached), q.put(n.remembering).Body.String()
	second := q.put(n.uncached).Body.String()
	if got := kept.Body.String(); got != first && got != second {
		t.Fatalf("%+v\nkept (%s): %s\nfresh: %s", q, kept.Header().Get("Broadsheet-Cache"), got, second)
	}
	if remembered != first && remembered != second {
		t.Fatalf("%+v\nfrom memory: %s\nfresh: %s", q, remembered, second)
	}
	outcome := kept.Header().Get("Broadsheet-Cache")
	if counts[outcome]++; q.key != "" {
		counts["partner "+outcome]++
	}
	if last, known := before[q]; count && known && outcome == "miss" {
		counts["dropped"]++
		if last == kept.Body.String() {
			counts["same again"]++
		}
	}
	if count {
		before[q] = kept.Body.String()
	}
}
