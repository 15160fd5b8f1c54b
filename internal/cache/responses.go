// Package cache keeps finished answers for as long as they are right. It notes what each was made from, listens to the
// log of changes, and gives none that a change has overtaken.
package cache

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"broadsheet/internal/changes"
	"broadsheet/internal/content"
)

// Options of Responses.
type Options struct {
	Bytes  int64         // what kept answers may take in memory
	Stale  time.Duration // how long answers go on being given that were right when the database was lost
	Shared time.Duration // how long caches further out may keep an answer; they are not told of changes unless purged
}

// Responses keeps finished answers of the doors behind it.
type Responses struct {
	options Options
	log     *changes.Log
	store   *store
	codings *codings
	asked   sync.Pool // of *question
	room    sync.Pool // of *[]content.Dependency

	mu      sync.Mutex
	flights map[string]*flight

	hit, miss, bypass, stale outcome
	positions                positionHeader
}

// flight is an answer on its way that several wait for.
type flight struct {
	landed chan struct{}
	made   *entry // nil: each has to ask for itself
}

// outcome is what the header Broadsheet-Cache says.
type outcome struct {
	header  []string
	counted prometheus.Counter
}

func newOutcome(name string) outcome {
	return outcome{[]string{name}, prometheus.NewCounter(prometheus.CounterOpts{
		Name: "broadsheet_cache_answers_total", Help: "Answers, by what the cache had to do with them: hit, miss, bypass or stale.",
		ConstLabels: prometheus.Labels{"outcome": name},
	})}
}

// NewResponses returns an empty cache that listens to the log, which nobody may follow yet.
func NewResponses(log *changes.Log, options Options) *Responses {
	c := &Responses{
		options: options, log: log, store: newStore(options.Bytes), codings: newCodings(), flights: make(map[string]*flight),
		asked: sync.Pool{New: func() any { return new(question) }}, room: sync.Pool{New: func() any { return new([]content.Dependency) }},
		hit: newOutcome("hit"), miss: newOutcome("miss"), bypass: newOutcome("bypass"), stale: newOutcome("stale"),
	}
	log.OnChange(c.store.apply)
	return c
}

// Describe and Collect make the cache's figures part of a Prometheus registry.
func (c *Responses) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, to) }

// Collect implements prometheus.Collector.
func (c *Responses) Collect(to chan<- prometheus.Metric) {
	for _, o := range []*outcome{&c.hit, &c.miss, &c.bypass, &c.stale} {
		o.counted.Collect(to)
	}
	for _, figure := range []struct {
		name, help string
		kind       prometheus.ValueType
		value      float64
	}{
		{"broadsheet_cache_dropped_total", "Kept answers that a change was found to have overtaken.", prometheus.CounterValue, float64(c.store.dropped.Load())},
		{"broadsheet_cache_bytes", "What kept answers take in memory.", prometheus.GaugeValue, float64(c.store.entries.WeightedSize())},
		{"broadsheet_cache_entries", "Kept answers.", prometheus.GaugeValue, float64(c.store.entries.EstimatedSize())},
		{"broadsheet_changes_position", "The last change that is applied.", prometheus.GaugeValue, float64(c.log.Position())},
	} {
		to <- prometheus.MustNewConstMetric(prometheus.NewDesc(figure.name, figure.help, nil, nil), figure.kind, figure.value)
	}
}

// Before puts the cache before a door. MostBytes bounds the requests that it looks at.
func (c *Responses) Before(door http.Handler, mostBytes int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.waitForPosition(w, r) {
			return
		}
		asked := c.asked.Get().(*question)
		if !asked.read(r, mostBytes) {
			c.mark(w, &c.bypass, c.log.Position())
			door.ServeHTTP(unkept{w}, r)
			return
		}
		c.answer(w, r, door, asked.key)
		c.asked.Put(asked)
	})
}

func (c *Responses) answer(w http.ResponseWriter, r *http.Request, door http.Handler, key []byte) {
	position, now := c.log.Position(), time.Now()
	kept := c.store.find(key)
	lostAt, current := c.log.Current()
	switch {
	case !current:
		c.withoutLog(w, r, door, kept, lostAt)
	case kept != nil && c.store.good(kept, now, position):
		c.mark(w, &c.hit, position)
		kept.send(w, r, now, c.codings)
	default:
		c.fill(w, r, door, key)
	}
}

// withoutLog asks the door, since nobody tells us of changes. Where the door cannot answer either, what was right when
// the connection was lost is better than nothing.
func (c *Responses) withoutLog(w http.ResponseWriter, r *http.Request, door http.Handler, kept *entry, lostAt time.Time) {
	position := c.log.Position()
	if kept == nil || time.Since(lostAt) > c.options.Stale || !c.store.good(kept, lostAt, position) {
		c.mark(w, &c.bypass, position)
		door.ServeHTTP(unkept{w}, r)
		return
	}
	recorded := record(door, r)
	if recorded.header.Get("Retry-After") == "" { // the door's way to say that it has no database, whatever the status
		c.mark(w, &c.bypass, position)
		recorded.copyTo(unkept{w})
		return
	}
	c.mark(w, &c.stale, position)
	w.Header().Set("Broadsheet-Stale", lostAt.UTC().Format(time.RFC3339))
	w.Header().Set("Age", strconv.Itoa(int(time.Since(kept.readAt).Seconds())))
	kept.send(w, r, time.Now(), c.codings)
}

// fill asks the door, for all who ask the same at this time.
func (c *Responses) fill(w http.ResponseWriter, r *http.Request, door http.Handler, key []byte) {
	c.mu.Lock()
	if other := c.flights[string(key)]; other != nil {
		c.mu.Unlock()
		c.follow(w, r, door, other)
		return
	}
	own := &flight{landed: make(chan struct{})}
	c.flights[string(key)] = own
	c.mu.Unlock()
	defer func() { // a door that panics leaves nobody waiting
		c.mu.Lock()
		delete(c.flights, string(key))
		c.mu.Unlock()
		close(own.landed)
	}()
	position := c.log.Position() // before anything is read
	recorded, made := c.make(door, r, key, position)
	c.mark(w, &c.miss, position)
	if made == nil {
		recorded.copyTo(unkept{w})
		return
	}
	own.made = made
	made.send(w, r, time.Now(), c.codings)
}

// follow takes an answer that somebody else has asked for, unless a change came since: it may be older than the request.
func (c *Responses) follow(w http.ResponseWriter, r *http.Request, door http.Handler, other *flight) {
	select {
	case <-other.landed:
	case <-r.Context().Done():
		return
	}
	position := c.log.Position()
	if other.made == nil || !c.store.good(other.made, time.Now(), position) {
		c.mark(w, &c.bypass, position)
		door.ServeHTTP(unkept{w}, r)
		return
	}
	c.mark(w, &c.hit, position)
	other.made.send(w, r, time.Now(), c.codings)
}

// make asks the door and keeps what it answers, if it is right and may be kept.
func (c *Responses) make(door http.Handler, r *http.Request, key []byte, position int64) (*recording, *entry) {
	room := c.room.Get().(*[]content.Dependency)
	ctx, dependencies := content.WithDependencies(r.Context(), *room)
	readAt := time.Now()
	recorded := record(door, r.WithContext(ctx))
	if dependencies.Fleeting() {
		recorded.header.Set("Cache-Control", "no-store")
	}
	if !recorded.mayBeKept() {
		return recorded, nil
	}
	all := dependencies.All()
	defer func() {
		*room = all
		c.room.Put(room)
	}()
	made := c.store.newEntry(key, c.newAnswer(ctx, recorded, readAt, all), readAt, position, all)
	made.goodUntil = earlier(c.log.GoodUntil(readAt, all, content.AudienceOf(ctx).Delay()), dependencies.Until())
	_, current := c.log.Current()
	if !current || time.Since(readAt) > changes.LongestFill || !c.store.good(made, time.Now(), c.log.Position()) {
		return recorded, nil
	}
	c.store.keep(made)
	return recorded, made
}

// earlier of two times; the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// newAnswer adds what caches further out, and the client's own, are told.
func (c *Responses) newAnswer(ctx context.Context, recorded *recording, readAt time.Time, made []content.Dependency) *answer {
	header := recorded.header.Clone() // one that turns out to be overtaken has to go out as the door gave it
	switch {
	case content.AudienceOf(ctx).Delay() > 0: // they are purged when the public sees something, which is too early
		header.Set("Cache-Control", "private, max-age=0, must-revalidate")
	case c.options.Shared > 0:
		header.Set("Cache-Control", fmt.Sprintf("public, max-age=0, s-maxage=%d, stale-while-revalidate=60, stale-if-error=86400",
			int(c.options.Shared.Seconds())))
		keys := keysOf(made)
		header.Set("Surrogate-Key", strings.Join(keys, " "))
		header.Set("Cache-Tag", strings.Join(keys, ","))
	default: // to ask again costs next to nothing: 304
		header.Set("Cache-Control", "public, max-age=0, must-revalidate")
	}
	return newAnswer(recorded.status, header, recorded.body.Bytes(), readAt)
}

// mark says what the cache had to do with an answer, and which change it surely knows of.
func (c *Responses) mark(w http.ResponseWriter, what *outcome, position int64) {
	what.counted.Inc()
	header := w.Header()
	header["Broadsheet-Cache"] = what.header
	header["Broadsheet-Position"] = c.positions.of(position)
}

// positionHeader keeps the value of the header Broadsheet-Position, which many answers have in common.
type positionHeader struct{ latest atomic.Pointer[positionValue] }

type positionValue struct {
	position int64
	values   []string
}

func (h *positionHeader) of(position int64) []string {
	if latest := h.latest.Load(); latest != nil && latest.position == position {
		return latest.values
	}
	made := &positionValue{position, []string{strconv.FormatInt(position, 10)}}
	h.latest.Store(made)
	return made.values
}

// longestWait is how long a request may wait for the position that it asks for.
const longestWait = 5 * time.Second

// waitForPosition lets nobody read what is older than a position that they know of.
func (c *Responses) waitForPosition(w http.ResponseWriter, r *http.Request) bool {
	text := first(r.Header, "Broadsheet-Min-Position")
	if text == "" {
		return true
	}
	position, err := strconv.ParseInt(text, 10, 64)
	if err != nil || position < 0 {
		http.Error(w, "Broadsheet-Min-Position has to be a position that a Broadsheet-Position gave, such as 42.", http.StatusBadRequest)
		return false
	}
	ctx, cancel := context.WithTimeout(r.Context(), longestWait)
	defer cancel()
	if c.log.Wait(ctx, position) == nil {
		return true
	}
	w.Header().Set("Retry-After", "1")
	http.Error(w, fmt.Sprintf("This server has applied the changes up to %d, not yet %d. Try again shortly.", c.log.Position(), position),
		http.StatusServiceUnavailable)
	return false
}
