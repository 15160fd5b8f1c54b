package feed_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"broadsheet/internal/content"
)

// mostStatements are those of a feed of full texts: masthead, subject, list, all that hangs on the articles, and what hangs
// on that: the cards in bodies, and the posters of videos.
const mostStatements = 5

// What a feed costs does not grow with what is in it, and what the client has already costs one statement.
func TestStatementsDoNotGrow(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill(make([]string, 100))
	n.exec(`insert into related_stories (article_id, related_id, kind, position) select id, id % 100 + 1, 'INLINE', 1 from articles`)
	n.exec(`update articles set body_html = body_html || '<related-story position="1"></related-story>'`)
	n.exec(`insert into videos (article_id, url, poster_id) select id, 'https://media.example.org/v.mp4', 1 from articles on conflict do nothing`)
	for _, format := range []string{"rss?", "atom?", "json?", "ninjs?", "rss?profile=plain&", "rss?profile=msn&", "rss?profile=flipboard&"} {
		for _, limit := range []string{"1", "100"} {
			if got := n.statements("/feeds/tags/news." + format + "limit=" + limit); got > mostStatements {
				t.Errorf("%s of %s: %d statements", format, limit, got)
			}
		}
	}
	etag := n.get("/feeds/tags/news.rss").Header().Get("Etag")
	if got := n.statements("/feeds/tags/news.rss", "If-None-Match", etag); got != 1 {
		t.Errorf("not modified: %d statements", got)
	}
}

// statements asks the door and returns how many statements that took.
func (n *newsroom) statements(address string, header ...string) int64 {
	request := httptest.NewRequest(http.MethodGet, address, nil)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	ctx, receipt := content.WithReceipt(request.Context())
	answer := httptest.NewRecorder()
	n.door.ServeHTTP(answer, request.WithContext(ctx))
	n.Logf("%s: %d, %d bytes, %d statements", address, answer.Code, answer.Body.Len(), receipt.Statements())
	return receipt.Statements()
}
