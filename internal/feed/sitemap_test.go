package feed_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

type sitemap struct {
	Files []struct {
		Loc     string    `xml:"loc"`
		Lastmod time.Time `xml:"lastmod"`
	} `xml:"sitemap"`
	URLs []struct {
		Loc     string    `xml:"loc"`
		Lastmod time.Time `xml:"lastmod"`
		Image   string    `xml:"image>loc"`
		Video   struct {
			Thumbnail string `xml:"thumbnail_loc"`
			Title     string `xml:"title"`
		} `xml:"video"`
		News struct {
			Name     string `xml:"publication>name"`
			Language string `xml:"publication>language"`
			Title    string `xml:"title"`
		} `xml:"news"`
	} `xml:"url"`
}

func (n *newsroom) sitemap(t *testing.T, address string) (read sitemap) {
	t.Helper()
	body := n.body(address)
	mustLint(t, "--schema", "sitemap.xsd", body)
	if err := xml.Unmarshal([]byte(body), &read); err != nil {
		t.Fatal(err)
	}
	return read
}

func TestSitemapListsAllThatMayBeSeen(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill(hostile)
	n.exec(`insert into articles (id, slug, title, kind, status, published_at) overriding system value values
		(20001, 'far', 'Far', 'STORY', 'PUBLISHED', now() - interval '9 days'), (20002, 'draft', 'Draft', 'STORY', 'DRAFT', null),
		(20003, 'about', 'About', 'PAGE', 'PUBLISHED', now() - interval '9 days'), (20004, 'later', 'Later', 'STORY', 'SCHEDULED', now() + interval '1 hour')`)
	n.exec(`insert into articles (id, slug, title, status, published_at, canonical_url) overriding system value values (20005, 'taken', 'Taken', 'PUBLISHED', now(), 'https://other.example/')`)
	n.exec(`update articles set updated_at = now() - interval '3 days' where id = 20001`)

	index := n.sitemap(t, "/sitemap.xml")
	var listed, names []string
	for _, f := range index.Files {
		path, _ := strings.CutPrefix(f.Loc, origin)
		names = append(names, path)
		var newest time.Time
		for _, u := range n.sitemap(t, path).URLs {
			listed = append(listed, strings.TrimPrefix(u.Loc, site))
			if u.Lastmod.After(newest) {
				newest = u.Lastmod
			}
		}
		if newest.After(f.Lastmod) {
			t.Errorf("%s: changed %s, not %s", path, newest, f.Lastmod)
		}
	}
	if got := strings.Join(names, " "); got != "/sitemaps/articles-1.xml /sitemaps/articles-3.xml /sitemaps/authors-1.xml /sitemaps/pages-3.xml /sitemaps/tags-1.xml" {
		t.Error(got)
	}
	want := ""
	for i := range hostile {
		want += fmt.Sprintf("/story-%d/ ", i+1)
	}
	if got := strings.Join(listed, " "); got != want+"/far/ /author/mara/ /author/elof/ /about/ /tag/news/ /tag/sea.2/" {
		t.Error(got)
	}
}

// A file changes with what it lists, and says when; the others stay.
func TestSitemapSaysWhatChanged(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill([]string{"One", "Two"})
	n.exec(`insert into articles (id, slug, title, kind, status, published_at, updated_at) overriding system value values
		(10001, 'next', 'Next', 'STORY', 'PUBLISHED', now() - interval '9 days', now() - interval '8 days')`)
	before := n.sitemap(t, "/sitemap.xml").Files
	n.exec(`insert into corrections (article_id, text, at) values (10001, 'Wrong', now() - interval '2 hours')`)
	after := n.sitemap(t, "/sitemap.xml").Files
	if !after[0].Lastmod.Equal(before[0].Lastmod) || !after[1].Lastmod.After(before[1].Lastmod) || time.Since(after[1].Lastmod) > 3*time.Hour {
		t.Errorf("before %v\nafter %v", before, after)
	}
	if entry := n.sitemap(t, "/sitemaps/articles-2.xml").URLs[0]; !entry.Lastmod.Equal(after[1].Lastmod) {
		t.Errorf("%v", entry)
	}
	entries := n.sitemap(t, "/sitemaps/articles-1.xml").URLs
	if entries[0].Image != "https://media.example.org/small" || entries[1].Video.Thumbnail != "https://media.example.org/a.jpg?x=1&y=2" || entries[1].Video.Title != "Two" {
		t.Errorf("%+v", entries)
	}
}

func TestSitemapAddresses(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill([]string{"One"})
	for _, address := range []string{"articles-2.xml", "articles-0.xml", "articles-01.xml", "articles-1", "x-1.xml", "articles.xml", "articles--1.xml", "articles-99999999999999999999.xml"} {
		if answer := n.get("/sitemaps/" + address); answer.Code != http.StatusNotFound {
			t.Errorf("%s: %d", address, answer.Code)
		}
	}
	etag := n.get("/sitemap.xml").Header().Get("Etag")
	if answer := n.get("/sitemap.xml", "If-None-Match", etag); answer.Code != http.StatusNotModified {
		t.Errorf("%d", answer.Code)
	}
}

// The news sitemap has two days, and 1,000 stories of them.
func TestNewsSitemap(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill(hostile)
	n.exec(`update articles set published_at = now() - interval '49 hours' where id = 1`)
	n.exec(`update articles set published_at = now() - interval '47 hours', locale = 'sv-SE' where id = 2`)
	read := n.sitemap(t, "/news-sitemap.xml")
	if len(read.URLs) != len(hostile)-1 {
		t.Fatalf("%d", len(read.URLs))
	}
	last := read.URLs[len(read.URLs)-1]
	if last.Loc != site+"/story-2/" || last.News.Language != "sv" || last.News.Name != "Harbour & <Courier>" || last.News.Title != hostile[1] {
		t.Errorf("%+v", last)
	}
	n.exec(`insert into articles (id, slug, title, status, published_at) overriding system value select 1000 + n, 's' || n, 'S', 'PUBLISHED', now() from generate_series(1, 1200) as n`)
	if got := len(n.sitemap(t, "/news-sitemap.xml").URLs); got != 1000 {
		t.Errorf("%d", got)
	}
}
