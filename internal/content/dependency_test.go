package content

import "testing"

func TestAnnouncementsAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Announcement{
		"article:12":                     {Key: Key{Kind: "article", ID: 12}},
		"article-slug:12":                {Key: Key{Kind: "article-slug", Name: "12"}},
		"article-slug:a@5":               {Key: Key{Kind: "article-slug", Name: "a@5"}},
		"site":                           {Key: Key{Kind: "site"}},
		"*":                              {Key: Everything},
		"articles@5":                     {Key: Key{Kind: "articles"}, Place: 5, Placed: true},
		"articles/tag:news@5":            {Key: Key{Kind: "articles/tag", Name: "news"}, Place: 5, Placed: true},
		"articles/tag:#7@-5":             {Key: Key{Kind: "articles/tag", Name: "#7"}, Place: -5, Placed: true},
		"articles/tag:a@5@":              {Key: Key{Kind: "articles/tag", Name: "a@5"}},
		"articles/tag:12@":               {Key: Key{Kind: "articles/tag", Name: "12"}},
		"articles/updated/tag:news@5":    {Key: Key{Kind: "articles/updated/tag", Name: "news"}, Place: 5, Placed: true},
		"articles@5 from @7":             {Key: Key{Kind: "articles"}, Place: 5, Placed: true, From: 7},
		"article-slug:a@5 from @7":       {Key: Key{Kind: "article-slug", Name: "a@5"}, From: 7},
		"articles/locale:en@5 from @abc": {Key: Key{Kind: "articles/locale", Name: "en"}, Place: 5, Placed: true},
	} {
		if got := ParseAnnouncement(text); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

func FuzzParseAnnouncement(f *testing.F) {
	for _, text := range []string{"article:12", "articles/tag:a@5@", "articles@5 from @7", "*"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a := ParseAnnouncement(text)
		if whole := (Dependency{Key: a.Key, From: a.Place, To: a.Place}); !a.Concerns(whole) {
			t.Errorf("%q does not concern what it names: %+v", text, a)
		}
	})
}
