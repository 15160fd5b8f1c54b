package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// loader writes the newsroom. After the first error it does nothing more; the error is kept.
type loader struct {
	ctx  context.Context
	tx   *sqlx.Tx
	now  time.Time
	base string
	err  error

	images, articles, authors, tags map[string]int64 // ids by name or slug
}

func (l *loader) exec(what, statement string, args ...any) {
	if l.err != nil {
		return
	}
	if _, err := l.tx.ExecContext(l.ctx, statement, args...); err != nil {
		l.err = fmt.Errorf("%s: %w", what, err)
	}
}

// insert returns the id of the new row.
func (l *loader) insert(what, statement string, args ...any) (id int64) {
	if l.err != nil {
		return 0
	}
	if err := l.tx.GetContext(l.ctx, &id, statement+" returning id", args...); err != nil {
		l.err = fmt.Errorf("%s: %w", what, err)
	}
	return id
}

// find looks up what a file refers to.
func (l *loader) find(what string, ids map[string]int64, slug, from string) int64 {
	id, found := ids[slug]
	if !found && l.err == nil {
		l.err = fmt.Errorf("%s refers to the %s %q, which does not exist", from, what, slug)
	}
	return id
}

func (l *loader) newsroom(n *newsroom) {
	l.exec("site", `update site set name = $1, description = $2, logo_url = $3 where name = 'Newsroom'`,
		n.Name, n.Description, l.pictureURL("logo"))
	c := n.Campaign
	l.exec("campaign", `insert into campaigns (slug, title, message, url, joined, goal, as_of)
		values ($1, $2, $3, $4, $5, $6, $7)`, c.Slug, c.Title, c.Message, c.URL, c.Joined, c.Goal, c.AsOf.before(l.now))
	for _, a := range n.Authors {
		avatar := l.image("portrait-"+a.Slug, "Portrait of "+a.Name, "", "")
		id := l.insert("author "+a.Slug, `insert into authors (slug, name, bio, avatar_id, email, website, location, source, source_id)
			values ($1, $2, $3, $4, nullif($5, ''), nullif($6, ''), nullif($7, ''), $8, $1)`,
			a.Slug, a.Name, a.Bio, avatar, a.Email, a.Website, a.Location, source)
		l.authors[a.Slug] = id
		if a.OldSlug != "" {
			l.exec("old slug "+a.OldSlug, `insert into old_slugs (slug, author_id) values ($1, $2)`, a.OldSlug, id)
		}
	}
	for _, t := range n.Tags {
		id := l.insert("tag "+t.Slug, `insert into tags (slug, name, description, kind, internal, image_id, source, source_id)
			values ($1, $2, $3, $4, $5, $6, $7, $1)`,
			t.Slug, t.Name, t.Description, t.Kind, t.Internal, l.image(t.Image, t.Alt, "", ""), source)
		l.tags[t.Slug] = id
		if t.OldSlug != "" {
			l.exec("old slug "+t.OldSlug, `insert into old_slugs (slug, tag_id) values ($1, $2)`, t.OldSlug, id)
		}
	}
}

// image returns the row of the picture, nil for no name. A picture that several show keeps the words of the first.
func (l *loader) image(name, alt, caption, credit string) *int64 {
	if name == "" || l.err != nil {
		return nil
	}
	if id, found := l.images[name]; found {
		return &id
	}
	width, height, known := pictureSize(name)
	if !known {
		l.err = fmt.Errorf("no picture can be drawn for the name %q", name)
		return nil
	}
	id := l.insert("image "+name, `insert into images (url, alt, caption, credit, width, height, source, source_id)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`, l.pictureURL(name), alt, caption, credit, width, height, source, name)
	l.images[name] = id
	return &id
}

func (l *loader) pictureURL(name string) string {
	return l.base + assetPath + "images/" + name + ".svg"
}

// stories writes the articles first, so that they can refer to each other.
func (l *loader) stories(stories []*story) {
	bodies := make([]body, len(stories))
	for i, s := range stories {
		b, err := parseBody(s.body, l.base)
		if err != nil && l.err == nil {
			l.err = fmt.Errorf("story %s: %w", s.slug, err)
		}
		bodies[i] = b
		if s.version == 0 {
			l.article(s, b)
		}
	}
	for i, s := range stories {
		if s.version > 0 {
			l.exec("revision of "+s.slug, `insert into revisions (article_id, number, at, title, excerpt, body_html)
				values ($1, $2, $3, $4, $5, $6)`, l.find("story", l.articles, s.slug, "a revision"), s.version,
				s.until.before(l.now), s.title, s.excerpt, bodies[i].html)
			continue
		}
		l.links(s, bodies[i].inline)
	}
}

func (l *loader) article(s *story, b body) {
	published := s.published.when(l.now)
	id := l.insert("story "+s.slug, `insert into articles (slug, title, excerpt, kind, access, status, published_at,
			embargoed_until, retracted_at, retraction_reason, created_at, updated_at, featured, locale, canonical_url,
			lead_image_id, body_html, seo_title, seo_description, seo_image_id, source, source_id)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, nullif($10, ''), $11, $12, $13, $14, nullif($15, ''),
			$16, $17, nullif($18, ''), nullif($19, ''), $20, $21, $1)`,
		s.slug, s.title, s.excerpt, s.kind, s.access, s.status, published,
		s.embargo.when(l.now), s.retracted.when(l.now), s.reason, l.created(s), l.updated(s), s.featured, s.locale, s.canonical,
		l.image(s.image, s.alt, s.caption, s.credit), b.html, s.seoTitle, s.seoDescription,
		l.image(s.seoImg, s.alt, "", s.credit), source)
	l.articles[s.slug] = id
}

// created is some hours before the story is published, and never in the future.
func (l *loader) created(s *story) time.Time {
	at := l.now
	if published := s.published.when(l.now); published != nil && published.Before(at) {
		at = *published
	}
	return at.Add(-5 * time.Hour)
}

// updated is when the story last changed for its readers.
func (l *loader) updated(s *story) time.Time {
	latest := l.created(s)
	for _, at := range []*time.Time{s.published.when(l.now), s.updated.when(l.now), s.retracted.when(l.now)} {
		if at != nil && at.After(latest) && at.Before(l.now) {
			latest = *at
		}
	}
	for _, c := range s.corrections {
		if at := c.at.before(l.now); at.After(latest) {
			latest = at
		}
	}
	return latest
}

func (l *loader) links(s *story, inline []string) {
	id := l.articles[s.slug]
	for i, slug := range s.authors {
		l.exec("byline of "+s.slug, `insert into article_authors (article_id, author_id, position) values ($1, $2, $3)`,
			id, l.find("author", l.authors, slug, s.slug), i)
	}
	for i, slug := range s.tags {
		l.exec("tags of "+s.slug, `insert into article_tags (article_id, tag_id, position) values ($1, $2, $3)`,
			id, l.find("tag", l.tags, slug, s.slug), i)
	}
	for i, r := range s.related {
		l.related(s, r, "EDITOR", i+1)
	}
	for i, slug := range inline {
		l.related(s, relation{slug: slug}, "INLINE", i+1)
	}
	for _, c := range s.corrections {
		l.exec("correction of "+s.slug, `insert into corrections (article_id, text, at) values ($1, $2, $3)`,
			id, c.text, c.at.before(l.now))
	}
	for _, slug := range s.oldSlugs {
		l.exec("old slug "+slug, `insert into old_slugs (slug, article_id) values ($1, $2)`, slug, id)
	}
	if s.video != "" {
		l.video(id, s)
	}
}

func (l *loader) related(s *story, r relation, kind string, position int) {
	l.exec("related story of "+s.slug, `insert into related_stories (article_id, related_id, kind, position, reason)
		values ($1, $2, $3, $4, nullif($5, ''))`,
		l.articles[s.slug], l.find("story", l.articles, r.slug, s.slug), kind, position, strings.TrimSpace(r.reason))
}

// films are small: a slow look at one picture.
const (
	filmWidth  = 640
	filmHeight = 360
)

func (l *loader) video(id int64, s *story) {
	l.exec("video of "+s.slug, `insert into videos (article_id, url, provider, duration_seconds, width, height, poster_id)
		values ($1, $2, $3, $4, $5, $6, $7)`, id, l.base+assetPath+"videos/"+s.video, "The Larksund Courier",
		s.seconds, filmWidth, filmHeight, l.image(s.image, s.alt, s.caption, s.credit))
}
