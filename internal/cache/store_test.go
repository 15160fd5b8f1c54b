package cache

import (
	"fmt"
	"math"
	"net/http"
	"testing"

	"broadsheet/internal/content"
)

func dependency(kind, name string, from, to int64) content.Dependency {
	return content.Dependency{Key: content.Key{Kind: kind, Name: name}, From: from, To: to}
}

func made(key string, dependencies ...content.Dependency) *entry {
	return &entry{key: key, answer: newAnswer(http.StatusOK, http.Header{}, []byte(key)), dependencies: dependencies}
}

func has(s *store, key string) bool {
	e, _ := s.entries.GetIfPresent(key)
	return e != nil && !e.dropped.Load()
}

// A change drops what depends on it, where it is in a list, and nothing else.
func TestChangesDropWhatTheyConcern(t *testing.T) {
	t.Parallel()
	for announced, wantDropped := range map[string]string{
		"articles/tag:news@150": "[recent whole]", "articles/tag:news@50": "[old whole]", "articles/tag:news": "[old recent whole]",
		"articles/tag:sea@150": "[]", "tag-slug:news": "[slug]", "tag-slug:12": "[numbered]", "tag:12": "[]", "*": "[numbered old recent slug whole]",
	} {
		s := newStore(1 << 20)
		for _, e := range []*entry{
			made("recent", dependency("articles/tag", "news", 100, math.MaxInt64)), made("old", dependency("articles/tag", "news", math.MinInt64, 99)),
			made("whole", dependency("articles/tag", "news", math.MinInt64, math.MaxInt64)), made("slug", dependency("tag-slug", "news", math.MinInt64, math.MaxInt64)),
			made("numbered", dependency("tag-slug", "12", math.MinInt64, math.MaxInt64)),
		} {
			s.end(s.begin(), e)
		}
		s.apply([]content.Announcement{content.ParseAnnouncement(announced)})
		dropped := []string{}
		for _, key := range []string{"numbered", "old", "recent", "slug", "whole"} {
			if !has(s, key) {
				dropped = append(dropped, key)
			}
		}
		if got := fmt.Sprint(dropped); got != wantDropped {
			t.Errorf("%s drops %s, want %s", announced, got, wantDropped)
		}
	}
}

func TestAFillThatAChangeOvertookIsNotKept(t *testing.T) {
	t.Parallel()
	s := newStore(1 << 20)
	overtaken, other := s.begin(), s.begin()
	s.apply([]content.Announcement{content.ParseAnnouncement("articles@7")})
	if s.end(overtaken, made("a", dependency("articles", "", 0, 10))) || has(s, "a") {
		t.Error("it was kept")
	}
	if !s.end(other, made("b", dependency("articles", "", 8, 10))) || !has(s, "b") {
		t.Error("one that the change does not concern was not kept")
	}
	if len(s.fills) != 0 {
		t.Errorf("%d fills never ended", len(s.fills))
	}
}

func TestTheStoreIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	s := newStore(100_000)
	for i := range 1000 {
		s.end(s.begin(), made(fmt.Sprint(i), dependency("article-slug", fmt.Sprint(i), math.MinInt64, math.MaxInt64)))
	}
	s.entries.CleanUp()
	if size := s.entries.WeightedSize(); size > 100_000 || s.entries.EstimatedSize() == 0 {
		t.Errorf("%d bytes in %d entries", size, s.entries.EstimatedSize())
	}
}
