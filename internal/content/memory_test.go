package content

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"
)

// remembering is a memory, with readers that read from a table in which somebody writes.
type remembering struct {
	*Memory
	t       *testing.T
	current bool
	until   time.Time
	name    string // of the tag 7, which hangs on the article 1
	reads   int
	onRead  func() // what happens between the reading and the keeping
}

func newRemembering(t *testing.T) *remembering {
	t.Helper()
	r := &remembering{t: t, current: true, name: "old", onRead: func() {}}
	r.Memory = NewMemory(MemoryOptions{Bytes: 1 << 20, Current: func() bool { return r.current },
		GoodUntil: func(time.Time, []Dependency) time.Time { return r.until }})
	return r
}

func (r *remembering) row() Tag {
	r.reads++
	row := Tag{ID: 7, Slug: "tag", Name: r.name}
	r.onRead()
	return row
}

func (r *remembering) write(name string, keys ...string) {
	r.name = name
	for _, key := range keys {
		r.Apply([]Announcement{ParseAnnouncement(key)})
	}
}

// ways are all ways in which a row comes out of the memory.
var ways = map[string]func(context.Context, *remembering) string{
	"by id": func(ctx context.Context, r *remembering) (name string) {
		recall(ctx, r.Memory, rowOfTag, []int64{7}, func(ids []int64, keep func([]Tag) error) *wantedRows {
			return wantAtOnce(ids, keep, r.row)
		}, func(rows map[int64]*Tag) error {
			name = rows[7].Name
			return nil
		})
		return name
	},
	"by slug": func(ctx context.Context, r *remembering) string {
		row, err := recallOne(ctx, r.Memory, tagAtSlug, rowOfTag, rowKey{"slug", "tag"}, func() ([]Tag, error) { return []Tag{r.row()}, nil })
		if err != nil {
			r.t.Fatal(err)
		}
		return row.Name
	},
	"by a relation": func(ctx context.Context, r *remembering) string {
		return r.tag(ctx).Name
	},
}

// tag is what the relation leads to.
func (r *remembering) tag(ctx context.Context) (tag *Tag) {
	labels := relation[plainLink, Tag]{tagsOfArticle, rowOfTag, func(articles []int64, use func([]linked[plainLink, Tag]) error) *wantedRows {
		return wantAtOnce(articles, use, func() linked[plainLink, Tag] { return linked[plainLink, Tag]{Owner: 1, Row: r.row()} })
	}}
	labels.follow(ctx, r.Memory, []int64{1}, func(reached map[int64][]reached[plainLink, Tag], objects []*Tag) error {
		if tag = reached[1][0].Object; len(objects) != 1 || objects[0] != tag {
			r.t.Errorf("%v are reached", objects)
		}
		return nil
	})
	return tag
}

// wantAtOnce has the one row used that is read of some ids, none of none.
func wantAtOnce[Row any](ids []int64, use func([]Row) error, read func() Row) *wantedRows {
	var rows []Row
	if len(ids) > 0 {
		rows = append(rows, read())
	}
	_ = use(rows)
	return new(wantedRows)
}

func TestWhatWasReadIsRemembered(t *testing.T) {
	t.Parallel()
	for name, ask := range ways {
		r := newRemembering(t)
		for range 3 {
			if got := ask(t.Context(), r); got != "old" || r.reads != 1 {
				t.Errorf("%s: %q after %d readings", name, got, r.reads)
			}
		}
		r.write("new", "tag:8", "author:7", "article:2")
		if got := ask(t.Context(), r); got != "old" || r.reads != 1 {
			t.Errorf("%s: forgotten when something else changed", name)
		}
		r.write("new", "tag:7")
		if got := ask(t.Context(), r); got != "new" {
			t.Errorf("%s: %q after the change", name, got)
		}
	}
}

// The bug that caches are known for: the value that was read before a change is kept after it.
func TestWhatWasReadBeforeAChangeIsNotKeptAfterIt(t *testing.T) {
	t.Parallel()
	for name, ask := range ways {
		for _, key := range []string{"tag:7", "*"} {
			r := newRemembering(t)
			r.onRead = func() {
				r.onRead = func() {}
				r.write("new", key)
			}
			ask(t.Context(), r)
			if got := ask(t.Context(), r); got != "new" {
				t.Errorf("%s: %q was kept, read before %s was announced", name, got, key)
			}
		}
	}
}

func TestTheOrderOfLinksIsNotKeptAfterItsChange(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"article-tags:1", "article:1", "*"} { // in a draft, links change in silence
		r := newRemembering(t)
		ways["by a relation"](t.Context(), r)
		r.write("new", key)
		ways["by a relation"](t.Context(), r)
		if r.reads != 2 {
			t.Errorf("%s: read %d times", key, r.reads)
		}
	}
}

func TestNothingIsLookedUpWhileChangesMayGoUnheard(t *testing.T) {
	t.Parallel()
	for name, ask := range ways {
		r := newRemembering(t)
		ask(t.Context(), r)
		r.current = false
		r.name = "new"
		if got := ask(t.Context(), r); got != "new" {
			t.Errorf("%s: %q, though the change could not be heard", name, got)
		}
	}
}

func TestALicenceReadsPastTheMemory(t *testing.T) {
	t.Parallel()
	partner := WithAudience(t.Context(), NewAudience("partner", Licence{}))
	for name, ask := range ways {
		r := newRemembering(t)
		for _, ctx := range []context.Context{partner, t.Context(), partner} {
			ask(ctx, r)
		}
		if r.reads != 3 {
			t.Errorf("%s: read %d times", name, r.reads)
		}
	}
}

// A related story appears by itself at its time: the list is read again then.
func TestWhatTimeChangesIsKeptUntilThen(t *testing.T) {
	t.Parallel()
	for kind, limited := range map[memoryKind]bool{storiesOfArticle: true, correctionsOfArticle: true, tagsOfArticle: false} {
		r := newRemembering(t)
		r.until = time.Now().Add(-time.Second)
		key := memoryKey{kind: kind, id: 1}
		r.begin().keep(key, func(entry []byte) []byte { return append(entry, 2) })
		if _, found := r.lookUp(key, time.Now()); found == limited {
			t.Errorf("kind %d: found is %v after its time", kind, found)
		}
	}
}

func TestTheMemoryIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	for id := range int64(50_000) {
		r.begin().keep(memoryKey{kind: headOfArticle, id: id}, func(entry []byte) []byte { return append(entry, make([]byte, 4000)...) })
	}
	if stats := r.Stats(); stats.Bytes > LeastMemory*5/4 || stats.Entries < 5000 {
		t.Errorf("%+v", stats)
	}
}

// A row comes out of the memory as it came from Postgres.
func TestRowsAreKeptWhole(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	text, number, id := "https://canonical.example", 90, int64(-7)
	at := time.Date(2026, 3, 10, 12, 0, 0, 123456000, time.UTC)
	article := Article{ID: 1 << 40, Slug: "slug", Title: strings.Repeat("ü", 200), Featured: true, PublishedAt: at, Canonical: &text, LeadImageID: &id}
	keepRow(r.begin(), headOfArticle, &article)
	if got, found := lookUpRow[Article](r.Memory, headOfArticle, 1<<40, time.Now()); !found || !reflect.DeepEqual(*got, article.inUTC()) {
		t.Errorf("%+v", got)
	}
	videos := parts[Video]{7, []Video{{ArticleID: 7, URL: "a", Width: &number}, {ArticleID: 7, Provider: &text, PosterID: &id}}}
	keepRow(r.begin(), videoOfArticle, &videos)
	if got, found := lookUpRow[parts[Video]](r.Memory, videoOfArticle, 7, time.Now()); !found || !reflect.DeepEqual(*got, videos) {
		t.Errorf("%+v", got)
	}
}

// inUTC has no time before those that Postgres knows.
func (a Article) inUTC() Article {
	a.UpdatedAt = time.UnixMicro(a.UpdatedAt.UnixMicro()).UTC()
	return a
}

// Who changes an object that came out of the memory changes nobody else's.
func TestObjectsAreTheRequestsOwn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"by slug", "by a relation"} {
		r := newRemembering(t)
		ways[name](t.Context(), r)
		r.tag(t.Context()).Image = new(Image)
		if r.tag(t.Context()).Image != nil {
			t.Errorf("%s: the object is shared", name)
		}
	}
}

func BenchmarkLookUp(b *testing.B) {
	m := NewMemory(MemoryOptions{Bytes: 64 << 20, Current: func() bool { return true },
		GoodUntil: func(time.Time, []Dependency) time.Time { return time.Time{} }})
	reading := m.begin()
	for id := range int64(10_000) {
		keepRow(reading, headOfArticle, &Article{ID: ArticleID(id)})
	}
	now, id := time.Now(), int64(0)
	b.ReportAllocs()
	for b.Loop() {
		id = (id + 7919) % 10_000
		if _, found := lookUpRow[Article](m, headOfArticle, id, now); !found {
			b.Fatal("not kept")
		}
	}
}

// written asks for the article 1 as a door does that has written it before or writes it now, and returns what it gives.
func (r *remembering) written(form Form, now string) string {
	r.t.Helper()
	s := &Service{memory: r.Memory, clock: time.Now}
	a := &Article{ID: 1}
	if missing := s.recallArticles(r.t.Context(), []*Article{a}, form, Select("Article", Ask("slug"), Ask("tags", Ask("name")))); len(missing) > 0 {
		r.t.Fatal("what is in memory is missing")
	}
	if before := a.Written(); before != nil {
		return string(before)
	}
	a.Write([]byte(now))
	return now
}

func TestArticlesAreGivenAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	remember := func() *remembering {
		r := newRemembering(t)
		keepRow(r.begin(), headOfArticle, &Article{ID: 1, Slug: "story"})
		ways["by a relation"](t.Context(), r)
		return r
	}
	r := remember()
	if first, again, other := r.written(1, "one"), r.written(1, "two"), r.written(2, "three"); first != "one" || again != "one" || other != "three" {
		t.Errorf("%s, then %s, and in another form %s", first, again, other)
	}
	r.write("old", "tag:8", "article:2", "articles@50", "article-authors:1")
	if got := r.written(1, "two"); got != "one" {
		t.Error("written anew when something else changed")
	}
	for _, key := range []string{"article:1", "article-tags:1", "tag:7", "*"} {
		r := remember()
		r.written(1, "one")
		r.write("old", key)
		keepRow(r.begin(), headOfArticle, &Article{ID: 1, Slug: "story"})
		ways["by a relation"](t.Context(), r)
		if got := r.written(1, "two"); got != "two" {
			t.Errorf("%s: %s after the change", key, got)
		}
	}
	r = remember()
	r.until = time.Now().Add(-time.Second)
	if r.written(1, "one"); r.written(1, "two") != "two" {
		t.Error("given after it has changed by itself")
	}
}

// What is announced while the door still writes makes the bytes old.
func TestArticlesThatChangeWhileTheyAreWrittenAreNotKept(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	keepRow(r.begin(), headOfArticle, &Article{ID: 1, Slug: "story"})
	s, a := &Service{memory: r.Memory, clock: time.Now}, &Article{ID: 1}
	s.recallArticles(t.Context(), []*Article{a}, 1, Select("Article", Ask("slug")))
	r.write("old", "article:1")
	a.Write([]byte("one"))
	keepRow(r.begin(), headOfArticle, &Article{ID: 1, Slug: "other"})
	b := &Article{ID: 1}
	if s.recallArticles(t.Context(), []*Article{b}, 1, Select("Article", Ask("slug"))); b.Written() != nil || b.Slug != "other" {
		t.Errorf("%s is given, which was written before the change", b.Written())
	}
}
