package changes

import (
	"log/slog"
	"testing"
)

// Whoever waits for a position may rely on it that all who keep something have heard of it.
func TestPositionGrowsWhenAllHaveHeard(t *testing.T) {
	t.Parallel()
	l := NewLog(slog.New(slog.DiscardHandler))
	l.Apply(nil, 3, nil)
	heard := 0
	for range 2 {
		l.OnChange(func(latest []Change) {
			heard += len(latest)
			if got := l.Position(); got != 3 {
				t.Errorf("the position is %d before all have heard, want 3", got)
			}
		})
	}
	l.Apply([]Change{{Position: 4}, {Position: 5}}, 5, nil)
	if heard != 4 || l.Position() != 5 {
		t.Errorf("heard %d changes, position %d; want 4 and 5", heard, l.Position())
	}
}
