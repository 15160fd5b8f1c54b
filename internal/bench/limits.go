package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/database"
)

// The limits to hold Broadsheet against, each served in a process of its own:
//
//	L0  net/http answering the same bytes from memory
//	L1  a handler written by hand for each query, with one statement tuned by hand that builds the JSON in Postgres
const (
	limitMemory    = "L0"
	limitStatement = "L1"
)

// serveLimit is what the process of a limit runs.
func serveLimit(ctx context.Context, name string) error {
	handler := http.Handler(http.HandlerFunc(echoFile))
	if name == limitStatement {
		db, err := database.Open(ctx, os.Getenv("DATABASE_URL"), database.Pool{})
		if err != nil {
			return err
		}
		if handler, err = newStatementHandler(ctx, db); err != nil {
			return err
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "serving address=http://%s\n", listener.Addr())
	return http.Serve(listener, handler) //nolint:gosec // for the time of a measurement, on this machine
}

// finished is the answer that L0 gives, a file that was written before.
var finished []byte

func echoFile(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		finished, _ = io.ReadAll(r.Body)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(finished)))
	_, _ = w.Write(finished)
}

// statementHandler answers the benchmark's requests with one statement each.
type statementHandler struct{ feed, article, tagFeed *sqlx.Stmt }

func newStatementHandler(ctx context.Context, db *sqlx.DB) (*statementHandler, error) {
	h := &statementHandler{}
	for _, s := range []struct {
		into **sqlx.Stmt
		text string
	}{{&h.feed, feedStatement}, {&h.article, articleStatement}, {&h.tagFeed, tagFeedStatement}} {
		statement, err := db.PreparexContext(ctx, s.text) //nolint:sqlclosecheck // kept as long as the process lives
		if err != nil {
			return nil, err
		}
		*s.into = statement
	}
	return h, nil
}

func (h *statementHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Query     string
		Variables struct{ Slug, After string }
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	at, id, _ := strings.Cut(request.Variables.After, "|")
	if at == "" {
		at, id = "infinity", "0"
	}
	var row *sqlx.Row
	switch {
	case strings.HasPrefix(request.Query, "query Feed"):
		row = h.feed.QueryRowxContext(r.Context(), at, id)
	case strings.HasPrefix(request.Query, "query Article"):
		row = h.article.QueryRowxContext(r.Context(), request.Variables.Slug)
	default:
		row = h.tagFeed.QueryRowxContext(r.Context(), request.Variables.Slug, at, id)
	}
	var body []byte
	if err := row.Scan(&body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// The parts of the statements. Postgres builds the very members that the queries ask for.
const (
	visibleNow = `a.status in ('PUBLISHED', 'SCHEDULED') and a.published_at <= now() and (a.embargoed_until is null or a.embargoed_until <= now())`

	tagsOf = `(select coalesce(json_agg(json_build_object('slug', t.slug, 'name', t.name) order by l.position), '[]')
		from article_tags l join tags t on t.id = l.tag_id where l.article_id = a.id and not t.internal)`
	primaryTagOf = `(select json_build_object('slug', t.slug, 'name', t.name)
		from article_tags l join tags t on t.id = l.tag_id where l.article_id = a.id and not t.internal order by l.position limit 1)`
	authorsOf = `(select coalesce(json_agg(json_build_object('slug', t.slug, 'name', t.name) order by l.position), '[]')
		from article_authors l join authors t on t.id = l.author_id where l.article_id = a.id)`
	cardOf = `'slug', a.slug, 'title', a.title, 'excerpt', a.excerpt, 'url', 'http://127.0.0.1/' || a.slug || '/', 'publishedAt', a.published_at,
		'readingTimeMinutes', greatest(1, (a.word_count + 132) / 265), 'primaryTag', ` + primaryTagOf + `, 'tags', ` + tagsOf + `, 'authors', ` + authorsOf

	feedStatement = `select json_build_object('data', json_build_object('articles', json_build_object(
			'nodes', coalesce(json_agg(page.node order by page.published_at desc, page.id desc) filter (where page.place <= 20), '[]'),
			'pageInfo', json_build_object('hasNextPage', count(*) > 20, 'endCursor', (max(page.published_at::text || '|' || page.id) filter (where page.place = 20)))))) ::text
		from (select row_number() over (order by a.published_at desc, a.id desc) as place, a.published_at, a.id,
			json_build_object(` + cardOf + `, 'relatedStories', (
				select coalesce(json_agg(json_build_object('kind', r.kind, 'article', json_build_object('slug', b.slug, 'title', b.title,
					'url', 'http://127.0.0.1/' || b.slug || '/', 'authors', (` + authorsOfRelated + `))) order by r.position), '[]')
				from (select r.kind, r.position, r.related_id from related_stories r where r.article_id = a.id order by r.kind, r.position limit 3) as r
				join articles b on b.id = r.related_id)) as node
			from (select a.* from articles a where ` + visibleNow + ` and a.kind <> 'PAGE' and (a.published_at, a.id) < ($1::timestamptz, $2::bigint)
				order by a.published_at desc, a.id desc limit 21) as a) as page`

	authorsOfRelated = `select coalesce(json_agg(json_build_object('slug', t.slug, 'name', t.name) order by l.position), '[]')
		from article_authors l join authors t on t.id = l.author_id where l.article_id = b.id`

	articleStatement = `select json_build_object('data', json_build_object('article', (select json_build_object(` + cardOf + `,
			'kind', a.kind, 'access', a.access, 'updatedAt', a.updated_at, 'wordCount', a.word_count, 'featured', a.featured, 'locale', a.locale,
			'canonicalUrl', coalesce(a.canonical_url, 'http://127.0.0.1/' || a.slug || '/'),
			'body', json_build_object('html', case when a.access = 'PUBLIC' then a.body_html else split_part(a.body_html, '<!--members-only-->', 1) end,
				'complete', a.access = 'PUBLIC'),
			'leadImage', (select json_build_object('url', i.url, 'alt', i.alt, 'caption', i.caption, 'credit', i.credit, 'width', i.width, 'height', i.height)
				from images i where i.id = a.lead_image_id),
			'video', (select json_build_object('url', v.url, 'durationSeconds', v.duration_seconds) from videos v where v.article_id = a.id),
			'corrections', (select coalesce(json_agg(json_build_object('text', c.text, 'at', c.at) order by c.at), '[]') from corrections c where c.article_id = a.id),
			'seo', json_build_object('title', coalesce(a.seo_title, a.title), 'description', coalesce(a.seo_description, a.excerpt),
				'image', (select json_build_object('url', i.url) from images i where i.id = coalesce(a.seo_image_id, a.lead_image_id))),
			'relatedStories', (select coalesce(json_agg(json_build_object('kind', r.kind, 'reason', r.reason, 'article', r.card) order by r.position), '[]')
				from (select r.kind, r.reason, r.position, json_build_object(` + cardOf + `) as card
					from related_stories r join articles a on a.id = r.related_id where r.article_id = wanted.id and ` + visibleNow + `
					order by r.kind, r.position limit 3) as r))
		from articles a where a.id = wanted.id and ` + visibleNow + `)))::text
		from articles wanted where wanted.slug = $1`

	tagFeedStatement = `select json_build_object('data', json_build_object('tag', json_build_object('name', max(page.tag), 'articles', json_build_object(
			'nodes', coalesce(json_agg(page.node order by page.published_at desc, page.id desc) filter (where page.place <= 20), '[]'),
			'pageInfo', json_build_object('hasNextPage', count(*) > 20, 'endCursor', (max(page.published_at::text || '|' || page.id) filter (where page.place = 20)))))))::text
		from (select row_number() over (order by a.published_at desc, a.id desc) as place, a.published_at, a.id, a.tag,
			json_build_object('slug', a.slug, 'title', a.title, 'url', 'http://127.0.0.1/' || a.slug || '/', 'publishedAt', a.published_at, 'authors', ` + authorsOf + `) as node
			from (select a.*, t.name as tag from tags t
				cross join lateral (select l.article_id, l.published_at from article_tags l where l.tag_id = t.id
					and (l.published_at, l.article_id) < ($2::timestamptz, $3::bigint)
					order by l.published_at desc, l.article_id desc limit 21) as l
				join articles a on a.id = l.article_id
				where t.slug = $1 and ` + visibleNow + `) as a) as page`
)
