package content

import (
	"strings"
	"testing"
)

func TestPicturesAreTakenOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, stored, want string
		some               bool
	}{
		{"none", `<p>Text</p><hr/>`, `<p>Text</p><hr/>`, false},
		{"a figure goes with its caption", `<p>A</p><figure><img src="a.jpg"><figcaption>Who <b>made</b> it</figcaption></figure><p>B</p>`, `<p>A</p><p>B</p>`, true},
		{"a gallery", `<figure><div><img src="a"><img src="b"></div><figcaption>C</figcaption></figure>`, ``, true},
		{"a picture among words", `<p>Look <img src="a"> here</p>`, `<p>Look  here</p>`, true},
		{"a linked picture alone", `<p><a href="/x"><img src="a"></a></p>`, ``, true},
		{"sources", `<picture><source srcset="a.webp"><img src="a.jpg"></picture>`, ``, true},
		{"a drawing", `<p>A</p><svg><image href="a"></image></svg>`, `<p>A</p>`, true},
		{"a film keeps its figure", `<figure><video src="a.mp4" poster="a.jpg"></video><figcaption>F</figcaption></figure>`,
			`<figure><video src="a.mp4"></video><figcaption>F</figcaption></figure>`, true},
		{"a card stays", `<div><img src="a"><related-story position="1"/></div><p>A</p>`, `<div><related-story position="1"></related-story></div><p>A</p>`, true},
	} {
		got, some, err := withoutPictures(c.stored)
		if err != nil || got != c.want || some != c.some {
			t.Errorf("%s: %q, %t, %v; want %q", c.name, got, some, err, c.want)
		}
	}
}

func FuzzWithoutPictures(f *testing.F) {
	f.Add(`<figure><img src="a"><figcaption>C</figcaption></figure><p>Text <img></p><video poster="p"></video>`)
	f.Fuzz(func(t *testing.T, stored string) {
		without, _, err := withoutPictures(stored)
		if err != nil {
			return // too deep
		}
		again, some, err := withoutPictures(without)
		if err != nil || some && strings.Contains(strings.ToLower(again), "<img") {
			t.Errorf("%q: pictures are left in %q", stored, without)
		}
	})
}

func TestAnExcerptIsTextAlone(t *testing.T) {
	t.Parallel()
	body := new(Body)
	body.excerpt("Head &amp; shoulders\n a &lt;script&gt;\n\n end", true)
	if body.HTML != "<p>Head &amp; shoulders</p><p>a &lt;script&gt;</p><p>end …</p>" || body.Text != "Head & shoulders\n\na <script>\n\nend …" || len(body.Blocks) != 3 {
		t.Errorf("%+v", body)
	}
}
