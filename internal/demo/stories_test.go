package demo

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const flagship = "the-night-the-harbour-lights-went-out"

// edition is the whole newsroom, with the names that a story may refer to.
type edition struct {
	stories       map[string]*story // as they stand
	earlier       []*story
	bodies        map[*story]body
	authors, tags map[string]bool
}

func readEdition(t *testing.T) *edition {
	t.Helper()
	all, err := readStories()
	if err != nil {
		t.Fatal(err)
	}
	newsroom, err := readNewsroom()
	if err != nil {
		t.Fatal(err)
	}
	e := &edition{stories: map[string]*story{}, bodies: map[*story]body{}, authors: map[string]bool{}, tags: map[string]bool{}}
	for _, a := range newsroom.Authors {
		e.authors[a.Slug] = true
	}
	for _, tag := range newsroom.Tags {
		e.tags[tag.Slug] = true
	}
	for _, s := range all {
		if e.bodies[s], err = parseBody(s.body, ""); err != nil {
			t.Errorf("stories/%s.md: %v", s.slug, err)
		}
		if s.version > 0 {
			e.earlier = append(e.earlier, s)
			continue
		}
		e.stories[s.slug] = s
	}
	return e
}

func TestEveryReferenceResolves(t *testing.T) {
	t.Parallel()
	e := readEdition(t)
	for slug, s := range e.stories {
		t.Run(slug, func(t *testing.T) {
			known(t, "author", s.authors, func(name string) bool { return e.authors[name] })
			known(t, "tag", s.tags, func(name string) bool { return e.tags[name] })
			isOther := func(name string) bool { return name != slug && e.stories[name] != nil }
			known(t, "related story", s.editorsChoice(), isOther)
			known(t, "story with a card inside", e.bodies[s].inline, isOther)
			known(t, "picture", slices.Concat(e.bodies[s].pictures, s.pictures()), canBeDrawn)
			known(t, "film", e.films(s), func(name string) bool { _, err := fs.Stat(films, "videos/"+name); return err == nil })
			known(t, "invented address", addresses.FindAllString(e.bodies[s].html, -1), isInvented)
		})
	}
	for _, s := range e.earlier {
		if e.stories[s.slug] == nil {
			t.Errorf("%s.%d.md is an earlier version of no story", s.slug, s.version)
		}
	}
}

// known wants every name once, and each to exist.
func known(t *testing.T, what string, names []string, exists func(string) bool) {
	t.Helper()
	for i, name := range names {
		if !exists(name) {
			t.Errorf("there is no %s %q", what, name)
		}
		if slices.Contains(names[:i], name) {
			t.Errorf("the %s %q is named twice", what, name)
		}
	}
}

func (s *story) editorsChoice() (slugs []string) {
	for _, r := range s.related {
		slugs = append(slugs, r.slug)
	}
	return slugs
}

func (s *story) pictures() []string {
	return slices.DeleteFunc([]string{s.image, s.seoImg}, func(name string) bool { return name == "" })
}

func canBeDrawn(name string) bool {
	_, _, known := pictureSize(name)
	return known
}

var (
	addresses = regexp.MustCompile(`https?://[^"]+`)
	filmNames = regexp.MustCompile(`<video src="/demo/videos/([^"]+)"`)
)

func (e *edition) films(s *story) []string {
	var names []string
	for _, found := range filmNames.FindAllStringSubmatch(e.bodies[s].html, -1) {
		names = append(names, found[1])
	}
	if s.video != "" && !slices.Contains(names, s.video) {
		names = append(names, s.video)
	}
	return names
}

// isInvented: RFC 2606, section 2 sets .example aside, so no reader is led to somebody's site.
func isInvented(address string) bool {
	host, _, _ := strings.Cut(strings.TrimPrefix(address, "https://"), "/")
	return strings.HasSuffix(host, ".example")
}

func TestEveryStoryIsComplete(t *testing.T) {
	t.Parallel()
	e := readEdition(t)
	for slug, s := range e.stories {
		t.Run(slug, func(t *testing.T) {
			html := e.bodies[s].html
			for _, rule := range []struct {
				broken bool
				want   string
			}{
				{s.title == "" || s.excerpt == "" || html == "", "a title, an excerpt and a body"},
				{s.image != "" && s.alt == "", "an alt text with the image"},
				{s.kind != "PAGE" && (len(s.authors) == 0 || len(s.tags) == 0 || s.image == ""), "an author, a tag and an image"},
				{!slices.Contains([]string{"STORY", "VIDEO", "OPINION", "LIVE", "PAGE"}, s.kind), "a known kind"},
				{(s.kind == "VIDEO") != (s.video != ""), "a film in a VIDEO, and only there"},
				{(s.video != "") != (s.seconds > 0), "a film's length in seconds"},
				{!slices.Contains([]string{"PUBLIC", "MEMBERS", "PAID"}, s.access), "a known access"},
				{(s.access != "PUBLIC") != strings.Contains(html, "<!--members-only-->"), "@members-only where the access is limited"},
				{strings.HasSuffix(html, "<!--members-only-->"), "text behind @members-only"},
			} {
				if rule.broken {
					t.Errorf("the story needs %s", rule.want)
				}
			}
		})
	}
}

func TestTimesAgreeWithTheStatus(t *testing.T) {
	t.Parallel()
	e := readEdition(t)
	for slug, s := range e.stories {
		for _, rule := range []struct {
			broken bool
			want   string
		}{
			{(s.status == "DRAFT") != (s.published == nil), "published, unless it is a DRAFT"},
			{(s.status == "SCHEDULED") != (s.published != nil && *s.published < 0), "published in the future if SCHEDULED"},
			{(s.status == "RETRACTED") != (s.retracted != nil), "retracted if RETRACTED"},
			{s.retracted != nil && (*s.retracted > *s.published || s.reason == ""), "a retraction later than it, with a reason"},
			{s.updated != nil && *s.updated > *s.published, "an update later than it"},
			{s.embargo != nil && *s.embargo >= 0, "an embargo that is yet to end"},
			{slices.ContainsFunc(s.corrections, func(c correction) bool { return c.text == "" || c.at < 0 || c.at > *s.published }),
				"corrections later than it, with a text"},
		} {
			if rule.broken {
				t.Errorf("%s needs %s", slug, rule.want)
			}
		}
	}
	for _, s := range e.earlier {
		if now := e.stories[s.slug]; now != nil && (s.until < 0 || s.until > *now.published) {
			t.Errorf("%s.%d was superseded before the story was published", s.slug, s.version)
		}
	}
}

func TestOldSlugsLeadToOneStory(t *testing.T) {
	t.Parallel()
	e := readEdition(t)
	ledTo := map[string]string{}
	for slug, s := range e.stories {
		for _, old := range s.oldSlugs {
			if e.stories[old] != nil || ledTo[old] != "" {
				t.Errorf("the old slug %q of %s belongs to another story", old, slug)
			}
			ledTo[old] = slug
		}
	}
}

func TestTheNewsroomShowsEverything(t *testing.T) {
	t.Parallel()
	e := readEdition(t)
	count := func(has func(*story) bool) (n int) {
		for _, s := range e.stories {
			if has(s) {
				n++
			}
		}
		return n
	}
	for _, rule := range []struct {
		what      string
		have, min int
	}{
		{"stories", len(e.stories), 120},
		{"authors", len(e.authors), 12},
		{"tags", len(e.tags), 25},
		{"earlier versions", len(e.earlier), 1},
		{"videos", count(func(s *story) bool { return s.kind == "VIDEO" }), 12},
		{"pages", count(func(s *story) bool { return s.kind == "PAGE" }), 1},
		{"opinions", count(func(s *story) bool { return s.kind == "OPINION" }), 1},
		{"paid stories", count(func(s *story) bool { return s.access == "PAID" }), 1},
		{"members' stories", count(func(s *story) bool { return s.access == "MEMBERS" }), 1},
		{"scheduled stories", count(func(s *story) bool { return s.status == "SCHEDULED" }), 1},
		{"drafts", count(func(s *story) bool { return s.status == "DRAFT" }), 1},
		{"retracted stories", count(func(s *story) bool { return s.status == "RETRACTED" }), 1},
		{"embargoed stories", count(func(s *story) bool { return s.embargo != nil }), 1},
		{"corrected stories", count(func(s *story) bool { return len(s.corrections) > 0 }), 1},
		{"renamed stories", count(func(s *story) bool { return len(s.oldSlugs) > 0 }), 1},
		{"stories of two authors", count(func(s *story) bool { return len(s.authors) > 1 }), 1},
	} {
		if rule.have < rule.min {
			t.Errorf("there are %d %s, at least %d are wanted", rule.have, rule.what, rule.min)
		}
	}
}

func TestTheFlagshipHasAllThatAPageCanShow(t *testing.T) {
	t.Parallel()
	e := readEdition(t)
	s := e.stories[flagship]
	if s == nil {
		t.Fatalf("there is no %s", flagship)
	}
	if !slices.Equal(s.tags, []string{"news", "harbour", "energy", "investigations"}) {
		t.Errorf("its tags are %v", s.tags)
	}
	if len(s.authors) != 2 || s.authors[0] != "mara-lindqvist" {
		t.Errorf("its authors are %v", s.authors)
	}
	if !s.featured || s.caption == "" || s.credit == "" || len(s.related) != 3 || len(s.corrections) != 1 || len(s.oldSlugs) == 0 {
		t.Error("it is not featured, or lacks words on its picture, related stories, a correction or an old slug")
	}
	if slices.ContainsFunc(s.related, func(r relation) bool { return r.reason == "" }) {
		t.Error("a related story has no reason")
	}
	if s.seoTitle == "" || s.seoDescription == "" || s.seoImg == "" {
		t.Error("it lacks words or a picture for search engines")
	}
	if !slices.ContainsFunc(e.earlier, func(v *story) bool { return v.slug == flagship }) {
		t.Error("it has no earlier version")
	}
	for element, want := range map[string]int{"<p>": 8, "<h2>": 2, "<blockquote>": 1, "<li>": 3, "<hr>": 1, "<img ": 1,
		"<figcaption>": 2, "<iframe ": 1, "<related-story ": 2} {
		if got := strings.Count(e.bodies[s].html, element); got < want {
			t.Errorf("its body has %d of %s, at least %d are wanted", got, element, want)
		}
	}
}
