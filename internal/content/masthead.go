package content

import (
	"context"
	"errors"
	"time"
)

// Masthead is what stands at the head of a feed: the newsroom, at which moment it is seen, and what was taken back.
type Masthead struct {
	Site
	Moment
	Retractions retractionList `db:"retractions"` // the newest first
}

func (m *Masthead) columns(into []any) []any {
	return append(m.Site.columns(into), &m.Position, &m.ChangedAt, &m.DueAt, &m.Retractions)
}

// Moment tells one state of all that readers can see from another. It is cheap to read, and changes with whatever
// changes: two answers that were read at the same moment are the same.
type Moment struct {
	Position  int64     `db:"position"`   // of the last change
	ChangedAt time.Time `db:"changed_at"` // when it was written
	DueAt     time.Time `db:"due_at"`     // when something last appeared to the audience, or ended, by itself, since its time had come
}

// Time is when something last changed, to the second that HTTP's dates have; the zero time while that second, or the one
// after it, is not over: more may yet change in it.
func (m Moment) Time(now time.Time) time.Time {
	latest := m.ChangedAt
	if m.DueAt.After(latest) {
		latest = m.DueAt
	}
	if latest = latest.UTC().Truncate(time.Second); now.Sub(latest) < 2*time.Second {
		return time.Time{}
	}
	return latest
}

// Masthead returns the newsroom and the moment, and what was taken back lately of the list of articles that the filter
// makes; nothing of that for no filter. It takes one statement.
func (s *Service) Masthead(ctx context.Context, of *ArticleFilter) (*Masthead, error) {
	depend(ctx, wholly(Key{Kind: "site"}))
	now := s.clock()
	q := &query{args: []any{s.now(ctx), AudienceOf(ctx).Delay().Seconds(), now.Add(-Remembered), Remembered.Seconds()}}
	q.write(`select s.name, s.description, s.locale, s.logo_url,
			coalesce((select max(c.position) from changes c), 0) as position,
			coalesce((select max(c.at) from changes c), 'epoch') as changed_at,
			coalesce(greatest(greatest(
					(select max(a.published_at) from articles a where a.published_at <= $1 and a.status in ('PUBLISHED', 'SCHEDULED')),
					(select max(a.embargoed_until) from articles a where a.embargoed_until <= $1),
					(select max(c.at) from corrections c where c.at <= $1)) + $2 * interval '1 second',
				(select max(r.retracted_at) from retractions r where r.retracted_at <= $3) + $4 * interval '1 second'), 'epoch') as due_at, (`)
	if of == nil {
		q.write("select '[]'::jsonb")
	} else {
		depend(ctx, wholly(Key{Kind: "retractions"}))
		writeRetractions(ctx, q, of, now)
	}
	q.write(") as retractions from site s")
	rows, err := read[Masthead](ctx, s.statements, "masthead", q.text.String(), q.args...)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("the table site has no row")
	}
	head := &rows[0]
	head.URL = s.addresses.site()
	for _, r := range head.Retractions {
		r.addresses = s.addresses
		endBy(ctx, r.At.Add(Remembered))
	}
	return head, nil
}
