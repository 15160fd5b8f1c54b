package demo

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

//go:embed stories
var storyFiles embed.FS

// story is one file of stories/: lines of "key: value", a line of three dashes, and the body in the markup of
// markup.go. The file's name is the slug. A file SLUG.1.md is what readers saw before the story was changed for the
// first time, SLUG.2.md before the second.
type story struct {
	slug, title, excerpt             string
	kind, access, status, locale     string
	published, embargo, updated      *age
	retracted                        *age
	reason                           string // of the retraction
	featured                         bool
	image, alt, caption, credit      string
	authors, tags, oldSlugs          []string // authors in byline order, the primary tag first
	related                          []relation
	corrections                      []correction
	seoTitle, seoDescription, seoImg string
	canonical                        string
	video                            string // a file of videos/
	seconds                          int    // how long the film is
	body                             string // markup

	version int // of an earlier version: its number
	until   age // of an earlier version: when it was superseded
}

type relation struct{ slug, reason string }

type correction struct {
	at   age
	text string
}

func readStories() ([]*story, error) {
	entries, err := fs.ReadDir(storyFiles, "stories")
	if err != nil {
		return nil, err
	}
	stories := make([]*story, len(entries))
	for i, entry := range entries {
		text, err := fs.ReadFile(storyFiles, path.Join("stories", entry.Name()))
		if err != nil {
			return nil, err
		}
		if stories[i], err = parseStory(entry.Name(), string(text)); err != nil {
			return nil, fmt.Errorf("stories/%s: %w", entry.Name(), err)
		}
	}
	return stories, nil
}

var storyFileName = regexp.MustCompile(`^([a-z0-9-]+)(?:\.([1-9]))?\.md$`)

func parseStory(name, text string) (*story, error) {
	parts := storyFileName.FindStringSubmatch(name)
	if parts == nil {
		return nil, fmt.Errorf("the name is not like slug.md or slug.1.md")
	}
	head, body, found := strings.Cut(text, "\n---\n")
	if !found {
		return nil, fmt.Errorf("no line of three dashes ends the head")
	}
	s := &story{slug: parts[1], kind: "STORY", access: "PUBLIC", status: "PUBLISHED", locale: "en", body: body}
	s.version, _ = strconv.Atoi(parts[2])
	for line := range strings.SplitSeq(head, "\n") {
		key, value, found := strings.Cut(line, ": ")
		if !found {
			return nil, fmt.Errorf("%q is not like key: value", line)
		}
		if err := s.set(key, strings.TrimSpace(value)); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return s, nil
}

func (s *story) set(key, value string) (err error) {
	texts := map[string]*string{
		"title": &s.title, "excerpt": &s.excerpt, "kind": &s.kind, "access": &s.access, "status": &s.status,
		"locale": &s.locale, "reason": &s.reason, "image": &s.image, "alt": &s.alt, "caption": &s.caption,
		"credit": &s.credit, "seo-title": &s.seoTitle, "seo-description": &s.seoDescription,
		"seo-image": &s.seoImg, "canonical": &s.canonical, "video": &s.video,
	}
	ages := map[string]**age{
		"published": &s.published, "embargo": &s.embargo, "updated": &s.updated, "retracted": &s.retracted,
	}
	lists := map[string]*[]string{"authors": &s.authors, "tags": &s.tags, "old-slugs": &s.oldSlugs}
	if text := texts[key]; text != nil {
		*text = value
		return nil
	}
	if list := lists[key]; list != nil {
		*list = strings.Split(value, ", ")
		return nil
	}
	if at := ages[key]; at != nil {
		*at = new(age)
		return (*at).parse(value)
	}
	before, after, _ := strings.Cut(value, " | ")
	switch key {
	case "featured":
		s.featured, err = strconv.ParseBool(value)
	case "related":
		s.related = append(s.related, relation{before, after})
	case "correction":
		c := correction{text: after}
		err = c.at.parse(before)
		s.corrections = append(s.corrections, c)
	case "seconds":
		s.seconds, err = strconv.Atoi(value)
	case "until":
		err = s.until.parse(value)
	default:
		err = fmt.Errorf("no such key")
	}
	return err
}

// age is how long ago something was, written like 2d3h or 40m; "in 2d" is yet to come.
type age time.Duration

var ageForm = regexp.MustCompile(`^(in )?(?:(\d{1,3})d)?(?:(\d{1,2})h)?(?:(\d{1,2})m)?$`)

func (a *age) parse(text string) error {
	parts := ageForm.FindStringSubmatch(text)
	if parts == nil || text == "" {
		return fmt.Errorf("%q is not like 2d3h, 40m or in 2d", text)
	}
	total := time.Duration(0)
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		number, _ := strconv.Atoi(parts[i+2]) // empty is 0
		total += time.Duration(number) * unit
	}
	if parts[1] != "" {
		total = -total
	}
	*a = age(total)
	return nil
}

func (a *age) UnmarshalText(text []byte) error { return a.parse(string(text)) }

func (a age) before(now time.Time) time.Time { return now.Add(-time.Duration(a)) }

// when is nil for an age that is not given.
func (a *age) when(now time.Time) *time.Time {
	if a == nil {
		return nil
	}
	at := a.before(now)
	return &at
}
