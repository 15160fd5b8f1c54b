package feed

import (
	"strings"
	"testing"
	"time"

	"broadsheet/internal/content"
)

// story is one that every profile takes.
func story(change func(*item)) *item {
	i := &item{
		Article: &content.Article{Title: "A title of a usual length", Excerpt: "In short.", Body: &content.Body{Text: "The\n\ntext."}},
		html:    "<p>The text.</p>",
		image:   picture("https://x.org/a.jpg", 1200, 800),
	}
	change(i)
	return i
}

func picture(url string, width, height int) *content.Image {
	return &content.Image{URL: url, Width: &width, Height: &height}
}

func titled(title string) func(*item) { return func(i *item) { i.Title = title } }

func TestStoriesThatAProfileTakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what                  string
		change                func(*item)
		plain, msn, flipboard bool
	}{
		{"as they are", func(*item) {}, true, true, true},
		{"without a title", titled(""), true, false, false},
		{"with 20 characters", titled(strings.Repeat("é", 20)), true, false, true},
		{"with 21 characters", titled(strings.Repeat("é", 21)), true, true, true},
		{"with blanks for characters", titled("short" + strings.Repeat(" ", 30)), true, false, true},
		{"without a body", func(i *item) { i.html, i.Body = "", nil }, true, false, false},
		{"with a body of nothing that is taken", func(i *item) { i.html = "<script>x</script>" }, true, false, false},
		{"without a picture", func(i *item) { i.image = nil }, true, true, true},
	} {
		for _, reader := range []struct {
			profile *profile
			takes   bool
		}{{whole, true}, {plain, test.plain}, {msn, test.msn}, {flipboard, test.flipboard}} {
			if got := reader.profile.fit(story(test.change)); got != reader.takes {
				t.Errorf("%s, profile %q: %t", test.what, reader.profile.name, got)
			}
		}
	}
}

func TestShortTitles(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("harbour ", 19) // 151 characters without the last blank
	for _, test := range []struct {
		what, title, seo, short string
	}{
		{"short enough", strings.Repeat("x", 150), "Other", ""},
		{"cut", long, "", strings.TrimSpace(strings.Repeat("harbour ", 6)) + "…"},
		{"written by the desk", long, "Harbour, harbour", "Harbour, harbour"},
		{"written by the desk, but not short", long, strings.Repeat("quay ", 12), strings.TrimSpace(strings.Repeat("harbour ", 6)) + "…"},
	} {
		i := story(titled(test.title))
		if test.seo != "" {
			i.SeoTitle = &test.seo
		}
		if !msn.fit(i) || i.shortTitle != test.short || i.Title != strings.TrimSpace(test.title) {
			t.Errorf("%s: %q beside %q", test.what, i.shortTitle, i.Title)
		}
	}
}

func TestSummaries(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("The harbour\n\nis dark. ", 40)
	for _, test := range []struct {
		profile *profile
		excerpt string
		want    int // characters at the least
		kept    bool
	}{
		{whole, "", 0, true}, {whole, "In short.", 9, true}, {msn, "", 0, true}, {plain, "In short.", 9, true}, {plain, "", 300, false},
		{flipboard, "In short.", 300, false}, {flipboard, strings.Repeat("long enough ", 25), 300, true},
	} {
		i := story(func(i *item) { i.Excerpt, i.Body.Text = test.excerpt, text })
		article := i.Article
		test.profile.fit(i)
		if kept := i.Excerpt == test.excerpt; kept != test.kept || len(i.Excerpt) < test.want || len(i.Excerpt) > longestSummary+2 || strings.Contains(i.Excerpt, "\n") {
			t.Errorf("profile %q: %q became %q", test.profile.name, test.excerpt, i.Excerpt)
		}
		if article.Excerpt != test.excerpt {
			t.Error("others are shown the same article")
		}
	}
}

func TestPictures(t *testing.T) {
	t.Parallel()
	unknown := &content.Image{URL: "https://x.org/a"}
	for _, test := range []struct {
		profile *profile
		picture *content.Image
		takes   bool
	}{
		{whole, picture("https://x.org/a.svg", 1, 1), true}, {whole, unknown, true},
		{plain, picture("https://x.org/a.jpg", 1200, 800), false},
		{msn, picture("https://x.org/a.jpg", 100, 100), true}, {msn, picture("https://x.org/a.avif", 1200, 800), false}, {msn, unknown, true},
		{flipboard, picture("https://x.org/a.jpg", 400, 400), true}, {flipboard, picture("https://x.org/a.jpg", 399, 1200), false},
		{flipboard, picture("https://x.org/a.jpg", 1200, 399), false}, {flipboard, unknown, true},
	} {
		i := story(func(i *item) { i.image = test.picture })
		test.profile.fit(i)
		if (i.image != nil) != test.takes {
			t.Errorf("profile %q, %s", test.profile.name, test.picture.URL)
		}
		if encloses := test.profile == flipboard && test.takes && test.picture != unknown; (i.enclosure != "") != encloses {
			t.Errorf("profile %q encloses %q", test.profile.name, i.enclosure)
		}
	}
}

// Age counts as of the beginning of the day, and that changes the validators. Retractions are told of stories of any age.
func TestOldStoriesGoWithTheDay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ filter, want *time.Time }{
		{nil, new(time.Date(2025, 3, 12, 0, 0, 0, 0, time.UTC))},
		{new(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)), new(time.Date(2025, 3, 12, 0, 0, 0, 0, time.UTC))},
		{new(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), new(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))},
	} {
		filter := &content.ArticleFilter{PublishedAfter: test.filter}
		from := &source{list: content.ArticleArguments{Filter: filter}, of: filter}
		day := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
		from.leaveOut(day, msn.oldest)
		if got := from.list.Filter.PublishedAfter; !got.Equal(*test.want) || filter.PublishedAfter != test.filter || from.remembers() != filter {
			t.Errorf("%v becomes %v", test.filter, got)
		}
		if moment := from.moment(content.Moment{DueAt: day.Add(-time.Second)}); !moment.DueAt.Equal(day) {
			t.Errorf("seen at %v", moment.DueAt)
		}
		if moment := from.moment(content.Moment{DueAt: day.Add(time.Second)}); !moment.DueAt.After(day) {
			t.Errorf("seen at %v", moment.DueAt)
		}
	}
}
