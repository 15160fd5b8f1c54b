package content

import (
	"context"
	"slices"
	"time"

	"github.com/lib/pq"
)

// Article is a story, a video, a column, a live page or a page of the site.
type Article struct {
	ID          ArticleID     `db:"id"`
	Slug        string        `db:"slug"`
	Title       string        `db:"title"`
	Excerpt     string        `db:"excerpt"`
	Kind        ArticleKind   `db:"kind"`
	Access      ArticleAccess `db:"access"`
	Status      ArticleStatus `db:"status"`
	PublishedAt time.Time     `db:"published_at"`
	UpdatedAt   time.Time     `db:"updated_at"`
	WordCount   int           `db:"word_count"`
	Featured    bool          `db:"featured"`
	Locale      string        `db:"locale"`

	Canonical      *string `db:"canonical_url"`
	LeadImageID    *int64  `db:"lead_image_id"`
	SeoTitle       *string `db:"seo_title"`
	SeoDescription *string `db:"seo_description"`
	SeoImageID     *int64  `db:"seo_image_id"`

	// What hangs on it, as far as it was asked for.
	Body        *Body         `db:"-"`
	LeadImage   *Image        `db:"-"`
	SeoImage    *Image        `db:"-"`
	Video       *Video        `db:"-"`
	Tags        []*Tag        `db:"-"`
	Authors     []*Author     `db:"-"`
	Corrections []*Correction `db:"-"`
	Revisions   []*Revision   `db:"-"`
	related     []RelatedStory
	inline      []RelatedStory
	written     *written
	publisher   *Site
	addresses   *Addresses
	pictures    bool // whether the audience is given those of articles
}

const articleColumns = `a.id, a.slug, a.title, a.excerpt, a.kind, a.access,
	case a.status when 'SCHEDULED' then 'PUBLISHED' else a.status end as status,
	a.published_at, a.updated_at, a.word_count, a.featured, a.locale, a.canonical_url, a.lead_image_id,
	a.seo_title, a.seo_description, a.seo_image_id`

func (a *Article) columns(into []any) []any {
	return append(into, (*int64)(&a.ID), &a.Slug, &a.Title, &a.Excerpt, (*string)(&a.Kind), (*string)(&a.Access), (*string)(&a.Status),
		&a.PublishedAt, &a.UpdatedAt, &a.WordCount, &a.Featured, &a.Locale, &a.Canonical, &a.LeadImageID,
		&a.SeoTitle, &a.SeoDescription, &a.SeoImageID)
}

func (a *Article) key() int64 { return int64(a.ID) }

type ArticleKind string

const (
	KindStory   ArticleKind = "STORY"
	KindVideo   ArticleKind = "VIDEO"
	KindOpinion ArticleKind = "OPINION"
	KindLive    ArticleKind = "LIVE"
	KindPage    ArticleKind = "PAGE"
)

type ArticleAccess string

const (
	AccessPublic  ArticleAccess = "PUBLIC"
	AccessMembers ArticleAccess = "MEMBERS"
	AccessPaid    ArticleAccess = "PAID"
)

type ArticleStatus string

func (*Article) IsNode()       {}
func (*Article) IsResolution() {}

// URL is the public address on the newsroom's own site.
func (a *Article) URL() string { return a.addresses.article(a.Slug) }

// CanonicalURL is where the original stands.
func (a *Article) CanonicalURL() string {
	if a.Canonical != nil && *a.Canonical != "" {
		return *a.Canonical
	}
	return a.URL()
}

// wordsPerMinute is a usual reading speed for prose on a screen.
const wordsPerMinute = 265

// ReadingTimeMinutes rounds to the nearest minute, at least 1.
func (a *Article) ReadingTimeMinutes() int {
	return max(1, (a.WordCount+wordsPerMinute/2)/wordsPerMinute)
}

// PrimaryTag is the tag to show above the headline, nil if there is none.
func (a *Article) PrimaryTag() *Tag {
	if len(a.Tags) == 0 {
		return nil
	}
	return a.Tags[0]
}

// Article returns the article with this slug or this global id, whichever is given; nil if the audience may see none.
func (s *Service) Article(ctx context.Context, asked *Selection, slug, id *string) (*Article, error) {
	key, err := oneKey("Article", slug, id)
	if err != nil {
		return nil, err
	}
	return s.article(ctx, asked, key)
}

func (s *Service) article(ctx context.Context, asked *Selection, key rowKey) (*Article, error) {
	depend(ctx, key.dependency("article"))
	article, err := recallOne(ctx, s.memory, articleAtSlug, headOfArticle, key, func() ([]Article, error) {
		return read[Article](ctx, s.statements, "article", `select `+articleColumns+`
			from articles a
			where `+AudienceOf(ctx).rule()+` and `+key.condition("a", "$2"), s.now(ctx), key.value)
	})
	if err != nil || article == nil {
		dependOnLicence(ctx)
		return nil, err
	}
	dependOnTagsOf(ctx, article.ID)
	return article, s.load(ctx, func(b *batch) error { return s.completeArticles(ctx, b, []*Article{article}, asked) })
}

func (s *Service) articlesByID(ctx context.Context, b *batch, asked *Selection, ids []int64, use func([]*Article)) {
	dependOnIDs(ctx, "article", ids)
	dependOnTagsOf(ctx, ids...)
	s.heads(ctx, b, ids, func(heads map[int64]*Article) error {
		articles := inOrder(heads)
		use(articles)
		return s.completeArticles(ctx, b, articles, asked)
	})
}

// heads reads the rows of those articles that the audience may see.
func (s *Service) heads(ctx context.Context, b *batch, ids []int64, use func(map[int64]*Article) error) {
	recall(ctx, s.memory, headOfArticle, ids, func(ids []int64, keep func([]Article) error) *wantedRows {
		return want(b, "articles", `select `+articleColumns+`
			from articles a
			where `+AudienceOf(ctx).rule()+` and a.id = any($2)`, []any{s.now(ctx), pq.Array(ids)}, keep)
	}, use)
}

// completeArticles loads what was asked of articles that were just read.
func (s *Service) completeArticles(ctx context.Context, b *batch, articles []*Article, asked *Selection) error {
	pictures := AudienceOf(ctx).images()
	for _, a := range articles {
		a.addresses, a.pictures = s.addresses, pictures
	}
	dependOnArticles(ctx, articles, partsShown(asked)...)
	asked = withNeeds(ctx, asked)
	return complete(ctx, b, articles, asked,
		s.attachTags, s.attachAuthors, s.attachRelatedStories, s.attachBodies, s.attachPictures,
		s.attachVideos, s.attachCorrections, s.attachRevisions, s.attachPublisher)
}

// withNeeds adds the relations that a field is made from but does not show.
func withNeeds(ctx context.Context, asked *Selection) *Selection {
	if asked.has("withheld") {
		needs := &Selection{fields: []*SelectedField{{On: "Article", Name: "body", Of: new(Selection)}}}
		if !AudienceOf(ctx).images() {
			needs.merge(&SelectedField{On: "Article", Name: "video", Of: new(Selection)})
		}
		asked = union(asked, needs)
	}
	if !asked.has("jsonLd") {
		return asked
	}
	needs, poster := new(Selection), &Selection{fields: []*SelectedField{{On: "Video", Name: "poster", Of: new(Selection)}}}
	for _, name := range []string{"tags", "authors", "leadImage", "corrections"} {
		needs.merge(&SelectedField{On: "Article", Name: name, Of: new(Selection)})
	}
	needs.merge(&SelectedField{On: "Article", Name: "video", Of: poster})
	return union(asked, needs)
}

// articleIDs are the ids as an argument, each once: an article may stand in several lists of its level.
func articleIDs(articles []*Article) any { return pq.Array(idsOf(articles)) }

func idsOf(articles []*Article) []int64 {
	ids := make([]int64, len(articles))
	for i, a := range articles {
		ids[i] = int64(a.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// rowKey is how a caller names one row.
type rowKey struct {
	column string // slug or id
	value  any
}

// dependency is that of whoever looks up the row, whether it is there or not.
func (k rowKey) dependency(noun string) Dependency {
	if k.column == "id" {
		return onID(noun, k.value.(int64))
	}
	return onName(noun+"-slug", k.value.(string))
}

func (k rowKey) condition(table, placeholder string) string {
	return table + "." + k.column + " = " + placeholder
}

// oneKey takes the slug or the global id of an object of the type, whichever is given.
func oneKey(typeName string, slug, id *string) (rowKey, error) {
	switch {
	case slug != nil && id == nil:
		return rowKey{"slug", *slug}, nil
	case id != nil && slug == nil:
		number, err := idOf(typeName, *id)
		return rowKey{"id", number}, err
	default:
		return rowKey{}, badInput("Give either the slug or the id.")
	}
}
