package content

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
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

	subject   subject
	announced []Announcement // all that the stretch of the log says of the subject
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

// LastPosition is the end of the log.
func (s *Service) LastPosition(ctx context.Context) (Position, error) {
	doNotKeep(ctx)
	ends, err := s.logEnds(ctx)
	return ends.Last, err
}

type logEnds struct {
	First Position `db:"first"`
	Last  Position `db:"last"`
}

func (s *Service) logEnds(ctx context.Context) (logEnds, error) {
	rows, err := read[logEnds](ctx, s.statements, "ends of the log", `select
			coalesce((select min(position) from changes), 0) as first,
			coalesce((select max(position) from changes), 0) as last`)
	if err != nil {
		return logEnds{}, err
	}
	return rows[0], nil
}

// Changes returns what changed after a position, each subject once, at its last change in the stretch, with what is so
// now. What the audience never could see is left out. What is taken back is told at once, however late the audience reads;
// what appears to it later is told when it does (see await_appearance in migrations/0008_told_in_time.sql).
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

// logEntry is a row of the log.
type logEntry struct {
	Position Position       `db:"position"`
	At       time.Time      `db:"at"`
	Subject  string         `db:"subject"`
	Keys     pq.StringArray `db:"keys"`
}

// readLog returns a page with each subject once and what was announced of it, whoever may know. Images are part of what
// shows them.
func (s *Service) readLog(ctx context.Context, since Position, first int) (*ChangePage, error) {
	entries, err := read[logEntry](ctx, s.statements, "log of changes", `select position, at, subject, keys
		from changes
		where position > $1
		order by position
		limit $2`, since, first)
	if err != nil {
		return nil, err
	}
	showing, err := s.showing(ctx, entries)
	if err != nil {
		return nil, err
	}
	page, last := &ChangePage{Position: since, More: len(entries) == first}, make(map[subject]*Change)
	for _, entry := range entries {
		page.Position = entry.Position
		announced := announcements(entry.Keys)
		if !AudienceOf(ctx).isToldOf(announced) {
			continue
		}
		about := parseSubject(entry.Subject)
		for _, of := range append(showing[about], about) {
			c := &Change{Position: entry.Position, At: entry.At, Aliases: []string{}, subject: of, announced: announced}
			if earlier := last[of]; earlier != nil {
				c.announced = slices.Concat(earlier.announced, announced)
			}
			last[of] = c
		}
	}
	page.Changes = slices.SortedFunc(maps.Values(last), func(a, b *Change) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.subject.noun, b.subject.noun), cmp.Compare(a.subject.id, b.subject.id))
	})
	return page, nil
}

func announcements(keys []string) []Announcement {
	parsed := make([]Announcement, len(keys))
	for i, key := range keys {
		parsed[i] = ParseAnnouncement(key)
	}
	return parsed
}

// showing returns what the public sees today with the images that these entries are about, as far as the audience gets
// images at all.
func (s *Service) showing(ctx context.Context, entries []logEntry) (map[subject][]subject, error) {
	type shown struct {
		Image int64  `db:"image"`
		Noun  string `db:"noun"`
		ID    int64  `db:"id"`
	}
	var images []int64
	for _, entry := range entries {
		if about := parseSubject(entry.Subject); about.noun == "image" {
			images = append(images, about.id)
		}
	}
	if len(images) == 0 {
		return nil, nil
	}
	rows, err := read[shown](ctx, s.statements, "what shows images", `
		with articles_by_image as (
			select lead_image_id as image, id from articles where lead_image_id = any($1)
			union select seo_image_id, id from articles where seo_image_id = any($1)
			union select poster_id, article_id from videos where poster_id = any($1))
		select i.image, 'article' as noun, i.id
			from articles_by_image i join articles a on a.id = i.id
			where $2 and a.status in ('PUBLISHED', 'SCHEDULED')
		union all select avatar_id, 'author', id from authors where avatar_id = any($1)
		union all select image_id, 'tag', id from tags where image_id = any($1) and not internal`,
		pq.Array(images), AudienceOf(ctx).images())
	if err != nil {
		return nil, err
	}
	return grouped(rows, func(row *shown) (subject, subject) {
		return subject{"image", row.Image}, subject{row.Noun, row.ID}
	}), nil
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
