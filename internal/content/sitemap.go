package content

import (
	"context"
	"strconv"
	"time"
)

// SitemapKind tells what a file of the sitemap lists.
type SitemapKind string

const (
	SitemapArticles SitemapKind = "articles"
	SitemapPages    SitemapKind = "pages"
	SitemapTags     SitemapKind = "tags"
	SitemapAuthors  SitemapKind = "authors"
)

// sitemapIDs is how many ids in a row a file covers, whether or not something visible has them. New articles go to the
// last file; the index articles_by_sitemap and the key sitemap:NUMBER of migrations/0006_feeds.sql count alike.
const sitemapIDs = 10_000

// SitemapFile is a file of the sitemap that lists something.
type SitemapFile struct {
	Kind       SitemapKind `db:"kind"`
	Number     int         `db:"number"`      // from 1
	ModifiedAt time.Time   `db:"modified_at"` // when something that it lists last changed
}

// SitemapEntry is an address in a file of the sitemap.
type SitemapEntry struct {
	ID         int64
	Slug       string
	ModifiedAt time.Time
	Title      string // this and the rest are of articles alone
	Excerpt    string
	Canonical  *string
	Published  time.Time
	ImageURL   *string
	VideoURL   *string
	EmbedURL   *string
	PosterURL  *string
	Seconds    *int

	URL string
}

func (e *SitemapEntry) columns(into []any) []any {
	return append((*sitemapOwner)(e).columns(into), &e.Title, &e.Excerpt, &e.Canonical, &e.Published,
		&e.ImageURL, &e.VideoURL, &e.EmbedURL, &e.PosterURL, &e.Seconds)
}

// sitemapOwner is an entry as far as tags and authors have it.
type sitemapOwner SitemapEntry

func (o *sitemapOwner) columns(into []any) []any { return append(into, &o.ID, &o.Slug, &o.ModifiedAt) }

const (
	// modifiedAt is when a reader last saw an article a change.
	modifiedAt = `greatest(a.updated_at, a.published_at, a.embargoed_until, (select max(c.at) from corrections c where c.article_id = a.id and c.at <= $1))`
	// newestOfTag and newestOfAuthor begin, and newestEnd ends after the rule of visibility, a query for the last time at
	// which something was published under the row t.
	newestOfTag = `(select l.published_at from article_tags l join articles a on a.id = l.article_id
		where l.tag_id = t.id and l.published_at <= $1 and a.kind <> 'PAGE' and `
	newestOfAuthor = `(select l.published_at from article_authors l join articles a on a.id = l.article_id
		where l.author_id = t.id and l.published_at <= $1 and a.kind <> 'PAGE' and `
	newestEnd = ` order by l.published_at desc limit 1)`
)

// SitemapFiles returns the files that list something. Each costs a few probes of an index, however many articles there are.
func (s *Service) SitemapFiles(ctx context.Context) ([]SitemapFile, error) {
	can := visible(ctx)
	return read[SitemapFile](ctx, s.statements, "files of the sitemap", `
		select 'articles' as kind, n as number, greatest(last.modified_at,
			(select max(c.at) from corrections c where c.article_id > (n - 1) * $2 and c.article_id <= n * $2 and c.at <= $1)) as modified_at
		from generate_series(1, (select (max(id) - 1) / $2 + 1 from articles)) as n
		cross join lateral (
			select greatest(a.updated_at, a.published_at, a.embargoed_until) as modified_at from articles a
			where (a.id - 1) / 10000 = n - 1 and a.status <> 'DRAFT' and greatest(a.updated_at, a.published_at, a.embargoed_until) <= $1
			order by greatest(a.updated_at, a.published_at, a.embargoed_until) desc limit 1) as last
		where exists (select from articles a where (a.id - 1) / 10000 = n - 1 and a.status <> 'DRAFT' and a.kind <> 'PAGE' and `+can+`)
		union all
		select 'pages', (a.id - 1) / $2 + 1 as number, max(`+modifiedAt+`) from articles a where a.kind = 'PAGE' and `+can+` group by number
		union all
		select 'tags', (t.id - 1) / $2 + 1 as number, max(n.at) from tags t cross join lateral `+newestOfTag+can+newestEnd+` as n (at)
		where not t.internal group by number
		union all
		select 'authors', (t.id - 1) / $2 + 1 as number, max(n.at) from authors t cross join lateral `+newestOfAuthor+can+newestEnd+` as n (at)
		group by number
		order by kind, number`, s.now(ctx), int64(sitemapIDs))
}

// SitemapEntries returns what a file lists, in the order of ids; nothing for a file that there is not. An article whose
// original stands elsewhere is not listed.
func (s *Service) SitemapEntries(ctx context.Context, kind SitemapKind, number int) ([]SitemapEntry, error) {
	switch kind {
	case SitemapArticles, SitemapPages:
		return s.sitemapArticles(ctx, number, kind == SitemapPages)
	case SitemapTags:
		return s.sitemapOwners(ctx, "tag", number, s.addresses.tag, `select t.id, t.slug, coalesce(n.at, 'epoch') as modified_at
			from tags t left join lateral `+newestOfTag+visible(ctx)+newestEnd+` as n (at) on true
			where t.id > $2 and t.id <= $3 and not t.internal order by t.id`)
	case SitemapAuthors:
		return s.sitemapOwners(ctx, "author", number, s.addresses.author, `select t.id, t.slug, coalesce(n.at, 'epoch') as modified_at
			from authors t left join lateral `+newestOfAuthor+visible(ctx)+newestEnd+` as n (at) on true
			where t.id > $2 and t.id <= $3 order by t.id`)
	default:
		return nil, nil
	}
}

func (s *Service) sitemapArticles(ctx context.Context, number int, pages bool) ([]SitemapEntry, error) {
	if err := s.dependOnSitemap(ctx, number); err != nil {
		return nil, err
	}
	rows, err := read[SitemapEntry](ctx, s.statements, "articles of the sitemap", `select a.id, a.slug, `+modifiedAt+`, a.title, a.excerpt, a.canonical_url, a.published_at,
			case when $4 then i.url end, v.url, v.embed_url, case when $4 then p.url end, v.duration_seconds
		from articles a left join images i on i.id = a.lead_image_id
			left join videos v on v.article_id = a.id left join images p on p.id = v.poster_id
		where a.id > $2 and a.id <= $3 and (a.kind = 'PAGE') = $5 and `+visible(ctx)+`
		order by a.id`, s.now(ctx), int64(number-1)*sitemapIDs, int64(number)*sitemapIDs, AudienceOf(ctx).images(), pages)
	entries := rows[:0]
	for _, row := range rows {
		row.URL = s.addresses.article(row.Slug)
		if row.Canonical == nil || *row.Canonical == "" || *row.Canonical == row.URL {
			entries = append(entries, row)
		}
	}
	return entries, err
}

// sitemapOwners reads tags or authors, and leaves those out that have no article.
func (s *Service) sitemapOwners(ctx context.Context, noun string, number int, address func(slug string) string, text string) ([]SitemapEntry, error) {
	depend(ctx, wholly(Key{Kind: noun + "s"}))
	rows, err := read[sitemapOwner](ctx, s.statements, noun+"s of the sitemap", text, s.now(ctx), int64(number-1)*sitemapIDs, int64(number)*sitemapIDs)
	var entries []SitemapEntry
	for _, row := range rows {
		depend(ctx, onName("articles/"+noun, "#"+strconv.FormatInt(row.ID, 10)))
		if row.ModifiedAt.Unix() > 0 {
			row.URL = address(row.Slug)
			entries = append(entries, SitemapEntry(row))
		}
	}
	return entries, err
}

// dependOnSitemap records the file, and what will appear in it by itself.
func (s *Service) dependOnSitemap(ctx context.Context, number int) error {
	depend(ctx, onID("sitemap", int64(number)))
	coming, err := read[int64](ctx, s.statements, "coming entries of the sitemap", `select a.id from articles a
		where a.id > $2 and a.id <= $3 and a.status in ('PUBLISHED', 'SCHEDULED') and (a.published_at > $1 or a.embargoed_until > $1)
		union
		select c.article_id from corrections c where c.article_id > $2 and c.article_id <= $3 and c.at > $1`,
		s.now(ctx), int64(number-1)*sitemapIDs, int64(number)*sitemapIDs)
	dependOnIDs(ctx, "article", coming)
	dependOnIDs(ctx, "article-corrections", coming)
	return err
}

// News is how long a story is news to a search engine.
const News = 48 * time.Hour

// mostNews bounds the news sitemap (Google, "Create a news sitemap").
const mostNews = 1000

// News returns the articles that were published within that time, the newest first, with no more than stands in their rows.
func (s *Service) News(ctx context.Context) ([]*Article, error) {
	depend(ctx, wholly(Key{Kind: "articles"}))
	rows, err := read[Article](ctx, s.statements, "news", `select `+articleColumns+`
		from articles a
		where `+visible(ctx)+` and a.kind <> 'PAGE' and a.published_at > $2
		order by a.published_at desc, a.id desc
		limit $3`, s.now(ctx), s.clock().Add(-News), mostNews)
	articles := pointers(rows)
	for _, a := range articles {
		a.addresses = s.addresses
		depend(ctx, onID("article", a.ID))
	}
	return articles, err
}
