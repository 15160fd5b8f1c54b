package content

import (
	"context"

	"github.com/lib/pq"
)

// Author is somebody in a byline.
type Author struct {
	ID       AuthorID `db:"id"`
	Slug     string   `db:"slug"`
	Name     string   `db:"name"`
	Bio      string   `db:"bio"`
	Email    *string  `db:"email"`
	Website  *string  `db:"website"`
	Location *string  `db:"location"`
	AvatarID *int64   `db:"avatar_id"`

	Avatar    *Image `db:"-"`
	articles  articleLists
	addresses *Addresses
}

const authorColumns = `t.id, t.slug, t.name, t.bio, t.email, t.website, t.location, t.avatar_id`

func (a *Author) columns(into []any) []any {
	return append(into, (*int64)(&a.ID), &a.Slug, &a.Name, &a.Bio, &a.Email, &a.Website, &a.Location, &a.AvatarID)
}

func (a *Author) key() int64 { return int64(a.ID) }

func (*Author) IsNode()       {}
func (*Author) IsResolution() {}

// URL is the author's page on the newsroom's own site.
func (a *Author) URL() string { return a.addresses.author(a.Slug) }

// Articles is the page of the author's articles that was loaded for these arguments.
func (a *Author) Articles(first *int, after *string, last *int, before *string, filter *ArticleFilter, orderBy *ArticleOrder) *ArticleConnection {
	return a.articles[ArticleArguments{PageArguments{first, after, last, before}, filter, orderBy}.key()]
}

// Author returns the author with this slug or this global id, whichever is given; nil if there is none.
func (s *Service) Author(ctx context.Context, asked *Selection, slug, id *string) (*Author, error) {
	key, err := oneKey("Author", slug, id)
	if err != nil {
		return nil, err
	}
	return s.author(ctx, asked, key)
}

func (s *Service) author(ctx context.Context, asked *Selection, key rowKey) (*Author, error) {
	depend(ctx, key.dependency("author"))
	author, err := recallOne(ctx, s.memory, authorAtSlug, rowOfAuthor, key, func() ([]Author, error) {
		return read[Author](ctx, s.statements, "author", `select `+authorColumns+`
			from authors t
			where `+key.condition("t", "$1"), key.value)
	})
	if err != nil || author == nil {
		return nil, err
	}
	return author, s.load(ctx, func(b *batch) error { return s.completeAuthors(ctx, b, []*Author{author}, asked) })
}

func (s *Service) authorsByID(ctx context.Context, b *batch, asked *Selection, ids []int64, use func([]*Author)) {
	dependOnIDs(ctx, "author", ids)
	recall(ctx, s.memory, rowOfAuthor, ids, func(ids []int64, keep func([]Author) error) *wantedRows {
		return want(b, "authors", `select `+authorColumns+`
			from authors t
			where t.id = any($1)`, []any{pq.Array(ids)}, keep)
	}, func(rows map[int64]*Author) error {
		authors := inOrder(rows)
		use(authors)
		return s.completeAuthors(ctx, b, authors, asked)
	})
}

// Authors returns a page of all authors, by name.
func (s *Service) Authors(ctx context.Context, asked *Selection, args PageArguments) (*AuthorConnection, error) {
	return readByName(ctx, s, asked, args, nameList[Author]{
		about: "authors", columns: authorColumns, source: "from authors t where true",
		place:    func(a *Author) cursor { return cursor{ordering: byName, name: a.Name, id: int64(a.ID)} },
		complete: s.completeAuthors,
	})
}

// attachAuthors reads the bylines. An author of several articles is one object.
func (s *Service) attachAuthors(ctx context.Context, b *batch, articles []*Article, asked *Selection) error {
	of := asked.of("authors")
	if of == nil {
		return nil
	}
	dependOnArticles(ctx, articles, "article-authors")
	bylines := relation[plainLink, Author]{authorsOfArticle, rowOfAuthor, func(articles []int64, use func([]linked[plainLink, Author]) error) *wantedRows {
		// The offset is as in the tags of articles.
		return want(b, "authors of articles", `select l.article_id, `+authorColumns+`
			from article_authors l
			cross join lateral (select `+authorColumns+` from authors t where t.id = l.author_id offset 0) as t
			where l.article_id = any($1)
			order by l.position, t.id`, []any{pq.Array(articles)}, use)
	}}
	bylines.follow(ctx, s.memory, idsOf(articles), func(byArticle map[int64][]reached[plainLink, Author], authors []*Author) error {
		for _, a := range articles {
			a.Authors = objectsOf(byArticle[int64(a.ID)])
		}
		return s.completeAuthors(ctx, b, authors, of)
	})
	return nil
}

func (s *Service) completeAuthors(ctx context.Context, b *batch, authors []*Author, asked *Selection) error {
	for _, a := range authors {
		a.addresses = s.addresses
		depend(ctx, onID("author", a.ID))
		if shows(asked, "bio", "email", "website", "location") {
			depend(ctx, onID("author-text", a.ID))
		}
	}
	return complete(ctx, b, authors, asked, s.attachAvatars, s.attachArticlesOfAuthors)
}

func (s *Service) attachArticlesOfAuthors(ctx context.Context, b *batch, authors []*Author, asked *Selection) error {
	owners := make([]int64, len(authors))
	for i, a := range authors {
		owners[i] = int64(a.ID)
	}
	return s.attachLists(ctx, b, asked, links{table: "article_authors", column: "author_id"}, owners,
		func(i int) *articleLists { return &authors[i].articles })
}
