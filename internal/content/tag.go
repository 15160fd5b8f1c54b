package content

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/lib/pq"
)

// Tag is a topic, a section, a series or a format. Tags that the desk keeps for itself are never read.
type Tag struct {
	ID          TagID   `db:"id"`
	Slug        string  `db:"slug"`
	Name        string  `db:"name"`
	Description string  `db:"description"`
	Kind        TagKind `db:"kind"`
	ImageID     *int64  `db:"image_id"`

	Image        *Image `db:"-"`
	ArticleCount int    `db:"-"`
	articles     articleLists
	addresses    *Addresses
}

const tagColumns = `t.id, t.slug, t.name, t.description, t.kind, t.image_id`

func (t *Tag) columns(into []any) []any {
	return append(into, (*int64)(&t.ID), &t.Slug, &t.Name, &t.Description, (*string)(&t.Kind), &t.ImageID)
}

func (t *Tag) key() int64 { return int64(t.ID) }

type TagKind string

func (*Tag) IsNode()       {}
func (*Tag) IsResolution() {}

// URL is the tag's page on the newsroom's own site.
func (t *Tag) URL() string { return t.addresses.tag(t.Slug) }

// Articles is the page of the tag's articles that was loaded for these arguments.
func (t *Tag) Articles(first *int, after *string, last *int, before *string, filter *ArticleFilter, orderBy *ArticleOrder) *ArticleConnection {
	return t.articles[ArticleArguments{PageArguments{first, after, last, before}, filter, orderBy}.key()]
}

// Tag returns the tag with this slug or this global id, whichever is given; nil if the audience may see none.
func (s *Service) Tag(ctx context.Context, asked *Selection, slug, id *string) (*Tag, error) {
	key, err := oneKey("Tag", slug, id)
	if err != nil {
		return nil, err
	}
	return s.tag(ctx, asked, key)
}

func (s *Service) tag(ctx context.Context, asked *Selection, key rowKey) (*Tag, error) {
	depend(ctx, key.dependency("tag"))
	tag, err := recallOne(ctx, s.memory, tagAtSlug, rowOfTag, key, func() ([]Tag, error) {
		return read[Tag](ctx, s.statements, "tag", `select `+tagColumns+`
			from tags t
			where not t.internal and `+key.condition("t", "$1"), key.value)
	})
	if err != nil || tag == nil {
		return nil, err
	}
	return tag, s.load(ctx, func(b *batch) error { return s.completeTags(ctx, b, []*Tag{tag}, asked) })
}

func (s *Service) tagsByID(ctx context.Context, b *batch, asked *Selection, ids []int64, use func([]*Tag)) {
	dependOnIDs(ctx, "tag", ids)
	recall(ctx, s.memory, rowOfTag, ids, func(ids []int64, keep func([]Tag) error) *wantedRows {
		return want(b, "tags", `select `+tagColumns+`
			from tags t
			where not t.internal and t.id = any($1)`, []any{pq.Array(ids)}, keep)
	}, func(rows map[int64]*Tag) error {
		tags := inOrder(rows)
		use(tags)
		return s.completeTags(ctx, b, tags, asked)
	})
}

// Tags returns a page of all tags of these kinds, of every kind if none is given, by name.
func (s *Service) Tags(ctx context.Context, asked *Selection, args PageArguments, kinds []TagKind) (*TagConnection, error) {
	return readByName(ctx, s, asked, args, nameList[Tag]{
		about: "tags", columns: tagColumns,
		source:   "from tags t where not t.internal and (cardinality($1::text[]) = 0 or t.kind = any($1))",
		args:     []any{pq.Array(append([]TagKind{}, kinds...))},
		place:    func(t *Tag) cursor { return cursor{ordering: byName, name: t.Name, id: int64(t.ID)} },
		complete: s.completeTags,
	})
}

// attachTags reads the tags by weight, the primary one first. A tag of several articles is one object.
func (s *Service) attachTags(ctx context.Context, b *batch, articles []*Article, asked *Selection) error {
	of := asked.of("primaryTag", "tags")
	if of == nil {
		return nil
	}
	all := asked.has("tags")
	if all {
		dependOnArticles(ctx, articles, "article-tags")
	} else {
		dependOnArticles(ctx, articles, "article-primary-tag")
	}
	labels := relation[plainLink, Tag]{tagsOfArticle, rowOfTag, func(articles []int64, use func([]linked[plainLink, Tag]) error) *wantedRows {
		// The offset makes Postgres look up each tag by its link: planned for any ids, a join would read all tags.
		return want(b, "tags of articles", `select l.article_id, `+tagColumns+`
			from article_tags l
			cross join lateral (select `+tagColumns+` from tags t where t.id = l.tag_id and not t.internal offset 0) as t
			where l.article_id = any($1)
			order by l.position, t.id`, []any{pq.Array(articles)}, use)
	}}
	labels.follow(ctx, s.memory, idsOf(articles), func(byArticle map[int64][]reached[plainLink, Tag], tags []*Tag) error {
		if all {
			for _, t := range tags {
				depend(ctx, onID("tag", t.ID))
			}
		}
		for _, a := range articles {
			a.Tags = objectsOf(byArticle[int64(a.ID)])
		}
		if !asked.of("tags").any() {
			tags = primaryTags(articles) // they alone have to be complete
		}
		return s.completeTags(ctx, b, tags, of)
	})
	return nil
}

func primaryTags(articles []*Article) []*Tag {
	needed := make(map[TagID]*Tag)
	for _, a := range articles {
		if tag := a.PrimaryTag(); tag != nil {
			needed[tag.ID] = tag
		}
	}
	return slices.Collect(maps.Values(needed))
}

func (s *Service) completeTags(ctx context.Context, b *batch, tags []*Tag, asked *Selection) error {
	for _, t := range tags {
		t.addresses = s.addresses
		depend(ctx, onID("tag", t.ID))
		if shows(asked, "description", "image") {
			depend(ctx, onID("tag-text", t.ID))
		}
	}
	return complete(ctx, b, tags, asked, s.attachTagImages, s.attachArticleCounts, s.attachArticlesOfTags)
}

func (s *Service) attachArticlesOfTags(ctx context.Context, b *batch, tags []*Tag, asked *Selection) error {
	return s.attachLists(ctx, b, asked, links{table: "article_tags", column: "tag_id"}, tagIDs(tags),
		func(i int) *articleLists { return &tags[i].articles })
}

func (s *Service) attachArticleCounts(ctx context.Context, b *batch, tags []*Tag, asked *Selection) error {
	if !asked.has("articleCount") {
		return nil
	}
	byID := make(map[int64]*Tag, len(tags))
	for _, t := range tags {
		byID[int64(t.ID)] = t
		depend(ctx, onName("articles/tag", "#"+strconv.FormatInt(int64(t.ID), 10)))
	}
	want(b, "counts of articles", `select l.tag_id, count(*)
		from article_tags l join articles a on a.id = l.article_id
		where l.tag_id = any($2) and l.published_at <= $1 and `+visible(ctx)+` and a.kind <> 'PAGE'
		group by l.tag_id`, []any{s.now(ctx), pq.Array(tagIDs(tags))}, func(counts []ownerCount) error {
		for _, c := range counts {
			byID[c.owner].ArticleCount = c.count
		}
		return nil
	})
	return nil
}

func tagIDs(tags []*Tag) []int64 {
	ids := make([]int64, len(tags))
	for i, t := range tags {
		ids[i] = int64(t.ID)
	}
	return ids
}
