package feed

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestSubsets(t *testing.T) {
	t.Parallel()
	const deep = "<div>"
	for _, test := range []struct {
		what, markup, msn, flipboard string
	}{
		{"nothing", "", "", ""},
		{"text", `a &amp; b <c`, "a &amp; b", "a &amp; b"},
		{"what both take", `<p>a <em>b</em> <a href="https://x.org/?a=1&amp;b=2">c</a><br/></p>`, "=", "="},
		{"a script", `<p>a</p><script>alert("<b>x</b>")</script><style>p {}</style><p>b</p>`, "<p>a</p><p>b</p>", "<p>a</p><p>b</p>"},
		{"objects", `<p>a<object data="x"><p>b</p></object></p><embed src="x"><applet>c</applet><form><p>d</p></form>`, "<p>a</p>", "<p>a</p>"},
		{"handlers and styles", `<p onclick="x()" style="color:red" class="y" id="z">a</p>`, "<p>a</p>", "<p>a</p>"},
		{"what no browser should follow", `<a href="javascript:x()">a</a> <a href="mailto:a@x.org">b</a> <a href="tel:1">c</a>`,
			`a <a href="mailto:a@x.org">b</a> c`, `a <a href="mailto:a@x.org">b</a> c`},
		{"headings", `<h2>a</h2><h6>b</h6>`, "<h2>a</h2><h5>b</h5>", "="},
		{"asides", `<aside><p>a</p></aside>`, "<div><p>a</p></div>", "="},
		{"details", `<details><summary>a</summary><p>b</p></details>`, "<div><p>a</p><p>b</p></div>", "<div><p>a</p><p>b</p></div>"},
		{"unknown elements", `<p>a <blink>b</blink> <my-card>c</my-card></p>`, "<p>a b c</p>", "<p>a b c</p>"},
		{"a table", `<table class="x"><tbody><tr><th colspan="2">a</th></tr><tr><td></td><td>b</td></tr></tbody></table>`,
			`<table><tbody><tr><th colspan="2">a</th></tr><tr><td></td><td>b</td></tr></tbody></table>`,
			`<table><tbody><tr><th colspan="2">a</th></tr><tr><td></td><td>b</td></tr></tbody></table>`},
		{"a frame of a known service", `<iframe src="https://open.spotify.com/embed/x" width="300" onload="x()"></iframe>`,
			`<iframe src="https://open.spotify.com/embed/x" width="300"></iframe>`, ""},
		{"a map", `<iframe src="https://www.google.com/maps/embed?pb=x"></iframe>`, "=", ""},
		{"frames of others", `<p>a</p><iframe src="https://www.google.com/search"></iframe><iframe src="http://open.spotify.com/x"></iframe>` +
			`<iframe src="https://notspotify.com/x"></iframe><iframe src="https://spotify.com@evil.org/"></iframe><iframe></iframe>`, "<p>a</p>", "<p>a</p>"},
		{"a figure that is left with its caption", `<p>a</p><figure><iframe src="https://evil.org/"></iframe><figcaption>b</figcaption></figure>`, "<p>a</p>", "<p>a</p>"},
		{"a small picture", `<p>a</p><figure><img src="https://x.org/a.png" width="399" height="800"/></figure>`, "=", "<p>a</p>"},
		{"a picture that is large enough", `<img src="https://x.org/a.png" alt="b" width="400" height="400"/>`, "=", "="},
		{"a picture of unknown size", `<img src="https://x.org/a.png"/>`, "=", "="},
		{"pictures from nowhere", `a<img src="data:image/png;base64,xx"/><img/>`, "a", "a"},
		{"boxes in boxes", strings.Repeat(deep, 30) + `<ul><li><p>a</p></li></ul>`,
			strings.Repeat(deep, 6) + "<ul><li><p>a</p></li></ul>" + strings.Repeat("</div>", 6),
			strings.Repeat(deep, 17) + "<ul><li><p>a</p></li></ul>" + strings.Repeat("</div>", 17)},
		{"phrases in phrases", strings.Repeat("<em>", 12) + "a", strings.Repeat("<em>", 9) + "a" + strings.Repeat("</em>", 9),
			strings.Repeat("<em>", 12) + "a" + strings.Repeat("</em>", 12)},
		{"too deep for a parser", strings.Repeat(deep, 600) + "a &lt; b", "<p>a &lt; b</p>", "<p>a &lt; b</p>"},
	} {
		for _, partner := range []struct {
			subset *subset
			want   string
		}{{msnHTML, test.msn}, {flipboardHTML, test.flipboard}} {
			if partner.want == "=" {
				partner.want = test.markup
			}
			if got := partner.subset.of(test.markup); got != partner.want {
				t.Errorf("%s: %s\nwant %s", test.what, got, partner.want)
			}
		}
	}
}

// Whatever it is made from, a subset is well-formed, holds nothing else, and is the subset of itself.
func FuzzSubset(f *testing.F) {
	for _, markup := range []string{
		"<p>a<p>b", `<a href="https://x.org/"><table><a href=/b>c</table>`, "<table><p>a", "<a><img></a>", "<b><p>a</b>c</p>", "<svg><style><img src=x onerror=y>",
		"<math><mi><p>x", "<iframe src=https://x.com/>&amp;</iframe>", "<plaintext>a<b>", "<textarea><p>", "<object></object></object><object>a</object>b",
		"<template><script>x</script></template>", "<!-- --!> --><p>", "<select><p><iframe>", strings.Repeat("<div><p>", 40), "a\x00b\rc", "<h1><h6>a</h6>", "<li><li><dd><dt>",
		"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
	} {
		f.Add(markup)
	}
	f.Fuzz(func(t *testing.T, markup string) {
		for _, s := range []*subset{msnHTML, flipboardHTML} {
			got := s.of(markup)
			s.check(t, got)
			if again := s.of(got); again != got {
				t.Errorf("%q became %q, and that %q", markup, got, again)
			}
		}
	})
}

var void = map[string]bool{"br": true, "hr": true, "img": true, "col": true}

// check reads tokens, as a partner's own filter may.
func (s *subset) check(t *testing.T, markup string) {
	t.Helper()
	known := make(map[string]bool)
	for _, name := range s.elements {
		known[name] = true
	}
	var open []string
	tokens := html.NewTokenizer(strings.NewReader(markup))
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		token := tokens.Token()
		if kind == html.TextToken {
			continue
		}
		if !known[token.Data] || kind == html.CommentToken || kind == html.DoctypeToken {
			t.Errorf("%s in %q", token, markup)
		}
		for _, a := range token.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.HasPrefix(strings.ToLower(a.Val), "javascript:") && a.Key == "href" {
				t.Errorf("%s in %q", token, markup)
			}
			if token.Data == "iframe" && a.Key == "src" && !s.takesFrame(a.Val) {
				t.Errorf("a frame of %s in %q", a.Val, markup)
			}
		}
		switch {
		case kind == html.StartTagToken && !void[token.Data]:
			if open = append(open, token.Data); len(open) > s.levels {
				t.Errorf("%d levels in %q", len(open), markup)
			}
		case kind == html.EndTagToken && (len(open) == 0 || open[len(open)-1] != token.Data):
			t.Fatalf("%s does not close %v in %q", token, open, markup)
		case kind == html.EndTagToken:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("%v stay open in %q", open, markup)
	}
}
