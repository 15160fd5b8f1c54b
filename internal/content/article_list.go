package content

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/lib/pq"
)

type ArticleOrder string

const (
	PublishedDesc ArticleOrder = "PUBLISHED_DESC"
	PublishedAsc  ArticleOrder = "PUBLISHED_ASC"
	UpdatedDesc   ArticleOrder = "UPDATED_DESC"
)

// ArticleArguments are the arguments of every list of articles.
type ArticleArguments struct {
	PageArguments
	Filter  *ArticleFilter `json:"filter,omitempty"`
	OrderBy *ArticleOrder  `json:"orderBy,omitempty"`
}

func (l *articleList) place(a *Article) cursor {
	if l.ordering == byUpdate {
		return cursor{ordering: byUpdate, at: a.UpdatedAt, id: int64(a.ID)}
	}
	return cursor{ordering: byPublication, at: a.PublishedAt, id: int64(a.ID)}
}

// articleLists keeps the pages that were loaded for one author or tag, by their arguments.
type articleLists map[string]*ArticleConnection

func (l *articleLists) keep(args ArticleArguments, page *ArticleConnection) {
	if *l == nil {
		*l = make(articleLists)
	}
	(*l)[args.key()] = page
}

func (a ArticleArguments) key() string {
	text, err := json.Marshal(a)
	if err != nil {
		panic(err) // strings, numbers and times: nothing that cannot be written
	}
	return string(text)
}

// Articles returns a page of the newsroom's articles.
func (s *Service) Articles(ctx context.Context, asked *Selection, args ArticleArguments) (*ArticleConnection, error) {
	list, err := newArticleList(ctx, args)
	if err != nil {
		return nil, err
	}
	if list.from = args.Filter.links(); list.from == nil {
		list.from = AudienceOf(ctx).links()
	}
	page := new(ArticleConnection)
	return page, s.load(ctx, func(b *batch) error {
		return s.articlePages(ctx, b, asked, list, map[int64]*ArticleConnection{everyone: page})
	})
}

// everyone stands for the whole newsroom where a list could belong to an author or a tag.
const everyone int64 = 0

// articleList is what a list of articles comes to: one page of it for each owner.
type articleList struct {
	audience   *Audience
	filter     ArticleFilter
	window     window
	ordering   byte
	descending bool
	from       *links // nil: from all articles
}

// links is a table that links articles to authors or tags and is sorted by publication and by change for each of
// them, so that a page is one range of an index.
type links struct {
	serves string // the condition of the filter that it makes true
	table  string
	column string
	owners string   // the query for the ids of the owners, over the placeholder of slugs; empty: each is a parent
	slugs  []string // of owners whose articles make one list together
}

func newArticleList(ctx context.Context, args ArticleArguments) (*articleList, error) {
	list := &articleList{audience: AudienceOf(ctx), ordering: byPublication, descending: true}
	if args.Filter != nil {
		list.filter = *args.Filter
	}
	if args.OrderBy != nil {
		switch *args.OrderBy {
		case PublishedAsc:
			list.descending = false
		case UpdatedDesc:
			list.ordering = byUpdate
		}
	}
	if len(list.filter.ExcludeIDs) > MostPerPage {
		return nil, badInput("excludeIds holds %d ids at the most, not %d.", MostPerPage, len(list.filter.ExcludeIDs))
	}
	var err error
	list.window, err = args.window(list.ordering)
	return list, err
}

// attachLists reads the field articles of authors or of tags, as often as it was asked for with different arguments.
func (s *Service) attachLists(ctx context.Context, b *batch, asked *Selection, from links, owners []int64, of func(i int) *articleLists) error {
	for _, f := range asked.all("articles") {
		var args ArticleArguments
		if err := f.decode(&args); err != nil {
			return err
		}
		list, err := newArticleList(ctx, args)
		if err != nil {
			return err
		}
		list.from = &from
		pages := make(map[int64]*ArticleConnection, len(owners))
		for i, owner := range owners {
			pages[owner] = new(ArticleConnection)
			of(i).keep(args, pages[owner])
		}
		if err := s.articlePages(ctx, b, f.Of, list, pages); err != nil {
			return err
		}
	}
	return nil
}

// articlePages fills a page of the list for each owner, and counts the whole of it if that is asked for.
func (s *Service) articlePages(ctx context.Context, b *batch, asked *Selection, list *articleList, pages map[int64]*ArticleConnection) error {
	owners := slices.Sorted(maps.Keys(pages))
	if asked.has("totalCount") {
		if err := s.countPages(ctx, b, list, owners, pages); err != nil {
			return err
		}
	}
	if !asked.has("edges", "nodes", "pageInfo") {
		return nil
	}
	nodes := union(asked.of("edges").of("node"), asked.of("nodes"))
	complete := func(articles []*Article) error { return s.completeArticles(ctx, b, articles, nodes) }
	inMemory := s.memory.serves(ctx) != nil
	return s.readList(ctx, b, list, owners, inMemory, func(byOwner map[int64][]*Article) error {
		for owner, page := range pages {
			depend(ctx, list.dependencies(owner, byOwner[owner])...)
			page.fill(list.window, byOwner[owner], list.place)
		}
		articles := nodesOf(pages)
		if !inMemory {
			return complete(articles)
		}
		s.fillHeads(ctx, b, s.recallArticles(ctx, articles, asked.Form, nodes), pages, complete)
		return nil
	})
}

func nodesOf(pages map[int64]*ArticleConnection) []*Article {
	var articles []*Article
	for _, page := range pages {
		articles = append(articles, page.Nodes()...)
	}
	return articles
}

// readList reads the articles of each owner's page; only the columns that place them if the others may be in memory.
func (s *Service) readList(ctx context.Context, b *batch, list *articleList, owners []int64, placesOnly bool, use func(map[int64][]*Article) error) error {
	columns := articleColumns
	if placesOnly {
		columns = placeColumns
	}
	q, err := list.statement(s.now(ctx), owners, columns)
	if err != nil {
		return err
	}
	if placesOnly {
		want(b, "list of articles", q.text.String(), q.args, func(rows []linked[plainLink, articlePlace]) error {
			return use(grouped(rows, func(l *linked[plainLink, articlePlace]) (int64, *Article) { return l.Owner, l.Row.article() }))
		})
	} else {
		want(b, "list of articles", q.text.String(), q.args, func(rows []linked[plainLink, Article]) error {
			return use(grouped(rows, func(l *linked[plainLink, Article]) (int64, *Article) { return l.Owner, &l.Row }))
		})
	}
	return nil
}

// articlePlace is an article as far as it decides about its place in lists.
type articlePlace struct {
	id                     ArticleID
	publishedAt, updatedAt time.Time
}

const placeColumns = `a.id, a.published_at, a.updated_at`

func (p *articlePlace) columns(into []any) []any {
	return append(into, (*int64)(&p.id), &p.publishedAt, &p.updatedAt)
}

func (p *articlePlace) article() *Article {
	return &Article{ID: p.id, PublishedAt: p.publishedAt, UpdatedAt: p.updatedAt}
}

// fillHeads fills in articles of the pages that are places only. What became invisible after its page was read is in them no
// more.
func (s *Service) fillHeads(ctx context.Context, b *batch, places []*Article, pages map[int64]*ArticleConnection, use func([]*Article) error) {
	s.heads(ctx, b, idsOf(places), func(heads map[int64]*Article) error {
		gone := make(map[*Article]bool)
		for _, a := range places {
			if head := heads[int64(a.ID)]; head != nil {
				*a = *head
			} else {
				gone[a] = true
			}
		}
		for _, page := range pages {
			page.Edges = slices.DeleteFunc(page.Edges, func(e ArticleEdge) bool { return gone[e.Node] })
		}
		return use(slices.DeleteFunc(places, func(a *Article) bool { return gone[a] }))
	})
}

// ownerCount is how many articles an owner has.
type ownerCount struct {
	owner int64
	count int
}

func (c *ownerCount) columns(into []any) []any { return append(into, &c.owner, &c.count) }

func (s *Service) countPages(ctx context.Context, b *batch, list *articleList, owners []int64, pages map[int64]*ArticleConnection) error {
	q, err := list.countStatement(s.now(ctx), owners)
	if err != nil {
		return err
	}
	dependOnLicence(ctx)
	for _, owner := range owners {
		lists, marks := list.keys(byPublication, owner)
		for _, key := range slices.Concat(lists, marks) {
			depend(ctx, wholly(key))
		}
	}
	want(b, "count of articles", q.text.String(), q.args, func(counts []ownerCount) error {
		for _, c := range counts {
			pages[c.owner].TotalCount = c.count
		}
		return nil
	})
	return nil
}

// statement reads the page of every owner, each in the order of reading, with one row more than the page holds.
func (l *articleList) statement(now time.Time, owners []int64, columns string) (*query, error) {
	q := &query{args: []any{now}}
	switch {
	case l.from == nil:
		q.write("select 0 as owner, ", columns)
		return q, l.writePage(q)
	case l.from.owners == "":
		q.write("select o.id as owner, page.* from unnest(", q.arg(pq.Array(owners)), "::bigint[]) as o(id)")
	default: // what stands in several of the lists comes once
		q.write("select 0 as owner, merged.* from (select distinct on (page.id) page.* from (", l.from.ownersBySlug(q), ") as o")
	}
	q.write(" cross join lateral (select ", columns)
	if err := l.writePage(q); err != nil {
		return nil, err
	}
	q.write(") as page")
	if l.from.owners != "" {
		q.write(" order by page.id) as merged")
		l.writeOrder(q, "merged.published_at", "merged.updated_at", "merged.id")
	}
	return q, nil
}

// ownersBySlug writes the query for the owners' ids with their slugs as an argument.
func (l *links) ownersBySlug(q *query) string { return bySlug(q, l.owners, l.slugs) }

func (l *articleList) writePage(q *query) error {
	l.writeSource(q)
	if err := l.writeConditions(q); err != nil {
		return err
	}
	published, updated, id := l.columns()
	first := published
	if l.ordering == byUpdate {
		first = updated
	}
	l.window.keyset(q, "("+first+", "+id+")", l.descending)
	l.writeOrder(q, published, updated, id)
	return nil
}

func (l *articleList) writeSource(q *query) {
	if l.from == nil {
		q.write(" from articles a where ")
		return
	}
	q.write(" from ", l.from.table, " l join articles a on a.id = l.article_id where l.", l.from.column, " = o.id and l.published_at <= $1 and ")
}

// columns are where the sort keys are read from: from the link row if there is one, for its indexes.
func (l *articleList) columns() (published, updated, id string) {
	if l.from == nil {
		return "a.published_at", "a.updated_at", "a.id"
	}
	return "l.published_at", "l.updated_at", "l.article_id"
}

func (l *articleList) writeOrder(q *query, published, updated, id string) {
	direction := " desc"
	if l.descending == l.window.backward {
		direction = ""
	}
	first := published
	if l.ordering == byUpdate {
		first = updated
	}
	q.write(" order by ", first, direction, ", ", id, direction, " limit ", q.arg(l.window.limitPlusOne()))
}

// countStatement counts the whole list of every owner, wherever the page begins.
func (l *articleList) countStatement(now time.Time, owners []int64) (*query, error) {
	q := &query{args: []any{now}}
	switch {
	case l.from == nil:
		q.write("select 0 as owner, count(*) as count")
	case l.from.owners == "":
		q.write("select o.id as owner, listed.count from unnest(", q.arg(pq.Array(owners)), "::bigint[]) as o(id)",
			" cross join lateral (select count(*) as count")
	default:
		q.write("select 0 as owner, count(distinct listed.id) as count from (", l.from.ownersBySlug(q), ") as o",
			" cross join lateral (select a.id")
	}
	l.writeSource(q)
	if err := l.writeConditions(q); err != nil {
		return nil, err
	}
	if l.from != nil {
		q.write(") as listed")
	}
	return q, nil
}
