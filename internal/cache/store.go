package cache

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"broadsheet/internal/content"
)

// entry is a finished answer with all that it was made from.
type entry struct {
	*answer
	key          string
	readAt       time.Time
	goodUntil    time.Time // when it changes by itself; zero: never
	dependencies []content.Dependency
	dropped      atomic.Bool // a change concerned it
}

// good tells whether the answer is still what would be read now.
func (e *entry) good(now time.Time) bool {
	return !e.dropped.Load() && (e.goodUntil.IsZero() || now.Before(e.goodUntil))
}

// weight is what an entry takes in memory, in bytes: roughly, for what is beside its body. A third of the body is for its
// compressed form, which may come later.
func (e *entry) weight() uint32 {
	const entryItself, eachDependency = 1024, 200
	return uint32(min(1<<31, entryItself+len(e.key)+len(e.body)+len(e.body)/3+eachDependency*len(e.dependencies)))
}

// store keeps entries, bounded in bytes, and finds those that a change concerns.
type store struct {
	entries *otter.Cache[string, *entry]

	mu    sync.Mutex
	index map[content.Key]map[*entry]struct{} // which entries depend on a key
	fills map[*fill]struct{}
}

// fill is an answer being made. What changes meanwhile is remembered, for it may have been read before.
type fill struct{ announced []content.Announcement }

func newStore(maxBytes int64) *store {
	s := &store{index: make(map[content.Key]map[*entry]struct{}), fills: make(map[*fill]struct{})}
	s.entries = otter.Must(&otter.Options[string, *entry]{
		MaximumWeight: uint64(maxBytes),
		Weigher:       func(_ string, e *entry) uint32 { return e.weight() },
		OnDeletion:    func(event otter.DeletionEvent[string, *entry]) { s.forget(event.Value) },
	})
	return s
}

// begin has to be called before anything is read for the fill.
func (s *store) begin() *fill {
	f := new(fill)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fills[f] = struct{}{}
	return f
}

// end has to be called for every fill. It keeps the entry that was made, nil if none is to be kept, and returns whether
// the entry is right: no change concerns it that came while it was made.
func (s *store) end(f *fill, made *entry) (right bool) {
	if !s.enter(f, made) {
		return false
	}
	s.entries.Set(made.key, made) // a change that came since has marked it
	return true
}

func (s *store) enter(f *fill, made *entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.fills, f)
	if made == nil || concerns(f.announced, made.dependencies) {
		return false
	}
	for _, d := range made.dependencies {
		if s.index[d.Key] == nil {
			s.index[d.Key] = make(map[*entry]struct{})
		}
		s.index[d.Key][made] = struct{}{}
	}
	return true
}

// forget takes an entry out of the index.
func (s *store) forget(e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range e.dependencies {
		delete(s.index[d.Key], e)
		if len(s.index[d.Key]) == 0 {
			delete(s.index, d.Key)
		}
	}
}

// apply drops what the announcements concern and returns how many entries these were.
func (s *store) apply(announced []content.Announcement) (dropped int) {
	var concerned []*entry
	s.mu.Lock()
	for f := range s.fills {
		f.announced = append(f.announced, announced...)
	}
	for _, a := range announced {
		concerned = append(concerned, s.dependents(a)...)
	}
	for _, e := range concerned {
		if e.dropped.CompareAndSwap(false, true) {
			dropped++
		}
	}
	s.mu.Unlock()
	for _, e := range concerned {
		s.entries.ComputeIfPresent(e.key, func(kept *entry) (*entry, otter.ComputeOp) {
			if kept == e {
				return nil, otter.InvalidateOp
			}
			return kept, otter.CancelOp
		})
	}
	return dropped
}

func (s *store) dependents(a content.Announcement) []*entry {
	var found []*entry
	if a.Key == content.Everything {
		for _, entries := range s.index {
			for e := range entries {
				found = append(found, e)
			}
		}
		return found
	}
	for e := range s.index[a.Key] {
		if slices.ContainsFunc(e.dependencies, a.Concerns) {
			found = append(found, e)
		}
	}
	return found
}

func concerns(announced []content.Announcement, dependencies []content.Dependency) bool {
	for _, a := range announced {
		if slices.ContainsFunc(dependencies, a.Concerns) {
			return true
		}
	}
	return false
}
