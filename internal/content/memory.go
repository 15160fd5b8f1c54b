package content

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// Memory keeps what Postgres would only repeat: rows and the order of links, each until the log of changes announces it.
//
// It is exact. What is kept was read after all that was announced before: a reading begins by noting how much that is,
// and what is announced meanwhile is not kept. It was visible to the public when it was read, and what is visible
// becomes invisible by a write alone, which announces it. What appears by itself, with time, ends what is kept at that
// moment. Audiences with a licence see other rows, so for them nothing is looked up or kept.
type Memory struct {
	options   MemoryOptions
	kept      *otter.Cache[memoryKey, remembered]
	announced atomic.Int64 // how many announcements were applied
	stripes   [256]memoryStripe

	begun        atomic.Int64 // readings
	full         atomic.Bool  // as of late
	hits, misses atomic.Int64
}

// MemoryOptions say how much is kept and who tells of changes.
type MemoryOptions struct {
	Bytes     int64                                   // what may be kept
	Current   func() bool                             // whether changes are heard as they happen; nothing is looked up while not
	GoodUntil func(time.Time, []Dependency) time.Time // when what was read at a time from these changes by itself; zero: never
}

// memoryStripe is a part of the keys.
type memoryStripe struct {
	mu   sync.Mutex
	last int64 // the announcement that concerned it last
}

// memoryKind is a sort of things that are kept.
type memoryKind uint8

const (
	headOfArticle memoryKind = iota // its row
	tagsOfArticle
	authorsOfArticle
	storiesOfArticle // the related ones
	videoOfArticle
	correctionsOfArticle
	rowOfTag
	rowOfAuthor
	rowOfImage
	articleAtSlug
	authorAtSlug
	tagAtSlug
)

type memoryKey struct {
	kind memoryKind
	id   int64
	name string // of what is kept by a slug
}

// remembered is a value that nobody changes: who wants to, copies it.
type remembered struct {
	value  any
	until  int64 // in nanoseconds since 1970: then it is not right any more; 0: always right
	weight uint32
}

// NewMemory returns an empty memory. Apply has to hear of every change before those do who keep what is made from it.
func NewMemory(options MemoryOptions) *Memory {
	return &Memory{options: options, kept: otter.Must(&otter.Options[memoryKey, remembered]{
		MaximumWeight: uint64(options.Bytes),
		Weigher:       func(_ memoryKey, r remembered) uint32 { return r.weight },
	})}
}

// Apply drops what is announced. It is called in the order of the log, by one at a time.
func (m *Memory) Apply(announced []Announcement) {
	for _, a := range announced {
		count := m.announced.Add(1)
		if a.Key == Everything {
			m.dropAll(count)
			continue
		}
		for _, kind := range kindsAnnounced(a.Kind) {
			m.drop(memoryKey{kind, a.ID, a.Name}, count)
		}
	}
}

// kindsAnnounced are the sorts of things that look different after an announcement. The parts of an article go with the
// article: while it is a draft, nobody is told that they change.
func kindsAnnounced(kind string) []memoryKind {
	switch kind {
	case "article":
		return []memoryKind{headOfArticle, tagsOfArticle, authorsOfArticle, storiesOfArticle, videoOfArticle, correctionsOfArticle}
	case "article-body", "article-words", "article-minutes", "article-time", "article-seo", "article-featured":
		return []memoryKind{headOfArticle}
	case "article-tags":
		return []memoryKind{tagsOfArticle}
	case "article-authors":
		return []memoryKind{authorsOfArticle}
	case "related":
		return []memoryKind{storiesOfArticle}
	case "article-video":
		return []memoryKind{videoOfArticle}
	case "article-corrections":
		return []memoryKind{correctionsOfArticle}
	case "tag", "tag-text":
		return []memoryKind{rowOfTag}
	case "author", "author-text":
		return []memoryKind{rowOfAuthor}
	case "image":
		return []memoryKind{rowOfImage}
	case "article-slug":
		return []memoryKind{articleAtSlug}
	case "author-slug":
		return []memoryKind{authorAtSlug}
	case "tag-slug":
		return []memoryKind{tagAtSlug}
	default:
		return nil
	}
}

func (m *Memory) drop(key memoryKey, count int64) {
	stripe := m.stripe(key)
	stripe.mu.Lock()
	defer stripe.mu.Unlock()
	stripe.last = count
	m.kept.Invalidate(key)
}

func (m *Memory) dropAll(count int64) {
	for i := range m.stripes {
		stripe := &m.stripes[i]
		stripe.mu.Lock()
		defer stripe.mu.Unlock()
		stripe.last = count
	}
	m.kept.InvalidateAll()
}

func (m *Memory) stripe(key memoryKey) *memoryStripe {
	sum := uint64(key.id)*31 + uint64(key.kind)
	for i := range len(key.name) {
		sum = sum*31 + uint64(key.name[i])
	}
	return &m.stripes[sum%uint64(len(m.stripes))]
}

// serves returns the memory if what this request reads may be looked up and kept, else nil.
func (m *Memory) serves(ctx context.Context) *Memory {
	if m == nil || AudienceOf(ctx) != nil || !m.options.Current() {
		return nil
	}
	return m
}

// lookUp returns what is kept under the key.
func lookUp[V any](m *Memory, key memoryKey, now time.Time) (value V, found bool) {
	r, found := m.kept.GetIfPresent(key)
	if !found || r.until != 0 && r.until <= now.UnixNano() {
		return value, false
	}
	return r.value.(V), true
}

func (m *Memory) count(hits, misses int) {
	m.hits.Add(int64(hits))
	m.misses.Add(int64(misses))
}

// reading is something being read that may be kept. It begins before Postgres is asked.
type reading struct {
	memory    *Memory
	at        time.Time
	announced int64
	sparing   bool // the memory is full: see takes
}

// begin may be called of no memory: nothing is kept then.
func (m *Memory) begin() reading {
	if m == nil {
		return reading{}
	}
	if m.begun.Add(1)%64 == 0 {
		m.full.Store(m.kept.WeightedSize() > uint64(m.options.Bytes)/10*9)
	}
	return reading{m, time.Now(), m.announced.Load(), m.full.Load()}
}

// takes tells whether to keep one more value. A full memory takes in one of eight: what is asked for often gets in all the
// same, and what is not costs less.
func (r reading) takes() bool { return r.memory != nil && (!r.sparing || rand.N(8) == 0) }

// keep keeps a value, unless its key was announced since the reading began. Bytes is what the value takes, roughly.
func (r reading) keep(key memoryKey, value any, bytes int) {
	const entryItself = 160 // in the cache that we use
	until := r.goodUntil(key)
	stripe := r.memory.stripe(key)
	stripe.mu.Lock()
	defer stripe.mu.Unlock()
	if stripe.last <= r.announced {
		r.memory.kept.Set(key, remembered{value, until, uint32(entryItself + len(key.name) + bytes)})
	}
}

// goodUntil knows what time changes. If a change makes that out of date, it announces the key.
func (r reading) goodUntil(key memoryKey) int64 {
	var of Dependency
	switch key.kind {
	case storiesOfArticle:
		of = onID("related", key.id)
	case correctionsOfArticle:
		of = onID("article-corrections", key.id)
	default:
		return 0
	}
	if until := r.memory.options.GoodUntil(r.at, []Dependency{of}); !until.IsZero() {
		return until.UnixNano()
	}
	return 0
}

// MemoryStats are counts since the start, and what is kept now.
type MemoryStats struct {
	Hits, Misses int64
	Bytes        int64
	Entries      int
}

// Stats returns how well the memory does.
func (m *Memory) Stats() MemoryStats {
	return MemoryStats{m.hits.Load(), m.misses.Load(), int64(m.kept.WeightedSize()), m.kept.EstimatedSize()}
}
