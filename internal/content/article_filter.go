package content

import (
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"
)

// ArticleFilter holds conditions on articles; each that is given must hold. An empty list is no condition.
type ArticleFilter struct {
	Tags            []string      `json:"tags,omitempty"`
	AnyTag          []string      `json:"anyTag,omitempty"`
	Authors         []string      `json:"authors,omitempty"`
	Kind            []ArticleKind `json:"kind,omitempty"`
	Featured        *bool         `json:"featured,omitempty"`
	PublishedAfter  *time.Time    `json:"publishedAfter,omitempty"`
	PublishedBefore *time.Time    `json:"publishedBefore,omitempty"`
	ExcludeIDs      []string      `json:"excludeIds,omitempty"`
	Locale          *string       `json:"locale,omitempty"`
}

const (
	authorsBySlug = `select t.id from authors t where t.slug = any(%)`
	tagsBySlug    = `select t.id from tags t where t.slug = any(%) and not t.internal`
	// An article that carries all of the tags stands in the list of the one that has the fewest; from 1000 on all are alike.
	narrowestTag = tagsBySlug + ` order by (select count(*) from (
		select from article_tags x where x.tag_id = t.id and x.published_at <= $1 limit 1000) as few) limit 1`
)

// links returns the narrowest index that serves the filter.
func (f *ArticleFilter) links() *links {
	switch {
	case f == nil:
		return nil
	case len(f.Authors) > 0:
		return &links{"authors", "article_authors", "author_id", authorsBySlug, f.Authors}
	case len(distinct(f.Tags)) == 1:
		return &links{"tags", "article_tags", "tag_id", tagsBySlug, f.Tags[:1]}
	case len(f.Tags) > 0:
		return &links{"tags", "article_tags", "tag_id", narrowestTag, f.Tags}
	case len(f.AnyTag) > 0:
		return &links{"anyTag", "article_tags", "tag_id", tagsBySlug, f.AnyTag}
	default:
		return nil
	}
}

// links returns the index that serves a licence for some tags.
func (a *Audience) links() *links {
	if a == nil || len(a.TagsIn) == 0 {
		return nil
	}
	return &links{"licence", "article_tags", "tag_id", `select t.id from unnest(%::bigint[]) as t(id)`, texts(a.TagsIn)}
}

// bySlug writes a query for ids, with the slugs as an argument.
func bySlug(q *query, ids string, slugs []string) string {
	before, after, _ := strings.Cut(ids, "%")
	return before + q.arg(pq.Array(slugs)) + after
}

// writeConditions writes who may see an article, and the filter. What the source picks already is not asked again.
func (l *articleList) writeConditions(q *query) error {
	f := l.filter
	q.write(l.audience.rule())
	if !slices.Contains(f.Kind, KindPage) { // in these words the indexes by time leave pages out
		q.write(" and a.kind <> 'PAGE'")
	}
	switch len(f.Kind) {
	case 0:
	case 1: // an equation lets the index by kind give the order, too
		q.write(" and a.kind = ", q.arg(string(f.Kind[0])))
	default:
		q.write(" and a.kind = any(", q.arg(pq.Array(f.Kind)), ")")
	}
	if f.Featured != nil && *f.Featured {
		q.write(" and a.featured")
	} else if f.Featured != nil {
		q.write(" and not a.featured")
	}
	published, _, _ := l.columns()
	if f.PublishedAfter != nil {
		q.write(" and ", published, " >= ", q.arg(*f.PublishedAfter))
	}
	if f.PublishedBefore != nil {
		q.write(" and ", published, " < ", q.arg(*f.PublishedBefore))
	}
	if f.Locale != nil {
		q.write(" and a.locale = ", q.arg(*f.Locale))
	}
	l.writeLinkConditions(q)
	return l.writeExclusions(q)
}

func (l *articleList) writeLinkConditions(q *query) {
	f, served := l.filter, ""
	if l.from != nil {
		served = l.from.serves
	}
	// The ids are read once for the whole statement, so that each article costs a probe of the primary key.
	if len(f.Authors) > 0 && served != "authors" {
		q.write(" and exists (select from article_authors x where x.article_id = a.id and x.author_id = any(array(",
			bySlug(q, authorsBySlug, f.Authors), ")))")
	}
	if len(f.AnyTag) > 0 && served != "anyTag" {
		q.write(" and exists (select from article_tags x where x.article_id = a.id and x.tag_id = any(array(",
			bySlug(q, tagsBySlug, f.AnyTag), ")))")
	}
	if all := distinct(f.Tags); len(all) > 1 || len(all) == 1 && served != "tags" {
		tags, count := "array("+bySlug(q, tagsBySlug, all)+")", q.arg(len(all))
		q.write(" and cardinality(", tags, ") = ", count, // else there is nothing to look for
			" and (select count(*) from article_tags x where x.article_id = a.id and x.tag_id = any(", tags, ")) = ", count)
	}
}

func (l *articleList) writeExclusions(q *query) error {
	if len(l.filter.ExcludeIDs) == 0 {
		return nil
	}
	excluded := make([]int64, len(l.filter.ExcludeIDs))
	for i, text := range l.filter.ExcludeIDs {
		id, err := idOf("Article", text)
		if err != nil {
			return err
		}
		excluded[i] = id
	}
	q.write(" and a.id <> all(", q.arg(pq.Array(excluded)), ")")
	return nil
}

func distinct(values []string) []string {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
