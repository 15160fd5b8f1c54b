package content

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// withStory knows one story: the card 1.
func withStory(position int) *Article {
	if position != 1 {
		return nil
	}
	addresses, _ := NewAddresses("https://news.example.org", "/{slug}/", "/author/{slug}/", "/tag/{slug}/")
	return &Article{Slug: "other", Title: "Other", addresses: addresses}
}

const otherCard = `<aside class="related-story"><a href="https://news.example.org/other/">Other</a></aside>`

func TestParseBlocks(t *testing.T) {
	t.Parallel()
	for name, test := range bodies {
		got, err := parseBlocks(test.stored, withStory)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s:\n%#v, not\n%#v", name, got, test.want)
		}
	}
}

var other = RelatedStoryBlock{Article: withStory(1), HTML: otherCard}

var bodies = map[string]struct {
	stored string
	want   []Block
}{
	"nothing": {" \n<p> </p><div><!-- c --></div><ul></ul><figure></figure>", nil},
	"loose words": {
		"One <b>two</b><hr>three",
		[]Block{
			Paragraph{"<p>One <b>two</b></p>", "One two"},
			Divider{"<hr/>"},
			Paragraph{"<p>three</p>", "three"},
		},
	},
	"white space": {
		"<p> One\n  two&nbsp; three<br>four </p>",
		[]Block{Paragraph{"<p> One\n  two\u00a0 three<br/>four </p>", "One two three\nfour"}},
	},
	"containers": {
		"<div><section><p>One</p></section>Two</div>",
		[]Block{
			Paragraph{"<p>One</p>", "One"},
			Paragraph{"<p>Two</p>", "Two"},
		},
	},
	"words beside blocks": {
		"<blockquote>One<p>two</p>three</blockquote>",
		[]Block{Quote{"<blockquote>One<p>two</p>three</blockquote>", "One\ntwo\nthree"}},
	},
	"a list in a list": {
		"<ul><li>One<ol><li>two</li></ol></li></ul>",
		[]Block{
			List{Items: []string{"One<ol><li>two</li></ol>"}, HTML: "<ul><li>One<ol><li>two</li></ol></li></ul>", Text: "One\ntwo"},
		},
	},
	"an empty entry": {
		"<ul><li>One</li><li></li></ul>",
		[]Block{List{Items: []string{"One", ""}, HTML: "<ul><li>One</li><li></li></ul>", Text: "One"}},
	},
	"code and fallbacks": {
		"<script>a</script><style>b</style><p>One<noscript><b>c</b></noscript><iframe><b>d</b></iframe></p>",
		[]Block{Paragraph{"<p>One<noscript><b>c</b></noscript><iframe><b>d</b></iframe></p>", "One"}},
	},
	"an image alone": {
		`<p><a href="/b"><img src="a" width="3" height="x"></a></p>`,
		[]Block{ImageBlock{URL: "a", Width: new(3), HTML: `<p><a href="/b"><img src="a" width="3" height="x"/></a></p>`}},
	},
	"a linked image": {
		`<a href="/b"><img src="a" alt="A"></a>`,
		[]Block{ImageBlock{URL: "a", Alt: "A", HTML: `<a href="/b"><img src="a" alt="A"/></a>`}},
	},
	"an image among words": {
		`<p>One <img src="a"> two</p>`,
		[]Block{Paragraph{`<p>One <img src="a"/> two</p>`, "One two"}},
	},
	"an image without address": {
		`<p><img alt="A"></p><figure><img src=""><figcaption>One</figcaption></figure>`,
		[]Block{HTMLBlock{`<figure><img src=""/><figcaption>One</figcaption></figure>`, "One"}},
	},
	"a picture": {
		`<picture><source srcset="b"><img src="a"></picture>`,
		[]Block{ImageBlock{URL: "a", HTML: `<picture><source srcset="b"/><img src="a"/></picture>`}},
	},
	"a film with a source": {
		`<figure><video><source src="a.mp4">No film</video><figcaption>One</figcaption></figure>`,
		[]Block{
			EmbedBlock{"a.mp4", "One", `<figure><video><source src="a.mp4"/>No film</video><figcaption>One</figcaption></figure>`},
		},
	},
	"a sound": {
		`<audio src="a.mp3"></audio>`,
		[]Block{EmbedBlock{"a.mp3", "", `<audio src="a.mp3"></audio>`}},
	},
	"a gallery": {
		`<figure><div><img src="a"><img src="b"></div><figcaption>Both</figcaption></figure>`,
		[]Block{
			ImageBlock{URL: "a", HTML: `<figure><img src="a"/></figure>`},
			ImageBlock{URL: "b", Caption: "Both", HTML: `<figure><img src="b"/><figcaption>Both</figcaption></figure>`},
		},
	},
	"a card": {
		`<p>One</p><related-story position="1"></related-story>`,
		[]Block{
			Paragraph{"<p>One</p>", "One"},
			other,
		},
	},
	"a card nobody may see": {`<related-story position="2"></related-story><related-story></related-story>`, nil},
	"a card never closed": {
		`<related-story position="1"/><p>One</p><related-story position="1"><p>Two</p>`,
		[]Block{
			other, Paragraph{"<p>One</p>", "One"},
			other, Paragraph{"<p>Two</p>", "Two"},
		},
	},
	"cards inside of a block": {
		`<p>One <related-story position="1"></related-story>two <b><related-story position="2"></related-story></b></p>`,
		[]Block{
			Paragraph{"<p>One two <b></b></p>", "One two"},
			other,
		},
	},
	"a card among loose words": {
		`One <b>two<related-story position="1"></related-story></b>`,
		[]Block{
			Paragraph{"<p>One</p>", "One"},
			Paragraph{"<p><b>two</b></p>", "two"},
			other,
		},
	},
	"a heading of every level": {
		"<h1>One</h1><h6>Six</h6>",
		[]Block{
			Heading{1, "<h1>One</h1>", "One"},
			Heading{6, "<h6>Six</h6>", "Six"},
		},
	},
	"something else": {
		"<details><summary>One</summary>two</details>",
		[]Block{HTMLBlock{"<details><summary>One</summary>two</details>", "One\ntwo"}},
	},
	"what looks like an element": {"<p>1 &lt; 2 &amp;amp;</p>", []Block{Paragraph{"<p>1 &lt; 2 &amp;amp;</p>", "1 < 2 &amp;"}}},
}

var (
	markup = regexp.MustCompile(`</?[A-Za-z]`)
	// In these a text may look like markup and be none.
	literal = regexp.MustCompile(`&|<([^A-Za-z/]|/[^A-Za-z]|$)|/$|(?i)<svg|<math`)
)

// Whatever stands in a body, the parser comes to an end, no block's text holds markup, and the blocks' own HTML makes the
// same blocks again.
func FuzzParseBlocks(f *testing.F) {
	for _, seed := range []string{
		"<p>One <b>two</b></p><ul><li>a<li>b</ul>", `<figure><img src="a"><img src="b"><figcaption>c</figcaption></figure>`,
		`<related-story position="1"></related-story><p>a<related-story position="1"/>b`, "<p>a<noscript><b>c</b></noscript>",
		"<table><tr><td>a<p>b</table>c", "<blockquote>a<p>b</blockquote><!--members-only--><h2>c", `<div>a<iframe src="b">c</iframe>`,
		"<b><p>a</b>b</p>", "<a><img src=x></a><pre>\n\na</pre>", "<xmp><b>a</b></xmp><textarea><b>", "\x00<p>\xff&#0;",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		blocks, err := parseBlocks(stored, withStory)
		if err != nil {
			return // too deep
		}
		body := &Body{Complete: true}
		if err := body.fill(everyForm, stored, true, withStory); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(body.HTML, `<related-story position="1"></related-story>`) {
			t.Errorf("a card is left in %q", body.HTML)
		}
		for _, block := range blocks {
			if text := block.plain(); !literal.MatchString(stored) && markup.MatchString(text) {
				t.Errorf("%q: the text %q holds markup", stored, text)
			}
		}
		again(t, blocks)
	})
}

var everyForm = &Selection{fields: []*SelectedField{{Name: "html"}, {Name: "blocks"}, {Name: "text"}}}

// again parses the HTML of blocks. Only HTML that its own parser reads as it was written can be stable.
func again(t *testing.T, blocks []Block) {
	t.Helper()
	var whole strings.Builder
	for _, block := range blocks {
		if _, isCard := block.(RelatedStoryBlock); isCard {
			whole.WriteString(`<related-story position="1"></related-story>`)
			continue
		}
		whole.WriteString(reflect.ValueOf(block).FieldByName("HTML").String())
	}
	nodes, err := parseHTML(whole.String())
	if err != nil || render(nodes...) != whole.String() {
		return
	}
	got, err := parseBlocks(whole.String(), withStory)
	if err != nil || !reflect.DeepEqual(got, blocks) {
		t.Errorf("%q\nmakes %#v\nand not %#v (%v)", whole.String(), got, blocks, err)
	}
}
