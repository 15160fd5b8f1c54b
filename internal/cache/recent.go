package cache

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"
	"sync"
	"time"

	"broadsheet/internal/changes"
	"broadsheet/internal/content"
)

// recent remembers the latest changes. An answer that was made before some of them is checked against those when it is
// next asked for. So keeping an answer takes no more than a note of what it was made from, and a change is noted once,
// however many answers it concerns.
type recent struct {
	seed maphash.Seed // whoever does not know it cannot make keys that look alike

	mu        sync.RWMutex
	changes   []change // in the order of their positions
	announced int      // by all of them
	forgotten int64    // the position of the last one that is no longer remembered
}

// change is an entry of the log.
type change struct {
	position  int64
	announced []announcement
}

// announcement is a key that may mean something else now; of a list, at a place.
type announcement struct {
	key    uint64
	place  int64
	placed bool
	from   int64 // when it begins to mean something else, in microseconds since 1970; 0: it does so already
}

// mostAnnounced bounds what is remembered, to some megabytes.
const mostAnnounced = 1 << 16

func newRecent() *recent { return &recent{seed: maphash.MakeSeed()} }

// hash stands for a key. Two keys with one hash would only drop an answer too many.
func (r *recent) hash(key content.Key) uint64 { return maphash.Comparable(r.seed, key) }

// add notes changes that are later than all others.
func (r *recent) add(latest []changes.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range latest {
		noted := change{c.Position, make([]announcement, len(c.Announced))}
		for i, a := range c.Announced {
			noted.announced[i] = announcement{r.hash(a.Key), a.Place, a.Placed, a.From}
		}
		r.changes = append(r.changes, noted)
		r.announced += len(noted.announced)
	}
	r.forget()
}

// forget drops the older half when there is too much to remember. Whoever reads goes on with the slice that it has.
func (r *recent) forget() {
	if r.announced <= mostAnnounced {
		return
	}
	kept := 0
	for kept < len(r.changes)-1 && r.announced > mostAnnounced/2 {
		r.announced -= len(r.changes[kept].announced)
		r.forgotten = r.changes[kept].position
		kept++
	}
	r.changes = slices.Clone(r.changes[kept:])
}

// check tells whether what was good up to a position still is at a time, up to which position, and until when: the zero
// time if no later change takes effect by itself.
func (r *recent) check(made *footing, position int64, now time.Time) (upTo int64, until time.Time, good bool) {
	r.mu.RLock()
	latest, forgotten := r.changes, r.forgotten
	r.mu.RUnlock()
	if position < forgotten {
		return 0, until, false
	}
	next, _ := slices.BinarySearchFunc(latest, position+1, func(c change, position int64) int { return cmp.Compare(c.position, position) })
	for _, c := range latest[next:] {
		for _, a := range c.announced {
			if !made.concernedBy(a) {
				continue
			}
			from := time.UnixMicro(a.from)
			if !from.After(now) {
				return 0, until, false
			}
			if until.IsZero() || from.Before(until) {
				until = from
			}
		}
		position = c.position
	}
	return position, until, true
}

// footing is what an answer was made from.
type footing struct {
	whole     []uint64  // keys, sorted
	stretches []stretch // of lists, sorted by key
}

type stretch struct {
	key      uint64
	from, to int64
}

func (r *recent) footing(dependencies []content.Dependency) footing {
	f := footing{whole: make([]uint64, 1, len(dependencies)+1)}
	f.whole[0] = r.hash(content.Everything)
	for _, d := range dependencies {
		if key := r.hash(d.Key); d.From == math.MinInt64 && d.To == math.MaxInt64 {
			f.whole = append(f.whole, key)
		} else {
			f.stretches = append(f.stretches, stretch{key, d.From, d.To})
		}
	}
	slices.Sort(f.whole)
	f.whole = slices.Clip(slices.Compact(f.whole))
	slices.SortFunc(f.stretches, func(a, b stretch) int { return cmp.Compare(a.key, b.key) })
	return f
}

func (f *footing) concernedBy(a announcement) bool {
	if _, found := slices.BinarySearch(f.whole, a.key); found {
		return true
	}
	first, _ := slices.BinarySearchFunc(f.stretches, a.key, func(s stretch, key uint64) int { return cmp.Compare(s.key, key) })
	for _, s := range f.stretches[first:] {
		if s.key != a.key {
			break
		}
		if !a.placed || s.from <= a.place && a.place <= s.to {
			return true
		}
	}
	return false
}

// bytes is what the footing takes in memory.
func (f *footing) bytes() int { return 8*cap(f.whole) + 24*cap(f.stretches) }
