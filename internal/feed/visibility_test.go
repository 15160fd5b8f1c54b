package feed_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
)

// No word of a story that may not be seen is in any feed, list or sitemap, on any page; and those that may be seen are.
func TestNoFeedTellsOfWhatIsHidden(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill([]string{"First", "Second"})
	n.save("everything", `{ articles { nodes { id } } }`, `{}`)
	n.save("changed", `{ tag(slug: "news") { articles(orderBy: UPDATED_DESC) { nodes { id } } } }`, `{}`)
	hidden, shown := n.randomStories(rand.New(rand.NewPCG(3, 7)), 60)
	for _, address := range n.everyAddress() {
		body := n.body(address)
		for _, word := range hidden {
			if strings.Contains(body, word) {
				t.Errorf("%s tells %s", address, word)
			}
		}
	}
	all := n.body("/feeds/latest.json?limit=100")
	for _, word := range shown {
		within(t, "latest", all, word)
	}
}

// randomStories writes stories of every status, and returns words that nobody may read and words that everybody may.
func (n *newsroom) randomStories(random *rand.Rand, count int) (hidden, shown []string) {
	for i := range count {
		word, paid := fmt.Sprintf("Zword%dz", i), fmt.Sprintf("Zpaid%dz", i)
		state := []string{
			`'PUBLISHED', now() - interval '2 hours', null`, `'SCHEDULED', now() - interval '1 hour', null`,
			`'DRAFT', null, null`, `'DRAFT', now() - interval '3 hours', null`, `'SCHEDULED', now() + interval '1 day', null`,
			`'PUBLISHED', now() - interval '1 hour', now() + interval '1 day'`, `'RETRACTED', now() - interval '1 hour', null`,
		}
		chosen := random.IntN(len(state))
		id := 1000 + i
		n.exec(`insert into articles (id, slug, title, excerpt, body_html, access, status, published_at, embargoed_until, retraction_reason) overriding system value
			values ($1::int, $2::text, $2, $2, '<p>' || $2 || '</p><!--members-only--><p>' || $3::text || '</p>', $4, `+state[chosen]+`, null)`,
			id, word, paid, []string{"PUBLIC", "PAID"}[i%2])
		n.exec(`insert into article_tags (article_id, tag_id, position) values ($1, 1, 0), ($1, 3, 1)`, id)
		n.exec(`insert into article_authors (article_id, author_id) values ($1, 1)`, id)
		n.exec(`insert into corrections (article_id, text) values ($1, $2)`, id, "Corrected "+word)
		n.exec(`insert into related_stories (article_id, related_id, kind, position) values (1, $1, 'INLINE', $2)`, id, i+1)
		n.exec(`update articles set body_html = body_html || '<related-story position="' || $1::int || '"></related-story>' where id = 1`, i+1)
		switch {
		case chosen < 2:
			shown = append(shown, word)
		case chosen < 6: // the slug of a story that was taken back stands in its tombstone
			hidden = append(hidden, word)
		}
		if i%2 == 1 || chosen >= 2 {
			hidden = append(hidden, paid)
		}
	}
	return append(hidden, "Desk only"), shown
}

// everyAddress is every page of every feed, and the rest of the door.
func (n *newsroom) everyAddress() []string {
	n.Helper()
	addresses := []string{"/retractions", "/sitemap.xml", "/sitemaps/articles-1.xml", "/sitemaps/tags-1.xml", "/sitemaps/authors-1.xml", "/news-sitemap.xml"}
	for _, format := range []string{"rss?", "atom?", "json?", "ninjs?", "rss?profile=plain&", "rss?profile=msn&", "rss?profile=flipboard&"} {
		for _, feed := range []string{"latest", "tags/news", "authors/mara", "saved/everything", "saved/changed"} {
			next := "/feeds/" + feed + "." + format + "limit=7"
			for next != "" {
				addresses = append(addresses, next)
				next = n.nextPage(next)
			}
		}
	}
	return addresses
}

// nextPage reads the header, which every format has.
func (n *newsroom) nextPage(address string) string {
	n.Helper()
	answer := n.get(address)
	if answer.Code != http.StatusOK {
		n.Fatalf("%s: %d", address, answer.Code)
	}
	for _, link := range answer.Header().Values("Link") {
		if to, isNext := strings.CutSuffix(link, `>; rel="next"`); isNext {
			return strings.TrimPrefix(to, "<"+origin)
		}
	}
	return ""
}
