package widget

import (
	"net/http"

	"broadsheet/internal/content"
)

// cardFields are what a card shows of a story.
func cardFields() []*content.SelectedField {
	return []*content.SelectedField{
		content.Ask("leadImage"), content.Ask("primaryTag"), content.Ask("authors"), content.Ask("corrections"),
		content.Ask("readingTimeMinutes"), content.Ask("video"),
	}
}

// article shows one story as a card: with layout=compact, a small one.
func (d *door) article(w http.ResponseWriter, r *http.Request) {
	o, err := parseOptions(r.URL.RawQuery, layoutCard, layoutCompact)
	if err != nil {
		d.fail(w, r, usualOptions(layoutCard), err)
		return
	}
	found, err := d.current(r.Context(), d.Content.ArticleAt, content.Select("Article", cardFields()...), r.PathValue("slug"))
	if err != nil {
		d.fail(w, r, o, err)
		return
	}
	switch found := found.(type) {
	case *content.Article:
		d.showArticle(w, r, o, found)
	case *content.Gone:
		d.notice(w, r, o, http.StatusGone, func(say words) notice { return notice{Sentence: say.Withdrawn} })
	default:
		d.missing(w, r, o)
	}
}

func (d *door) showArticle(w http.ResponseWriter, r *http.Request, o options, a *content.Article) {
	site, err := d.Content.Site(r.Context())
	if err != nil {
		d.fail(w, r, o, err)
		return
	}
	f := d.frame(o, site)
	f.Lang, f.Words = a.Locale, wordsFor(a.Locale)
	f.Title, f.URL, f.Of = a.Title+" · "+site.Name, a.URL(), a
	d.show(w, r, "article", http.StatusOK, f)
}
