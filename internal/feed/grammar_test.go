package feed_test

import (
	"strings"
	"testing"
)

// Every feed in XML is of the grammar of its format, whatever stands in it and for whomever it was shaped.
func TestXMLFeedsAreOfTheirGrammar(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill(hostile)
	n.exec(`update articles set kind = 'OPINION', access = 'PAID' where id = 3`)
	n.exec(`update articles set excerpt = '', lead_image_id = null where id = 6`)
	n.exec(`update articles set status = 'RETRACTED', retraction_reason = 'Not & never <true>' where id = 4`)
	n.exec(`delete from article_authors where article_id = 5`)
	n.save("briefing", `{ articles(orderBy: UPDATED_DESC) { nodes { title } } }`, `{}`)
	for _, name := range []string{"latest", "tags/news", "tags/sea.2", "authors/mara", "saved/briefing"} {
		for _, query := range []string{"", "?limit=3", "?limit=1&token=a%26b", "?profile=plain"} {
			mustLint(t, "--relaxng", "atom.rng", n.body("/feeds/"+name+".atom"+query))
			mustLint(t, "--relaxng", "rss.rng", n.body("/feeds/"+name+".rss"+query))
		}
		mustLint(t, "--relaxng", "rss.rng", n.body("/feeds/"+name+".rss?profile=msn"))
		mustLint(t, "--relaxng", "rss.rng", n.body("/feeds/"+name+".rss?profile=flipboard"))
		mustLint(t, "--relaxng", "atom.rng", n.body(n.nextPage("/feeds/"+name+".atom?limit=2")))
	}
}

// Each fault that is put into a good feed is one that its grammar finds.
func TestGrammarsRefuse(t *testing.T) {
	t.Parallel()
	n := fixed(t)
	feeds := map[string]string{"atom": n.body("/feeds/latest.atom"), "rss": n.body("/feeds/latest.rss?profile=msn")}
	for _, fault := range []struct{ format, good, bad string }{
		{"atom", "<id>tag:news.example.org,2026:latest</id>\n", ""},
		{"atom", "<id>tag:news.example.org,2026:latest</id>", "<id>latest</id>"},
		{"atom", "<id>tag:news.example.org,2026:QXJ0aWNsZTox</id>\n", ""},
		{"atom", "<published>2026-03-09T11:00:00Z</published>", "<published>2026-03-09t11:00:00z</published>"},
		{"atom", "<published>2026-03-09T11:00:00Z</published>", "<published>2026-03-09T11:00:00</published>"},
		{"atom", "<published>2026-03-09T11:00:00Z</published>", "<published>2026-02-30T11:00:00Z</published>"},
		{"atom", "<published>2026-03-09T11:00:00Z</published>", "<issued>2026-03-09T11:00:00Z</issued>"},
		{"atom", "<updated>2026-03-10T09:00:00Z</updated>", ""},
		{"atom", `<content type="html">`, `<content type="markdown">`},
		{"atom", `<summary type="text">`, `<summary type="text/plain">`},
		{"atom", `<category term="news"`, `<category`},
		{"atom", `<link rel="self"`, `<link rel="self link"`},
		{"atom", `type="application/atom+xml"`, `type="atom"`},
		{"atom", `href="https://news.example.org/story-1/"`, `href="/story-1/"`},
		{"atom", "<name>Mara &#x26; Co</name>\n", ""},
		{"atom", "<name>Mara &#x26; Co</name>\n", "<name> </name>\n"},
		{"atom", ` when="2026-03-10T10:00:00Z"`, ""},
		{"atom", `<at:deleted-entry ref="tag:news.example.org,2026:QXJ0aWNsZTo3"`, "<at:deleted-entry"},
		{"atom", `xml:lang="en"`, `xml:lang="in English"`},
		{"atom", "</entry>\n</feed>", "</entry>\n<entry/></feed>"},
		{"rss", `version="2.0"`, `version="0.91"`},
		{"rss", "<description>News from the coast</description>\n", ""},
		{"rss", "<title>This story has been retracted</title>\n", "<title> </title>\n"},
		{"rss", "<pubDate>Mon, 09 Mar 2026 11:00:00 GMT</pubDate>", "<pubDate>Mon, 09 Mar 26 11:00:00 GMT</pubDate>"},
		{"rss", "<pubDate>Mon, 09 Mar 2026 11:00:00 GMT</pubDate>", "<pubDate>2026-03-09T11:00:00Z</pubDate>"},
		{"rss", `<guid isPermaLink="false">tag:`, `<guid>`},
		{"rss", "<link>https://news.example.org/story-1/</link>", "<link>/story-1/</link>"},
		{"rss", ` length="0" type="video/mp4"`, ` type="video/mp4"`},
		{"rss", `medium="video"`, `medium="film"`},
		{"rss", `width="640"`, `width="0"`},
		{"rss", "<dcterms:modified>2026-03-10T09:00:00Z", "<dcterms:modified>yesterday"},
		{"rss", "</channel>", "<item/></channel>"},
		{"rss", "<item>\n", "<item><editor>x</editor>\n"},
	} {
		broken := strings.Replace(feeds[fault.format], fault.good, fault.bad, 1)
		if broken == feeds[fault.format] {
			t.Errorf("%s: no %s in\n%s", fault.format, fault.good, broken)
		}
		if lint(t, "--relaxng", fault.format+".rng", broken) == nil {
			t.Errorf("%s: %s passes in place of %s", fault.format, fault.bad, fault.good)
		}
	}
	for format, feed := range feeds {
		mustLint(t, "--relaxng", format+".rng", feed)
	}
}
