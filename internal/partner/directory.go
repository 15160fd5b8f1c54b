package partner

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"broadsheet/internal/changes"
	"broadsheet/internal/content"
)

// Partner is a site that may read, and by which licence.
type Partner struct {
	ID        int64     `db:"id" json:"-"`
	Slug      string    `db:"slug" json:"slug"`
	Name      string    `db:"name" json:"name"`
	Contact   string    `db:"contact" json:"contact"`
	CreatedAt time.Time `db:"created_at" json:"createdAt"`
	content.Licence
	Quota
}

// Quota bounds a partner's requests; nil does not.
type Quota struct {
	PerMinute *int `db:"requests_per_minute" json:"requestsPerMinute"`
	PerDay    *int `db:"requests_per_day" json:"requestsPerDay"` // UTC
}

// PublicSlug is that of the partner whose licence holds at feeds and embeds for those who show no key.
const PublicSlug = "public"

const partnerColumns = `p.id, p.slug, p.name, p.contact, p.created_at, p.tags_in, p.tags_out, p.kinds, p.full_text, p.excerpt_words,
	p.delay_seconds, p.images, p.must_link, p.territories, p.frame_origins, p.requests_per_minute, p.requests_per_day`

const keyColumns = `k.id, k.partner_id, p.slug as partner, k.hash, k.created_at, k.expires_at, k.revoked_at, k.last_used_at`

// directory is all partners and keys at one time. It is never changed, but replaced.
type directory struct {
	callers map[string]*caller // by the ids of their keys
	public  *content.Audience  // nil: as without partners
}

// caller is who has shown a key.
type caller struct {
	Key
	audience *content.Audience
	meter    *meter
	digests  [2][]byte // of the secrets of the key and of its token
}

// find returns whose credential it is; nil if nobody's. It takes as long for a wrong secret as for an unknown key.
func (d *directory) find(shown credential) *caller {
	var nobody [sha256.Size]byte
	found, which := d.callers[shown.id], 0
	if shown.token {
		which = 1
	}
	want := nobody[:]
	if found != nil {
		want = found.digests[which]
	}
	sum := sha256.Sum256([]byte(shown.secret))
	if subtle.ConstantTimeCompare(sum[:], want) == 0 {
		return nil
	}
	return found
}

// Load reads the partners and their keys anew.
func (p *Partners) Load(ctx context.Context) error {
	p.loading.Lock()
	defer p.loading.Unlock()
	partners, err := readPartners(ctx, p.db)
	if err != nil {
		return err
	}
	keys, err := readKeys(ctx, p.db)
	if err != nil {
		return err
	}
	read := &directory{callers: make(map[string]*caller, len(keys))}
	audiences := make(map[int64]*content.Audience, len(partners))
	for _, partner := range partners {
		audiences[partner.ID] = content.NewAudience(partner.Name, partner.Licence)
		p.meterOf(partner.ID).limit(partner.Quota)
		if partner.Slug == PublicSlug {
			read.public = audiences[partner.ID]
		}
	}
	for _, key := range keys {
		if audience := audiences[key.PartnerID]; audience != nil { // else its partner was added after they were read
			read.callers[key.ID] = &caller{Key: key, audience: audience, meter: p.meterOf(key.PartnerID),
				digests: [2][]byte{key.Hash, digest(tokenSecret(key.Hash))}}
		}
	}
	p.known.Store(read)
	return nil
}

func readPartners(ctx context.Context, db *sqlx.DB) ([]Partner, error) {
	var partners []Partner
	if err := db.SelectContext(ctx, &partners, `select `+partnerColumns+` from partners p order by p.slug`); err != nil {
		return nil, fmt.Errorf("read partners: %w", err)
	}
	return partners, nil
}

func readKeys(ctx context.Context, db *sqlx.DB) ([]Key, error) {
	var keys []Key
	err := db.SelectContext(ctx, &keys, `select `+keyColumns+`
		from partner_keys k join partners p on p.id = k.partner_id
		order by p.slug, k.created_at`)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return keys, nil
}

// concernsPartners tells whether the directory may be another after the changes.
func concernsPartners(changed []changes.Change) bool {
	for _, change := range changed {
		for _, announced := range change.Announced {
			if announced.Kind == "partners" || announced.Key == content.Everything {
				return true
			}
		}
	}
	return false
}
