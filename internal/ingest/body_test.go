package ingest

import (
	"encoding/json"
	"io"
	"maps"
	"regexp"
	"strings"
	"testing"
)

func converting() *converter {
	return &converter{site: "https://n.example", postID: "1", targets: map[string]string{"other": "2", "self": "1"}, lost: make(map[string]int)}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	const thumbnail = ` data-kg-thumbnail="https://n.example/t.jpg"`
	for name, c := range map[string]struct {
		html, want, lost string
		cards            int
	}{
		"handlers and scripts": {`<p onclick="x()">a <a href="javascript:alert(1)">b</a></p><script>alert(1)</script><style>p{}</style>`, `<p>a b</p>`, "a script, a style sheet", 0},
		"looks":                {`<p style="color:red" class="x"><span style="white-space: pre-wrap;">a</span></p>`, `<p>a</p>`, "", 0},
		"image": {`<figure class="kg-card kg-image-card"><img src="https://n.example/i.jpg" class="kg-image" alt="A" width="8" height="9" loading="lazy" srcset="x 1w"><figcaption><span>C</span></figcaption></figure>`,
			`<figure><img src="https://n.example/i.jpg" alt="A" width="8" height="9"/><figcaption>C</figcaption></figure>`, "", 0},
		"image in its address": {`<p>a<img src="data:image/gif;base64,x" alt="x"></p>`, `<p>a</p>`, "", 0},
		"gallery": {`<figure class="kg-card kg-gallery-card"><div class="kg-gallery-row"><div><img src="https://n.example/1.jpg"></div><div><img src="https://n.example/2.jpg"></div></div><figcaption>C</figcaption></figure>`,
			`<figure><img src="https://n.example/1.jpg"/></figure><figure><img src="https://n.example/2.jpg"/><figcaption>C</figcaption></figure>`, "", 0},
		"bookmark of our own": {`<p>a</p><figure class="kg-card kg-bookmark-card"><a class="kg-bookmark-container" href="https://n.example/other/"><div class="kg-bookmark-title">T</div></a></figure>`,
			`<p>a</p><related-story position="1"></related-story>`, "", 1},
		"bookmark of somebody": {`<figure class="kg-card kg-bookmark-card"><a class="kg-bookmark-container" href="https://x.example/?a=1&amp;b=2"><div class="kg-bookmark-title">T</div><div class="kg-bookmark-description">D</div><img src="https://x.example/f.ico"></a></figure>`,
			`<p><a href="https://x.example/?a=1&amp;b=2">T</a><br/>D</p>`, "", 0},
		"link alone":         {`<p><a href="https://n.example/other/?from=x#y"> Read </a></p>`, `<related-story position="1"></related-story>`, "", 1},
		"link to itself":     {`<p><a href="https://n.example/self/">Read</a></p>`, `<p><a href="https://n.example/self/">Read</a></p>`, "", 0},
		"link among words":   {`<p>See <a href="https://n.example/other/">this</a>.</p>`, `<p>See <a href="https://n.example/other/">this</a>.</p>`, "", 0},
		"link to no story":   {`<p><a href="https://n.example/none/">Read</a></p>`, `<p><a href="https://n.example/none/">Read</a></p>`, "", 0},
		"forged placeholder": {`<related-story position="7"></related-story><p>a</p>`, `<p>a</p>`, "", 0},
		"callout":            {`<div class="kg-card kg-callout-card"><div class="kg-callout-emoji">!</div><div class="kg-callout-text"><b>B</b> c</div></div>`, `<aside><p>! <b>B</b> c</p></aside>`, "", 0},
		"toggle":             {`<div class="kg-card kg-toggle-card"><h4 class="kg-toggle-heading-text">H</h4><button>x</button><div class="kg-toggle-content"><p>C <svg><title>no</title></svg></p></div></div>`, `<h4>H</h4><p>C </p>`, "", 0},
		"header":             {`<div class="kg-card kg-header-card"><h2 class="kg-header-card-heading">H</h2><p class="kg-header-card-subheading">S</p></div>`, `<h2>H</h2><p>S</p>`, "", 0},
		"button":             {`<div class="kg-card kg-button-card"><a href="https://n.example/tips/" class="kg-btn">Tip us</a></div>`, `<p><a href="https://n.example/tips/">Tip us</a></p>`, "", 0},
		"call to action": {`<div class="kg-card kg-cta-card"><div class="kg-cta-sponsor-label"> AD </div><div class="kg-cta-text"><p>T</p></div><a href="https://x.example/" class="kg-cta-button">Go</a></div>`,
			`<aside><p><small>AD</small></p><p>T</p><p><a href="https://x.example/">Go</a></p></aside>`, "", 0},
		"file": {`<div class="kg-card kg-file-card"><a href="https://n.example/m.pdf"><div class="kg-file-card-title">M</div><div class="kg-file-card-caption">C</div><div class="kg-file-card-filename">m.pdf</div><div class="kg-file-card-filesize">4 KB</div></a></div>`,
			`<p><a href="https://n.example/m.pdf">M</a> (m.pdf, 4 KB)<br/>C</p>`, "", 0},
		"product": {`<div class="kg-card kg-product-card"><img src="https://n.example/p.jpg"><h4 class="kg-product-card-title">P</h4><span class="kg-product-card-rating-active"></span><span class="kg-product-card-rating-active"></span><div class="kg-product-card-description"><p>D</p></div><a href="https://x.example/" class="kg-product-card-button">Buy</a></div>`,
			`<figure><img src="https://n.example/p.jpg"/></figure><h4>P</h4><p>2 of 5 stars</p><p>D</p><p><a href="https://x.example/">Buy</a></p>`, "", 0},
		"video": {`<figure class="kg-card kg-video-card"` + thumbnail + `><video src="https://n.example/v.mp4" width="8" height="9" poster="data:x"></video><button>Play</button><figcaption>C</figcaption></figure>`,
			`<figure><video src="https://n.example/v.mp4" controls="" poster="https://n.example/t.jpg" width="8" height="9"></video><figcaption>C</figcaption></figure>`, "", 0},
		"audio": {`<div class="kg-card kg-audio-card"><audio src="https://n.example/a.mp3"></audio><div class="kg-audio-title">T</div><input type="range"></div>`,
			`<figure><audio src="https://n.example/a.mp3" controls=""></audio><figcaption>T</figcaption></figure>`, "", 0},
		"embed": {`<figure class="kg-card kg-embed-card"><iframe src="https://video.example/e" width="2" height="1" allow="autoplay" allowfullscreen=""></iframe></figure>`,
			`<figure><iframe src="https://video.example/e" width="2" height="1" allowfullscreen=""></iframe></figure>`, "", 0},
		"open frame":                  {`<iframe src="http://x.example"></iframe>`, ``, "a frame of a page that is not reached by https", 0},
		"sign-up":                     {`<div class="kg-card kg-signup-card"><form>x</form></div><p>a</p>`, `<p>a</p>`, "a signup card", 0},
		"card of the future":          {`<div class="kg-card kg-hologram-card"><p>Text</p></div>`, `<div><p>Text</p></div>`, "the form of a card of an unknown kind (hologram); its text is kept", 0},
		"HTML card":                   {`<!--kg-card-begin: html--><table class="t"><tr><td colspan="2" bgcolor="red">1</td></tr></table><!--kg-card-end: html-->`, `<table><tbody><tr><td colspan="2">1</td></tr></tbody></table>`, "", 0},
		"code":                        {`<figure class="kg-card kg-code-card"><pre><code class="language-sql">a &lt; b</code></pre></figure>`, `<figure><pre><code>a &lt; b</code></pre></figure>`, "", 0},
		"paywall":                     {`<p>a</p><!--members-only--><p>b</p><!--members-only-->`, `<p>a</p><!--members-only--><p>b</p>`, "", 0},
		"block for some":              {`<p>a</p><!--kg-gated-block:begin x --><p>b</p><!--kg-gated-block:end--><p>c</p>`, `<p>a</p><p>c</p>`, "a block for some readers only", 0},
		"open element in pasted HTML": {`<p>a</p><!--kg-card-begin: html--><form><style>x<!--kg-card-end: html--><p>b</p>`, `<p>a</p><p>b</p>`, "a form", 0},
		"relative addresses":          {`<p><a href="/tips/">b</a> c</p><img src="//m.example/i.jpg">`, `<p><a href="https://n.example/tips/">b</a> c</p><img src="https://m.example/i.jpg"/>`, "", 0},
		"too deep":                    {strings.Repeat("<div>", 600) + "deep", `<p>deep</p>`, "the form of HTML that is nested too deep; its text is kept", 0},
		"link in a list":              {`<ul><li><a href="https://n.example/other/">Read</a></li></ul>`, `<ul><li><a href="https://n.example/other/">Read</a></li></ul>`, "", 0},
		"picture with a link":         {`<p><a href="https://n.example/other/"><img src="https://n.example/i.jpg">Read</a></p>`, `<p><a href="https://n.example/other/"><img src="https://n.example/i.jpg"/>Read</a></p>`, "", 0},
		"link by http":                {`<p><a href="http://n.example/other/">Read</a></p>`, `<related-story position="1"></related-story>`, "", 1},
		"block that never ends":       {`<p>a</p><!--kg-gated-block:begin x --><p>b</p>`, `<p>a</p>`, "a block for some readers only", 0},
	} {
		c2 := converting()
		if got := c2.convert(c.html, true); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
		if lost := strings.Join(sorted(c2.lost), ", "); lost != c.lost || len(c2.inline) != c.cards {
			t.Errorf("%s: lost %q, want %q; %d cards, want %d", name, lost, c.lost, len(c2.inline), c.cards)
		}
	}
}

func TestOpenPostsHaveNoPaywall(t *testing.T) {
	t.Parallel()
	if got := converting().convert(`<p>a</p><!--members-only--><p>b</p>`, false); got != `<p>a</p><p>b</p>` {
		t.Error(got)
	}
}

func TestLexical(t *testing.T) {
	t.Parallel()
	lost := make(map[string]int)
	got := renderLexical(`{"root":{"children":[
		{"type":"paragraph","children":[{"type":"extended-text","text":"a & ","format":1},{"type":"link","url":"https://x.example/","children":[{"type":"text","text":"b","format":2}]}]},
		{"type":"extended-heading","tag":"h3","children":[{"type":"text","text":"H"}]},
		{"type":"list","listType":"number","children":[{"type":"listitem","children":[{"type":"text","text":"1"}]}]},
		{"type":"image","src":"https://x.example/i.jpg","alt":"A"},{"type":"horizontalrule"},{"type":"paywall"},{"type":"toggle"}],"type":"root"}}`,
		func(what string) { lost[what]++ })
	want := `<p><strong>a &amp; </strong><a href="https://x.example/"><em>b</em></a></p><h3>H</h3><ol><li>1</li></ol>` +
		`<figure><img src="https://x.example/i.jpg" alt="A"></figure><hr><!--members-only-->`
	if got != want || !maps.Equal(lost, map[string]int{"a card of the kind toggle": 1}) {
		t.Errorf("%s\nwant %s\nlost %v", got, want, lost)
	}
}

// harmful is what may stand in no body: the beginning of a script, a handler, an address that is one.
var harmful = regexp.MustCompile(`(?i)<\s*(script|style|object|embed|form|svg|math|meta|link|base)\b|<[^>]*\son\w+\s*=|<[^>]*(href|src|poster)\s*=\s*"?\s*(javascript|data|vbscript):`)

func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`<p onclick=x>a<script>b</script></p>`, `<a href=" java&#10;script:x">y</a>`, `<svg><a xlink:href="javascript:x"><text>y</text></a></svg>`,
		`<div class="kg-card kg-toggle-card"><div class="kg-toggle-content"><img src=x onerror=y></div></div>`, `<!--members-only--><p>`,
		`<figure class="kg-card kg-bookmark-card"><a href="https://n.example/other/">`, `<related-story position="1">`, `<math><mtext><table><mglyph><style><img src=x onerror=y>`,
		`<div class="kg-card kg-product-card"><div class="kg-card kg-file-card"><a href=x>`, `<!--kg-gated-block:begin--><p>`, `<p><p><a href="https://n.example/other/">x</a>`,
	} {
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, source string, gated bool) {
		c := converting()
		body := c.convert(source, gated)
		if found := harmful.FindString(body); found != "" {
			t.Errorf("%q became %q with %q", source, body, found)
		}
		if marks := strings.Count(body, "<!--"); marks > 1 || marks == 1 && !gated {
			t.Errorf("%q became %q with %d comments", source, body, marks)
		}
		if cards := strings.Count(body, "<related-story"); cards > len(c.inline) {
			t.Errorf("%q became %q with %d cards for %d stories", source, body, cards, len(c.inline))
		}
		if again := policy.Sanitize(strings.ReplaceAll(body, "<!--members-only-->", "")); !gated && again != body {
			t.Errorf("%q became %q, and sanitised again %q", source, body, again)
		}
	})
}

func FuzzExport(f *testing.F) {
	f.Add([]byte(`{"db":[{"meta":{"version":"6.0"},"data":{"posts":[{"id":"1","slug":"a","published_at":"2026-01-01 10:00:00","featured":1}]}}]}`))
	f.Add([]byte(`{"meta":{"version":5},"data":{"posts":[{"id":1,"published_at":1767434400000}],"settings":[{"key":"title","value":null}]}}`))
	f.Add([]byte(`{"db":[[{"data":{"posts":[[[`))
	f.Fuzz(func(t *testing.T, text []byte) {
		rows := 0
		err := readExport(strings.NewReader(string(text)), func(table string, raw json.RawMessage) error {
			checked, err := check(table, raw)
			if err == nil && checked != nil && !json.Valid(checked) {
				t.Errorf("a row of %s became %s", table, checked)
			}
			rows++
			return err
		})
		if err == nil && !json.Valid(text) {
			t.Errorf("taken, and no JSON: %q", text)
		}
		if err != nil && err.Error() == io.EOF.Error() {
			t.Errorf("said no more than EOF of %q", text)
		}
	})
}

func FuzzLexical(f *testing.F) {
	f.Add(`{"root":{"children":[{"type":"text","text":"<","format":127}]}}`)
	f.Fuzz(func(_ *testing.T, source string) {
		renderLexical(source, func(string) {})
		lexicalLinks(source)
	})
}
