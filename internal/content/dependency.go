package content

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Key names something that answers are made from and that changes announce (see migrations/0002_changes.sql). What has
// an id is named by it, the rest by a text.
type Key struct {
	Kind string // such as article or articles/tag
	Name string // such as a slug; empty for what has an id, and for what there is one of
	ID   int64
}

// Everything is announced when a table was emptied.
var Everything = Key{Kind: "*"}

// Dependency is something that an answer was made from. Of a list, From and To are the stretch that was read, in the
// places that announcements give.
type Dependency struct {
	Key
	From, To int64
}

// Announcement is a change of what a key names; of a list, at a place.
type Announcement struct {
	Key
	Place  int64
	Placed bool // false: the whole of it
}

// Concerns tells whether an answer that depends on d may look different now.
func (a Announcement) Concerns(d Dependency) bool {
	return a.Key == Everything || a.Key == d.Key && (!a.Placed || d.From <= a.Place && a.Place <= d.To)
}

// ParseAnnouncement reads a key as the log of changes has it, such as article:12 or articles/tag:news@1795393702613139.
func ParseAnnouncement(text string) Announcement {
	var a Announcement
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		if place, err := strconv.ParseInt(text[i+1:], 10, 64); err == nil {
			text, a.Place, a.Placed = text[:i], place, true
		}
	}
	kind, name, _ := strings.Cut(text, ":")
	a.Kind = kind
	// A slug may look like a number.
	if id, err := strconv.ParseInt(name, 10, 64); err == nil && !strings.HasSuffix(kind, "-slug") && !strings.Contains(kind, "/") {
		a.ID = id
	} else {
		a.Name = name
	}
	return a
}

// String names the key as the log of changes does.
func (k Key) String() string {
	switch {
	case k.ID != 0:
		return k.Kind + ":" + strconv.FormatInt(k.ID, 10)
	case k.Name != "":
		return k.Kind + ":" + k.Name
	default:
		return k.Kind
	}
}

// Dependencies are collected while an answer is read; root fields are read side by side.
type Dependencies struct {
	mu  sync.Mutex
	all []Dependency
}

type dependenciesKey struct{}

// WithDependencies returns a context under which all reading records what it depends on.
func WithDependencies(ctx context.Context) (context.Context, *Dependencies) {
	dependencies := &Dependencies{all: make([]Dependency, 0, 256)}
	return context.WithValue(ctx, dependenciesKey{}, dependencies), dependencies
}

// All are the dependencies that were recorded; one may come several times.
func (d *Dependencies) All() []Dependency {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all
}

// depend records what is about to be read, or was just read.
func depend(ctx context.Context, on ...Dependency) {
	dependencies, _ := ctx.Value(dependenciesKey{}).(*Dependencies)
	if dependencies == nil {
		return
	}
	dependencies.mu.Lock()
	defer dependencies.mu.Unlock()
	dependencies.all = append(dependencies.all, on...)
}

func onID[ID ~int64](kind string, id ID) Dependency { return wholly(Key{Kind: kind, ID: int64(id)}) }

func onName(kind, name string) Dependency { return wholly(Key{Kind: kind, Name: name}) }

func wholly(key Key) Dependency { return Dependency{key, math.MinInt64, math.MaxInt64} }

func dependOnIDs[ID ~int64](ctx context.Context, kind string, ids []ID) {
	if ctx.Value(dependenciesKey{}) == nil {
		return
	}
	on := make([]Dependency, len(ids))
	for i, id := range ids {
		on[i] = onID(kind, id)
	}
	depend(ctx, on...)
}

// dependOnArticles records parts of articles, such as related.
func dependOnArticles(ctx context.Context, articles []*Article, kinds ...string) {
	if ctx.Value(dependenciesKey{}) == nil {
		return
	}
	found := make([]Dependency, 0, len(articles)*len(kinds))
	for _, a := range articles {
		for _, kind := range kinds {
			found = append(found, onID(kind, a.ID))
		}
	}
	depend(ctx, found...)
}

// partsShown are the parts of an article that change apart from the rest of it, as far as they are asked for.
func partsShown(asked *Selection) []string {
	parts := []string{"article"}
	if asked.has("body", "withheld", "wordCount", "readingTimeMinutes", "jsonLd") {
		parts = append(parts, "article-body")
	}
	if asked.has("updatedAt", "jsonLd") {
		parts = append(parts, "article-time")
	}
	return parts
}

// dependencies are those of a page of the list that was read for an owner: the list where the page lies in it, up to the
// row after it, if there is one. Rows are in the order of reading.
func (l *articleList) dependencies(owner int64, rows []*Article) []Dependency {
	stretch := wholly(Key{})
	// A page is read from its cursor, or from an end of the list, to the first row that it has no room for.
	near, far := l.window.after, (*cursor)(nil)
	if l.window.backward {
		near = l.window.before
	}
	if len(rows) > l.window.limit {
		last := l.place(rows[l.window.limit])
		far = &last
	}
	if l.descending == l.window.backward {
		near, far = far, near
	}
	if near != nil {
		stretch.To = placeOf(near.at)
	}
	if far != nil {
		stretch.From = placeOf(far.at)
	}
	var found []Dependency
	for _, key := range append(l.keys(owner), l.audience.keys()...) {
		if l.ordering == byPublication {
			found = append(found, Dependency{key, stretch.From, stretch.To})
		} else {
			found = append(found, wholly(key)) // its places are times of publication
		}
	}
	if l.ordering == byUpdate {
		found = append(found, Dependency{Key{Kind: "articles/updated"}, stretch.From, stretch.To})
		if slices.Contains(l.filter.Kind, KindPage) {
			found = append(found, Dependency{Key{Kind: "articles/updated-pages"}, stretch.From, stretch.To})
		}
	}
	return found
}

// keys name the lists that decide what is in this one.
func (l *articleList) keys(owner int64) []Key {
	var keys []Key
	for _, named := range []struct {
		kind  string
		slugs []string
	}{{"articles/tag", l.filter.Tags}, {"articles/tag", l.filter.AnyTag}, {"articles/author", l.filter.Authors}} {
		for _, slug := range named.slugs {
			keys = append(keys, Key{Kind: named.kind, Name: slug})
		}
	}
	if l.filter.Featured != nil {
		keys = append(keys, Key{Kind: "articles/featured"})
	}
	if l.filter.Locale != nil {
		keys = append(keys, Key{Kind: "articles/locale"})
	}
	switch {
	case l.from != nil && l.from.owners == "":
		keys = append(keys, Key{Kind: map[string]string{"article_tags": "articles/tag", "article_authors": "articles/author"}[l.from.table],
			Name: "#" + strconv.FormatInt(owner, 10)})
	case l.from != nil: // the slugs above
	case len(l.filter.Kind) == 0:
		keys = append(keys, Key{Kind: "articles"})
	}
	if l.from == nil {
		for _, kind := range l.filter.Kind {
			keys = append(keys, Key{Kind: "articles/kind", Name: string(kind)})
		}
	}
	return keys
}

// placeOf is where an article with this time stands in a list that is sorted by it.
func placeOf(at time.Time) int64 { return at.UnixMicro() }
