package cache

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	"broadsheet/internal/changes"
	"broadsheet/internal/content"
)

func dependency(kind, name string, from, to int64) content.Dependency {
	return content.Dependency{Key: content.Key{Kind: kind, Name: name}, From: from, To: to}
}

func wholly(kind, name string) content.Dependency {
	return dependency(kind, name, math.MinInt64, math.MaxInt64)
}

// keep keeps an answer that was read after the change at a position.
func keep(s *store, key string, position int64, dependencies ...content.Dependency) *entry {
	e := s.newEntry([]byte(key), newAnswer(http.StatusOK, http.Header{}, []byte(key), time.Now()), time.Now(), position, dependencies)
	s.keep(e)
	return e
}

func announce(s *store, position int64, keys ...string) {
	c := changes.Change{Position: position}
	for _, key := range keys {
		c.Announced = append(c.Announced, content.ParseAnnouncement(key))
	}
	s.apply([]changes.Change{c})
}

func isGood(s *store, key string, position int64) bool {
	e := s.find([]byte(key))
	return e != nil && s.good(e, time.Now(), position)
}

// A change overtakes what depends on it, where it is in a list, and nothing else.
func TestChangesOvertakeWhatTheyConcern(t *testing.T) {
	t.Parallel()
	for announced, want := range map[string]string{
		"articles/tag:news@150": "[recent whole]", "articles/tag:news@50": "[old whole]", "articles/tag:news": "[old recent whole]",
		"articles/tag:sea@150": "[]", "tag-slug:news": "[slug]", "tag-slug:12": "[numbered]", "tag:12": "[]", "*": "[none numbered old recent slug whole]",
	} {
		s := newStore(1 << 20)
		keep(s, "recent", 1, dependency("articles/tag", "news", 100, math.MaxInt64))
		keep(s, "old", 1, wholly("site", ""), dependency("articles/tag", "news", math.MinInt64, 20), dependency("articles/tag", "news", 40, 99))
		keep(s, "whole", 1, wholly("articles/tag", "news"))
		keep(s, "slug", 1, wholly("tag-slug", "news"))
		keep(s, "numbered", 1, wholly("tag-slug", "12"))
		keep(s, "none", 1)
		announce(s, 2, announced)
		overtaken := []string{}
		for _, key := range []string{"none", "numbered", "old", "recent", "slug", "whole"} {
			if !isGood(s, key, 2) {
				overtaken = append(overtaken, key)
			}
		}
		if got := fmt.Sprint(overtaken); got != want || s.dropped.Load() != int64(len(overtaken)) {
			t.Errorf("%s overtakes %s, want %s; %d counted", announced, got, want, s.dropped.Load())
		}
	}
}

// What counts is which changes were applied when the answer was begun to be read, not when it was kept.
func TestAnswersAreCheckedFromWhereTheyWereRead(t *testing.T) {
	t.Parallel()
	s := newStore(1 << 20)
	announce(s, 5, "articles@7")
	keep(s, "before", 4, dependency("articles", "", 0, 10))
	keep(s, "elsewhere", 4, dependency("articles", "", 8, 10))
	keep(s, "after", 5, dependency("articles", "", 0, 10))
	for key, want := range map[string]bool{"before": false, "elsewhere": true, "after": true, "unknown": false} {
		if isGood(s, key, 5) != want {
			t.Errorf("%s: %t", key, !want)
		}
	}
	announce(s, 6, "site")
	if isGood(s, "before", 6) || !isGood(s, "after", 6) {
		t.Error("after a change that concerns neither")
	}
	announce(s, 9, "articles@3")
	if isGood(s, "after", 9) || isGood(s, "after", 6) {
		t.Error("after a change that concerns it")
	}
}

// Of what was forgotten nobody can say whether it concerned an answer.
func TestAnswersFromBeforeWhatIsRememberedAreNotGiven(t *testing.T) {
	t.Parallel()
	s := newStore(1 << 20)
	keep(s, "old", 1, wholly("site", ""))
	keep(s, "asked for", 1, wholly("site", ""))
	last := int64(1)
	for s.recent.forgotten == 0 {
		last++
		announce(s, last, "article:1", "article:2", "article:3", "article:4", "article:5", "article:6", "article:7", "article:8", "article:9")
		if last%1000 == 0 && !isGood(s, "asked for", last) {
			t.Fatal("an answer that is asked for now and then is lost")
		}
	}
	if isGood(s, "old", last) || !isGood(s, "asked for", last) {
		t.Error("the old one is given, or the other is not")
	}
	if s.recent.announced > mostAnnounced {
		t.Errorf("%d announcements are remembered", s.recent.announced)
	}
}

func TestTheStoreIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	s := newStore(100_000)
	for i := range 1000 {
		keep(s, fmt.Sprint(i), 1, wholly("article-slug", fmt.Sprint(i)))
	}
	s.entries.CleanUp()
	if size := s.entries.WeightedSize(); size > 100_000 || s.entries.EstimatedSize() == 0 {
		t.Errorf("%d bytes in %d entries", size, s.entries.EstimatedSize())
	}
}

// A change purges further out what it overtakes here.
func TestSurrogateKeysOfChangesAreThoseOfAnswers(t *testing.T) {
	t.Parallel()
	answered := keysOf([]content.Dependency{wholly("site", ""), dependency("articles/tag", "news", 5, 9), dependency("articles/tag", "news", 20, 30)})
	if len(answered) != 3 || answered[2] != EveryAnswer {
		t.Fatalf("%v", answered)
	}
	for announced, want := range map[string]bool{"site": true, "articles/tag:news@7": true, "articles/tag:sea@7": false, "*": true} {
		purged := SurrogateKeys([]content.Announcement{content.ParseAnnouncement(announced)})
		if haveCommon(answered, purged) != want {
			t.Errorf("%s purges %v of %v", announced, purged, answered)
		}
	}
	var many []content.Dependency
	for i := range 2 * mostKeys {
		many = append(many, wholly("article-slug", fmt.Sprint(i)))
	}
	if keys := keysOf(many); len(keys) > mostKeys || !haveCommon(keys, SurrogateKeys([]content.Announcement{content.ParseAnnouncement("article-slug:5")})) {
		t.Errorf("an answer made from much has %d keys, and a change of it purges none", len(keys))
	}
}

func haveCommon(a, b []string) bool {
	return slices.ContainsFunc(a, func(key string) bool { return slices.Contains(b, key) })
}

// A story that is scheduled changes nothing before its time: what is kept ends then, and not at once.
func TestWhatComesLaterEndsAnAnswerLater(t *testing.T) {
	t.Parallel()
	s, due := newStore(1<<20), time.Now().Add(time.Hour)
	e := s.newEntry([]byte("key"), &answer{}, time.Now(), 1, []content.Dependency{{Key: content.Key{Kind: "articles"}, From: 5, To: 1 << 60}})
	announced := content.ParseAnnouncement(fmt.Sprintf("articles@7 from @%d", due.UnixMicro()))
	s.apply([]changes.Change{{Position: 2, Announced: []content.Announcement{announced}}})
	for range 2 { // the second time nothing is looked up
		if !s.good(e, time.Now(), 2) {
			t.Fatal("it ends at once")
		}
	}
	if s.good(e, due.Add(time.Microsecond), 2) {
		t.Error("it does not end when the story appears")
	}
}
