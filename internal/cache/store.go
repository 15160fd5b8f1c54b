package cache

import (
	"bytes"
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"broadsheet/internal/changes"
	"broadsheet/internal/content"
)

// entry is a finished answer with what it was made from.
type entry struct {
	*answer
	key       []byte
	readAt    time.Time
	goodUntil time.Time // when it changes by itself; zero: never
	footing   footing
	ends      atomic.Int64 // when a change that came since takes effect, in microseconds since 1970; 0: none does
	position  atomic.Int64 // of the last change that it is known to be right after; overtaken: it is not right any more
}

// overtaken is the position of an entry that a change has concerned.
const overtaken = -1

// weight is what an entry takes in memory, in bytes: roughly, for what is beside its body. Two thirds of the body are for
// its compressed forms, which may come later, with a header for each.
func (e *entry) weight() uint32 {
	const itself, eachHeader = 1024, 640
	return uint32(min(1<<31, itself+len(e.key)+len(e.body)+2*len(e.body)/3+e.footing.bytes()+3*eachHeader+e.headerBytes()))
}

// store keeps entries, bounded in bytes, and tells which are still right.
type store struct {
	recent  *recent
	seed    maphash.Seed
	entries *otter.Cache[uint64, *entry] // by the hash of their keys
	dropped atomic.Int64                 // how many a change was found to concern
}

func newStore(maxBytes int64) *store {
	return &store{recent: newRecent(), seed: maphash.MakeSeed(), entries: otter.Must(&otter.Options[uint64, *entry]{
		MaximumWeight: uint64(maxBytes),
		Weigher:       func(_ uint64, e *entry) uint32 { return e.weight() },
	})}
}

// find returns what is kept for the key, right or not; nil if nothing is.
func (s *store) find(key []byte) *entry {
	kept, _ := s.entries.GetIfPresent(maphash.Bytes(s.seed, key))
	if kept == nil || !bytes.Equal(kept.key, key) {
		return nil
	}
	return kept
}

// newEntry is made from what was read at a time when the changes up to a position had been applied.
func (s *store) newEntry(key []byte, made *answer, readAt time.Time, position int64, dependencies []content.Dependency) *entry {
	e := &entry{answer: made, key: bytes.Clone(key), readAt: readAt, footing: s.recent.footing(dependencies)}
	e.position.Store(position)
	return e
}

func (s *store) keep(e *entry) { s.entries.Set(maphash.Bytes(s.seed, e.key), e) }

// good tells whether an entry is what would be read now that the changes up to a position are applied.
func (s *store) good(e *entry, now time.Time, position int64) bool {
	if !e.goodUntil.IsZero() && !now.Before(e.goodUntil) {
		return false
	}
	known := e.position.Load() // before the end, which is set first
	if ends := e.ends.Load(); ends != 0 && now.UnixMicro() >= ends {
		return false
	}
	if known == overtaken || known >= position {
		return known != overtaken
	}
	upTo, until, good := s.recent.check(&e.footing, known, now)
	if good && !until.IsZero() {
		e.endBy(until.UnixMicro())
	}
	if !good {
		upTo = overtaken
	}
	if e.position.CompareAndSwap(known, upTo) && !good {
		s.dropped.Add(1)
	}
	return good
}

// endBy makes an entry end at a time, or earlier if it does so already.
func (e *entry) endBy(at int64) {
	for ends := e.ends.Load(); ends == 0 || at < ends; ends = e.ends.Load() {
		if e.ends.CompareAndSwap(ends, at) {
			return
		}
	}
}

// apply notes changes before anybody is told that they are applied.
func (s *store) apply(latest []changes.Change) { s.recent.add(latest) }
