package ingest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/database/dbtest"
	"broadsheet/internal/ingest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const site = "https://news.example.org"

type row map[string]any

// export is what a test writes down of an archive, in the dialect of SQLite.
type export struct {
	version                                            string
	posts, meta, users, tags, byline, labels, settings []row
}

// newsroom is a small archive with one of everything.
func newsroom() *export {
	e := &export{version: "6.65.0"}
	e.settings = []row{{"key": "title", "value": "The Test Gazette"}, {"key": "description", "value": "All that is tested"}, {"key": "locale", "value": "sv"},
		{"key": "logo", "value": "__GHOST_URL__/logo.png"}, {"key": "labs", "value": "{}"}}
	e.users = []row{
		{"id": "u1", "slug": "ada", "name": "Ada", "bio": "Writes", "email": "ada@example.org", "website": "https://ada.example.org", "location": "Here", "profile_image": "__GHOST_URL__/ada.jpg"},
		{"id": "u2", "slug": "bo", "name": "Bo", "bio": nil, "email": "bo@example.org", "website": "javascript:alert(1)"},
	}
	e.tags = []row{
		{"id": "t1", "slug": "news", "name": "News", "description": "What is new", "visibility": "public", "feature_image": "__GHOST_URL__/news.png"},
		{"id": "t2", "slug": "hash-internal", "name": "#internal", "visibility": "internal"},
		{"id": "t3", "slug": "sea", "name": "Sea", "visibility": "public"},
	}
	open := e.post("p1", "open-story", `<p>Open text, read by everybody.</p>`+
		`<figure class="kg-card kg-bookmark-card"><a class="kg-bookmark-container" href="__GHOST_URL__/paid-story/"><div class="kg-bookmark-title">Paid</div></a></figure>`)
	open["featured"], open["custom_excerpt"], open["canonical_url"] = 1, "By hand", "https://elsewhere.example.org/a"
	open["feature_image"] = "__GHOST_URL__/lead.jpg"
	e.meta = []row{{"id": "m1", "post_id": "p1", "meta_title": "Seo title", "meta_description": "Seo text", "og_image": "__GHOST_URL__/og.jpg",
		"feature_image_alt": "A boat", "feature_image_caption": "A boat. <i>Photo: us</i>"}}
	e.byline = []row{{"id": "1", "post_id": "p1", "author_id": "u2", "sort_order": 0}, {"id": "2", "post_id": "p1", "author_id": "u1", "sort_order": 1}}
	e.labels = []row{{"id": "1", "post_id": "p1", "tag_id": "t2", "sort_order": 0}, {"id": "2", "post_id": "p1", "tag_id": "t3", "sort_order": 1},
		{"id": "3", "post_id": "p1", "tag_id": "t1", "sort_order": 2}}
	e.post("p2", "paid-story", `<p>Free part.</p><!--members-only--><p>SECRETPAID part.</p>`)["visibility"] = "paid"
	e.post("p3", "members-story", `<p>SECRETMEMBERS text.</p>`)["visibility"] = "members"
	e.post("p4", "tiers-story", `<p>Free.</p><!--members-only--><p>SECRETTIERS</p>`)["visibility"] = "tiers"
	draft := e.post("p5", "draft-story", `<p>SECRETDRAFT</p>`)
	draft["status"], draft["published_at"] = "draft", nil
	scheduled := e.post("p6", "scheduled-story", `<p>SECRETSCHEDULED</p>`)
	scheduled["status"], scheduled["published_at"] = "scheduled", "2099-01-01 10:00:00"
	e.post("p7", "about", `<p>About us.</p>`)["type"] = "page"
	e.post("p8", "mailed", `<p>SECRETMAILED</p>`)["status"] = "sent"
	e.post("p9", "gated-block", `<p>Seen.</p><!--kg-gated-block:begin nonMember:false memberSegment:"status:free" --><p>SECRETBLOCK</p><!--kg-gated-block:end--><p>After.</p>`)
	return e
}

func (e *export) post(id, slug, html string) row {
	p := row{"id": id, "slug": slug, "title": "Title of " + slug, "html": html, "lexical": "{}", "type": "post", "status": "published", "visibility": "public",
		"featured": 0, "created_at": "2026-01-01 10:00:00", "updated_at": "2026-01-03 10:00:00", "published_at": "2026-01-02 10:00:00"}
	e.posts = append(e.posts, p)
	return p
}

func (e *export) String() string {
	text, err := json.Marshal(row{"db": []row{{"meta": row{"exported_on": 1795427231346, "version": e.version}, "data": row{
		"posts": e.posts, "posts_meta": e.meta, "users": e.users, "tags": e.tags, "posts_authors": e.byline, "posts_tags": e.labels,
		"settings": e.settings, "snippets": []row{{"id": "x", "mobiledoc": row{"nested": []int{1}}}},
	}}}})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// mysql writes the same in the other dialect.
func (e *export) mysql() string {
	return strings.NewReplacer(
		`"2026-01-02 10:00:00"`, `"2026-01-02T10:00:00.000Z"`, `"2026-01-01 10:00:00"`, `"2026-01-01T10:00:00.000Z"`,
		`"2026-01-03 10:00:00"`, `1767434400000`, `"2099-01-01 10:00:00"`, `"2099-01-01T10:00:00.000Z"`,
		`"featured":1`, `"featured":true`, `"featured":0`, `"featured":false`).Replace(e.String())
}

func run(t *testing.T, db *sqlx.DB, text string, change ...func(*ingest.Options)) *ingest.Report {
	t.Helper()
	report, err := try(t, db, strings.NewReader(text), change...)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func try(t *testing.T, db *sqlx.DB, file io.Reader, change ...func(*ingest.Options)) (*ingest.Report, error) {
	t.Helper()
	options := ingest.Options{SiteURL: site + "/"}
	for _, c := range change {
		c(&options)
	}
	return ingest.Ghost(t.Context(), db, file, 0, options)
}

// dump is all that an import writes, but for ids; with versions, the transaction that wrote each row is in it, too.
func dump(t *testing.T, db *sqlx.DB, versions bool) string {
	t.Helper()
	var all strings.Builder
	for _, statement := range []string{
		`select %s to_jsonb(t) - 'id' - 'lead_image_id' - 'seo_image_id' - 'created_at' - 'updated_at' from articles t order by source_id`,
		`select %s to_jsonb(t) - 'id' - 'avatar_id' - 'created_at' - 'updated_at' from authors t order by source_id`,
		`select %s to_jsonb(t) - 'id' - 'image_id' - 'created_at' - 'updated_at' from tags t order by source_id`,
		`select %s to_jsonb(t) - 'id' from images t order by source_id`,
		`select %s a.slug || ' ' || u.slug || ' ' || t.position from article_authors t join articles a on a.id = t.article_id join authors u on u.id = t.author_id order by a.slug, t.position`,
		`select %s a.slug || ' ' || u.slug || ' ' || t.position from article_tags t join articles a on a.id = t.article_id join tags u on u.id = t.tag_id order by a.slug, t.position`,
		`select %s a.slug || ' ' || b.slug || ' ' || t.kind || t.position from related_stories t join articles a on a.id = t.article_id join articles b on b.id = t.related_id order by a.slug, t.kind, t.position`,
		`select %s a.slug || t.number from revisions t join articles a on a.id = t.article_id order by 1`,
		`select %s to_jsonb(t) from site t`,
	} {
		version := ""
		if versions {
			version = "t.xmin::text || ' ' ||"
		}
		if strings.Contains(statement, "to_jsonb") {
			statement = strings.Replace(statement, "to_jsonb(t)", "(to_jsonb(t)", 1)
			statement = strings.Replace(statement, " from ", ")::text from ", 1)
		}
		var lines []string
		if err := db.Select(&lines, fmt.Sprintf(statement, version)); err != nil {
			t.Fatal(err)
		}
		all.WriteString(strings.Join(lines, "\n") + "\n")
	}
	return all.String()
}
