package feed

import (
	"encoding/json"
	"encoding/xml"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// lossless is the text without what XML cannot hold.
func lossless(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xFFFE && r != 0xFFFF {
			return r
		}
		return -1
	}, text)
}

// Whatever it is, any text comes out of another parser as it was.
func FuzzXML(f *testing.F) {
	for _, text := range []string{"", "]]>", "]]]]>>", "<![CDATA[", "&amp;", "a\r\nb\x00\x1f", "\xff\xfe", "\uFFFE\U0001F600", "]", "]]", "x]]", "\r]]>\r", "]\x00]\x01>"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w := new(xmlWriter)
		w.start("r", "a", text)
		w.element("e", text)
		w.markup("m", text)
		w.end("r")
		var read struct {
			Attribute string `xml:"a,attr"`
			Element   string `xml:"e"`
			Markup    string `xml:"m"`
		}
		if err := xml.Unmarshal(w.buffer, &read); err != nil {
			t.Fatalf("%q: %v", w.buffer, err)
		}
		want := validated(text)
		if read.Attribute != want || read.Element != want || read.Markup != want {
			t.Errorf("%q became %q, %q, %q", want, read.Attribute, read.Element, read.Markup)
		}
	})
}

// validated is lossless with one replacement for each byte that is no UTF-8.
func validated(text string) string {
	var valid strings.Builder
	for _, r := range text {
		valid.WriteRune(r)
	}
	return lossless(valid.String())
}

func FuzzJSON(f *testing.F) {
	f.Add("plain", "\"\\\n\x00\xff\u2028")
	f.Fuzz(func(t *testing.T, a, b string) {
		w := new(jsonWriter)
		w.open('{')
		w.member("a", a)
		w.name("list")
		w.open('[')
		w.text(b)
		w.text(a)
		w.close(']')
		w.close('}')
		var read struct {
			A    string
			List []string
		}
		if err := json.Unmarshal(w.buffer, &read); err != nil || !utf8.Valid(w.buffer) {
			t.Fatalf("%q: %v", w.buffer, err)
		}
		if read.A != string([]rune(a)) || read.List[0] != string([]rune(b)) {
			t.Errorf("%q became %q", []string{a, b}, read)
		}
	})
}

// An address is refused or says what feed it is of, and leads to itself.
func FuzzParse(f *testing.F) {
	for _, address := range []string{"/feeds/latest.rss", "/feeds/tags/a.b.atom?limit=3&after=x", "/feeds/authors/%2f.json", "/feeds/latest.rss?profile=msn&token=t", "/feeds/tags/é%20 .rss?limit=-1", "/feeds/..rss"} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		u, err := url.Parse(address)
		if err != nil {
			return
		}
		asked, err := parse(u)
		if err != nil || asked == nil {
			return
		}
		again, err := url.Parse(asked.address("", asked.after))
		if err != nil {
			t.Fatal(err)
		}
		same, err := parse(again)
		if err != nil || same == nil || same.slug != asked.slug || same.noun != asked.noun || same.after != asked.after || same.limit != asked.limit || same.profile != asked.profile || same.token != asked.token {
			t.Errorf("%s: %+v, again %+v (%v)", address, asked, same, err)
		}
	})
}

// Whether or not a parser is needed, no address stays relative.
func FuzzAbsolute(f *testing.F) {
	for _, markup := range []string{
		`<a href="/a">x</a>`, `<a HREF = '../b?c=d&amp;e'>x</a>`, `<img src=c.png srcset="d.png 1x,e.png 2x, f.png">`, `<a href="https://x.org/">y</a>`,
		`<a href="#note">1</a>`, `<video poster="/p" src="//cdn.example.org/v">`, `<p title="href=x">`, `<!-- href="/a" -->`, `<a href=`, `<a data-href="/x" href=" /y">`,
	} {
		f.Add(markup)
	}
	const base = "https://news.example.org/story/"
	f.Fuzz(func(t *testing.T, markup string) {
		tokens := html.NewTokenizer(strings.NewReader(absolute(markup, base)))
		for {
			kind := tokens.Next()
			if kind == html.ErrorToken {
				return
			}
			for _, a := range tokens.Token().Attr {
				if a.Key != "href" || a.Val == "" || kind != html.StartTagToken {
					continue
				}
				if u, err := url.Parse(strings.TrimSpace(a.Val)); err == nil && u.Scheme == "" {
					t.Errorf("%q still leads to %q", markup, a.Val)
				}
			}
		}
	})
}

func TestAbsolute(t *testing.T) {
	t.Parallel()
	for markup, want := range map[string]string{
		`<a href="/a">x</a>`:                      `<a href="https://news.example.org/a">x</a>`,
		`<a href="#note">x</a>`:                   `<a href="https://news.example.org/story/#note">x</a>`,
		`<img src=//cdn.example.org/a.png>`:       `<img src="https://cdn.example.org/a.png">`,
		`<img srcset="a.png 1x,/b.png 2x">`:       `<img srcset="https://news.example.org/story/a.png 1x, https://news.example.org/b.png 2x">`,
		`<a href="mailto:a@b.c">x</a> & <b>y</b>`: `<a href="mailto:a@b.c">x</a> & <b>y</b>`,
		`<p title="src=x">a=b</p>`:                `<p title="src=x">a=b</p>`,
	} {
		if got := absolute(markup, "https://news.example.org/story/"); got != want {
			t.Errorf("%s became %s", markup, got)
		}
	}
}
