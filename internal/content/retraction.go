package content

import (
	"context"
	"time"

	"github.com/lib/pq"
)

// Retraction says that a story which the audience could see was taken back.
type Retraction struct {
	ID          ArticleID      `db:"article_id" json:"article_id"`
	Position    int64          `db:"position" json:"position"` // of the change that took it back
	Slugs       pq.StringArray `db:"slugs" json:"slugs"`       // that it had, the last one first
	PublishedAt time.Time      `db:"published_at" json:"published_at"`
	At          time.Time      `db:"retracted_at" json:"retracted_at"`
	Reason      *string        `db:"reason" json:"reason"`

	addresses *Addresses
}

// URLs are the addresses at which the story stood, the last one first.
func (r *Retraction) URLs() []string {
	urls := make([]string, len(r.Slugs))
	for i, slug := range r.Slugs {
		urls[i] = r.addresses.article(slug)
	}
	return urls
}

const retractionColumns = `a.article_id, a.position, a.published_at, a.retracted_at, a.reason,
	array[a.slug] || array(select o.slug from old_slugs o where o.article_id = a.article_id and o.slug <> a.slug order by o.at desc) as slugs`

// RetractionArguments say which retractions are wanted: those after a position, and those of a time or later.
type RetractionArguments struct {
	Position int64     // of the last one that is known
	Since    time.Time // the zero time: whenever
	First    int       // at most MostPerPage
}

// Retractions returns retractions in the order in which they were made, and whether there are more.
func (s *Service) Retractions(ctx context.Context, args RetractionArguments) ([]*Retraction, bool, error) {
	if err := checkPageSize(args.First); err != nil {
		return nil, false, err
	}
	depend(ctx, wholly(Key{Kind: "retractions"}))
	rows, err := read[Retraction](ctx, s.statements, "retractions", `select `+retractionColumns+`
		from retractions a
		where a.position > $1 and a.retracted_at >= $2 and a.visible_from <= a.retracted_at - $3 * interval '1 second'`+
		licensed(ctx)+`
		order by a.position
		limit $4`, args.Position, args.Since, AudienceOf(ctx).Delay().Seconds(), args.First+1)
	if err != nil {
		return nil, false, err
	}
	for i := range rows {
		rows[i].addresses = s.addresses
	}
	more := len(rows) > args.First
	return pointers(rows[:min(len(rows), args.First)]), more, nil
}

// Remembered is how long a feed tells of a retraction.
const Remembered = 30 * 24 * time.Hour

// retractionList is read from one column of JSON.
type retractionList []*Retraction

// Scan implements sql.Scanner.
func (l *retractionList) Scan(value any) error { return scanJSON(value, (*[]*Retraction)(l)) }

// writeRetractions writes a query for a list, the newest first, of what was taken back lately and stood in the list of
// articles that the filter makes.
func writeRetractions(ctx context.Context, q *query, f *ArticleFilter, now time.Time) {
	q.write("select coalesce(jsonb_agg(to_jsonb(recent)), '[]') from (select ", retractionColumns, " from retractions a",
		" where a.retracted_at > ", q.arg(now.Add(-Remembered)), "::timestamptz and a.visible_from <= a.retracted_at - ",
		q.arg(AudienceOf(ctx).Delay().Seconds()), " * interval '1 second'", licensed(ctx))
	if len(f.Kind) == 0 {
		q.write(" and a.kind <> 'PAGE'")
	} else {
		q.write(" and a.kind = any(", q.arg(pq.Array(f.Kind)), ")")
	}
	if all := distinct(f.Tags); len(all) > 0 {
		tags := "array(" + bySlug(q, tagsBySlug, all) + ")"
		q.write(" and cardinality(", tags, ") = ", q.arg(len(all)), " and a.tags @> ", tags)
	}
	if len(f.AnyTag) > 0 {
		q.write(" and a.tags && array(", bySlug(q, tagsBySlug, f.AnyTag), ")")
	}
	if len(f.Authors) > 0 {
		q.write(" and a.authors && array(", bySlug(q, authorsBySlug, f.Authors), ")")
	}
	if f.Locale != nil {
		q.write(" and a.locale = ", q.arg(*f.Locale))
	}
	if f.PublishedAfter != nil {
		q.write(" and a.published_at >= ", q.arg(*f.PublishedAfter))
	}
	if f.PublishedBefore != nil {
		q.write(" and a.published_at < ", q.arg(*f.PublishedBefore))
	}
	q.write(" order by a.retracted_at desc, a.article_id desc limit ", q.arg(MostPerPage), ") as recent")
}
