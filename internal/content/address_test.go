package content

import (
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestNewAddressesRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ site, article, author, tag, reason string }{
		"no scheme":       {"news.example.org", "/{slug}/", "/a/{slug}/", "/t/{slug}/", "address of a site"},
		"another scheme":  {"ftp://news.example.org", "/{slug}/", "/a/{slug}/", "/t/{slug}/", "address of a site"},
		"no host":         {"https:///news", "/{slug}/", "/a/{slug}/", "/t/{slug}/", "address of a site"},
		"a query":         {"https://news.example.org/?a=b", "/{slug}/", "/a/{slug}/", "/t/{slug}/", "address of a site"},
		"no slug":         {"https://news.example.org", "/stories/", "/a/{slug}/", "/t/{slug}/", `"/stories/" is not a path pattern`},
		"no slash":        {"https://news.example.org", "/{slug}/", "a/{slug}/", "/t/{slug}/", `"a/{slug}/" is not a path pattern`},
		"a fragment":      {"https://news.example.org", "/{slug}/", "/a/{slug}/", "/t#{slug}", `"/t#{slug}" is not a path pattern`},
		"the slug twice":  {"https://news.example.org", "/{slug}/{slug}/", "/a/{slug}/", "/t/{slug}/", "is not a path pattern"},
		"the same path":   {"https://news.example.org", "/{slug}/", "/{slug}/", "/t/{slug}/", "have to differ"},
		"but for the end": {"https://news.example.org", "/{slug}/", "/a/{slug}", "/a/{slug}/", "have to differ"},
	} {
		_, err := NewAddresses(test.site, test.article, test.author, test.tag)
		if err == nil || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAddressesBelowAPath(t *testing.T) {
	t.Parallel()
	addresses, err := NewAddresses("https://example.org/news/", "/stories/{slug}.html", "/by/{slug}", "/on/{slug}/")
	if err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		addresses.site():         "https://example.org/news/",
		addresses.article("a b"): "https://example.org/news/stories/a%20b.html",
		addresses.author("ann"):  "https://example.org/news/by/ann",
		addresses.tag("sea"):     "https://example.org/news/on/sea/",
	} {
		if got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	for address, want := range map[string]string{
		"https://example.org/news/stories/a.html":  "a",
		"https://example.org/news/stories/a.html/": "a",
		"/stories/a.html":                          "a",
		"https://example.org/stories/a.html":       "",
		"https://example.org/newsstories/a.html":   "",
		"https://example.org/news/stories/a":       "",
		"/stories/.html":                           "",
	} {
		got := ""
		if path, ok := addresses.path(address); ok {
			if slug, fits := addresses.articles.slug(path); fits {
				got = slug
			}
		}
		if got != want {
			t.Errorf("%s leads to the slug %q, not %q", address, got, want)
		}
	}
}

// The address of a slug leads back to it, as a path and in full, and no address at all makes the search for one fail.
func FuzzAddresses(f *testing.F) {
	f.Add("a-story", "/a-story/")
	f.Add("grüße-50%", "https://news.example.org/gr%C3%BC%C3%9Fe?x#y")
	f.Add("a:b", "//news.example.org//")
	f.Add("..", "%zz")
	addresses, err := NewAddresses("https://news.example.org/base", "/{slug}/", "/author/{slug}.html", "/tag/{slug}")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, slug, address string) {
		if path, ok := addresses.path(address); ok {
			if found, ok := addresses.articles.slug(path); ok && (found == "" || strings.Contains(found, "/")) {
				t.Errorf("%q leads to the slug %q", address, found)
			}
		}
		// What the tables take for a slug.
		if slug == "" || !utf8.ValidString(slug) || strings.ContainsAny(slug, "/?#") || strings.ContainsFunc(slug, unicode.IsSpace) {
			return
		}
		for _, p := range []pattern{addresses.articles, addresses.authors, addresses.tags} {
			for _, address := range []string{p.path(slug), addresses.base + p.path(slug), addresses.base + p.open().path(slug)} {
				if _, err := url.Parse(address); err != nil {
					t.Errorf("the slug %q makes an address: %v", slug, err)
				}
				path, _ := addresses.path(address)
				if found, fits := p.slug(path); !fits || found != slug {
					t.Errorf("%q leads to the slug %q, not %q", address, found, slug)
				}
			}
		}
	})
}
