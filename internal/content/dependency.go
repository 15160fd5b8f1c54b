package content

import (
	"context"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Key names something that answers are made from and that changes announce (see migrations/0004_edge.sql). What has
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
	Placed bool  // false: the whole of it
	From   int64 // when it begins to look different, in microseconds since 1970; 0: it does so already
}

// Concerns tells whether an answer that depends on d may look different now.
func (a Announcement) Concerns(d Dependency) bool {
	return a.Key == Everything || a.Key == d.Key && (!a.Placed || d.From <= a.Place && a.Place <= d.To)
}

// ParseAnnouncement reads a key as the log of changes has it, such as article:12 or articles/tag:news@1795393702613139.
func ParseAnnouncement(text string) Announcement {
	var a Announcement
	text, from, later := strings.Cut(text, " from @")
	if later {
		a.From, _ = strconv.ParseInt(from, 10, 64)
	}
	kind, name, named := strings.Cut(text, ":")
	if strings.HasPrefix(text, "articles") { // a slug may look like a place or a number, but not in the name of a list
		if i := strings.LastIndexByte(text, '@'); i >= 0 {
			place, err := strconv.ParseInt(text[i+1:], 10, 64)
			a.Place, a.Placed = place, err == nil
			kind, name, named = strings.Cut(text[:i], ":")
		}
	}
	a.Kind = kind
	if !named || strings.HasSuffix(kind, "-slug") || strings.Contains(kind, "/") {
		a.Name = name
	} else if id, err := strconv.ParseInt(name, 10, 64); err == nil {
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
	mu       sync.Mutex
	all      []Dependency
	fleeting bool
	until    time.Time
}

type dependenciesKey struct{}

// WithDependencies returns a context under which all reading records what it depends on, in the room that is given as far as
// it goes.
func WithDependencies(ctx context.Context, room []Dependency) (context.Context, *Dependencies) {
	dependencies := &Dependencies{all: room[:0]}
	return context.WithValue(ctx, dependenciesKey{}, dependencies), dependencies
}

// All are the dependencies that were recorded; one may come several times.
func (d *Dependencies) All() []Dependency {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all
}

// Fleeting tells whether something was read that no key announces: the answer is right only at the moment.
func (d *Dependencies) Fleeting() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fleeting
}

// Until is when something that was read ends by itself, without a key that announces it; the zero time if nothing does.
func (d *Dependencies) Until() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.until
}

// endBy says that what was read is right up to a time.
func endBy(ctx context.Context, at time.Time) {
	if dependencies, _ := ctx.Value(dependenciesKey{}).(*Dependencies); dependencies != nil {
		dependencies.mu.Lock()
		defer dependencies.mu.Unlock()
		if dependencies.until.IsZero() || at.Before(dependencies.until) {
			dependencies.until = at
		}
	}
}

// doNotKeep says that what is about to be read is announced by no key.
func doNotKeep(ctx context.Context) {
	if dependencies, _ := ctx.Value(dependenciesKey{}).(*Dependencies); dependencies != nil {
		dependencies.mu.Lock()
		defer dependencies.mu.Unlock()
		dependencies.fleeting = true
	}
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
	for _, part := range []struct {
		kind   string
		fields []string
	}{
		{"article-body", []string{"body", "withheld"}},
		{"article-words", []string{"wordCount", "jsonLd"}},
		{"article-minutes", []string{"readingTimeMinutes"}},
		{"article-time", []string{"updatedAt", "jsonLd"}},
		{"article-seo", []string{"seo"}},
		{"article-featured", []string{"featured"}},
	} {
		if asked.has(part.fields...) {
			parts = append(parts, part.kind)
		}
	}
	return parts
}

// shows tells whether one of the fields may be shown: one that is asked for, or any if none is named, as by a door that
// takes what there is.
func shows(asked *Selection, fields ...string) bool { return !asked.any() || asked.has(fields...) }

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
	lists, marks := l.keys(l.ordering, owner)
	var found []Dependency
	for _, key := range lists {
		found = append(found, Dependency{key, stretch.From, stretch.To})
	}
	for _, key := range append(marks, l.audience.keys()...) {
		if l.ordering == byPublication {
			found = append(found, Dependency{key, stretch.From, stretch.To})
		} else {
			found = append(found, wholly(key)) // its places are times of publication
		}
	}
	return found
}

// keys name the lists that decide what is in this one, with places by an ordering; and what decides by marks on articles,
// always with places by publication. Whatever appears is announced under each list that it is in, and under each mark
// that it has: so a list by marks alone depends on no other.
func (l *articleList) keys(ordering byte, owner int64) (lists, marks []Key) {
	prefix := "articles"
	if ordering == byUpdate {
		prefix = "articles/updated"
	}
	for _, named := range []struct {
		kind  string
		slugs []string
	}{{"/tag", l.filter.Tags}, {"/tag", l.filter.AnyTag}, {"/author", l.filter.Authors}} {
		for _, slug := range named.slugs {
			lists = append(lists, Key{Kind: prefix + named.kind, Name: slug})
		}
	}
	if l.filter.Featured != nil {
		marks = append(marks, Key{Kind: "articles/featured"})
	}
	if l.filter.Locale != nil {
		marks = append(marks, Key{Kind: "articles/locale", Name: *l.filter.Locale})
	}
	marked := ordering == byPublication && (l.filter.Locale != nil || l.filter.Featured != nil && *l.filter.Featured)
	switch {
	case l.from != nil && l.from.owners == "":
		kind := map[string]string{"article_tags": "/tag", "article_authors": "/author"}[l.from.table]
		lists = append(lists, Key{Kind: prefix + kind, Name: "#" + strconv.FormatInt(owner, 10)})
	case l.from != nil || marked: // the slugs above, or the marks
	case len(l.filter.Kind) == 0:
		lists = append(lists, Key{Kind: prefix})
	default:
		for _, kind := range l.filter.Kind {
			lists = append(lists, Key{Kind: prefix + "/kind", Name: string(kind)})
		}
	}
	return lists, marks
}

// placeOf is where an article with this time stands in a list that is sorted by it.
func placeOf(at time.Time) int64 { return at.UnixMicro() }
