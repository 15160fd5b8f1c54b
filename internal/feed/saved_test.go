package feed_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mmcdole/gofeed"

	"broadsheet/graph"
	"broadsheet/internal/content"
)

// save keeps a query as the program does.
func (n *newsroom) save(name, document, variables string) {
	n.Helper()
	list, err := graph.ArticleList(n.Context(), graph.DefaultLimits(), document, []byte(variables))
	if err == nil {
		err = n.service.SaveFeed(n.Context(), content.SavedFeed{
			Name: name, Title: "Saved", Document: document, Variables: []byte(variables), Arguments: list,
		})
	}
	if err != nil {
		n.Fatal(err)
	}
}

func (n *newsroom) titles(address string) string {
	n.Helper()
	parsed, err := gofeed.NewParser().ParseString(n.body(address))
	if err != nil {
		n.Fatalf("%s: %v", address, err)
	}
	titles := make([]string, len(parsed.Items))
	for i, item := range parsed.Items {
		titles[i] = item.Title
	}
	return strings.Join(titles, " ")
}

// A saved query is a feed in each format, paged as others are, until it is replaced or removed.
func TestSavedFeeds(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill([]string{"One", "Two", "Three", "Four"})
	n.exec(`update articles set featured = true where title <> 'Two'`)
	n.save("briefing", `query($yes: Boolean) { tag(slug: "sea.2") { articles(first: 2, filter: {featured: $yes}) { nodes { title } } } }`, `{"yes": true}`)
	for _, format := range []string{"rss", "atom", "json"} {
		if got := n.titles("/feeds/saved/briefing." + format); got != "One Three" {
			t.Errorf("%s: %s", format, got)
		}
		next := nextOf(t, format, n.body("/feeds/saved/briefing."+format))
		if got := n.titles(next); got != "Four" {
			t.Errorf("%s, its second page: %s", format, got)
		}
		if got := n.titles("/feeds/saved/briefing." + format + "?limit=1"); got != "One" {
			t.Errorf("%s, one story: %s", format, got)
		}
	}
	if body := n.body("/feeds/saved/briefing.ninjs"); !strings.Contains(body, "Three") || strings.Contains(body, "Two") {
		t.Errorf("ninjs: %s", body)
	}
	etag := n.get("/feeds/saved/briefing.rss").Header().Get("Etag")
	n.save("briefing", `{ articles(orderBy: PUBLISHED_ASC) { nodes { title } } }`, `{}`)
	if answer := n.get("/feeds/saved/briefing.rss", "If-None-Match", etag); answer.Code != http.StatusOK {
		t.Errorf("replaced, and still %d", answer.Code)
	}
	if got := n.titles("/feeds/saved/briefing.atom"); got != "Four Three Two One" {
		t.Errorf("replaced: %s", got)
	}
	if removed, err := n.service.RemoveFeed(t.Context(), "briefing"); err != nil || !removed {
		t.Errorf("%t %v", removed, err)
	}
	for _, gone := range []string{"/feeds/saved/briefing.rss", "/feeds/saved/Brief%20ing.rss"} {
		if answer := n.get(gone); answer.Code != http.StatusNotFound {
			t.Errorf("%s: %d", gone, answer.Code)
		}
	}
}
