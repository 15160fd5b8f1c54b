package content

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/VictoriaMetrics/fastcache"
)

// Memory keeps what Postgres would only repeat: rows, the order of links, and articles as a door has written them, each
// until the log of changes announces it. They are kept as bytes, outside of what the garbage collector looks at.
//
// It is exact. What is kept was read after all that was announced before: a reading begins by noting how much that is,
// and nothing is given that was announced since. It was visible to the public when it was read, and what is visible
// becomes invisible by a write alone, which announces it. What appears by itself, with time, ends what is kept at that
// moment. Audiences with a licence see other rows, so for them nothing is looked up or kept.
type Memory struct {
	options   MemoryOptions
	kept      *fastcache.Cache
	announced atomic.Int64 // how many announcements were applied
	latest    latest
	forms     atomic.Uint32 // how many there are
	rooms     sync.Pool     // of *[]any, for the columns of a row

	begun        atomic.Int64 // readings
	full         atomic.Bool  // as of late
	hits, misses atomic.Int64
	written      atomic.Int64
}

// LeastMemory is what a memory takes at the least, in bytes, however little is allowed.
const LeastMemory = 32 << 20

// MemoryOptions say how much is kept and who tells of changes.
type MemoryOptions struct {
	Bytes     int64                                   // what may be kept; LeastMemory at the least
	Current   func() bool                             // whether changes are heard as they happen; nothing is looked up while not
	GoodUntil func(time.Time, []Dependency) time.Time // when what was read at a time from these changes by itself; zero: never
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
	renditionOfArticle
)

type memoryKey struct {
	kind memoryKind
	form Form // of a rendition
	id   int64
	name string // of what is kept by a slug
}

func (k memoryKey) appendTo(into []byte) []byte {
	into = binary.LittleEndian.AppendUint32(append(into, byte(k.kind)), uint32(k.form))
	return append(binary.LittleEndian.AppendUint64(into, uint64(k.id)), k.name...)
}

// NewMemory returns an empty memory. Apply has to hear of every change before those do who keep what is made from it.
func NewMemory(options MemoryOptions) *Memory {
	options.Bytes = max(options.Bytes, LeastMemory)
	return &Memory{options: options, kept: fastcache.New(int(options.Bytes)), rooms: sync.Pool{New: func() any { return new([]any) }}}
}

// Apply notes what is announced. It is called in the order of the log, by one at a time.
func (m *Memory) Apply(announced []Announcement) {
	for _, a := range announced {
		count := m.announced.Load() + 1
		m.latest.note(a, count)
		m.announced.Store(count) // what is read from now on is right after it
	}
}

// latest are the last announcements of what is kept, and of what articles are made from. Those that share a place are taken
// for one, which only drops too much.
type latest [1 << 16]atomic.Int64

func (l *latest) of(kind uint8, id int64, name string) *atomic.Int64 {
	sum := uint64(id)<<8 + uint64(kind)
	for i := range len(name) {
		sum = sum*31 + uint64(name[i])
	}
	return &l[sum*0x9E3779B97F4A7C15>>48]
}

func (l *latest) note(a Announcement, count int64) {
	if a.Key == Everything {
		for i := range l {
			l[i].Store(count)
		}
	}
	for _, kind := range kindsAnnounced(a.Kind) {
		l.of(uint8(kind), a.ID, a.Name).Store(count)
	}
	if k, is := shortKeyOf(a.Key); is {
		l.of(k.kind, k.id, "").Store(count)
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

// serves returns the memory if what this request reads may be looked up and kept, else nil.
func (m *Memory) serves(ctx context.Context) *Memory {
	if m == nil || AudienceOf(ctx) != nil || !m.options.Current() {
		return nil
	}
	return m
}

// kept is a value, read when so much had been announced.
type kept struct {
	announced int64
	bytes     []byte // the caller's own
}

// text shares its memory with the value.
func (k kept) text() keptText {
	return keptText(unsafe.String(unsafe.SliceData(k.bytes), len(k.bytes)))
}

// lookUp returns what is kept under the key and was not announced since.
func (m *Memory) lookUp(key memoryKey, now time.Time) (kept, bool) {
	value, _, found := m.lookUpIn(nil, key, now)
	return value, found
}

// lookUpIn appends what is kept to room that the caller has for it.
func (m *Memory) lookUpIn(room []byte, key memoryKey, now time.Time) (value kept, longer []byte, found bool) {
	var place [64]byte
	longer = m.kept.Get(room, key.appendTo(place[:0]))
	entry := longer[len(room):]
	if len(entry) == 0 {
		return value, room, false
	}
	announced, until := int64(binary.LittleEndian.Uint64(entry)), int64(binary.LittleEndian.Uint64(entry[8:]))
	if until != 0 && until <= now.UnixNano() || m.latest.of(uint8(key.kind), key.id, key.name).Load() > announced {
		return value, room, false
	}
	return kept{announced, entry[16:]}, longer, true
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
	if m.begun.Add(1)%256 == 0 {
		m.full.Store(m.Stats().Bytes > m.options.Bytes/10*9)
	}
	return reading{m, time.Now(), m.announced.Load(), m.full.Load()}
}

// takes tells whether to keep one more value. A full memory takes in one of eight: what is asked for often gets in all the
// same, and what is not costs less.
func (r reading) takes() bool { return r.memory != nil && (!r.sparing || rand.N(8) == 0) }

// keep keeps a value of less than 64 KiB. If its key was announced since the reading began, nobody will find it.
func (r reading) keep(key memoryKey, write func(entry []byte) []byte) {
	r.keepUntil(key, r.goodUntil(key), write)
}

// keepUntil notes with the value how much had been announced, and when it ends, in nanoseconds since 1970; 0: never.
func (r reading) keepUntil(key memoryKey, until time.Time, write func(entry []byte) []byte) {
	var place [64]byte
	entry, ends := binary.LittleEndian.AppendUint64(make([]byte, 0, 1<<10), uint64(r.announced)), int64(0)
	if !until.IsZero() {
		ends = until.UnixNano()
	}
	r.memory.kept.Set(key.appendTo(place[:0]), write(binary.LittleEndian.AppendUint64(entry, uint64(ends))))
}

// goodUntil knows what time changes. If a change makes that out of date, it announces the key.
func (r reading) goodUntil(key memoryKey) time.Time {
	switch key.kind {
	case storiesOfArticle:
		return r.memory.options.GoodUntil(r.at, []Dependency{onID("related", key.id)})
	case correctionsOfArticle:
		return r.memory.options.GoodUntil(r.at, []Dependency{onID("article-corrections", key.id)})
	default:
		return time.Time{}
	}
}

// MemoryStats are counts since the start, and what is kept now.
type MemoryStats struct {
	Hits, Misses int64
	Written      int64 // articles that were given as they had been written before
	Bytes        int64
	Entries      int
}

// Stats returns how well the memory does.
func (m *Memory) Stats() MemoryStats {
	var kept fastcache.Stats
	m.kept.UpdateStats(&kept)
	return MemoryStats{m.hits.Load(), m.misses.Load(), m.written.Load(), int64(kept.BytesSize), int(kept.EntriesCount)}
}
