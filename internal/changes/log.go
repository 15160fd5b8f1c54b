// Package changes follows the log of what readers can see change, and tells those who keep something of it.
package changes

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"broadsheet/internal/content"
)

// Log is what a node knows of the log of changes. What is kept is right as of Position, while the node is Current.
type Log struct {
	log      *slog.Logger
	position atomic.Int64
	lostAt   atomic.Int64 // since when changes may go unheard, in nanoseconds since 1970; 0: they do not

	mu         sync.Mutex
	hear       []func([]Change)
	read       []Appearance             // what is coming, as it was read last
	past       []pastAppearance         // what was read earlier, and is coming no more
	coming     []Appearance             // all of both, in the order of time
	comingKeys map[content.Key]struct{} // that they announce
	advanced   chan struct{}            // closed, and replaced, when Position has grown
	losses     int                      // how often changes began to go unheard
}

// Change is an entry of the log.
type Change struct {
	Position  int64
	At        time.Time
	Subject   string // what changed, such as article:12
	Announced []content.Announcement
}

// Appearance is a moment at which something appears without anybody writing.
type Appearance struct {
	At        time.Time
	Announced []content.Announcement
}

type pastAppearance struct {
	Appearance
	since time.Time
}

// appearanceName tells appearances apart: by the first key, of what appears.
type appearanceName struct {
	at  int64
	key content.Key
}

func (a Appearance) name() appearanceName { return appearanceName{a.At.UnixNano(), a.Announced[0].Key} }

// NewLog returns a log that knows nothing, and is not current before somebody follows it.
func NewLog(log *slog.Logger) *Log {
	l := &Log{log: log, advanced: make(chan struct{})}
	l.lostAt.Store(time.Now().UnixNano())
	return l
}

// OnChange adds what is called with changes, in their order, before Position says that they are applied. It has to be
// called before the log is followed.
func (l *Log) OnChange(hear func([]Change)) { l.hear = append(l.hear, hear) }

// Position is that of the last change that is applied.
func (l *Log) Position() int64 { return l.position.Load() }

// Current tells whether changes are heard of as they happen; if not, since when.
func (l *Log) Current() (since time.Time, current bool) {
	lost := l.lostAt.Load()
	return time.Unix(0, lost), lost == 0
}

// Wait returns when the position is applied. The error is that of ctx.
func (l *Log) Wait(ctx context.Context, position int64) error {
	for {
		l.mu.Lock()
		advanced := l.advanced
		l.mu.Unlock()
		if l.Position() >= position {
			return nil
		}
		select {
		case <-advanced:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// LongestFill is how long what is kept may have taken to be read. For so long an appearance is remembered after its
// moment, since something may have been read before it.
const LongestFill = 5 * time.Minute

// GoodUntil is when what was read at a time from these dependencies changes by itself; the zero time if never. All appears
// to the reader by a delay later than to the public.
func (l *Log) GoodUntil(readAt time.Time, dependencies []content.Dependency, delay time.Duration) time.Time {
	l.mu.Lock()
	coming, keys := l.coming, l.comingKeys
	l.mu.Unlock()
	var concerned []content.Dependency // mostly none of hundreds
	for _, d := range dependencies {
		if _, comes := keys[d.Key]; comes {
			concerned = append(concerned, d)
		}
	}
	for _, appearance := range coming {
		at := appearance.At.Add(delay)
		if !at.After(readAt) {
			continue
		}
		for _, announced := range appearance.Announced {
			if slices.ContainsFunc(concerned, announced.Concerns) {
				return at
			}
		}
	}
	return time.Time{}
}

// Apply tells of changes up to a position, and sets what will appear by itself after them. It is for who follows the log.
func (l *Log) Apply(changes []Change, position int64, coming []Appearance) {
	l.setComing(coming, time.Now())
	if len(changes) > 0 {
		for _, hear := range l.hear {
			hear(changes)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.position.Store(position)
	close(l.advanced)
	l.advanced = make(chan struct{})
}

// setComing goes on remembering what was coming before, as long as something may be kept that was read before it came.
func (l *Log) setComing(read []Appearance, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := make(map[appearanceName]bool, len(read))
	for _, a := range read {
		known[a.name()] = true
	}
	l.past = slices.DeleteFunc(l.past, func(p pastAppearance) bool { return now.Sub(p.since) > LongestFill || known[p.name()] })
	for _, a := range l.read {
		if !known[a.name()] {
			l.past = append(l.past, pastAppearance{a, now})
		}
	}
	l.read, l.coming, l.comingKeys = read, slices.Clone(read), make(map[content.Key]struct{})
	for _, p := range l.past {
		l.coming = append(l.coming, p.Appearance)
	}
	slices.SortStableFunc(l.coming, func(a, b Appearance) int { return a.At.Compare(b.At) })
	for _, a := range l.coming {
		for _, announced := range a.Announced {
			l.comingKeys[announced.Key] = struct{}{}
		}
	}
}

// Lose says that changes may go unheard from now on.
func (l *Log) Lose(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.losses++
	if l.lostAt.CompareAndSwap(0, time.Now().UnixNano()) {
		l.log.Warn("changes may go unheard; nothing that is kept is given until they are heard again", "error", err)
	}
}

// Losses is how often Lose was called.
func (l *Log) Losses() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.losses
}

// Regain says that all changes are applied and heard of again, unless Lose was called since there were so many losses.
func (l *Log) Regain(losses int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.losses == losses && l.lostAt.Swap(0) != 0 {
		l.log.Info("changes are heard as they happen", "position", l.Position())
	}
}
