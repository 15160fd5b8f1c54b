package feed_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What was taken back leaves the same id in every format, and no word of the story.
func TestRetractedStoryLeavesATombstone(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill([]string{"First title", "Second title", "Third title"})
	n.exec(`delete from article_tags where article_id = 2 and tag_id = 2`)
	const id = "tag:news.example.org,2026:QXJ0aWNsZToy"
	stones := map[string]string{
		"rss":   `<guid isPermaLink="false">` + id + "</guid>",
		"atom":  `<at:deleted-entry ref="` + id + `" when="`,
		"json":  `"id":"` + id + `","url":"https://news.example.org/story-2/","title":"Retracted","content_text":""`,
		"ninjs": `"uri":"` + id + `","type":"text","pubStatus":"canceled"`,
	}
	n.exec(`update articles set status = 'RETRACTED', retraction_reason = 'Not <so> & never was' where id = 2`)
	for format, stone := range stones {
		for _, feed := range []string{"latest", "tags/news", "authors/mara"} {
			body := n.body("/feeds/" + feed + "." + format)
			within(t, feed, body, stone)
			for _, word := range []string{"Second title", "Body 2"} {
				if strings.Contains(body, word) {
					t.Errorf("%s.%s tells of the story: %s", feed, format, word)
				}
			}
		}
		for _, address := range []string{"tags/sea.2." + format, "latest." + format + "?limit=1&after=" + cursorOf(n)} { // it never stood there
			if body := n.body("/feeds/" + address); strings.Contains(body, id) {
				t.Errorf("%s tells of a story that was not in it", address)
			}
		}
	}
	within(t, "rss", n.body("/feeds/latest.rss"), "; scheme=W3C-DTF</dcterms:valid>")
	within(t, "atom", n.body("/feeds/latest.atom"), `<at:comment type="text">Not &#x3C;so&#x3E; &#x26; never was</at:comment>`)

	n.exec(`update articles set status = 'PUBLISHED' where id = 2`)
	for format := range stones {
		body := n.body("/feeds/latest." + format)
		if strings.Contains(body, "Not <so>") || strings.Contains(body, "deleted-entry") || !strings.Contains(body, "Second title") {
			t.Errorf("%s: the story is not back", format)
		}
	}
}

func cursorOf(n *newsroom) string {
	var read struct {
		Next string `json:"next_url"`
	}
	if err := json.Unmarshal([]byte(n.body("/feeds/latest.json?limit=1")), &read); err != nil {
		n.Fatal(err)
	}
	_, after, _ := strings.Cut(read.Next, "after=")
	after, _, _ = strings.Cut(after, "&")
	return after
}

// After 30 days a feed says no more of it; nor ever of what nobody could see.
func TestTombstonesThatAreNotThere(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill([]string{"One", "Two", "Three", "Four", "Five"})
	n.exec(`update articles set status = 'RETRACTED', published_at = now() - interval '50 days', retracted_at = now() - interval '31 days' where id = 1`)
	n.exec(`update articles set status = 'DRAFT', published_at = null where id = 2`)
	n.exec(`update articles set status = 'RETRACTED' where id = 2`)
	n.exec(`update articles set status = 'SCHEDULED', published_at = now() + interval '1 hour' where id = 3`)
	n.exec(`update articles set status = 'RETRACTED' where id = 3`)
	n.exec(`update articles set embargoed_until = now() + interval '1 hour' where id = 4`)
	n.exec(`update articles set status = 'RETRACTED' where id = 4`)
	if body := n.body("/feeds/latest.json"); strings.Count(body, `"id"`) != 1 {
		t.Errorf("%s", body)
	}
	if got := n.retractions("/retractions"); len(got.Retractions) != 1 || got.Retractions[0].Slug != "story-1" {
		t.Errorf("%+v", got)
	}
}

type retractionPage struct {
	Retractions []struct {
		Position    int64
		ID, Slug    string
		URLs        []string
		RetractedAt time.Time
		Reason      string
	}
	Next string
	More bool
}

func (n *newsroom) retractions(address string) (page retractionPage) {
	n.Helper()
	if err := json.Unmarshal([]byte(n.body(address)), &page); err != nil {
		n.Fatal(err)
	}
	return page
}

// Who follows the list hears of every retraction, in the order in which they were made, and of old addresses, too.
func TestRetractionsInOrder(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill(make([]string, 5))
	n.exec(`update articles set slug = 'renamed' where id = 4`)
	for _, id := range []int{4, 1, 5} {
		n.exec(`update articles set status = 'RETRACTED', retraction_reason = $2 where id = $1`, id, fmt.Sprintf("reason %d", id))
	}
	var told []string
	page := n.retractions("/retractions?limit=2")
	if !page.More || len(page.Retractions) != 2 {
		t.Fatalf("%+v", page)
	}
	if urls := page.Retractions[0].URLs; len(urls) != 2 || urls[0] != site+"/renamed/" || urls[1] != site+"/story-4/" {
		t.Errorf("%v", urls)
	}
	for len(page.Retractions) > 0 {
		for _, r := range page.Retractions {
			told = append(told, r.Reason)
		}
		page = n.retractions(strings.TrimPrefix(page.Next, origin))
	}
	if strings.Join(told, ", ") != "reason 4, reason 1, reason 5" || page.More {
		t.Errorf("%v", told)
	}
	n.exec(`update articles set status = 'RETRACTED' where id = 2`)
	n.exec(`delete from articles where id = 1`)
	if page := n.retractions(strings.TrimPrefix(page.Next, origin)); len(page.Retractions) != 1 || page.Retractions[0].Slug != "story-2" {
		t.Errorf("%+v", page)
	}
	if page := n.retractions("/retractions?since=" + time.Now().Add(time.Hour).UTC().Format(time.RFC3339)); len(page.Retractions) != 0 {
		t.Errorf("%+v", page)
	}
	if page := n.retractions("/retractions?since=2026-01-01T00:00:00Z"); len(page.Retractions) != 4 { // the deleted one, too
		t.Errorf("%+v", page)
	}
	for _, address := range []string{"/retractions?since=yesterday", "/retractions?since=-1", "/retractions?limit=x"} {
		if answer := n.get(address); answer.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", address, answer.Code)
		}
	}
}
