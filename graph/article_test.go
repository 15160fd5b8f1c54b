package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// plainStory is public and has nothing on it.
func plainStory() *story {
	hourAgo := noon.Add(-time.Hour)
	return &story{kind: "STORY", access: "PUBLIC", status: "PUBLISHED", locale: "en", published: hourAgo, updated: hourAgo}
}

// detail asks for a selection of one story.
func (n *newsroom) detail(s *story, selection string) map[string]any {
	n.Helper()
	found := n.ask(fmt.Sprintf(`{ article(slug: %q) { %s } }`, s.slug, selection), nil)
	details, ok := found.at("article").(map[string]any)
	if !ok {
		n.Fatalf("story %s is not there", s.slug)
	}
	return details
}

const bodySelection = `body { html text complete blocks { __typename
	... on Paragraph { html text } ... on Heading { level text } ... on Quote { text }
	... on List { ordered items text } ... on ImageBlock { url alt caption width height } ... on EmbedBlock { url caption }
	... on RelatedStoryBlock { html article { slug tags { name } } } ... on HtmlBlock { text } } }`

// A body is shown as far as its access lets the public read, in three forms that agree.
func TestBodyStopsAtThePaywall(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	const plain, walled = "<p>One</p><p>Two &amp; <b>three</b></p>", "<p>One</p><!--members-only--><p>Two</p>"
	const list = "<div><ul><li>One<!--members-only--></li><li>Two</li></ul></div>"
	for name, test := range map[string]struct {
		access, stored, html, text string
		complete                   bool
	}{
		"public":                       {"PUBLIC", plain, plain, "One\n\nTwo & three", true},
		"public with a paywall":        {"PUBLIC", walled, "<p>One</p><p>Two</p>", "One\n\nTwo", true},
		"for members":                  {"MEMBERS", walled, "<p>One</p>", "One", false},
		"paid":                         {"PAID", walled + "<!--members-only--><p>Three</p>", "<p>One</p>", "One", false},
		"paid without a free part":     {"PAID", "<p>One</p><p>Two</p>", "", "", false},
		"paid with nothing to pay":     {"PAID", "", "", "", true},
		"paywall inside of an element": {"PAID", list, "<div><ul><li>One</li></ul></div>", "One", false},
	} {
		s := n.add(plainStory())
		n.exec("update articles set access = $2, body_html = $3 where id = $1", s.id, test.access, test.stored)
		body := n.detail(s, "body { html text complete blocks { __typename ... on Paragraph { text } ... on List { text } } }")["body"]
		for field, want := range map[string]any{"html": test.html, "text": test.text, "complete": test.complete} {
			if got := body.(map[string]any)[field]; got != want {
				t.Errorf("%s: %s is %q, not %q", name, field, got, want)
			}
		}
		var texts []string
		for _, text := range all(body, "blocks", "text") {
			texts = append(texts, text.(string))
		}
		if got := strings.Join(texts, "\n\n"); got != test.text {
			t.Errorf("%s: the blocks say %q, not %q", name, got, test.text)
		}
	}
}

// A card leads to the story with its position, and is left out if that one may not be seen.
func TestCardsInsideTheBody(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	sea := n.addLabel("TOPIC", "Sea", false)
	s, shown, draft, due := n.add(plainStory()), plainStory(), plainStory(), plainStory()
	shown.labels, draft.status, due.status, due.published = []*label{sea}, "DRAFT", "SCHEDULED", noon.Add(time.Hour)
	for _, related := range []*story{draft, shown, due} {
		n.add(related)
	}
	n.exec(`update articles set title = 'Fish & <chips>' where id = $1`, shown.id)
	n.relate(s, draft, "INLINE", 1)
	n.relate(s, shown, "INLINE", 2)
	n.relate(s, due, "INLINE", 3)
	n.relate(s, shown, "EDITOR", 4)
	place := func(position int) string {
		return fmt.Sprintf(`<related-story position="%d"></related-story>`, position)
	}
	n.exec("update articles set body_html = $2 where id = $1",
		s.id, "<p>A</p>"+place(1)+place(2)+"<p>B</p>"+place(3)+place(4)+"<p>C</p>")

	card := func(s *story, title string) string {
		return `<aside class="related-story"><a href="` + site + "/" + s.slug + `/">` + title + `</a></aside>`
	}
	fish := card(shown, "Fish &amp; &lt;chips&gt;")
	paragraph := func(text string) map[string]any {
		return map[string]any{"__typename": "Paragraph", "html": "<p>" + text + "</p>", "text": text}
	}
	want := map[string]any{
		"html": "<p>A</p>" + fish + "<p>B</p><p>C</p>", "text": "A\n\nB\n\nC", "complete": true,
		"blocks": []any{paragraph("A"), map[string]any{"__typename": "RelatedStoryBlock", "html": fish,
			"article": map[string]any{"slug": shown.slug, "tags": []any{map[string]any{"name": "Sea"}}}}, paragraph("B"), paragraph("C")},
	}
	if where := difference(n.detail(s, bodySelection)["body"], any(want)); where != "" {
		t.Error(where)
	}
	later := noon.Add(2 * time.Hour)
	n.clock.Store(&later)
	html := n.detail(s, "body { html }")["body"].(map[string]any)["html"]
	if want := "<p>A</p>" + fish + "<p>B</p>" + card(due, due.title()) + "<p>C</p>"; html != want {
		t.Errorf("later the body is %s, not %s", html, want)
	}
}

// Each kind of block comes out as what it is.
func TestBlocks(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	s := n.add(plainStory())
	n.exec(`update articles set body_html = $2 where id = $1`, s.id, `<h3>Head</h3><p>Some <em>words</em></p>
		<blockquote><p>Said</p></blockquote><ol><li>One</li><li><b>Two</b></li></ol><hr>
		<figure><img src="https://m.example/a.jpg" alt="A" width="640" height="480"><figcaption>What <i>is</i>
		seen</figcaption></figure><figure><iframe src="https://video.example/1"></iframe><figcaption>Film</figcaption></figure>
		<table><tr><td>1</td><td>2</td></tr></table>`)
	block := func(typeName string, fields map[string]any) any {
		return with(map[string]any{"__typename": typeName}, fields)
	}
	want := []any{
		block("Heading", map[string]any{"level": 3.0, "text": "Head"}),
		block("Paragraph", map[string]any{"html": "<p>Some <em>words</em></p>", "text": "Some words"}),
		block("Quote", map[string]any{"text": "Said"}),
		block("List", map[string]any{"ordered": true, "items": []any{"One", "<b>Two</b>"}, "text": "One\nTwo"}),
		block("Divider", nil),
		block("ImageBlock", map[string]any{
			"url": "https://m.example/a.jpg", "alt": "A", "caption": "What is seen", "width": 640.0, "height": 480.0}),
		block("EmbedBlock", map[string]any{"url": "https://video.example/1", "caption": "Film"}),
		block("HtmlBlock", map[string]any{"text": "1\n2"}),
	}
	body := n.detail(s, bodySelection)["body"].(map[string]any)
	if where := difference(body["blocks"], any(want)); where != "" {
		t.Error(where)
	}
	if want := "Head\n\nSome words\n\nSaid\n\nOne\nTwo\n\n1\n2"; body["text"] != want {
		t.Errorf("the text is %q, not %q", body["text"], want)
	}
}

// Related stories come from the desk first, then from the body, then as suggestions; each once, and none that is hidden.
func TestRelatedStoriesInOrder(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	s := n.add(plainStory())
	var others []*story
	for i := range 6 {
		other := plainStory()
		if i == 3 {
			other.status = "DRAFT"
		}
		others = append(others, n.add(other))
	}
	n.relate(s, others[0], "SUGGESTED", 1)
	n.relate(s, others[1], "SUGGESTED", 2)
	n.relate(s, others[2], "INLINE", 1)
	n.relate(s, others[1], "INLINE", 2)
	n.relate(s, others[3], "EDITOR", 1)
	n.relate(s, others[4], "EDITOR", 2)
	n.relate(s, others[2], "EDITOR", 5)
	n.exec(`insert into related_stories (article_id, related_id, kind, position) values ($1, $2, 'SUGGESTED', 0)`,
		s.id, others[5].id)

	entry := func(to *story, kind string, position float64) any {
		return map[string]any{"kind": kind, "position": position, "reason": s.reason(to), "article": map[string]any{"slug": to.slug}}
	}
	want := []any{
		entry(others[4], "EDITOR", 1), entry(others[2], "EDITOR", 2), entry(others[1], "INLINE", 1),
		map[string]any{"kind": "SUGGESTED", "position": 1.0, "reason": nil, "article": map[string]any{"slug": others[5].slug}},
		entry(others[0], "SUGGESTED", 2),
	}
	for first := range 7 {
		got := n.detail(s, fmt.Sprintf("relatedStories(first: %d) { kind position reason article { slug } }", first))["relatedStories"]
		if where := difference(got, any(want[:min(first, len(want))])); where != "" {
			t.Errorf("the first %d: %s", first, where)
		}
	}
}

// Tags come by weight and authors as in the byline, whatever the order of their ids; internal tags never.
func TestTagsAndAuthorsInOrder(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	s := plainStory()
	a, inner, b := n.addLabel("TOPIC", "A", false), n.addLabel("TOPIC", "Inner", true), n.addLabel("TOPIC", "B", false)
	s.labels = []*label{inner, b, a}
	ann, bea := n.addWriter("Ann"), n.addWriter("Bea")
	s.writers = []*writer{bea, ann}
	n.add(s)
	bare := n.add(plainStory())
	const selection = "primaryTag { name } tags { name } authors { name }"
	for s, want := range map[*story]string{
		s:    `{"authors":[{"name":"Bea"},{"name":"Ann"}],"primaryTag":{"name":"B"},"tags":[{"name":"B"},{"name":"A"}]}`,
		bare: `{"authors":[],"primaryTag":null,"tags":[]}`,
	} {
		if got := text(t, n.detail(s, selection)); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

// Pages are reached by their slug, and listed only when asked for.
func TestPagesAreNotListed(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	about := plainStory()
	about.kind, about.labels, about.writers = "PAGE", []*label{n.addLabel("TOPIC", "A", false)}, []*writer{n.addWriter("Ann")}
	n.add(about)
	found := n.ask(`{ article(slug: "`+about.slug+`") { kind } articles { totalCount nodes { slug } }
		pages: articles(filter: {kind: PAGE}) { totalCount nodes { slug } } tag(slug: "label-0") { articleCount articles { totalCount }
		pages: articles(filter: {kind: [PAGE, STORY]}) { totalCount } }
		author(slug: "writer-0") { articles { totalCount nodes { slug } } } }`, nil)
	const want = `{"article":{"kind":"PAGE"},"articles":{"nodes":[],"totalCount":0},` +
		`"author":{"articles":{"nodes":[],"totalCount":0}},"pages":{"nodes":[{"slug":"story-w0open"}],"totalCount":1},` +
		`"tag":{"articleCount":0,"articles":{"totalCount":0},"pages":{"totalCount":1}}}`
	if got := text(t, found.Data); got != want {
		t.Errorf("%s, not %s", got, want)
	}
}

// A change of what was public keeps the version before it, and moves updatedAt.
func TestRevisions(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	s := n.add(plainStory())
	n.exec("delete from revisions")
	const selection = "title updatedAt revisions { number title excerpt at }"
	before := n.detail(s, selection)
	if text(t, before["revisions"]) != "[]" || before["updatedAt"] != "2026-03-10T11:00:00Z" {
		t.Errorf("before any change: %v", before)
	}
	n.exec("update articles set title = 'Second' where id = $1", s.id)
	n.exec("update articles set excerpt = 'Third' where id = $1", s.id)
	n.exec("update articles set featured = true where id = $1", s.id) // no new version
	after := n.detail(s, selection)
	var got []string
	for _, r := range after["revisions"].([]any) {
		r := r.(map[string]any)
		got = append(got, fmt.Sprint(r["number"], r["title"], r["excerpt"]))
	}
	want := []string{fmt.Sprint(2.0, "Second", s.excerpt()), fmt.Sprint(1.0, s.title(), s.excerpt())}
	if !slices.Equal(got, want) {
		t.Errorf("the revisions are %v, not %v", got, want)
	}
	updated, err := time.Parse(time.RFC3339Nano, after["updatedAt"].(string))
	if err != nil || !updated.After(noon.Add(-time.Hour)) {
		t.Errorf("updatedAt is %v after a change", after["updatedAt"])
	}
}
