package feed

import (
	"html"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"broadsheet/internal/content"
)

// profile is what readers of one kind take of a feed: rules as data, by which a feed is shaped after it was read and before
// it is written. Licences come first: a profile leaves out, and gives nothing that the licence keeps back.
type profile struct {
	name    string   // as addresses have it; empty: all there is
	formats []string // in which it means something
	shown   *content.Selection
	items   int           // of a page, unless something else is asked for
	oldest  time.Duration // how old a story may be; 0: of any age
	pushed  bool          // a hub, if there is one, is told of changes

	shortestTitle int // characters; a story with a shorter title is left out
	longestTitle  int // characters; a longer title has one of shortTitle beside it; 0: any length
	shortTitle    int

	html            func(markup string) string // what is given of a body; nil: all of it
	needsBody       bool                       // a story of which nothing is given is left out
	shortestSummary int                        // characters; in the place of a shorter excerpt stands the beginning of the text

	withoutMedia   bool
	smallest       int      // pixels of a picture's shorter side, where it is known; a smaller one is left out
	pictures       []string // media types, where it is known; empty: any
	enclosePicture bool     // where there is no video to enclose

	notice string // the title of what stands in the place of a story that was taken back

	// Of RSS alone.
	modules      []module // elements of others are not written
	plainSummary bool     // descriptions are plain text, not HTML
	valid        func(from, until time.Time) string
}

// whole is the profile of who asks for none.
var whole = &profile{
	formats: []string{"rss", "atom", "json", "ninjs"}, shown: shown("html"), items: defaultLimit, pushed: true, notice: "Retracted", valid: period,
	modules: []module{atomModule, contentModule, dcModule, dctermsModule, mediaModule},
}

// plain is for readers that know nothing but RSS's own elements, the feed's links and who wrote a story.
var plain = &profile{
	name: "plain", formats: []string{"rss", "atom", "json"}, shown: shown("text"), items: defaultLimit,
	html: nothing, shortestSummary: 1, withoutMedia: true, notice: "Retracted",
	modules: []module{atomModule, dcModule}, plainSummary: true, valid: period,
}

// msn is for MSN's Partner Hub, by the pages «Feed content specifications», «MSN feed item metadata requirements», «MSN HTML
// guidelines and tag restrictions», «How to display inline media» and «MSN content expiration and takedown rules» below
// support.microsoft.com/msn/partner-hub: titles of more than 20 characters, and beyond 150 with a short one, which cards
// show to 54; stories of less than 365 days, with a body; pictures as JPEG, PNG, GIF or WebP; what has expired and was
// modified since is taken down.
var msn = &profile{
	name: "msn", formats: []string{"rss"}, shown: shown("html"), items: defaultLimit,
	oldest:        363 * 24 * time.Hour, // an answer may be kept for a day, and the day's beginning counts
	shortestTitle: 21, longestTitle: 150, shortTitle: 54,
	html: msnHTML.of, needsBody: true,
	pictures: []string{"image/jpeg", "image/png", "image/gif", "image/webp"},
	notice:   "This story has been retracted",
	modules:  []module{atomModule, contentModule, dcModule, dctermsModule, mediaModule, msnModule}, plainSummary: true, valid: expired,
}

// flipboard is for Flipboard, by about.flipboard.com/rss-spec and its help centre: the whole text, 30 stories, a summary of
// 300 characters and more, and an enclosure to illustrate a story with, of 400 pixels in the smallest dimension.
var flipboard = &profile{
	name: "flipboard", formats: []string{"rss"}, shown: shown("html", "text"), items: 30, pushed: true,
	shortestTitle: 1,
	html:          flipboardHTML.of, needsBody: true, shortestSummary: 300,
	smallest: smallestOnFlipboard, enclosePicture: true,
	notice:  "Retracted",
	modules: []module{atomModule, contentModule, dcModule, dctermsModule, mediaModule}, plainSummary: true, valid: period,
}

const smallestOnFlipboard = 400

// longestSummary bounds what is taken from a text to stand for an excerpt, in characters. Half of it is left at the least.
const longestSummary = 600

// profileNamed returns nil if there is none of the name.
func profileNamed(name string) *profile {
	for _, p := range []*profile{whole, plain, msn, flipboard} {
		if p.name == name {
			return p
		}
	}
	return nil
}

// shape leaves in the feed what its readers take.
func (p *profile) shape(f *feed) {
	f.items = slices.DeleteFunc(f.items, func(i *item) bool { return !p.fit(i) })
	for _, t := range f.retracted {
		t.title = p.notice
		if p.needsBody {
			t.html = "<p>" + html.EscapeString(p.notice) + "</p>"
		}
	}
}

// fit shapes a story, and tells whether it is taken at all.
func (p *profile) fit(i *item) bool {
	shaped := *i.Article
	i.Article = &shaped
	if p.html != nil {
		i.html = p.html(i.html)
	}
	p.fitTitle(i)
	p.fitSummary(i)
	p.fitMedia(i)
	return utf8.RuneCountInString(i.Title) >= p.shortestTitle && (i.html != "" || !p.needsBody)
}

// fitTitle makes the short title from the one that the desk wrote for search engines, if that is short enough.
func (p *profile) fitTitle(i *item) {
	if p.shortestTitle == 0 {
		return
	}
	i.Title = oneLine(i.Title)
	if p.longestTitle == 0 || utf8.RuneCountInString(i.Title) <= p.longestTitle {
		return
	}
	if i.shortTitle = shortened(i.Title, p.shortTitle); i.SeoTitle != nil {
		if title := oneLine(*i.SeoTitle); title != "" && utf8.RuneCountInString(title) <= p.shortTitle {
			i.shortTitle = title
		}
	}
}

func (p *profile) fitSummary(i *item) {
	if i.Body == nil || utf8.RuneCountInString(i.Excerpt) >= p.shortestSummary {
		return
	}
	if text := shortened(oneLine(i.Body.Text), longestSummary); len(text) > len(i.Excerpt) {
		i.Excerpt = text
	}
}

func (p *profile) fitMedia(i *item) {
	if p.withoutMedia {
		i.image, i.Video, i.enclosure = nil, nil, ""
		return
	}
	if i.image != nil && !p.takesPicture(i.image) {
		i.image = nil
	}
	if p.enclosePicture && i.enclosure == "" && i.image != nil && mediaType(i.image.URL) != "" {
		i.enclosure = i.image.URL
	}
}

func (p *profile) takesPicture(image *content.Image) bool {
	for _, side := range []*int{image.Width, image.Height} {
		if side != nil && *side < p.smallest {
			return false
		}
	}
	of := mediaType(image.URL)
	return of == "" || len(p.pictures) == 0 || slices.Contains(p.pictures, of)
}

// declares tells whether elements with this prefix are written.
func (p *profile) declares(prefix string) bool {
	return slices.ContainsFunc(p.modules, func(m module) bool { return m.prefix == prefix })
}

// module is an extension of RSS.
type module struct{ prefix, namespace string }

var (
	atomModule    = module{"atom", "http://www.w3.org/2005/Atom"}
	contentModule = module{"content", "http://purl.org/rss/1.0/modules/content/"}
	dcModule      = module{"dc", "http://purl.org/dc/elements/1.1/"}
	dctermsModule = module{"dcterms", "http://purl.org/dc/terms/"}
	mediaModule   = module{"media", "http://search.yahoo.com/mrss/"}
	msnModule     = module{"mi", "http://schemas.ingestion.microsoft.com/common/"}
)

func nothing(string) string { return "" }

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// period is how Dublin Core writes one (dublincore.org/specifications/dublin-core/dcmi-period).
func period(from, until time.Time) string {
	return "start=" + rfc3339(from) + "; end=" + rfc3339(until) + "; scheme=W3C-DTF"
}

// expired is the time of the end alone, as MSN has it.
func expired(_, until time.Time) string { return rfc3339(until) }
