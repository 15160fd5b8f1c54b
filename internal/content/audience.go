package content

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"
)

// Licence is what a partner site was granted: its row in the table partners. The zero value grants headlines.
type Licence struct {
	TagsIn       pq.Int64Array  `db:"tags_in" json:"tagsIn"`             // articles with one of these tags; empty: with any or none
	TagsOut      pq.Int64Array  `db:"tags_out" json:"tagsOut"`           // no article with one of these tags
	Kinds        pq.StringArray `db:"kinds" json:"kinds"`                // articles of these kinds; empty: of all
	FullText     bool           `db:"full_text" json:"fullText"`         // else the first words, as plain text
	ExcerptWords int            `db:"excerpt_words" json:"excerptWords"` // how many, where it is not the full text
	DelaySeconds int            `db:"delay_seconds" json:"delaySeconds"` // how long after the public
	Images       bool           `db:"images" json:"images"`              // pictures of articles, also in their bodies
	MustLink     bool           `db:"must_link" json:"mustLink"`         // has to link to the original; what is shown has to do so
	Territories  pq.StringArray `db:"territories" json:"territories"`    // ISO 3166-1 codes, as data; empty: everywhere
	FrameOrigins pq.StringArray `db:"frame_origins" json:"frameOrigins"` // see AllowsOrigin
}

// MostDelay bounds DelaySeconds: what appeared is remembered for so long.
const MostDelay = 7 * 24 * time.Hour

// Audience is who reads, and by which licence. None (nil) is the public.
type Audience struct {
	Name string // for logs; no part of an answer: audiences with equal licences share answers
	Licence

	condition string // what the licence adds to the rule for the public
	retracted string // the same for retractions
	tagKeys   []Key
	cacheKey  string
}

// NewAudience returns the audience of those who read by a licence.
func NewAudience(name string, licence Licence) *Audience {
	terms, err := json.Marshal(licence)
	if err != nil {
		panic(err) // numbers, texts, and lists of them
	}
	sum := sha256.Sum256(terms)
	audience := &Audience{Name: name, Licence: licence, cacheKey: hex.EncodeToString(sum[:16])}
	audience.condition, audience.retracted = licence.condition(carried), licence.condition(recorded)
	for _, id := range texts(slices.Concat(licence.TagsIn, licence.TagsOut)) {
		audience.tagKeys = append(audience.tagKeys, Key{Kind: "articles/tag", Name: "#" + id})
	}
	return audience
}

type audienceKey struct{}

// WithAudience returns a context under which all reading is for the audience.
func WithAudience(ctx context.Context, audience *Audience) context.Context {
	return context.WithValue(ctx, audienceKey{}, audience)
}

// AudienceOf returns who reads; nil is the public.
func AudienceOf(ctx context.Context) *Audience {
	audience, _ := ctx.Value(audienceKey{}).(*Audience)
	return audience
}

// CacheKey is the same for audiences that get the same answers, and empty for the public alone.
func (a *Audience) CacheKey() string {
	if a == nil {
		return ""
	}
	return a.cacheKey
}

// Delay is how long after the public the audience may read.
func (a *Audience) Delay() time.Duration {
	if a == nil {
		return 0
	}
	return time.Duration(a.DelaySeconds) * time.Second
}

// NoOrigin can be nobody's (RFC 6761, section 6.4): a licence that names it alone lets no page embed.
const NoOrigin = "https://none.invalid"

// Anywhere tells whether pages of every origin may embed what the audience reads: the licence names none. What embeds show
// is meant to get around, and a token in a page can be read by everybody in any case; who wants it on some pages alone says
// so.
func (a *Audience) Anywhere() bool { return a == nil || len(a.FrameOrigins) == 0 }

// AllowsOrigin tells whether pages of an origin, such as https://partner.example, may embed what the audience reads, in a
// frame or by a script that reads it across origins.
func (a *Audience) AllowsOrigin(origin string) bool {
	return a.Anywhere() || slices.ContainsFunc(a.FrameOrigins, func(allowed string) bool {
		scheme, host, wild := strings.Cut(allowed, "*.")
		return origin == allowed || wild && strings.HasPrefix(origin, scheme) && strings.HasSuffix(origin, "."+host)
	})
}

// SharedWith is what an answer to a page of an origin says in Access-Control-Allow-Origin: * if pages of every origin may
// read it, the origin if the licence names it, nothing if not. Where it is not *, other answers are for other origins.
func (a *Audience) SharedWith(origin string) string {
	switch {
	case a.Anywhere():
		return "*"
	case a.AllowsOrigin(origin):
		return origin
	default:
		return ""
	}
}

// fullText tells whether bodies are given as far as the public may read them.
func (a *Audience) fullText() bool { return a == nil || a.FullText }

func (a *Audience) images() bool { return a == nil || a.Images }

// What carries one of some tags: an article today, and one that was taken back when that was done.
const (
	carried  = "exists (select from article_tags g where g.article_id = a.id and g.tag_id in (%))"
	recorded = "a.tags && array[%]::bigint[]"
)

// condition is written out, so that each licence has statements that Postgres plans for it.
func (l *Licence) condition(tagged string) string {
	var text strings.Builder
	if len(l.Kinds) > 0 {
		kinds := make([]string, len(l.Kinds))
		for i, kind := range l.Kinds {
			kinds[i] = pq.QuoteLiteral(kind)
		}
		text.WriteString(" and a.kind in (" + strings.Join(kinds, ", ") + ")")
	}
	for _, rule := range []struct {
		verb string
		tags []int64
	}{{"", l.TagsIn}, {"not ", l.TagsOut}} {
		if len(rule.tags) > 0 {
			text.WriteString(" and " + rule.verb + strings.Replace(tagged, "%", strings.Join(texts(rule.tags), ", "), 1))
		}
	}
	return text.String()
}

func texts(ids []int64) []string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return texts
}

// visible is the one rule of what the audience may see, for the articles of a statement that calls them a and has
// now(ctx) as its first argument. What a licence says of tags makes every answer depend on who carries them.
func visible(ctx context.Context) string {
	dependOnLicence(ctx)
	return AudienceOf(ctx).rule()
}

// rule is visible for who records by themselves what they depend on.
func (a *Audience) rule() string {
	if a == nil {
		return public
	}
	return public + a.condition
}

// licensed is what the licence adds for retractions, which a statement calls a. It asks for the tags of a story when it was
// taken back: nobody announces what becomes of them later.
func licensed(ctx context.Context) string {
	if audience := AudienceOf(ctx); audience != nil {
		return audience.retracted
	}
	return ""
}

// dependOnLicence records that any article may come or go with its tags.
func dependOnLicence(ctx context.Context) {
	for _, key := range AudienceOf(ctx).keys() {
		depend(ctx, wholly(key))
	}
}

// dependOnTagsOf records that these articles may come or go with their tags.
func dependOnTagsOf[ID ~int64](ctx context.Context, ids ...ID) {
	if len(AudienceOf(ctx).keys()) > 0 {
		dependOnIDs(ctx, "article-tags", ids)
	}
}

// keys name the lists of the articles that carry the tags of the licence.
func (a *Audience) keys() []Key {
	if a == nil {
		return nil
	}
	return a.tagKeys
}

// public is the rule for the public.
const public = `a.status in ('PUBLISHED', 'SCHEDULED') and a.published_at <= $1
	and (a.embargoed_until is null or a.embargoed_until <= $1)`

// now is the time as of which the audience reads: what appears reaches it by its delay later. What is taken back is gone
// at once.
func (s *Service) now(ctx context.Context) time.Time {
	now := s.clock()
	if audience := AudienceOf(ctx); audience != nil {
		now = now.Add(-audience.Delay())
	}
	return now
}
