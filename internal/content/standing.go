package content

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/lib/pq"
)

// standing is what is so now of a subject of the log.
type standing struct {
	ID       int64          `db:"id"`
	Slug     string         `db:"slug"`
	Visible  bool           `db:"visible"`
	Taken    bool           `db:"taken"` // taken back after the audience could see it
	Reason   *string        `db:"reason"`
	Aliases  pq.StringArray `db:"aliases"`
	Appeared bool           `db:"appeared"` // of an article: visible, but for the licence
	Kind     string         `db:"kind"`
	Tags     pq.Int64Array  `db:"tags"`
}

// lookUp finds out what is so now of the subjects of a page, and leaves out what the audience is not told.
func (s *Service) lookUp(ctx context.Context, page *ChangePage) error {
	ids := make(map[string][]int64)
	now := s.now(ctx)
	for _, c := range page.Changes {
		ids[c.subject.noun] = append(ids[c.subject.noun], c.subject.id)
		// What is due is announced by the database's clock, and ours may be behind it.
		if at := c.At.Add(-AudienceOf(ctx).Delay()); at.After(now) {
			now = at
		}
	}
	found := make(map[subject]*standing)
	for noun, read := range map[string]func(context.Context, []int64, time.Time) ([]standing, error){
		"article": s.articlesNow, "author": s.authorsNow, "tag": s.tagsNow, "campaign": s.campaignsNow,
	} {
		if len(ids[noun]) == 0 {
			continue
		}
		rows, err := read(ctx, ids[noun], now)
		if err != nil {
			return err
		}
		for i := range rows {
			found[subject{noun, rows[i].ID}] = &rows[i]
		}
	}
	page.Changes = slices.DeleteFunc(page.Changes, func(c *Change) bool {
		now := found[c.subject]
		if now == nil {
			now = new(standing)
		}
		return !s.tell(AudienceOf(ctx), c, now)
	})
	return nil
}

// tell fills a change in; false if the audience is not told of it.
func (s *Service) tell(audience *Audience, c *Change, now *standing) bool {
	var address func(slug string) string
	switch c.subject.noun {
	case "article":
		c.Type, address = "Article", s.addresses.article
	case "author":
		c.Type, address = "Author", s.addresses.author
	case "tag":
		c.Type, address = "Tag", s.addresses.tag
	case "campaign":
		c.Type = "Campaign"
	case "site":
		url := s.addresses.site()
		c.Type, c.Effect, c.URL = "Site", Updated, &url
		return true
	case "everything":
		c.Type, c.Effect = "Everything", Removed
		return true
	default:
		return false // images are part of what shows them, old slugs of what they lead to, and the rest is nobody's business
	}
	id, known := globalID(c.Type, c.subject.id), true
	c.ID = &id
	var former []string
	switch {
	case now.Visible:
		c.Effect, c.Slug, former = Updated, &now.Slug, now.Aliases
		if address != nil {
			url := address(now.Slug)
			c.URL = &url
		}
	case now.Taken:
		c.Effect, c.Reason, former = Retracted, now.Reason, append([]string{now.Slug}, now.Aliases...)
	case c.subject.noun == "article":
		c.Effect, known = Removed, audience.mayHaveSeen(c, now)
	default:
		c.Effect, former = Removed, c.slugs()
		known = address == nil || len(former) > 0 // what goes is announced at its address, if it had a public one
	}
	for _, slug := range former {
		c.Aliases = append(c.Aliases, address(slug))
	}
	return known
}

// slugs are those at which the subject was announced.
func (c *Change) slugs() (slugs []string) {
	for _, a := range c.announced {
		if a.Kind == c.subject.noun+"-slug" && !slices.Contains(slugs, a.Name) {
			slugs = append(slugs, a.Name)
		}
	}
	slices.Sort(slugs)
	return slugs
}

// lateKind announces what appears to those who read so many seconds late, and changes nothing for anybody else.
const lateKind = "late"

// Late tells whether a change is one for those alone who read late.
func (a Announcement) Late() bool { return a.Kind == lateKind }

// isToldOf tells whether something of what is announced concerns those who read as late as the audience.
func (a *Audience) isToldOf(announced []Announcement) bool {
	return slices.ContainsFunc(announced, func(an Announcement) bool {
		return !an.Late() || an.ID == int64(a.Delay()/time.Second)
	})
}

// mayHaveSeen tells whether a story that the audience cannot see now may have been visible to it before: each condition
// for that is met now, or was announced to change.
func (a *Audience) mayHaveSeen(c *Change, now *standing) bool {
	appeared, changed := now.Appeared, make(map[Key]bool)
	for _, an := range c.announced {
		if an.From != 0 {
			continue // it is announced again then
		}
		changed[an.Key] = true
		if an.Kind == "articles/appeared" && an.Placed && an.Place <= c.At.Add(-a.Delay()).UnixMicro() {
			appeared = true
		}
	}
	if a == nil || !appeared {
		return appeared
	}
	carries := func(tag int64) bool { return slices.Contains(now.Tags, tag) }
	listed := func(tag int64) bool { return changed[keyOfTag("articles/tag", tag)] } // it was in the tag's list or came there
	linked := func(tag int64) bool { return changed[keyOfTag("article/tag", tag)] }
	excluded := func(tag int64) bool { return (carries(tag) || listed(tag)) && !linked(tag) }
	ofKind := func(kind string) bool { return kind == now.Kind || changed[Key{Kind: "articles/kind", Name: kind}] }
	return (len(a.Kinds) == 0 || slices.ContainsFunc(a.Kinds, ofKind)) &&
		(len(a.TagsIn) == 0 || slices.ContainsFunc(a.TagsIn, carries) || slices.ContainsFunc(a.TagsIn, listed)) &&
		!slices.ContainsFunc(a.TagsOut, excluded)
}

func keyOfTag(kind string, id int64) Key {
	return Key{Kind: kind, Name: "#" + strconv.FormatInt(id, 10)}
}

// articlesNow knows also of those that were deleted after they were taken back.
func (s *Service) articlesNow(ctx context.Context, ids []int64, now time.Time) ([]standing, error) {
	return read[standing](ctx, s.statements, "changed articles", `select asked.id, coalesce(a.slug, r.slug) as slug, coalesce(a.kind, '') as kind,
			coalesce(`+visible(ctx)+`, false) as visible, coalesce(`+public+`, false) as appeared,
			r.slug is not null as taken, r.reason,
			array(select l.tag_id from article_tags l where l.article_id = a.id) as tags,
			array(select o.slug from old_slugs o where o.article_id = a.id and o.slug <> a.slug order by o.at desc) as aliases
		from unnest($2::bigint[]) as asked (id)
			left join articles a on a.id = asked.id
			left join lateral (select a.slug, a.reason from retractions a
				where a.article_id = asked.id and a.visible_from <= a.retracted_at - $3 * interval '1 second'`+licensed(ctx)+`) r on true
		where a.id is not null or r.slug is not null`, now, pq.Array(ids), AudienceOf(ctx).Delay().Seconds())
}

func (s *Service) authorsNow(ctx context.Context, ids []int64, _ time.Time) ([]standing, error) {
	return read[standing](ctx, s.statements, "changed authors", `select t.id, t.slug, true as visible,
			array(select o.slug from old_slugs o where o.author_id = t.id and o.slug <> t.slug order by o.at desc) as aliases
		from authors t
		where t.id = any($1)`, pq.Array(ids))
}

func (s *Service) tagsNow(ctx context.Context, ids []int64, _ time.Time) ([]standing, error) {
	return read[standing](ctx, s.statements, "changed tags", `select t.id, t.slug, not t.internal as visible,
			array(select o.slug from old_slugs o where o.tag_id = t.id and o.slug <> t.slug order by o.at desc) as aliases
		from tags t
		where t.id = any($1)`, pq.Array(ids))
}

func (s *Service) campaignsNow(ctx context.Context, ids []int64, _ time.Time) ([]standing, error) {
	return read[standing](ctx, s.statements, "changed campaigns", `select t.id, t.slug, true as visible
		from campaigns t
		where t.id = any($1)`, pq.Array(ids))
}
