package feed

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"broadsheet/internal/content"
)

// BenchmarkEncode writes 100 full texts in each format.
func BenchmarkEncode(b *testing.B) {
	f := &feed{profile: whole, site: &content.Site{Name: "The Courier", URL: "https://news.example.org/", Locale: "en"}, id: "tag:news.example.org,2026:latest", title: "The Courier"}
	body := "<p>" + strings.Repeat(`It is a sentence of a story with <a href="https://news.example.org/a/">a link</a> &amp; more. `, 40) + "</p>"
	for n := range 100 {
		a := &content.Article{ID: content.ArticleID(n), Title: fmt.Sprintf("A headline, number %d", n), Excerpt: "What it says in short.", Body: &content.Body{HTML: body, Complete: true}, Locale: "en", PublishedAt: time.Unix(1e9, 0)}
		f.items = append(f.items, &item{Article: a, id: "tag:news.example.org,2026:x", url: "https://news.example.org/a/", html: body})
	}
	for _, name := range []string{"rss", "atom", "json", "ninjs"} {
		format := formatOf(name)
		b.Run(name, func(b *testing.B) {
			var buffer []byte
			b.ReportAllocs()
			for b.Loop() {
				buffer = format.append(buffer[:0], f)
			}
			b.SetBytes(int64(len(buffer)))
		})
	}
}

// BenchmarkSubset makes what a partner takes of a text of 4 KB.
func BenchmarkSubset(b *testing.B) {
	body := strings.Repeat(`<p>It is a sentence of a story with <a href="https://news.example.org/a/">a link</a> &amp; more. </p>`, 40)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		msnHTML.of(body)
	}
}
