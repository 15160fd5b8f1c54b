package ingest

import (
	"encoding/json"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"broadsheet/internal/content"
)

// articleRow is a post as the table of articles has it.
type articleRow struct {
	SourceID, Slug, Title, Excerpt      string
	Kind, Access, Status, Locale        string
	PublishedAt, CreatedAt, UpdatedAt   *string
	Featured                            bool
	Canonical, SeoTitle, SeoDescription string
	LeadImage, SeoImage                 string // names of images
	Body                                string
}

// A batch of posts is one transaction: so many of them, or so many bytes.
const (
	mostPosts     = 250
	mostPostBytes = 2 << 20
)

// applyPosts writes the posts as articles.
func (i *importer) applyPosts() error {
	var total int64
	if err := i.connection.GetContext(i.ctx, &total, `select count(*) from ghost_posts`); err != nil {
		return err
	}
	i.options.Stage("write", total)
	if err := i.freeSlugs("articles", "ghost_posts"); err != nil {
		return err
	}
	done := 0
	for last := 0; ; {
		posts, err := i.readPosts(&last)
		if err != nil || len(posts) == 0 {
			return err
		}
		if err := i.batch(func(tx *sqlx.Tx) error { return i.writePosts(tx, posts) }); err != nil {
			return err
		}
		done += len(posts)
		i.options.Progress(int64(done), total)
	}
}

func (i *importer) readPosts(last *int) ([]post, error) {
	var staged []struct {
		Place     int
		Row, Meta []byte
	}
	err := i.connection.SelectContext(i.ctx, &staged, `
		select place, row, meta from (
			select p.place, p.row, m.row as meta, sum(length(p.row::text)) over (order by p.place) as bytes, row_number() over (order by p.place) as number
			from (select * from ghost_posts where place > $1 order by place limit $2) as p left join ghost_meta m on m.post_id = p.id) as counted
		where bytes <= $3 or number = 1
		order by place`, *last, mostPosts, mostPostBytes)
	if err != nil {
		return nil, err
	}
	posts := make([]post, len(staged))
	for j, s := range staged {
		*last = s.Place
		var meta post
		if err := json.Unmarshal(s.Row, &posts[j]); err != nil {
			return nil, err
		}
		if s.Meta == nil {
			continue
		}
		if err := json.Unmarshal(s.Meta, &meta); err != nil {
			return nil, err
		}
		posts[j].FeatureImageAlt, posts[j].FeatureImageCaption, posts[j].OGImage = meta.FeatureImageAlt, meta.FeatureImageCaption, meta.OGImage
		posts[j].MetaTitle, posts[j].MetaDescription, posts[j].EmailOnly = meta.MetaTitle, meta.MetaDescription, meta.EmailOnly
	}
	return posts, nil
}

func (i *importer) writePosts(tx *sqlx.Tx, posts []post) error {
	targets, err := i.targets(tx, posts)
	if err != nil {
		return err
	}
	rows := make([]articleRow, 0, len(posts))
	var images []image
	var inline []inlineRow
	for _, p := range posts {
		if p.Status == "sent" || p.EmailOnly {
			i.report.Posts.Skipped++
			i.report.problem("article "+string(p.Slug), "skipped", "it is for e-mail only and never stands on the site")
			continue
		}
		converted := i.convertBody(p, targets)
		row, its := i.article(p, converted)
		rows, images = append(rows, row), append(images, its...)
		inline = append(inline, converted.inline...)
	}
	rows, err = admit(i, tx, "articles", &i.report.Posts, rows, func(r articleRow) (string, string) { return r.SourceID, r.Slug })
	if err != nil {
		return err
	}
	if err := i.writeImages(tx, images); err != nil {
		return err
	}
	changed, err := i.writeArticles(tx, rows)
	if err != nil {
		return err
	}
	if err := i.writeLinks(tx, rows, changed); err != nil {
		return err
	}
	for _, added := range changed {
		if added {
			i.report.Posts.Added++
		} else {
			i.report.Posts.Changed++
		}
	}
	i.report.Posts.Unchanged += len(rows) - len(changed)
	return execJSON(i, tx, `
		insert into ghost_inline select r."PostID", r."Position", r."TargetID"
		from jsonb_to_recordset($1) as r ("PostID" text, "Position" integer, "TargetID" text) where $2 <> ''`, inline)
}

// article makes the row, and the images that it refers to.
func (i *importer) article(p post, body convertedBody) (articleRow, []image) {
	row := articleRow{
		SourceID: string(p.ID), Slug: string(p.Slug), Title: string(p.Title), Kind: "STORY", Access: access(p.Visibility),
		Status: status(p), Locale: string(p.Locale), Featured: bool(p.Featured), Canonical: webAddress(p.CanonicalURL),
		SeoTitle: string(p.MetaTitle), SeoDescription: string(p.MetaDescription),
		PublishedAt: given(p.PublishedAt), CreatedAt: given(p.CreatedAt), UpdatedAt: given(p.UpdatedAt), Body: body.html,
	}
	if p.Type == "page" {
		row.Kind = "PAGE"
	}
	if row.Locale == "" {
		row.Locale = i.locale
	}
	row.Excerpt = strings.TrimSpace(string(p.CustomExcerpt))
	if row.Excerpt == "" {
		row.Excerpt = excerpt(row.Access, body.html)
	}
	var images []image
	if address := i.imageAddress(p.FeatureImage); address != "" {
		row.LeadImage = row.SourceID + ":feature_image"
		images = append(images, image{row.LeadImage, address, string(p.FeatureImageAlt), plainText(string(p.FeatureImageCaption))})
	}
	if address := i.imageAddress(p.OGImage); address != "" {
		row.SeoImage = row.SourceID + ":og_image"
		images = append(images, image{SourceID: row.SeoImage, URL: address, Alt: string(p.FeatureImageAlt)})
	}
	return row, images
}

// access keeps what Ghost keeps from somebody: all that is not open to everybody or to every member is for those who pay.
func access(visibility text) string {
	switch visibility {
	case "public":
		return "PUBLIC"
	case "members":
		return "MEMBERS"
	default: // paid, tiers, and filters of members
		return "PAID"
	}
}

// status keeps everything from the public that Ghost does not say to be published.
func status(p post) string {
	switch {
	case p.PublishedAt == "":
		return "DRAFT"
	case p.Status == "published":
		return "PUBLISHED"
	case p.Status == "scheduled":
		return "SCHEDULED"
	default:
		return "DRAFT"
	}
}

func given(m moment) *string {
	if m == "" {
		return nil
	}
	s := string(m)
	return &s
}

// longestExcerpt is in characters.
const longestExcerpt = 300

// excerpt is the beginning of what everybody may read.
func excerpt(access, body string) string {
	open, _, walled := strings.Cut(body, content.Paywall)
	if access != "PUBLIC" && !walled {
		return ""
	}
	words := strings.Fields(plainText(open))
	short := ""
	for _, word := range words {
		if len([]rune(short))+len([]rune(word)) > longestExcerpt {
			return short + "…"
		}
		short = strings.TrimSpace(short + " " + word)
	}
	return short
}

// writeArticles returns the ids of the articles that it added (true) or changed (false). When a post was last touched
// in Ghost is no change by itself, and whether a story is a column, say, is the desk's to tell.
func (i *importer) writeArticles(tx *sqlx.Tx, rows []articleRow) (map[string]bool, error) {
	var done []written
	err := selectJSON(i, tx, &done, `
		insert into articles as t (slug, title, excerpt, kind, access, status, published_at, created_at, updated_at, featured, locale,
			canonical_url, lead_image_id, body_html, seo_title, seo_description, seo_image_id, source, source_id)
		select r."Slug", r."Title", r."Excerpt", r."Kind", r."Access", r."Status", r."PublishedAt", coalesce(r."CreatedAt", now()),
			coalesce(r."UpdatedAt", now()), r."Featured", r."Locale", nullif(r."Canonical", ''), l.id, r."Body",
			nullif(r."SeoTitle", ''), nullif(r."SeoDescription", ''), s.id, $2, r."SourceID"
		from jsonb_to_recordset($1) as r ("SourceID" text, "Slug" text, "Title" text, "Excerpt" text, "Kind" text, "Access" text, "Status" text,
			"PublishedAt" timestamptz, "CreatedAt" timestamptz, "UpdatedAt" timestamptz, "Featured" boolean, "Locale" text, "Canonical" text,
			"SeoTitle" text, "SeoDescription" text, "LeadImage" text, "SeoImage" text, "Body" text)
		left join images l on l.source = $2 and l.source_id = r."LeadImage"
		left join images s on s.source = $2 and s.source_id = r."SeoImage"
		on conflict (source, source_id) do update set slug = excluded.slug, title = excluded.title, excerpt = excluded.excerpt,
			kind = case when 'PAGE' in (excluded.kind, t.kind) then excluded.kind else t.kind end,
			access = excluded.access, status = excluded.status, published_at = excluded.published_at,
			updated_at = excluded.updated_at, featured = excluded.featured, locale = excluded.locale, canonical_url = excluded.canonical_url,
			lead_image_id = excluded.lead_image_id, body_html = excluded.body_html, seo_title = excluded.seo_title,
			seo_description = excluded.seo_description, seo_image_id = excluded.seo_image_id
		where t.status <> 'RETRACTED' and (t.slug, t.title, t.excerpt, t.kind, t.access, t.status, t.published_at, t.featured, t.locale,
				t.canonical_url, t.lead_image_id, t.body_html, t.seo_title, t.seo_description, t.seo_image_id)
			is distinct from (excluded.slug, excluded.title, excluded.excerpt,
				case when 'PAGE' in (excluded.kind, t.kind) then excluded.kind else t.kind end, excluded.access, excluded.status,
				excluded.published_at, excluded.featured, excluded.locale, excluded.canonical_url, excluded.lead_image_id,
				excluded.body_html, excluded.seo_title, excluded.seo_description, excluded.seo_image_id)
		returning source_id, xmax = 0 as added`, rows)
	changed := make(map[string]bool, len(done))
	for _, d := range done {
		changed[d.SourceID] = d.Added
	}
	return changed, err
}

// writeLinks gives the articles their authors and tags. Links that the desk has made to authors and tags of its own stay.
func (i *importer) writeLinks(tx *sqlx.Tx, rows []articleRow, changed map[string]bool) error {
	ids := make([]string, len(rows))
	for j, row := range rows {
		ids[j] = row.SourceID
	}
	for _, table := range []struct{ links, column, targets, staged string }{
		{"article_authors", "author_id", "authors", "ghost_posts_authors"},
		{"article_tags", "tag_id", "tags", "ghost_posts_tags"},
	} {
		var touched []string
		err := tx.SelectContext(i.ctx, &touched, `
			with dropped as (
				delete from `+table.links+` l using articles a, `+table.targets+` t
				where a.id = l.article_id and a.source = $2 and a.source_id = any($1) and t.id = l.`+table.column+` and t.source = $2
					and not exists (select from `+table.staged+` g where g.post_id = a.source_id and g.target_id = t.source_id)
				returning a.source_id
			), kept as (
				insert into `+table.links+` as l (article_id, `+table.column+`, position)
				select a.id, t.id, g.position
				from `+table.staged+` g
				join articles a on a.source = $2 and a.source_id = g.post_id
				join `+table.targets+` t on t.source = $2 and t.source_id = g.target_id
				where g.post_id = any($1)
				on conflict (article_id, `+table.column+`) do update set position = excluded.position where l.position <> excluded.position
				returning l.article_id
			)
			select source_id from dropped
			union select a.source_id from kept k join articles a on a.id = k.article_id`, pq.Array(ids), source)
		if err != nil {
			return err
		}
		for _, id := range touched {
			if _, known := changed[id]; !known {
				changed[id] = false
			}
		}
	}
	return nil
}
