package feed_test

import (
	"encoding/json"
	"html"
	"strings"
	"testing"

	"github.com/mmcdole/gofeed"
)

// Another parser reads in each format what was published.
func TestOtherParsersReadWhatWasPublished(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill(hostile)
	for _, format := range []string{"rss", "atom", "json"} {
		parsed, err := gofeed.NewParser().ParseString(n.body("/feeds/latest." + format))
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if parsed.FeedType != format || parsed.Title != "Harbour & <Courier>" || parsed.Link != site+"/" || parsed.FeedLink != origin+"/feeds/latest."+format {
			t.Errorf("%s: %s %q %q %q", format, parsed.FeedType, parsed.Title, parsed.Link, parsed.FeedLink)
		}
		if parsed.Description != `News "from" the coast ]]>` || parsed.Language != "en" {
			t.Errorf("%s: %q %q", format, parsed.Description, parsed.Language)
		}
		if len(parsed.Items) != len(hostile) {
			t.Fatalf("%s: %d items", format, len(parsed.Items))
		}
		for i, item := range parsed.Items {
			n.checkItem(format, i, item)
		}
	}
}

func (n *newsroom) checkItem(format string, i int, item *gofeed.Item) {
	n.Helper()
	title, summary := hostile[i], hostile[i]
	if format != "json" { // gofeed trims what it reads from XML
		title, summary = strings.TrimSpace(title), strings.TrimSpace(summary)
	}
	if format == "rss" {
		item.Description = html.UnescapeString(item.Description)
	}
	if item.Title != title || item.Description != summary {
		n.Errorf("%s: title %q, summary %q, want %q", format, item.Title, item.Description, title)
	}
	slug := "story-" + string(rune('1'+i))
	if item.Link != site+"/"+slug+"/" || !strings.HasPrefix(item.GUID, "tag:news.example.org,2026:") {
		n.Errorf("%s: link %s, id %s", format, item.Link, item.GUID)
	}
	var published, updated string
	if err := n.db.QueryRow(`select to_char(published_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'),
		to_char(greatest(updated_at, (select max(at) from corrections where article_id = a.id)) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
		from articles a where slug = $1`, slug).Scan(&published, &updated); err != nil {
		n.Fatal(err)
	}
	if got := item.PublishedParsed.UTC().Format("2006-01-02T15:04:05"); got != published {
		n.Errorf("%s: published %s, want %s", format, got, published)
	}
	if format == "rss" {
		item.Updated = item.Extensions["dcterms"]["modified"][0].Value
	}
	if item.Updated != updated+"Z" {
		n.Errorf("%s: updated %s, want %s", format, item.Updated, updated)
	}
	n.checkLinks(format, i, item)
}

func (n *newsroom) checkLinks(format string, i int, item *gofeed.Item) {
	n.Helper()
	var authors []string
	for _, author := range item.Authors {
		authors = append(authors, author.Name)
	}
	if format == "rss" {
		authors = item.DublinCoreExt.Creator
	}
	if strings.Join(authors, ", ") != "Mara & Co, Elof <Brandt>" {
		n.Errorf("%s: authors %q", format, authors)
	}
	want := "News & Views, Sea"
	if strings.Join(item.Categories, ", ") != want {
		n.Errorf("%s: categories %q", format, item.Categories)
	}
	within(n, format, item.Content, `<a href="https://news.example.org/other/">a link</a> ]]`)
	within(n, format, item.Content, `srcset="https://news.example.org/a.png 1x, `+item.Link+`b.png 2x"`)
	if has := strings.Contains(item.Content, "It was Tuesday &amp; not &lt;Monday&gt;"); has != (i == 0) {
		n.Errorf("%s: item %d has the correction: %t", format, i, has)
	}
	if (len(item.Enclosures) == 1) != (i == 1) {
		n.Errorf("%s: item %d has %d enclosures", format, i, len(item.Enclosures))
	} else if i == 1 && (item.Enclosures[0].URL != "https://media.example.org/v.mp4" || item.Enclosures[0].Type != "video/mp4") {
		n.Errorf("%s: enclosure %+v", format, item.Enclosures[0])
	}
	if format == "json" && i == 1 && item.Image.URL != "https://media.example.org/a.jpg?x=1&y=2" {
		n.Errorf("image %+v", item.Image)
	}
}

// Pictures are told with what is to be said of them.
func TestRSSHasMedia(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill([]string{"One", "Two"})
	parsed, err := gofeed.NewParser().ParseString(n.body("/feeds/latest.rss"))
	if err != nil {
		t.Fatal(err)
	}
	picture := parsed.Items[0].Extensions["media"]["content"][0]
	if picture.Attrs["url"] != "https://media.example.org/small" || picture.Attrs["type"] != "" || picture.Attrs["width"] != "200" {
		t.Errorf("%v", picture.Attrs)
	}
	film := parsed.Items[1].Extensions["media"]["content"][0]
	if film.Attrs["medium"] != "video" || film.Attrs["duration"] != "61" || film.Children["thumbnail"][0].Attrs["width"] != "1200" {
		t.Errorf("%v", film)
	}
	picture = parsed.Items[1].Extensions["media"]["content"][1]
	if picture.Attrs["type"] != "image/jpeg" || picture.Attrs["height"] != "800" || picture.Children["title"][0].Value != "A <crane>" ||
		picture.Children["credit"][0].Value != `Ann "Photo" Doe` || picture.Children["credit"][0].Attrs["role"] != "photographer" {
		t.Errorf("%v", picture)
	}
}

func TestJSONFeedSaysWhatTheFormatHasNoWordFor(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill([]string{"One", "Two"})
	n.exec(`update articles set access = 'PAID' where id = 2`)
	var read struct {
		Hubs  []struct{ Type, URL string }
		Items []struct {
			Content   string `json:"content_html"`
			Extension struct {
				Status, Kind, Access string
				Complete             bool
				Corrections          []struct{ Text, At string }
			} `json:"_broadsheet"`
		}
	}
	if err := json.Unmarshal([]byte(n.body("/feeds/latest.json")), &read); err != nil {
		t.Fatal(err)
	}
	if len(read.Hubs) != 1 || read.Hubs[0].URL != hub {
		t.Errorf("hubs %v", read.Hubs)
	}
	first, second := read.Items[0].Extension, read.Items[1]
	if first.Status != "usable" || !first.Complete || len(first.Corrections) != 1 || first.Corrections[0].Text != "It was Tuesday & not <Monday>" {
		t.Errorf("%+v", first)
	}
	if second.Extension.Access != "PAID" || second.Extension.Complete || second.Content != "" {
		t.Errorf("%+v", second)
	}
}

// Each page leads to the next, and the pages together hold each story once.
func TestPagesLeadToEachOther(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill(make([]string, 7))
	for _, format := range []string{"rss", "atom", "json"} {
		seen, pages := map[string]bool{}, 0
		for next := "/feeds/tags/sea.2." + format + "?limit=3"; next != ""; pages++ {
			body := n.body(next)
			parsed, err := gofeed.NewParser().ParseString(body)
			if err != nil {
				t.Fatal(err)
			}
			if want := origin + next; parsed.FeedLink != want {
				t.Errorf("%s calls itself %s, not %s", format, parsed.FeedLink, want)
			}
			for _, item := range parsed.Items {
				seen[item.GUID] = true
			}
			next = nextOf(t, format, body)
		}
		if pages != 3 || len(seen) != 7 {
			t.Errorf("%s: %d pages with %d stories", format, pages, len(seen))
		}
	}
}

func nextOf(t *testing.T, format, body string) string {
	t.Helper()
	if format == "json" {
		var read struct {
			Next string `json:"next_url"`
		}
		if err := json.Unmarshal([]byte(body), &read); err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(read.Next, origin)
	}
	_, after, found := strings.Cut(body, `rel="next"`)
	if !found {
		return ""
	}
	_, after, _ = strings.Cut(after, `href="`)
	address, _, _ := strings.Cut(after, `"`)
	return strings.TrimPrefix(html.UnescapeString(address), origin)
}
