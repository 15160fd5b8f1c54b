package content

import (
	"context"
	"time"

	"github.com/lib/pq"
)

// Campaign is a call to the readers with a count of those who joined.
type Campaign struct {
	ID      CampaignID `db:"id"`
	Slug    string     `db:"slug"`
	Title   string     `db:"title"`
	Message string     `db:"message"`
	URL     *string    `db:"url"`
	Joined  int        `db:"joined"`
	Goal    *int       `db:"goal"`
	AsOf    time.Time  `db:"as_of"`
}

const campaignColumns = `c.id, c.slug, c.title, c.message, c.url, c.joined, c.goal, c.as_of`

func (*Campaign) IsNode() {}

// Campaign returns the campaign with this slug; nil if there is none.
func (s *Service) Campaign(ctx context.Context, slug string) (*Campaign, error) {
	depend(ctx, onName("campaign-slug", slug))
	rows, err := read[Campaign](ctx, s.statements, "campaign", `select `+campaignColumns+`
		from campaigns c
		where c.slug = $1`, slug)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

func (s *Service) campaignsByID(ctx context.Context, ids []int64) ([]*Campaign, error) {
	dependOnIDs(ctx, "campaign", ids)
	rows, err := read[Campaign](ctx, s.statements, "campaigns", `select `+campaignColumns+`
		from campaigns c
		where c.id = any($1)`, pq.Array(ids))
	return pointers(rows), err
}
