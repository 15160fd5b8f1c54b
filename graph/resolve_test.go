package graph_test

import (
	"testing"
	"time"
)

const resolveQuery = `query($path: String!) { resolve(path: $path) { __typename
	... on Article { slug } ... on Author { name } ... on Tag { name }
	... on Moved { path to url } ... on Gone { path at reason } } }`

func article(slug string) map[string]any {
	return map[string]any{"__typename": "Article", "slug": slug}
}

func moved(path, to string) map[string]any {
	return map[string]any{"__typename": "Moved", "path": path, "to": to, "url": site + to}
}

func gone(path string) map[string]any {
	return map[string]any{"__typename": "Gone", "path": path, "at": "2021-03-10T13:00:00Z", "reason": "Untrue"}
}

// An address leads to what stands there, or to where it went.
func TestResolve(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.moveAround()
	for path, want := range addressesOfMoved {
		if got := n.ask(resolveQuery, map[string]any{"path": path}).at("resolve"); difference(got, want) != "" {
			t.Errorf("%q leads to %v, not to %v", path, got, want)
		}
	}
	// One statement finds what stands there, two more whether it is gone or moved.
	for path, want := range map[string]int{"/plain/": 1, "/tag/sea/": 1, "/wrong/": 2, "/one/": 3, "/never-there/": 3, "plain": 0} {
		if got := n.ask(resolveQuery, map[string]any{"path": path}).Extensions.Cost.Statements; got != want {
			t.Errorf("%q costs %d statements, not %d", path, got, want)
		}
	}
}

// addressesOfMoved are addresses of the newsroom that moveAround leaves behind.
var addressesOfMoved = map[string]any{
	"/plain/":                          article("plain"),
	"/plain":                           article("plain"),
	site + "/plain/":                   article("plain"),
	site + "/plain":                    article("plain"),
	"http://NEWS.example.org/plain/":   article("plain"),
	"//news.example.org/plain/":        article("plain"),
	"/plain/?utm_source=x#comments":    article("plain"),
	"/grüße-50%25/":                    article("grüße-50%"),
	"/gr%C3%BC%C3%9Fe-50%25/":          article("grüße-50%"),
	"/author/":                         article("author"),
	"https://other.example.org/plain/": nil,
	"plain":                            nil,
	"":                                 nil,
	"/":                                nil,
	site:                               nil,
	site + "/":                         nil,
	"/plain/more/":                     nil,
	"/plain//":                         nil,
	"/PLAIN/":                          nil,
	"/never-there/":                    nil,
	"/%zz/":                            nil,
	"/author/plain/":                   nil,
	"mailto:plain":                     nil,
	"/draft/":                          nil,

	"/one/":                   moved("/one/", "/three/"),
	"/two":                    moved("/two", "/three/"),
	"/revised/":               moved("/revised/", "/revised-again/"), // renamed while it was a draft again
	site + "/two/?a=b":        moved("/two/", "/three/"),
	"/three/":                 article("three"),
	"/away/":                  moved("/away/", "/there/"),
	"/there/":                 article("there"),
	"/secret/":                nil,
	"/hidden/":                nil,
	"/hidden-again/":          nil,
	"/reused/":                moved("/reused/", "/renamed/"),
	"/wrong/":                 gone("/wrong/"),
	site + "/still-wrong":     gone("/still-wrong"),
	"/erased/":                gone("/erased/"), // deleted after it was taken back
	"/killed/":                nil,              // taken back as a draft
	"/story-w0open/":          nil,              // taken back before it was public
	"/author/ann/":            map[string]any{"__typename": "Author", "name": "Ann"},
	"/author/ann":             map[string]any{"__typename": "Author", "name": "Ann"},
	"/author/writer-0/":       moved("/author/writer-0/", "/author/ann/"),
	"/tag/sea/":               map[string]any{"__typename": "Tag", "name": "Sea"},
	site + "/tag/label-0/":    moved("/tag/label-0/", "/tag/sea/"),
	"/tag/label-1-inner1tag/": nil,
	"/tag/inner-was/":         nil,
}

// moveAround fills the newsroom, and gives some of what is in it other slugs.
func (n *newsroom) moveAround() {
	long := noon.AddDate(-5, 0, 0) // public by the database's clock, too
	publish := func(slug, status string) int64 {
		return n.insert(`insert into articles (slug, title, status, published_at, retraction_reason) values ($1, $1, $2, $3, 'Untrue')`,
			slug, status, long)
	}
	rename := func(table, from, to string) {
		n.exec("update "+table+" set slug = $2 where slug = $1", from, to)
	}
	publish("plain", "PUBLISHED")
	publish("grüße-50%", "PUBLISHED")
	publish("author", "PUBLISHED")
	publish("draft", "DRAFT")

	publish("one", "PUBLISHED")
	rename("articles", "one", "two")
	rename("articles", "two", "three")
	publish("there", "PUBLISHED")
	rename("articles", "there", "away")
	rename("articles", "away", "there")
	publish("secret", "PUBLISHED")
	rename("articles", "secret", "hidden")
	n.exec("update articles set status = 'DRAFT' where slug = 'hidden'")
	rename("articles", "hidden", "hidden-again")
	publish("reused", "PUBLISHED")
	rename("articles", "reused", "renamed")

	publish("revised", "PUBLISHED")
	n.exec(`update articles set status = 'DRAFT' where slug = 'revised'`)
	rename("articles", "revised", "revised-again")
	n.exec(`update articles set status = 'PUBLISHED' where slug = 'revised-again'`)
	publish("reused", "DRAFT")

	publish("wrong", "PUBLISHED")
	rename("articles", "wrong", "still-wrong")
	publish("erased", "PUBLISHED")
	publish("killed", "DRAFT")
	n.exec("update articles set published_at = null where slug = 'killed'")
	n.exec("update articles set status = 'RETRACTED', retracted_at = $1 where slug in ('still-wrong', 'erased', 'killed')", long.Add(time.Hour))
	n.exec("delete from articles where slug = 'erased'")
	early := plainStory()
	early.status, early.published = "SCHEDULED", noon.AddDate(100, 0, 0)
	n.exec("update articles set status = 'RETRACTED' where id = $1", n.add(early).id)

	n.addWriter("Ann")
	n.addLabel("TOPIC", "Sea", false)
	n.addLabel("TOPIC", "Inner", true)
	rename("authors", "writer-0", "ann")
	rename("tags", "label-0", "sea")
	n.exec("insert into old_slugs (slug, tag_id) select 'inner-was', id from tags where internal")
}
