package cache

import (
	"fmt"
	"math"
	"testing"

	"broadsheet/internal/content"
)

// A stretch of a list holds both its ends: the articles there were read, too.
func TestStretchesHoldTheirEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to, place int64
		concerned       bool
	}{
		{100, 200, 99, false},
		{100, 200, 100, true},
		{100, 200, 150, true},
		{100, 200, 200, true},
		{100, 200, 201, false},
		{100, 100, 100, true},
		{100, math.MaxInt64, 99, false},
		{100, math.MaxInt64, 100, true},
		{math.MinInt64, 200, 200, true},
		{math.MinInt64, 200, 201, false},
	} {
		r := newRecent()
		made := r.footing([]content.Dependency{dependency("articles/tag", "news", c.from, c.to)})
		a := content.ParseAnnouncement(fmt.Sprintf("articles/tag:news@%d", c.place))
		if got := made.concernedBy(announcement{key: r.hash(a.Key), place: a.Place, placed: a.Placed}); got != c.concerned {
			t.Errorf("%d to %d, at %d: %v", c.from, c.to, c.place, got)
		}
		if got := a.Concerns(dependency("articles/tag", "news", c.from, c.to)); got != c.concerned {
			t.Errorf("content: %d to %d, at %d: %v", c.from, c.to, c.place, got)
		}
	}
}
