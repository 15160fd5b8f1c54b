package graph_test

import (
	"testing"
)

// What search engines are shown falls back to what the article itself shows.
func TestSeoFallsBack(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	s := n.add(plainStory())
	own, lead := n.addImage("own"), n.addImage("lead")
	for _, test := range []struct {
		title, description       any
		image, leadImage         any
		wantTitle, wantExcerpt   string
		wantImage, wantCanonical any
		canonical                any
	}{
		{nil, nil, nil, nil, s.title(), s.excerpt(), nil, site + "/" + s.slug + "/", nil},
		{"", "", nil, lead, s.title(), s.excerpt(), "https://media.example.org/lead.jpg", site + "/" + s.slug + "/", ""},
		{"Own", "Words", own, lead, "Own", "Words",
			"https://media.example.org/own.jpg", "https://other.example/a", "https://other.example/a"},
	} {
		n.exec(`update articles set seo_title = $2, seo_description = $3, seo_image_id = $4, lead_image_id = $5, canonical_url = $6
			where id = $1`, s.id, test.title, test.description, test.image, test.leadImage, test.canonical)
		got := n.detail(s, "canonicalUrl seo { title description image { url } }")
		want := map[string]any{"canonicalUrl": test.wantCanonical, "seo": map[string]any{
			"title": test.wantTitle, "description": test.wantExcerpt, "image": nil}}
		if test.wantImage != nil {
			want["seo"].(map[string]any)["image"] = map[string]any{"url": test.wantImage}
		}
		if where := difference(got, any(want)); where != "" {
			t.Errorf("%v: %s", test, where)
		}
	}
}

// Structured data holds what Google asks of a NewsArticle, and leaves out what there is none of.
func TestJSONLd(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.exec(`update site set name = 'The Courier', logo_url = 'https://media.example.org/logo.png'`)
	s := plainStory()
	s.access = "PAID"
	s.labels = []*label{n.addLabel("TOPIC", "Inner", true), n.addLabel("SECTION", "Sea", false), n.addLabel("TOPIC", "Fish", false)}
	s.writers = []*writer{n.addWriter("Ann"), n.addWriter("Bea")}
	n.add(s)
	n.exec("update articles set updated_at = $2, word_count = 321 where id = $1", s.id, noon)
	person := func(name, slug string) any {
		return map[string]any{"@type": "Person", "name": name, "url": site + "/author/" + slug + "/"}
	}
	address, image := site+"/"+s.slug+"/", "https://media.example.org/"+s.word("open")+".jpg"
	want := map[string]any{
		"@context": "https://schema.org", "@type": "NewsArticle", "headline": s.title(), "description": s.excerpt(),
		"url": address, "mainEntityOfPage": address, "image": []any{image},
		"datePublished": "2026-03-10T11:00:00Z", "dateModified": "2026-03-10T12:00:00Z",
		"author": []any{person("Ann", "writer-0"), person("Bea", "writer-1")},
		"publisher": map[string]any{
			"@type": "NewsMediaOrganization", "name": "The Courier", "url": site + "/", "logo": "https://media.example.org/logo.png"},
		"articleSection": "Sea", "keywords": []any{"Sea", "Fish"}, "inLanguage": "en", "wordCount": 321.0, "isAccessibleForFree": false,
		"video": map[string]any{"@type": "VideoObject", "name": s.title(), "description": s.excerpt(),
			"contentUrl": "https://video.example.org/" + s.word("open"), "embedUrl": "https://video.example.org/" + s.word("open"),
			"thumbnailUrl": []any{image}, "uploadDate": "2026-03-10T11:00:00Z"},
		"correction": []any{map[string]any{
			"@type": "CorrectionComment", "text": "Corrected " + s.word("open"), "datePublished": "2026-03-10T11:00:00Z"}},
	}
	if where := difference(n.detail(s, "jsonLd")["jsonLd"], any(want)); where != "" {
		t.Error(where)
	}

	bare := n.add(plainStory())
	n.exec("delete from videos; delete from corrections")
	n.exec(`update articles set lead_image_id = null, excerpt = '', body_html = '', word_count = 0, updated_at = $2 where id = $1`,
		bare.id, bare.published.AddDate(0, 0, -1)) // written the day before it was due
	got := n.detail(bare, "jsonLd")["jsonLd"].(map[string]any)
	for _, name := range []string{
		"description", "image", "author", "articleSection", "keywords", "wordCount", "video", "correction",
	} {
		if value, there := got[name]; there {
			t.Errorf("%s is %v where there is none", name, value)
		}
	}
	if got["isAccessibleForFree"] != true || got["dateModified"] != got["datePublished"] {
		t.Errorf("free: %v; modified %v, published %v", got["isAccessibleForFree"], got["dateModified"], got["datePublished"])
	}
	for _, s := range []*story{s, bare} { // a film has the picture that was made for it
		n.exec(`insert into videos (article_id, url, poster_id) values ($1, 'https://video.example.org/a', $2)`,
			s.id, n.addImage("own"))
		thumbnails := n.detail(s, "jsonLd")["jsonLd"].(map[string]any)["video"].(map[string]any)["thumbnailUrl"]
		if where := difference(thumbnails, any([]any{"https://media.example.org/own.jpg"})); where != "" {
			t.Error(where)
		}
	}
}

// Lengths are those of the whole body, also where a part of it is behind the paywall.
func TestLengths(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	s := n.add(plainStory())
	for words, minutes := range map[int]float64{0: 1, 1: 1, 264: 1, 397: 1, 398: 2, 2650: 10} {
		n.exec(`update articles set access = 'PAID', body_html = '<p>' || repeat('word ', $2) || '</p>' where id = $1`, s.id, words)
		got := n.detail(s, "wordCount readingTimeMinutes")
		if got["wordCount"] != float64(words) || got["readingTimeMinutes"] != minutes {
			t.Errorf("%d words: %v", words, got)
		}
	}
}
