package edge

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"broadsheet/internal/changes"
	"broadsheet/internal/content"
)

// hub is a WebSub hub (https://www.w3.org/TR/websub/): told which feeds have changed, it reads them and tells those who
// have subscribed.
type hub struct {
	address string
	origin  string
	client  *http.Client
	db      *sqlx.DB
}

func (h *hub) name() string {
	u, err := url.Parse(h.address)
	if err != nil {
		return "websub"
	}
	u.User, u.RawQuery = nil, ""
	return "websub+" + u.String()
}

// A hub reads a feed once when it is told.
func (h *hub) waits() bool { return true }

// formats are those in which each feed is given, and names a hub.
var formats = []string{"rss", "atom", "json", "ninjs", "rss?profile=flipboard"}

func (h *hub) tell(ctx context.Context, changed []changes.Change, _ int64) error {
	feeds, articles := feedsOf(changed)
	listed, err := h.feedsWith(ctx, articles)
	if err != nil {
		return err
	}
	return h.publish(ctx, append(feeds, listed...))
}

// tellEverything names the newsroom's own feed alone: those who subscribe to others read them from time to time.
func (h *hub) tellEverything(ctx context.Context, _ int64) error {
	return h.publish(ctx, []string{"latest"})
}

// publish tells of each feed in each format, as section 7 of the specification has it: hubs differ in whether they take
// several addresses at once.
func (h *hub) publish(ctx context.Context, feeds []string) error {
	slices.Sort(feeds)
	for _, feed := range slices.Compact(feeds) {
		for _, format := range formats {
			topic := h.origin + "/feeds/" + feed + "." + format
			form := url.Values{"hub.mode": {"publish"}, "hub.url": {topic}, "hub.topic": {topic}}
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.address, strings.NewReader(form.Encode()))
			if err != nil {
				return err
			}
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if err := send(ctx, h.client, request); err != nil {
				return err
			}
		}
	}
	return nil
}

// feedsOf are the feeds whose list of articles has changed, and the articles that have changed otherwise.
func feedsOf(changed []changes.Change) (feeds []string, articles []int64) {
	named, ids := make(map[string]bool), make(map[int64]bool)
	for _, change := range changed {
		for _, a := range change.Announced {
			switch {
			case a.From != 0: // it is announced again then
			case a.Kind == "articles" || a.Key == content.Everything:
				named["latest"] = true
			case a.Kind == "articles/tag" && !strings.HasPrefix(a.Name, "#"):
				named["tags/"+url.PathEscape(a.Name)] = true
			case a.Kind == "articles/author" && !strings.HasPrefix(a.Name, "#"):
				named["authors/"+url.PathEscape(a.Name)] = true
			case a.Kind == "article" || strings.HasPrefix(a.Kind, "article-") && a.ID != 0:
				ids[a.ID] = true
			}
		}
	}
	return slices.Collect(maps.Keys(named)), slices.Collect(maps.Keys(ids))
}

// feedsWith are the feeds in which these articles may stand.
func (h *hub) feedsWith(ctx context.Context, articles []int64) ([]string, error) {
	if len(articles) == 0 {
		return nil, nil
	}
	var rows []struct{ Kind, Slug string }
	err := h.db.SelectContext(ctx, &rows, `
		select 'latest' as kind, '' as slug from articles where id = any($1) and status = 'PUBLISHED' and kind <> 'PAGE'
		union
		select 'tags', t.slug from article_tags l join tags t on t.id = l.tag_id where l.article_id = any($1) and l.published_at is not null and not t.internal
		union
		select 'authors', t.slug from article_authors l join authors t on t.id = l.author_id where l.article_id = any($1) and l.published_at is not null`,
		pq.Array(articles))
	if err != nil {
		return nil, fmt.Errorf("read which feeds show what has changed: %w", err)
	}
	feeds := make([]string, len(rows))
	for i, row := range rows {
		feeds[i] = row.Kind
		if row.Slug != "" {
			feeds[i] += "/" + url.PathEscape(row.Slug)
		}
	}
	return feeds, nil
}
