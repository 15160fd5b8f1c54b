package partner

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"broadsheet/internal/content"
)

// Book is where partners are written down, for those who run the newsroom.
type Book struct {
	DB *sqlx.DB
}

var (
	slugForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	originForm = regexp.MustCompile(`^https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?$`) // see migrations/0005_partners.sql
	allKinds   = []string{"STORY", "VIDEO", "OPINION", "LIVE", "PAGE"}
)

// Find returns the partner with this slug; nil if there is none.
func (b Book) Find(ctx context.Context, slug string) (*Partner, error) {
	var found []Partner
	if err := b.DB.SelectContext(ctx, &found, `select `+partnerColumns+` from partners p where p.slug = $1`, slug); err != nil {
		return nil, fmt.Errorf("read partner: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return &found[0], nil
}

// Fresh returns a partner who may read everything, not written down yet.
func Fresh(slug string) *Partner {
	return &Partner{Slug: slug, Name: slug, Licence: content.Licence{FullText: true, ExcerptWords: 50, Images: true}}
}

// Keep writes the partner down, a new one or one whose terms have changed.
func (b Book) Keep(ctx context.Context, p *Partner) error {
	if err := p.check(); err != nil {
		return err
	}
	none := func(list pq.StringArray) pq.StringArray { return append(pq.StringArray{}, list...) }
	err := b.DB.GetContext(ctx, &p.ID, `
		insert into partners as p (slug, name, contact, tags_in, tags_out, kinds, full_text, excerpt_words, delay_seconds, images, must_link,
			territories, frame_origins, requests_per_minute, requests_per_day)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		on conflict (slug) do update set name = excluded.name, contact = excluded.contact, tags_in = excluded.tags_in,
			tags_out = excluded.tags_out, kinds = excluded.kinds, full_text = excluded.full_text, excerpt_words = excluded.excerpt_words,
			delay_seconds = excluded.delay_seconds, images = excluded.images, must_link = excluded.must_link, territories = excluded.territories,
			frame_origins = excluded.frame_origins, requests_per_minute = excluded.requests_per_minute, requests_per_day = excluded.requests_per_day
		returning p.id`,
		p.Slug, p.Name, p.Contact, append(pq.Int64Array{}, p.TagsIn...), append(pq.Int64Array{}, p.TagsOut...), none(p.Kinds), p.FullText,
		p.ExcerptWords, p.DelaySeconds, p.Images, p.MustLink, none(p.Territories), none(p.FrameOrigins), p.PerMinute, p.PerDay)
	if err != nil {
		return fmt.Errorf("write partner: %w", err)
	}
	return nil
}

// check says what is wrong with the terms, and what would be right.
func (p *Partner) check() error {
	switch {
	case !slugForm.MatchString(p.Slug):
		return fmt.Errorf("%q cannot name a partner; write it like daily-planet", p.Slug)
	case p.ExcerptWords < 0 || p.ExcerptWords > 1000:
		return fmt.Errorf("an excerpt has 0 to 1000 words, not %d", p.ExcerptWords)
	case p.DelaySeconds < 0 || p.DelaySeconds > int(content.MostDelay/time.Second):
		return fmt.Errorf("a delay is between nothing and %s", content.MostDelay)
	case p.PerMinute != nil && (*p.PerMinute < 1 || *p.PerMinute > 1_000_000):
		return fmt.Errorf("requests per minute are 1 to 1000000, not %d", *p.PerMinute)
	case p.PerDay != nil && (*p.PerDay < 1 || *p.PerDay > 1_000_000_000):
		return fmt.Errorf("requests per day are 1 to 1000000000, not %d", *p.PerDay)
	}
	for _, kind := range p.Kinds {
		if !slices.Contains(allKinds, kind) {
			return fmt.Errorf("there is no kind %s; there are %s", kind, strings.Join(allKinds, ", "))
		}
	}
	for _, origin := range p.FrameOrigins {
		if !originForm.MatchString(origin) {
			return fmt.Errorf("%q is not an origin; write it like https://partner.example, or any, or none", origin)
		}
	}
	return nil
}

// Tags returns the ids of tags, internal ones among them: desks use those to mark what may be syndicated.
func (b Book) Tags(ctx context.Context, slugs []string) (pq.Int64Array, error) {
	ids := pq.Int64Array{}
	for _, slug := range slugs {
		var id int64
		if err := b.DB.GetContext(ctx, &id, `select id from tags where slug = $1`, slug); err != nil {
			return nil, fmt.Errorf("tag %q: %w", slug, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// TagSlugs returns the slugs of tags, for who reads a licence.
func (b Book) TagSlugs(ctx context.Context, ids pq.Int64Array) ([]string, error) {
	slugs := []string{}
	err := b.DB.SelectContext(ctx, &slugs, `select coalesce(t.slug, '#' || i.id) from unnest($1::bigint[]) as i(id) left join tags t on t.id = i.id`, ids)
	return slugs, err
}

// AddKey gives the partner one more key, and returns what the partner has to be told: it is not kept. Nil expires never.
func (b Book) AddKey(ctx context.Context, p *Partner, expires *time.Time) (key Key, text string, err error) {
	key, text = newKey()
	key.PartnerID, key.Partner, key.ExpiresAt = p.ID, p.Slug, expires
	err = b.DB.GetContext(ctx, &key.CreatedAt, `insert into partner_keys (id, partner_id, hash, expires_at) values ($1, $2, $3, $4) returning created_at`,
		key.ID, key.PartnerID, key.Hash, key.ExpiresAt)
	if err != nil {
		return Key{}, "", fmt.Errorf("write key: %w", err)
	}
	return key, text, nil
}

// Keys returns all keys, of one partner or, if slug is empty, of all.
func (b Book) Keys(ctx context.Context, slug string) ([]Key, error) {
	keys, err := readKeys(ctx, b.DB)
	if slug != "" {
		keys = slices.DeleteFunc(keys, func(k Key) bool { return k.Partner != slug })
	}
	return keys, err
}

// Key returns the key that a text names by its visible part or, in a mistake that is forgiven, as a whole.
func (b Book) Key(ctx context.Context, text string) (*Key, error) {
	id, _, _ := strings.Cut(strings.TrimPrefix(text, keyPrefix), "_")
	keys, err := readKeys(ctx, b.DB)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(keys, func(k Key) bool { return k.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("there is no key %s%s; broadsheet key list shows all", keyPrefix, id)
	}
	return &keys[i], nil
}

// Expire lets the key end at a time, unless it ends before.
func (b Book) Expire(ctx context.Context, key *Key, at time.Time) error {
	err := b.DB.GetContext(ctx, &key.ExpiresAt, `update partner_keys set expires_at = least(expires_at, $2) where id = $1 returning expires_at`, key.ID, at)
	if err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	return nil
}

// Revoke ends the key, and its token, at once.
func (b Book) Revoke(ctx context.Context, key *Key) error {
	err := b.DB.GetContext(ctx, &key.RevokedAt, `update partner_keys set revoked_at = coalesce(revoked_at, now()) where id = $1 returning revoked_at`, key.ID)
	if err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	return nil
}

// Usage is what a partner did at a door on a day of UTC.
type Usage struct {
	Partner     string    `db:"partner" json:"partner"`
	Day         time.Time `db:"day" json:"day"`
	Door        string    `db:"door" json:"door"`
	Requests    int64     `db:"requests" json:"requests"`        // answered
	NotModified int64     `db:"not_modified" json:"notModified"` // of these by 304
	Refused     int64     `db:"refused" json:"refused"`          // over the quota
	Bytes       int64     `db:"bytes" json:"bytes"`              // of bodies, as sent
}

// Usage returns what was used since a day, by one partner or, if slug is empty, by all.
func (b Book) Usage(ctx context.Context, slug string, since time.Time) ([]Usage, error) {
	rows := []Usage{}
	err := b.DB.SelectContext(ctx, &rows, `select p.slug as partner, u.day, u.door, u.requests, u.not_modified, u.refused, u.bytes
		from partner_usage u join partners p on p.id = u.partner_id
		where u.day >= $1::date and ($2 = '' or p.slug = $2)
		order by p.slug, u.day, u.door`, since.UTC().Format(time.DateOnly), slug)
	if err != nil {
		return nil, fmt.Errorf("read usage: %w", err)
	}
	return rows, nil
}
