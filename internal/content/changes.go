package content

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"
)

// Position is a place in the log of changes, 0 the place before the first.
type Position int64

// ParsePosition reads one that an answer gave. The error is an *Error with the code BadUserInput.
func ParsePosition(text string) (Position, error) {
	position, err := strconv.ParseInt(text, 10, 64)
	if err != nil || position < 0 || strconv.FormatInt(position, 10) != text {
		return 0, badInput("%q is not the position of a change; it would be a number such as 42.", text)
	}
	return Position(position), nil
}

// MarshalGQL writes it as a text, since it exceeds GraphQL's Int.
func (p Position) MarshalGQL(w io.Writer) {
	_, _ = io.WriteString(w, `"`+strconv.FormatInt(int64(p), 10)+`"`)
}

// UnmarshalGQL implements graphql.Unmarshaler.
func (p *Position) UnmarshalGQL(v any) (err error) {
	*p, err = ParsePosition(fmt.Sprint(v))
	return err
}

// Effect is what a change means for a copy.
type Effect string

const (
	Updated   Effect = "UPDATED"   // the audience may see the subject: fetch it again
	Retracted Effect = "RETRACTED" // it was taken back after the audience could see it
	Removed   Effect = "REMOVED"   // it is not there, or not for the audience
)

// Change says that something changed, and what that means now.
type Change struct {
	Position Position  `json:"position"`
	At       time.Time `json:"at"`   // when it was committed, almost
	Type     string    `json:"type"` // Article, Author, Tag, Campaign, Site, or Everything: of a table that was emptied
	ID       *string   `json:"id"`   // global; nil for Site and Everything
	Effect   Effect    `json:"effect"`
	Slug     *string   `json:"slug"`   // nil unless Updated
	URL      *string   `json:"url"`    // nil unless Updated
	Reason   *string   `json:"reason"` // of a retraction, if the desk gave one
	Aliases  []string  `json:"aliases"`

	subject subject
	place   *int64 // of an article: the earliest time of publication under which it could be seen, in microseconds since 1970
}

// ChangePage is a stretch of the log.
type ChangePage struct {
	Changes  []*Change
	Position Position // up to which the log was read: where to go on
	More     bool     // whether there were more when it was read
}

// How many changes a page is made of, usually and at most.
const (
	UsualChanges = 100
	MostChanges  = 1000
)

// subject is what a change is about, such as article 12.
type subject struct {
	noun string
	id   int64
}

func parseSubject(text string) subject {
	noun, number, _ := strings.Cut(text, ":")
	id, _ := strconv.ParseInt(number, 10, 64) // what has no number is no noun with ids
	return subject{noun, id}
}

// LastPosition is the end of the log as the audience may read it.
func (s *Service) LastPosition(ctx context.Context) (Position, error) {
	doNotKeep(ctx)
	ends, err := s.logEnds(ctx)
	return ends.Seen, err
}

type logEnds struct {
	First Position `db:"first"`
	Last  Position `db:"last"`
	Seen  Position `db:"seen"` // the last that the audience may read
}

func (s *Service) logEnds(ctx context.Context) (logEnds, error) {
	rows, err := read[logEnds](ctx, s.statements, "ends of the log", `select
			coalesce((select min(position) from changes), 0) as first,
			coalesce((select max(position) from changes), 0) as last,
			coalesce((select position from changes where at <= $1 order by position desc limit 1), 0) as seen`, s.logHorizon(ctx))
	if err != nil {
		return logEnds{}, err
	}
	return rows[0], nil
}

// logHorizon is up to when the audience may read the log: as late as it may see stories. The public's is unbounded,
// because clocks differ.
func (s *Service) logHorizon(ctx context.Context) any {
	if AudienceOf(ctx).Delay() == 0 {
		return "infinity"
	}
	return s.now(ctx)
}

// Changes returns what changed after a position, each subject once, at its last change in the stretch, with what is so
// now. What the public never could see is left out.
func (s *Service) Changes(ctx context.Context, since Position, first int) (*ChangePage, error) {
	if first < 1 || first > MostChanges {
		return nil, badInput("first has to be from 1 to %d, not %d.", MostChanges, first)
	}
	doNotKeep(ctx)
	page, err := s.readLog(ctx, since, first)
	if err != nil {
		return nil, err
	}
	// After the log was read, since it may be cut off at any time.
	ends, err := s.logEnds(ctx)
	switch {
	case err != nil:
		return nil, err
	case since > ends.Last:
		return nil, badInput("There is no change at position %d yet; the last one is at %d.", since, ends.Last)
	case since < ends.First-1:
		return nil, &Error{Code: Forgotten, Message: fmt.Sprintf("Changes after position %d are not kept any more. "+
			"Ask without since for the current position, copy everything again, and go on from that position.", since)}
	}
	return page, s.lookUp(ctx, page)
}

// ChangesAfter is Changes for a position as an answer wrote it; none asks where to start.
func (s *Service) ChangesAfter(ctx context.Context, since *string, first *int) (*ChangePage, error) {
	if since == nil {
		position, err := s.LastPosition(ctx)
		return &ChangePage{Position: position}, err
	}
	position, err := ParsePosition(*since)
	if err != nil {
		return nil, err
	}
	most := UsualChanges
	if first != nil {
		most = *first
	}
	return s.Changes(ctx, position, most)
}

func (s *Service) readLog(ctx context.Context, since Position, first int) (*ChangePage, error) {
	type logRow struct {
		Position Position  `db:"position"`
		At       time.Time `db:"at"`
		Subject  string    `db:"subject"`
		Place    *int64    `db:"place"`
		Read     int       `db:"read"`
	}
	rows, err := read[logRow](ctx, s.statements, "log of changes", `
		with stretch as (select position, at, subject, keys from changes where position > $1 and at <= $2 order by position limit $3)
		select max(c.position) as position, max(c.at) as at, c.subject, (select count(*) from stretch) as read,
			min((select min(substring(key from '@(-?\d+)$')::bigint) from unnest(c.keys) as key
				where key ~ '^articles/kind:[A-Z]+@-?\d+$')) as place
		from stretch c
		group by c.subject
		order by 1`, since, s.logHorizon(ctx), first)
	if err != nil {
		return nil, err
	}
	page := &ChangePage{Position: since}
	for _, row := range rows {
		page.Position, page.More = row.Position, row.Read == first
		page.Changes = append(page.Changes, &Change{Position: row.Position, At: row.At, Effect: Removed,
			Aliases: []string{}, subject: parseSubject(row.Subject), place: row.Place})
	}
	return page, nil
}

// lookUp finds out what is so now of the subjects of a page, and leaves out what the audience is not told.
func (s *Service) lookUp(ctx context.Context, page *ChangePage) error {
	found := make(map[subject]*standing)
	for _, noun := range []struct {
		name string
		read func(context.Context, []int64) ([]standing, error)
	}{{"article", s.articlesNow}, {"author", s.authorsNow}, {"tag", s.tagsNow}, {"campaign", s.campaignsNow}} {
		var ids []int64
		for _, c := range page.Changes {
			if c.subject.noun == noun.name {
				ids = append(ids, c.subject.id)
			}
		}
		if len(ids) == 0 {
			continue
		}
		rows, err := noun.read(ctx, ids)
		if err != nil {
			return err
		}
		for i := range rows {
			found[subject{noun.name, rows[i].ID}] = &rows[i]
		}
	}
	told := page.Changes[:0]
	for _, c := range page.Changes {
		if s.tell(c, found[c.subject]) {
			told = append(told, c)
		}
	}
	page.Changes = told
	return nil
}

// standing is what is so now of a subject whose row is there.
type standing struct {
	ID      int64          `db:"id"`
	Slug    string         `db:"slug"`
	Visible bool           `db:"visible"`
	Hidden  bool           `db:"hidden"` // from the public
	Taken   bool           `db:"taken"`  // taken back after the audience could see it
	Reason  *string        `db:"reason"`
	Aliases pq.StringArray `db:"aliases"`
}

// tell fills a change in; false if the audience is not told of it.
func (s *Service) tell(c *Change, now *standing) bool {
	var address func(string) string
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
		c.Type = "Everything"
		return true
	default:
		return false // images are part of what shows them, old slugs of what they lead to, and the rest is nobody's business
	}
	id := globalID(c.Type, c.subject.id)
	c.ID = &id
	wasSeen := c.subject.noun != "article" || c.place != nil && *c.place <= c.At.UnixMicro()
	if now == nil {
		return wasSeen
	}
	if now.Hidden && !now.Taken && !wasSeen {
		return false // it may never have been public, or the change that took it away comes later in the log
	}
	if now.Taken {
		c.Effect, c.Reason = Retracted, now.Reason
	}
	if now.Visible {
		c.Effect, c.Slug = Updated, &now.Slug
	}
	if address == nil || !now.Visible && !now.Taken {
		return true
	}
	url := address(now.Slug)
	if now.Visible {
		c.URL = &url
	} else {
		c.Aliases = append(c.Aliases, url)
	}
	for _, slug := range now.Aliases {
		c.Aliases = append(c.Aliases, address(slug))
	}
	return true
}

func (s *Service) articlesNow(ctx context.Context, ids []int64) ([]standing, error) {
	return read[standing](ctx, s.statements, "changed articles", `select a.id, a.slug,
			`+visible(ctx)+` as visible,
			not (`+public+`) as hidden,
			a.status = 'RETRACTED' and exists (select from retractions r
				where r.article_id = a.id and r.visible_from <= r.retracted_at - $3 * interval '1 second')`+
		licensed(ctx)+` as taken,
			a.retraction_reason as reason,
			array(select o.slug from old_slugs o where o.article_id = a.id and o.slug <> a.slug order by o.at desc) as aliases
		from articles a
		where a.id = any($2)`, s.now(ctx), pq.Array(ids), AudienceOf(ctx).Delay().Seconds())
}

func (s *Service) authorsNow(ctx context.Context, ids []int64) ([]standing, error) {
	return read[standing](ctx, s.statements, "changed authors", `select t.id, t.slug, true as visible,
			array(select o.slug from old_slugs o where o.author_id = t.id and o.slug <> t.slug order by o.at desc) as aliases
		from authors t
		where t.id = any($1)`, pq.Array(ids))
}

func (s *Service) tagsNow(ctx context.Context, ids []int64) ([]standing, error) {
	return read[standing](ctx, s.statements, "changed tags", `select t.id, t.slug, not t.internal as visible,
			array(select o.slug from old_slugs o where o.tag_id = t.id and o.slug <> t.slug order by o.at desc) as aliases
		from tags t
		where t.id = any($1)`, pq.Array(ids))
}

func (s *Service) campaignsNow(ctx context.Context, ids []int64) ([]standing, error) {
	return read[standing](ctx, s.statements, "changed campaigns", `select t.id, t.slug, true as visible
		from campaigns t
		where t.id = any($1)`, pq.Array(ids))
}

// forgottenAtOnce is how many changes one statement of ForgetChanges deletes.
const forgottenAtOnce = 5000

// ForgetChanges deletes the changes before a time. The last of them stays, as the mark of how far back the log goes.
func (s *Service) ForgetChanges(ctx context.Context, before time.Time) error {
	for {
		rows, err := read[int64](ctx, s.statements, "changes to forget", `delete from changes where position in (
				select position from changes
				where at < $1 and position < (select position from changes where at < $1 order by at desc, position desc limit 1)
				order by at
				limit $2)
			returning position`, before, forgottenAtOnce)
		if err != nil {
			return fmt.Errorf("forget old changes: %w", err)
		}
		if len(rows) < forgottenAtOnce {
			return nil
		}
	}
}
